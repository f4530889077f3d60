import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..');
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

suite('the type checker holds the rings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'centaur-rings-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  for (const path of ['src/core', 'src/app']) {
    mkdirSync(join(folder, path), { recursive: true });
    copyFileSync(join(ROOT, path, 'tsconfig.json'), join(folder, path, 'tsconfig.json'));
  }
  for (const path of ['package.json', 'tsconfig.json']) {
    copyFileSync(join(ROOT, path), join(folder, path));
  }

  const compile = (ring: string, code: string): string => {
    writeFileSync(join(folder, 'src/app/place.ts'), 'export const place = 5;\n');
    writeFileSync(join(folder, 'src', ring, 'scratch.ts'), code);
    const run = spawnSync(process.execPath, [TSC, '-p', `src/${ring}`], {
      cwd: folder,
      encoding: 'utf8',
    });
    rmSync(join(folder, 'src', ring, 'scratch.ts'));
    return run.status === 0 ? 'compiles' : run.stdout;
  };

  for (const ring of ['core', 'app']) {
    test(`${ring} compiles with the language and Temporal alone`, () => {
      const code = 'export const a = Temporal.PlainDate.from("2026-11-20").dayOfWeek;\n';
      assert.equal(compile(ring, code), 'compiles');
    });

    for (const code of [
      'export const a = process.pid;\n',
      'export const a = fetch("x");\n',
      'export const a = setTimeout(() => 1, 1);\n',
      'import { readFileSync } from "node:fs";\nexport const a = readFileSync;\n',
    ]) {
      test(`${ring} refuses ${code.trim()}`, () => assert.match(compile(ring, code), /TS2\d{3}/));
    }
  }

  test('core refuses a file of another ring', () => {
    const code = "import { place } from '#app/place.ts';\nexport const a = place;\n";
    assert.match(compile('core', code), /TS6059/);
    assert.equal(compile('app', code), 'compiles');
  });

  test('what Node cannot strip is refused', () => {
    assert.match(compile('app', 'export enum A {\n  B,\n}\n'), /TS1294/);
  });
});
