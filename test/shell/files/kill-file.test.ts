import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { findDesk, leaveDeskMark } from '#shell/files/desk-mark.ts';
import type { KillState } from '#shell/files/kill-file.ts';
import { createKillFile } from '#shell/files/kill-file.ts';

const made: string[] = [];
after(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

function files() {
  const folder = mkdtempSync(join(tmpdir(), 'centaur-kill-'));
  made.push(folder);
  return dataFilesOf(join(folder, 'data'));
}

test('CX-07 the kill file is there once written and stays until it is removed', () => {
  const paths = files();
  const kill = createKillFile(paths);
  assert.deepEqual(kill.state(), { kind: 'absent' });
  kill.write({ scope: 'us-vwap', by: 'cli', at: 1 });
  const another = createKillFile(paths);
  assert.deepEqual(another.state(), {
    kind: 'present',
    note: { scope: 'us-vwap', by: 'cli', at: 1 },
  });
  another.remove(null);
  assert.deepEqual(kill.state(), { kind: 'absent' });
});

test('CX-07 a second kill never narrows the first', () => {
  const kill = createKillFile(files());
  const scope = () => {
    const state = kill.state();
    return state.kind === 'present' ? state.note.scope : state.kind;
  };
  kill.write({ scope: 'us-vwap', by: 'cli', at: 1 });
  kill.write({ scope: 'cn-rules', by: 'cli', at: 2 });
  assert.equal(scope(), 'all');
  kill.write({ scope: 'us-vwap', by: 'cli', at: 3 });
  assert.equal(scope(), 'all');
});

test('CX-07 a kill said again takes the later instant, also when the clock was set back', () => {
  const kill = createKillFile(files());
  const at = () => {
    const state = kill.state();
    return state.kind === 'present' ? state.note.at : null;
  };
  kill.write({ scope: 'all', by: 'cli', at: 10 });
  kill.write({ scope: 'all', by: 'cli', at: 30 });
  assert.equal(at(), 30);
  kill.write({ scope: 'all', by: 'cli', at: 30 });
  assert.equal(at(), 30);
  kill.write({ scope: 'us-vwap', by: 'chat', at: 5 });
  assert.equal(at(), 31);
});

test('CX-07 a resume leaves a kill that was written after it was asked for', () => {
  const kill = createKillFile(files());
  kill.write({ scope: 'all', by: 'cli', at: 30 });
  kill.remove(29);
  assert.equal(kill.state().kind, 'present');
  kill.remove(30);
  assert.equal(kill.state().kind, 'absent');
});

test('CX-07 whatever stands in the file kills, and a path that cannot be read halts', () => {
  const paths = files();
  const kill = createKillFile(paths);
  for (const content of ['', 'stop', '{}', '{"scope":1}', '[]', 'null', '{"scope":"a"']) {
    mkdirSync(join(paths.kill, '..'), { recursive: true });
    writeFileSync(paths.kill, content);
    const state = kill.state();
    assert.equal(state.kind, 'present', content);
    assert.equal(state.kind === 'present' && state.note.scope, 'all', content);
  }
  rmSync(paths.kill);
  mkdirSync(paths.kill);
  assert.equal(kill.state().kind, 'unreadable');
});

test('CX-07 a watcher hears of each change once, well within a second', async () => {
  const kill = createKillFile(files());
  const seen: KillState['kind'][] = [];
  const stop = kill.watch((state) => seen.push(state.kind), 5);
  kill.write({ scope: 'all', by: 'cli', at: 1 });
  await sleep(60);
  kill.remove(null);
  await sleep(60);
  stop();
  kill.write({ scope: 'all', by: 'cli', at: 2 });
  await sleep(30);
  assert.deepEqual(seen, ['present', 'absent']);
});

test('CX-07 the answer of a desk to an earlier kill is not taken for one to this', () => {
  const kill = createKillFile(files());
  kill.answer({ at: 10, pid: 1, canceledOrderIds: ['a'], protectionKept: 2 });
  assert.equal(kill.readAnswer(11), null);
  assert.deepEqual(kill.readAnswer(10)?.canceledOrderIds, ['a']);
});

test('the mark of a desk tells a running one from one that died', () => {
  const { deskMark } = files();
  assert.deepEqual(findDesk(deskMark), { kind: 'none' });
  const mark = {
    startedAt: 1,
    runId: 'r',
    profile: 'demo',
    desks: ['us-vwap'],
    environment: 'paper',
  } as const;
  const takeAway = leaveDeskMark(deskMark, mark);
  assert.equal(findDesk(deskMark).kind, 'running');
  const dead = readFileSync(deskMark, 'utf8').replace(String(process.pid), '2147483000');
  takeAway();
  assert.equal(findDesk(deskMark).kind, 'none');
  writeFileSync(deskMark, dead);
  assert.equal(findDesk(deskMark).kind, 'ended');
  writeFileSync(deskMark, '{"pid":-1}');
  assert.equal(findDesk(deskMark).kind, 'none');
});

test('CX-07 what another process sold or asked to sell adds up and never narrows the kill', () => {
  const kill = createKillFile(files());
  const note = () => {
    const state = kill.state();
    return state.kind === 'present' ? state.note : null;
  };
  const base = { scope: 'us-vwap', by: 'cli', at: 1 };
  kill.write({ ...base, updateKey: 'telegram:7' });
  kill.write({ ...base, at: 2, flatten: [{ scope: 'us-vwap', key: 'a' }] });
  kill.write({ ...base, at: 3, scope: 'all', sold: [{ scope: 'alpaca-us', key: 'b' }] });
  assert.deepEqual(note(), {
    scope: 'all',
    by: 'cli',
    at: 3,
    flatten: [{ scope: 'us-vwap', key: 'a' }],
    sold: [{ scope: 'alpaca-us', key: 'b' }],
  });
  kill.write({ ...base, at: 4 });
  assert.equal(note()?.at, 4);
  assert.equal(note()?.sold?.length, 1);
});

test('CX-07 the file names the message of its instant: the second kill is not taken for the first', () => {
  const kill = createKillFile(files());
  const note = () => {
    const state = kill.state();
    return state.kind === 'present' ? state.note : null;
  };
  const base = { scope: 'all', by: 'chat' };
  kill.write({ ...base, at: 10, updateKey: 'telegram:7' });
  kill.write({ ...base, at: 14, updateKey: 'telegram:7' });
  assert.deepEqual(note(), { ...base, at: 10, updateKey: 'telegram:7' }, 'said once');
  kill.write({ ...base, at: 20 });
  assert.deepEqual(note(), { ...base, at: 20 }, 'a terminal has no message');
  kill.write({ ...base, at: 20, updateKey: 'telegram:8' });
  assert.deepEqual(note(), { ...base, at: 21, updateKey: 'telegram:8' });
  kill.write({ ...base, at: 5, updateKey: 'telegram:9' });
  assert.deepEqual(note(), { ...base, at: 22, updateKey: 'telegram:9' });
});
