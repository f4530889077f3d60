import type { AnswerSources } from '#app/answer-question.ts';
import { createIntake } from '#app/chat-intake.ts';
import { createReplyHandler } from '#app/handle-reply.ts';
import type { Broker, Card, Incoming, OutboxRow } from '#app/ports.ts';
import type { Speaker } from '#app/reply-rows.ts';
import { createSecondConfirms } from '#app/second-confirm.ts';
import type { Message } from '#core/engine/message.ts';
import { createAccess } from '#shell/chat/authorize.ts';
import type { Language } from '#shell/chat/format.ts';
import { renderAnswer, renderMessage, renderNotice } from '#shell/chat/render.ts';
import { deskAt } from '../../test/support/broker-desk.ts';
import type { PolicyChange } from '../../test/support/builders.ts';

/*
 * A real desk with a real broker adapter and a chat of one person, whose every word is written down as a
 * terminal would show it. The conversation, the order lane and the decisions are those of the product;
 * the store is in memory.
 */

/** Times and ids that differ from run to run are blotted out before two recordings are compared. */
export function blotted(text: string): string {
  return text.replace(/\d+/g, '#');
}

type World = ReturnType<typeof deskAt>;
type Write = (who: string, text: readonly string[]) => void;

export type Setting = {
  readonly broker: Broker;
  readonly policy: PolicyChange;
  readonly language: Language;
  readonly startAt: number;
};

/** A desk whose chat is written to `lines`. */
export async function openTheatre({ broker, language, policy, startAt }: Setting) {
  const world = deskAt(broker, policy, startAt);
  const lines: string[] = [];
  const write: Write = (who, [first = '', ...rest]) => {
    lines.push(`${timeOf(world)} ${who.padEnd(5)} ${first}`);
    for (const line of rest) lines.push(`${' '.repeat(14)} ${line}`);
  };
  const show = (rows: readonly OutboxRow[]): void => {
    for (const row of rows) {
      if (!row.lane.startsWith('chat:')) continue;
      const { card, message } = row.payload as { card?: Card; message?: Message };
      const now = world.clock.now();
      const said = card ?? (message && renderMessage(message, language, { now }));
      if (said !== undefined) write('desk', said.lines);
    }
  };
  let shown = 0;
  /** Writes down what the desk has said by itself since the last time. */
  const flush = (): void => {
    show(world.chat.slice(shown));
    shown = world.chat.length;
  };
  const hear = await conversation(world, language, show, write);
  /** A person says it; what comes back is written down. */
  const say = async (text: string): Promise<void> => {
    flush();
    write('you', [text]);
    await hear(text);
    await new Promise((resolve) => setTimeout(resolve, 40));
    flush();
  };
  return { ...world, lines, say, flush, write };
}

function timeOf({ clock, policy }: World): string {
  return Temporal.Instant.fromEpochMilliseconds(clock.now())
    .toZonedDateTimeISO(policy.zone)
    .toPlainTime()
    .toString({ smallestUnit: 'second' });
}

/** Intake and answers as the product has them; answers a function that takes a message of the owner. */
async function conversation(
  { clock, desk, policy, store }: World,
  language: Language,
  handOver: (rows: readonly OutboxRow[]) => void,
  write: Write,
): Promise<(text: string) => Promise<void>> {
  const place = { zone: policy.zone, currency: policy.currency };
  const options = () => ({ now: clock.now() });
  const speaker: Speaker = {
    notice: (notice) => renderNotice(notice, language, place, options()),
    answer: (answer) => renderAnswer(answer, language, place, options()),
    message: (message) => renderMessage(message, language, options()),
  };
  const access = await createAccess({
    book: { load: async () => null, save: async () => {} },
    clock,
    defaultLanguage: language,
    newPairingCode: () => 'AAAAAA',
    hasTerminal: true,
  });
  const onFailure = (error: unknown): void => write('!', [String(error)]);
  const shared = { runId: 'test', clock, access, desks: () => [desk], speaker, onFailure };
  const handle = createReplyHandler({
    ...shared,
    inbox: store.inbox,
    outbox: store.outbox,
    files: store.files,
    sources: SOURCES,
    confirms: createSecondConfirms({ clock, newNonce: () => 'n7Q2', newDigits: () => '4172' }),
    codeOfMessage: () => null,
    wasDecided: (channel, updateId) => intake.wasDecided(channel, updateId),
    handOver,
  });
  const intake = createIntake({ ...shared, inbox: store.inbox, channel: () => null, handle });
  let updates = 0;
  return async (text) => {
    updates += 1;
    await intake.receive([ownersMessage(text, updates, clock.now())]);
    await intake.idle();
  };
}

const nothing = async () => [];
/** What scenes do not ask. */
const SOURCES: AnswerSources = {
  jobs: nothing,
  audit: { newest: nothing },
  version: async () => ({}),
  dataSources: nothing,
  health: nothing,
  logs: nothing,
  report: async () => null,
  days: async () => [],
  checkpoints: nothing,
  exDates: nothing,
  calendarOf: () => null,
  eventsOf: () => null,
  reconcile: () => Promise.reject(new Error('not played here')),
  accounts: () => [],
  ping: () => ({}),
};

function ownersMessage(text: string, n: number, at: number): Incoming {
  return {
    channel: 'terminal',
    updateId: `u${n}`,
    chatId: 'terminal',
    userId: 'owner',
    userName: 'owner',
    chatKind: 'terminal',
    messageId: `m${n}`,
    text,
    callback: null,
    replyTo: null,
    sentAt: at,
    receivedAt: at,
  };
}
