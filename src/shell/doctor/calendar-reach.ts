import { endsSoon } from '#core/gates/calendar-end.ts';
import type { EventTable } from '#core/gates/event-window.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import { wallTimeOf } from '#core/market/session.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import { type Finding, failed, ok, warning } from './machine.ts';

const COMFORTABLE_DAYS = 60;
const EVENT_CURE = 'update Centaur, or add dates to config/calendars/us-events.yaml';
const CURE = 'update Centaur, or extend the file under config/calendars';

/**
 * Days the calendar does not know are no trading days: it must reach beyond today, unless no desk
 * trades the market.
 */
export function checkCalendar(calendar: CalendarTable, now: number, isTraded: boolean): Finding {
  const today = wallTimeOf(now, calendar.zone).day;
  const found = `${calendar.market} trading days until ${calendar.validThrough}`;
  const name = 'calendar';
  const isKnown = today >= calendar.validFrom && today <= calendar.validThrough;
  if (!isKnown && isTraded) return failed(name, found, CURE);
  if (addCalendarDays(today, COMFORTABLE_DAYS) > calendar.validThrough) {
    return warning(name, found, CURE);
  }
  return ok(name, found);
}

/** A kind of event whose dates are not known today is treated as happening today. */
export function checkEvents(
  events: EventTable,
  kinds: readonly (keyof EventTable['coverage'])[],
  now: number,
  zone: string,
): Finding {
  const today = wallTimeOf(now, zone).day;
  const unknown = kinds.filter((kind) => {
    const covered = events.coverage[kind];
    return covered === undefined || today < covered.from || today > covered.through;
  });
  if (unknown.length === 0) {
    const soon = kinds.filter((kind) => endsSoon(events.coverage[kind]?.through ?? null, today));
    const known = `${kinds.join(', ')} dates known`;
    if (soon.length === 0) return ok('events', known);
    const ends = soon.map((kind) => `${kind} until ${events.coverage[kind]?.through}`).join(', ');
    return warning(
      'events',
      `${known}, ${ends}: from then on taken as happening each day`,
      EVENT_CURE,
    );
  }
  const found = `${unknown.join(', ')} dates not known for ${today}: taken as happening`;
  return warning('events', found, EVENT_CURE);
}
