import { z } from 'zod';
import { CONFIG_SCHEMAS } from './schema.ts';

/**
 * JSON Schemas for editors, by file name under config/schema/. A file under config/local/ holds a
 * part of the keys only, so nothing is required here; the loader judges the merged whole.
 */
export function renderConfigSchemas(): Map<string, string> {
  const rendered = new Map<string, string>();
  for (const [kind, schema] of Object.entries(CONFIG_SCHEMAS)) {
    const json = z.toJSONSchema(schema, {
      override: ({ jsonSchema }) => {
        delete jsonSchema.required;
      },
    });
    rendered.set(`${kind}.json`, `${JSON.stringify(json, null, 2)}\n`);
  }
  return rendered;
}
