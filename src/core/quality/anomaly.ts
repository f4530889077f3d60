import type { InstrumentId } from '#core/market/instrument.ts';
import type { TradingDay } from '#core/market/trading-day.ts';

/** Why a row, a day or an answer cannot be true. Closed. */
export type AnomalyCode =
  // a row by itself
  | 'not_a_number'
  | 'not_a_symbol'
  | 'not_a_day'
  | 'wrong_column_count'
  | 'non_positive'
  | 'high_low_inconsistent'
  | 'minus_100_percent'
  | 'suspended_padding'
  | 'amount_disagrees'
  | 'sources_disagree'
  | 'outside_limits'
  | 'duplicate'
  | 'duplicate_conflicting'
  // a row against what was asked and what is known
  | 'not_asked'
  | 'not_a_trading_day'
  | 'outside_calendar'
  | 'previous_close_disagrees'
  | 'other_stocks_rows'
  | 'close_disagrees'
  | 'future_stamp'
  | 'wrong_day'
  | 'stale'
  | 'not_at_limit'
  | 'balance_disagrees'
  // an answer or a day as a whole
  | 'too_many_disagree'
  | 'same_as_before'
  | 'too_few_rows'
  | 'empty_pool'
  | 'label_before_open'
  | 'exchange_missing';

/**
 * Something that cannot be true, with the place it was found at. `instrument` and `day` are null
 * where it is not about one; `found` and `expected` are short texts with their figures.
 */
export type Anomaly = {
  readonly code: AnomalyCode;
  readonly source: string;
  readonly instrument: InstrumentId | null;
  readonly day: TradingDay | null;
  readonly found: string;
  readonly expected: string;
};

/** Rows that may be used, what was taken out, and whether the whole has to be refused. */
export type Judged<T> = {
  readonly kept: T;
  readonly anomalies: readonly Anomaly[];
  /** The anomaly for which the whole is refused; null: `kept` may be used. */
  readonly refusal: Anomaly | null;
};

/** An anomaly with its place; instrument and day default to none. */
export function anomaly(
  code: AnomalyCode,
  source: string,
  found: string,
  expected: string,
  place: { readonly instrument?: InstrumentId | null; readonly day?: TradingDay | null } = {},
): Anomaly {
  return {
    code,
    source,
    instrument: place.instrument ?? null,
    day: place.day ?? null,
    found,
    expected,
  };
}

/** One line: place, found, expected. */
export function anomalyLine(one: Anomaly): string {
  const place = [one.source, one.instrument, one.day].filter((part) => part !== null).join(' ');
  return `${place}: ${one.code}: found ${one.found}, expected ${one.expected}`;
}

/** Counts by code, most frequent first; codes of equal count in the order they came. */
export function countByCode(anomalies: readonly Anomaly[]): [AnomalyCode, number][] {
  const counts = new Map<AnomalyCode, number>();
  for (const { code } of anomalies) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}
