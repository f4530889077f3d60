import type { CalendarTable } from './calendar.ts';
import { sessionOn } from './calendar.ts';
import type { TradingDay } from './trading-day.ts';
import { addCalendarDays, weekdayOf } from './trading-day.ts';

/** Trading days as a vendor told them: those from `from` through `through`, all others are closed. */
export type ToldDays = {
  readonly source: string;
  readonly toldAt: number;
  readonly from: TradingDay;
  readonly through: TradingDay;
  readonly days: readonly TradingDay[];
};

/** What holds on a day the written table does not reach. */
export type BeyondPolicy = {
  /** Told days older than this are not used. */
  readonly maxAgeMs: number;
  /** On a day nobody knows: nothing trades, or weekdays do for `openDays` days from today. */
  readonly whenUnknown: 'closed' | 'open';
  readonly openDays: number;
};

/**
 * `written`: the table itself reaches. `told`: a vendor's days were added. `stale`: there were some, but
 * too old. `assumed`: weekdays are taken for trading days.
 */
export type CalendarReach = 'written' | 'told' | 'stale' | 'assumed' | 'none';

export type ExtendedCalendar = {
  readonly table: CalendarTable;
  /** How `today` is known. */
  readonly reach: CalendarReach;
  /** Days that table and vendor do not agree on, as `2026-11-20 open at …`; the table stands. */
  readonly differences: readonly string[];
};

function weekdaysBetween(from: TradingDay, through: TradingDay): TradingDay[] {
  const days: TradingDay[] = [];
  for (let day = from; day <= through; day = addCalendarDays(day, 1)) {
    if (weekdayOf(day) < 6) days.push(day);
  }
  return days;
}

function differencesOf(table: CalendarTable, told: ToldDays): string[] {
  const open = new Set(told.days);
  const found: string[] = [];
  for (let day = told.from; day <= told.through; day = addCalendarDays(day, 1)) {
    const answer = sessionOn(table, day);
    if (answer.kind === 'unknown') continue;
    const isOpen = answer.kind === 'session';
    if (isOpen === open.has(day)) continue;
    found.push(`${day} ${open.has(day) ? 'open' : 'closed'} at ${told.source}`);
  }
  return found;
}

/** The table with days after its end that a vendor told, and how `today` is known by it. */
function withTold(table: CalendarTable, told: ToldDays): CalendarTable {
  const first = addCalendarDays(table.validThrough, 1);
  if (told.through < first || told.from > first) return table;
  const open = new Set(told.days);
  const closed = weekdaysBetween(first, told.through).filter((day) => !open.has(day));
  return {
    ...table,
    validThrough: told.through,
    holidays: [...table.holidays, ...closed],
    source: `${table.source}+${told.source}`,
  };
}

/**
 * The calendar as it may be used today: the written table, then a vendor's days while they are young,
 * then what the policy says. What is written always stands. A gap between them is unknown.
 */
export function calendarBeyond(
  table: CalendarTable,
  told: ToldDays | null,
  policy: BeyondPolicy,
  now: { readonly at: number; readonly today: TradingDay },
): ExtendedCalendar {
  const isYoung = told !== null && now.at - told.toldAt <= policy.maxAgeMs;
  const extended = isYoung ? withTold(table, told) : table;
  const differences = told === null ? [] : differencesOf(table, told);
  if (now.today <= table.validThrough) return { table: extended, reach: 'written', differences };
  if (now.today <= extended.validThrough) return { table: extended, reach: 'told', differences };
  if (policy.whenUnknown === 'open') {
    const validThrough = addCalendarDays(now.today, policy.openDays);
    const assumed = { ...extended, validThrough, source: `${extended.source}+weekdays` };
    return { table: assumed, reach: 'assumed', differences };
  }
  return { table: extended, reach: told === null || isYoung ? 'none' : 'stale', differences };
}
