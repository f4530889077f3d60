import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createOwnCommand } from '#shell/runner/own-command.ts';

let folder = '';

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'centaur-own-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** A program that does what its first argument says. */
function program(): string {
  const path = join(folder, 'program.mjs');
  writeFileSync(
    path,
    `const [what] = process.argv.slice(2);
if (what === 'tell') process.stdout.write(JSON.stringify({ args: process.argv.slice(2), seen: process.env.SEEN }));
else if (what === 'find') { process.stdout.write('{"passed":false}'); process.exitCode = 1; }
else if (what === 'fail') { process.stderr.write('on the way\\nerror: disk: found it full, expected room\\n'); process.exitCode = 1; }
else setInterval(() => {}, 1000);
`,
  );
  return path;
}

test('CX-01 a command beside the desk answers its object, and one that failed its one line', async () => {
  const command = createOwnCommand({ program: program(), env: { ...process.env, SEEN: 'yes' } });
  assert.deepEqual(await command.run(['tell', 'a']), {
    args: ['tell', 'a', '--json'],
    seen: 'yes',
  });
  // what a check found is an answer, whatever its code
  assert.deepEqual(await command.run(['find']), { passed: false });
  await assert.rejects(command.run(['fail']), { message: 'disk: found it full, expected room' });
});

test('CX-01 a command that runs ends with the desk', async () => {
  const command = createOwnCommand({ program: program(), env: process.env });
  const running = command.run(['wait']);
  command.stop();
  await assert.rejects(running, { message: 'it ended without a word' });
});
