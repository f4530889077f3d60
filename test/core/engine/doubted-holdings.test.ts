import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evolve, evolveAll } from '#core/engine/evolve.ts';
import { initialState } from '#core/engine/initial-state.ts';
import type { Input } from '#core/engine/input.ts';
import { coveredQuantity } from '#core/engine/select.ts';
import {
  actOf,
  attest,
  closed,
  exit,
  fill,
  flatten,
  ny,
  policyOf,
  QQQM,
  reconciled,
  report,
  TICKET,
  tick,
  withPosition,
  withWorkingEntries,
} from '#test/support/builders.ts';
import { restated } from '#test/support/builders-cn.ts';
import {
  cnPolicy,
  confirmedCn,
  plannedCn,
  quoteCn,
  STOCK,
  sh,
  TUESDAY,
} from '#test/support/cn-desk.ts';
import type { Desk } from '#test/support/engine.ts';
import { given } from '#test/support/given.ts';
import { read, readingOf } from '#test/support/reading.ts';

const id = (name: string) => `${TICKET}.${name}`;
const AT = ny('10:01:40');
const held = (quantity: number) => [{ instrument: QQQM, quantity, averagePrice: 100 }];

/** What the account shows once the stops were canceled elsewhere: nothing open, and that much of it held. */
const shows = (desk: Desk, quantity: number, stops: readonly string[] = ['stop-1', 'stop-2']) => ({
  positions: quantity === 0 ? [] : held(quantity),
  orders: readingOf(desk, AT).orders.map((order) =>
    [...stops, 'target-1'].some((name) => order.orderId === id(name))
      ? { ...order, state: 'canceled' as const }
      : order,
  ),
});

/** Those of the desk's orders were canceled elsewhere. */
const noOrders = (desk: Desk, ...names: string[]) => ({
  orders: readingOf(desk, AT).orders.map((order) =>
    names.some((name) => order.orderId === id(name))
      ? { ...order, state: 'canceled' as const }
      : order,
  ),
});

const stops = (...quantities: number[]) =>
  quantities.map((quantity) => ({
    type: 'order_intended' as const,
    order: { role: 'stop', quantity },
  }));

test('ID-09 shares sold past the desk with their stops get no new stop, in the step that reads both and later', () => {
  for (const isLast of [true, false]) {
    const before = given(withPosition());
    const told = before.when(read(before.desk, AT, shows(before.desk, 0), isLast));
    told.decidesOf(
      ['holdings_doubted', 'order_canceled', 'order_intended', 'reconciled'],
      { type: 'order_canceled', orderId: id('stop-1') },
      { type: 'order_canceled', orderId: id('target-1') },
      { type: 'order_canceled', orderId: id('stop-2') },
      { type: 'holdings_doubted', doubts: [{ instrument: QQQM, missing: 200 }] },
      ...(isLast ? [{ type: 'reconciled' as const, isClean: false }] : []),
    );
    const later = told.and().when(tick(AT + 300));
    later.decidesOf(['order_intended']);
    const next = later.and();
    next
      .when(read(next.desk, AT + 500, { positions: [] }, isLast))
      .decidesOf(['order_intended', 'holdings_doubted']);
  }
});

test('ID-09 a reading whose instruments moved meanwhile is no verdict and sets no stop for what it does not show', () => {
  const before = given([
    ...withPosition(),
    report(AT - 5, id('stop-1'), 'canceled'),
    report(AT - 5, id('target-1'), 'canceled'),
  ]);
  // the stop of the first half went while the account was read, and a new one was set before anybody knew more
  before.when(tick(AT - 4)).decidesOf(['order_intended']);
  const told = before.when(read(before.desk, AT, shows(before.desk, 0, ['stop-2', 'stop-3'])));
  told.decidesOf(['reconciled', 'order_intended']);
  told
    .and()
    .when(tick(AT + 100))
    .decidesOf(['order_intended']);
});

test('ID-09 a part that was sold past the desk leaves a stop for the rest alone', () => {
  const before = given(withPosition());
  before
    .when(read(before.desk, AT, shows(before.desk, 60)))
    .decidesOf(
      ['order_intended', 'holdings_doubted'],
      { type: 'holdings_doubted', doubts: [{ instrument: QQQM, missing: 140 }] },
      ...stops(60),
      { type: 'order_intended', order: { role: 'target', quantity: 60 } },
    );
});

test('ID-09 a bare position gets its stops in the very step in which the holdings confirm it', () => {
  const before = given(withPosition());
  const confirmed = before.when(read(before.desk, AT, shows(before.desk, 200)));
  confirmed.decidesOf(['holdings_doubted']);
  assert.equal(coveredQuantity(confirmed.desk.state, QQQM), 200);

  const doubted = before.when(read(before.desk, AT, shows(before.desk, 0), false));
  const after = doubted.and();
  const seen = after.when(read(after.desk, AT + 500, {}, false));
  seen.decidesOf(
    ['holdings_doubted', 'order_intended'],
    { type: 'holdings_doubted', doubts: [] },
    ...stops(100),
    { type: 'order_intended', order: { role: 'target', quantity: 100 } },
    ...stops(100),
  );
  assert.equal(coveredQuantity(doubted.desk.state, QQQM), 0);
  assert.equal(coveredQuantity(seen.desk.state, QQQM), 200);
  assert.equal('doubts' in seen.desk.state, false);
});

test('ID-09 shares bought while the account was read are not doubted', () => {
  const bought: Input[] = [
    ...withWorkingEntries(),
    fill(AT - 5, id('entry-1'), 60, 100, { isPartial: true }),
    fill(AT - 5, id('entry-2'), 100, 100),
    report(AT - 4, id('stop-2'), 'accepted'),
  ];
  const before = given(bought);
  const told = before.when(read(before.desk, AT, { positions: [], cashMinor: 10 }, false));
  told.decidesOf(['holdings_doubted']);
  told
    .and()
    .when(report(AT + 1, id('entry-1'), 'canceled'))
    .decidesOf(['order_intended'], ...stops(60), {
      type: 'order_intended',
      order: { role: 'target', quantity: 60 },
    });
});

test('ID-09 what is doubted stays so through later sales of the desk, and ends with the trade', () => {
  const before = given(withPosition());
  const doubted = before.when(
    read(before.desk, AT, { positions: held(150), ...noOrders(before.desk, 'stop-2') }, false),
  );
  doubted.decidesOf(
    ['holdings_doubted', 'order_intended'],
    { type: 'holdings_doubted', doubts: [{ instrument: QQQM, missing: 50 }] },
    ...stops(50),
  );
  const sold = doubted.and(fill(AT + 10, id('stop-1'), 100, 99));
  assert.deepEqual(sold.desk.state.doubts, [{ instrument: QQQM, missing: 50 }]);
  const flat = sold.and(fill(AT + 20, id('stop-3'), 50, 99), fill(AT + 30, id('stop-2'), 50, 99));
  assert.equal(flat.desk.state.positions[QQQM], undefined);
  assert.equal('doubts' in flat.desk.state, false);
});

test('ID-09 a person who takes the side of the broker, or a clean comparison, ends the doubt', () => {
  const before = given(withPosition());
  const told = before.when(read(before.desk, AT, shows(before.desk, 60)));
  const accepted = told.and(
    actOf(
      AT + 50,
      { act: 'reconcile', verb: 'accept', id: QQQM, scope: null },
      { isConfirmed: true },
    ),
  );
  assert.equal(accepted.desk.state.positions[QQQM]?.quantity, 60);
  assert.equal('doubts' in accepted.desk.state, false);
  const clean = told.and(reconciled(AT + 50, told.desk.state.cashMinor));
  assert.equal('doubts' in clean.desk.state, false);
  assert.equal(coveredQuantity(clean.desk.state, QQQM), 200);
});

test('ID-09 what a person disowned is not counted as held by the desk', () => {
  const before = given(withPosition());
  const beside = before.and(
    read(before.desk, AT, { positions: held(230) }),
    actOf(AT + 10, { act: 'reconcile', verb: 'disown', id: QQQM, scope: null }),
  );
  const told = beside.when(read(beside.desk, AT + 20, shows(beside.desk, 200)));
  told.decidesOf(
    ['holdings_doubted', 'order_intended'],
    { type: 'holdings_doubted', doubts: [{ instrument: QQQM, missing: 30 }] },
    ...stops(100),
    { type: 'order_intended', order: { role: 'target' } },
    ...stops(70),
  );
});

test('ID-09 a log without doubts folds to a state without them', () => {
  const { desk } = given(withPosition());
  const fold = evolveAll(initialState(policyOf()), desk.events);
  assert.deepEqual(fold, desk.state);
  assert.equal('doubts' in fold, false);
});

test('CX-07 an account that a kill closed without a name of the desk gets neither a stop nor a second sale', () => {
  const policy = policyOf({ execution: { broker: 'alpaca', flatten: 'one_request' } });
  const selling = given(withPosition(), policy).and(
    exit(AT),
    ...['stop-1', 'target-1', 'stop-2'].map((name) => report(AT + 10, id(name), 'canceled')),
    report(AT + 20, id('exit-1'), 'accepted'),
  );
  const closed = selling
    .and(flatten(AT + 100), { kind: 'sweep_doubtful', at: AT + 200, cause: 'timeout' })
    .when({ kind: 'account_swept', at: AT + 300, legs: [] });
  closed.decidesOf(['order_intended']);
  // the request took back the exit as well, and that is heard after its answer
  const gone = closed.and().when(report(AT + 400, id('exit-1'), 'canceled'));
  gone.decidesOf(['order_intended']);
  const after = gone.and();
  const told = after.when(read(after.desk, AT + 500, { positions: [], orders: [] }));
  told.decidesOf(['order_intended', 'reconciled'], { type: 'reconciled', isClean: false });
  told
    .and()
    .when(tick(AT + 60_000))
    .decidesOf(['order_intended']);
});

const exits = (...quantities: number[]) =>
  quantities.map((quantity) => ({
    type: 'order_intended' as const,
    order: { role: 'exit', quantity },
  }));

test('ID-09 an exit asks for no more than the last reading showed, and for the rest once it is shown', () => {
  const before = given(withPosition());
  const doubted = before.and(read(before.desk, AT, shows(before.desk, 60), false));
  const leaving = doubted.and(exit(AT + 10));
  const working = ['stop-3', 'target-3'].map((name) => report(AT + 20, id(name), 'canceled'));
  const [first, last] = working;
  assert.ok(first !== undefined && last !== undefined);
  const sold = leaving.and(first).when(last);
  sold.decidesOf(['order_intended', 'exit_waits'], ...exits(60));
  const gone = sold.and(
    report(AT + 30, id('exit-1'), 'accepted'),
    fill(AT + 40, id('exit-1'), 60, 99),
  );
  gone.when(tick(AT + 60)).decidesOf(['order_intended', 'exit_waits']);
  const reading = { positions: held(140), orders: readingOf(gone.desk, AT + 500).orders };
  gone
    .when(read(gone.desk, AT + 500, reading, false))
    .decidesOf(
      ['order_intended', 'holdings_doubted'],
      { type: 'holdings_doubted', doubts: [] },
      ...exits(140),
    );
});

test('ID-09 shares that no reading shows are not sold by stage 2; it says why once the difference stands', () => {
  const before = given(withPosition());
  const doubted = before.and(read(before.desk, AT, shows(before.desk, 0), false), flatten(AT + 10));
  assert.equal(doubted.desk.state.kill.kind, 'flattening');
  doubted.when(tick(AT + 300)).decidesOf(['order_intended', 'exit_waits']);
  const told = doubted.when(read(doubted.desk, AT + 500, { positions: [] }));
  told.decidesOf(
    ['order_intended', 'exit_waits', 'flatten_ended'],
    { type: 'exit_waits', reason: { code: 'position_mismatch' } },
    { type: 'flatten_ended', isFlat: false },
  );
  const settled = told.and(
    actOf(
      AT + 600,
      { act: 'reconcile', verb: 'accept', id: QQQM, scope: null },
      { isConfirmed: true },
    ),
  );
  assert.equal(settled.desk.state.positions[QQQM], undefined);
  assert.equal(settled.desk.state.kill.kind, 'flat');
});

test('ID-09 protection that stands is not taken back for an exit of shares that no reading shows', () => {
  const before = given(withPosition());
  const doubted = before.and(read(before.desk, AT, { positions: [] }, false));
  doubted
    .when(exit(AT + 10))
    .decidesOf(['exit_started', 'cancel_requested', 'order_intended'], 'exit_started');
});

/** 1,600 A-shares that a person bought on Monday, seen on Tuesday after a list of theirs that showed `shown` of them. */
const byHand = (shown: number) => {
  const bought = given(confirmedCn(), cnPolicy({ isPerson: true }));
  const entry = Object.values(bought.desk.state.orders).find((order) => order.role === 'entry');
  assert.ok(entry !== undefined);
  const held = bought.and(
    report(sh('10:06:01'), entry.orderId, 'accepted'),
    fill(sh('10:06:02'), entry.orderId, entry.quantity, 38.6),
    closed(sh('15:01')),
  );
  assert.equal(held.desk.state.positions[STOCK]?.quantity, 1_600);
  const positions = shown === 0 ? [] : [{ instrument: STOCK, quantity: shown, averagePrice: 38.6 }];
  return held.and(
    attest(sh('15:05')),
    read(held.desk, sh('15:06'), { positions }),
    plannedCn(sh('09:00', TUESDAY), TUESDAY),
  );
};
const tuesday = (wall: string) => sh(wall, TUESDAY);

test('ID-09 a stop that the desk watches sells nothing that the last list did not show, and says what it waits for', () => {
  const doubted = byHand(0);
  assert.deepEqual(doubted.desk.state.doubts, [{ instrument: STOCK, missing: 1_600 }]);
  assert.equal(doubted.desk.state.safeMode[0]?.cause, 'position_mismatch');
  const due = doubted.when(quoteCn(tuesday('10:00'), 36, 36.02));
  due.decidesOf(
    ['exit_started', 'exit_waits', 'order_intended'],
    { type: 'exit_started', instrument: STOCK, reason: 'stop' },
    { type: 'exit_waits', reason: { code: 'position_mismatch' } },
  );
  assert.ok(due.effects().includes('push limit_locked'));
  due
    .and()
    .when(quoteCn(tuesday('10:01'), 35.9, 35.92))
    .decidesOf(['exit_waits', 'order_intended']);
});

test('ID-09 the stop of a watched position sells in the step in which a list shows the shares, and what is shown before', () => {
  const doubted = byHand(0).and(quoteCn(tuesday('10:00'), 36, 36.02));
  const positions = [{ instrument: STOCK, quantity: 1_600, averagePrice: 38.6 }];
  doubted
    .when(read(doubted.desk, tuesday('10:00:30'), { positions }))
    .decidesOf(
      ['holdings_doubted', 'order_intended', 'reconciled'],
      { type: 'holdings_doubted', doubts: [] },
      { type: 'reconciled', isClean: true },
      ...exits(1_600),
    );
  byHand(600)
    .when(quoteCn(tuesday('10:00'), 36, 36.02))
    .decidesOf(['order_intended', 'exit_waits'], ...exits(600));
});

test('ID-09 a person who takes the side of the list ends the exit of a watched position that was waiting', () => {
  const doubted = byHand(0).and(quoteCn(tuesday('10:00'), 36, 36.02));
  const settled = doubted.and(
    actOf(
      tuesday('10:01'),
      { act: 'reconcile', verb: 'accept', id: STOCK, scope: null },
      { isConfirmed: true },
    ),
  );
  assert.equal(settled.desk.state.positions[STOCK], undefined);
  assert.equal('doubts' in settled.desk.state, false);
});

test('SP-09 shares that an ex-date adds to a doubted position are doubted as well', () => {
  const { state } = byHand(0).desk;
  assert.deepEqual(evolve(state, restated(1_600, 2_080, 0)).doubts, [
    { instrument: STOCK, missing: 2_080 },
  ]);
  const { state: partly } = byHand(600).desk;
  assert.deepEqual(evolve(partly, restated(1_600, 2_080, 0)).doubts, [
    { instrument: STOCK, missing: 1_480 },
  ]);
});
