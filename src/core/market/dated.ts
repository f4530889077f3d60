import type { TradingDay } from './trading-day.ts';

/** A rule in force from a day until the next row of its table. */
export type Dated<T> = { readonly from: TradingDay } & T;

/** The row of `table` (oldest first) in force on `day`; undefined before the first row. */
export function rowInForce<T>(table: readonly Dated<T>[], day: TradingDay): Dated<T> | undefined {
  return table.findLast((row) => row.from <= day);
}
