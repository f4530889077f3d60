import { blackoutAt } from '#core/gates/event-window.ts';
import type { Atr } from '#core/indicators/atr.ts';
import { createAtr, stepAtr } from '#core/indicators/atr.ts';
import type { OpeningRange } from '#core/indicators/opening-range.ts';
import { createOpeningRange, stepOpeningRange } from '#core/indicators/opening-range.ts';
import type { Vwap } from '#core/indicators/vwap.ts';
import { bandWidth, createVwap, stepVwap } from '#core/indicators/vwap.ts';
import { invariant } from '#core/lib/assert.ts';
import type { BarColumns } from '#core/market/bar.ts';
import { instantAt } from '#core/market/session.ts';
import type { DayFeatures } from '#core/regimes/day-features.ts';
import { createDayFeatures, stepDayFeatures } from '#core/regimes/day-features.ts';
import { dayTypeOf } from '#core/regimes/day-regime.ts';
import type { DayContext } from '#core/strategies/day-context.ts';
import type { DayType } from '#core/strategies/strategy.ts';
import type { VwapReclaimParams } from './params.ts';
import type { Pullback } from './pullback.ts';
import { createPullback, hasPullback, stepPullback } from './pullback.ts';
import type { StopPlacement } from './stop.ts';
import { placeStop } from './stop.ts';

/** Name of the strategy in ids, events and reports. */
export const VWAP_RECLAIM = 'vwap-reclaim';

/**
 * State of one session of one instrument. The caller keeps it and passes it to
 * {@link stepVwapReclaim}; `evaluationOf` reads it. Everything is allocated here, once.
 */
export type VwapReclaimAcc = {
  readonly context: DayContext;
  readonly params: VwapReclaimParams;
  /** Start and end of each entry window, in pairs. */
  readonly windows: Float64Array;
  readonly vwap: Vwap;
  readonly atr: Atr;
  readonly or5: OpeningRange;
  readonly features: DayFeatures;
  readonly long: Pullback;
  readonly short: Pullback;
  readonly stop: StopPlacement;
  /** Bars taken in. */
  count: number;
  /** Row of the last bar taken in. */
  row: number;
  band: number;
  /** ATR(14,1m) before the last bar, NaN when unknown. */
  atrBefore: number;
  /** Day type when it was last judged, see {@link judgeDay}. */
  dayType: DayType;
  /** The event it was judged by refuses entries. */
  isEventRefused: boolean;
  inWindow: boolean;
  /** 1 a long setup at the last bar, −1 a short one, 0 none. */
  setup: number;
  /** Extreme of the pullback of that setup. */
  extreme: number;
  result: 0 | 1 | 2;
};

/** Accumulator before the first bar of the session of `context`. */
export function createVwapReclaim(context: DayContext, params: VwapReclaimParams): VwapReclaimAcc {
  const { tradingDay, zone, openAt, closeAt } = context.session;
  const edges = params.windows.flatMap(({ from, to }) => [
    instantAt(tradingDay, from, zone),
    instantAt(tradingDay, to, zone),
  ]);
  const { atr20d, meanVolumeSoFar } = context;
  return {
    context,
    params,
    windows: Float64Array.from(edges),
    vwap: createVwap(),
    atr: createAtr(params.atrPeriod),
    or5: createOpeningRange(openAt, 5),
    features: createDayFeatures({ openAt, closeAt, atr20d, meanVolumeSoFar }, params.regime),
    long: createPullback(),
    short: createPullback(),
    stop: { price: Number.NaN, isWidened: false, distance: Number.NaN },
    count: 0,
    row: -1,
    band: Number.NaN,
    atrBefore: Number.NaN,
    dayType: 'undecided',
    isEventRefused: false,
    inWindow: false,
    setup: 0,
    extreme: Number.NaN,
    result: 0,
  };
}

function isInWindow(windows: Float64Array, at: number): boolean {
  for (let k = 0; k < windows.length; k += 2) {
    if (at >= windows[k]! && at < windows[k + 1]!) return true;
  }
  return false;
}

/** Lowest low (`sign` 1) or highest high (−1) of the last `count` bars of the session. */
function extremeOf(acc: VwapReclaimAcc, bars: BarColumns, i: number, count: number): number {
  const first = i - Math.min(count, acc.count) + 1;
  const isLong = acc.setup > 0;
  let extreme = isLong ? bars.low[i]! : bars.high[i]!;
  for (let j = first; j < i; j += 1) {
    extreme = isLong ? Math.min(extreme, bars.low[j]!) : Math.max(extreme, bars.high[j]!);
  }
  return extreme;
}

/** 1, −1 or 0: does bar `i` reclaim VWAP after a pullback, and to which side. */
function setupAt(acc: VwapReclaimAcc, bars: BarColumns, i: number, vwap: number): number {
  if (acc.count < 2) return 0;
  const n = acc.count - 1;
  const close = bars.close[i]!;
  const reach = acc.params.pullbackBars;
  if (close > vwap && close > bars.high[i - 1]! && hasPullback(acc.long, n, reach)) return 1;
  if (!acc.params.isShortAllowed) return 0;
  if (close < vwap && close < bars.low[i - 1]! && hasPullback(acc.short, n, reach)) return -1;
  return 0;
}

/** Does every rule hold for the setup at bar `i`? Unknown values (NaN, null) hold nothing. */
function isAllowed(acc: VwapReclaimAcc, close: number): boolean {
  const { params, context, setup } = acc;
  if (acc.isEventRefused || acc.dayType === 'range') return false;
  if (acc.dayType === (setup > 0 ? 'trend_down' : 'trend_up')) return false;
  if (params.isMa20Required) {
    const ma20 = context.ma20 ?? Number.NaN;
    if (!((close - ma20) * setup > 0)) return false;
  }
  const widest = params.stopMaxAtr20d * (context.atr20d ?? Number.NaN);
  return acc.stop.distance <= widest && !Number.isNaN(acc.atr.value);
}

/**
 * Judges the day at `asOf`, the close of the last bar taken in. The step does so for setups only;
 * `evaluationOf` does so whenever it is asked.
 */
export function judgeDay(acc: VwapReclaimAcc, asOf: number): DayType {
  const blackout = blackoutAt(acc.context.blackouts, asOf);
  acc.dayType = dayTypeOf(acc.features, asOf, blackout !== null);
  acc.isEventRefused = blackout !== null && !(blackout.wholeDay && acc.params.isEventDayTraded);
  return acc.dayType;
}

/**
 * Takes bar `i` in and answers 0 (nothing), 1 (signal) or 2 (a setup that a rule refused). Rows
 * must come in order without leaving one out, and lie within the session; allocates nothing but
 * for a setup's stop price. Nothing after row `i` is read.
 */
export function stepVwapReclaim(acc: VwapReclaimAcc, bars: BarColumns, i: number): 0 | 1 | 2 {
  const { params, context } = acc;
  const asOf = bars.closedAt[i]!;
  if (bars.openedAt[i]! < context.session.openAt || asOf > context.session.closeAt) {
    invariant(false, `vwap reclaim: found a bar opened at ${bars.openedAt[i]} outside the session`);
  }
  if (acc.count > 0 && i !== acc.row + 1) {
    invariant(false, `vwap reclaim: found row ${i}, expected ${acc.row + 1}`);
  }
  acc.row = i;
  acc.count += 1;
  const n = acc.count - 1;
  const high = bars.high[i]!;
  const low = bars.low[i]!;
  const vwap = stepVwap(acc.vwap, bars, i);
  acc.atrBefore = acc.atr.value;
  const atr = stepAtr(acc.atr, bars, i);
  const band = bandWidth(vwap, atr, params.band);
  acc.band = band;
  stepOpeningRange(acc.or5, bars, i);
  stepDayFeatures(acc.features, bars, i, vwap, band);
  stepPullback(acc.long, n, high, low, vwap, band, 1, params.excursionBars);
  stepPullback(acc.short, n, low, high, vwap, band, -1, params.excursionBars);
  acc.inWindow = isInWindow(acc.windows, asOf);
  acc.setup = acc.inWindow ? setupAt(acc, bars, i, vwap) : 0;
  if (acc.setup === 0) {
    acc.result = 0;
    return 0;
  }
  const { market, tradingDay } = context.session;
  const close = bars.close[i]!;
  judgeDay(acc, asOf);
  acc.extreme = extremeOf(acc, bars, i, params.pullbackBars);
  placeStop(acc.stop, acc.setup, close, acc.extreme, atr, market, tradingDay, params);
  acc.result = isAllowed(acc, close) ? 1 : 2;
  return acc.result;
}
