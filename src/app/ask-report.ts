import type { Question } from '#core/replies/act.ts';
import { curvesOf, type FullReport } from '#core/reports/period.ts';
import { calendarAnswer } from './answer-calendar.ts';
import { dayMeant, reportOf } from './answer-report.ts';
import { fileRow, keepFile } from './chat-file.ts';
import type { ReportFile } from './ports.ts';
import { auditOf, type ReplyDeps, replyRows, type Turn } from './reply-rows.ts';

type Ask = Extract<Question, { ask: 'report' }>;

const FILE_LIFE_MS = 60 * 60_000;
/** Events are listed about that far ahead. */
const FILE_DAYS = 92;

/** The report of the desk that traded most; null: none traded. */
export function busiestOf(reports: readonly FullReport[]): FullReport | null {
  const trades = ({ records }: FullReport) => records.reduce((n, one) => n + one.trades.length, 0);
  const [busiest] = [...reports].sort((a, b) => trades(b) - trades(a));
  return busiest === undefined || trades(busiest) === 0 ? null : busiest;
}

/** The curves of the desk that traded most; null where nobody draws, or nothing is to be drawn. */
async function curvesFor(
  reports: readonly FullReport[],
  language: 'zh' | 'en',
  deps: ReplyDeps,
): Promise<Uint8Array | null> {
  const busiest = busiestOf(reports);
  if (deps.charts == null || busiest === null) return null;
  const { deskId } = busiest.report;
  return await deps.charts.pictures.draw(curvesOf(busiest.records, deskId), language);
}

/**
 * Answers `/report … md|csv|json|html` with a file of every desk that has recorded a day of the span. The row
 * is done before the file is made, so that nothing said next waits for its picture. Throws StoreError.
 */
export async function respondReportFile(turn: Turn, ask: Ask, deps: ReplyDeps): Promise<void> {
  const { row, incoming, who } = turn;
  const at = deps.clock.now();
  const found = await Promise.all(
    deps.desks().map((desk) => reportOf(desk, ask.span, dayMeant(desk, ask.day, at), deps.sources)),
  );
  const reports = found.filter((one) => one !== null);
  if (reports.length === 0) {
    const { channel, chatId } = incoming;
    const card = deps.speaker.answer({ at, kind: 'period', reports: [] }, channel, chatId);
    const rows = await replyRows([card], 'report', turn, deps);
    const done = { id: row.id, result: { kind: 'report_missing' } };
    return deps.handOver(await deps.outbox.enqueue(rows, done));
  }
  const audit = auditOf(row, incoming, null, null, 'answered', deps, who.actor);
  await deps.inbox.markDone(row.id, { kind: 'answered', ask: 'report' }, [audit]);
  void send(reports, ask, turn, deps).catch((error: unknown) => deps.onFailure(error, row));
}

async function send(
  reports: readonly FullReport[],
  { format }: Ask,
  { row, incoming, who }: Turn,
  deps: ReplyDeps,
): Promise<void> {
  const { reports: writer = null } = deps;
  if (writer === null || format === null) return;
  const hasPictures = format === 'md' || format === 'html';
  const curves = hasPictures ? await curvesFor(reports, who.language, deps) : null;
  await sendFile(writer.write(reports, format, who.language, curves), { row, incoming, who }, deps);
}

/** Queues a file for the chat a row came from, once for the row. Throws StoreError. */
export async function sendFile(
  { name, mediaType, content }: ReportFile,
  { row, incoming }: Pick<Turn, 'row' | 'incoming' | 'who'>,
  { runId, clock, files, outbox, handOver }: ReplyDeps,
  done?: { readonly id: number; readonly result: unknown },
): Promise<void> {
  const at = clock.now();
  const file = await keepFile({ kind: 'document', name, mediaType, content }, files, at);
  const letter = {
    runId,
    kind: 'reply',
    dedupeKey: `${runId}:reply:${row.id}:file`,
    file,
    caption: { lines: [`▤ ${name}`], buttons: [] },
    replyTo: incoming.chatKind === 'group' ? incoming.messageId : null,
    at,
    expiresAt: at + FILE_LIFE_MS,
  };
  handOver(await outbox.enqueue([fileRow(letter, incoming)], done));
}

/** Answers `/calendar … ics` with a file. Throws StoreError. */
export async function respondCalendarFile(
  turn: Turn,
  ask: Extract<Question, { ask: 'calendar' }>,
  deps: ReplyDeps,
): Promise<void> {
  const { row, incoming, who } = turn;
  const at = deps.clock.now();
  const given = { market: ask.market, days: ask.days ?? FILE_DAYS };
  const answer = calendarAnswer(at, given, deps.desks(), deps.sources);
  const done = { id: row.id, result: { kind: 'answered', ask: 'calendar' } };
  const { reports: writer = null } = deps;
  if (writer !== null && answer.kind === 'calendar' && answer.agendas.length > 0)
    return await sendFile(writer.calendar(answer.agendas, who.language, at), turn, deps, done);
  const card = deps.speaker.answer(answer, incoming.channel, incoming.chatId);
  deps.handOver(await deps.outbox.enqueue(await replyRows([card], 'calendar', turn, deps), done));
}
