import type { BandParams } from '#core/indicators/vwap.ts';
import type { RegimeParams } from '#core/regimes/day-features.ts';
import { DEFAULT_REGIME } from '#core/regimes/day-features.ts';

/** A stretch of the session in exchange wall time, `[from, to)`. */
export type EntryWindow = { readonly from: string; readonly to: string };

/** Every threshold of the VWAP reclaim. Ratios are fractions, windows exchange wall time. */
export type VwapReclaimParams = {
  readonly windows: readonly EntryWindow[];
  /** Shorts, mirrored; off by default. */
  readonly isShortAllowed: boolean;
  /** Longs only above, shorts only below the daily MA20. */
  readonly isMa20Required: boolean;
  /** Whole-day events (half days, earnings) do not refuse; the risk review halves the size. */
  readonly isEventDayTraded: boolean;
  readonly band: BandParams;
  readonly atrPeriod: number;
  /** A touch of the band counts for this many bars, the reclaim bar included. */
  readonly pullbackBars: number;
  /** The excursion beyond the band lies within this many bars before the touch. */
  readonly excursionBars: number;
  /** Stop distance from the pullback extreme: max(1 tick, this × ATR(14,1m)). */
  readonly stopAtrMultiple: number;
  /** A stop nearer to the reference price than this fraction is moved out to it. */
  readonly stopMinFraction: number;
  /** A stop farther than this × ATR(20,1d) is no trade. */
  readonly stopMaxAtr20d: number;
  /** A minute is abnormal beyond this × ATR(14,1m) in range and … */
  readonly abnormalRangeAtr: number;
  /** … this × the usual volume. */
  readonly abnormalVolume: number;
  readonly regime: RegimeParams;
};

/** Values of the specification of the intraday desk. */
export const DEFAULT_VWAP_RECLAIM: VwapReclaimParams = {
  windows: [
    { from: '09:45', to: '11:00' },
    { from: '13:30', to: '15:30' },
  ],
  isShortAllowed: false,
  isMa20Required: true,
  isEventDayTraded: false,
  band: { fraction: 0.001, atrMultiple: 0.25 },
  atrPeriod: 14,
  pullbackBars: 10,
  excursionBars: 20,
  stopAtrMultiple: 0.1,
  stopMinFraction: 0.001,
  stopMaxAtr20d: 0.25,
  abnormalRangeAtr: 5,
  abnormalVolume: 10,
  regime: DEFAULT_REGIME,
};
