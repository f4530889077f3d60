import type { Policy } from '#core/engine/policy.ts';
import { type Agenda, agendaOf } from '#core/gates/agenda.ts';
import { sessionOn } from '#core/market/calendar.ts';
import { wallTimeOf } from '#core/market/session.ts';
import { addCalendarDays, type TradingDay } from '#core/market/trading-day.ts';
import {
  boundsOf,
  type FullReport,
  type PeriodReport,
  periodFigures,
  type Span,
} from '#core/reports/period.ts';
import type { CalendarSource } from './answer-calendar.ts';
import type { DayRecordSource } from './day-records.ts';
import type { DeskHandle } from './desk-handle.ts';

export type ReportSources = DayRecordSource & CalendarSource;

/** Whose report it is: a desk that runs, or one that its records name. */
export type Reported = { readonly policy: Pick<Policy, 'deskId' | 'currency' | 'market'> };

/** Days a score looks back where nobody says how far. */
const USUAL_SCORE_DAYS = 30;
/** Holidays do not last longer. */
const MOST_AHEAD = 15;

/** The first session after a day, with what is listed for it; null: none is known. */
export function nextSession(
  desk: Reported,
  after: TradingDay,
  sources: CalendarSource,
): Agenda | null {
  const { market } = desk.policy;
  const calendar = sources.calendarOf(market);
  if (calendar === null) return null;
  for (let count = 1; count <= MOST_AHEAD; count += 1) {
    const from = addCalendarDays(after, count);
    const { kind } = sessionOn(calendar, from);
    if (kind === 'unknown') return null;
    if (kind === 'session')
      return agendaOf({ calendar, events: sources.eventsOf(market), from, days: 1 });
  }
  return null;
}

/** The day meant, on the desk's own market. */
export function dayMeant(desk: DeskHandle, day: string | null, at: number): TradingDay {
  const today = wallTimeOf(at, desk.policy.zone).day;
  if (day === null || day === 'today') return today;
  return day === 'yesterday' ? addCalendarDays(today, -1) : day;
}

/**
 * A span of a desk; null when no day of it is recorded. The answers beside a day are those of its month: of
 * one day alone they say little. Throws StoreError.
 */
export async function reportOf(
  desk: Reported,
  span: Span,
  day: TradingDay,
  sources: ReportSources,
): Promise<FullReport | null> {
  const { deskId, currency } = desk.policy;
  const { from, to } = boundsOf(span, day);
  const records = await sources.days(deskId, from, to);
  const last = records.at(-1);
  if (last === undefined) return null;
  const scoreFrom = span === 'day' ? boundsOf('month', day).from : from;
  const scored = span === 'day' ? await sources.days(deskId, scoreFrom, to) : records;
  const figures = periodFigures(records);
  const { score } = periodFigures(scored);
  const ahead = nextSession(desk, last.tradingDay, sources);
  const report = { span, deskId, currency, from, to, figures, scoreFrom, score, ahead };
  return { report, records };
}

/** What answers brought over the last days. Throws StoreError. */
export async function scoreOf(
  desk: DeskHandle,
  days: number | null,
  at: number,
  sources: ReportSources,
): Promise<PeriodReport | null> {
  const { deskId, currency } = desk.policy;
  const to = dayMeant(desk, null, at);
  const from = addCalendarDays(to, 1 - (days ?? USUAL_SCORE_DAYS));
  const records = await sources.days(deskId, from, to);
  if (records.length === 0) return null;
  const figures = periodFigures(records);
  const { score } = figures;
  return {
    span: 'score',
    deskId,
    currency,
    from,
    to,
    figures,
    scoreFrom: from,
    score,
    ahead: null,
  };
}
