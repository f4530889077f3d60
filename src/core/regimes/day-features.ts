import type { OpeningRange } from '#core/indicators/opening-range.ts';
import { createOpeningRange, stepOpeningRange } from '#core/indicators/opening-range.ts';
import type { MinuteFigure } from '#core/indicators/volume-profile.ts';
import type { BarColumns } from '#core/market/bar.ts';

/**
 * Everything the live day type is judged from, as known at one closed bar. `null` means not known
 * (yet): no OR15 before 9:45, no ATR(20,1d) without history, no share before the first bar after
 * 9:35. Ratios are fractions.
 */
export type RegimeEvidence = {
  /** Closed minutes since the open, 1 at the close of the first bar. */
  readonly minuteOfSession: number;
  /** Sign changes of close − VWAP within the last 60 minutes, dead zone 0.25 band. */
  readonly vwapCrossCount: number;
  /** Share of closed bars since 9:35 whose close is above VWAP. */
  readonly pctTimeAboveVwap: number | null;
  /** High − low of the first 15 minutes, in price. */
  readonly orWidth: number | null;
  /** The same over ATR(20,1d). */
  readonly orWidthAtr: number | null;
  /** (high − low so far) / ATR(20,1d). */
  readonly rangeAtr: number | null;
  /** rangeAtr that a trend needs at this time of day: 0.6 × √(share of the session passed). */
  readonly rangeAtrNeeded: number;
  /** Volume 9:30–10:30 so far / mean of the same minutes of up to 20 days, same source. */
  readonly earlyVolumeRatio: number | null;
  /** Closes above OR15 after having been inside. */
  readonly orBreaksUp: number;
  /** Closes below OR15 after having been inside. */
  readonly orBreaksDown: number;
  /** Side of an OR15 break that no later close has gone back inside of. */
  readonly orBreakHeld: 'up' | 'down' | 'none';
  /** Name of the blackout this bar lies in. */
  readonly event: string | null;
};

/** Thresholds of the live day type (all are settings). Minutes count from the open. */
export type RegimeParams = {
  /** First minute whose bars count for pctTimeAboveVwap (9:35). */
  readonly shareFromMinute: number;
  readonly crossWindowMinutes: number;
  /** Closes within this many bands of VWAP keep the last side. */
  readonly crossDeadZone: number;
  /** A trend is not named before this minute (10:00). */
  readonly trendFromMinute: number;
  readonly trendShareUp: number;
  readonly trendShareDown: number;
  readonly trendMaxCrosses: number;
  /** rangeAtr needed = this × √(share of the session passed). */
  readonly trendRangeFactor: number;
  /** A range is not named before this minute (10:15). */
  readonly rangeFromMinute: number;
  readonly rangeMinCrosses: number;
  readonly rangeShareLow: number;
  readonly rangeShareHigh: number;
  readonly rangeMinBreaks: number;
};

/** Values of the specification of the intraday desk. */
export const DEFAULT_REGIME: RegimeParams = {
  shareFromMinute: 5,
  crossWindowMinutes: 60,
  crossDeadZone: 0.25,
  trendFromMinute: 30,
  trendShareUp: 0.8,
  trendShareDown: 0.2,
  trendMaxCrosses: 3,
  trendRangeFactor: 0.6,
  rangeFromMinute: 45,
  rangeMinCrosses: 6,
  rangeShareLow: 0.35,
  rangeShareHigh: 0.65,
  rangeMinBreaks: 1,
};

const MINUTE_MS = 60_000;
const EARLY_MINUTES = 60;

/** Running features of one session. Numbers only; NaN is "not known". */
export type DayFeatures = {
  readonly params: RegimeParams;
  readonly openAt: number;
  readonly closeAt: number;
  /** ATR(20,1d) ending the day before, NaN when unknown. */
  readonly atr20d: number;
  /** Mean volume from the open through each minute, null when unknown. */
  readonly meanVolumeSoFar: MinuteFigure | null;
  readonly or15: OpeningRange;
  high: number;
  low: number;
  /** Side of the last close beyond the dead zone: 1, −1, or 0 before the first. */
  side: number;
  /** Close instants of the crosses, a ring; `crosses` of them have happened in all. */
  readonly crossedAt: Float64Array;
  crosses: number;
  closes: number;
  closesAbove: number;
  earlyVolume: number;
  earlyMinute: number;
  breaksUp: number;
  breaksDown: number;
  /** Where the last close lay: 1 above OR15, −1 below, 0 inside. */
  place: number;
  /** Side of a break nothing has come back from: 1, −1 or 0. */
  held: number;
};

/** What features need to know before the first bar. */
export type DayFeaturesContext = {
  readonly openAt: number;
  readonly closeAt: number;
  readonly atr20d: number | null;
  readonly meanVolumeSoFar: MinuteFigure | null;
};

/** Features before the first bar of a session. */
export function createDayFeatures(context: DayFeaturesContext, params: RegimeParams): DayFeatures {
  return {
    params,
    openAt: context.openAt,
    closeAt: context.closeAt,
    atr20d: context.atr20d ?? Number.NaN,
    meanVolumeSoFar: context.meanVolumeSoFar,
    or15: createOpeningRange(context.openAt, 15),
    high: Number.NEGATIVE_INFINITY,
    low: Number.POSITIVE_INFINITY,
    side: 0,
    crossedAt: new Float64Array(Math.max(1, params.crossWindowMinutes)),
    crosses: 0,
    closes: 0,
    closesAbove: 0,
    earlyVolume: 0,
    earlyMinute: -1,
    breaksUp: 0,
    breaksDown: 0,
    place: 0,
    held: 0,
  };
}

function stepCrosses(acc: DayFeatures, closedAt: number, distance: number, band: number): void {
  const dead = band * acc.params.crossDeadZone;
  const side = distance > dead ? 1 : distance < -dead ? -1 : acc.side;
  if (acc.side !== 0 && side !== acc.side) {
    acc.crossedAt[acc.crosses % acc.crossedAt.length] = closedAt;
    acc.crosses += 1;
  }
  acc.side = side;
}

function stepBreaks(acc: DayFeatures, close: number): void {
  const place = close > acc.or15.high ? 1 : close < acc.or15.low ? -1 : 0;
  if (place === acc.place) return;
  if (acc.place === 0 && place === 1) acc.breaksUp += 1;
  if (acc.place === 0 && place === -1) acc.breaksDown += 1;
  acc.held = acc.place === 0 ? place : 0;
  acc.place = place;
}

/** Takes bar `i` in, with session VWAP and band at its close. */
export function stepDayFeatures(
  acc: DayFeatures,
  bars: BarColumns,
  i: number,
  vwap: number,
  band: number,
): void {
  const close = bars.close[i]!;
  const openedAt = bars.openedAt[i]!;
  const wasKnown = acc.or15.known;
  if (bars.high[i]! > acc.high) acc.high = bars.high[i]!;
  if (bars.low[i]! < acc.low) acc.low = bars.low[i]!;
  stepOpeningRange(acc.or15, bars, i);
  stepCrosses(acc, bars.closedAt[i]!, close - vwap, band);
  if (openedAt >= acc.openAt + acc.params.shareFromMinute * MINUTE_MS) {
    acc.closes += 1;
    if (close > vwap) acc.closesAbove += 1;
  }
  const minute = Math.floor((openedAt - acc.openAt) / MINUTE_MS);
  if (minute < EARLY_MINUTES) {
    acc.earlyVolume += bars.volume[i]!;
    acc.earlyMinute = minute;
  }
  if (wasKnown || (acc.or15.known && bars.closedAt[i]! > acc.or15.endAt)) stepBreaks(acc, close);
}

/** Crosses whose bar closed within the window that ends at `asOf`. */
export function crossesWithin(acc: DayFeatures, asOf: number): number {
  const from = asOf - acc.params.crossWindowMinutes * MINUTE_MS;
  const size = acc.crossedAt.length;
  const kept = Math.min(acc.crosses, size);
  let count = 0;
  for (let back = 1; back <= kept; back += 1) {
    if (acc.crossedAt[(acc.crosses - back) % size]! <= from) break;
    count += 1;
  }
  return count;
}

/** Share of closes above VWAP; NaN before the first that counts. */
export function shareAbove(acc: DayFeatures): number {
  return acc.closesAbove / acc.closes;
}

/** rangeAtr a trend needs at `asOf`. */
export function rangeAtrNeeded(acc: DayFeatures, asOf: number): number {
  const passed = (asOf - acc.openAt) / (acc.closeAt - acc.openAt);
  return acc.params.trendRangeFactor * Math.sqrt(Math.max(0, passed));
}

function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** The evidence at `asOf`, the close of the last bar taken in; `event` names a blackout or is null. */
export function regimeEvidenceOf(
  acc: DayFeatures,
  asOf: number,
  event: string | null,
): RegimeEvidence {
  const width = acc.or15.known ? acc.or15.high - acc.or15.low : Number.NaN;
  const usual = acc.earlyMinute < 0 ? Number.NaN : (acc.meanVolumeSoFar?.(acc.earlyMinute) ?? NaN);
  return {
    minuteOfSession: Math.round((asOf - acc.openAt) / MINUTE_MS),
    vwapCrossCount: crossesWithin(acc, asOf),
    pctTimeAboveVwap: known(shareAbove(acc)),
    orWidth: known(width),
    orWidthAtr: known(width / acc.atr20d),
    rangeAtr: known((acc.high - acc.low) / acc.atr20d),
    rangeAtrNeeded: rangeAtrNeeded(acc, asOf),
    earlyVolumeRatio: known(acc.earlyVolume / usual),
    orBreaksUp: acc.breaksUp,
    orBreaksDown: acc.breaksDown,
    orBreakHeld: acc.held > 0 ? 'up' : acc.held < 0 ? 'down' : 'none',
    event,
  };
}
