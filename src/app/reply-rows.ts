import type { Message } from '#core/engine/message.ts';
import type { Actor } from '#core/replies/act.ts';
import type { Answer } from '#core/replies/answer.ts';
import type { Notice } from '#core/replies/notice.ts';
import type { AnswerSources } from './answer-question.ts';
import type { ChartHouse } from './ask-chart.ts';
import { fileNameOf, fileRow, keepFile, textFile } from './chat-file.ts';
import type { DeskHandle } from './desk-handle.ts';
import type {
  Access,
  Backtests,
  Card,
  ChatSettings,
  Clock,
  FileStore,
  Identity,
  Inbox,
  InboxRow,
  Incoming,
  MenuPerson,
  Narrator,
  NewAuditRow,
  NewOutboxRow,
  Outbox,
  OutboxRow,
  ReportWriter,
  Upkeep,
} from './ports.ts';
import { partsOf } from './reply-parts.ts';
import { mayActAs } from './roles.ts';
import type { SecondConfirms } from './second-confirm.ts';

/** Makes cards in the language of a chat. */
export interface Speaker {
  notice(notice: Notice, channel: string, chatId: string): Card;
  answer(answer: Answer, channel: string, chatId: string): Card;
  message(message: Message, channel: string, chatId: string): Card;
}

export type ReplyDeps = {
  readonly runId: string;
  readonly clock: Clock;
  readonly access: Access;
  readonly desks: () => readonly DeskHandle[];
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly files: FileStore;
  readonly speaker: Speaker;
  readonly sources: AnswerSources;
  readonly confirms: SecondConfirms;
  /** Plays backtests for the chat; null or left out: not from here. */
  readonly backtests?: Backtests | null;
  /** Says `/why` in words after its rows; null or left out: nobody does. */
  readonly narrator?: Narrator | null;
  /** Writes report files; null or left out: nobody does. */
  readonly reports?: ReportWriter | null;
  /** Shows and changes the settings files; null or left out: not from here. */
  readonly settings?: ChatSettings | null;
  /** Does what takes long beside the desk; null or left out: not from here. */
  readonly upkeep?: Upkeep | null;
  /** Shows a person's commands in a channel's own menu; left out: nothing is shown. */
  readonly showMenu?: (channel: string, person: MenuPerson) => void;
  /** Draws for `/chart`; null or left out: nothing is drawn here. */
  readonly charts?: ChartHouse | null;
  /** Ticket code of a delivered message, for replies to it; null when it is not known. */
  readonly codeOfMessage: (channel: string, chatId: string, messageId: string) => string | null;
  /** True once the urgent act of an update was decided by this process. */
  readonly wasDecided: (channel: string, updateId: string) => Promise<boolean>;
  /** Hands fresh outbox rows to the deliverer. */
  readonly handOver: (rows: readonly OutboxRow[]) => void;
  /** Tells of a failure that is not the store's; the row is then done as failed. */
  readonly onFailure: (error: unknown, row: InboxRow) => void;
};

/** What an inbox row of a chat holds: the message and whether the immediate lane already acted on it. */
export type ChatBody = { readonly incoming: Incoming; readonly acted: 'kill' | 'stop' | null };

const REPLY_LIFE_MS = 10 * 60_000;

export type Known = Extract<Identity, { kind: 'known' }>;
/** One row being answered. */
export type Turn = {
  readonly row: InboxRow;
  readonly incoming: Incoming;
  readonly who: Known;
  /** The message it replies to is known to show a ticket. */
  readonly isReplyKnown: boolean;
};

/** The body of a chat's inbox row, or null when it is not one. */
export function chatBodyOf(body: unknown): ChatBody | null {
  if (typeof body !== 'object' || body === null || !('incoming' in body)) return null;
  const { incoming } = body;
  if (typeof incoming !== 'object' || incoming === null) return null;
  if (!('chatId' in incoming) || !('text' in incoming) || !('sentAt' in incoming)) return null;
  return body as ChatBody;
}

export function outboxRow(
  deps: Pick<ReplyDeps, 'clock' | 'runId'>,
  chat: { readonly channel: string; readonly chatId: string },
  what: {
    kind: string;
    dedupeKey: string;
    card?: Card;
    message?: Message;
    replyTo: string | null;
    lifeMs?: number;
    priority?: 0 | 1;
  },
): NewOutboxRow {
  const now = deps.clock.now();
  const { kind, dedupeKey, lifeMs, priority = 1, ...payload } = what;
  return {
    runId: deps.runId,
    lane: `chat:${chat.channel}:${chat.chatId}`,
    kind,
    priority,
    dedupeKey,
    editKey: null,
    payload,
    createdAt: now,
    notBefore: now,
    expiresAt: now + (lifeMs ?? REPLY_LIFE_MS),
  };
}

/** Queues notices for the chat a row came from; repeated for the same row it queues nothing new. */
export async function say(
  notices: readonly Notice[],
  row: InboxRow,
  incoming: Incoming,
  deps: ReplyDeps,
): Promise<void> {
  if (notices.length === 0) return;
  const rows = notices.map((notice, index) =>
    outboxRow(deps, incoming, {
      kind: 'reply',
      dedupeKey: `${deps.runId}:reply:${row.id}:${index}`,
      card: deps.speaker.notice(notice, incoming.channel, incoming.chatId),
      replyTo: incoming.chatKind === 'group' ? incoming.messageId : null,
      // a question that can no longer be answered is not asked
      lifeMs: notice.kind === 'second_confirm' ? notice.validMs : REPLY_LIFE_MS,
      // the second stage of a kill waits for nothing that is being sent
      priority: isOfKill(notice) ? 0 : 1,
    }),
  );
  deps.handOver(await deps.outbox.enqueue(rows));
}

function isOfKill(notice: Notice): boolean {
  return notice.kind === 'second_confirm' && notice.consequence.act === 'flatten';
}

/**
 * The rows of an answer: its cards in as many messages as they need, and as a file where that would be
 * more than three. Throws StoreError.
 */
export async function replyRows(
  cards: readonly Card[],
  name: string,
  { incoming, row }: Turn,
  deps: ReplyDeps,
): Promise<NewOutboxRow[]> {
  const { runId, clock, files } = deps;
  const replyTo = incoming.chatKind === 'group' ? incoming.messageId : null;
  const at = clock.now();
  const rows: NewOutboxRow[] = [];
  const key = () => `${runId}:reply:${row.id}:${rows.length}`;
  for (const card of cards) {
    const parts = partsOf(card);
    for (const part of parts.cards)
      rows.push(
        outboxRow(deps, incoming, { kind: 'reply', dedupeKey: key(), card: part, replyTo }),
      );
    if (parts.whole === null) continue;
    const file = await keepFile(textFile(fileNameOf(`${name}.txt`), parts.whole), files, at);
    const caption = { lines: card.lines.slice(0, 1), buttons: [] };
    const expiresAt = at + REPLY_LIFE_MS;
    const what = { runId, kind: 'reply', dedupeKey: key(), file, caption, replyTo, at, expiresAt };
    rows.push(fileRow(what, incoming));
  }
  return rows;
}

/** What is said to a message after its answer, once under its name. Throws StoreError. */
export async function sayLater(
  notice: Notice,
  { incoming, row }: Turn,
  name: string,
  deps: ReplyDeps,
): Promise<void> {
  const said = outboxRow(deps, incoming, {
    kind: 'reply',
    dedupeKey: `${deps.runId}:reply:${row.id}:${name}`,
    card: deps.speaker.notice(notice, incoming.channel, incoming.chatId),
    replyTo: incoming.chatKind === 'group' ? incoming.messageId : null,
  });
  deps.handOver(await deps.outbox.enqueue([said]));
}

export function auditOf(
  row: InboxRow,
  incoming: Incoming,
  act: unknown,
  ticketVersion: number | null,
  result: string,
  deps: ReplyDeps,
  actor: Actor | null = null,
): NewAuditRow {
  const now = deps.clock.now();
  return {
    occurredAt: now,
    channel: incoming.channel,
    actor: actor?.id ?? `${incoming.channel}:${incoming.userId ?? 'hidden'}`,
    messageId: incoming.messageId,
    updateId: row.updateId,
    rawText: incoming.text.slice(0, 1000),
    parsedAct: act,
    ticketVersion,
    result,
    latencyMs: Math.max(0, now - row.receivedAt),
  };
}

/** Says the notices and marks the row done, with its audit row. */
export async function finish(
  turn: Turn,
  result: string,
  act: unknown,
  notices: readonly Notice[],
  deps: ReplyDeps,
): Promise<void> {
  await say(notices, turn.row, turn.incoming, deps);
  const audit = auditOf(turn.row, turn.incoming, act, null, result, deps, turn.who.actor);
  await deps.inbox.markDone(turn.row.id, { kind: result }, [audit]);
}

/** Names one message of one channel, so that it never takes effect twice. */
export function updateKeyOf(channel: string, updateId: string): string {
  return `${channel}:${updateId}`;
}

/** True when the sender may use the immediate lane. */
export function mayStop(who: Identity): who is Known {
  return who.kind === 'known' && mayActAs(who.actor.role, 'operator');
}
