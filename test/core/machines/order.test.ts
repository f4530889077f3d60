import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextDeadline } from '#core/engine/decide-clock.ts';
import { coveredQuantity, openQuantity } from '#core/engine/select.ts';
import { hasEnded, mayFill, type Order, type OrderState } from '#core/machines/order.ts';
import { type PhaseFacts, phaseOf } from '#core/machines/session-phase.ts';
import { newYorkSession } from '#test/support/bars.ts';
import {
  allow,
  bar,
  bars,
  CASH_MINOR,
  closed,
  confirm,
  DAY,
  doubtful,
  exit,
  fill,
  notFound,
  ny,
  planned,
  policyOf,
  QQQM,
  quoteOf,
  ready,
  reconciled,
  report,
  sent,
  signalBar,
  started,
  TICKET,
  tick,
  withEntries,
  withFirstTarget,
  withPosition,
  withTicket,
  withWorkingEntries,
} from '#test/support/builders.ts';
import { type Desk, deskAfter } from '#test/support/engine.ts';
import { given } from '#test/support/given.ts';

const id = (name: string) => `${TICKET}.${name}`;
const AT = ny('10:01:20');
const stateOf = (desk: Desk, name: string) => desk.state.orders[id(name)]?.state;

test('ID-06 an order lives from intended to filled, and a repeated report changes nothing', () => {
  const steps: readonly [Parameters<typeof given>[0][number], OrderState][] = [
    [sent(AT, id('entry-1')), 'submitted'],
    [report(AT, id('entry-1'), 'accepted'), 'accepted'],
    [fill(AT, id('entry-1'), 60, 100, { isPartial: true }), 'partially_filled'],
    [fill(AT, id('entry-1'), 100, 100), 'filled'],
  ];
  let desk = given([...withTicket(), confirm(ny('10:01:15'))]);
  for (const [input, state] of steps) {
    const told = desk.when(input);
    assert.equal(stateOf(told.desk, 'entry-1'), state);
    told.and().when(input).nothing();
    desk = told.and();
  }
  assert.equal(stateOf(desk.desk, 'stop-1'), 'submitted');
  assert.equal(desk.desk.state.cashMinor, CASH_MINOR - 1_000_000);
});

test('ID-06 canceled, rejected and expired end an entry and its held children; what was filled stays', () => {
  for (const kind of ['canceled', 'rejected', 'expired'] as const) {
    const { desk } = given(withWorkingEntries()).when(report(AT, id('entry-1'), kind));
    assert.equal(stateOf(desk, 'entry-1'), kind);
    assert.equal(stateOf(desk, 'stop-1'), 'canceled');
    assert.equal(stateOf(desk, 'target-1'), 'canceled');
    assert.equal(stateOf(desk, 'entry-2'), 'accepted');
  }
});

test('ID-06 every ended state has ended, every other may still fill', () => {
  const [order] = Object.values(deskAfter(withEntries()).state.orders) as [Order];
  const ended: OrderState[] = ['filled', 'canceled', 'rejected', 'denied', 'expired'];
  const open: OrderState[] = [
    'intended',
    'submitted',
    'held',
    'unknown',
    'accepted',
    'partially_filled',
  ];
  for (const state of ended)
    assert.deepEqual([hasEnded({ ...order, state }), mayFill({ ...order, state })], [true, false]);
  for (const state of open)
    assert.deepEqual([hasEnded({ ...order, state }), mayFill({ ...order, state })], [false, true]);
});

test('ID-09 unknown is a state: settled by what the broker says, or by its not knowing the order', () => {
  const unknown = given([...withEntries(), doubtful(ny('10:01:12'), id('entry-1'))]);
  assert.equal(stateOf(unknown.desk, 'entry-1'), 'unknown');
  unknown.when(doubtful(ny('10:01:13'), id('entry-1'))).nothing();
  const cases = [
    [report(ny('10:01:14'), id('entry-1'), 'accepted'), 'accepted'],
    [report(ny('10:01:14'), id('entry-1'), 'rejected'), 'rejected'],
    [report(ny('10:01:14'), id('entry-1'), 'canceled'), 'canceled'],
    [fill(ny('10:01:14'), id('entry-1'), 100, 100), 'filled'],
    [notFound(ny('10:01:14'), id('entry-1')), 'canceled'],
  ] as const;
  for (const [input, state] of cases) {
    const settled = unknown.when(input);
    assert.equal(stateOf(settled.desk, 'entry-1'), state);
    assert.equal(settled.desk.state.safeMode[0]?.isGone, true);
  }
});

test('ID-09 a fill without a price, or of more than was ordered, is a mismatch and not booked', () => {
  for (const input of [
    fill(AT, id('entry-1'), 101, 100),
    report(AT, id('entry-1'), 'filled', { filledQuantity: 100 }),
    fill(AT, id('entry-1'), 100, 0),
  ]) {
    const { desk } = given(withWorkingEntries())
      .when(input)
      .decidesOf(['order_filled', 'safe_mode_entered'], {
        type: 'safe_mode_entered',
        cause: 'position_mismatch',
      });
    assert.equal(desk.state.cashMinor, CASH_MINOR);
  }
});

test('ID-06 an entry not filled 30 s after the next bar close is canceled', () => {
  const working = [...withWorkingEntries(), ...bars('10:02', '10:02')];
  given(working)
    .when(tick(ny('10:02:29')))
    .decidesOf(['cancel_requested']);
  given(working)
    .when(tick(ny('10:02:30')))
    .decidesOf(['cancel_requested'], 'cancel_requested', 'cancel_requested');
});

test('ID-06 a partial fill cancels the rest; its shares get stop and target once that is canceled', () => {
  const partly = given(withWorkingEntries()).when(
    fill(AT, id('entry-1'), 60, 100, { isPartial: true }),
  );
  partly.decidesOf(['cancel_requested'], { type: 'cancel_requested', why: 'partial fill' });
  const done = partly.and().when(report(AT + 200, id('entry-1'), 'canceled'));
  done.decidesOf(
    ['order_intended'],
    { type: 'order_intended', order: { role: 'stop', quantity: 30, stopPrice: 99 } },
    { type: 'order_intended', order: { role: 'target', quantity: 30, limitPrice: 101 } },
    { type: 'order_intended', order: { role: 'stop', quantity: 30 } },
  );
  assert.equal(coveredQuantity(done.desk.state, QQQM), 60);
});

test('ID-03 at +1 R half is off and the stop of the rest goes to the entry', () => {
  given(withPosition())
    .when(fill(AT, id('target-1'), 100, 101))
    .decides(
      { type: 'order_filled', orderId: id('target-1') },
      { type: 'replace_requested', orderId: id('stop-2'), stopPrice: 100, why: 'breakeven' },
    );
});

test('ID-03 the rest trails, upward only, and never above the market', () => {
  const at = ny('10:02');
  const close = { open: 101, high: 101.3, low: 101, close: 101.2, volume: 1 };
  const before = given(withFirstTarget());
  const change = { bar: close, lowestLow5: 100.6, vwap: 100.2, band: 0.1 };
  before
    .when(bar(at, change))
    .decides({ type: 'replace_requested', stopPrice: 100.59, why: 'trail' });
  before.when(bar(at, { ...change, lowestLow5: 99, vwap: 99 })).nothing();
  const failed = before
    .when(bar(at, change))
    .and()
    .when(report(at + 100, id('stop-2'), 'replace_rejected'));
  failed.decides('order_replace_failed');
  given(withPosition()).when(bar(at, change)).decidesOf(['replace_requested']);
});

test('ID-03 five minutes before the close everything leaves, early closes included', () => {
  given([...withPosition(), ...bars('10:02', '15:54')])
    .when(tick(ny('15:55')))
    .decidesOf(['exit_started'], { type: 'exit_started', reason: 'time', quantity: 200 });
  const early = withPosition().map((input) =>
    input.kind === 'session_planned' ? { ...input, session: newYorkSession(DAY, '13:00') } : input,
  );
  given([...early, ...bars('10:02', '12:54')])
    .when(tick(ny('12:55')))
    .decidesOf(['exit_started'], { type: 'exit_started', reason: 'time' });
});

test('ID-04 a day that ends with a position says so and calls a person', () => {
  const stuck = given([...withPosition(), ...bars('10:02', '15:54'), tick(ny('15:55'))])
    .and(
      report(ny('15:55:01'), id('stop-1'), 'canceled'),
      report(ny('15:55:01'), id('target-1'), 'canceled'),
      report(ny('15:55:01'), id('stop-2'), 'canceled'),
      report(ny('15:55:02'), id('exit-1'), 'accepted'),
    )
    .when(tick(ny('16:00')));
  stuck.decidesOf(
    ['phase_changed', 'alarm_raised'],
    { type: 'phase_changed', to: 'done_with_position' },
    { type: 'alarm_raised', alarm: { kind: 'done_with_position' } },
  );
  assert.ok(stuck.effects().includes('push done_with_position'));
});

test('ID-03 a partial exit leaves the rest with a stop of its own', () => {
  const begun = given([...withPosition(), exit(AT, 'QQQM', 0.25)]).and(
    report(AT + 10, id('stop-1'), 'canceled'),
    report(AT + 10, id('target-1'), 'canceled'),
    report(AT + 10, id('stop-2'), 'canceled'),
  );
  const sold = begun.when(fill(AT + 20, id('exit-1'), 50, 100.2));
  assert.equal(coveredQuantity(sold.desk.state, QQQM), 150);
  assert.equal(sold.desk.state.positions[QQQM]?.exiting, null);
});

test('ID-06 more stops than shares are trimmed, the newest first', () => {
  const bare = given([...withPosition(), report(AT, id('stop-2'), 'canceled')]);
  assert.equal(coveredQuantity(bare.desk.state, QQQM), 200);
  const own = Object.values(bare.desk.state.orders).filter((order) => order.why === 'protect');
  assert.deepEqual(
    own.map((order) => [order.role, order.quantity]),
    [['stop', 100]],
  );
  const sold = bare.when(fill(AT + 10, id('target-1'), 100, 101));
  assert.equal(coveredQuantity(sold.desk.state, QQQM), 100);
  const [first] = own;
  assert.ok(first !== undefined && openQuantity(sold.desk.state, first) === 100);
});

test('ID-03 a stopped trade closes with its result, costs and cooldown', () => {
  const { desk } = given([
    ...withPosition(),
    fill(AT, id('stop-1'), 100, 98.99, { feesMinor: 3 }),
  ]).when(fill(AT, id('stop-2'), 100, 98.99, { feesMinor: 3 }));
  const trade = desk.state.day?.trades[0];
  assert.equal(trade?.pnlMinor, -20_206);
  assert.equal(trade?.exitReason, 'stop');
  assert.equal(trade?.resultR, -1.0103);
  assert.equal(desk.state.cashMinor, CASH_MINOR - 20_206);
  assert.equal(desk.state.symbols[QQQM]?.phase, 'cooldown');
  assert.equal(desk.state.symbols[QQQM]?.cooldownUntil, AT + 15 * 60_000);
});

test('ID-04 the phase follows the clock, the position and the locks', () => {
  const facts: PhaseFacts = {
    at: 0,
    openAt: ny('09:30'),
    closeAt: ny('16:00'),
    openingNoTradeMs: 15 * 60_000,
    flatBeforeCloseMs: 5 * 60_000,
    isHolding: false,
    cooldownUntil: null,
    isLocked: false,
  };
  const phase = (wall: string, change: Partial<PhaseFacts> = {}) =>
    phaseOf({ ...facts, at: ny(wall), ...change });
  assert.equal(phase('09:29:59'), 'premarket');
  assert.equal(phase('09:30'), 'opening_no_trade');
  assert.equal(phase('09:45'), 'trading_allowed');
  assert.equal(phase('15:54:59'), 'trading_allowed');
  assert.equal(phase('15:55'), 'done');
  assert.equal(phase('10:00', { isHolding: true, isLocked: true }), 'in_position');
  assert.equal(phase('15:59', { isHolding: true }), 'in_position');
  assert.equal(phase('16:00', { isHolding: true }), 'done_with_position');
  assert.equal(phase('10:00', { isLocked: true }), 'locked');
  assert.equal(phase('10:00', { cooldownUntil: ny('10:01') }), 'cooldown');
  assert.equal(phase('10:01', { cooldownUntil: ny('10:01') }), 'trading_allowed');
});

test('ID-04 a signal before 9:45, in cooldown or after a symbol was dropped raises no ticket', () => {
  const early = [
    started(ny('09:29')),
    reconciled(ny('09:29')),
    planned(ny('09:29')),
    allow(ny('09:29')),
  ];
  given([...early, ...bars('09:31', '09:43')])
    .when(signalBar(ny('09:44')))
    .decides({
      type: 'setup_refused',
      setup: { reasons: [{ code: 'opening_no_trade' }, { code: 'opening_no_trade' }] },
    });
  const flat = [
    ...withPosition(),
    fill(AT, id('stop-1'), 100, 99.5),
    fill(AT, id('stop-2'), 100, 99.5),
    report(AT, id('target-1'), 'canceled', { reason: 'oco' }),
  ];
  given(flat)
    .when(signalBar(ny('10:02')))
    .decidesOf(['setup_refused', 'ticket_opened'], {
      type: 'setup_refused',
      setup: { reasons: [{ code: 'cooldown' }] },
    });
  given(ready())
    .when(signalBar(ny('10:01'), { instrument: 'TSLA.US' }))
    .nothing();
});

test('CX-04 each kind of verdict comes with its reasons', () => {
  const kindAfter = (inputs: Parameters<typeof given>[0]) => {
    const { desk } = given(inputs).when(closed(ny('16:01')));
    return [desk.state.day?.verdict?.kind, desk.state.day?.verdict?.reasons[0]?.code];
  };
  const begin = [started(ny('09:59')), reconciled(ny('09:59')), planned(ny('09:59'))];
  assert.deepEqual(kindAfter(ready()), ['no_trade', 'no_setup']);
  assert.deepEqual(kindAfter(begin), ['data_not_ready', 'data_not_ready']);
  const facts = [
    {
      instrument: QQQM,
      ma20: null,
      atr20d: null,
      previousClose: null,
      usualDays: 0,
      instrumentDay: null,
    },
  ];
  const blind = [
    started(ny('09:59')),
    planned(ny('09:59'), newYorkSession(DAY), [], facts),
    ...bars('10:00', '10:01'),
  ];
  assert.deepEqual(kindAfter(blind), ['data_not_ready', 'data_not_ready']);
  assert.deepEqual(kindAfter([...begin, ...bars('10:00', '10:00'), signalBar(ny('10:01'))]), [
    'blocked',
    'permission_not_given',
  ]);
  assert.deepEqual(kindAfter(withTicket())[0], 'signals');
  const refusals = [{ code: 'below_vwap', figures: {} } as const];
  assert.deepEqual(kindAfter([...ready(), bar(ny('10:01'), { refusals })]), [
    'no_trade',
    'below_vwap',
  ]);
});

test('CX-04 a day without a session is a verdict, said once', () => {
  const off = {
    kind: 'day_unplanned',
    at: ny('09:00'),
    tradingDay: DAY,
    reason: { code: 'not_trading_day', figures: {} },
  } as const;
  const said = given([started(ny('08:00'))]).when(off);
  said.decides({ type: 'verdict_declared', verdict: { kind: 'not_trade_day' } });
  assert.deepEqual(said.effects(), ['push verdict_no_trade']);
  said.and().when(off).nothing();
});

test('CX-04 closing says the verdict and the report once; a new plan closes what was left open', () => {
  const done = given(ready()).when(closed(ny('16:01')));
  assert.deepEqual(done.effects(), ['push verdict_no_trade', 'push daily_report']);
  done
    .and()
    .when(closed(ny('16:02')))
    .nothing();
  given(ready())
    .when(planned(ny('10:02')))
    .nothing();
  const next = planned(ny('09:00', '2026-11-23'), newYorkSession('2026-11-23'));
  given(ready())
    .when(next)
    .decidesOf(
      ['verdict_declared', 'day_closed', 'session_planned'],
      { type: 'verdict_declared', verdict: { checkpoint: 'overtaken' } },
      'day_closed',
      'session_planned',
    );
});

test('the desk is woken at the next instant that can change it', () => {
  const due = (desk: Desk, after: number) =>
    nextDeadline(desk.state, desk.view, desk.policy, after);
  assert.equal(due(deskAfter(ready()), ny('10:00')), ny('10:01:21') + 1);
  assert.equal(due(deskAfter(withEntries()), ny('10:01:10')), ny('10:01:20'));
  const partly = [...withWorkingEntries(), fill(AT, id('entry-1'), 60, 100, { isPartial: true })];
  assert.equal(due(deskAfter(partly), AT), AT + 2_000);
  assert.equal(due(deskAfter([]), 0), null);
  const closedDay = deskAfter([...ready(), closed(ny('16:01'))]);
  assert.equal(due(closedDay, ny('16:01')), null);
});

test('CX-08 auto sends the quote it was judged on', () => {
  const policy = policyOf({ mode: 'auto' });
  const quote = quoteOf(ny('10:01'), 99.98, 100);
  given(ready(), policy)
    .when(signalBar(ny('10:01'), {}, quote))
    .decidesOf(['ticket_confirmed'], { type: 'ticket_confirmed', quote });
});
