import { invariant } from '#core/lib/assert.ts';
import type { InstrumentId } from './instrument.ts';
import type { TradingDay } from './trading-day.ts';

/**
 * The whole market as columns. Row i is the same stock in every column of one set, so a table, a
 * snapshot and a history that are used together must have the same length and order. NaN is "not
 * known" in every column of numbers; what is not known never helps a stock.
 */

/** Flags of {@link StockTable.flags}, added up. */
export const STOCK_FLAGS = {
  /** ST, *ST or in its delisting period, by the list of that day. */
  st: 1,
  /** Not traded today (all day, or at the moment). */
  suspended: 2,
  /** No price limit today: first days after listing, relisting, first day of delisting. */
  noLimit: 4,
  /** An ex-date whose terms are not confirmed. */
  exDateOpen: 8,
} as const;

/** What is known of each stock for one trading day before its prices: name, sector, status. */
export type StockTable = {
  readonly tradingDay: TradingDay;
  readonly instruments: readonly InstrumentId[];
  readonly names: readonly string[];
  readonly sectors: readonly string[];
  /** Index into `sectors`, −1 for none. */
  readonly sectorOf: Int16Array;
  /** {@link STOCK_FLAGS}. */
  readonly flags: Uint8Array;
  /** Trading days since listing, the first day 1; NaN unknown. */
  readonly listedDays: Float64Array;
  /** The universe in words, e.g. `all A shares`: every count is said of it. */
  readonly universe: string;
};

/**
 * One look at the whole market. Prices in yuan per share, `turnover` in yuan and `volume` in shares
 * since the open. `limitUp` and `limitDown` are the dated limits of that day (NaN where none
 * applies). `bid` and `ask` are the best prices: 0 when that side is known to be empty, NaN when
 * the source carries no book.
 */
export type MarketSnapshot = {
  readonly tradingDay: TradingDay;
  /** Instant of the oldest quote used, epoch milliseconds. */
  readonly asOf: number;
  /** Instant the last of it arrived. */
  readonly fetchedAt: number;
  readonly source: string;
  readonly degraded: boolean;
  readonly last: Float64Array;
  readonly previousClose: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly limitUp: Float64Array;
  readonly limitDown: Float64Array;
  readonly bid: Float64Array;
  readonly ask: Float64Array;
  readonly turnover: Float64Array;
  readonly volume: Float64Array;
};

/**
 * Daily bars of the whole market, oldest day first. The cell of stock i and day d is at
 * `i * days.length + d`. Prices and volumes are adjusted to the basis of the day the history is
 * used on (so the last close equals that day's official previous close), turnover is in yuan.
 * A day without a bar is NaN, or has volume 0.
 */
export type DailyHistory = {
  readonly days: readonly TradingDay[];
  readonly stocks: number;
  readonly source: string;
  readonly degraded: boolean;
  readonly fetchedAt: number;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  readonly turnover: Float64Array;
};

/** Closes of one index by day, oldest first, and what it shows now. */
export type IndexSeries = {
  readonly days: readonly TradingDay[];
  readonly closes: Float64Array;
  /** Last value of the session; null before the first one or when not known. */
  readonly now: number | null;
  /** Instant of `now`. */
  readonly asOf: number;
  readonly fetchedAt: number;
  readonly source: string;
  readonly degraded: boolean;
};

/** Number of leading days that lie before `tradingDay`: what may be used on it. */
export function daysBefore(days: readonly TradingDay[], tradingDay: TradingDay): number {
  let end = days.length;
  while (end > 0 && days[end - 1]! >= tradingDay) end -= 1;
  return end;
}

/** True when the flag is set for stock `row`. */
export function hasFlag(table: StockTable, row: number, flag: keyof typeof STOCK_FLAGS): boolean {
  return (table.flags[row]! & STOCK_FLAGS[flag]) !== 0;
}

/** InvariantError when columns that are used together do not describe the same stocks. */
export function assertSameStocks(
  table: StockTable,
  snapshot: MarketSnapshot | null,
  history: DailyHistory | null,
): void {
  const stocks = table.instruments.length;
  const found = [
    table.names.length,
    table.sectorOf.length,
    table.flags.length,
    table.listedDays.length,
    snapshot?.last.length ?? stocks,
    history?.stocks ?? stocks,
  ];
  const other = found.find((length) => length !== stocks);
  invariant(other === undefined, `whole market: found ${other} rows, expected ${stocks}`);
}
