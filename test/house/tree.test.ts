import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..');

function filesUnder(folder: string): string[] {
  try {
    return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .map((path) => `${folder}/${path}`.replaceAll('\\', '/'))
      .filter((path) => /\.(ts|mjs)$/.test(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

const SOURCES = ['src', 'jobs'].flatMap(filesUnder);

test('no file has a name that says nothing', () => {
  const empty = /\/(index|utils?|helpers?|types|constants|common|misc)\.ts$/;
  assert.ok(SOURCES.length > 0);
  assert.deepEqual(
    SOURCES.filter((path) => empty.test(path)),
    [],
  );
});

test('every import of src and jobs carries its extension', () => {
  const bare = /from '((?:\.\/|#(?:core|app|shell)\/)[^']*)'/g;
  const wrong = SOURCES.flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(bare)]
      .map(([, specifier = '']) => specifier)
      .filter((specifier) => !/\.(ts|json)$/.test(specifier))
      .map((specifier) => `${path}: ${specifier}`),
  );
  assert.deepEqual(wrong, []);
});
