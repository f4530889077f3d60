import type { Bar } from '#core/market/bar.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import { sessionOn, tradingDaysBetween } from '#core/market/calendar.ts';
import type { Session } from '#core/market/session.ts';
import { sessionMinutes, wallTimeOf } from '#core/market/session.ts';

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

/** Finds sessions by day or by instant, each day and hour asked of the calendar once. */
export function dayFinder(calendar: CalendarTable): {
  readonly onDay: (day: string) => SessionAnswer;
  readonly at: (at: number) => SessionAnswer;
} {
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
  const at = (instant: number): SessionAnswer => {
    const hour = Math.floor(instant / 3_600_000);
    let found = hours.get(hour);
    if (found === undefined) {
      found = onDay(wallTimeOf(instant, calendar.zone).day);
      hours.set(hour, found);
    }
    return found;
  };
  return { onDay, at };
}

/** Counts rows that go back in time, and those that go forward. */
function directionOf(bars: readonly Bar[]): { back: number; forward: number } {
  let back = 0;
  let forward = 0;
  for (let i = 1; i < bars.length; i += 1) {
    if (bars[i]!.openedAt < bars[i - 1]!.openedAt) back += 1;
    else if (bars[i]!.openedAt > bars[i - 1]!.openedAt) forward += 1;
  }
  return { back, forward };
}

function isSame(a: Bar, b: Bar): boolean {
  return (
    a.open === b.open &&
    a.high === b.high &&
    a.low === b.low &&
    a.close === b.close &&
    a.volume === b.volume
  );
}

/**
 * Puts bars in time order and takes out what overlaps: of bars with one opening instant the first
 * in the file stays. Every bar taken out is told to `drop`.
 */
export function finishBars(
  found: readonly Bar[],
  calendar: CalendarTable,
  drop: (bar: Bar, reason: DropReason) => void,
): {
  readonly bars: readonly Bar[];
  readonly isNewestFirst: boolean;
  readonly outOfOrder: number;
  readonly gaps: GapReport;
} {
  const { back, forward } = directionOf(found);
  const isNewestFirst = back > forward;
  const sorted =
    back === 0
      ? found
      : found
          .map((bar, place) => ({ bar, place }))
          .sort((a, b) => a.bar.openedAt - b.bar.openedAt || a.place - b.place)
          .map(({ bar }) => bar);
  const bars: Bar[] = [];
  for (const bar of sorted) {
    const last = bars.at(-1);
    if (last === undefined || bar.openedAt >= last.closedAt) bars.push(bar);
    else if (bar.openedAt !== last.openedAt) drop(bar, 'overlapping');
    else drop(bar, isSame(bar, last) ? 'duplicate' : 'duplicate_conflicting');
  }
  const outOfOrder = isNewestFirst ? forward : back;
  return { bars, isNewestFirst, outOfOrder, gaps: gapsOf(bars, calendar) };
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

function gapsOf(bars: readonly Bar[], calendar: CalendarTable): GapReport {
  const finder = dayFinder(calendar);
  const perDay = new Map<string, number>();
  for (const bar of bars) {
    const session = finder.at(bar.openedAt);
    if (typeof session === 'string') continue;
    perDay.set(session.tradingDay, (perDay.get(session.tradingDay) ?? 0) + 1);
  }
  let incompleteDays = 0;
  let missingBars = 0;
  const first = bars[0];
  const isDaily = first?.timeframe === '1d';
  for (const [day, count] of perDay) {
    const session = finder.onDay(day);
    if (first === undefined || isDaily || typeof session === 'string') continue;
    const minutes = (first.closedAt - first.openedAt) / 60_000;
    const missing = Math.ceil(sessionMinutes(session) / minutes) - count;
    if (missing > 0) incompleteDays += 1;
    missingBars += Math.max(0, missing);
  }
  const days = [...perDay.keys()].sort();
  const firstDay = days[0] ?? null;
  const lastDay = days.at(-1) ?? null;
  const missingDays =
    firstDay === null || lastDay === null
      ? []
      : tradingDaysBetween(calendar, firstDay, lastDay).filter((day) => !perDay.has(day));
  return { days: perDay.size, firstDay, lastDay, missingDays, incompleteDays, missingBars };
}
