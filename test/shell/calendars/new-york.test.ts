import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { addCalendarDays, type TradingDay, weekdayOf } from '#core/market/trading-day.ts';
import { loadMarketCalendar } from '#shell/calendars/load.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

const dayOf = (year: number, month: number, day: number): TradingDay =>
  `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;

/** The nth weekday (1 Monday … 7 Sunday) of a month; n below 0 counts from its end. */
function nth(year: number, month: number, weekday: number, n: number): TradingDay {
  const first = dayOf(year, month, 1);
  const days: TradingDay[] = [];
  for (let day = first; day.startsWith(first.slice(0, 8)); day = addCalendarDays(day, 1))
    if (weekdayOf(day) === weekday) days.push(day);
  return days.at(n > 0 ? n - 1 : n) ?? '';
}

/** Easter Sunday of the Gregorian calendar, by the rule of Meeus, Jones and Butcher. */
function easter(year: number): TradingDay {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const h =
    (19 * a + b - Math.floor(b / 4) - Math.floor((b - Math.floor((b + 8) / 25) + 1) / 3) + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const sum = h + l - 7 * m + 114;
  return dayOf(year, Math.floor(sum / 31), (sum % 31) + 1);
}

/** A fixed holiday: on Sunday it is kept on Monday, on Saturday on Friday. */
function kept(day: TradingDay): TradingDay {
  const weekday = weekdayOf(day);
  return addCalendarDays(day, weekday === 7 ? 1 : weekday === 6 ? -1 : 0);
}

/** Full holidays of a year by the exchange's Rule 7.2; New Year's Day on a Saturday is not kept at all. */
function holidaysOf(year: number): TradingDay[] {
  const newYear = dayOf(year, 1, 1);
  return [
    ...(weekdayOf(newYear) === 6 ? [] : [kept(newYear)]),
    nth(year, 1, 1, 3),
    nth(year, 2, 1, 3),
    addCalendarDays(easter(year), -2),
    nth(year, 5, 1, -1),
    kept(dayOf(year, 6, 19)),
    kept(dayOf(year, 7, 4)),
    nth(year, 9, 1, 1),
    nth(year, 11, 4, 4),
    kept(dayOf(year, 12, 25)),
  ].sort();
}

/** Closes at 13:00: the day before Independence Day and Christmas Eve where they are trading days, and the day after Thanksgiving. */
function earlyClosesOf(year: number, holidays: readonly TradingDay[]): TradingDay[] {
  const eves = [dayOf(year, 7, 3), dayOf(year, 12, 24)];
  return [...eves, addCalendarDays(nth(year, 11, 4, 4), 1)]
    .filter((day) => weekdayOf(day) < 6 && !holidays.includes(day))
    .sort();
}

/** Closed for a day of mourning, outside the rules. */
const SPECIAL: readonly TradingDay[] = ['2025-01-09'];

test('AL-02 ID-01 holidays and early closes of New York from 2022 through 2028 are those of the exchange’s rules', async () => {
  const table = await loadMarketCalendar(ROOT, 'US');
  assert.equal(table.validThrough, '2028-12-31');
  for (let year = 2022; year <= 2028; year += 1) {
    const inYear = (day: TradingDay) => day.startsWith(`${year}-`);
    const holidays = holidaysOf(year);
    const written = table.holidays.filter((day) => inYear(day) && !SPECIAL.includes(day));
    assert.deepEqual(written, holidays, `holidays of ${year}`);
    const early = Object.keys(table.earlyCloses).filter(inYear).sort();
    assert.deepEqual(early, earlyClosesOf(year, holidays), `early closes of ${year}`);
  }
});

test('ID-01 the days of 2027 and 2028 as the exchange prints them', () => {
  assert.deepEqual(holidaysOf(2027), [
    '2027-01-01',
    '2027-01-18',
    '2027-02-15',
    '2027-03-26',
    '2027-05-31',
    '2027-06-18',
    '2027-07-05',
    '2027-09-06',
    '2027-11-25',
    '2027-12-24',
  ]);
  assert.deepEqual(holidaysOf(2028), [
    '2028-01-17',
    '2028-02-21',
    '2028-04-14',
    '2028-05-29',
    '2028-06-19',
    '2028-07-04',
    '2028-09-04',
    '2028-11-23',
    '2028-12-25',
  ]);
});
