import { invariant } from '#core/lib/assert.ts';
import type { BarColumns } from '#core/market/bar.ts';

/** Running average true range after Wilder. */
export type Atr = {
  readonly period: number;
  count: number;
  sum: number;
  previousClose: number;
  /** NaN until `period` bars have been taken in. */
  value: number;
};

/** Accumulator before the first bar. Intraday a new one per session, so the gap stays out. */
export function createAtr(period: number): Atr {
  invariant(Number.isInteger(period) && period >= 1, `atr period: found ${period}, expected >= 1`);
  return { period, count: 0, sum: 0, previousClose: Number.NaN, value: Number.NaN };
}

/**
 * Takes bar `i` in and returns the ATR at its close (J. Welles Wilder, New Concepts in Technical
 * Trading Systems, 1978). True range = max(high − low, |high − previous close|, |low − previous
 * close|); of the first bar high − low. The first ATR is the mean of `period` true ranges, then
 * (ATR × (period − 1) + true range) / period. NaN before that.
 */
export function stepAtr(acc: Atr, bars: BarColumns, i: number): number {
  const high = bars.high[i]!;
  const low = bars.low[i]!;
  let range = high - low;
  if (acc.count > 0) {
    const up = Math.abs(high - acc.previousClose);
    const down = Math.abs(low - acc.previousClose);
    if (up > range) range = up;
    if (down > range) range = down;
  }
  acc.previousClose = bars.close[i]!;
  acc.count += 1;
  if (acc.count < acc.period) acc.sum += range;
  else if (acc.count === acc.period) acc.value = (acc.sum + range) / acc.period;
  else acc.value = (acc.value * (acc.period - 1) + range) / acc.period;
  return acc.value;
}

/** ATR at the close of bar `end − 1` over the bars `[start, end)`; null with fewer than `period`. */
export function atrOver(
  bars: BarColumns,
  start: number,
  end: number,
  period: number,
): number | null {
  if (end - start < period) return null;
  const acc = createAtr(period);
  for (let i = start; i < end; i += 1) stepAtr(acc, bars, i);
  return acc.value;
}
