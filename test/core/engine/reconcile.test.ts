import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Input } from '#core/engine/input.ts';
import { entryObjections } from '#core/engine/permission-of.ts';
import { coveredQuantity } from '#core/engine/select.ts';
import type { AccountReading } from '#core/portfolio/account-reading.ts';
import {
  AAPL,
  actOf,
  bars,
  CASH_MINOR,
  doubtful,
  fill,
  ny,
  policyOf,
  QQQM,
  quote,
  quoteOf,
  ready,
  report,
  started,
  TICKET,
  tick,
  withEntries,
  withPosition,
  withWorkingEntries,
} from '#test/support/builders.ts';
import { type Desk, deskAfter, run, step } from '#test/support/engine.ts';
import { given } from '#test/support/given.ts';
import { listed, read, readingOf } from '#test/support/reading.ts';

const id = (name: string) => `${TICKET}.${name}`;
const AT = ny('10:01:40');
/** Permission given and nothing open, bars up to date. */
const idle = () => [...ready(), ...bars('10:01', '10:01')];
const HELD = { instrument: AAPL, quantity: 50, averagePrice: 190 };

/** A desk after `inputs` that is given a reading which agrees but for `change`. */
function whenRead(
  inputs: readonly Input[],
  change: (desk: Desk) => Partial<AccountReading>,
  isLast = true,
) {
  const before = given(inputs);
  return before.when(read(before.desk, AT, change(before.desk), isLast));
}

const settle = (
  verb: 'accept' | 'disown',
  name: string,
  isConfirmed = true,
  at = AT + 100,
): Input => actOf(at, { act: 'reconcile', verb, id: name, scope: null }, { isConfirmed });
const adopt = (stop: number | null, bid: number | null = 195, at = AT + 100): Input =>
  actOf(
    at,
    { act: 'adopt', target: 'AAPL', stop },
    { isConfirmed: true, quote: bid === null ? null : quoteOf(at, bid, bid + 0.02, AAPL) },
  );

test('ID-09 an account that agrees with the book changes nothing, however often it is read', () => {
  for (const inputs of [idle(), withWorkingEntries(), withPosition()])
    whenRead(inputs, () => ({})).nothing();
});

test('ID-09 after a restart entries wait for a clean reading, and only for that', () => {
  const restarted = given([...withPosition(), started(AT - 100, true)]);
  assert.equal(restarted.desk.state.isReconciled, false);
  const told = restarted.when(read(restarted.desk, AT));
  told.decides({ type: 'reconciled', isClean: true });
  assert.deepEqual(told.effects(), ['push recon_ok']);
});

test('ID-09 fills that no report told of are booked once, with their own prices and fees', () => {
  const inputs = withWorkingEntries();
  const fills = (desk: Desk) => [
    listed(desk, id('entry-1'), 40, 99.9, { at: 1, feesMinor: 3 }),
    listed(desk, id('entry-1'), 60, 99.95, { at: 2 }),
  ];
  const positions = [{ instrument: QQQM, quantity: 100, averagePrice: 99.93 }];
  const told = whenRead(inputs, (desk) => ({
    fills: [...fills(desk), ...fills(desk)],
    positions,
    cashMinor: CASH_MINOR - 399_600 - 599_700 - 3,
  }));
  told.decidesOf(
    ['order_filled', 'reconciled', 'safe_mode_entered'],
    { type: 'order_filled', quantity: 40, price: 99.9, feesMinor: 3, source: 'listed' },
    { type: 'order_filled', quantity: 60, price: 99.95, isComplete: true, source: 'listed' },
  );
  assert.ok(told.effects().includes('push recon_diff'));
  assert.equal(told.desk.state.orders[id('stop-1')]?.state, 'submitted');
  const after = told.desk.state;
  told.and(fill(AT + 1, id('entry-1'), 100, 99.95)).when(tick(AT + 2));
  const again = told.and(fill(AT + 1, id('entry-1'), 100, 99.95)).desk.state;
  assert.deepEqual(again.positions, after.positions, 'the report that came late books nothing');
  assert.equal(again.cashMinor, after.cashMinor);
});

test('ID-09 of a partly booked order only the rest is booked', () => {
  const inputs = [
    ...withWorkingEntries(),
    fill(ny('10:01:12'), id('entry-1'), 30, 100, { isPartial: true }),
  ];
  whenRead(inputs, (desk) => ({
    fills: [listed(desk, id('entry-1'), 50, 99.9, { feesMinor: 10 })],
    positions: [{ instrument: QQQM, quantity: 50, averagePrice: 100 }],
    orders: readingOf(desk, AT).orders.map((order) =>
      order.orderId === id('entry-1')
        ? { ...order, state: 'canceled', filledQuantity: 50, averagePrice: 99.9 }
        : order,
    ),
  })).decidesOf(
    ['order_filled', 'order_canceled'],
    { type: 'order_filled', quantity: 20, price: 99.9, feesMinor: 4, isComplete: false },
    { type: 'order_canceled', orderId: id('entry-1') },
  );
});

test('ID-09 money booked at an average is corrected by the listed fills, position, cash and day with it', () => {
  const inputs = withPosition();
  const told = whenRead(inputs, (desk) => ({
    fills: [
      listed(desk, id('entry-1'), 50, 99, { feesMinor: 7 }),
      listed(desk, id('entry-1'), 50, 100, { at: 1, feesMinor: 5 }),
    ],
    cashMinor: CASH_MINOR - 2_000_000 + 5_000 - 12,
  }));
  told.decidesOf(['fills_corrected', 'reconciled', 'cash_corrected'], {
    type: 'fills_corrected',
    filledMinor: { from: 1_000_000, to: 995_000 },
    feesMinor: { from: 0, to: 12 },
  });
  const position = told.desk.state.positions[QQQM];
  assert.equal(position?.entryMinor, 1_995_000);
  assert.equal(position?.feesMinor, 12);
  assert.ok(Math.abs((position?.entryPrice ?? 0) - 99.75) < 1e-9);
  assert.equal(told.desk.state.day?.feesMinor, 12);
  whenRead(inputs, (desk) => ({ fills: [listed(desk, id('entry-1'), 100, 100)] })).nothing();
});

test('ID-09 a correction that comes after the trade reaches its result and the day', () => {
  const flat = [
    ...withPosition(),
    fill(ny('10:01:20'), id('stop-1'), 100, 99.5),
    fill(ny('10:01:20'), id('stop-2'), 100, 99.5),
    report(ny('10:01:20'), id('target-1'), 'canceled', { reason: 'oco' }),
  ];
  const told = whenRead(flat, (desk) => ({
    fills: [listed(desk, id('stop-2'), 100, 99.5, { side: 'sell', feesMinor: 35 })],
    cashMinor: CASH_MINOR - 10_000 - 35,
  }));
  const day = told.desk.state.day;
  assert.equal(day?.trades[0]?.pnlMinor, -10_035);
  assert.equal(day?.realizedMinor, -10_035);
  assert.equal(day?.consecutiveLosses, 1);
  assert.equal(told.desk.state.isReconciled, true);
});

test('ID-09 orders are settled by what the broker says of them', () => {
  const doubted = [...withEntries(), doubtful(ny('10:01:14'), id('entry-1'))];
  whenRead(doubted, (desk) => ({
    orders: readingOf(desk, AT).orders.map((order) => ({ ...order, state: 'canceled' as const })),
  })).decidesOf(
    ['safe_mode_cause_passed', 'order_canceled'],
    { type: 'safe_mode_cause_passed', cause: 'order_unconfirmed' },
    { type: 'order_canceled', orderId: id('entry-1') },
  );
  const unknown = { orders: [], missing: [id('entry-1')] };
  whenRead(doubted, () => unknown).decidesOf(['order_never_arrived'], 'order_never_arrived');
  const working = withWorkingEntries();
  whenRead(working, (desk) => ({
    orders: readingOf(desk, AT).orders.filter((order) => order.orderId !== id('entry-1')),
    missing: [id('entry-1')],
  })).decidesOf(['order_became_unknown'], {
    type: 'order_became_unknown',
    cause: 'the broker does not know it',
  });
});

test('ID-09 an order sent a moment ago may be on its way: its absence says nothing', () => {
  const before = given([...withEntries(), doubtful(ny('10:01:11'), id('entry-1'))]);
  const at = ny('10:01:12');
  before
    .when(read(before.desk, at, { orders: [], missing: [id('entry-1')] }))
    .decidesOf(['order_never_arrived']);
});

test('ID-09 an order that works though the book ended it is taken back, a stop of a position is kept', () => {
  const ended = [...withWorkingEntries(), report(ny('10:01:20'), id('entry-1'), 'canceled')];
  const stillThere = (name: string) => (desk: Desk) => ({
    orders: [
      ...readingOf(desk, AT).orders,
      {
        orderId: id(name),
        instrument: QQQM,
        side: 'buy' as const,
        state: 'accepted' as const,
        quantity: 100,
        filledQuantity: 0,
        averagePrice: null,
        stopPrice: desk.state.orders[id(name)]?.stopPrice ?? null,
        limitPrice: desk.state.orders[id(name)]?.limitPrice ?? null,
      },
    ],
  });
  whenRead(ended, stillThere('entry-1')).decidesOf(
    ['order_found_working', 'cancel_requested'],
    { type: 'order_found_working', orderId: id('entry-1') },
    { type: 'cancel_requested', orderId: id('entry-1') },
  );
  const lostStop = [...withPosition(), report(ny('10:01:20'), id('stop-2'), 'canceled')];
  const told = whenRead(lostStop, stillThere('stop-2'));
  told.decidesOf(['order_found_working'], 'order_found_working');
  told.decidesOf(['cancel_requested'], {
    type: 'cancel_requested',
    orderId: id('stop-3'),
    why: 'more than held',
  });
});

test('CX-10 ID-09 what a person has ended stays ended, though a list made before shows it', () => {
  const { execution } = policyOf();
  const policy = policyOf({ execution: { ...execution, isPerson: true } });
  const inputs = [...withWorkingEntries(), report(ny('10:01:20'), id('entry-1'), 'canceled')];
  const desk = { ...deskAfter(inputs), policy };
  const { orders } = readingOf(deskAfter(withWorkingEntries()), AT);
  assert.ok(orders.some((order) => order.orderId === id('entry-1')));
  const { events } = step(desk, read(desk, AT, { orders }, true));
  assert.deepEqual(
    events.filter((event) => event.type === 'order_found_working'),
    [],
  );
});

test('ID-09 a stop that was moved at the broker stands where the broker has it', () => {
  const told = whenRead(withPosition(), (desk) => ({
    orders: readingOf(desk, AT).orders.map((order) =>
      order.orderId === id('stop-2') ? { ...order, stopPrice: 99.4 } : order,
    ),
  }));
  told.decides({ type: 'order_replaced', orderId: id('stop-2'), stopPrice: 99.4 });
  assert.equal(told.desk.state.positions[QQQM]?.stop, 99.4);
});

test('ID-07 holdings and cash that differ are SAFE_MODE with both sides shown, once', () => {
  const change = {
    positions: [{ instrument: QQQM, quantity: 150, averagePrice: 100 }],
    cashMinor: 5,
  };
  const told = whenRead(withPosition(), () => change);
  told.decides(
    { type: 'holdings_doubted', doubts: [{ instrument: QQQM, missing: 50 }] },
    {
      type: 'reconciled',
      isClean: false,
      differences: [
        { subject: QQQM, ours: '200', theirs: '150' },
        { subject: 'cash, minor units', theirs: '5' },
      ],
    },
    { type: 'safe_mode_entered', cause: 'position_mismatch' },
    { type: 'alarm_raised', alarm: { kind: 'safe_mode_on' } },
    { type: 'alarm_raised', alarm: { kind: 'recon_blocked' } },
  );
  told
    .and()
    .when(read(told.desk, AT + 5_000, change))
    .nothing();
  told
    .and()
    .when(read(told.desk, AT + 5_000))
    .decides(
      { type: 'holdings_doubted', doubts: [] },
      { type: 'reconciled', isClean: true },
      'safe_mode_cause_passed',
      'alarm_settled',
    );
});

test('ID-09 a difference is no verdict before the last look, nor while its symbol moved during the reading', () => {
  const change = { positions: [{ instrument: QQQM, quantity: 150, averagePrice: 100 }] };
  // what it did not show is remembered, and nothing more
  whenRead(withPosition(), () => change, false).decides('holdings_doubted');
  const before = given(withPosition());
  const racing = read(before.desk, AT, { ...change, beganAt: ny('10:01:12') });
  before.when(racing).nothing();
});

test('ID-09 a small difference of cash is taken over as an event, a larger one needs a person', () => {
  const small = whenRead(idle(), () => ({ cashMinor: CASH_MINOR - 100 }));
  small.decides({ type: 'cash_corrected', fromMinor: CASH_MINOR, by: 'reconciliation' });
  assert.deepEqual(small.effects(), ['push recon_diff']);
  const large = whenRead(idle(), () => ({ cashMinor: CASH_MINOR - 101 }));
  large.decidesOf(['cash_corrected', 'reconciled'], { type: 'reconciled', isClean: false });
  large
    .and()
    .when(settle('accept', 'cash', false))
    .refuses('second_confirmation_needed');
  large
    .and()
    .when(settle('accept', 'cash'))
    .decides({ type: 'cash_corrected', toMinor: CASH_MINOR - 101, by: 'terminal:owner' });
});

test('ID-09 accepting the broker’s side of a holding: fewer shares, more shares, none', () => {
  const held = (quantity: number) => [{ instrument: QQQM, quantity, averagePrice: 100.5 }];
  const fewer = whenRead(withPosition(), () => ({ positions: held(150) }));
  const less = fewer.and().when(settle('accept', 'QQQM'));
  less.decidesOf(['position_corrected'], { type: 'position_corrected', from: 200, to: 150 });
  assert.equal(less.desk.state.positions[QQQM]?.quantity, 150);
  less.decidesOf(
    ['cancel_requested'],
    { type: 'cancel_requested', why: 'more than held' },
    {
      type: 'cancel_requested',
      why: 'more than held',
    },
  );
  const gone1 = less.and(
    report(AT + 200, id('stop-1'), 'canceled'),
    report(AT + 200, id('target-1'), 'canceled'),
  );
  assert.equal(coveredQuantity(gone1.desk.state, QQQM), 150);
  const more = whenRead(withPosition(), () => ({ positions: held(260) })).and();
  const grown = more.when(settle('accept', 'QQQM'));
  assert.equal(grown.desk.state.positions[QQQM]?.quantity, 260);
  assert.equal(coveredQuantity(grown.desk.state, QQQM), 260);
  const none = whenRead(withPosition(), (desk) => ({
    positions: [],
    fills: [listed(desk, 'elsewhere', 200, 99.4, { side: 'sell', orderId: null })],
  }));
  const gone = none.and().when(settle('accept', 'QQQM'));
  gone.decidesOf(
    ['position_corrected', 'trade_closed'],
    { type: 'position_corrected', to: 0, price: 99.4 },
    { type: 'trade_closed', trade: { exitReason: 'external', pnlMinor: -12_000 } },
  );
  assert.equal(gone.desk.state.cashMinor, CASH_MINOR - 12_000);
  none.and().when(settle('accept', 'MU')).refuses('unknown_difference');
});

test('ID-09 what the desk did not make is shown and blocks until it is disowned; then it is remembered', () => {
  const found = whenRead(idle(), () => ({ positions: [HELD] }));
  found.decidesOf(
    ['external_found', 'reconciled'],
    { type: 'external_found', external: { id: AAPL, quantity: 50, state: 'found' } },
    { type: 'reconciled', isClean: false },
  );
  const left = found.and().when(settle('disown', 'AAPL', false));
  left.decides({ type: 'external_disowned', by: 'terminal:owner' });
  left
    .and()
    .when(settle('disown', 'AAPL', false))
    .refuses('already_so');
  const clean = left.and().when(read(left.desk, AT + 1_000, { positions: [HELD] }));
  clean.decides({ type: 'reconciled', isClean: true }, 'safe_mode_cause_passed');
  const { state, view, policy } = clean.desk;
  const objections = entryObjections(state, view, policy, AAPL, AT + 1_000);
  assert.ok(objections.some((source) => source.reason?.code === 'external_position'));
  const changed = clean
    .and()
    .when(read(clean.desk, AT + 5_000, { positions: [{ ...HELD, quantity: 60 }] }));
  changed.decidesOf(
    ['external_found', 'reconciled'],
    { type: 'external_found', external: { quantity: 60, state: 'found' } },
    { type: 'reconciled', isClean: false },
  );
  changed
    .and()
    .when(read(changed.desk, AT + 9_000))
    .decidesOf(['external_gone'], { type: 'external_gone', id: AAPL });
});

test('ID-09 a foreign order is shown until it is disowned, and its reports are then nobody’s alarm', () => {
  const foreign = {
    orderId: 'by-hand-1',
    instrument: AAPL,
    side: 'buy' as const,
    state: 'accepted' as const,
    quantity: 10,
    filledQuantity: 0,
    averagePrice: null,
    stopPrice: null,
    limitPrice: 180,
  };
  const found = whenRead(idle(), () => ({ orders: [foreign] }));
  found.decidesOf(['external_found'], {
    type: 'external_found',
    external: { id: 'by-hand-1', kind: 'order', quantity: 10, price: 180 },
  });
  const left = found.and(settle('disown', 'by-hand-1'));
  left.when(report(AT + 200, 'by-hand-1', 'accepted')).nothing();
  left.when(read(left.desk, AT + 300, { orders: [foreign] })).decidesOf(['external_found']);
});

test('ID-09 shares beyond the desk’s own in its symbol are disowned by themselves', () => {
  const both = { positions: [{ instrument: QQQM, quantity: 260, averagePrice: 100 }] };
  const found = whenRead(withPosition(), () => both);
  const left = found.and().when(settle('disown', 'QQQM'));
  left.decides({ type: 'external_disowned', external: { id: QQQM, quantity: 60 } });
  left
    .and()
    .when(read(left.desk, AT + 1_000, both))
    .decides({ type: 'reconciled', isClean: true }, 'safe_mode_cause_passed', 'alarm_settled');
});

test('ID-09 an adopted holding is the desk’s from its price of that moment, with a stop and without a target', () => {
  const found = whenRead(idle(), () => ({ positions: [HELD] }));
  const told = found.and().when(adopt(192.345));
  told.decidesOf(
    ['position_adopted', 'order_intended'],
    { type: 'position_adopted', position: { quantity: 50, entryPrice: 195, stop: 192.34 } },
    { type: 'order_intended', order: { role: 'stop', quantity: 50, stopPrice: 192.34 } },
  );
  assert.ok(told.effects().includes('push position_adopted'));
  const { state } = told.desk;
  assert.equal(state.positions[AAPL]?.riskMinor, 13_300);
  assert.deepEqual(state.externals, []);
  told
    .and()
    .when(read(told.desk, AT + 200, { positions: [HELD] }))
    .decidesOf(['reconciled'], { type: 'reconciled', isClean: true });
  const unit = found.and().when(adopt(null));
  assert.equal(unit.desk.state.positions[AAPL]?.stop, 185, 'one unit of USD 500 on 50 shares');
});

test('ID-09 a holding is not adopted blindly', () => {
  const found = whenRead(idle(), () => ({ positions: [HELD] })).and();
  found.when(adopt(195)).refuses('stop_beyond_market');
  found.when(adopt(190, null)).refuses('quote_missing');
  found
    .and(...bars('10:02', '15:59'))
    .when(adopt(190, 195, ny('16:00:01')))
    .decidesOf(['act_refused'], { type: 'act_refused', reason: { code: 'session_closed' } });
  given(idle()).when(adopt(190)).refuses('unknown_position');
  const short = whenRead(idle(), () => ({ positions: [{ ...HELD, quantity: -50 }] })).and();
  short.when(adopt(190)).refuses('short_not_allowed');
  const odd = whenRead(idle(), () => ({ positions: [{ ...HELD, quantity: 0.5 }] })).and();
  odd.when(adopt(190)).refuses('quantity_not_in_lots');
});

test('ID-09 the exit of an adopted holding closes a trade of its own', () => {
  const found = whenRead([...idle(), quote(AT - 50, 195, 195.02, AAPL)], () => ({
    positions: [HELD],
  }));
  const desk = run(found.desk, [adopt(192)]);
  const stopId = Object.keys(desk.state.orders).find((orderId) => orderId.includes('.adopted.1.'));
  assert.equal(stopId, '2026-11-20.us-vwap.AAPL.US.adopted.1.stop-1');
  const sold = step(desk, fill(AT + 900, stopId, 50, 191.9));
  const closed = sold.events.find((event) => event.type === 'trade_closed');
  assert.equal(closed?.type === 'trade_closed' && closed.trade.pnlMinor, -15_500);
});

test('ID-09 a fill the broker lists in a way that cannot be is shown, not booked', () => {
  for (const change of [{ quantity: 0 }, { quantity: 1.5 }, { price: 0 }, { price: Number.NaN }])
    whenRead(withWorkingEntries(), (desk) => ({
      fills: [{ ...listed(desk, id('entry-1'), 10, 100), ...change }],
    })).decidesOf(['order_filled', 'reconciled'], { type: 'reconciled', isClean: false });
});

test('ID-09 readings repeated and shuffled book every fill once, to the cent', () => {
  const policy = policyOf();
  fc.assert(
    fc.property(
      fc.array(fc.record({ price: fc.integer({ min: 9_900, max: 10_100 }), cut: fc.nat(60) }), {
        minLength: 1,
        maxLength: 6,
      }),
      fc.array(fc.nat(100), { minLength: 1, maxLength: 12 }),
      (parts, picks) => {
        const before = deskAfter(withWorkingEntries(), policy);
        let left = 100;
        const all = parts.flatMap(({ price, cut }, n) => {
          const quantity = Math.min(left, 1 + cut);
          left -= quantity;
          const one = { at: n, feesMinor: n, fillId: `f${n}` };
          return quantity <= 0 ? [] : [listed(before, id('entry-1'), quantity, price / 100, one)];
        });
        let desk = before;
        let at = AT;
        for (const pick of [...picks, 100]) {
          at += 100;
          const fills = pick === 100 ? all : all.slice(0, 1 + (pick % all.length));
          desk = run(desk, [read(desk, at, { fills: [...fills, ...fills] }, false)]);
        }
        const quantity = all.reduce((sum, one) => sum + one.quantity, 0);
        const cost = all.reduce(
          (sum, one) => sum + Math.round(one.price * 100) * one.quantity + one.feesMinor,
          0,
        );
        assert.equal(desk.state.positions[QQQM]?.quantity, quantity);
        assert.equal(desk.state.cashMinor, CASH_MINOR - cost);
      },
    ),
    { numRuns: 300 },
  );
});

const CHARGES = [
  { chargeId: 'old', amountMinor: -2_000, at: ny('09:00:00') - 86_400_000 },
  { chargeId: 'reg', amountMinor: -2_060, at: ny('09:00:00') },
  { chargeId: 'taf', amountMinor: -15, at: ny('09:00:00') },
];

/** A desk whose broker has listed the first charge before. */
function withOldCharge() {
  const before = given(idle());
  return before.when(read(before.desk, AT, { charges: CHARGES.slice(0, 1) }));
}

test('ID-07 AL-01 fees of the end of the day that explain a difference of cash are booked once, by their ids', () => {
  const first = withOldCharge();
  first.decides({ type: 'charges_noted', chargeIds: ['old'], toMinor: CASH_MINOR });
  assert.deepEqual(first.effects(), []);
  const charged = first.and();
  const cashMinor = CASH_MINOR - 2_075;
  const next = charged.when(read(charged.desk, AT + 1_000, { charges: CHARGES, cashMinor }));
  next.decidesOf(['charges_noted', 'cash_corrected', 'reconciled'], {
    type: 'charges_noted',
    chargeIds: ['old', 'reg', 'taf'],
    fromMinor: CASH_MINOR,
    toMinor: cashMinor,
  });
  assert.deepEqual(next.effects(), ['push recon_diff']);
  const again = next.and();
  again.when(read(again.desk, AT + 2_000, { charges: CHARGES, cashMinor })).nothing();
});

test('ID-07 AL-01 a fee and its cash may come in either order, and neither is booked twice', () => {
  const cashMinor = CASH_MINOR - 2_075;
  const rowFirst = withOldCharge().and();
  const early = rowFirst.when(read(rowFirst.desk, AT + 1_000, { charges: CHARGES }));
  early.nothing();
  const then = early.and();
  then
    .when(read(then.desk, AT + 2_000, { charges: CHARGES, cashMinor }))
    .decidesOf(['charges_noted'], { type: 'charges_noted', toMinor: cashMinor });
  const cashFirst = withOldCharge().and();
  const missing = { charges: CHARGES.slice(0, 1), cashMinor };
  const blocked = cashFirst.when(read(cashFirst.desk, AT + 1_000, missing));
  blocked.decidesOf(['reconciled'], { type: 'reconciled', isClean: false });
  const healed = blocked.and();
  healed
    .when(read(healed.desk, AT + 2_000, { charges: CHARGES, cashMinor }))
    .decidesOf(
      ['charges_noted', 'reconciled'],
      { type: 'charges_noted', toMinor: cashMinor },
      { type: 'reconciled', isClean: true },
    );
});

test('ID-07 AL-01 a difference that the fees do not explain stays a difference, with fees that are none too', () => {
  const known = withOldCharge().and();
  const cashMinor = CASH_MINOR - 9_000;
  known
    .when(read(known.desk, AT + 1_000, { charges: CHARGES, cashMinor }))
    .decidesOf(['charges_noted', 'cash_corrected', 'reconciled'], {
      type: 'reconciled',
      isClean: false,
    });
  const broken = withOldCharge().and();
  const none = [{ chargeId: 'x', amountMinor: Number.NaN, at: 0 }];
  broken
    .when(read(broken.desk, AT + 1_000, { charges: none, cashMinor }))
    .decidesOf(['charges_noted', 'reconciled'], { type: 'reconciled', isClean: false });
});

test('ID-07 AL-01 on a first list, whatever cash says, no earlier fee is booked', () => {
  whenRead(idle(), () => ({ charges: CHARGES, cashMinor: CASH_MINOR - 2_075 })).decidesOf(
    ['charges_noted', 'cash_corrected', 'reconciled'],
    { type: 'charges_noted', fromMinor: CASH_MINOR, toMinor: CASH_MINOR },
    { type: 'reconciled', isClean: false },
  );
});
