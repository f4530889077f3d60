import type { Bar, BarColumns, Timeframe } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';

/** Bars of one instrument as a file has them, in the file's order, with turnover (empty without one). */
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

/** Rows of a file differ a little in length, so that their number is a guess. */
const SPARE = 1.02;
/** Times lie apart from prices, so that another series of the same minutes can share them. */
const TIMES = ['openedAt', 'closedAt'] as const;
const NUMBERS = ['open', 'high', 'low', 'close', 'volume', 'amount'] as const;

/** Columns without a bar, with room for a few. */
export function createFoundBars(hasAmount: boolean): FoundBars {
  const empty = () => new Float64Array(64);
  return {
    length: 0,
    openedAt: empty(),
    closedAt: empty(),
    open: empty(),
    high: empty(),
    low: empty(),
    close: empty(),
    volume: empty(),
    amount: hasAmount ? empty() : new Float64Array(0),
  };
}

/** Makes room for `more` bars, and a few beyond them. */
export function makeRoom(found: FoundBars, more: number): void {
  const capacity = found.length + Math.max(16, Math.ceil(more * SPARE));
  for (const names of [TIMES, NUMBERS]) {
    const used = names.filter((name) => found[name].length > 0);
    // not filled with zeros first: rows behind the last one are never read
    const { buffer } = Buffer.allocUnsafeSlow(used.length * capacity * 8);
    for (const [n, name] of used.entries()) {
      const longer = new Float64Array(buffer, n * capacity * 8, capacity);
      longer.set(found[name].subarray(0, found.length));
      found[name] = longer;
    }
  }
}

/** Appends a bar, whatever came before it. */
export function addFound(found: FoundBars, bar: FoundBar): void {
  const i = found.length;
  if (i === found.openedAt.length) makeRoom(found, i);
  found.openedAt[i] = bar.openedAt;
  found.closedAt[i] = bar.closedAt;
  found.open[i] = bar.open;
  found.high[i] = bar.high;
  found.low[i] = bar.low;
  found.close[i] = bar.close;
  found.volume[i] = bar.volume;
  if (found.amount.length > 0) found.amount[i] = bar.amount;
  found.length = i + 1;
}

/** The rows of `found` in the order of `rows`; null: all of them as they stand, without much spare room. */
export function pickFound(found: FoundBars, rows: readonly number[] | null): FoundBars {
  const pick = (column: Float64Array): Float64Array =>
    rows === null
      ? fitted(column, Math.min(column.length, found.length))
      : Float64Array.from(column.length === 0 ? [] : rows, (row) => column[row]!);
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

/** The rows that are used: where they lie, unless much room would be kept for nothing. */
function fitted(column: Float64Array, length: number): Float64Array {
  return column.length * 8 > length * 9 ? column.slice(0, length) : column.subarray(0, length);
}

/** The bars one by one, for those who store them. */
export function barsOfFound(
  found: FoundBars,
  instrument: InstrumentId,
  timeframe: Timeframe,
): Bar[] {
  return Array.from({ length: found.length }, (_, i) => {
    const amount = found.amount[i] ?? Number.NaN;
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
