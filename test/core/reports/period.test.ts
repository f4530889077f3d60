import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundsOf, curvesOf, periodFigures } from '#core/reports/period.ts';
import { dayRecord, proposal } from '../../support/day-records.ts';

test('CX-12 a week is Monday to Sunday, a month its days, over ends of years and leap days', () => {
  assert.deepEqual(boundsOf('day', '2026-11-17'), { from: '2026-11-17', to: '2026-11-17' });
  assert.deepEqual(boundsOf('week', '2026-11-22'), { from: '2026-11-16', to: '2026-11-22' });
  assert.deepEqual(boundsOf('week', '2027-01-01'), { from: '2026-12-28', to: '2027-01-03' });
  assert.deepEqual(boundsOf('month', '2028-02-10'), { from: '2028-02-01', to: '2028-02-29' });
  assert.deepEqual(boundsOf('month', '2026-12-31'), { from: '2026-12-01', to: '2026-12-31' });
});

test('CX-13 days add up by day type and by answer; what has no result is counted and not summed', () => {
  const none = proposal({ answer: 'expired', resultR: null, isShadow: true });
  const quiet = dayRecord({
    tradingDay: '2026-11-18',
    verdict: 'no_trade',
    resultMinor: 0,
    resultR: 0,
    trades: [],
    proposals: [none],
    breaks: [{ kind: 'limit_reached', count: 2 }],
    gates: [
      { checkpoint: '10:00', passed: true },
      { checkpoint: '14:00', passed: false },
    ],
  });
  const figures = periodFigures([dayRecord(), quiet]);
  assert.deepEqual(figures.verdicts, [
    { kind: 'signals', count: 1 },
    { kind: 'no_trade', count: 1 },
  ]);
  assert.deepEqual(figures.byDayType, [{ dayType: 'undecided', trades: 1, wins: 1, sumR: 0.9 }]);
  assert.deepEqual(figures.score, [
    { answer: 'confirmed', count: 1, judged: 1, sumR: 0.9 },
    { answer: 'skipped', count: 1, judged: 1, sumR: -1.2 },
    { answer: 'expired', count: 1, judged: 0, sumR: 0 },
    { answer: 'refused', count: 1, judged: 1, sumR: 0.4 },
  ]);
  assert.deepEqual(figures.breaks, [{ kind: 'limit_reached', count: 2 }]);
  assert.deepEqual(figures.gates, { passed: 1, judged: 2 });
  assert.deepEqual([figures.entryBps, figures.exitBps], [-0.8, 1.1]);
});

test('CX-12 no days add up to nothing, and no curve', () => {
  const figures = periodFigures([]);
  assert.deepEqual([figures.days, figures.resultR, figures.entryBps], [0, 0, null]);
  assert.deepEqual(curvesOf([], 'us-vwap').trades, []);
});

test('CX-12 a curve has the days whose worth is known, and every trade', () => {
  const held = dayRecord({ tradingDay: '2026-11-18', equityMinor: null });
  const { equity, trades } = curvesOf([dayRecord(), held], 'us-vwap');
  assert.deepEqual(equity, [{ tradingDay: '2026-11-17', valueMinor: 10_000_790 }]);
  assert.equal(trades.length, 2);
});
