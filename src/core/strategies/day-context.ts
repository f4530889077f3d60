import type { Blackout } from '#core/gates/event-window.ts';
import { atrOver } from '#core/indicators/atr.ts';
import { simpleMovingAverage } from '#core/indicators/moving-average.ts';
import type { MinuteFigure, ProfileDay } from '#core/indicators/volume-profile.ts';
import { PROFILE_MAX_DAYS, volumeProfileOf } from '#core/indicators/volume-profile.ts';
import { relativeChange } from '#core/lib/stats.ts';
import type { BarColumns } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Session } from '#core/market/session.ts';
import { instantAt, sessionMinutes, wallTimeOf } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { dayNumber } from '#core/market/trading-day.ts';

/** Daily bars the moving average and the daily ATR need: the 20 trading days before the session. */
export const CONTEXT_DAYS = 20;
/**
 * Most daily bars the ATR is run over. Wilder's average never forgets; with a fixed run-in it does
 * not depend on how much older history happens to be stored (0.95^230 ≈ 7.5e-6 of the seed is left).
 */
const ATR_RUN_IN_DAYS = 250;
const DAY_MS = 86_400_000;

/**
 * What is known of an instrument before its session opens. `null` is unknown and never assumed.
 * Volume figures are asked by minute of the session, 0 the first, of the same source as the bars.
 */
export type DayContext = {
  readonly instrument: InstrumentId;
  readonly session: Session;
  /** Mean of the last 20 daily closes, ending the day before. */
  readonly ma20: number | null;
  /** Wilder ATR(20) of daily bars, ending the day before. */
  readonly atr20d: number | null;
  readonly previousClose: number | null;
  /** Median volume of each minute over up to 20 earlier days. */
  readonly usualVolume: MinuteFigure | null;
  /** Median of the five minutes that end with each minute. */
  readonly usualVolume5m: MinuteFigure | null;
  /** Mean volume from the open through each minute. */
  readonly meanVolumeSoFar: MinuteFigure | null;
  readonly blackouts: readonly Blackout[];
};

/** What a context is built from. Nothing of the session's own day or later is read. */
export type DayContextInput = {
  readonly instrument: InstrumentId;
  readonly session: Session;
  /** Daily bars, oldest first, split-adjusted. */
  readonly dailyBars: BarColumns;
  /** Intraday bars of earlier days of the same source. */
  readonly minuteHistory: ReadonlyMap<TradingDay, BarColumns>;
  /**
   * The 20 trading days before the session by the calendar, oldest first; null when it does not
   * reach so far back. Every one must have its daily bar, or MA20 and ATR20 are unknown.
   */
  readonly priorDays: readonly TradingDay[] | null;
  readonly blackouts: readonly Blackout[];
};

/** Index after the last daily bar that had closed when the session opened. */
function endBefore(dailyBars: BarColumns, openAt: number): number {
  let end = dailyBars.length;
  while (end > 0 && dailyBars.closedAt[end - 1]! > openAt) end -= 1;
  return end;
}

/** True when the daily bars that end before `end` are exactly those of `priorDays`. */
function coversDays(
  dailyBars: BarColumns,
  end: number,
  priorDays: readonly TradingDay[] | null,
): boolean {
  if (priorDays === null || priorDays.length < CONTEXT_DAYS || end < priorDays.length) return false;
  for (let k = 0; k < priorDays.length; k += 1) {
    const openedAt = dailyBars.openedAt[end - priorDays.length + k]!;
    if (Math.floor(openedAt / DAY_MS) !== dayNumber(priorDays[k]!)) return false;
  }
  return true;
}

function profileDays(history: ReadonlyMap<TradingDay, BarColumns>, session: Session): ProfileDay[] {
  const openTime = wallTimeOf(session.openAt, session.zone).time;
  const days: TradingDay[] = [];
  let isInOrder = true;
  for (const day of history.keys()) {
    if (day >= session.tradingDay) continue;
    if (days.length > 0 && day < days[days.length - 1]!) isInOrder = false;
    days.push(day);
  }
  if (!isInOrder) days.sort();
  return days
    .slice(-PROFILE_MAX_DAYS)
    .map((day) => ({ bars: history.get(day)!, openAt: instantAt(day, openTime, session.zone) }));
}

/**
 * Context of one instrument's session. MA20 and ATR20 are null unless the daily bars of all of
 * `priorDays` are there; `previousClose` is null unless the last of them is. Volume figures are
 * null below five earlier days.
 */
export function buildDayContext(input: DayContextInput): DayContext {
  const { instrument, session, dailyBars, minuteHistory, priorDays, blackouts } = input;
  const end = endBefore(dailyBars, session.openAt);
  const isCovered = coversDays(dailyBars, end, priorDays);
  const lastDay = priorDays?.at(-1) ?? null;
  const hasLast = lastDay !== null && coversLast(dailyBars, end, lastDay);
  const start = Math.max(0, end - ATR_RUN_IN_DAYS);
  const profile = volumeProfileOf(profileDays(minuteHistory, session), sessionMinutes(session));
  return {
    instrument,
    session,
    ma20: isCovered ? simpleMovingAverage(dailyBars.close, end, CONTEXT_DAYS) : null,
    atr20d: isCovered ? atrOver(dailyBars, start, end, CONTEXT_DAYS) : null,
    previousClose: hasLast ? dailyBars.close[end - 1]! : null,
    usualVolume: profile?.usual ?? null,
    usualVolume5m: profile?.usual5m ?? null,
    meanVolumeSoFar: profile?.meanSoFar ?? null,
    blackouts,
  };
}

/** Days whose returns two names are compared by. Source: centaur.md, "Several desks, one person". */
export const RETURN_DAYS = 60;

/**
 * Daily returns of the last 60 trading days before the session, oldest first: close over close before,
 * less 1. `days` are the 61 trading days before it by the calendar; null unless each has its daily bar.
 */
export function dailyReturns(
  dailyBars: BarColumns,
  openAt: number,
  days: readonly TradingDay[] | null,
): readonly number[] | null {
  const end = endBefore(dailyBars, openAt);
  if (days?.length !== RETURN_DAYS + 1 || !coversDays(dailyBars, end, days)) return null;
  const closes = dailyBars.close.slice(end - days.length, end);
  return Array.from(closes.subarray(1), (close, i) => relativeChange(close, closes[i]!));
}

function coversLast(dailyBars: BarColumns, end: number, day: TradingDay): boolean {
  return end > 0 && Math.floor(dailyBars.openedAt[end - 1]! / DAY_MS) === dayNumber(day);
}
