import type { BarColumns } from '#core/market/bar.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { dayOfNumber } from '#core/market/trading-day.ts';

const DAY_MS = 86_400_000;

/**
 * An open this many times the close before, or this part of it, is more often a split that nobody
 * accounted for than news: the commonest splits are two or three for one, 10 % dividends in shares
 * stay below it, and so does nearly every gap of a listed share.
 */
export const JUMP_FACTOR = 1.5;

export type PriceJump = {
  readonly day: TradingDay;
  /** First open of the day over the last close before it. */
  readonly ratio: number;
};

/**
 * Days of a series, minutes or daily bars, oldest first, that open {@link JUMP_FACTOR} times above or
 * below the close before. The days are those of the openings' UTC dates.
 */
export function priceJumps(bars: BarColumns): PriceJump[] {
  const jumps: PriceJump[] = [];
  let day = Number.NaN;
  for (let i = 0; i < bars.length; i += 1) {
    const number = Math.floor(bars.openedAt[i]! / DAY_MS);
    if (number === day) continue;
    const ratio = i === 0 ? 1 : bars.open[i]! / bars.close[i - 1]!;
    if (ratio >= JUMP_FACTOR || ratio <= 1 / JUMP_FACTOR)
      jumps.push({ day: dayOfNumber(number), ratio });
    day = number;
  }
  return jumps;
}

/** Share by which the closes of one day may differ before two series are of another basis. */
export const CLOSE_TOLERANCE = 0.01;

/**
 * Of the days that both series have, in `common`, those whose daily close is not that of the last
 * minute within {@link CLOSE_TOLERANCE}.
 */
export function closeMismatches(
  minutes: BarColumns,
  daily: BarColumns,
): { readonly common: number; readonly days: readonly TradingDay[] } {
  const closes = new Map<number, number>();
  for (let i = 0; i < minutes.length; i += 1)
    closes.set(Math.floor(minutes.openedAt[i]! / DAY_MS), minutes.close[i]!);
  const days: TradingDay[] = [];
  let common = 0;
  for (let i = 0; i < daily.length; i += 1) {
    const number = Math.floor(daily.openedAt[i]! / DAY_MS);
    const last = closes.get(number);
    if (last === undefined) continue;
    common += 1;
    if (Math.abs(daily.close[i]! / last - 1) > CLOSE_TOLERANCE) days.push(dayOfNumber(number));
  }
  return { common, days };
}
