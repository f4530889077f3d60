import { type CalendarTable, sessionOn } from '#core/market/calendar.ts';
import type { Market } from '#core/market/instrument.ts';
import { addCalendarDays, type TradingDay } from '#core/market/trading-day.ts';
import { type EventKind, type EventTable, type MarketEvent, timeOfEvent } from './event-window.ts';

/**
 * What lies ahead on a market, by days of its own zone. `time` is wall time `HH:MM` there; null: only the
 * day is known. A `closed` stretch names its first and last holiday; weekends within it are not counted.
 */
export type AgendaItem =
  | { readonly kind: 'closed'; readonly day: TradingDay; readonly through: TradingDay }
  | { readonly kind: 'early_close'; readonly day: TradingDay; readonly time: string }
  | {
      readonly kind: 'event';
      readonly day: TradingDay;
      readonly time: string | null;
      readonly event: EventKind;
      readonly symbol: string | null;
      readonly timing: NonNullable<MarketEvent['timing']> | null;
    };

/** Until when the dates of a kind are known; null: none of this kind are known on the first day. */
export type AgendaReach = { readonly event: EventKind; readonly through: TradingDay | null };

/** The coming days of a market, both ends included, with where it is known from and until when. */
export type Agenda = {
  readonly market: Market;
  readonly zone: string;
  readonly from: TradingDay;
  readonly through: TradingDay;
  /** Trading days within, as far as the calendar reaches. */
  readonly sessions: number;
  readonly hours: { readonly open: string; readonly close: string };
  readonly items: readonly AgendaItem[];
  readonly calendar: { readonly source: string; readonly through: TradingDay };
  /** Null: no events are listed for this market. */
  readonly events: { readonly source: string; readonly reach: readonly AgendaReach[] } | null;
};

const KINDS: readonly EventKind[] = ['fomc', 'cpi', 'payrolls', 'release_10', 'earnings'];

function daysOf(from: TradingDay, count: number): TradingDay[] {
  return Array.from({ length: count }, (_, index) => addCalendarDays(from, index));
}

/** Holidays and early closes of `days`, oldest first; holidays without a session between are one stretch. */
function closuresOf(table: CalendarTable, days: readonly TradingDay[]): AgendaItem[] {
  const items: AgendaItem[] = [];
  let stretch: { kind: 'closed'; day: TradingDay; through: TradingDay } | null = null;
  for (const day of days) {
    const answer = sessionOn(table, day);
    if (answer.kind === 'unknown') break;
    if (answer.kind === 'session') {
      stretch = null;
      const time = table.earlyCloses[day];
      if (time !== undefined) items.push({ kind: 'early_close', day, time });
    } else if (answer.reason === 'holiday' && stretch === null) {
      stretch = { kind: 'closed', day, through: day };
      items.push(stretch);
    } else if (answer.reason === 'holiday' && stretch !== null) {
      stretch.through = day;
    }
  }
  return items;
}

function itemOf(event: MarketEvent): AgendaItem {
  const { kind, day, symbol = null, timing = null } = event;
  return { kind: 'event', day, time: timeOfEvent(event), event: kind, symbol, timing };
}

function reachOf(table: EventTable, from: TradingDay): AgendaReach[] {
  return KINDS.map((event) => {
    const span = table.coverage[event];
    const isKnown = span !== undefined && from >= span.from && from <= span.through;
    return { event, through: isKnown ? span.through : null };
  });
}

/**
 * The agenda of `days` calendar days (1 or more) from `from` on, items by day; on one day closures come
 * first, then events by time, those without one last. `events` null where none are listed for the market.
 * Days beyond the calendar's validity count as no session and have no closure: nothing is known of them.
 */
export function agendaOf(input: {
  readonly calendar: CalendarTable;
  readonly events: EventTable | null;
  readonly from: TradingDay;
  readonly days: number;
}): Agenda {
  const { calendar, events, from } = input;
  const days = daysOf(from, input.days);
  const through = days.at(-1) ?? from;
  const listed = (events?.events ?? [])
    .filter(({ day }) => day >= from && day <= through)
    .map(itemOf);
  const rank = (item: AgendaItem): string =>
    `${item.day} ${item.kind === 'event' ? (item.time ?? '~') : ''}`;
  const items = [...closuresOf(calendar, days), ...listed].sort((a, b) =>
    rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0,
  );
  return {
    market: calendar.market,
    zone: calendar.zone,
    from,
    through,
    sessions: days.filter((day) => sessionOn(calendar, day).kind === 'session').length,
    hours: { open: calendar.regularOpen, close: calendar.regularClose },
    items,
    calendar: { source: calendar.source, through: calendar.validThrough },
    events: events === null ? null : { source: events.source, reach: reachOf(events, from) },
  };
}
