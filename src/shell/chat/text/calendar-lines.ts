import type { Agenda, AgendaItem, AgendaReach } from '#core/gates/agenda.ts';
import { type CalendarEnd, endsSoon } from '#core/gates/calendar-end.ts';
import type { EventKind, MarketEvent } from '#core/gates/event-window.ts';
import { weekdayOf } from '#core/market/trading-day.ts';
import type { Speech } from './catalogue.ts';

/** Words of `/calendar` in one language. */
export type CalendarWords = {
  readonly markets: Readonly<Record<Agenda['market'], string>>;
  /** Monday first. */
  readonly weekdays: readonly string[];
  readonly events: Readonly<Record<EventKind, string>>;
  readonly timings: Readonly<Record<NonNullable<MarketEvent['timing']>, string>>;
  /** Wall time in a zone by its short name. */
  readonly timeIn: (time: string, place: string) => string;
  readonly head: (market: string, from: string, through: string) => string;
  readonly hours: (sessions: number, hours: string) => string;
  readonly closed: string;
  readonly earlyClose: (time: string) => string;
  readonly nothing: string;
  readonly more: (count: number) => string;
  readonly until: (event: string, through: string) => string;
  readonly noDates: (event: string) => string;
  readonly daysFrom: (source: string, through: string) => string;
  readonly eventsFrom: (source: string, reach: string) => string;
  readonly daysEnd: (market: string, through: string) => string;
  readonly eventsEnd: (event: string, through: string | null) => string;
  readonly endTitle: string;
  readonly endCure: string;
  readonly noEvents: string;
  readonly nobody: string;
};

export const CALENDAR_EN: CalendarWords = {
  markets: { US: 'United States', CN: 'China' },
  weekdays: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
  events: {
    fomc: 'FOMC rate decision',
    cpi: 'CPI',
    payrolls: 'payrolls',
    release_10: '10:00 releases',
    earnings: 'earnings',
  },
  timings: {
    before_open: 'before the open',
    after_close: 'after the close',
    unknown: 'time of day unknown',
  },
  timeIn: (time, place) => `${time} ${place}`,
  head: (market, from, through) => `Calendar · ${market} · ${from} to ${through}`,
  hours: (sessions, hours) => `${sessions} trading days, ${hours}`,
  closed: 'closed (holiday)',
  earlyClose: (time) => `early close ${time}`,
  nothing: 'no holiday, early close or event is listed',
  more: (count) => `… and ${count} more; ask for fewer days`,
  until: (event, through) => `${event} until ${through}`,
  noDates: (event) => `${event}: no dates`,
  daysFrom: (source, through) => `days known until ${through} · ${source}`,
  eventsFrom: (source, reach) => `events known: ${reach} · ${source}`,
  daysEnd: (market, through) =>
    `${market}: trading days known until ${through}, nothing trades beyond`,
  eventsEnd: (event, through) =>
    `${event}: ${through === null ? 'no dates' : `dates known until ${through}`}, each day ${through === null ? '' : 'after it '}counts as one`,
  endTitle: '⚠ A calendar ends soon',
  endCure: 'update Centaur, or extend config/calendars; told once a day until then',
  noEvents: 'no events are listed for this market',
  nobody: 'No calendar is known here.',
};

export const CALENDAR_ZH: CalendarWords = {
  markets: { US: '美国', CN: '中国' },
  weekdays: ['周一', '周二', '周三', '周四', '周五', '周六', '周日'],
  events: {
    fomc: '美联储议息(FOMC)',
    cpi: '通胀(CPI)',
    payrolls: '非农就业',
    release_10: '10:00 数据发布',
    earnings: '财报',
  },
  timings: { before_open: '盘前', after_close: '盘后', unknown: '时段未知' },
  timeIn: (time, place) => `${place}${time}`,
  head: (market, from, through) => `日历 · ${market} · ${from} 至 ${through}`,
  hours: (sessions, hours) => `${sessions} 个交易日,${hours}`,
  closed: '休市',
  earlyClose: (time) => `提前收盘 ${time}`,
  nothing: '无休市、提前收盘或事件',
  more: (count) => `…… 另有 ${count} 项;可查询较少天数`,
  until: (event, through) => `${event} 至 ${through}`,
  noDates: (event) => `${event} 无日期`,
  daysFrom: (source, through) => `交易日已知至 ${through} · ${source}`,
  eventsFrom: (source, reach) => `事件已知:${reach} · ${source}`,
  daysEnd: (market, through) => `${market}:交易日仅知至 ${through},之后不交易`,
  eventsEnd: (event, through) =>
    `${event}:${through === null ? '无日期' : `日期仅知至 ${through}`},${through === null ? '' : '之后'}每天都按事件日处理`,
  endTitle: '⚠ 日历即将到期',
  endCure: '请更新 Centaur,或补充 config/calendars;在此之前每天提醒一次',
  noEvents: '该市场未列事件',
  nobody: '这里没有日历。',
};

/** More items than anybody reads, and within a message's limits. */
const MOST_ITEMS = 30;

/** One item of an agenda with its day. */
export function itemLine(item: AgendaItem, place: string, s: Speech, words: CalendarWords): string {
  const dated = (day: string): string => `${day} ${words.weekdays[weekdayOf(day) - 1] ?? ''}`;
  switch (item.kind) {
    case 'closed': {
      const days =
        item.day === item.through ? dated(item.day) : `${dated(item.day)} – ${dated(item.through)}`;
      return `■ ${days} · ${words.closed}`;
    }
    case 'early_close':
      return `◧ ${dated(item.day)} · ${words.earlyClose(words.timeIn(item.time, place))}`;
    case 'event':
      return `◷ ${[
        dated(item.day),
        words.events[item.event],
        ...(item.symbol === null ? [] : [s.f.words(item.symbol, 16)]),
        ...(item.time === null ? [] : [words.timeIn(item.time, place)]),
        ...(item.timing === null ? [] : [words.timings[item.timing]]),
      ].join(' · ')}`;
  }
}

function reachText(reach: readonly AgendaReach[], last: string, words: CalendarWords): string {
  return reach
    .map(({ event, through }) => {
      const name = words.events[event];
      if (through === null) return words.noDates(name);
      return `${through < last ? '⚠ ' : ''}${words.until(name, through)}`;
    })
    .join(', ');
}

/** The coming days of each market: hours, holidays, early closes, events; then source and end of what is known. */
export function calendarLines(
  agendas: readonly Agenda[],
  zones: Readonly<Record<string, string>>,
  s: Speech,
  words: CalendarWords,
): readonly string[] {
  if (agendas.length === 0) return [words.nobody];
  return agendas.flatMap((agenda) => {
    const place = zones[agenda.zone] ?? agenda.zone;
    const { items, calendar, events, through } = agenda;
    const hours = words.timeIn(`${agenda.hours.open}–${agenda.hours.close}`, place);
    const isShort = calendar.through < through || endsSoon(calendar.through, agenda.from);
    return [
      words.head(words.markets[agenda.market], agenda.from, through),
      words.hours(agenda.sessions, hours),
      ...(items.length === 0 ? [words.nothing] : []),
      ...items.slice(0, MOST_ITEMS).map((item) => itemLine(item, place, s, words)),
      ...(items.length > MOST_ITEMS ? [words.more(items.length - MOST_ITEMS)] : []),
      `${isShort ? '⚠ ' : ''}${words.daysFrom(s.f.words(calendar.source, 120), calendar.through)}`,
      events === null
        ? words.noEvents
        : words.eventsFrom(s.f.words(events.source, 120), reachText(events.reach, through, words)),
    ];
  });
}

/** Which calendars end, what follows from it, and the cure. */
export function calendarEndLines(ends: readonly CalendarEnd[], words: CalendarWords): string[] {
  return [
    words.endTitle,
    ...ends.map((end) =>
      end.of === 'days'
        ? words.daysEnd(words.markets[end.market], end.through)
        : words.eventsEnd(words.events[end.event], end.through),
    ),
    words.endCure,
  ];
}
