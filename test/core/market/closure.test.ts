import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closedDaysAfter, isBeforeClosure } from '#core/market/closure.ts';
import { daysBefore } from '#core/market/whole-market.ts';
import { PULSE_CALENDAR } from '#test/support/pulse-market.ts';

test('SP-03 SP-06 a weekend is no long closure, the October week is, seen from two sessions before it', () => {
  assert.equal(closedDaysAfter(PULSE_CALENDAR, '2026-11-20'), 2);
  assert.equal(closedDaysAfter(PULSE_CALENDAR, '2026-09-30'), 7);
  assert.equal(isBeforeClosure(PULSE_CALENDAR, '2026-09-30', 1, 3), true);
  assert.equal(isBeforeClosure(PULSE_CALENDAR, '2026-09-29', 1, 3), false);
  assert.equal(isBeforeClosure(PULSE_CALENDAR, '2026-09-29', 2, 3), true);
  assert.equal(isBeforeClosure(PULSE_CALENDAR, '2026-09-28', 2, 3), false);
});

test('SP-06 a calendar that ends before the next session does not tell', () => {
  assert.equal(closedDaysAfter(PULSE_CALENDAR, '2026-12-31'), null);
  assert.equal(isBeforeClosure(PULSE_CALENDAR, '2026-12-31', 1, 3), null);
  assert.equal(isBeforeClosure(PULSE_CALENDAR, '2026-12-30', 2, 3), null);
});

test('SP-01 only days before the trading day may be used', () => {
  const days = ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19'];
  assert.equal(daysBefore(days, '2026-11-18'), 2);
  assert.equal(daysBefore(days, '2026-11-16'), 0);
  assert.equal(daysBefore([], '2026-11-16'), 0);
});
