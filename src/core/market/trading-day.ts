import { invariant } from '#core/lib/assert.ts';

/** Calendar date of the exchange, `YYYY-MM-DD`. Text order is time order. */
export type TradingDay = string;

const SHAPE = /^(\d{4})-(\d{2})-(\d{2})$/;

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

/** Number that two digits of a text write; NaN when they are none. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isDate(year: number, month: number, date: number): boolean {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const last = month === 2 && isLeap ? 29 : (MONTH_DAYS[month - 1] ?? 0);
  return year >= 0 && date >= 1 && date <= last;
}

/** Days of four centuries, after which the Gregorian calendar repeats. */
const ERA_DAYS = 146_097;
/** Days from 0000-03-01 to 1970-01-01. */
const EPOCH_DAYS = 719_468;

/**
 * Days since 1970-01-01 of a date. Throws InvariantError when `day` is no date. Computed from the
 * digits, years counted from March so that the leap day is the last: planning asks for it by the
 * hundred thousand.
 */
export function dayNumber(day: TradingDay): number {
  const year = twoDigits(day, 0) * 100 + twoDigits(day, 2);
  const month = twoDigits(day, 5);
  const date = twoDigits(day, 8);
  const hasShape = day.length === 10 && day[4] === '-' && day[7] === '-';
  if (!(hasShape && isDate(year, month, date)))
    invariant(false, `trading day: found "${day}", expected YYYY-MM-DD`);
  const marchYear = month > 2 ? year : year - 1;
  const century = Math.floor(marchYear / 100);
  const leapDays = Math.floor(marchYear / 4) - century + Math.floor(century / 4);
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + date - 1;
  return marchYear * 365 + leapDays + dayOfYear - EPOCH_DAYS;
}

function padded(number: number, width: number): string {
  return String(number).padStart(width, '0');
}

/** Date of a day number, the inverse of {@link dayNumber}. Years 0 to 9999. */
export function dayOfNumber(number: number): TradingDay {
  const days = number + EPOCH_DAYS;
  const era = Math.floor(days / ERA_DAYS);
  const dayOfEra = days - era * ERA_DAYS;
  const leaps =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const date = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  if (!(year >= 0 && year <= 9999))
    invariant(false, `day number: found ${number}, expected a day of the years 0 to 9999`);
  return `${padded(year, 4)}-${padded(month, 2)}-${padded(date, 2)}`;
}

/** The date `days` calendar days later (earlier when negative). Weekends are not skipped. */
export function addCalendarDays(day: TradingDay, days: number): TradingDay {
  return dayOfNumber(dayNumber(day) + days);
}

/** Weekday of a date, Monday 1 … Sunday 7 (ISO 8601). */
export function weekdayOf(day: TradingDay): number {
  return ((((dayNumber(day) + 3) % 7) + 7) % 7) + 1;
}
