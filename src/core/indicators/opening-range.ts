import type { BarColumns } from '#core/market/bar.ts';

/**
 * High and low of the first minutes of a session. `known` turns true at the first bar that closes
 * at or after the end of the range, provided at least one bar lay within it; until then both
 * prices are those so far.
 */
export type OpeningRange = {
  readonly endAt: number;
  high: number;
  low: number;
  known: boolean;
};

/** Opening range over the first `minutes` after `openAt`. */
export function createOpeningRange(openAt: number, minutes: number): OpeningRange {
  return {
    endAt: openAt + minutes * 60_000,
    high: Number.NEGATIVE_INFINITY,
    low: Number.POSITIVE_INFINITY,
    known: false,
  };
}

/** Takes bar `i` in. Only bars that close within the range widen it. */
export function stepOpeningRange(acc: OpeningRange, bars: BarColumns, i: number): void {
  if (bars.closedAt[i]! <= acc.endAt) {
    if (bars.high[i]! > acc.high) acc.high = bars.high[i]!;
    if (bars.low[i]! < acc.low) acc.low = bars.low[i]!;
  }
  if (bars.closedAt[i]! >= acc.endAt && acc.high >= acc.low) acc.known = true;
}
