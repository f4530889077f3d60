import type { CalendarTable } from '#core/market/calendar.ts';
import type { Market } from '#core/market/instrument.ts';
import { addCalendarDays, type TradingDay } from '#core/market/trading-day.ts';
import type { EventKind, EventTable } from './event-window.ts';

/** How many days before its end people are told of it. */
export const END_TOLD_DAYS = 30;

/**
 * What will soon not be known any more, or is not: a market's trading days, beyond which nothing trades, or
 * the dates of a kind of event, beyond which each day counts as one. `through` null: no dates at all.
 */
export type CalendarEnd =
  | { readonly of: 'days'; readonly market: Market; readonly through: TradingDay }
  | {
      readonly of: 'events';
      readonly event: EventKind;
      readonly through: TradingDay | null;
    };

/** True when a list that is known until `through` ends within the days in which people are told. */
export function endsSoon(through: TradingDay | null, today: TradingDay): boolean {
  return through === null || through < addCalendarDays(today, END_TOLD_DAYS);
}

/** The ends of a market's days, and of the event dates its desks watch, that are near or passed. */
export function endsOf(
  table: CalendarTable,
  events: EventTable | null,
  kinds: readonly EventKind[],
  today: TradingDay,
): CalendarEnd[] {
  const ends: CalendarEnd[] = [];
  if (endsSoon(table.validThrough, today))
    ends.push({ of: 'days', market: table.market, through: table.validThrough });
  for (const event of kinds) {
    const through = events?.coverage[event]?.through ?? null;
    if (endsSoon(through, today)) ends.push({ of: 'events', event, through });
  }
  return ends;
}
