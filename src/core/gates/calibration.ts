import type { TradingDay } from '#core/market/trading-day.ts';

/** How one condition was judged on one day: held, did not hold, or could not be judged (null). */
export type ConditionDay = { readonly day: TradingDay; readonly held: boolean | null };

/** The judgements of one condition at one checkpoint, oldest first, one row a trading day. */
export type ConditionHistory = {
  readonly condition: string;
  readonly checkpoint: string;
  readonly days: readonly ConditionDay[];
};

/** How often a condition held, for `/gates` and for the check of the configuration. */
export type Calibration = {
  readonly condition: string;
  readonly checkpoint: string;
  /** Days that were judged within the window, and on how many of them it held. */
  readonly judged: number;
  readonly held: number;
  /** Trading days since it last held, 0 for the newest; null: not within the window. */
  readonly lastHeldDaysAgo: number | null;
  /** Trading days since it last changed its state; null: not within the window. */
  readonly lastChangeDaysAgo: number | null;
  /** It was judged over the whole window and never changed: a threshold that says nothing. */
  readonly isConstant: boolean;
};

/**
 * How a condition behaved over the last `window` days of its history. A history shorter than the
 * window, or with a day that could not be judged, is never called constant.
 */
export function calibrate(history: ConditionHistory, window: number): Calibration {
  const days = history.days.slice(-window);
  let judged = 0;
  let held = 0;
  let lastHeldDaysAgo: number | null = null;
  let lastChangeDaysAgo: number | null = null;
  let after: boolean | null = null;
  let afterAgo = 0;
  for (let k = days.length - 1; k >= 0; k -= 1) {
    const state = days[k]!.held;
    if (state === null) continue;
    const ago = days.length - 1 - k;
    judged += 1;
    if (state) held += 1;
    if (state && lastHeldDaysAgo === null) lastHeldDaysAgo = ago;
    if (after !== null && state !== after && lastChangeDaysAgo === null) {
      lastChangeDaysAgo = afterAgo;
    }
    after = state;
    afterAgo = ago;
  }
  const isConstant = judged === window && lastChangeDaysAgo === null;
  const { condition, checkpoint } = history;
  return { condition, checkpoint, judged, held, lastHeldDaysAgo, lastChangeDaysAgo, isConstant };
}

/** What a filter of stocks leaves of the market. */
export type FilterReach = {
  readonly filter: string;
  readonly left: number;
  readonly of: number;
  readonly share: number;
  /** Too little is left: the configuration is refused. */
  readonly isRefused: boolean;
};

/** Reach of a filter that leaves `left` of `of` stocks; refused below `minShare` of the market. */
export function filterReach(
  filter: string,
  left: number,
  of: number,
  minShare: number,
): FilterReach {
  const share = of === 0 ? 0 : left / of;
  return { filter, left, of, share, isRefused: share < minShare };
}
