import ical from 'ical-generator';
import type { ReportFile } from '#app/ports.ts';
import type { Agenda, AgendaItem } from '#core/gates/agenda.ts';
import { instantAt } from '#core/market/session.ts';
import { addCalendarDays, type TradingDay } from '#core/market/trading-day.ts';
import { type Language, oneLine } from '#shell/chat/format.ts';
import { catalogueOf } from '#shell/chat/render.ts';
import { CALENDAR_EN, CALENDAR_ZH } from '#shell/chat/text/calendar-lines.ts';

/** Shown length of an event whose end nobody states. */
const EVENT_MINUTES = 30;

/** A day as the library wants it: midnight UTC, of which only the date is written. */
const dayOf = (day: TradingDay): Date => new Date(`${day}T00:00:00Z`);

/** The same item has the same id in every file, so that a calendar renews it and does not double it. */
function idOf({ market }: Agenda, item: AgendaItem): string {
  const what = item.kind === 'event' ? `${item.event}-${item.symbol ?? 'all'}` : item.kind;
  return `${market}-${item.day}-${what}@centaur`.toLowerCase();
}

/** Holidays, early closes and events as a calendar file. `at`: when it was written. */
export function writeIcs(agendas: readonly Agenda[], language: Language, at: number): ReportFile {
  const words = language === 'zh' ? CALENDAR_ZH : CALENDAR_EN;
  const zones = catalogueOf(language).format.zones;
  const names = agendas.map(({ market }) => words.markets[market]);
  const calendar = ical({
    name: `Centaur · ${names.join(', ')}`,
    prodId: { company: 'Centaur', product: 'desk', language: 'EN' },
  });
  for (const agenda of agendas) {
    const place = zones[agenda.zone] ?? agenda.zone;
    for (const item of agenda.items) {
      const common = { id: idOf(agenda, item), stamp: new Date(at) };
      const head = words.markets[agenda.market];
      if (item.kind === 'closed') {
        const end = dayOf(addCalendarDays(item.through, 1));
        const summary = `${head}: ${words.closed}`;
        calendar.createEvent({ ...common, start: dayOf(item.day), end, allDay: true, summary });
        continue;
      }
      const what =
        item.kind === 'early_close'
          ? words.earlyClose(words.timeIn(item.time, place))
          : [
              words.events[item.event],
              item.symbol ?? '',
              item.timing === null ? '' : words.timings[item.timing],
            ]
              .filter((part) => part !== '')
              .join(' · ');
      const summary = `${head}: ${oneLine(what, 120)}`;
      if (item.time === null) {
        const end = dayOf(addCalendarDays(item.day, 1));
        calendar.createEvent({ ...common, start: dayOf(item.day), end, allDay: true, summary });
        continue;
      }
      const from = instantAt(item.day, item.time, agenda.zone);
      const end = new Date(from + EVENT_MINUTES * 60_000);
      calendar.createEvent({ ...common, start: new Date(from), end, summary });
    }
  }
  const markets = agendas.map(({ market }) => market.toLowerCase());
  const name = `calendar-${[...markets, agendas[0]?.from ?? ''].filter(Boolean).join('-')}.ics`;
  return { name, mediaType: 'text/calendar', content: `${calendar.toString().trimEnd()}\r\n` };
}
