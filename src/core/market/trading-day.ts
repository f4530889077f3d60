import { invariant } from '#core/lib/assert.ts';

/** Calendar date of the exchange, `YYYY-MM-DD`. Text order is time order. */
export type TradingDay = string;

const SHAPE = /^(\d{4})-(\d{2})-(\d{2})$/;
const DAY_MS = 86_400_000;

/** True when `text` is an existing date written `YYYY-MM-DD` (`2026-02-30` is false). */
export function isTradingDayText(text: string): boolean {
  const match = SHAPE.exec(text);
  if (match === null) return false;
  try {
    Temporal.PlainDate.from(text, { overflow: 'reject' });
    return true;
  } catch {
    return false;
  }
}

/** Days since 1970-01-01 of a date. Throws InvariantError when `day` is no date. */
export function dayNumber(day: TradingDay): number {
  invariant(SHAPE.test(day), `trading day: found "${day}", expected YYYY-MM-DD`);
  return Temporal.PlainDate.from(day).since('1970-01-01', { largestUnit: 'day' }).days;
}

/** Date of a day number, the inverse of {@link dayNumber}. */
export function dayOfNumber(number: number): TradingDay {
  return Temporal.Instant.fromEpochMilliseconds(number * DAY_MS)
    .toString()
    .slice(0, 10);
}

/** The date `days` calendar days later (earlier when negative). Weekends are not skipped. */
export function addCalendarDays(day: TradingDay, days: number): TradingDay {
  return dayOfNumber(dayNumber(day) + days);
}

/** Weekday of a date, Monday 1 … Sunday 7 (ISO 8601). */
export function weekdayOf(day: TradingDay): number {
  return ((((dayNumber(day) + 3) % 7) + 7) % 7) + 1;
}
