import type { BarColumns } from './bar.ts';
import { createBarColumns, pushBar } from './bar.ts';
import type { Session } from './session.ts';
import type { TradingDay } from './trading-day.ts';
import { dayOfNumber } from './trading-day.ts';

const DAY_MS = 86_400_000;
/** A day whose last bar closes earlier than this before the close is not complete. */
const TAIL_MS = 15 * 60_000;

/**
 * Minute bars of many days cut by trading day, oldest first. The columns of a day are views of the
 * given ones, full to their capacity: a bar pushed to a day moves that day to columns of its own.
 * Regular hours of every market here begin and end on one UTC date, which is the exchange's date.
 */
export function splitByDay(bars: BarColumns): Map<TradingDay, BarColumns> {
  const days = new Map<TradingDay, BarColumns>();
  for (let start = 0; start < bars.length; ) {
    const number = Math.floor(bars.openedAt[start]! / DAY_MS);
    const nextDayAt = (number + 1) * DAY_MS;
    let end = start + 1;
    while (end < bars.length && bars.openedAt[end]! < nextDayAt) end += 1;
    days.set(dayOfNumber(number), viewOf(bars, start, end));
    start = end;
  }
  return days;
}

function viewOf(bars: BarColumns, start: number, end: number): BarColumns {
  return {
    length: end - start,
    openedAt: bars.openedAt.subarray(start, end),
    closedAt: bars.closedAt.subarray(start, end),
    open: bars.open.subarray(start, end),
    high: bars.high.subarray(start, end),
    low: bars.low.subarray(start, end),
    close: bars.close.subarray(start, end),
    volume: bars.volume.subarray(start, end),
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
