import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Input } from '#core/engine/input.ts';
import {
  kill,
  ny,
  ready,
  reconciled,
  resume,
  stop,
  withWorkingEntries,
} from '#test/support/builders.ts';
import { deskAfter, run } from '#test/support/engine.ts';
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
