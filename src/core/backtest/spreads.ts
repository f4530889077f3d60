import type { BarColumns } from '#core/market/bar.ts';

/**
 * Spreads of one instrument as they were recorded, a row a minute, oldest first: half of ask less bid
 * at the minute's open and close, in basis points of the middle, 0 or more.
 */
export type SpreadColumns = {
  readonly length: number;
  readonly openedAt: Float64Array;
  readonly openBps: Float64Array;
  readonly closeBps: Float64Array;
};

/** Spreads beside the bars of one day, row by row; NaN where none was recorded. */
export type DaySpreads = { readonly openBps: Float64Array; readonly closeBps: Float64Array };

/** First row at or after `at`. */
function rowAt(openedAt: Float64Array, length: number, at: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (openedAt[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The spreads recorded for the minutes of `bars`; null when there is none of them. */
export function spreadsOver(recorded: SpreadColumns, bars: BarColumns): DaySpreads | null {
  if (bars.length === 0) return null;
  const openBps = new Float64Array(bars.length).fill(Number.NaN);
  const closeBps = new Float64Array(bars.length).fill(Number.NaN);
  let row = rowAt(recorded.openedAt, recorded.length, bars.openedAt[0]!);
  let found = 0;
  for (let i = 0; i < bars.length; i += 1) {
    while (row < recorded.length && recorded.openedAt[row]! < bars.openedAt[i]!) row += 1;
    if (row >= recorded.length || recorded.openedAt[row] !== bars.openedAt[i]) continue;
    openBps[i] = recorded.openBps[row]!;
    closeBps[i] = recorded.closeBps[row]!;
    found += 1;
  }
  return found === 0 ? null : { openBps, closeBps };
}

/** Where in a minute something is paid: at its open, anywhere inside it, at its close. */
export type SpreadPlace = 'open' | 'inside' | 'close';

/**
 * Half the spread that was recorded for a minute, in basis points; NaN when it was not. Inside a minute
 * it is the wider of both ends: what cannot be known is decided against the trade.
 */
export function recordedHalfBps(
  spreads: DaySpreads | null,
  row: number,
  place: SpreadPlace,
): number {
  if (spreads === null) return Number.NaN;
  const open = spreads.openBps[row]!;
  if (place === 'open') return open;
  const close = spreads.closeBps[row]!;
  return place === 'close' ? close : Math.max(open, close);
}
