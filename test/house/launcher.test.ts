import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..');

const CLI = `
import process from 'node:process';
const [act]: string[] = process.argv.slice(2);
if (act === 'code') process.exitCode = 3;
if (act === 'wait') {
  process.on('SIGTERM', () => process.exit(7));
  setInterval(() => {}, 1000);
}
console.log(JSON.stringify({ version: process.versions.node, startedAt: process.env['CENTAUR_STARTED_AT'] }));
`;

/** A project with the real entries and a command line that only answers. */
function makeProject(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'centaur-launcher-')));
  for (const name of ['bin', 'src', 'jobs']) mkdirSync(join(folder, name));
  for (const name of ['centaur.mjs', 'worker.mjs', 'compile-cache.mjs']) {
    copyFileSync(join(ROOT, 'bin', name), join(folder, 'bin', name));
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'src', 'cli.ts'), CLI);
  writeFileSync(join(folder, 'jobs', 'one.ts'), "const a: string = 'ran';\nconsole.log(a);\n");
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  return folder;
}

suite('entries', () => {
  const folder = makeProject();
  after(() => rmSync(folder, { recursive: true, force: true }));
  const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') };
  const run = (args: string[], extra: NodeJS.ProcessEnv = {}) =>
    spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env: { ...env, ...extra } });

  test('passes the exit code on and tells when the process started', () => {
    const startedBefore = Date.now();
    const { status, stdout } = run(['bin/centaur.mjs', 'code']);
    assert.equal(status, 3);
    const { startedAt } = JSON.parse(stdout);
    assert.ok(Math.abs(Number(startedAt) - startedBefore) < 5000, startedAt);
  });

  test('starts without any folder that a cache could be written to', () => {
    writeFileSync(join(folder, 'file'), '');
    const nowhere = join(folder, 'file', 'x');
    const { status } = run(['bin/centaur.mjs'], {
      HOME: nowhere,
      XDG_CACHE_HOME: nowhere,
      LOCALAPPDATA: nowhere,
      CENTAUR_DATA_DIR: nowhere,
    });
    assert.equal(status, 0);
  });

  test('a worker runs a script of the project and refuses any other', () => {
    assert.equal(run(['bin/worker.mjs', 'jobs/one.ts']).stdout.trim(), 'ran');
    const refused = run(['bin/worker.mjs', '../one.ts']);
    assert.notEqual(refused.status, 0);
    assert.match(refused.stderr, /expected a path inside the project, was \.\.\/one\.ts/);
  });

  // An older Node is acted by the flag that the launcher judges by: its version.
  const asOlder = [
    '--import',
    'data:text/javascript,if(!process.channel)Object.defineProperty(process.versions,"node",{value:"20.0.0"})',
  ];

  test('an older Node hands over to the project one and passes its exit code on', () => {
    const { status, stdout } = run([...asOlder, 'bin/centaur.mjs', 'code']);
    assert.equal(status, 3);
    assert.equal(JSON.parse(stdout).version, process.versions.node);
  });

  test('an older Node passes signals on', { skip: process.platform === 'win32' }, async () => {
    const child = spawn(process.execPath, [...asOlder, 'bin/centaur.mjs', 'wait'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const _ of child.stdout) break;
    child.kill('SIGTERM');
    const code = await new Promise((resolve) => child.once('exit', resolve));
    assert.equal(code, 7);
  });
});
