import type { Question } from '#core/replies/act.ts';
import { recordsBack } from './answer-system.ts';
import { sendFile } from './ask-report.ts';
import { auditOf, finish, type ReplyDeps, replyRows, type Turn } from './reply-rows.ts';
import { mayActAs } from './roles.ts';

const USUAL_DAYS = 30;
/** Rows of the audit that one file holds at most. */
const MOST_AUDIT = 5_000;
const DAY_MS = 86_400_000;

/** Answers `/export` with a file. Throws StoreError. */
export async function respondExport(
  turn: Turn,
  ask: Extract<Question, { ask: 'export' }>,
  deps: ReplyDeps,
): Promise<void> {
  const { row, incoming, who } = turn;
  const { what, format } = ask;
  const { role } = who.actor;
  // who did what is read by those who act
  if (what === 'audit' && !mayActAs(role, 'operator')) {
    const notice = { kind: 'role_too_low', command: 'export', role, needed: 'operator' } as const;
    return await finish(turn, notice.kind, null, [notice], deps);
  }
  if (what === 'audit' && !who.canAct)
    return await finish(turn, 'chat_read_only', null, [{ kind: 'chat_read_only' }], deps);
  const at = deps.clock.now();
  const days = ask.days ?? USUAL_DAYS;
  const isAudit = what === 'audit';
  const records = isAudit ? [] : await recordsBack(deps.desks(), days, at, deps.sources);
  const found = isAudit ? await deps.sources.audit.newest(MOST_AUDIT, null) : [];
  const audit = found.filter((one) => one.at >= at - days * DAY_MS).toReversed();
  const { reports: writer = null } = deps;
  const rows = { records, audit };
  const file = writer?.export(what, format, rows) ?? null;
  const done = { id: row.id, result: { kind: 'answered', ask: 'export' } };
  if (file === null) {
    const empty = { at, kind: 'export_empty', what } as const;
    const card = deps.speaker.answer(empty, incoming.channel, incoming.chatId);
    const said = await replyRows([card], 'export', turn, deps);
    return deps.handOver(await deps.outbox.enqueue(said, done));
  }
  await sendFile(file, turn, deps);
  const note = auditOf(row, incoming, ask, null, 'exported', deps, who.actor);
  await deps.inbox.markDone(row.id, { kind: 'exported' }, [note]);
}
