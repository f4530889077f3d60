import type { CalendarTable } from './calendar.ts';
import { nextTradingDay } from './calendar.ts';
import type { TradingDay } from './trading-day.ts';
import { dayNumber } from './trading-day.ts';

/** Days the market is closed between `day` and the next trading day; null when that is not known. */
export function closedDaysAfter(calendar: CalendarTable, day: TradingDay): number | null {
  const next = nextTradingDay(calendar, day);
  return next === null ? null : dayNumber(next) - dayNumber(day) - 1;
}

/**
 * True when trading day `day` is one of the last `sessions` ones before a closure of more than
 * `days` calendar days; null when the calendar does not reach far enough to tell. An ordinary
 * weekend closes for 2 days.
 */
export function isBeforeClosure(
  calendar: CalendarTable,
  day: TradingDay,
  sessions: number,
  days: number,
): boolean | null {
  let at: TradingDay | null = day;
  for (let k = 0; k < sessions; k += 1) {
    const closed: number | null = at === null ? null : closedDaysAfter(calendar, at);
    if (at === null || closed === null) return null;
    if (closed > days) return true;
    at = nextTradingDay(calendar, at);
  }
  return false;
}
