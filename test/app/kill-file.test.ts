import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Config } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { createKillFile } from '#shell/files/kill-file.ts';
import { appDesk } from '#test/support/app-desk.ts';
import { OWNER, policyOf, ready, reconciled, resume } from '#test/support/builders.ts';
import { composeKillSwitch } from '../../src/compose-kill.ts';

/*
 * A desk beside a kill file on the disk: the watch says what stands there, the desk decides on it, and
 * nothing that is said meanwhile is lost or said twice.
 */

const KEY = 'telegram:77';
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function besideKillFile() {
  const dataDir = mkdtempSync(join(tmpdir(), 'centaur-killed-'));
  folders.push(dataDir);
  const killSwitch = composeKillSwitch({ dataDir } as Config, null);
  const file = createKillFile(dataFilesOf(dataDir));
  const world = appDesk({}, undefined, undefined, killSwitch.portOf(policyOf()));
  const desk = world.open();
  await desk.recover();
  for (const input of ready()) await desk.submit(input);
  world.clock.advanceTo(Math.max(...ready().map((input) => input.at)));
  const note = () => {
    const state = file.state();
    return state.kind === 'present' ? state.note : null;
  };
  /** The next process: it looks at the file before its log is folded. */
  const startAgain = async () => {
    const again = world.open();
    const recovering = again.recover();
    const stop = killSwitch.watch([again], world.clock);
    await recovering;
    await world.settle(100);
    await again.submit(reconciled(world.clock.now(), again.state().cashMinor));
    return { again, stop };
  };
  return { ...world, desk, file, note, killSwitch, startAgain };
}

const typesOf = async (world: Awaited<ReturnType<typeof besideKillFile>>) =>
  (await world.store.events.read(world.desk.stream)).map((event) => event.type);

test('CX-07 a start beside a kill file leaves the file as it is, and says nothing twice', async () => {
  for (const key of [KEY, undefined]) {
    const world = await besideKillFile();
    if (key === undefined) world.file.write({ scope: 'all', by: 'terminal', at: 5 });
    await world.desk.killNow(OWNER, 'all', world.clock.now(), key).decided;
    const before = world.note();
    await world.settle(1_000);
    const { again, stop } = await world.startAgain();
    assert.equal(again.state().kill.kind, 'halted');
    assert.deepEqual(world.note(), before);
    assert.equal((await typesOf(world)).filter((type) => type === 'kill_engaged').length, 1);
    stop();
  }
});

test('CX-07 a look at the kill file that waits behind a resume does not halt the desk', async () => {
  const world = await besideKillFile();
  await world.desk.killNow(OWNER, 'all', world.clock.now(), KEY).decided;
  const { clock, desk } = world;
  const resumed = desk.submit(resume(clock.now() + 10));
  // the first look of a watch: it is queued behind the resume
  const stop = world.killSwitch.watch([desk], clock);
  await resumed;
  await world.settle(100);
  stop();
  assert.equal(desk.state().kill.kind, 'clear');
  assert.equal(desk.state().isKillFilePresent, false);
  assert.equal(world.note(), null);
  assert.equal(desk.areEntriesBlocked(), false);
});

test('CX-07 a kill of a terminal on top of one of the chat outlives a resume that was asked for before it', async () => {
  const world = await besideKillFile();
  const { clock, desk } = world;
  await desk.killNow(OWNER, 'all', clock.now(), KEY).decided;
  const asked = clock.now() + 10;
  world.file.write({ scope: 'all', by: 'terminal', at: clock.now() + 20 });
  const resumed = desk.submit(resume(asked));
  const stop = world.killSwitch.watch([desk], clock);
  await resumed;
  // a process that ends here has the file alone to tell the next one
  assert.notEqual(world.note(), null);
  await world.settle(100);
  stop();
  assert.equal(desk.state().kill.kind, 'halted');
  assert.equal(world.killFile.read(), 'present');
});

test('CX-07 a file that a resume had no time to remove goes at the next start, and blocks nothing', async () => {
  const world = await besideKillFile();
  const { clock, desk } = world;
  await desk.killNow(OWNER, 'all', clock.now(), KEY).decided;
  const left = world.note();
  await desk.submit(resume(clock.now() + 10));
  assert.ok(left !== null);
  world.file.write(left);
  await world.settle(1_000);
  const { again, stop } = await world.startAgain();
  stop();
  assert.equal(again.state().kill.kind, 'clear');
  assert.equal(again.state().isKillFilePresent, false);
  assert.equal(world.note(), null);
});

test('CX-07 a file in the future of the desk can be resumed once the desk has decided on it', async () => {
  const world = await besideKillFile();
  const { clock, desk } = world;
  const at = clock.now() + 3_600_000;
  world.file.write({ scope: 'all', by: 'another process', at, updateKey: KEY });
  const stop = world.killSwitch.watch([desk], clock);
  await world.settle(100);
  assert.equal(desk.state().kill.kind, 'halted');
  await desk.submit(resume(clock.now() + 10));
  stop();
  assert.equal(desk.state().kill.kind, 'clear');
  assert.equal(world.note(), null);
});
