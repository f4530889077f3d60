import type { BarColumns } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { stepVwapReclaim, VwapReclaimAcc } from '#core/strategies/vwap-reclaim/strategy.ts';
import type { TakingCosts } from './desk.ts';
import type { OwnSymbolView } from './own-view.ts';
import type { DaySpreads } from './spreads.ts';

/**
 * One symbol on the day that is played. `next` is where the clock stands. The kernel may stand further on:
 * what it answers at a bar depends on the bars up to it alone, so it is stepped to the next bar that the
 * desk has to be asked about, and waits there until the clock comes.
 */
export type Lane = {
  readonly instrument: InstrumentId;
  readonly bars: BarColumns;
  readonly acc: VwapReclaimAcc;
  readonly spreads: DaySpreads | null;
  readonly costs: TakingCosts;
  /** ATR after each row the kernel has taken in; null where no cost follows it. */
  readonly atrs: Float64Array | null;
  /** Row that comes next, and the instant it opens at; infinite behind the last one. */
  next: number;
  nextAt: number;
  /** The kernel's answer at the row it stands at. */
  result: 0 | 1 | 2;
  /** Newest quote of the day. */
  quote: Quote | null;
  /** What the desk has seen of it on this day; null until the day is opened. */
  seen: OwnSymbolView | null;
};

/** What was counted over all bars of a run. */
export type BarCounts = { bars: number; signals: number; refusedBars: number };

/** When a row opens; infinite behind the last one. */
export function openingOf(bars: BarColumns, row: number): number {
  return row < bars.length ? bars.openedAt[row]! : Number.POSITIVE_INFINITY;
}

/** A range that may trip the breaker; `evaluationOf` judges it whole. */
export function isAbnormal({ acc, bars }: Lane, i: number): boolean {
  return bars.high[i]! - bars.low[i]! > acc.params.abnormalRangeAtr * acc.atrBefore;
}

/** Steps the kernel over one row. */
export function stepRow(lane: Lane, step: typeof stepVwapReclaim, counts: BarCounts): void {
  const { acc, bars, atrs } = lane;
  const i = acc.row + 1;
  const result = step(acc, bars, i);
  lane.result = result;
  if (atrs !== null) atrs[i] = acc.atr.value;
  counts.bars += 1;
  if (result === 1) counts.signals += 1;
  else if (result === 2) counts.refusedBars += 1;
}

/** Steps the kernel to the next row with a signal or an abnormal range, or to the last row. */
export function stepAhead(lane: Lane, step: typeof stepVwapReclaim, counts: BarCounts): void {
  const last = lane.bars.length - 1;
  while (lane.acc.row < last) {
    stepRow(lane, step, counts);
    if (lane.result === 1 || isAbnormal(lane, lane.acc.row)) return;
  }
}

/** ATR(14, 1m) of the bars that have closed by the clock; NaN where it is not known. */
export function atrByClock({ acc, atrs, next }: Lane): number {
  if (atrs === null || next === 0) return Number.NaN;
  return acc.row === next - 1 ? acc.atr.value : atrs[next - 1]!;
}

/** The clock goes on to `openedAt`: every bar that opens before it has closed. */
export function passTo(lane: Lane, openedAt: number): void {
  if (lane.nextAt >= openedAt) return;
  const { bars } = lane;
  let { next } = lane;
  while (next < bars.length && bars.openedAt[next]! < openedAt) next += 1;
  lane.next = next;
  lane.nextAt = openingOf(bars, next);
  if (lane.seen !== null) lane.seen.lastBarClosedAt = bars.closedAt[next - 1]!;
}
