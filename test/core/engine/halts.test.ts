import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entryObjections } from '#core/engine/permission-of.ts';
import { newYorkSession } from '#test/support/bars.ts';
import {
  AAPL,
  bar,
  bars,
  closed,
  exit,
  halt,
  ny,
  planned,
  QQQM,
  ready,
  reconciled,
  report,
  TICKET,
  tick,
  unlock,
  withPosition,
  withTicket,
  withWorkingEntries,
} from '#test/support/builders.ts';
import { type Desk, run } from '#test/support/engine.ts';
import { given } from '#test/support/given.ts';

const codes = ({ state, view, policy }: Desk, instrument: typeof QQQM, at: number) =>
  entryObjections(state, view, policy, instrument, at).map((one) => one.reason?.code);

test('ID-08 given a halt, then the symbol’s ticket is void, its entries leave, and nothing of others is touched', () => {
  const voided = given(withTicket()).when(halt(ny('10:01:30'), true));
  voided.decidesOf(
    ['ticket_voided', 'lock_set'],
    {
      type: 'ticket_voided',
      reason: { code: 'halt', figures: { cause: 'H T1' } },
    },
    { type: 'lock_set', lock: { cause: 'halt', scope: QQQM, untilAt: ny('16:00') } },
  );
  assert.ok(voided.effects().includes('push lock_on'));
  given(withWorkingEntries())
    .when(halt(ny('10:01:30'), true))
    .decidesOf(['cancel_requested'], 'cancel_requested', 'cancel_requested');
  const other = given(withTicket()).when(halt(ny('10:01:30'), true, AAPL));
  other.decidesOf(['ticket_voided']);
  assert.ok(!codes(other.desk, QQQM, ny('10:01:31')).includes('halt'));
  assert.ok(codes(other.desk, AAPL, ny('10:01:31')).includes('halt'));
});

test('ID-08 given a halt with a position, then its stop stays where it is and the message names it', () => {
  const halted = given(withPosition()).when(halt(ny('10:01:30'), true));
  halted.decides('halt_changed', {
    type: 'lock_set',
    lock: { figures: { state: 'halted', held: 200, stop: 99 } },
  });
});

test('ID-08 said twice a halt is one; resumption pauses entries for five minutes, then they are free', () => {
  const halted = given([...ready(), halt(ny('10:00:30'), true)]);
  halted.when(halt(ny('10:00:31'), true)).nothing();
  const resumed = halted.when(halt(ny('10:00:40'), false, QQQM, 'T'));
  resumed.decides(
    { type: 'halt_changed', isHalted: false },
    { type: 'lock_set', lock: { untilAt: ny('10:05:40'), figures: { state: 'resumed' } } },
  );
  const later = run(resumed.desk, [...bars('10:01', '10:05')]);
  assert.ok(codes(later, QQQM, ny('10:05:30')).includes('halt'));
  const free = run(later, [tick(ny('10:05:40'))]);
  assert.ok(!codes(free, QQQM, ny('10:05:41')).includes('halt'));
  assert.ok(free.events.some((event) => event.type === 'lock_released'));
});

test('ID-08 a resumption nobody told of is seen by the next minute that traded', () => {
  const halted = given([...ready(), halt(ny('10:00:30'), true)]);
  // the minute in which it was halted says nothing
  halted.when(bar(ny('10:01'))).decidesOf(['halt_changed']);
  halted
    .when(bar(ny('10:02')))
    .decidesOf(['halt_changed'], { type: 'halt_changed', isHalted: false });
});

test('ID-08 the owner may lift the pause after a halt, and never a halt or a lock of the day', () => {
  const paused = given([...ready(), halt(ny('10:00:30'), true), halt(ny('10:00:40'), false)]);
  paused.when(unlock(ny('10:00:50'), `halt:${QQQM}`, false)).refuses('second_confirmation_needed');
  paused
    .when(unlock(ny('10:00:50'), `halt:${QQQM}`))
    .decides({ type: 'lock_released', lockId: `halt:${QQQM}`, by: 'terminal:owner' });
  paused.when(unlock(ny('10:00:50'), 'nothing')).refuses('unknown_lock');
  given([...ready(), halt(ny('10:00:30'), true)])
    .when(unlock(ny('10:00:50'), `halt:${QQQM}`))
    .refuses('lock_firm');
});

test('ID-04 ID-08 given a halt at the close, then P0 with a proposal, and the exit asked for leaves at the next open', () => {
  const last = [
    ...withPosition(),
    halt(ny('10:02'), true),
    tick(ny('15:55')),
    ...['stop-1', 'target-1', 'stop-2'].map((name) =>
      report(ny('15:55:01'), `${TICKET}.${name}`, 'canceled'),
    ),
    ...[1, 2, 3, 4, 5].map((n) =>
      report(ny('15:55:02') + n * 100, `${TICKET}.exit-${n}`, 'rejected', { reason: 'halted' }),
    ),
  ];
  const over = given(last).when(tick(ny('16:00')));
  const alarm = over.events.flatMap((event) =>
    event.type === 'alarm_raised' && event.alarm.kind === 'done_with_position' ? [event.alarm] : [],
  )[0];
  assert.deepEqual(alarm?.figures, { quantity: 200, stop: 99, price: 99.98, why: 'halted' });
  assert.ok(over.effects().includes('push done_with_position'));
  const asked = over.and().when(exit(ny('16:10')));
  asked.decidesOf(['exit_planned'], {
    type: 'exit_planned',
    instrument: QQQM,
    quantity: 200,
  });
  const next = '2026-11-23';
  const open = asked.and(
    closed(ny('16:20')),
    planned(ny('09:00', next), newYorkSession(next)),
    reconciled(ny('09:01', next), asked.desk.state.cashMinor),
  );
  const sold = open.when(tick(ny('09:30', next)));
  sold.decidesOf(['exit_started'], { type: 'exit_started', reason: 'operator', quantity: 200 });
});
