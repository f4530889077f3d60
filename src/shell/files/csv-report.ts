import type { BarColumns, Timeframe } from '#core/market/bar.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import { sessionOn, tradingDaysBetween } from '#core/market/calendar.ts';
import type { Session } from '#core/market/session.ts';
import { sessionMinutes, wallTimeOf } from '#core/market/session.ts';
import type { FoundBars } from './csv-found.ts';
import { pickFound } from './csv-found.ts';

/** Why a row was not kept. */
export type DropReason =
  | 'outside_session'
  | 'outside_calendar'
  | 'not_a_trading_day'
  | 'duplicate'
  | 'duplicate_conflicting'
  | 'overlapping'
  | 'non_positive'
  | 'suspended_padding'
  | 'high_low_inconsistent'
  | 'not_a_number'
  | 'bad_time'
  | 'off_grid'
  | 'wrong_column_count'
  | 'other_symbol'
  | 'unknown_symbol';

/** What is missing between the first and the last kept bar. */
export type GapReport = {
  readonly days: number;
  readonly firstDay: string | null;
  readonly lastDay: string | null;
  /** Trading days of the calendar without a single bar. */
  readonly missingDays: readonly string[];
  /** Days with fewer bars than their session holds, and how many bars they lack together. */
  readonly incompleteDays: number;
  readonly missingBars: number;
};

type SessionAnswer = Session | 'not_a_trading_day' | 'outside_calendar';

export type DayFinder = {
  readonly onDay: (day: string) => SessionAnswer;
  readonly at: (at: number) => SessionAnswer;
};

/** A calendar never changes, so that what it answered holds for the next file as well. */
const FINDERS = new WeakMap<CalendarTable, DayFinder>();

/** Finds sessions by day or by instant, each day and hour asked of the calendar once. */
export function dayFinder(calendar: CalendarTable): DayFinder {
  const known = FINDERS.get(calendar);
  if (known !== undefined) return known;
  const made = createDayFinder(calendar);
  FINDERS.set(calendar, made);
  return made;
}

function createDayFinder(calendar: CalendarTable): DayFinder {
  const days = new Map<string, SessionAnswer>();
  const hours = new Map<number, SessionAnswer>();
  const onDay = (day: string): SessionAnswer => {
    let found = days.get(day);
    if (found === undefined) {
      const answer = sessionOn(calendar, day);
      if (answer.kind === 'session') found = answer.session;
      else found = answer.kind === 'unknown' ? 'outside_calendar' : 'not_a_trading_day';
      days.set(day, found);
    }
    return found;
  };
  let last: Session | null = null;
  const at = (instant: number): SessionAnswer => {
    if (last !== null && instant >= last.openAt && instant < last.closeAt) return last;
    const hour = Math.floor(instant / 3_600_000);
    let found = hours.get(hour);
    if (found === undefined) {
      found = onDay(wallTimeOf(instant, calendar.zone).day);
      hours.set(hour, found);
    }
    if (typeof found !== 'string') last = found;
    return found;
  };
  return { onDay, at };
}

/** Counts rows that go back in time, and those that go forward. */
function directionOf({ openedAt, length }: FoundBars): { back: number; forward: number } {
  let back = 0;
  let forward = 0;
  for (let i = 1; i < length; i += 1) {
    if (openedAt[i]! < openedAt[i - 1]!) back += 1;
    else if (openedAt[i]! > openedAt[i - 1]!) forward += 1;
  }
  return { back, forward };
}

function isSame({ open, high, low, close, volume }: FoundBars, a: number, b: number): boolean {
  return (
    open[a] === open[b] &&
    high[a] === high[b] &&
    low[a] === low[b] &&
    close[a] === close[b] &&
    volume[a] === volume[b]
  );
}

/** True when every row opens at or after the close of the one before. */
function isInOrder({ openedAt, closedAt, length }: FoundBars): boolean {
  for (let i = 1; i < length; i += 1) if (openedAt[i]! < closedAt[i - 1]!) return false;
  return true;
}

/**
 * Puts bars in time order and takes out what overlaps: of bars with one opening instant the first
 * in the file stays. Every bar taken out is told to `drop` by its opening instant.
 */
export function finishBars(
  found: FoundBars,
  timeframe: Timeframe,
  calendar: CalendarTable,
  finder: DayFinder,
  drop: (openedAt: number, reason: DropReason) => void,
): {
  readonly bars: FoundBars;
  readonly isNewestFirst: boolean;
  readonly outOfOrder: number;
  readonly gaps: GapReport;
} {
  if (isInOrder(found)) {
    const bars = pickFound(found, null);
    const gaps = gapsOf(bars, timeframe, calendar, finder);
    return { bars, isNewestFirst: false, outOfOrder: 0, gaps };
  }
  const { back, forward } = directionOf(found);
  const isNewestFirst = back > forward;
  const outOfOrder = isNewestFirst ? forward : back;
  const bars = pickFound(found, orderedRows(found, drop));
  return { bars, isNewestFirst, outOfOrder, gaps: gapsOf(bars, timeframe, calendar, finder) };
}

function orderedRows(
  found: FoundBars,
  drop: (openedAt: number, reason: DropReason) => void,
): number[] {
  const { openedAt, closedAt, length } = found;
  const sorted = Array.from({ length }, (_, row) => row).sort(
    (a, b) => openedAt[a]! - openedAt[b]! || a - b,
  );
  const rows: number[] = [];
  for (const row of sorted) {
    const last = rows.at(-1);
    if (last === undefined || openedAt[row]! >= closedAt[last]!) rows.push(row);
    else if (openedAt[row] !== openedAt[last]) drop(openedAt[row]!, 'overlapping');
    else drop(openedAt[row]!, isSame(found, row, last) ? 'duplicate' : 'duplicate_conflicting');
  }
  return rows;
}

/** What is missing over several instruments: days that all of them lack, bars that any lacks. */
export function joinGaps(all: readonly GapReport[], calendar: CalendarTable): GapReport {
  const used = all.filter((gaps) => gaps.firstDay !== null);
  const firstDay = used.map((gaps) => gaps.firstDay!).sort()[0] ?? null;
  const lastDay =
    used
      .map((gaps) => gaps.lastDay!)
      .sort()
      .at(-1) ?? null;
  const range =
    firstDay === null || lastDay === null ? [] : tradingDaysBetween(calendar, firstDay, lastDay);
  const isMissing = (day: string): boolean =>
    used.every(
      (gaps) => day < gaps.firstDay! || day > gaps.lastDay! || gaps.missingDays.includes(day),
    );
  const missingDays = range.filter(isMissing);
  return {
    days: range.length - missingDays.length,
    firstDay,
    lastDay,
    missingDays,
    incompleteDays: used.reduce((sum, gaps) => sum + gaps.incompleteDays, 0),
    missingBars: used.reduce((sum, gaps) => sum + gaps.missingBars, 0),
  };
}

/** What is missing between the first and the last of bars that are in order. */
export function gapsOf(
  bars: BarColumns,
  timeframe: Timeframe,
  calendar: CalendarTable,
  finder: DayFinder = dayFinder(calendar),
): GapReport {
  const perDay = new Map<string, number>();
  let day = '';
  let count = 0;
  const close = (): void => {
    if (count > 0) perDay.set(day, (perDay.get(day) ?? 0) + count);
  };
  let [from, to] = [0, 0];
  for (let i = 0; i < bars.length; i += 1) {
    const at = bars.openedAt[i]!;
    if (at >= from && at < to) {
      count += 1;
      continue;
    }
    const session = finder.at(at);
    if (typeof session === 'string') continue;
    [from, to] = [session.openAt, session.closeAt];
    if (session.tradingDay !== day) {
      close();
      day = session.tradingDay;
      count = 0;
    }
    count += 1;
  }
  close();
  let incompleteDays = 0;
  let missingBars = 0;
  const minutes = (bars.closedAt[0]! - bars.openedAt[0]!) / 60_000;
  for (const [name, had] of perDay) {
    const session = finder.onDay(name);
    if (timeframe === '1d' || typeof session === 'string') continue;
    const missing = Math.ceil(sessionMinutes(session) / minutes) - had;
    if (missing > 0) incompleteDays += 1;
    missingBars += Math.max(0, missing);
  }
  const days = [...perDay.keys()].sort();
  const firstDay = days[0] ?? null;
  const lastDay = days.at(-1) ?? null;
  const missingDays =
    firstDay === null || lastDay === null
      ? []
      : tradingDaysBetween(calendar, firstDay, lastDay).filter((name) => !perDay.has(name));
  return { days: perDay.size, firstDay, lastDay, missingDays, incompleteDays, missingBars };
}
