import type { FigureNote } from '#core/indicators/figure.ts';
import { note } from '#core/indicators/figure.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { DailyHistory } from '#core/market/whole-market.ts';
import { daysBefore } from '#core/market/whole-market.ts';
import type { StockParams } from './params.ts';

/** Daily figures of every stock up to the day before, one row a stock, NaN unknown. */
export type StockColumns = {
  /** close(D−1) / close(D−1−returnDays) − 1. */
  readonly returns: Float64Array;
  /** Mean of the last `averageDays` closes. */
  readonly average: Float64Array;
  /** Mean volume of 3 days over that of 20, clipped. */
  readonly volumeRatio: Float64Array;
  /** Mean share of the market's turnover of 10 days over that of 60, clipped. */
  readonly lift: Float64Array;
  /** Mean turnover of 10 days, yuan. */
  readonly turnover: Float64Array;
  readonly lastClose: Float64Array;
};

/** Why the history may not be used for `tradingDay`, or null: it must end with `previousDay`. */
export function historyFault(
  history: DailyHistory | null,
  previousDay: TradingDay,
  tradingDay: TradingDay,
): FigureNote | null {
  if (history === null) return note('no_data');
  const lastDay = history.days[daysBefore(history.days, tradingDay) - 1] ?? '';
  return lastDay === previousDay
    ? null
    : note('history_old', { found: lastDay, expected: previousDay });
}

/** Mean of the `count` cells that end before `end`; NaN when one is unknown or there are fewer. */
function meanOf(column: Float64Array, first: number, end: number, count: number): number {
  if (end - first < count) return Number.NaN;
  let sum = 0;
  for (let i = end - count; i < end; i += 1) sum += column[i]!;
  return sum / count;
}

function clipped(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** Turnover of the whole market by day, as its reciprocal (0 where nothing traded or is known). */
function perMarketTurnover(history: DailyHistory, from: number, end: number): Float64Array {
  const totals = new Float64Array(end);
  const width = history.days.length;
  for (let stock = 0; stock < history.stocks; stock += 1) {
    const base = stock * width;
    for (let day = from; day < end; day += 1) {
      const turnover = history.turnover[base + day]!;
      if (turnover > 0) totals[day] = totals[day]! + turnover;
    }
  }
  for (let day = from; day < end; day += 1) totals[day] = totals[day]! > 0 ? 1 / totals[day]! : 0;
  return totals;
}

/** Daily figures from the days before `tradingDay`; later days of the history are not read. */
export function stockColumns(
  history: DailyHistory,
  tradingDay: TradingDay,
  params: StockParams & { readonly averageDays: number },
): StockColumns {
  const { stocks, close, volume, turnover } = history;
  const width = history.days.length;
  const days = daysBefore(history.days, tradingDay);
  const column = () => new Float64Array(stocks).fill(Number.NaN);
  const columns: StockColumns = {
    returns: column(),
    average: column(),
    volumeRatio: column(),
    lift: column(),
    turnover: column(),
    lastClose: column(),
  };
  const shareFrom = Math.max(0, days - params.liftLongDays);
  const perMarket = perMarketTurnover(history, shareFrom, days);
  for (let stock = 0; stock < stocks && days > 0; stock += 1) {
    const first = stock * width;
    const end = first + days;
    columns.lastClose[stock] = close[end - 1]!;
    if (days > params.returnDays) {
      columns.returns[stock] = close[end - 1]! / close[end - 1 - params.returnDays]! - 1;
    }
    columns.average[stock] = meanOf(close, first, end, params.averageDays);
    columns.turnover[stock] = meanOf(turnover, first, end, params.turnoverDays);
    const volumeShort = meanOf(volume, first, end, params.volumeShortDays);
    const volumeLong = meanOf(volume, first, end, params.volumeLongDays);
    columns.volumeRatio[stock] = clipped(
      volumeShort / volumeLong,
      params.volumeClipLow,
      params.volumeClipHigh,
    );
    columns.lift[stock] = liftOf(turnover, perMarket, first, days, params);
  }
  return columns;
}

function liftOf(
  turnover: Float64Array,
  perMarket: Float64Array,
  first: number,
  days: number,
  params: StockParams,
): number {
  if (days < params.liftLongDays) return Number.NaN;
  let long = 0;
  let short = 0;
  for (let day = days - params.liftLongDays; day < days; day += 1) {
    const share = turnover[first + day]! * perMarket[day]!;
    long += share;
    if (day >= days - params.liftShortDays) short += share;
  }
  const lift = short / params.liftShortDays / (long / params.liftLongDays);
  return clipped(lift, params.liftClipLow, params.liftClipHigh);
}
