import { invariant } from '#core/lib/assert.ts';
import type { InstrumentId } from './instrument.ts';

/** Length of a bar. `1d` is the regular session of one trading day. */
export type Timeframe = '1m' | '5m' | '15m' | '1d';

/**
 * A closed bar; an open one does not exist. `openedAt` and `closedAt` are epoch milliseconds of
 * the instants that bound it; it may be used from `closedAt` on. Prices in quote currency per
 * share, volume in shares.
 */
export type Bar = {
  readonly instrument: InstrumentId;
  readonly timeframe: Timeframe;
  readonly openedAt: number;
  readonly closedAt: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** Turnover in quote currency, where the source has it; kept for Chinese bars, no kernel reads it. */
  readonly amount?: number;
};

/**
 * Bars of one instrument and timeframe as columns, oldest first. Only rows below `length` hold
 * data; the arrays may be longer (capacity).
 */
export type BarColumns = {
  length: number;
  openedAt: Float64Array;
  closedAt: Float64Array;
  open: Float64Array;
  high: Float64Array;
  low: Float64Array;
  close: Float64Array;
  volume: Float64Array;
};

/** Empty columns with room for `capacity` bars; they grow when more are pushed. */
export function createBarColumns(capacity: number): BarColumns {
  return {
    length: 0,
    openedAt: new Float64Array(capacity),
    closedAt: new Float64Array(capacity),
    open: new Float64Array(capacity),
    high: new Float64Array(capacity),
    low: new Float64Array(capacity),
    close: new Float64Array(capacity),
    volume: new Float64Array(capacity),
  };
}

function grown(from: Float64Array, capacity: number): Float64Array {
  const to = new Float64Array(capacity);
  to.set(from);
  return to;
}

function grow(columns: BarColumns): void {
  const capacity = Math.max(16, columns.openedAt.length * 2);
  columns.openedAt = grown(columns.openedAt, capacity);
  columns.closedAt = grown(columns.closedAt, capacity);
  columns.open = grown(columns.open, capacity);
  columns.high = grown(columns.high, capacity);
  columns.low = grown(columns.low, capacity);
  columns.close = grown(columns.close, capacity);
  columns.volume = grown(columns.volume, capacity);
}

/** Appends a bar. It must open at or after the close of the last one (InvariantError otherwise). */
export function pushBar(columns: BarColumns, bar: Omit<Bar, 'instrument' | 'timeframe'>): void {
  const i = columns.length;
  if (i > 0 && !(bar.openedAt >= columns.closedAt[i - 1]!)) {
    const last = columns.closedAt[i - 1]!;
    invariant(false, `bar columns: found a bar opened at ${bar.openedAt}, expected >= ${last}`);
  }
  if (i === columns.openedAt.length) grow(columns);
  columns.openedAt[i] = bar.openedAt;
  columns.closedAt[i] = bar.closedAt;
  columns.open[i] = bar.open;
  columns.high[i] = bar.high;
  columns.low[i] = bar.low;
  columns.close[i] = bar.close;
  columns.volume[i] = bar.volume;
  columns.length = i + 1;
}

/** Columns holding `bars`, which must be oldest first. */
export function columnsOf(bars: readonly Omit<Bar, 'instrument' | 'timeframe'>[]): BarColumns {
  const columns = createBarColumns(bars.length);
  for (const bar of bars) pushBar(columns, bar);
  return columns;
}
