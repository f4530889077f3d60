import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextDeadline } from '#core/engine/decide-clock.ts';
import type { Input } from '#core/engine/input.ts';
import { killLines } from '#core/engine/kill-lines.ts';
import { workingExits } from '#core/engine/select.ts';
import type { Order } from '#core/machines/order.ts';
import {
  closed,
  fill,
  flatten,
  quoteOf,
  reconciled,
  report,
  tick,
} from '#test/support/builders.ts';
import {
  cnPolicy,
  confirmedCn,
  plannedCn,
  quoteCn,
  STOCK,
  sh,
  type stockDay,
  TUESDAY,
} from '#test/support/cn-desk.ts';
import { type Desk, deskAfter, run, step } from '#test/support/engine.ts';

/*
 * Stage 2 on A-shares: what it sells, at which price, and when it tries again. Previous close 38.00, so
 * limits 34.20 and 41.80; a simulated account that the desk watches.
 */

const POLICY = cnPolicy({ broker: 'paper', isPerson: false });

/** 300 shares bought on Monday at 38.60, seen on Tuesday morning before the auction. */
function tuesday(change: Parameters<typeof stockDay>[1] = {}): Desk {
  const bought = deskAfter(confirmedCn(), POLICY);
  const entry = Object.values(bought.state.orders).find((order) => order.role === 'entry');
  assert.ok(entry !== undefined);
  const { orderId, quantity } = entry;
  return run(bought, [
    report(sh('10:06:01'), orderId, 'accepted'),
    fill(sh('10:06:02'), orderId, quantity, 38.6),
    closed(sh('15:01')),
    plannedCn(sh('09:00', TUESDAY), TUESDAY, change),
    reconciled(sh('09:01', TUESDAY)),
  ]);
}

const exits = (desk: Desk): Order[] => workingExits(desk.state, STOCK);
const on = (wall: string) => sh(wall, TUESDAY);
const stage = (desk: Desk) => desk.state.kill.kind;

/** The newest exit order accepted and, after its time, canceled by the broker. */
function repriced(desk: Desk, at: number): Desk {
  const [order] = exits(desk);
  assert.ok(order !== undefined);
  const due = order.cancelDueAt ?? Number.NaN;
  assert.equal(due, at + 15_000);
  return run(desk, [
    report(at + 100, order.orderId, 'accepted'),
    tick(due),
    report(due, order.orderId, 'canceled', { reason: 'asked' }),
  ]);
}

test('CX-07 the exit of an A-share carries bid − 5 ticks, three times 15 s apart, then the floor of the cage', () => {
  let desk = run(tuesday(), [quoteCn(on('10:00'), 38, 38.02), flatten(on('10:00:01'))]);
  const prices: (number | null)[] = [];
  let at = on('10:00:01');
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    prices.push(exits(desk)[0]?.limitPrice ?? null);
    desk = repriced(desk, at);
    at += 15_000;
  }
  const [last] = exits(desk);
  prices.push(last?.limitPrice ?? null);
  assert.deepEqual(prices, [37.95, 37.95, 37.95, 37.24]);
  assert.equal(last?.cancelDueAt, null);
});

test('CX-07 a board sealed at limit-down gets one order at the limit, which stays in the queue', () => {
  const sealed: Input = {
    kind: 'quote_seen',
    at: on('10:00'),
    quote: { ...quoteOf(on('10:00'), 0, 34.2, STOCK), bidSize: 0 },
  };
  const desk = run(tuesday(), [sealed, flatten(on('10:00:01'))]);
  const [order] = exits(desk);
  assert.deepEqual([order?.limitPrice, order?.cancelDueAt], [34.2, null]);
  const heard = run(desk, [
    report(on('10:00:02'), order?.orderId ?? '', 'accepted'),
    tick(on('10:05')),
  ]);
  assert.equal(stage(heard), 'incomplete');
  assert.deepEqual(
    exits(heard).map(({ orderId }) => orderId),
    [order?.orderId],
  );
});

test('CX-07 what a kill could not sell is tried again in the opening auction at 9:15', () => {
  const monday = deskAfter(confirmedCn(), POLICY);
  const entry = Object.values(monday.state.orders).find((order) => order.role === 'entry');
  assert.ok(entry !== undefined);
  const bought = run(monday, [fill(sh('10:06:02'), entry.orderId, entry.quantity, 38.6)]);
  const kept = step(bought, flatten(sh('10:20')));
  assert.equal(stage(kept.desk), 'incomplete');
  const next = run(kept.desk, [
    closed(sh('15:01')),
    plannedCn(on('09:00'), TUESDAY),
    reconciled(on('09:01')),
  ]);
  assert.equal(nextDeadline(next.state, next.view, POLICY, on('09:14')), on('09:15'));
  assert.equal(stage(run(next, [tick(on('09:14:59'))])), 'incomplete');
  const auction = run(next, [tick(on('09:15'))]);
  assert.equal(stage(auction), 'flattening');
  assert.deepEqual(
    exits(auction).map(({ limitPrice, isExtendedHours }) => [limitPrice, isExtendedHours]),
    [[34.2, undefined]],
  );
});

test('CX-07 after the close a kill sells at the fixed price until 15:30, and is incomplete only then', () => {
  const desk = run(tuesday(), [quoteCn(on('14:59'), 38, 38.02), flatten(on('15:01'))]);
  assert.equal(stage(desk), 'flattening');
  const [order] = exits(desk);
  assert.deepEqual([order?.limitPrice, order?.isExtendedHours], [34.2, true]);
  const sold = run(desk, [fill(on('15:06'), order?.orderId ?? '', order?.quantity ?? 0, 38)]);
  assert.equal(stage(sold), 'flat');
  const silent = run(desk, [
    report(on('15:05'), order?.orderId ?? '', 'accepted'),
    report(on('15:30'), order?.orderId ?? '', 'expired'),
  ]);
  assert.equal(stage(silent), 'incomplete');
});

test('CX-07 in the break of the day a kill waits for the market and says so', () => {
  const desk = run(tuesday(), [quoteCn(on('11:29'), 38, 38.02), flatten(on('11:40'))]);
  assert.deepEqual(exits(desk), []);
  assert.deepEqual(
    killLines(desk.state, on('11:41')).map((line) => [line.state, line.reason?.code]),
    [['waits', 'order_window_shut']],
  );
  assert.equal(exits(run(desk, [tick(on('13:00'))])).length, 1);
});

test('CX-07 a suspended share stays, is listed, and leaves the kill incomplete', () => {
  const desk = run(tuesday({ isSuspended: true }), [flatten(on('10:00'))]);
  assert.equal(stage(desk), 'incomplete');
  const { kill } = desk.state;
  assert.deepEqual(kill.kind === 'clear' ? [] : kill.left.map((rest) => rest.reason.code), [
    'suspended',
  ]);
});
