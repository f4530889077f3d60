import type { Bar, BarColumns, Timeframe } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';

/** Bars of one instrument as a file has them, in the file's order, with turnover (NaN without one). */
export type FoundBars = BarColumns & { amount: Float64Array };

/** A bar as it is taken in. */
export type FoundBar = {
  openedAt: number;
  closedAt: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  amount: number;
};

const NAMES = ['openedAt', 'closedAt', 'open', 'high', 'low', 'close', 'volume', 'amount'] as const;

/** Columns without a bar. */
export function createFoundBars(): FoundBars {
  const empty = () => new Float64Array(1024);
  return {
    length: 0,
    openedAt: empty(),
    closedAt: empty(),
    open: empty(),
    high: empty(),
    low: empty(),
    close: empty(),
    volume: empty(),
    amount: empty(),
  };
}

/** Appends a bar, whatever came before it. */
export function addFound(found: FoundBars, bar: FoundBar): void {
  const i = found.length;
  if (i === found.openedAt.length) {
    for (const name of NAMES) {
      const longer = new Float64Array(i * 2);
      longer.set(found[name]);
      found[name] = longer;
    }
  }
  found.openedAt[i] = bar.openedAt;
  found.closedAt[i] = bar.closedAt;
  found.open[i] = bar.open;
  found.high[i] = bar.high;
  found.low[i] = bar.low;
  found.close[i] = bar.close;
  found.volume[i] = bar.volume;
  found.amount[i] = bar.amount;
  found.length = i + 1;
}

/** The rows of `found` in the order of `rows`; null: all of them as they stand, without spare room. */
export function pickFound(found: FoundBars, rows: readonly number[] | null): FoundBars {
  const pick = (column: Float64Array): Float64Array =>
    rows === null
      ? column.slice(0, found.length)
      : Float64Array.from(rows, (row) => column[row] ?? Number.NaN);
  return {
    length: rows === null ? found.length : rows.length,
    openedAt: pick(found.openedAt),
    closedAt: pick(found.closedAt),
    open: pick(found.open),
    high: pick(found.high),
    low: pick(found.low),
    close: pick(found.close),
    volume: pick(found.volume),
    amount: pick(found.amount),
  };
}

/** The bars one by one, for those who store them. */
export function barsOfFound(
  found: FoundBars,
  instrument: InstrumentId,
  timeframe: Timeframe,
): Bar[] {
  return Array.from({ length: found.length }, (_, i) => {
    const amount = found.amount[i]!;
    return {
      instrument,
      timeframe,
      openedAt: found.openedAt[i]!,
      closedAt: found.closedAt[i]!,
      open: found.open[i]!,
      high: found.high[i]!,
      low: found.low[i]!,
      close: found.close[i]!,
      volume: found.volume[i]!,
      ...(Number.isNaN(amount) ? {} : { amount }),
    };
  });
}
