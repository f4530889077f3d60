import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsOf } from '#core/market/bar.ts';
import { closeMismatches, priceJumps } from '#core/quality/price-jumps.ts';

/** Two bars a day from 2026-06-01 on, at these prices. */
function barsOf(prices: readonly (readonly [number, number])[]) {
  const firstAt = Date.UTC(2026, 5, 1, 14);
  return columnsOf(
    prices.flatMap((pair, day) =>
      pair.map((price, n) => {
        const openedAt = firstAt + day * 86_400_000 + n * 60_000;
        const bar = { openedAt, closedAt: openedAt + 60_000, volume: 1 };
        return { ...bar, open: price, high: price, low: price, close: price };
      }),
    ),
  );
}

test('a day that opens half again above or below the close before is named, a move within a day is not', () => {
  const bars = barsOf([
    [100, 100],
    [50, 100],
    [149, 149],
    [300, 300],
    [300, 90],
  ]);
  assert.deepEqual(priceJumps(bars), [
    { day: '2026-06-02', ratio: 0.5 },
    { day: '2026-06-04', ratio: 300 / 149 },
  ]);
  assert.deepEqual(priceJumps(columnsOf([])), []);
});

/** A daily bar n days after 2026-06-01. */
function barAt(n: number) {
  const openedAt = Date.UTC(2026, 5, 1 + n, 13, 30);
  return { openedAt, closedAt: openedAt + 23_400_000, open: 1, high: 99, low: 1, volume: 1 };
}

test('daily closes that are not those of the last minute are named, of the days both have', () => {
  const minutes = barsOf([
    [10, 11],
    [11, 12],
    [12, 13],
  ]);
  const daily = columnsOf([
    { ...barAt(0), close: 11 },
    { ...barAt(1), close: 12.2 },
    { ...barAt(9), close: 1 },
  ]);
  assert.deepEqual(closeMismatches(minutes, daily), { common: 2, days: ['2026-06-02'] });
  assert.deepEqual(closeMismatches(barsOf([]), daily), { common: 0, days: [] });
});
