import type { FactorPanel } from '#core/factors/panel.ts';
import { exPrice } from '#core/portfolio/ex-date.ts';
import { type DailyMarketCn, isUnbroken } from './market.ts';

/** Two prices that differ by no more are the same previous close. */
const STEP = 0.01 + 1e-9;
/** No ex-date leaves less of a price. */
const LEAST_LEFT = 0.2;

/**
 * How many times a price is more on the basis of the row's first day than on that of `day`, for the
 * step from its bar on `last`: 1 where nothing went ex.
 */
function stepOn(market: DailyMarketCn, row: number, last: number, day: number): number {
  const first = row * market.days;
  const before = market.panel.close[first + last]!;
  const stated = market.panel.previousClose[first + day]!;
  let price = before;
  if (market.terms.size > 0) {
    for (let d = last + 1; d <= day; d += 1) {
      const terms = market.terms.get(first + d);
      if (terms !== undefined) price = exPrice(price, terms);
    }
  }
  const hasTerms = price !== before;
  const isStated = stated > 0 && (hasTerms || last === day - 1) && isUnbroken(market, row, day);
  const left = isStated ? stated : price;
  const isEx = before - left > STEP && left > before * LEAST_LEFT;
  return isEx ? before / left : 1;
}

/**
 * The market as factors read it: prices on the basis of each stock's first day, so that an ex-date is no
 * fall, with volume and float in shares of that day. Nothing of a cell depends on a later day. Without
 * an index (null) its place is taken by the mean return of all stocks.
 */
export function factorPanelOf(market: DailyMarketCn, index: Float64Array | null): FactorPanel {
  const { panel, days, stocks, floatShares } = market;
  const size = days * stocks;
  const [close, high, low] = [0, 1, 2].map(() => new Float64Array(size).fill(Number.NaN));
  const [volume, floats] = [0, 1].map(() => new Float64Array(size).fill(Number.NaN));
  for (let row = 0; row < stocks; row += 1) {
    let [scale, shares, last] = [1, 1, -1];
    for (let d = 0; d < days; d += 1) {
      const cell = row * days + d;
      const terms = market.terms.get(cell);
      if (terms !== undefined) shares *= 1 + terms.newSharesPerShare;
      if (!(panel.close[cell]! > 0)) continue;
      if (last >= 0) scale *= stepOn(market, row, last, d);
      last = d;
      close![cell] = panel.close[cell]! * scale;
      high![cell] = panel.high[cell]! * scale;
      low![cell] = panel.low[cell]! * scale;
      volume![cell] = panel.volume[cell]! / shares;
      if (floatShares !== null) floats![cell] = floatShares[cell]! / shares;
    }
  }
  return {
    days: panel.days,
    instruments: panel.instruments,
    indexClose: index ?? meanIndex(close!, days, stocks),
    close: close!,
    high: high!,
    low: low!,
    volume: volume!,
    amount: panel.amount,
    floatShares: floats!,
  };
}

/** An index of which each day's return is the mean over all stocks with a close on it and the day before. */
function meanIndex(close: Float64Array, days: number, stocks: number): Float64Array {
  const sums = new Float64Array(days);
  const counts = new Int32Array(days);
  for (let row = 0; row < stocks; row += 1) {
    for (let d = 1; d < days; d += 1) {
      const change = close[row * days + d]! / close[row * days + d - 1]! - 1;
      if (!Number.isFinite(change)) continue;
      sums[d] = sums[d]! + change;
      counts[d] = counts[d]! + 1;
    }
  }
  const index = new Float64Array(days);
  let level = 1000;
  for (let d = 0; d < days; d += 1) {
    if (counts[d]! > 0) level *= 1 + sums[d]! / counts[d]!;
    index[d] = level;
  }
  return index;
}
