import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planBacktest } from '#app/backtest-plan.ts';
import { regimeDaysOf, stabilityOf, yearsOf } from '#core/backtest/regime-days.ts';
import { DEFAULT_VWAP_RECLAIM } from '#core/strategies/vwap-reclaim/params.ts';
import { CALENDAR, QUIET, simulatedSeries } from '../../support/backtest-market.ts';

const FROM = '2026-03-02';
const TO = '2026-05-29';
const series = simulatedSeries(3, ['QQQM.US', 'MU.US'], FROM, TO);
const { days } = planBacktest({ series, calendar: CALENDAR, ...QUIET, from: FROM, to: TO });
const rows = regimeDaysOf(days, DEFAULT_VWAP_RECLAIM);

test('ID-12 each symbol and day has one row with both live labels, the label of the close and evidence', () => {
  assert.equal(rows.length, days.length * 2);
  assert.ok(rows.every((row) => row.live1000 !== 'range'));
  assert.ok(rows.every((row) => row.evidence?.minuteOfSession === 90));
  assert.ok(new Set(rows.map((row) => row.close.label)).size >= 3);
});

test('ID-12 what comes after 11:00 changes the label of the close and nothing that was live', () => {
  const cut = days.map((day) => ({
    ...day,
    symbols: day.symbols.map((symbol) => ({
      ...symbol,
      bars: { ...symbol.bars, length: 90 },
    })),
  }));
  const early = regimeDaysOf(cut, DEFAULT_VWAP_RECLAIM);
  const live = (found: typeof rows) => found.map(({ close: _, ...rest }) => rest);
  assert.deepEqual(live(early), live(rows));
  assert.notDeepEqual(early, rows);
});

test('ID-12 each threshold is moved down and up, and a threshold that decides changes labels', () => {
  const stability = stabilityOf(days, DEFAULT_VWAP_RECLAIM);
  assert.equal(stability.length, 22);
  const share = stability.filter(({ threshold }) => threshold === 'trendShareUp');
  assert.deepEqual(share.map(({ value }) => Number(value.toFixed(3))).sort(), [0.72, 0.88]);
  assert.ok(share.some(({ changed1100 }) => changed1100 > 0));
  assert.ok(stability.every(({ changed1000 }) => changed1000 >= 0 && changed1000 <= 1));
});

test('ID-12 the labels of a year add up to its days', () => {
  const years = yearsOf(rows);
  for (const judged of ['live_1000', 'live_1100', 'close']) {
    const total = years
      .filter((row) => row.judged === judged)
      .reduce((sum, row) => sum + row.days, 0);
    assert.equal(total, rows.length, judged);
  }
});
