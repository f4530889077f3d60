import type { Check } from '#core/gates/gate.ts';
import { allPassed } from '#core/gates/gate.ts';
import type { Reason } from '#core/gates/reason.ts';
import { reason } from '#core/gates/reason.ts';
import { checkFigure } from '#core/gates/sentiment.ts';
import type { Figure, Origin } from '#core/indicators/figure.ts';
import { figure, noFigure, note } from '#core/indicators/figure.ts';
import { relativeChange } from '#core/lib/stats.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Session } from '#core/market/session.ts';
import { sessionMinutes } from '#core/market/session.ts';
import { tradingMillisBetween } from '#core/market/trading-time.ts';
import type { BuyPointParams } from './params.ts';

const MINUTE_MS = 60_000;

/**
 * Closed intraday bars of one stock and one day, oldest first: `closedAt` epoch milliseconds,
 * volume in shares, turnover in yuan. A bar may be used from its `closedAt` on.
 */
export type IntradayBars = {
  /** Open of the session the bars belong to. */
  readonly openAt: number;
  /** Length of a bar: 1 or 5 live, 15 in some recordings. */
  readonly barMinutes: number;
  readonly closedAt: Float64Array;
  readonly volume: Float64Array;
  readonly turnover: Float64Array;
};

/** What the buy point of one stock is judged from at one minute. */
export type BuyPointLook = {
  readonly instrument: InstrumentId;
  readonly origin: Origin;
  readonly last: number;
  /** Highest price of the day so far. */
  readonly dayHigh: number;
  /** Turnover (yuan) and volume (shares) of the day so far; NaN unknown. */
  readonly dayTurnover: number;
  readonly dayVolume: number;
  /** Bars of today; null when they are missing. */
  readonly today: IntradayBars | null;
  /** Bars of earlier trading days, in any order; those not before today are left out. */
  readonly earlier: readonly IntradayBars[];
  /** Whole volumes of the last trading days, newest last, for the fallback. */
  readonly earlierVolumes: readonly number[];
};

/** A judged buy point. `isExecutable` false: a figure is missing, the stock cannot be bought now. */
export type BuyPoint = {
  readonly instrument: InstrumentId;
  readonly at: number;
  readonly passed: boolean;
  readonly isExecutable: boolean;
  readonly degraded: boolean;
  readonly last: number;
  readonly vwap: Figure;
  readonly volumeRatio: Figure;
  readonly checks: readonly Check[];
  readonly reasons: readonly Reason[];
};

function isPositive(value: number): boolean {
  return value > 0 && Number.isFinite(value);
}

/** Session VWAP: turnover over volume of today's closed bars, else of the day's totals (degraded). */
function vwapOf(look: BuyPointLook, at: number): Figure {
  const { today, origin } = look;
  let turnover = 0;
  let volume = 0;
  if (today !== null) {
    for (let i = 0; i < today.closedAt.length && today.closedAt[i]! <= at; i += 1) {
      turnover += today.turnover[i]!;
      volume += today.volume[i]!;
    }
  }
  if (isPositive(turnover / volume)) {
    return figure('session_vwap', turnover / volume, 'cny', origin);
  }
  const byDay = look.dayTurnover / look.dayVolume;
  return isPositive(byDay)
    ? figure('session_vwap', byDay, 'cny', { ...origin, degraded: true }, note('day_totals'))
    : noFigure('session_vwap', 'cny', origin, note('no_data'));
}

/** Volume of the bars that close within `(from, through]` after the open; NaN when none does. */
function volumeWithin(bars: IntradayBars, from: number, through: number): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < bars.closedAt.length; i += 1) {
    const after = bars.closedAt[i]! - bars.openAt;
    if (after <= from || after > through) continue;
    sum += bars.volume[i]!;
    count += 1;
  }
  return count === 0 ? Number.NaN : sum;
}

/**
 * Volume of the last minutes over its mean at the same time of the last days. Bars longer than the
 * window widen it to one bar (degraded). Without enough bars: today's volume so far against the
 * days' mean volume, scaled by the share of the session that has passed (degraded).
 */
function volumeRatioOf(
  look: BuyPointLook,
  session: Session,
  at: number,
  params: BuyPointParams,
): Figure {
  const { today, origin } = look;
  const byBars = today === null ? null : ratioByBars(look, today, at, params);
  if (byBars !== null) return byBars;
  const days = look.earlierVolumes.filter((volume) => volume > 0).slice(-params.volumeDays);
  const mean = days.reduce((sum, volume) => sum + volume, 0) / days.length;
  const passed = tradingMillisBetween(session, session.openAt, at) / MINUTE_MS;
  const usual = (mean * passed) / sessionMinutes(session);
  const ratio = look.dayVolume / usual;
  if (days.length < params.volumeDays || !(usual > 0) || !Number.isFinite(ratio)) {
    return noFigure(
      'volume_ratio',
      'ratio',
      origin,
      note('history_short', { days: days.length, needed: params.volumeDays }),
    );
  }
  return figure('volume_ratio', ratio, 'ratio', { ...origin, degraded: true }, note('day_totals'));
}

function ratioByBars(
  look: BuyPointLook,
  today: IntradayBars,
  at: number,
  params: BuyPointParams,
): Figure | null {
  let last = -1;
  while (last + 1 < today.closedAt.length && today.closedAt[last + 1]! <= at) last += 1;
  if (last < 0) return null;
  const through = today.closedAt[last]! - today.openAt;
  const minutes = Math.max(params.volumeMinutes, today.barMinutes);
  if (at - today.closedAt[last]! > minutes * MINUTE_MS) return null;
  const from = through - minutes * MINUTE_MS;
  const now = volumeWithin(today, from, through);
  const usual = look.earlier
    .filter((bars) => bars.openAt < today.openAt && bars.barMinutes === today.barMinutes)
    .sort((a, b) => a.openAt - b.openAt)
    .map((bars) => volumeWithin(bars, from, through))
    .filter((volume) => !Number.isNaN(volume))
    .slice(-params.volumeDays);
  const mean = usual.reduce((sum, volume) => sum + volume, 0) / usual.length;
  if (usual.length < params.volumeDays || !(mean > 0)) return null;
  const isCoarse = minutes > params.volumeMinutes;
  const origin = isCoarse ? { ...look.origin, degraded: true } : look.origin;
  const why = isCoarse ? note('coarse_bars', { minutes }) : null;
  return figure('volume_ratio', now / mean, 'ratio', origin, why);
}

function derived(of: Figure, name: string, unit: string, value: number): Figure {
  if (of.value === null || !Number.isFinite(value)) return { ...of, name, unit, value: null };
  return { ...of, name, unit, value };
}

/**
 * Judges the buy point at `at`: price near the session VWAP, volume above its usual, price near the
 * day's high. Bars that close after `at` are not read. A figure that cannot be had makes the stock
 * unexecutable (`intraday_missing`), never silently good.
 */
export function judgeBuyPoint(
  look: BuyPointLook,
  session: Session,
  at: number,
  params: BuyPointParams,
): BuyPoint {
  const { last, dayHigh, origin } = look;
  const vwap = vwapOf(look, at);
  const volumeRatio = volumeRatioOf(look, session, at, params);
  const deviation = derived(
    vwap,
    'vwap_deviation',
    'fraction',
    relativeChange(last, vwap.value ?? Number.NaN),
  );
  const nearHigh =
    isPositive(last) && isPositive(dayHigh)
      ? figure('price_of_day_high', last / Math.max(last, dayHigh), 'fraction', origin)
      : noFigure('price_of_day_high', 'fraction', origin, note('no_data'));
  const low = checkFigure(deviation, '>=', params.vwapDeviationMin, 'vwap_deviation_min');
  const high = checkFigure(deviation, '<=', params.vwapDeviationMax, 'vwap_deviation_max');
  const volume = checkFigure(volumeRatio, '>=', params.volumeRatioMin);
  const near = checkFigure(nearHigh, '>=', params.dayHighMin);
  const checks = [low, high, volume, near];
  const missing = checks.filter((check) => check.value === null);
  const reasons: Reason[] = [];
  if (missing.length > 0) {
    reasons.push(reason('intraday_missing', { figure: missing.map(({ name }) => name).join('|') }));
  }
  const object = (code: 'vwap_deviation' | 'volume_ratio_low' | 'far_from_high', check: Check) => {
    if (check.passed || check.value === null) return;
    reasons.push(reason(code, { value: Number(check.value), threshold: Number(check.threshold) }));
  };
  object('vwap_deviation', low);
  object('vwap_deviation', high);
  object('volume_ratio_low', volume);
  object('far_from_high', near);
  return {
    instrument: look.instrument,
    at,
    passed: allPassed(checks),
    isExecutable: missing.length === 0,
    degraded: checks.some((check) => check.degraded),
    last,
    vwap,
    volumeRatio,
    checks,
    reasons,
  };
}
