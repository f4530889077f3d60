import { blackoutAt } from '#core/gates/event-window.ts';
import { type Check, passes } from '#core/gates/gate.ts';
import type { Reason } from '#core/gates/reason.ts';
import { reason } from '#core/gates/reason.ts';
import type { OpeningRange } from '#core/indicators/opening-range.ts';
import { invariant } from '#core/lib/assert.ts';
import type { BarColumns } from '#core/market/bar.ts';
import type { RegimeEvidence } from '#core/regimes/day-features.ts';
import { crossesWithin, regimeEvidenceOf } from '#core/regimes/day-features.ts';
import type { Evaluation, Signal } from '#core/strategies/strategy.ts';
import type { VwapReclaimAcc } from './strategy.ts';
import { judgeDay, VWAP_RECLAIM } from './strategy.ts';

const MINUTE_MS = 60_000;

function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function rangeOf(range: OpeningRange): { high: number; low: number } | null {
  return range.known ? { high: range.high, low: range.low } : null;
}

/** Rules that refused the setup at the last bar, with the figures that decided. */
function refusalsOf(
  acc: VwapReclaimAcc,
  close: number,
  asOf: number,
  event: string | null,
): Reason[] {
  if (acc.result !== 2) return [];
  const { params, context, setup, dayType, stop } = acc;
  const found: Reason[] = [];
  const missing: string[] = [];
  if (params.isMa20Required && context.ma20 === null) missing.push('ma20');
  if (context.atr20d === null) missing.push('atr20d');
  if (Number.isNaN(acc.atr.value)) missing.push('atr14_1m');
  if (missing.length > 0) found.push(reason('warmup_incomplete', { missing: missing.join(' ') }));
  if (acc.isEventRefused) found.push(reason('day_type_event', { event: event ?? 'event' }));
  if (dayType === 'range') found.push(reason('day_type_range', regimeFigures(acc, asOf)));
  if (setup > 0 && dayType === 'trend_down') {
    found.push(reason('day_type_trend_down', regimeFigures(acc, asOf)));
  }
  if (setup < 0 && dayType === 'trend_up') {
    found.push(reason('day_type_trend_up', regimeFigures(acc, asOf)));
  }
  if (params.isMa20Required && context.ma20 !== null && !((close - context.ma20) * setup > 0)) {
    const code = setup > 0 ? 'below_ma20' : 'above_ma20';
    found.push(reason(code, { close, ma20: context.ma20 }));
  }
  if (context.atr20d !== null && stop.distance > params.stopMaxAtr20d * context.atr20d) {
    found.push(
      reason('stop_too_wide', {
        close,
        stop: stop.price,
        distance: stop.distance,
        widest: params.stopMaxAtr20d * context.atr20d,
        atr20d: context.atr20d,
      }),
    );
  }
  return found;
}

function regimeFigures(acc: VwapReclaimAcc, asOf: number): Record<string, number> {
  const { features } = acc;
  return {
    vwapCrossCount: crossesWithin(features, asOf),
    pctTimeAboveVwap: features.closesAbove / features.closes,
    orBreaksUp: features.breaksUp,
    orBreaksDown: features.breaksDown,
  };
}

function checksOf(acc: VwapReclaimAcc, bars: BarColumns, i: number): Check[] {
  const { params, context } = acc;
  const isLong = acc.setup >= 0;
  const asOf = bars.closedAt[i]!;
  const close = bars.close[i]!;
  const pullback = isLong ? acc.long : acc.short;
  const beyond = isLong ? '>' : '<';
  const before = acc.count < 2 ? null : isLong ? bars.high[i - 1]! : bars.low[i - 1]!;
  const check = (
    name: string,
    value: Check['value'],
    operator: Check['operator'],
    threshold: Check['threshold'],
    unit: string,
    source = 'bars_1m',
  ): Check => {
    const passed = passes(value, operator, threshold);
    return { name, value, operator, threshold, unit, source, asOf, passed, degraded: false };
  };
  const trend = isLong ? 'trend_down' : 'trend_up';
  const isEventPassed = acc.dayType === 'event' && !acc.isEventRefused;
  const refused = isEventPassed ? `range|${trend}` : `event|range|${trend}`;
  const checks = [
    check('in_window', acc.inWindow, '==', true, '', 'clock'),
    check('day_type', acc.dayType, 'not_in', refused, ''),
    check('close_beyond_vwap', close, beyond, known(acc.vwap.value), 'price'),
    check('close_beyond_previous_bar', close, beyond, before, 'price'),
    check(
      'pullback_age',
      pullback.touch < 0 ? null : acc.count - 1 - pullback.touch,
      '<',
      params.pullbackBars,
      'bars',
    ),
  ];
  if (params.isMa20Required) {
    checks.push(check('close_beyond_ma20', close, beyond, context.ma20, 'price', 'bars_1d'));
  }
  if (acc.setup !== 0) {
    const { atr20d } = context;
    const widest = atr20d === null ? null : params.stopMaxAtr20d * atr20d;
    checks.push(check('stop_distance', acc.stop.distance, '<=', widest, 'price', 'bars_1d'));
  }
  return checks;
}

/** The abnormal-minute breaker at the last bar; unknown usual volume does not excuse the range. */
function abnormalOf(acc: VwapReclaimAcc, bars: BarColumns, i: number): Evaluation['abnormal'] {
  const rangeOverAtr = (bars.high[i]! - bars.low[i]!) / acc.atrBefore;
  if (!(rangeOverAtr > acc.params.abnormalRangeAtr)) return null;
  const minute = minuteIndex(acc, bars.openedAt[i]!);
  const usual = known(acc.context.usualVolume?.(minute) ?? Number.NaN);
  const volumeOverUsual = usual === null || usual === 0 ? null : bars.volume[i]! / usual;
  if (volumeOverUsual !== null && volumeOverUsual <= acc.params.abnormalVolume) return null;
  return { rangeOverAtr, volumeOverUsual };
}

function minuteIndex(acc: VwapReclaimAcc, openedAt: number): number {
  return Math.floor((openedAt - acc.context.session.openAt) / MINUTE_MS);
}

function signalOf(
  acc: VwapReclaimAcc,
  bars: BarColumns,
  i: number,
  checks: readonly Check[],
  evidence: RegimeEvidence,
): Signal | null {
  if (acc.result !== 1) return null;
  return {
    strategy: VWAP_RECLAIM,
    instrument: acc.context.instrument,
    side: acc.setup > 0 ? 'long' : 'short',
    asOf: bars.closedAt[i]!,
    referencePrice: bars.close[i]!,
    pullbackLow: acc.extreme,
    stop: acc.stop.price,
    stopWidened: acc.stop.isWidened,
    dayType: acc.dayType,
    checks,
    evidence,
  };
}

/** Lowest low, highest high and volume of the last five minutes (by the clock, not by count). */
function lastFive(acc: VwapReclaimAcc, bars: BarColumns, i: number) {
  const from = bars.closedAt[i]! - 5 * MINUTE_MS;
  let low = bars.low[i]!;
  let high = bars.high[i]!;
  let volume = 0;
  for (let j = i; j > i - acc.count && bars.openedAt[j]! >= from; j -= 1) volume += bars.volume[j]!;
  for (let j = i; j > i - Math.min(5, acc.count); j -= 1) {
    low = Math.min(low, bars.low[j]!);
    high = Math.max(high, bars.high[j]!);
  }
  return { low, high, volume };
}

/**
 * The evaluation at row `i`, which must be the last one taken in by `stepVwapReclaim`. Until any
 * volume has traded VWAP is given as the close and no rule that needs it passes.
 */
export function evaluationOf(acc: VwapReclaimAcc, bars: BarColumns, i: number): Evaluation {
  invariant(i === acc.row, `evaluation: found row ${i}, expected ${acc.row}`);
  const { context } = acc;
  const asOf = bars.closedAt[i]!;
  const close = bars.close[i]!;
  const blackout = blackoutAt(context.blackouts, asOf);
  const dayType = judgeDay(acc, asOf);
  const evidence = regimeEvidenceOf(acc.features, asOf, blackout?.name ?? null);
  const checks = checksOf(acc, bars, i);
  const five = lastFive(acc, bars, i);
  const minute = minuteIndex(acc, bars.openedAt[i]!);
  return {
    instrument: context.instrument,
    asOf,
    minuteOfSession: evidence.minuteOfSession,
    bar: {
      open: bars.open[i]!,
      high: bars.high[i]!,
      low: bars.low[i]!,
      close,
      volume: bars.volume[i]!,
    },
    vwap: known(acc.vwap.value) ?? close,
    band: known(acc.band) ?? close * acc.params.band.fraction,
    atr1m: known(acc.atr.value),
    lowestLow5: five.low,
    highestHigh5: five.high,
    or5: rangeOf(acc.or5),
    or15: rangeOf(acc.features.or15),
    volume5m: five.volume,
    usualVolume5m: known(context.usualVolume5m?.(minute) ?? Number.NaN),
    regime: { kind: 'live', dayType, evidence },
    inWindow: acc.inWindow,
    signal: signalOf(acc, bars, i, checks, evidence),
    refusals: refusalsOf(acc, close, asOf, blackout?.name ?? null),
    checks,
    abnormal: abnormalOf(acc, bars, i),
  };
}
