import type { MinutePoint } from '#core/pictures/picture.ts';

/** A trade that was proposed and not made. Instants in epoch milliseconds, prices per share. */
export type ShadowPlan = {
  readonly side: 'long' | 'short';
  readonly fromAt: number;
  /** After this instant it would not have been entered any more. */
  readonly untilAt: number;
  readonly entryLimit: number;
  readonly stop: number;
  readonly firstTarget: number;
  /** Share of the quantity that leaves at the first target, 0 … 1. */
  readonly targetRatio: number;
  /** Costs in R, taken off an entry. */
  readonly costR: number;
  /** What is left then leaves at the last price. */
  readonly flatAt: number;
};

/** What became of it: in R of its own risk; null where it would not have been entered, or nothing was seen. */
export type Shadow = {
  readonly resultR: number | null;
  readonly end: 'not_entered' | 'stop' | 'target_and_stop' | 'open_at_close';
};

const MINUTE_MS = 60_000;
const NOT_ENTERED: Shadow = { resultR: null, end: 'not_entered' };

/**
 * What a proposal would have brought, judged by the minutes that were seen: entered at its limit or better in
 * the first whole minute of its life that reached it, the first target's share at the target and the stop
 * then at the entry, the rest at the stop or at the last price of the day. Where a minute reached both, the
 * stop was first. No slippage.
 */
export function shadowOf(points: readonly MinutePoint[], plan: ShadowPlan): Shadow {
  const sign = plan.side === 'long' ? 1 : -1;
  const risk = (plan.entryLimit - plan.stop) * sign;
  if (!(risk > 0)) return NOT_ENTERED;
  const worst = ({ low, high }: MinutePoint) => (sign > 0 ? low : high);
  const best = ({ low, high }: MinutePoint) => (sign > 0 ? high : low);
  const reaches = (price: number, level: number) => (price - level) * sign >= 0;
  let entry = Number.NaN;
  let stop = plan.stop;
  let share = 1;
  let earned = 0;
  let last = Number.NaN;
  for (const point of points) {
    const openedAt = point.closedAt - MINUTE_MS;
    if (openedAt < plan.fromAt || point.closedAt > plan.flatAt) continue;
    if (Number.isNaN(entry)) {
      if (openedAt >= plan.untilAt) return NOT_ENTERED;
      if (reaches(worst(point), plan.entryLimit) && worst(point) !== plan.entryLimit) continue;
      entry = reaches(plan.entryLimit, point.open) ? point.open : plan.entryLimit;
    }
    last = point.close;
    if (!reaches(worst(point), stop) || worst(point) === stop) {
      // a gap beyond the stop costs what it costs
      const price = reaches(point.open, stop) ? stop : point.open;
      const end = share < 1 ? 'target_and_stop' : 'stop';
      return { resultR: (earned + share * (price - entry) * sign) / risk - plan.costR, end };
    }
    if (share === 1 && plan.targetRatio > 0 && reaches(best(point), plan.firstTarget)) {
      earned = plan.targetRatio * (plan.firstTarget - entry) * sign;
      share = 1 - plan.targetRatio;
      stop = entry;
    }
  }
  if (Number.isNaN(entry)) return NOT_ENTERED;
  const rest = share * (last - entry) * sign;
  return { resultR: (earned + rest) / risk - plan.costR, end: 'open_at_close' };
}
