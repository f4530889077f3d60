import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextDeadline } from '#core/engine/decide-clock.ts';
import type { Input } from '#core/engine/input.ts';
import { coveredQuantity } from '#core/engine/select.ts';
import {
  ack,
  actOf,
  bar,
  doubtful,
  exit,
  fill,
  kill,
  ny,
  policyOf,
  QQQM,
  quote,
  quoteOf,
  report,
  TICKET,
  tick,
  withEntries,
  withFirstTarget,
  withPosition,
  withWorkingEntries,
} from '#test/support/builders.ts';
import { type Desk, run } from '#test/support/engine.ts';
import { given } from '#test/support/given.ts';

const id = (name: string) => `${TICKET}.${name}`;
const AT = ny('10:01:20');
const orderOf = (desk: Desk, name: string) => desk.state.orders[id(name)];
const refusedCancel = (at: number, name: string): Input =>
  report(at, id(name), 'cancel_rejected', { reason: 'not_working' });
const NO_REPLACE = policyOf({ execution: { hasReplace: false } });

/** A closed minute that makes the trail go to 100.59. */
const trailing = (at: number): Input =>
  bar(at, {
    bar: { open: 101, high: 101.3, low: 101, close: 101.2, volume: 1 },
    lowestLow5: 100.6,
    vwap: 100.2,
    band: 0.1,
  });

// ── a cancel crosses a fill ─────────────────────────────────────────────────────────────────────

test('ID-06 a cancel refused because the order was just filled is no doubt: the fill settles it', () => {
  const refused = given([...withWorkingEntries(), kill(AT)]).when(
    refusedCancel(AT + 50, 'entry-1'),
  );
  refused.decides({ type: 'order_cancel_refused', orderId: id('entry-1') });
  assert.equal(orderOf(refused.desk, 'entry-1')?.state, 'accepted');
  const filled = refused.and().when(fill(AT + 60, id('entry-1'), 100, 100));
  assert.equal(orderOf(filled.desk, 'entry-1')?.state, 'filled');
  assert.deepEqual(filled.desk.state.safeMode, []);
});

test('ID-06 an order that works although its cancel was refused is asked for again, the third no is a doubt', () => {
  let desk = given([...withWorkingEntries(), kill(AT)]);
  for (let n = 1; n <= 2; n += 1) {
    const at = AT + n * 1_000;
    desk = desk.and(refusedCancel(at, 'entry-1'));
    const asked = desk.when(report(at + 500, id('entry-1'), 'accepted'));
    asked.decides({ type: 'cancel_requested', orderId: id('entry-1') });
    assert.deepEqual(asked.effects(), ['cancel_order']);
    asked
      .and()
      .when(report(at + 501, id('entry-1'), 'accepted'))
      .nothing();
    desk = asked.and();
  }
  desk
    .when(refusedCancel(AT + 3_000, 'entry-1'))
    .decidesOf(
      ['order_cancel_refused', 'order_became_unknown', 'safe_mode_entered'],
      'order_cancel_refused',
      { type: 'order_became_unknown', orderId: id('entry-1') },
      { type: 'safe_mode_entered', cause: 'order_unconfirmed' },
    );
});

test('ID-07 a refused cancel that nothing more is heard of is a doubt after ten seconds', () => {
  const refused = given([...withWorkingEntries(), kill(AT), refusedCancel(AT + 50, 'entry-1')]);
  refused.when(tick(AT + 9_999)).decidesOf(['order_became_unknown']);
  refused
    .when(tick(AT + 10_000))
    .decidesOf(['order_became_unknown'], 'order_became_unknown', 'order_became_unknown');
});

test('ID-06 one of a pair that goes with its sibling needs no cancel of its own', () => {
  const leaving = given([...withPosition(), exit(AT), report(AT + 10, id('stop-1'), 'canceled')]);
  const told = leaving.when(refusedCancel(AT + 11, 'target-1'));
  told.decides('order_cancel_refused');
  const gone = told.and(
    report(AT + 12, id('target-1'), 'canceled'),
    report(AT + 12, id('stop-2'), 'canceled'),
  );
  assert.deepEqual(gone.desk.state.safeMode, []);
  assert.equal(orderOf(gone.desk, 'exit-1')?.quantity, 200);
});

test('ID-06 protection that fills while it is canceled for an exit shrinks the exit, never sells twice', () => {
  const leaving = given([...withPosition(), exit(AT)]).and(
    fill(AT + 10, id('stop-1'), 100, 98.9),
    refusedCancel(AT + 11, 'stop-1'),
    report(AT + 12, id('target-1'), 'canceled', { reason: 'oco' }),
  );
  const last = leaving.when(report(AT + 13, id('stop-2'), 'canceled'));
  last.decidesOf(['order_intended'], {
    type: 'order_intended',
    order: { role: 'exit', quantity: 100 },
  });
});

// ── a new price crosses a fill ──────────────────────────────────────────────────────────────────

test('ID-06 a new price refused because the stop was filled leaves the fill to close the trade', () => {
  const moving = given([...withFirstTarget(), trailing(ny('10:02'))]);
  assert.equal(orderOf(moving.desk, 'stop-2')?.replaceTo, 100.59);
  const at = ny('10:02') + 100;
  const refused = moving.when(report(at, id('stop-2'), 'replace_rejected', { reason: 'filled' }));
  refused.decides('order_replace_failed');
  assert.equal(orderOf(refused.desk, 'stop-2')?.replaceRequestedAt, null);
  refused
    .and()
    .when(fill(at + 10, id('stop-2'), 100, 100))
    .decidesOf(['trade_closed'], 'trade_closed');
  moving
    .and(fill(at, id('stop-2'), 100, 100))
    .when(report(at + 10, id('stop-2'), 'replace_rejected'))
    .nothing();
});

test('ID-06 a part filled at the old price does not stop the new one', () => {
  const moving = given([...withFirstTarget(), trailing(ny('10:02'))]);
  const at = ny('10:02') + 100;
  const told = moving
    .and(fill(at, id('stop-2'), 40, 100, { isPartial: true }))
    .when(report(at + 10, id('stop-2'), 'replaced', { filledQuantity: 40, stopPrice: 100.59 }));
  told.decides({ type: 'order_replaced', stopPrice: 100.59 });
  assert.equal(coveredQuantity(told.desk.state, QQQM), 60);
  assert.equal(told.desk.state.positions[QQQM]?.stop, 100.59);
});

test('ID-07 a new price without a word is a doubt after ten seconds, and what the broker has then counts', () => {
  const asked = ny('10:02');
  const moving = given([...withFirstTarget(), trailing(asked)]);
  moving.when(tick(asked + 9_999)).decidesOf(['order_became_unknown']);
  const doubt = moving.when(tick(asked + 10_000));
  doubt.decidesOf(['order_became_unknown'], {
    type: 'order_became_unknown',
    orderId: id('stop-2'),
  });
  const settled = doubt.and(
    report(asked + 11_000, id('stop-2'), 'accepted'),
    report(asked + 11_000, id('stop-2'), 'replaced', { stopPrice: 100.59 }),
  );
  assert.equal(orderOf(settled.desk, 'stop-2')?.state, 'accepted');
  assert.equal(settled.desk.state.positions[QQQM]?.stop, 100.59);
});

// ── a broker that changes no prices ─────────────────────────────────────────────────────────────

test('ID-06 without new prices a stop is canceled first and sent anew after, never both', () => {
  const moved = given(withPosition(), NO_REPLACE).when(fill(AT, id('target-1'), 100, 101));
  moved.decides(
    'order_filled',
    { type: 'watched_stop_moved', from: 99, stop: 100 },
    { type: 'cancel_requested', orderId: id('stop-2') },
  );
  moved
    .and()
    .when(tick(AT + 100))
    .decidesOf(['order_intended']);
  const free = moved
    .and(report(AT + 110, id('stop-1'), 'canceled', { reason: 'oco' }))
    .when(report(AT + 120, id('stop-2'), 'canceled'));
  free.decidesOf(['order_intended'], {
    type: 'order_intended',
    order: { role: 'stop', quantity: 100, stopPrice: 100 },
  });
  assert.equal(coveredQuantity(free.desk.state, QQQM), 100);
});

test('ID-06 a stop that fills before its cancel for a new price is simply the exit', () => {
  const moved = given([...withPosition(), fill(AT, id('target-1'), 100, 101)], NO_REPLACE);
  const filled = moved
    .and(report(AT + 10, id('stop-1'), 'canceled', { reason: 'oco' }))
    .when(fill(AT + 20, id('stop-2'), 100, 99));
  filled.decidesOf(['trade_closed', 'order_intended'], 'trade_closed');
  filled
    .and()
    .when(refusedCancel(AT + 30, 'stop-2'))
    .nothing();
});

test('ID-06 a pair is taken back as a whole and comes back as one', () => {
  const wide = actOf(AT, { act: 'stoploss', target: 'QQQM', price: 98.5 }, { isConfirmed: true });
  const moved = given(withPosition(), NO_REPLACE).when(wide);
  moved.decidesOf(
    ['watched_stop_moved', 'cancel_requested'],
    { type: 'watched_stop_moved', stop: 98.5 },
    { type: 'cancel_requested', orderId: id('stop-1') },
    { type: 'cancel_requested', orderId: id('target-1') },
    { type: 'cancel_requested', orderId: id('stop-2') },
  );
  const back = moved.and(
    report(AT + 10, id('stop-1'), 'canceled'),
    report(AT + 11, id('target-1'), 'canceled'),
    report(AT + 12, id('stop-2'), 'canceled'),
  ).desk;
  const intended = Object.values(back.state.orders).filter((order) => order.state === 'intended');
  assert.deepEqual(
    intended.map(({ role, quantity, stopPrice }) => [role, quantity, stopPrice]),
    [
      ['stop', 100, 98.5],
      ['target', 100, null],
      ['stop', 100, 98.5],
    ],
  );
});

test('ID-09 a stop that another client of the broker entered moves by a cancel and a new one', () => {
  const asked = given([...withPosition(), fill(AT, id('target-1'), 100, 101)]);
  assert.equal(orderOf(asked.desk, 'stop-2')?.replaceTo, 100);
  const refused = asked
    .and(report(AT + 5, id('stop-1'), 'canceled', { reason: 'oco' }))
    .when(report(AT + 10, id('stop-2'), 'replace_rejected', { reason: 'other_client' }));
  refused.decides(
    { type: 'order_replace_failed', orderId: id('stop-2') },
    { type: 'watched_stop_moved', from: 99, stop: 100 },
    { type: 'cancel_requested', orderId: id('stop-2') },
  );
  // never both at once: the new one leaves when the old one is gone
  assert.equal(coveredQuantity(refused.desk.state, QQQM), 100);
  const gone = refused.and().when(report(AT + 20, id('stop-2'), 'canceled'));
  gone.decidesOf(['order_intended'], {
    type: 'order_intended',
    order: { role: 'stop', quantity: 100, stopPrice: 100 },
  });
  assert.equal(coveredQuantity(gone.desk.state, QQQM), 100);
});

test('ID-06 any other no to a new price leaves the stop where it stands', () => {
  given([...withPosition(), fill(AT, id('target-1'), 100, 101)])
    .when(report(AT + 10, id('stop-2'), 'replace_rejected', { reason: '201 price' }))
    .decides({ type: 'order_replace_failed', orderId: id('stop-2') });
});

// ── a position without a working stop ───────────────────────────────────────────────────────────

/** Filled, with stops that the broker has never confirmed. */
const unconfirmed = (): Input[] => [
  ...withWorkingEntries(),
  fill(AT, id('entry-1'), 100, 100),
  fill(AT, id('entry-2'), 100, 100),
];

test('ID-07 five seconds without a confirmed stop call a person, whatever the reason', () => {
  const bare = given(unconfirmed());
  const { state, view, policy } = bare.desk;
  assert.equal(state.positions[QQQM]?.bareSince, AT);
  assert.equal(nextDeadline(state, view, policy, AT), AT + 5_000);
  bare.when(tick(AT + 4_999)).decidesOf(['position_found_unprotected']);
  const told = bare.when(tick(AT + 5_000));
  told.decidesOf(
    ['position_found_unprotected', 'alarm_raised'],
    { type: 'position_found_unprotected', quantity: 200 },
    { type: 'alarm_raised', alarm: { kind: 'position_unprotected' } },
  );
  assert.ok(told.effects().includes('push position_unprotected'));
  const half = told.and(report(AT + 5_100, id('stop-1'), 'accepted'));
  assert.notEqual(half.desk.state.positions[QQQM]?.unprotectedSince, null);
  half
    .when(report(AT + 5_200, id('stop-2'), 'accepted'))
    .decidesOf(['position_protected', 'alarm_settled'], 'position_protected', 'alarm_settled');
});

test('ID-07 the desk stands in for a missing stop: a fresh bid at it leaves at the market', () => {
  const refused = given([
    ...withPosition(),
    report(AT, id('stop-2'), 'canceled'),
    report(AT + 10, id('stop-3'), 'rejected', { reason: 'price below market' }),
  ]);
  refused.when(quote(AT + 500, 99.01, 99.03)).decidesOf(['exit_started']);
  refused
    .when(quote(AT + 500, 99, 99.02))
    .decidesOf(
      ['exit_started', 'cancel_requested'],
      { type: 'exit_started', reason: 'unprotected', quantity: 200 },
      { type: 'cancel_requested', orderId: id('stop-1') },
      { type: 'cancel_requested', orderId: id('target-1') },
    );
  const covered = given(withPosition());
  covered.when(quote(AT + 500, 98.5, 98.52)).decidesOf(['exit_started']);
  const stale = quote(AT - 6_000, 98.5, 98.52);
  refused.when({ ...stale, at: AT + 500 } as Input).decidesOf(['exit_started']);
});

test('ID-07 an exit in place of a stop that was given up is begun again half a minute later', () => {
  let desk = given([
    ...withPosition(),
    report(AT, id('stop-2'), 'canceled'),
    report(AT + 10, id('stop-3'), 'rejected'),
    quote(AT + 500, 98.9, 98.92),
    report(AT + 510, id('stop-1'), 'canceled'),
    report(AT + 510, id('target-1'), 'canceled'),
  ]).desk;
  for (let n = 1; n <= 5; n += 1)
    desk = run(desk, [report(AT + 520 + n, id(`exit-${n}`), 'rejected')]);
  assert.ok(desk.state.alarms.some((alarm) => alarm.kind === 'exit_failed'));
  const later = run(desk, [quote(AT + 20_000, 98.9, 98.92)]);
  assert.equal(later.events.filter((event) => event.type === 'exit_started').length, 1);
  const again = run(desk, [quote(AT + 31_000, 98.9, 98.92)]);
  assert.equal(again.events.filter((event) => event.type === 'exit_started').length, 2);
});

test('ID-07 a stop that is refused again and again is tried at a distance, for as long as it is held', () => {
  let desk = given([...withPosition(), report(AT, id('stop-2'), 'canceled')]).desk;
  let at = AT;
  const waits: number[] = [];
  for (let n = 3; n < 14; n += 1) {
    assert.equal(orderOf(desk, `stop-${n}`)?.state, 'intended', `stop-${n}`);
    desk = run(desk, [report(at + 10, id(`stop-${n}`), 'rejected'), ack(at + 10)]);
    const due = desk.state.positions[QQQM] === undefined ? 0 : at + 10;
    const next = [2_000, 30_000].find((wait) => {
      const tried = run(desk, [tick(due + wait)]);
      return orderOf(tried, `stop-${n + 1}`) !== undefined;
    });
    assert.ok(next !== undefined);
    waits.push(next);
    at = due + next;
    desk = run(desk, [tick(at)]);
  }
  assert.deepEqual(waits, [...Array(7).fill(2_000), ...Array(4).fill(30_000)]);
});

// ── a person takes protection away ──────────────────────────────────────────────────────────────

const take = (at: number, name: string, isConfirmed = true): Input =>
  actOf(at, { act: 'cancel', target: id(name), isProtectionMeant: true }, { isConfirmed });

test('ID-06 a stop is canceled by a person who says so twice; the desk sets no other until one is named', () => {
  given(withPosition())
    .when(take(AT, 'stop-2', false))
    .refuses('second_confirmation_needed');
  const taken = given(withPosition()).when(take(AT, 'stop-2'));
  taken.decides(
    { type: 'protection_waived', what: 'stop', by: 'terminal:owner' },
    { type: 'cancel_requested', orderId: id('stop-2') },
  );
  const bare = taken.and(report(AT + 10, id('stop-2'), 'canceled'));
  assert.equal(coveredQuantity(bare.desk.state, QQQM), 100);
  bare.when(tick(AT + 6_000)).decidesOf(['order_intended', 'position_found_unprotected']);
  bare.when(quote(AT + 500, 98.5, 98.52)).decidesOf(['exit_started']);
  const at = AT + 700;
  const named = bare.when(
    actOf(
      at,
      { act: 'stoploss', target: 'QQQM', price: 99.2 },
      { quote: quoteOf(at, 100, 100.02) },
    ),
  );
  named.decides(
    { type: 'watched_stop_moved', stop: 99.2 },
    { type: 'replace_requested', orderId: id('stop-1'), stopPrice: 99.2 },
    { type: 'order_intended', order: { role: 'stop', quantity: 100, stopPrice: 99.2 } },
  );
  assert.equal(named.desk.state.positions[QQQM]?.waivedBy, null);
});

test('ID-06 a target that a person took back is not set again with the next stop', () => {
  const gone = given([...withPosition(), take(AT, 'target-1')]).and(
    report(AT + 10, id('target-1'), 'canceled'),
    report(AT + 10, id('stop-1'), 'canceled'),
  );
  const stops = Object.values(gone.desk.state.orders).filter((order) => order.state === 'intended');
  assert.deepEqual(
    stops.map(({ role, quantity }) => [role, quantity]),
    [['stop', 100]],
  );
});

test('ID-06 an exit under way and an ended order are not taken back', () => {
  const leaving = given([
    ...withPosition(),
    exit(AT),
    ...['stop-1', 'target-1', 'stop-2'].map((name) => report(AT + 10, id(name), 'canceled')),
  ]);
  leaving.when(take(AT + 20, 'exit-1')).refuses('protection_kept');
  leaving.when(take(AT + 20, 'stop-1')).refuses('unknown_order');
});

test('ID-09 a doubt about an entry is settled by any word, and asked about again', () => {
  const doubt = given([...withEntries(), doubtful(ny('10:01:12'), id('entry-1'))]);
  doubt
    .when(report(ny('10:01:13'), id('entry-1'), 'accepted'))
    .decidesOf(['order_accepted', 'cancel_requested'], 'order_accepted', 'cancel_requested');
});
