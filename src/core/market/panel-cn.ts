import type { DailyFieldCn, PriceBasisCn } from './daily-table-cn.ts';
import type { InstrumentId } from './instrument.ts';
import type { TradingDay } from './trading-day.ts';

/** A series of daily bars: of shares (funds included) or of indexes, of one source, on one basis. */
export type DailySeriesCn = {
  readonly kind: 'share' | 'index';
  readonly source: string;
  readonly basis: PriceBasisCn;
};

/**
 * Daily bars as a panel. The cell of instrument i and day d is at `i * days.length + d`; NaN where
 * there is no bar, or the source does not say. Days are oldest first and only those on which the
 * series has a bar of anybody. Units: see DailyBarCn.
 */
export type DailyPanelCn = DailySeriesCn & {
  readonly instruments: readonly InstrumentId[];
  readonly days: readonly TradingDay[];
  /** Instant the newest of its days was saved; 0 when it holds none. */
  readonly fetchedAt: number;
} & Readonly<Record<DailyFieldCn, Float64Array>>;

/** A panel of the given rows and days in which nothing is known. */
export function emptyDailyPanel(
  series: DailySeriesCn,
  instruments: readonly InstrumentId[],
  days: readonly TradingDay[],
  fetchedAt: number,
): DailyPanelCn {
  const cells = () => new Float64Array(instruments.length * days.length).fill(Number.NaN);
  return {
    ...series,
    instruments,
    days,
    fetchedAt,
    open: cells(),
    high: cells(),
    low: cells(),
    close: cells(),
    previousClose: cells(),
    volume: cells(),
    amount: cells(),
  };
}

/**
 * Intraday bars as a panel: the cell of instrument i and slot s is at `i * closedAt.length + s`, NaN
 * where there is no bar. `closedAt` holds the instants the bars closed, oldest first: a bar may be
 * used from then on.
 */
export type IntradayPanelCn = {
  readonly instruments: readonly InstrumentId[];
  readonly source: string;
  readonly openedAt: Float64Array;
  readonly closedAt: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  /** Turnover of the bar in yuan. */
  readonly amount: Float64Array;
};
