import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { createKillFile } from '#shell/files/kill-file.ts';
import { runCli } from '#test/support/cli.ts';

const made: string[] = [];
after(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'centaur-killcli-'));
  made.push(folder);
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  return { dataDir, files: dataFilesOf(dataDir), kill: createKillFile(dataFilesOf(dataDir)) };
}

/** A process that lives and does nothing, as a desk that hangs. */
function hangingDesk(deskMark: string) {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const mark = {
    pid: child.pid,
    startedAt: 1,
    runId: 'live',
    profile: 'paper',
    desks: ['us-vwap'],
    environment: 'paper',
  };
  writeFileSync(deskMark, JSON.stringify(mark));
  return child;
}

test('CX-07 a kill without a desk and without a store leaves the latch and says so', async () => {
  const { dataDir, kill } = setUp();
  const { code, stdout } = await runCli(['kill', '--json'], { dataDir });
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout), {
    killed: true,
    scope: 'all',
    desk: 'not_running',
    answer: null,
    accounts: [],
  });
  const state = kill.state();
  assert.equal(state.kind === 'present' && state.note.scope, 'all');
});

test('CX-07 a kill reaches a desk that hangs: the latch is there, and what to do is said', async () => {
  const { dataDir, files, kill } = setUp();
  const desk = hangingDesk(files.deskMark);
  try {
    const { code, stdout } = await runCli(['kill', 'us-vwap'], { dataDir });
    assert.equal(code, 0);
    assert.match(stdout, /killed: us-vwap\. No entry leaves any more/);
    assert.match(stdout, new RegExp(`pid ${desk.pid} has not answered.*kill -9 ${desk.pid}`));
    assert.equal(kill.state().kind, 'present');
  } finally {
    desk.kill('SIGKILL');
  }
});

test('CX-07 a kill prints what the desk that answered did', async () => {
  const { dataDir, files, kill } = setUp();
  const desk = hangingDesk(files.deskMark);
  const stop = kill.watch((state) => {
    if (state.kind !== 'present') return;
    kill.answer({
      at: Date.now(),
      pid: desk.pid ?? 0,
      canceledOrderIds: ['a', 'b'],
      protectionKept: 3,
    });
  }, 5);
  try {
    const { stdout } = await runCli(['kill', 'all'], { dataDir });
    assert.match(stdout, /answered after \d+ ms: 2 entry order\(s\) cancelled, 3 protective/);
  } finally {
    stop();
    desk.kill('SIGKILL');
  }
});

test('CX-07 a kill counts the orders the desk did not know, once the broker was asked for them', async () => {
  const { dataDir, files, kill } = setUp();
  const desk = hangingDesk(files.deskMark);
  const stop = kill.watch((state) => {
    if (state.kind !== 'present') return;
    const answer = { at: Date.now(), pid: 1, canceledOrderIds: [], protectionKept: 1 };
    kill.answer({ ...answer, strangerIds: null });
    setTimeout(() => kill.answer({ ...answer, strangerIds: ['external:4711'] }), 300);
  }, 5);
  try {
    const { stdout } = await runCli(['kill', 'all'], { dataDir });
    assert.match(stdout, /0 entry order\(s\) cancelled, 1 protective/);
    assert.match(stdout, /1 order\(s\) that are not the desk’s cancelled, too: external:4711/);
  } finally {
    stop();
    desk.kill('SIGKILL');
  }
});

test('CX-07 --yes hands stage 2 to the desk that answers, through the file, once a command', async () => {
  const { dataDir, files, kill } = setUp();
  const desk = hangingDesk(files.deskMark);
  const stop = kill.watch((state) => {
    if (state.kind === 'present')
      kill.answer({ at: Date.now(), pid: 1, canceledOrderIds: [], protectionKept: 0 });
  }, 5);
  try {
    const { code, stdout } = await runCli(['kill', 'us-vwap', '--yes', '--json'], { dataDir });
    assert.equal(code, 0);
    assert.deepEqual((JSON.parse(stdout) as { flattened: string[] }).flattened, ['us-vwap']);
    const state = kill.state();
    assert.equal(state.kind, 'present');
    assert.deepEqual(state.kind === 'present' && state.note.flatten?.map((one) => one.scope), [
      'us-vwap',
    ]);
    await runCli(['kill', 'us-vwap', '--yes'], { dataDir });
    const again = kill.state();
    assert.equal(again.kind === 'present' && again.note.flatten?.length, 2);
    assert.equal(again.kind === 'present' && again.note.scope, 'us-vwap');
  } finally {
    stop();
    desk.kill('SIGKILL');
  }
});

test('CX-07 a name nobody knows kills everything', async () => {
  const { dataDir, kill } = setUp();
  const { code, stdout, stderr } = await runCli(['kill', 'us-vwp'], { dataDir });
  assert.equal(code, 0);
  assert.match(stdout, /killed: all/);
  assert.match(stderr, /us-vwp: found no desk or account of that name, everything is killed/);
  const state = kill.state();
  assert.equal(state.kind === 'present' && state.note.scope, 'all');
});

test('CX-07 a kill of an account is kept to that account', async () => {
  const { dataDir, kill } = setUp();
  await runCli(['kill', 'paper-us'], { dataDir });
  const state = kill.state();
  assert.equal(state.kind === 'present' && state.note.scope, 'paper-us');
});

test('CX-07 a second kill takes nothing back, and counts from when it was said', async () => {
  const { dataDir, files } = setUp();
  const note = () => JSON.parse(readFileSync(files.kill, 'utf8')) as { scope: string; at: number };
  await runCli(['kill', 'all'], { dataDir });
  const before = note();
  const { code, stdout } = await runCli(['kill', 'us-vwap'], { dataDir });
  assert.equal(code, 0);
  assert.match(stdout, /it was killed before: all by command line at /);
  const { at, ...rest } = note();
  assert.deepEqual({ ...rest, at: before.at }, before);
  assert.ok(at > before.at, 'a resume that was asked for in between does not lift it');
});
