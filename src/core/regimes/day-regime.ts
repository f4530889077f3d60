import type { DayType } from '#core/strategies/strategy.ts';
import type { DayFeatures } from './day-features.ts';
import { crossesWithin, rangeAtrNeeded, shareAbove } from './day-features.ts';

const MINUTE_MS = 60_000;

/**
 * Live day type at `asOf`, the close of the last bar the features have taken in. `isEvent` wins.
 * Trend from `trendFromMinute` on: one-sided (share of closes above VWAP), few crosses, and either
 * a range of at least rangeAtrNeeded or an OR15 break to the same side that nothing has come back
 * from. Range from `rangeFromMinute` on: many crosses, or a middling share with breaks on both
 * sides. Whatever is not known (NaN) proves nothing.
 */
export function dayTypeOf(features: DayFeatures, asOf: number, isEvent: boolean): DayType {
  if (isEvent) return 'event';
  const { params } = features;
  const minute = (asOf - features.openAt) / MINUTE_MS;
  if (minute < params.trendFromMinute) return 'undecided';
  const crosses = crossesWithin(features, asOf);
  const share = shareAbove(features);
  if (crosses <= params.trendMaxCrosses) {
    const isWide =
      (features.high - features.low) / features.atr20d >= rangeAtrNeeded(features, asOf);
    if (share >= params.trendShareUp && (isWide || features.held > 0)) return 'trend_up';
    if (share <= params.trendShareDown && (isWide || features.held < 0)) return 'trend_down';
  }
  if (minute < params.rangeFromMinute) return 'undecided';
  if (crosses >= params.rangeMinCrosses) return 'range';
  const isMiddling = share >= params.rangeShareLow && share <= params.rangeShareHigh;
  const isBroken =
    features.breaksUp >= params.rangeMinBreaks && features.breaksDown >= params.rangeMinBreaks;
  return isMiddling && isBroken ? 'range' : 'undecided';
}
