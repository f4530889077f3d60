import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Input } from '#core/engine/input.ts';
import { deskPermission } from '#core/engine/permission-of.ts';
import {
  kill,
  ny,
  ready,
  reconciled,
  resume,
  stop,
  withWorkingEntries,
} from '#test/support/builders.ts';
import { deskAfter, run, step } from '#test/support/engine.ts';
import { given } from '#test/support/given.ts';

const AT = ny('10:01:30');
const KEY = 'telegram:77';
const saying = (input: Input, updateKey = KEY): Input =>
  input.kind === 'operator_acted' ? { ...input, updateKey } : input;

test('CX-07 CX-10 a kill message given again after a resume does not kill again', () => {
  const killed = given([...withWorkingEntries(), saying(kill(AT))]);
  assert.equal(killed.desk.state.kill.kind, 'halted');
  const resumed = given([...ready(), saying(kill(AT)), reconciled(AT + 1), resume(AT + 2)]);
  resumed.when(saying(kill(AT + 3))).nothing();
  resumed.when(saying(kill(AT + 3), 'telegram:78')).decidesOf(['kill_engaged'], 'kill_engaged');
});

test('CX-10 a STOP message given again takes back no later ALLOW', () => {
  const stopped = given([...ready(), saying(stop(AT))]);
  assert.equal(stopped.desk.state.consent.kind, 'stopped');
  stopped.when(saying(stop(AT + 1))).nothing();
});

test('CX-07 another message that says kill is answered, and takes nothing back', () => {
  const killed = given([...ready(), saying(kill(AT))]);
  killed
    .when(saying(kill(AT + 1), 'telegram:78'))
    .decides({ type: 'kill_engaged', entriesToCancel: [], updateKey: 'telegram:78' });
});

test('CX-07 CX-10 a kill whose decision was lost is known by the message that its file names', () => {
  const file = {
    kind: 'kill_file_seen',
    isPresent: true,
    by: 'telegram:1',
    updateKey: KEY,
  } as const;
  const found = given([...ready(), { ...file, at: AT }]);
  assert.equal(found.desk.state.kill.kind, 'halted');
  const resumed = found.and(reconciled(AT + 1), resume(AT + 2));
  resumed.when(saying(kill(AT + 3))).nothing();
});

test('CX-10 the newest messages are kept, the oldest go', () => {
  let desk = deskAfter(ready());
  for (let n = 0; n < 250; n += 1) desk = run(desk, [saying(stop(AT + n), `telegram:${n}`)]);
  assert.equal(desk.state.heard.length, 200);
  assert.equal(desk.state.heard.at(-1), 'telegram:249');
});

/** What the kill file says, and when it comes to the desk. */
const file = (at: number, saidAt: number, updateKey: string | undefined = KEY): Input => ({
  kind: 'kill_file_seen',
  at,
  isPresent: true,
  by: 'kill file',
  saidAt,
  ...(updateKey === '' ? {} : { updateKey }),
});
const killedAndResumed = () => given([...ready(), saying(kill(AT)), resume(AT + 20)]);

test('CX-07 what was read of a kill file before a resume does not halt after it, and the file goes', () => {
  const late = killedAndResumed().when(file(AT + 30, AT));
  late.decides({ type: 'kill_file_outlived', upTo: AT + 20 });
  assert.deepEqual(late.effects(), ['remove_kill_file']);
  assert.equal(late.desk.state.isKillFilePresent, false);
  assert.equal(
    deskPermission(late.desk.state, AT + 31),
    deskPermission(killedAndResumed().desk.state, AT + 31),
  );
});

test('CX-07 a kill file without a message kills after a resume, whatever instant it names', () => {
  for (const saidAt of [AT - 9_000, AT, AT + 20, AT + 25])
    killedAndResumed()
      .when(file(AT + 30, saidAt, ''))
      .decidesOf(['kill_engaged', 'kill_file_outlived'], 'kill_engaged');
});

test('CX-07 another message that a clock set back dates before the resume kills', () => {
  killedAndResumed()
    .when(file(AT + 30, AT - 9_000, 'telegram:78'))
    .decidesOf(['kill_engaged'], { type: 'kill_engaged', updateKey: 'telegram:78' });
});

test('CX-07 a file that says later than the resume kills, also under the name of a message that was heard', () => {
  const late = killedAndResumed().when(file(AT + 30, AT + 21));
  late.decidesOf(['kill_file_noticed', 'kill_engaged'], 'kill_file_noticed', 'kill_engaged');
  assert.equal(late.desk.state.kill.kind, 'halted');
});

test('CX-07 a file that says nothing of its instant halts after a resume', () => {
  const { saidAt: _, ...undated } = file(AT + 30, 0) as Extract<Input, { kind: 'kill_file_seen' }>;
  const late = killedAndResumed().when(undated);
  assert.equal(late.desk.state.kill.kind, 'halted');
});

test('CX-07 a killed desk hears its file also when the clock was set back behind an earlier resume', () => {
  const again = killedAndResumed().and(saying(kill(AT + 25), 'telegram:78'));
  again.when(file(AT + 30, AT + 10, 'telegram:78')).decides('kill_file_noticed');
  assert.equal(again.desk.state.kill.kind, 'halted');
});

test('CX-07 of two kills close together the resume between them ends the first only', () => {
  const killed = given([...ready(), saying(kill(AT))]);
  const between = {
    ...(resume(AT + 30) as Extract<Input, { kind: 'operator_acted' }>),
    sentAt: AT + 10,
  };
  const resumed = killed.and(between);
  assert.equal(resumed.desk.state.kill.kind, 'clear');
  const late = resumed.when(file(AT + 40, AT + 11, 'telegram:78'));
  assert.equal(late.desk.state.kill.kind, 'halted');
});

test('CX-07 a state of an older log, which does not know up to when it was resumed, lets every file kill', () => {
  const { desk } = killedAndResumed();
  const { resumedUpTo: _, ...older } = desk.state;
  const late = step({ ...desk, state: older }, file(AT + 30, AT));
  assert.equal(late.desk.state.kill.kind, 'halted');
});
