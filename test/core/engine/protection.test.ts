import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextDeadline } from '#core/engine/decide-clock.ts';
import type { Input } from '#core/engine/input.ts';
import { coveredQuantity } from '#core/engine/select.ts';
import { reason } from '#core/gates/reason.ts';
import { mayFill } from '#core/machines/order.ts';
import {
  exit,
  fill,
  flatten,
  kill,
  ny,
  policyOf,
  QQQM,
  report,
  sent,
  signalBar,
  TICKET,
  tick,
  withEntries,
  withPosition,
  withWorkingEntries,
} from '#test/support/builders.ts';
import { type Desk, deskAfter } from '#test/support/engine.ts';
import { given } from '#test/support/given.ts';
import { read } from '#test/support/reading.ts';

const id = (name: string) => `${TICKET}.${name}`;
const AT = ny('10:01:20');
const stateOf = (desk: Desk, name: string) => desk.state.orders[id(name)]?.state;

const denied = (at: number, name: string): Input => ({
  kind: 'order_denied',
  at,
  orderId: id(name),
  reason: reason('not_connected'),
});

/** Both legs filled in part, their rests canceled: 60 and 40 shares without the bracket's children. */
const partly = (): Input[] => [
  ...withWorkingEntries(),
  fill(AT, id('entry-1'), 60, 100, { isPartial: true }),
  fill(AT, id('entry-2'), 40, 100, { isPartial: true }),
  report(AT + 200, id('entry-1'), 'canceled'),
];

test('ID-06 an entry that the broker would refuse is denied with the reason, and its children with it', () => {
  const told = given(withEntries()).when(denied(ny('10:01:11'), 'entry-1'));
  told.decides({ type: 'order_denied', orderId: id('entry-1'), reason: { code: 'not_connected' } });
  assert.equal(stateOf(told.desk, 'entry-1'), 'denied');
  assert.equal(stateOf(told.desk, 'stop-1'), 'canceled');
  assert.equal(stateOf(told.desk, 'entry-2'), 'intended');
  assert.deepEqual(told.effects(), ['push signal_entry', 'push order_denied']);
  told
    .and()
    .when(denied(ny('10:01:12'), 'entry-1'))
    .nothing();
});

test('ID-06 a refused stop takes the entries of its symbol out: a broker refuses a sale that could meet one', () => {
  const bare = given([
    ...withWorkingEntries(),
    fill(AT, id('entry-1'), 60, 100, { isPartial: true }),
  ]).when(report(AT + 200, id('entry-1'), 'canceled'));
  bare.decidesOf(['order_intended'], 'order_intended', 'order_intended', 'order_intended');
  assert.equal(stateOf(bare.desk, 'entry-2'), 'accepted');
  const refused = bare.and().when(report(AT + 300, id('stop-4'), 'rejected'));
  refused.decidesOf(['cancel_requested'], {
    type: 'cancel_requested',
    orderId: id('entry-2'),
    why: 'a stop was refused',
  });
  const again = refused.and().when(report(AT + 400, id('entry-2'), 'canceled'));
  again
    .and()
    .when(tick(AT + 2_300))
    .decidesOf(['order_intended'], { type: 'order_intended', order: { role: 'stop' } });
});

test('ID-06 a denied stop rings like a rejected one and is tried again two seconds later', () => {
  const bare = given(partly()).when(report(AT + 210, id('entry-2'), 'canceled'));
  bare.decidesOf(['order_intended'], 'order_intended', 'order_intended', 'order_intended');
  const told = bare.and().when(denied(AT + 220, 'stop-3'));
  told.decidesOf(
    ['order_denied', 'position_found_unprotected', 'alarm_raised'],
    'order_denied',
    'position_found_unprotected',
    { type: 'alarm_raised', alarm: { kind: 'position_unprotected' } },
  );
  told
    .and()
    .when(tick(AT + 2_219))
    .decidesOf(['order_intended']);
  told
    .and()
    .when(tick(AT + 2_220))
    .decidesOf(
      ['order_intended'],
      { type: 'order_intended', order: { role: 'stop' } },
      {
        type: 'order_intended',
        order: { role: 'target' },
      },
    );
});

test('ID-06 a denied exit is tried again, and given up only with an alarm', () => {
  let desk = given([...withPosition(), exit(AT)]).and(
    report(AT + 10, id('stop-1'), 'canceled'),
    report(AT + 10, id('target-1'), 'canceled'),
    report(AT + 10, id('stop-2'), 'canceled'),
  );
  let at = AT + 100;
  for (let n = 1; n < 5; n += 1) {
    const told = desk.when(denied(at, `exit-${n}`));
    told.decidesOf(['order_intended']);
    const { state, view, policy } = told.desk;
    assert.equal(nextDeadline(state, view, policy, at), at + 2_000);
    at += 2_000;
    const again = told.and().when(tick(at));
    again.decidesOf(['order_intended'], { type: 'order_intended', order: { role: 'exit' } });
    desk = again.and();
    at += 100;
  }
  const given5 = desk.when(denied(at, 'exit-5'));
  given5.decidesOf(
    ['alarm_raised'],
    { type: 'alarm_raised', alarm: { kind: 'exit_failed' } },
    { type: 'alarm_raised', alarm: { kind: 'position_unprotected' } },
  );
  const back = given5.and().when(read(given5.desk, at + 500));
  back.decidesOf(['exit_started'], { type: 'exit_started', reason: 'operator', quantity: 200 });
});

test('ID-06 a stop and its target leave as one request over the same shares', () => {
  const told = given([...partly(), report(AT + 210, id('entry-2'), 'canceled')]);
  const lead = told.desk.state.orders[id('stop-3')];
  const pair = told.desk.state.orders[id('target-3')];
  assert.deepEqual([lead?.quantity, lead?.targetOrderId], [50, id('target-3')]);
  assert.deepEqual([pair?.quantity, pair?.pairId], [50, id('stop-3')]);
  assert.equal(lead?.ocoGroup, pair?.ocoGroup);
  const last = given(partly()).when(report(AT + 210, id('entry-2'), 'canceled'));
  const submits = last.effects().filter((kind) => kind === 'submit_order');
  assert.equal(submits.length, 2, 'the pair, and the stop of the rest');
  assert.equal(coveredQuantity(told.desk.state, QQQM), 100);
});

test('ID-06 what happens to the request happens to both of its orders', () => {
  const before = given([...partly(), report(AT + 210, id('entry-2'), 'canceled')]);
  const sentOff = before.when(sent(AT + 220, id('stop-3')));
  assert.equal(stateOf(sentOff.desk, 'target-3'), 'submitted');
  for (const [input, state] of [
    [report(AT + 300, id('stop-3'), 'rejected'), 'rejected'],
    [denied(AT + 300, 'stop-3'), 'denied'],
    [{ kind: 'order_doubtful', at: AT + 300, orderId: id('stop-3'), cause: 'timeout' }, 'unknown'],
  ] as const) {
    const told = sentOff.and().when(input);
    assert.equal(stateOf(told.desk, 'stop-3'), state);
    assert.equal(stateOf(told.desk, 'target-3'), state);
  }
  const heard = sentOff.and(report(AT + 230, id('target-3'), 'accepted'));
  const odd = heard.when(report(AT + 300, id('stop-3'), 'rejected'));
  assert.equal(stateOf(odd.desk, 'target-3'), 'accepted', 'it works, so it is taken back first');
  odd.decidesOf(['cancel_requested'], { type: 'cancel_requested', orderId: id('target-3') });
});

test('ID-06 a broker that takes no pair gets the stop alone, over all shares', () => {
  const policy = policyOf({ execution: { hasOco: false } });
  given(partly(), policy)
    .when(report(AT + 210, id('entry-2'), 'canceled'))
    .decidesOf(['order_intended'], {
      type: 'order_intended',
      order: { role: 'stop', quantity: 100, targetOrderId: null },
    });
});

test('ID-06 without brackets an entry leaves alone and its fill is protected at once', () => {
  const policy = policyOf({ execution: { hasBracket: false } });
  const entries = given(withEntries(), policy);
  assert.deepEqual(
    Object.values(entries.desk.state.orders).map((order) => order.role),
    ['entry', 'entry'],
  );
  const filled = entries
    .and(fill(AT, id('entry-2'), 100, 100))
    .when(fill(AT + 10, id('entry-1'), 100, 100));
  assert.equal(coveredQuantity(filled.desk.state, QQQM), 200);
});

test('ID-09 two desks of one strategy in one symbol never share an order id', () => {
  const ids = (deskId: string) =>
    Object.keys(deskAfter(withEntries(), policyOf({ deskId })).state.orders);
  const [one, two] = [ids('us-vwap'), ids(`us-${'x'.repeat(36)}`)];
  assert.equal(one.length, 5);
  assert.ok(one.every((orderId) => !two.includes(orderId)));
  assert.ok(two.every((orderId) => orderId.length <= 128));
  const again = given(withEntries()).when(signalBar(ny('10:20')));
  assert.ok(
    Object.keys(again.desk.state.tickets).every((ticketId) => ticketId.includes('us-vwap')),
  );
});

test('ID-06 a stop that the broker activates before the fill of its entry is heard stays', () => {
  const ahead = given([
    ...withWorkingEntries(),
    fill(AT, id('entry-1'), 100, 100),
    report(AT, id('stop-1'), 'accepted'),
    report(AT, id('target-1'), 'accepted'),
  ]).when(report(AT + 1, id('stop-2'), 'accepted'));
  ahead.decidesOf(['cancel_requested']);
  const whole = ahead.and(fill(AT + 2, id('entry-2'), 100, 100));
  assert.equal(coveredQuantity(whole.desk.state, QQQM), 200);
  assert.ok(!whole.desk.events.some((event) => event.type === 'cancel_requested'));
  // once the entry has ended otherwise, what is beyond what is held goes
  const gone = ahead.and().when(report(AT + 2, id('entry-2'), 'canceled'));
  assert.ok(gone.events.some((event) => event.type === 'cancel_requested'));
});

/** Half of the position is being sold, and whatever sold the same shares is gone. */
const halfLeft = (): Input[] => {
  const before = withPosition();
  const { state } = deskAfter(before);
  const working = Object.values(state.orders).filter(
    (order) => (order.role === 'stop' || order.role === 'target') && order.state === 'accepted',
  );
  const at = ny('10:03:00');
  return [
    ...before,
    exit(at, 'QQQM', 0.5),
    ...working.map((order, n) => report(at + 100 + n, order.orderId, 'canceled')),
  ];
};

test('CX-10 while a half is sold, the other half has its stop before the sale fills', () => {
  const desk = deskAfter(halfLeft());
  const position = desk.state.positions[QQQM];
  const leaving = Object.values(desk.state.orders).find(({ role }) => role === 'exit');
  assert.ok(position !== undefined && leaving !== undefined);
  assert.equal(leaving.quantity, Math.ceil(position.quantity / 2));
  assert.equal(coveredQuantity(desk.state, QQQM), position.quantity - leaving.quantity);
  // a halt: time goes by, nothing fills, and nothing is taken back or set again
  given([...halfLeft(), report(ny('10:03:01'), leaving.orderId, 'accepted')])
    .when(tick(ny('10:03:20')))
    .decidesOf(['order_intended', 'cancel_requested']);
  // once it is sold, what is held is what is covered
  const sold = given([...halfLeft(), report(ny('10:03:01'), leaving.orderId, 'accepted')]).when(
    fill(ny('10:05:00'), leaving.orderId, leaving.quantity, 100),
  );
  sold.decidesOf(['order_intended', 'cancel_requested']);
  const left = sold.desk.state.positions[QQQM];
  assert.equal(left?.quantity, position.quantity - leaving.quantity);
  assert.equal(coveredQuantity(sold.desk.state, QQQM), left?.quantity);
});

test('CX-10 a sale of a half that is refused goes on: the stop of the rest is taken back first', () => {
  const before = halfLeft();
  const leaving = Object.values(deskAfter(before).state.orders).find(({ role }) => role === 'exit');
  assert.ok(leaving !== undefined);
  const refused = given([...before, report(ny('10:03:02'), leaving.orderId, 'rejected')]);
  const { state } = refused.desk;
  const standing = Object.values(state.orders).filter(
    (order) =>
      order.role === 'stop' &&
      order.cancelRequestedAt !== null &&
      order.intendedAt >= ny('10:03:00'),
  );
  assert.equal(standing.length, 1);
});

test('CX-10 while all of it is sold nothing new is set', () => {
  const before = withPosition();
  const { state } = deskAfter(before);
  const at = ny('10:03:00');
  const gone = Object.values(state.orders)
    .filter((order) => order.role !== 'entry' && order.state === 'accepted')
    .map((order, n) => report(at + 100 + n, order.orderId, 'canceled'));
  const desk = deskAfter([...before, exit(at), ...gone, tick(ny('10:03:30'))]);
  assert.equal(coveredQuantity(desk.state, QQQM), 0);
});

test('CX-10 a stop that fills beside a sale takes nothing off what the sale still sells', () => {
  const before = halfLeft();
  const { state } = deskAfter(before);
  const sale = Object.values(state.orders).find(({ role }) => role === 'exit');
  const stop = Object.values(state.orders).find(
    (order) => order.role === 'stop' && order.intendedAt >= ny('10:03:00'),
  );
  assert.ok(sale !== undefined && stop !== undefined);
  const { desk } = given(before).when(fill(ny('10:03:02'), stop.orderId, stop.quantity, 99));
  assert.equal(desk.state.positions[QQQM]?.exiting?.quantity, sale.quantity);
  assert.equal(coveredQuantity(desk.state, QQQM), 0);
});

test('CX-07 a kill takes the stop beside a sale back in the same step', () => {
  const { desk } = given(halfLeft())
    .when(kill(ny('10:03:02')))
    .and()
    .when(flatten(ny('10:03:03')));
  const standing = Object.values(desk.state.orders).filter(
    (order) => order.role === 'stop' && mayFill(order) && order.cancelRequestedAt === null,
  );
  assert.deepEqual(standing, []);
});
