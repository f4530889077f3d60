import { agendaOf } from '#core/gates/agenda.ts';
import type { EventTable } from '#core/gates/event-window.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import type { Market } from '#core/market/instrument.ts';
import { wallTimeOf } from '#core/market/session.ts';
import type { Answer } from '#core/replies/answer.ts';
import type { DeskHandle } from './desk-handle.ts';

/** Where days and events of a market are read. */
export interface CalendarSource {
  /** Trading days of a market; null: not known. */
  calendarOf(market: Market): CalendarTable | null;
  /** Scheduled events of a market; null: none are listed for it. */
  eventsOf(market: Market): EventTable | null;
}

const USUAL_DAYS = 14;

/** What lies ahead: of the market asked for, else of each market that a desk here trades. */
export function calendarAnswer(
  at: number,
  ask: { readonly days: number | null; readonly market: Market | null },
  handles: readonly DeskHandle[],
  source: CalendarSource,
): Answer {
  const markets =
    ask.market === null ? new Set(handles.map(({ policy }) => policy.market)) : [ask.market];
  const agendas = [...markets].flatMap((market) => {
    const calendar = source.calendarOf(market);
    if (calendar === null) return [];
    const from = wallTimeOf(at, calendar.zone).day;
    const events = source.eventsOf(market);
    return [agendaOf({ calendar, events, from, days: ask.days ?? USUAL_DAYS })];
  });
  return { at, kind: 'calendar', agendas };
}
