import type { Event } from '#core/engine/event.ts';
import { addCalendarDays, type TradingDay } from '#core/market/trading-day.ts';
import { boundsOf, curvesOf, type Span } from '#core/reports/period.ts';
import type { CalendarSource } from './answer-calendar.ts';
import { nextSession, type ReportSources, reportOf } from './answer-report.ts';
import { type DayRecordsDeps, dayRecordSource, recordDay } from './day-records.ts';
import type { DeskHandle } from './desk-handle.ts';
import { type ChatTarget, chatLane } from './fan-out.ts';
import { type PictureDeps, pictureRows } from './picture-rows.ts';
import type { NewOutboxRow, Outbox, OutboxRow } from './ports.ts';

export type TellDayDeps = DayRecordsDeps &
  PictureDeps & {
    readonly outbox: Outbox;
    readonly handOver: (rows: readonly OutboxRow[]) => void;
    readonly calendars: CalendarSource;
    /** Chats that are told. */
    readonly targets: () => readonly ChatTarget[];
    /** Those of them that are shown pictures without asking. */
    readonly pictureTargets: () => readonly ChatTarget[];
    readonly onTrouble: (place: string, error: unknown) => void;
  };

const LIFE_MS = 24 * 3_600_000;
/** A year of curves. */
const CURVE_DAYS = 366;
const KINDS: Readonly<Record<Span, string>> = {
  day: 'daily_score',
  week: 'weekly_report',
  month: 'monthly_report',
};

/** Spans that end with a day: the day, and a week or month whose last session it was. */
function spansEnding(day: TradingDay, next: TradingDay | null): Span[] {
  const isLast = (span: Span) => next === null || next > boundsOf(span, day).to;
  return ['day', ...(['week', 'month'] as const).filter(isLast)];
}

/**
 * Keeps a closed day and tells what it and the spans that end with it came to: silent, after the day's own
 * report, with the curves where pictures are shown. What fails here is told as trouble and changes nothing.
 */
export function createDayTeller(
  deps: TellDayDeps,
): (desk: DeskHandle, events: readonly Event[]) => Promise<void> {
  const { runId, clock, speaker } = deps;
  const sources: ReportSources = { ...dayRecordSource(runId, deps.events), ...deps.calendars };
  const wordRows = async (desk: DeskHandle, span: Span, day: TradingDay) => {
    const full = await reportOf(desk, span, day, sources);
    if (full === null) return [];
    const at = clock.now();
    return deps.targets().map((chat): NewOutboxRow => {
      const answer = { at, kind: 'period', reports: [full.report] } as const;
      return {
        runId,
        lane: chatLane(chat),
        kind: KINDS[span],
        priority: 2,
        dedupeKey: `${runId}:${KINDS[span]}:${desk.policy.deskId}:${day}:${chatLane(chat)}`,
        editKey: null,
        payload: { card: speaker.answer(answer, chat.channel, chat.chatId) },
        createdAt: at,
        notBefore: at,
        expiresAt: at + LIFE_MS,
      };
    });
  };
  const curveRows = async (desk: DeskHandle, day: TradingDay) => {
    const { deskId } = desk.policy;
    const chats = deps.pictureTargets();
    if (chats.length === 0) return [];
    const records = await sources.days(deskId, addCalendarDays(day, -CURVE_DAYS), day);
    const picture = curvesOf(records, deskId);
    // one point is no curve
    if (picture.trades.length < 2) return [];
    const expiresAt = clock.now() + LIFE_MS;
    const key = `picture:curves:${deskId}:${day}`;
    return await pictureRows(
      { picture, kind: 'report_chart', key, expiresAt, replyTo: null },
      chats,
      deps,
    );
  };
  return async (desk, events) => {
    try {
      const record = await recordDay(desk, events, deps);
      if (record === null) return;
      // an A-share day has its last word after the comparison of 15:40
      const isFinal =
        desk.policy.pulse === null || events.some(({ type }) => type === 'report_finalized');
      if (!isFinal) return;
      const { tradingDay } = record;
      const next = nextSession(desk, tradingDay, deps.calendars)?.from ?? null;
      for (const span of spansEnding(tradingDay, next)) {
        const rows = await wordRows(desk, span, tradingDay);
        if (rows.length > 0) deps.handOver(await deps.outbox.enqueue(rows));
      }
      const curves = await curveRows(desk, tradingDay);
      if (curves.length > 0) deps.handOver(await deps.outbox.enqueue(curves));
    } catch (error) {
      deps.onTrouble('day record', error);
    }
  };
}
