/** Writes config/schema/*.json from the loader's schemas: `node tools/config-schema.ts`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderConfigSchemas } from '#shell/config/json-schema.ts';

const FOLDER = join(import.meta.dirname, '..', 'config', 'schema');

for (const [name, content] of renderConfigSchemas()) writeFileSync(join(FOLDER, name), content);
