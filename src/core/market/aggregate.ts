import type { BarColumns } from './bar.ts';
import { createBarColumns, pushBar } from './bar.ts';
import type { Session } from './session.ts';
import type { TradingDay } from './trading-day.ts';
import { dayOfNumber } from './trading-day.ts';

const DAY_MS = 86_400_000;
/** A day whose last bar closes earlier than this before the close is not complete. */
const TAIL_MS = 15 * 60_000;

/**
 * Minute bars of many days cut by trading day, oldest first; rows are copied. Regular hours of every
 * market here begin and end on one UTC date, which is the exchange's date.
 */
export function splitByDay(bars: BarColumns): Map<TradingDay, BarColumns> {
  const days = new Map<TradingDay, BarColumns>();
  let current: BarColumns | null = null;
  let number = Number.NaN;
  for (let i = 0; i < bars.length; i += 1) {
    const at = Math.floor(bars.openedAt[i]! / DAY_MS);
    if (at !== number || current === null) {
      number = at;
      current = createBarColumns(400);
      days.set(dayOfNumber(at), current);
    }
    pushBar(current, rowOf(bars, i));
  }
  return days;
}

function rowOf(bars: BarColumns, i: number) {
  return {
    openedAt: bars.openedAt[i]!,
    closedAt: bars.closedAt[i]!,
    open: bars.open[i]!,
    high: bars.high[i]!,
    low: bars.low[i]!,
    close: bars.close[i]!,
    volume: bars.volume[i]!,
  };
}

/**
 * The regular-hours daily bar of one day's intraday bars: first open, highest high, lowest low,
 * last close, summed volume, bounded by the session. Bars outside the session are left out. Null
 * when there are none or when the last one closes more than 15 minutes before the session does:
 * half a day has no close.
 */
export function dailyBarOf(bars: BarColumns, session: Session) {
  let first = -1;
  let last = -1;
  let high = Number.NEGATIVE_INFINITY;
  let low = Number.POSITIVE_INFINITY;
  let volume = 0;
  for (let i = 0; i < bars.length; i += 1) {
    if (bars.openedAt[i]! < session.openAt || bars.closedAt[i]! > session.closeAt) continue;
    if (first < 0) first = i;
    last = i;
    high = Math.max(high, bars.high[i]!);
    low = Math.min(low, bars.low[i]!);
    volume += bars.volume[i]!;
  }
  if (last < 0 || bars.closedAt[last]! < session.closeAt - TAIL_MS) return null;
  return {
    openedAt: session.openAt,
    closedAt: session.closeAt,
    open: bars.open[first]!,
    high,
    low,
    close: bars.close[last]!,
    volume,
  };
}

/**
 * Daily bars made from stored intraday bars of the same source, for symbols without a daily
 * series. `sessionOn` gives a day's session or null; such days and incomplete ones are listed in
 * `skipped` and give no bar.
 */
export function dailyBarsOf(
  minutesByDay: ReadonlyMap<TradingDay, BarColumns>,
  sessionOn: (day: TradingDay) => Session | null,
): { readonly bars: BarColumns; readonly skipped: readonly TradingDay[] } {
  const bars = createBarColumns(minutesByDay.size);
  const skipped: TradingDay[] = [];
  for (const day of [...minutesByDay.keys()].sort()) {
    const session = sessionOn(day);
    const bar = session === null ? null : dailyBarOf(minutesByDay.get(day)!, session);
    if (bar === null) skipped.push(day);
    else pushBar(bars, bar);
  }
  return { bars, skipped };
}
