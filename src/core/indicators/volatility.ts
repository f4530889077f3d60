import { shareAtMost } from '#core/lib/rank.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { IndexSeries } from '#core/market/whole-market.ts';
import { daysBefore } from '#core/market/whole-market.ts';
import type { Figure } from './figure.ts';
import { figure, noFigure, note, nowhere } from './figure.ts';

/** Trading days of a year the standard deviation of a day is scaled by. */
const DAYS_PER_YEAR = 252;

/**
 * Yearly volatility of the `returns` daily log returns that end with close `end − 1`: sample
 * standard deviation × √252. NaN with fewer closes or one that is not positive.
 */
export function yearlyVolatility(closes: ArrayLike<number>, end: number, returns: number): number {
  if (end < returns + 1 || end > closes.length) return Number.NaN;
  let sum = 0;
  for (let i = end - returns; i < end; i += 1) sum += Math.log(closes[i]! / closes[i - 1]!);
  const mean = sum / returns;
  let squares = 0;
  for (let i = end - returns; i < end; i += 1) {
    squares += (Math.log(closes[i]! / closes[i - 1]!) - mean) ** 2;
  }
  const value = Math.sqrt(squares / (returns - 1)) * Math.sqrt(DAYS_PER_YEAR);
  return Number.isFinite(value) ? value : Number.NaN;
}

/** How volatility and its percentile are made: 30 returns, 252 values. */
export type VolatilityParams = { readonly returns: number; readonly values: number };

/**
 * `hs300_vol_30d` and `vol_percentile` from closes up to `previousDay`: the percentile is the
 * share of the last `values` volatilities that are at most the newest. Closes of later days are
 * not read; a series that does not end with `previousDay` is unknown.
 */
export function volatilityFigures(
  index: IndexSeries | null,
  previousDay: TradingDay,
  tradingDay: TradingDay,
  at: number,
  params: VolatilityParams,
): { readonly volatility: Figure; readonly percentile: Figure } {
  const origin = index ?? nowhere(at);
  const unknown = (why: ReturnType<typeof note>) => ({
    volatility: noFigure('hs300_vol_30d', 'per_year', origin, why),
    percentile: noFigure('vol_percentile', 'fraction', origin, why),
  });
  if (index === null) return unknown(note('no_data'));
  const end = daysBefore(index.days, tradingDay);
  const lastDay = index.days[end - 1] ?? '';
  if (lastDay !== previousDay) {
    return unknown(note('history_old', { found: lastDay, expected: previousDay }));
  }
  const needed = params.values + params.returns;
  if (end < needed) return unknown(note('history_short', { days: end, needed }));
  const values = new Float64Array(params.values);
  for (let k = 0; k < params.values; k += 1) {
    values[k] = yearlyVolatility(index.closes, end - params.values + 1 + k, params.returns);
  }
  const newest = values[params.values - 1]!;
  if (values.some(Number.isNaN)) return unknown(note('rows_missing', { days: end }));
  return {
    volatility: figure('hs300_vol_30d', newest, 'per_year', index),
    percentile: figure('vol_percentile', shareAtMost(values, newest) ?? 0, 'fraction', index),
  };
}
