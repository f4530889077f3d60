import { invariant } from '#core/lib/assert.ts';
import type { Market } from './instrument.ts';
import type { Session } from './session.ts';
import { instantAt } from './session.ts';
import type { TradingDay } from './trading-day.ts';
import { addCalendarDays, isTradingDayText, weekdayOf } from './trading-day.ts';

/**
 * Trading days of a market as written down: every weekday within the validity is a session unless
 * it is a holiday. Wall times `HH:MM` in `zone`. Outside the validity nothing is known.
 */
export type CalendarTable = {
  readonly market: Market;
  readonly zone: string;
  readonly validFrom: TradingDay;
  readonly validThrough: TradingDay;
  readonly regularOpen: string;
  readonly regularClose: string;
  readonly holidays: readonly TradingDay[];
  readonly earlyCloses: Readonly<Record<TradingDay, string>>;
  readonly breaks: readonly { readonly from: string; readonly to: string }[];
  readonly source: string;
};

/** What a calendar says of a day. `unknown` is never a trading day. */
export type CalendarAnswer =
  | { readonly kind: 'session'; readonly session: Session }
  | { readonly kind: 'closed'; readonly reason: 'weekend' | 'holiday' }
  | { readonly kind: 'unknown'; readonly reason: 'outside_calendar' };

function isClosed(table: CalendarTable, day: TradingDay): 'weekend' | 'holiday' | null {
  if (weekdayOf(day) >= 6) return 'weekend';
  return table.holidays.includes(day) ? 'holiday' : null;
}

function isWithin(table: CalendarTable, day: TradingDay): boolean {
  return isTradingDayText(day) && day >= table.validFrom && day <= table.validThrough;
}

/** Session of `day`, or why there is none. A day outside the validity, or no date, is unknown. */
export function sessionOn(table: CalendarTable, day: TradingDay): CalendarAnswer {
  if (!isWithin(table, day)) return { kind: 'unknown', reason: 'outside_calendar' };
  const closed = isClosed(table, day);
  if (closed !== null) return { kind: 'closed', reason: closed };
  const early = table.earlyCloses[day];
  const close = early ?? table.regularClose;
  const { market, zone } = table;
  const breaks = table.breaks
    .filter((pause) => pause.from < close)
    .map((pause) => ({
      fromAt: instantAt(day, pause.from, zone),
      toAt: Math.min(instantAt(day, pause.to, zone), instantAt(day, close, zone)),
    }));
  const session: Session = {
    market,
    tradingDay: day,
    zone,
    openAt: instantAt(day, table.regularOpen, zone),
    closeAt: instantAt(day, close, zone),
    isEarlyClose: early !== undefined,
    breaks,
  };
  return { kind: 'session', session };
}

/** Trading days from `from` through `through`, both included, oldest first, within the validity. */
export function tradingDaysBetween(
  table: CalendarTable,
  from: TradingDay,
  through: TradingDay,
): TradingDay[] {
  const first = from < table.validFrom ? table.validFrom : from;
  const last = through > table.validThrough ? table.validThrough : through;
  const days: TradingDay[] = [];
  for (let day = first; day <= last; day = addCalendarDays(day, 1)) {
    if (isClosed(table, day) === null) days.push(day);
  }
  return days;
}

/** First trading day after `day`, or null when the calendar does not reach it. */
export function nextTradingDay(table: CalendarTable, day: TradingDay): TradingDay | null {
  if (day < table.validFrom) return null;
  for (let next = addCalendarDays(day, 1); next <= table.validThrough; ) {
    if (isClosed(table, next) === null) return next;
    next = addCalendarDays(next, 1);
  }
  return null;
}

/**
 * The `count` trading days before `day` (itself left out), oldest first; null when the calendar
 * does not reach that far back, because a shorter list would read as history that is not there.
 */
export function previousTradingDays(
  table: CalendarTable,
  day: TradingDay,
  count: number,
): TradingDay[] | null {
  invariant(count >= 0, `previous trading days: found ${count}, expected 0 or more`);
  if (day > addCalendarDays(table.validThrough, 1)) return null;
  const days: TradingDay[] = [];
  for (let at = addCalendarDays(day, -1); days.length < count; at = addCalendarDays(at, -1)) {
    if (at < table.validFrom) return null;
    if (isClosed(table, at) === null) days.push(at);
  }
  return days.reverse();
}
