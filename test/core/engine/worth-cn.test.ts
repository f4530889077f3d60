import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayResultMinor, worthOf } from '#core/engine/day-loss.ts';
import { nextDeadline } from '#core/engine/decide-clock.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import { report, tick } from '#test/support/builders.ts';
import {
  cnPolicy,
  confirmedCn,
  MONDAY,
  plannedCn,
  quoteCn,
  STOCK,
  sh,
  TUESDAY,
} from '#test/support/cn-desk.ts';
import { type Desk, deskAfter, run, step } from '#test/support/engine.ts';

const POLICY = cnPolicy({ broker: 'paper', isPerson: false });
const LIMIT_DOWN = 34.2;

/** Shares bought on Monday, on the morning after; `change` is what the facts of it say. */
function heldOver(change: Partial<InstrumentDayCn> = {}): Desk {
  const before = deskAfter(confirmedCn(), POLICY);
  const [entry] = Object.values(before.state.orders);
  assert.ok(entry !== undefined);
  const { orderId, quantity } = entry;
  const fill = { filledQuantity: quantity, lastQuantity: quantity, lastPrice: 38.6 };
  return run(before, [
    { kind: 'order_sent', at: sh('10:06:01'), orderId },
    report(sh('10:06:02'), orderId, 'filled', fill),
    { kind: 'session_closed', at: sh('15:20', MONDAY), labels: [] },
    plannedCn(sh('09:00', TUESDAY), TUESDAY, change),
  ]);
}

function causes(desk: Desk): string[] {
  return desk.state.safeMode.map(({ cause, subject }) => `${cause} ${subject}`);
}

test('ID-07 a held share that is suspended all day is worth its previous close and is no doubt', () => {
  const desk = run(heldOver({ isSuspended: true }), [
    tick(sh('09:30:00', TUESDAY)),
    tick(sh('09:31', TUESDAY)),
    tick(sh('10:30', TUESDAY)),
  ]);
  assert.deepEqual(causes(desk), []);
  assert.equal(worthOf(desk, STOCK), 38);
  assert.ok(Number.isFinite(dayResultMinor(desk)));
  const at = sh('10:30', TUESDAY);
  const dueAt = nextDeadline(desk.state, desk.view, desk.policy, at);
  assert.ok(dueAt === null || dueAt > at);
});

test('ID-07 one that trades, or of which nobody knows whether it does, is a doubt without a price', () => {
  for (const isSuspended of [false, null]) {
    const desk = run(heldOver({ isSuspended }), [tick(sh('09:30:31', TUESDAY))]);
    assert.deepEqual(causes(desk), [`risk_not_computable ${STOCK}`]);
  }
});

test('ID-05 ID-07 on a board sealed at limit-down what is held is worth the limit, not the bar before it', () => {
  const opened = run(heldOver(), [quoteCn(sh('09:30:05', TUESDAY), 0, LIMIT_DOWN)]);
  assert.equal(worthOf(opened, STOCK), LIMIT_DOWN);
  const later = run(opened, [tick(sh('09:31', TUESDAY))]);
  assert.ok(!causes(later).includes(`risk_not_computable ${STOCK}`));
  const [position] = Object.values(later.state.positions);
  const quantity = position?.quantity ?? 0;
  const lostMinor = Math.round((38.6 - LIMIT_DOWN) * quantity * 100);
  assert.ok(Math.abs((dayResultMinor(later) ?? 0) + lostMinor) < 10_000, 'the loss counts');
  // an ask somewhere else with nobody opposite is no price
  const odd = step(heldOver(), quoteCn(sh('09:30:05', TUESDAY), 0, 37));
  assert.equal(worthOf(odd.desk, STOCK), null);
});
