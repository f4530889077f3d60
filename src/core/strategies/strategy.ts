import type { Check } from '#core/gates/gate.ts';
import type { Reason } from '#core/gates/reason.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { RegimeEvidence } from '#core/regimes/day-features.ts';

/** Live day type, judged at a closed bar with what is known then. */
export type DayType = 'event' | 'trend_up' | 'trend_down' | 'range' | 'undecided';

/** Live judgement of the day. The one made after the close is another type (`RegimeClose`). */
export type RegimeLive = {
  readonly kind: 'live';
  readonly dayType: DayType;
  readonly evidence: RegimeEvidence;
};

/**
 * A setup that met every rule of the strategy at the close of a bar. Price, size, spread, locks
 * and permission are the risk review's matter. `referencePrice` is the reclaim bar's close,
 * `stop` lies on the tick grid, `stopWidened` tells that the minimum distance moved it.
 */
export type Signal = {
  readonly strategy: string;
  readonly instrument: InstrumentId;
  readonly side: 'long' | 'short';
  readonly asOf: number;
  readonly referencePrice: number;
  /** Extreme of the pullback: lowest low for a long, highest high for a short. */
  readonly pullbackLow: number;
  readonly stop: number;
  readonly stopWidened: boolean;
  readonly dayType: DayType;
  readonly checks: readonly Check[];
  readonly evidence: RegimeEvidence;
};

/**
 * What a strategy knew and answered at one closed minute. `refusals` holds the rules that refused
 * a setup which was seen (pullback and reclaim); it is empty when there was no setup.
 */
export type Evaluation = {
  readonly instrument: InstrumentId;
  readonly asOf: number;
  readonly minuteOfSession: number;
  readonly bar: {
    readonly open: number;
    readonly high: number;
    readonly low: number;
    readonly close: number;
    readonly volume: number;
  };
  readonly vwap: number;
  /** Half width of the band around VWAP, in price. */
  readonly band: number;
  /** Wilder ATR(14) of 1-minute bars, in price; null before 14 bars. */
  readonly atr1m: number | null;
  readonly lowestLow5: number;
  readonly highestHigh5: number;
  readonly or5: { readonly high: number; readonly low: number } | null;
  readonly or15: { readonly high: number; readonly low: number } | null;
  /** Volume of the last five minutes. */
  readonly volume5m: number;
  /** Sum over the same five minutes of the median of earlier days, same source. */
  readonly usualVolume5m: number | null;
  readonly regime: RegimeLive;
  readonly inWindow: boolean;
  readonly signal: Signal | null;
  readonly refusals: readonly Reason[];
  readonly checks: readonly Check[];
  /** Set when the bar's range and volume trip the abnormal-minute breaker. */
  readonly abnormal: {
    readonly rangeOverAtr: number;
    /** Null when the usual volume is not known; the range alone trips it then. */
    readonly volumeOverUsual: number | null;
  } | null;
};
