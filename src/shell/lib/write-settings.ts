import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { sync as writeFileAtomic } from 'write-file-atomic';
import { Document, parseDocument } from 'yaml';
import { ConfigError } from '#app/errors.ts';

const OWNER_ONLY = 0o600;

/** Sets variables in a .env file: other lines stay, the file is replaced whole and is its owner's only. */
export function writeEnvFile(file: string, values: Readonly<Record<string, string>>): void {
  const before = existsSync(file) ? readFileSync(file, 'utf8').split(/\r?\n/) : [];
  const left = new Map(Object.entries(values));
  const lines = before.map((line) => {
    const name = /^\s*(?:export\s+)?([A-Z_][A-Z0-9_]*)\s*=/.exec(line)?.[1];
    const value = name === undefined ? undefined : left.get(name);
    if (name === undefined || value === undefined) return line;
    left.delete(name);
    return `${name}=${value}`;
  });
  while (lines.at(-1) === '') lines.pop();
  const added = [...left].map(([name, value]) => `${name}=${value}`);
  writeFileAtomic(file, `${[...lines, ...added].join('\n')}\n`, { mode: OWNER_ONLY });
}

/** One key of a YAML file, by the names that lead to it. */
export type SettingEdit = { readonly path: readonly string[]; readonly value: unknown };

/** Sets keys of a file under config/local: comments and other keys stay. Throws ConfigError. */
export function writeSettings(file: string, edits: readonly SettingEdit[]): void {
  const document = existsSync(file) ? parseDocument(readFileSync(file, 'utf8')) : new Document({});
  if (document.errors.length > 0) {
    throw new ConfigError(`${file}: found no valid YAML, expected it or no file`, {
      code: 'config_invalid',
      retryable: false,
    });
  }
  if (document.contents === null) document.contents = document.createNode({});
  for (const { path, value } of edits) document.setIn(path, document.createNode(value));
  mkdirSync(dirname(file), { recursive: true });
  writeFileAtomic(file, document.toString());
}
