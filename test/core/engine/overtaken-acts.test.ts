import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Input } from '#core/engine/input.ts';
import { allow, kill, ny, ready, resume, stop } from '#test/support/builders.ts';
import { deskAfter, step } from '#test/support/engine.ts';

/** An act that was said at one instant and comes to the desk at another. */
function said(input: Input, sentAt: number): Input {
  return { ...(input as Extract<Input, { kind: 'operator_acted' }>), sentAt };
}

test('CX-06 an ALLOW said before a STOP that overtook it does not undo the STOP', () => {
  const desk = deskAfter([...ready(), stop(ny('10:05'))]);
  const late = step(desk, said(allow(ny('10:05:01')), ny('10:04:59')));
  assert.deepEqual(
    late.events.map((event) => event.type),
    ['act_refused'],
  );
  assert.equal(late.desk.state.consent.kind, 'stopped');
  const tied = step(desk, said(allow(ny('10:05:01')), ny('10:05')));
  assert.equal(tied.desk.state.consent.kind, 'stopped', 'in one instant the STOP stands');
  const later = step(late.desk, said(allow(ny('10:05:03')), ny('10:05:02')));
  assert.equal(later.desk.state.consent.kind, 'allowed');
});

test('CX-06 CX-07 a STOP said while killed stands after the resume against an ALLOW said before it', () => {
  const desk = deskAfter([...ready(), kill(ny('10:05')), stop(ny('10:06')), resume(ny('10:07'))]);
  const late = step(desk, said(allow(ny('10:07:01')), ny('10:05:59')));
  assert.equal(late.desk.state.consent.kind, 'stopped');
  const later = step(late.desk, said(allow(ny('10:07:03')), ny('10:07:02')));
  assert.equal(later.desk.state.consent.kind, 'allowed');
});

test('CX-07 a resume said before a kill that overtook it does not undo the kill', () => {
  const desk = deskAfter([...ready(), kill(ny('10:05'))]);
  const late = step(desk, said(resume(ny('10:05:01')), ny('10:04:59')));
  assert.equal(late.desk.state.kill.kind, 'halted');
  const tied = step(desk, said(resume(ny('10:05:01')), ny('10:05')));
  assert.equal(tied.desk.state.kill.kind, 'halted', 'in one instant the kill stands');
  const later = step(late.desk, said(resume(ny('10:05:03')), ny('10:05:02')));
  assert.equal(later.desk.state.kill.kind, 'clear');
});

test('CX-07 a resume said between two kills does not undo the later one', () => {
  const again = { ...kill(ny('10:06')), updateKey: 'telegram:7' } as Input;
  const desk = deskAfter([...ready(), kill(ny('10:05')), again]);
  const late = step(desk, said(resume(ny('10:06:01')), ny('10:05:30')));
  assert.equal(late.desk.state.kill.kind, 'halted');
  const later = step(late.desk, said(resume(ny('10:06:03')), ny('10:06:02')));
  assert.equal(later.desk.state.kill.kind, 'clear');
});

test('CX-07 a kill file written again while killed stops a resume that was asked for before', () => {
  const first: Input = {
    kind: 'kill_file_seen',
    at: ny('10:05:01'),
    isPresent: true,
    by: 'kill file',
    saidAt: ny('10:05'),
  };
  const desk = deskAfter([...ready(), kill(ny('10:05')), first]);
  // the same instant is the same saying: no event
  assert.deepEqual(step(desk, { ...first, at: ny('10:05:02') } as Input).events, []);
  const again = step(desk, { ...first, at: ny('10:06'), saidAt: ny('10:05:59') } as Input);
  assert.ok(again.events.some((event) => event.type === 'kill_file_noticed'));
  const late = step(again.desk, said(resume(ny('10:06:01')), ny('10:05:30')));
  assert.equal(late.desk.state.kill.kind, 'halted');
  const later = step(late.desk, said(resume(ny('10:06:03')), ny('10:06:02')));
  assert.equal(later.desk.state.kill.kind, 'clear');
});

test('CX-07 a kill file dated in the future can still be resumed', () => {
  const file: Input = {
    kind: 'kill_file_seen',
    at: ny('10:06'),
    isPresent: true,
    by: 'kill file',
    saidAt: ny('15:00'),
  };
  const desk = deskAfter([...ready(), file]);
  const later = step(desk, resume(ny('10:07')));
  assert.equal(later.desk.state.kill.kind, 'clear');
});

test('CX-07 a resume ends the kills said before it was asked for, and says so to the file', () => {
  const desk = deskAfter([...ready(), kill(ny('10:05'))]);
  const resumed = step(desk, said(resume(ny('10:06:20')), ny('10:06')));
  assert.deepEqual(
    resumed.events.filter((event) => event.type === 'kill_resumed').map(({ upTo }) => upTo),
    [ny('10:06')],
  );
});

test('CX-07 a resume said before the kill file was written does not remove it', () => {
  const file: Input = { kind: 'kill_file_seen', at: ny('10:06'), isPresent: true, by: 'terminal' };
  const desk = deskAfter([...ready(), kill(ny('10:05')), file]);
  const late = step(desk, said(resume(ny('10:06:01')), ny('10:05:30')));
  assert.equal(late.desk.state.kill.kind, 'halted');
  assert.equal(late.desk.state.isKillFilePresent, true);
});
