import type { Policy } from './policy.ts';
import type { DeskState } from './state.ts';
import { heardAt, type MarketView, seenOf } from './view.ts';

/** Age in milliseconds beyond which the newest bar of a symbol no longer counts; null: none is awaited. */
export function barLimitMs(policy: Policy): number | null {
  const { barDelayMs, barOverdueMs } = policy.watch;
  return barOverdueMs === null ? null : 60_000 + barDelayMs + barOverdueMs;
}

/**
 * A minute without a trade has no bar, which on a feed of one venue is usual for thin symbols. A bar that
 * does not come is no silence while quotes of its symbol do and another symbol's bars are there (or it is
 * the only symbol), for as long as the policy lets a symbol be quiet.
 */
export function isQuietMinute(
  state: DeskState,
  view: MarketView,
  policy: Policy,
  instrument: string,
  at: number,
): boolean {
  const limitMs = barLimitMs(policy);
  const heard = heardAt(view, instrument);
  const { lastBarClosedAt } = seenOf(view, instrument);
  if (limitMs === null || heard === null || lastBarClosedAt === null) return false;
  if (!(at - heard >= 0 && at - heard <= policy.watch.quoteStaleMs)) return false;
  if (at - lastBarClosedAt > limitMs + policy.watch.quietMinutesMs) return false;
  const others = Object.keys(state.symbols).filter((other) => other !== instrument);
  const isAlive = (other: string) => {
    const closedAt = seenOf(view, other).lastBarClosedAt;
    return closedAt !== null && at - closedAt <= limitMs;
  };
  return others.length === 0 || others.some(isAlive);
}
