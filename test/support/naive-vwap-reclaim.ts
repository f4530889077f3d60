import type { BarColumns } from '#core/market/bar.ts';
import type { DayContext } from '#core/strategies/day-context.ts';
import type { VwapReclaimParams } from '#core/strategies/vwap-reclaim/params.ts';

/**
 * The VWAP reclaim written a second time, straight from its rules: every figure of every bar is
 * computed anew from the whole prefix. Slow and plain, to hold the streaming kernel against.
 * Long side only, gap-free minutes, no blackouts.
 */
export function naiveResults(
  bars: BarColumns,
  context: DayContext,
  params: VwapReclaimParams,
): { result: number; vwap: number; atr: number; dayType: string }[] {
  const length = bars.length;
  const vwaps = Array.from({ length }, (_, i) => vwapAt(bars, i));
  const atrs = Array.from({ length }, (_, i) => atrAt(bars, i, params.atrPeriod));
  const bands = vwaps.map((vwap, i) => {
    const fixed = vwap * params.band.fraction;
    return Number.isNaN(atrs[i]) ? fixed : Math.max(fixed, atrs[i]! * params.band.atrMultiple);
  });
  return vwaps.map((vwap, i) => {
    const dayType = dayTypeAt(bars, i, vwaps, bands, context, params);
    const result = resultAt(bars, i, vwaps, atrs, bands, dayType, context, params);
    return { result, vwap, atr: atrs[i]!, dayType };
  });
}

const rows = (from: number, through: number) =>
  Array.from({ length: Math.max(0, through - from + 1) }, (_, k) => from + k);

function vwapAt(bars: BarColumns, i: number): number {
  const seen = rows(0, i);
  const volume = seen.reduce((sum, j) => sum + bars.volume[j]!, 0);
  const money = seen.reduce(
    (sum, j) => sum + ((bars.high[j]! + bars.low[j]! + bars.close[j]!) / 3) * bars.volume[j]!,
    0,
  );
  return money / volume;
}

function atrAt(bars: BarColumns, i: number, period: number): number {
  const ranges = rows(0, i).map((j) => {
    const own = bars.high[j]! - bars.low[j]!;
    if (j === 0) return own;
    const before = bars.close[j - 1]!;
    return Math.max(own, Math.abs(bars.high[j]! - before), Math.abs(bars.low[j]! - before));
  });
  if (ranges.length < period) return Number.NaN;
  const first = ranges.slice(0, period).reduce((sum, range) => sum + range, 0) / period;
  return ranges.slice(period).reduce((atr, range) => (atr * (period - 1) + range) / period, first);
}

function dayTypeAt(
  bars: BarColumns,
  i: number,
  vwaps: number[],
  bands: number[],
  context: DayContext,
  params: VwapReclaimParams,
): string {
  const { regime } = params;
  const minute = i + 1;
  if (minute < regime.trendFromMinute) return 'undecided';
  const sides: { n: number; side: number }[] = [];
  for (const j of rows(0, i)) {
    const apart = bars.close[j]! - vwaps[j]!;
    if (Math.abs(apart) > bands[j]! * regime.crossDeadZone)
      sides.push({ n: j, side: Math.sign(apart) });
  }
  const crosses = sides.filter(
    ({ n, side }, k) =>
      k > 0 && sides[k - 1]!.side !== side && n + 1 > minute - regime.crossWindowMinutes,
  ).length;
  const counted = rows(regime.shareFromMinute, i);
  const share = counted.filter((j) => bars.close[j]! > vwaps[j]!).length / counted.length;
  const high = Math.max(...rows(0, i).map((j) => bars.high[j]!));
  const low = Math.min(...rows(0, i).map((j) => bars.low[j]!));
  const orHigh = Math.max(...rows(0, 14).map((j) => bars.high[j]!));
  const orLow = Math.min(...rows(0, 14).map((j) => bars.low[j]!));
  const places = rows(15, i).map((j) => {
    if (bars.close[j]! > orHigh) return 1;
    return bars.close[j]! < orLow ? -1 : 0;
  });
  const breaks = (side: number) =>
    places.filter((place, k) => place === side && (k === 0 || places[k - 1] === 0)).length;
  const lastOther = places.findLastIndex((place) => place !== places.at(-1));
  const cameFromInside = lastOther < 0 || places[lastOther] === 0;
  const held = cameFromInside ? (places.at(-1) ?? 0) : 0;
  const passed = minute / 390;
  const isWide =
    context.atr20d !== null &&
    (high - low) / context.atr20d >= regime.trendRangeFactor * Math.sqrt(passed);
  if (crosses <= regime.trendMaxCrosses) {
    if (share >= regime.trendShareUp && (isWide || held > 0)) return 'trend_up';
    if (share <= regime.trendShareDown && (isWide || held < 0)) return 'trend_down';
  }
  if (minute < regime.rangeFromMinute) return 'undecided';
  if (crosses >= regime.rangeMinCrosses) return 'range';
  const isMiddling = share >= regime.rangeShareLow && share <= regime.rangeShareHigh;
  return isMiddling && breaks(1) >= 1 && breaks(-1) >= 1 ? 'range' : 'undecided';
}

function resultAt(
  bars: BarColumns,
  i: number,
  vwaps: number[],
  atrs: number[],
  bands: number[],
  dayType: string,
  context: DayContext,
  params: VwapReclaimParams,
): number {
  const minute = i + 1;
  const isInWindow = (minute >= 15 && minute < 90) || (minute >= 240 && minute < 360);
  if (!isInWindow || i < 1) return 0;
  const close = bars.close[i]!;
  if (close <= vwaps[i]! || close <= bars.high[i - 1]!) return 0;
  const isExcursion = (j: number) => bars.high[j]! - vwaps[j]! >= bands[j]!;
  const isTouch = (j: number) => Math.abs(bars.low[j]! - vwaps[j]!) <= bands[j]!;
  const last = rows(Math.max(0, i - params.pullbackBars + 1), i);
  const hasPullback = last.some(
    (j) => isTouch(j) && rows(Math.max(0, j - params.excursionBars), j - 1).some(isExcursion),
  );
  if (!hasPullback) return 0;
  const pullbackLow = Math.min(...last.map((j) => bars.low[j]!));
  const cents = (price: number) => Math.floor(Math.round(price * 1e8) / 1e6) / 100;
  let stop = cents(pullbackLow - Math.max(0.01, params.stopAtrMultiple * atrs[i]!));
  if (close - stop < close * params.stopMinFraction) {
    stop = cents(close * (1 - params.stopMinFraction));
  }
  const isRefused =
    ['range', 'trend_down'].includes(dayType) ||
    context.ma20 === null ||
    close <= context.ma20 ||
    context.atr20d === null ||
    close - stop > params.stopMaxAtr20d * context.atr20d ||
    Number.isNaN(atrs[i]!);
  return isRefused ? 2 : 1;
}
