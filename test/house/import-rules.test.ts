import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..');
const RESTRICTED = 'lint/style/noRestrictedImports';
const GLOBALS = 'lint/style/noRestrictedGlobals';

type Case = readonly [name: string, file: string, code: string, category: string];

const use = (specifier: string) => `import { a } from '${specifier}';\n\nexport const b = a;\n`;
const manyLines = (count: number) =>
  Array.from({ length: count }, (_, i) => `  a(${i});`).join('\n');

/** Each row breaks exactly one rule; the file name carries no meaning. */
const BROKEN: readonly Case[] = [
  ['core may not import a package', 'src/core/market/a1.ts', use('zod'), RESTRICTED],
  ['core may not import node', 'src/core/market/a2.ts', use('node:fs'), RESTRICTED],
  ['core may not import app', 'src/core/market/a3.ts', use('#app/ports.ts'), RESTRICTED],
  ['core may not import shell', 'src/core/market/a4.ts', use('#shell/lib/log.ts'), RESTRICTED],
  ['core may not climb folders', 'src/core/market/a5.ts', use('../lib/assert.ts'), RESTRICTED],
  ['core may not climb by a detour', 'src/core/market/a6.ts', use('./x/../../../a.ts'), RESTRICTED],
  [
    'core may not import types of other rings',
    'src/core/market/a7.ts',
    "import type { A } from '#app/ports.ts';\n\nexport type B = A;\n",
    RESTRICTED,
  ],
  [
    'core may not import dynamically',
    'src/core/market/a8.ts',
    "export const b = await import('yaml');\n",
    RESTRICTED,
  ],
  [
    'core may not re-export a package',
    'src/core/market/a9.ts',
    "export { a } from 'yaml';\n",
    RESTRICTED,
  ],
  [
    'core has no node modules',
    'src/core/market/b1.ts',
    use('fs'),
    'lint/correctness/noNodejsModules',
  ],
  ['core has no Date', 'src/core/market/b2.ts', 'export const b = new Date(5);\n', GLOBALS],
  ['core has no Date.now', 'src/core/market/b3.ts', 'export const b = Date.now();\n', 'plugin'],
  [
    'core has no Temporal.Now',
    'src/core/market/b4.ts',
    'export const b = Temporal.Now.instant();\n',
    'plugin',
  ],
  [
    'core has no Math.random',
    'src/core/market/b5.ts',
    'export const b = Math.random();\n',
    'plugin',
  ],
  [
    'core has no Math.random by destructuring',
    'src/core/market/b6.ts',
    'export const { random } = Math;\n',
    'plugin',
  ],
  [
    'core has no Temporal.Now by destructuring',
    'src/core/market/b7.ts',
    'const { Now } = Temporal;\n\nexport const b = Now.instant();\n',
    'plugin',
  ],
  ['core has no process', 'src/core/market/b8.ts', 'export const b = process.pid;\n', GLOBALS],
  ['core has no fetch', 'src/core/market/b9.ts', "export const b = fetch('x');\n", GLOBALS],
  [
    'core has no timers',
    'src/core/market/c1.ts',
    'export const b = setTimeout(() => 1, 1);\n',
    GLOBALS,
  ],
  ['core has no globalThis', 'src/core/market/c2.ts', 'export const b = globalThis;\n', GLOBALS],
  [
    'core reads no module facts',
    'src/core/market/c3.ts',
    'export const b = import.meta.url;\n',
    'plugin',
  ],
  [
    'core imports no types inline',
    'src/core/market/c4.ts',
    "export type B = import('zod').ZodType;\n",
    'plugin',
  ],
  ['app may not import a package', 'src/app/a1.ts', use('zod'), RESTRICTED],
  ['app may not import node', 'src/app/a2.ts', use('node:crypto'), RESTRICTED],
  ['app may not import shell', 'src/app/a3.ts', use('#shell/store/outbox.ts'), RESTRICTED],
  ['app has no wall clock', 'src/app/a4.ts', 'export const b = Date.now();\n', GLOBALS],
  [
    'shell may not import another adapter',
    'src/shell/chat/a1.ts',
    use('#shell/store/outbox.ts'),
    RESTRICTED,
  ],
  ['shell may not import a use case', 'src/shell/store/a2.ts', use('#app/run-step.ts'), RESTRICTED],
  ['shell may not wire', 'src/shell/feeds/cn/a3.ts', use('#compose'), RESTRICTED],
  ['shell may not climb folders', 'src/shell/feeds/cn/a4.ts', use('../chain.ts'), RESTRICTED],
  [
    'an unlisted shell folder may not import another',
    'src/shell/newcomer/a5.ts',
    use('#shell/mail/a.ts'),
    RESTRICTED,
  ],
  ['jobs may not import an adapter', 'jobs/a1.ts', use('#shell/store/outbox.ts'), RESTRICTED],
  ['jobs may not import a package', 'jobs/a2.ts', use('zod'), RESTRICTED],
  ['main may not import an adapter', 'src/main.ts', use('#shell/chat/terminal.ts'), RESTRICTED],
  [
    'nobody exports by default',
    'src/app/b1.ts',
    'export default 5;\n',
    'lint/style/noDefaultExport',
  ],
  [
    'nobody builds a barrel',
    'src/app/b2.ts',
    "export * from './b1.ts';\n",
    'lint/performance/noBarrelFile',
  ],
  [
    'nobody imports in a circle',
    'src/app/b3.ts',
    "import { d } from './b4.ts';\n\nexport const c = () => d();\n",
    'lint/suspicious/noImportCycles',
  ],
  [
    'nobody drops a promise',
    'src/shell/lib/b1.ts',
    'async function send(): Promise<void> {}\n\nexport function b() {\n  send();\n}\n',
    'lint/nursery/noFloatingPromises',
  ],
  [
    'nobody tests a promise for truth',
    'src/shell/lib/b2.ts',
    'async function isOpen(): Promise<boolean> {\n  return false;\n}\n\nexport function b() {\n  if (isOpen()) return 1;\n  return 2;\n}\n',
    'lint/nursery/noMisusedPromises',
  ],
  [
    'nobody forgets a case',
    'src/app/b5.ts',
    "type A = 'x' | 'y';\n\nexport function b(a: A) {\n  switch (a) {\n    case 'x':\n      return 1;\n  }\n  return 2;\n}\n",
    'lint/nursery/useExhaustiveSwitchCases',
  ],
  [
    'only config reads the environment',
    'src/shell/lib/b3.ts',
    "import process from 'node:process';\n\nexport const b = process.env['A'];\n",
    'lint/style/noProcessEnv',
  ],
  [
    'a function has 60 lines at most',
    'src/app/b6.ts',
    `export function b(a: (i: number) => void) {\n${manyLines(61)}\n}\n`,
    'lint/complexity/noExcessiveLinesPerFunction',
  ],
  [
    'a file has 400 lines at most',
    'src/app/b7.ts',
    `declare const a: (i: number) => void;\n\n${manyLines(401)}\n\nexport const b = a;\n`,
    'lint/style/noExcessiveLinesPerFile',
  ],
  [
    'files are kebab-case',
    'src/app/fileName.ts',
    'export const b = 5;\n',
    'lint/style/useFilenamingConvention',
  ],
];

/** Files that keep every rule: the rules must not refuse what the architecture allows. */
const ALLOWED: readonly (readonly [file: string, code: string])[] = [
  [
    'src/core/market/ok.ts',
    "import type { A } from '#core/lib/x.ts';\nimport { a } from './b.ts';\n\nexport const b = (c: A) => [a, c, Temporal.Instant.fromEpochMilliseconds(5)];\n",
  ],
  ['src/app/ok.ts', use('#core/market/x.ts')],
  ['src/app/ok-own.ts', use('./ports.ts')],
  ['src/shell/store/ok.ts', use('node:fs')],
  ['src/shell/store/ok-package.ts', use('postgres')],
  ['src/shell/store/ok-ports.ts', use('#app/ports.ts')],
  ['src/shell/store/ok-lib.ts', use('#shell/lib/log.ts')],
  ['src/shell/feeds/cn/ok.ts', use('#shell/feeds/chain.ts')],
  ['src/compose.ts', use('#shell/store/outbox.ts')],
  ['jobs/ok.ts', use('#compose')],
  ['jobs/ok-node.ts', use('node:worker_threads')],
  [
    'src/shell/config/env.ts',
    "import process from 'node:process';\n\nexport const b = process.env['A'];\n",
  ],
];

type Diagnostic = { category: string; location?: { path?: string | { file?: string } } };

suite('import rules', () => {
  const folder = mkdtempSync(join(tmpdir(), 'centaur-house-'));
  const found = new Map<string, string[]>();

  before(() => {
    const put = (path: string, code: string) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), code);
    };
    for (const path of ['biome.jsonc', 'package.json', 'tsconfig.json', '.gitignore']) {
      copyFileSync(join(ROOT, path), join(folder, path));
    }
    mkdirSync(join(folder, 'tools'));
    copyFileSync(join(ROOT, 'tools/no-ambient.grit'), join(folder, 'tools/no-ambient.grit'));
    for (const [, path, code] of BROKEN) put(path, code);
    for (const [path, code] of ALLOWED) put(path, code);
    put('src/app/b4.ts', "import { c } from './b3.ts';\n\nexport const d = () => c();\n");
    const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
    const run = spawnSync(
      process.execPath,
      [biome, 'lint', '.', '--reporter=json', '--max-diagnostics=none'],
      { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
    );
    const report = JSON.parse(run.stdout) as { diagnostics: Diagnostic[] };
    for (const { category, location } of report.diagnostics) {
      const path = typeof location?.path === 'string' ? location.path : location?.path?.file;
      if (path === undefined) continue;
      const key = path.replaceAll('\\', '/').replace(/^\.\//, '');
      found.set(key, [...(found.get(key) ?? []), category]);
    }
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [name, path, , category] of BROKEN) {
    test(name, () => {
      assert.ok((found.get(path) ?? []).includes(category), `${path}: ${found.get(path)}`);
    });
  }

  for (const [path] of ALLOWED) {
    test(`${path} keeps every rule`, () => assert.deepEqual(found.get(path) ?? [], []));
  }
});
