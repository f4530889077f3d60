import { storedExDates } from '#app/answer-ex-dates.ts';
import type { AnswerSources } from '#app/answer-question.ts';
import type { ChartHouse } from '#app/ask-chart.ts';
import { createIntake, type Intake } from '#app/chat-intake.ts';
import { dayRecordSource } from '#app/day-records.ts';
import type { Deliverer } from '#app/deliver-deps.ts';
import { createDeliverer } from '#app/deliver-messages.ts';
import type { DeskHandle } from '#app/desk-handle.ts';
import { createReplyHandler } from '#app/handle-reply.ts';
import type {
  Backtests,
  Channel,
  ChatSettings,
  Incoming,
  MenuPerson,
  Narrator,
  OneTimeCodes,
  OutboxRow,
  Outgoing,
  Upkeep,
} from '#app/ports.ts';
import { storedCheckpoints } from '#app/read-checkpoints.ts';
import { reconcileAccount } from '#app/reconcile-account.ts';
import { createSecondConfirms } from '#app/second-confirm.ts';
import type { Input } from '#core/engine/input.ts';
import type { Policy } from '#core/engine/policy.ts';
import type { SourceLine } from '#core/replies/system.ts';
import { type ChatUser, createAccess } from '#shell/chat/authorize.ts';
import { renderAnswer, renderMessage, renderNotice } from '#shell/chat/render.ts';
import { createReportWriter } from '#shell/chat/reports/report-writer.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { createMemoryStore } from '#shell/store/memory-store.ts';
import { bookBroker } from './book-broker.ts';
import { ny, policyOf } from './builders.ts';
import { deskAfter } from './engine.ts';
import { createFakeDesk, type FakeDesk } from './fake-desk.ts';
import { PULSE_CALENDAR } from './pulse-market.ts';

export const PEOPLE: readonly ChatUser[] = [
  { channel: 'fake', userId: '1', name: 'Li', role: 'owner' },
  { channel: 'fake', userId: '2', name: 'Wang', role: 'operator' },
  { channel: 'fake', userId: '3', name: 'Zhao', role: 'viewer' },
];

/** A channel that keeps what it was told to deliver. */
export function createRecordingChannel(
  name = 'fake',
): Channel & { readonly sent: Outgoing[]; failure: Error | null } {
  const channel = {
    name,
    sent: [] as Outgoing[],
    failure: null as Error | null,
    async start() {},
    async deliver(message: Outgoing) {
      if (channel.failure !== null) throw channel.failure;
      channel.sent.push(message);
      return `m${channel.sent.length}`;
    },
    async acknowledge() {},
    async stop() {},
  };
  return channel;
}

/** What a desk of a test is built over. */
export type DeskParts = {
  readonly clock: ReturnType<typeof createVirtualClock>;
  readonly store: ReturnType<typeof createMemoryStore>;
  readonly handOver: (rows: readonly OutboxRow[]) => void;
};

/** The conversation of one desk on a virtual clock and a memory store, with a fake channel. */
export async function chatHarness<D extends DeskHandle = FakeDesk>(
  inputs: readonly Input[],
  change: {
    policy?: Policy;
    at?: number;
    users?: readonly ChatUser[];
    codes?: OneTimeCodes;
    /** Lines of the log. */
    logs?: readonly string[];
    /** Trading days and events of a market; the Chinese test calendar without events where left out. */
    calendarOf?: AnswerSources['calendarOf'];
    eventsOf?: AnswerSources['eventsOf'];
    backtests?: Backtests;
    /** Draws for /chart; nothing is drawn where left out. */
    charts?: ChartHouse;
    /** Says /why in words; nobody does where left out. */
    narrator?: Narrator;
    /** Sources of data and how they did. */
    dataSources?: readonly SourceLine[];
    /** Settings files as a chat sees them; none where left out. */
    settings?: ChatSettings;
    /** What takes long beside the desk; nothing where left out. */
    upkeep?: Upkeep;
    /** Desks beside the first one. */
    others?: readonly { readonly policy: Policy; readonly inputs: readonly Input[] }[];
    /** Another desk than one without a broker, over the harness's clock and store; `inputs` are not given to it. */
    desk?: (parts: DeskParts) => D;
  } = {},
) {
  const clock = createVirtualClock({ startAt: change.at ?? ny('10:01:20') });
  const store = createMemoryStore(() => clock.now());
  const channel = createRecordingChannel();
  const book = {
    content: null as unknown,
    load: async () => null,
    save: async (content: unknown) => {
      book.content = content;
    },
  };
  let codes = 0;
  const access = await createAccess({
    book,
    clock,
    defaultLanguage: 'en',
    configured: change.users ?? PEOPLE,
    newPairingCode: () => {
      codes += 1;
      return `PAIR${codes}23`;
    },
    hasTerminal: false,
  });
  const { zone, currency } = change.policy ?? policyOf();
  const place = { zone, currency };
  const now = (name: string, chatId: string) => {
    return { now: clock.now(), chatZone: access.zoneOf(name, chatId) };
  };
  const languageOf = (name: string, chatId: string) => access.languageOf(name, chatId);
  const failures: unknown[] = [];
  const menus: (MenuPerson & { readonly channel: string })[] = [];
  const deliverer: Deliverer = createDeliverer({
    runId: 'live',
    clock,
    wall: clock,
    outbox: store.outbox,
    files: store.files,
    channel: (name) => (name === 'fake' ? channel : null),
    rateOf: () => null,
    render: (message, name, chatId) =>
      renderMessage(message, languageOf(name, chatId), now(name, chatId)),
    onDelivered: () => undefined,
    onFailure: (error) => failures.push(error),
  });
  const handOver = (rows: readonly OutboxRow[]) => deliverer.handOver(rows);
  const deskOf = (policy: Policy, heard: readonly Input[]) =>
    createFakeDesk({
      desk: deskAfter(heard, policy),
      clock,
      log: store.events,
      runId: 'live',
      targets: () => [{ channel: 'fake', chatId: '1' }],
      handOver,
    });
  const made: DeskHandle =
    change.desk?.({ clock, store, handOver }) ?? deskOf(change.policy ?? policyOf(), inputs);
  const desk = made as D;
  const others = (change.others ?? []).map((one) => deskOf(one.policy, one.inputs));
  const account = bookBroker(desk);
  let nonces = 0;
  const speaker = {
    notice: (notice: Parameters<typeof renderNotice>[0], name: string, chatId: string) =>
      renderNotice(notice, languageOf(name, chatId), place, now(name, chatId)),
    answer: (answer: Parameters<typeof renderAnswer>[0], name: string, chatId: string) =>
      renderAnswer(answer, languageOf(name, chatId), place, now(name, chatId)),
    message: (message: Parameters<typeof renderMessage>[0], name: string, chatId: string) =>
      renderMessage(message, languageOf(name, chatId), now(name, chatId)),
  };
  const handle = createReplyHandler({
    runId: 'live',
    clock,
    access,
    desks: () => [desk, ...others],
    inbox: store.inbox,
    outbox: store.outbox,
    files: store.files,
    speaker,
    sources: {
      jobs: async () => [],
      audit: store.audit,
      version: async () => ({ version: '0.1.0', uptimeMs: 90_000 }),
      dataSources: async () => change.dataSources ?? [],
      health: async () => [
        {
          of: 'store',
          subject: '',
          isWell: true,
          figures: { kind: 'embedded', ms: 5, protection: 'roles' },
        },
      ],
      logs: async () => change.logs ?? ['one line'],
      report: async () => null,
      reconcile: (_desk, by) => reconcileAccount(desk, account, () => clock.now(), { by }),
      checkpoints: (_desk, day, count) =>
        storedCheckpoints(store.events, `desk:${desk.policy.deskId}`, day, count),
      exDates: (_desk, count) => storedExDates(store.events, `desk:${desk.policy.deskId}`, count),
      days: (desk, from, to) => dayRecordSource('live', store.events).days(desk, from, to),
      calendarOf: change.calendarOf ?? (() => PULSE_CALENDAR),
      eventsOf: change.eventsOf ?? (() => null),
      accounts: () => [],
      ping: () => ({ pollingLagMs: 3 }),
    },
    confirms: createSecondConfirms({
      clock,
      newNonce: () => {
        nonces += 1;
        return `nonce${nonces}`;
      },
      newDigits: () => '4172',
      codes: change.codes ?? null,
    }),
    backtests: change.backtests ?? null,
    charts: change.charts ?? null,
    narrator: change.narrator ?? null,
    settings: change.settings ?? null,
    upkeep: change.upkeep ?? null,
    showMenu: (name, person) => menus.push({ channel: name, ...person }),
    reports: createReportWriter(),
    codeOfMessage: deliverer.messages.codeOf,
    wasDecided: (name, updateId) => asked.intake.wasDecided(name, updateId),
    handOver,
    onFailure: (error) => failures.push(error),
  });
  const intake = createIntake({
    runId: 'live',
    clock,
    access,
    desks: () => [desk, ...others],
    inbox: store.inbox,
    speaker,
    channel: () => channel,
    handle,
    onFailure: (error) => failures.push(error),
  });
  /** Whose memory of urgent acts the handler asks; another one in tests that build their own. */
  const asked: { intake: Intake } = { intake };
  let updates = 0;
  const incoming = (text: string, fields: Partial<Incoming> = {}): Incoming => {
    updates += 1;
    const userId = fields.userId === undefined ? '1' : fields.userId;
    return {
      channel: 'fake',
      updateId: `u${updates}`,
      chatId: userId ?? '1',
      userId,
      userName: 'somebody',
      chatKind: 'private',
      messageId: `i${updates}`,
      text,
      callback: null,
      replyTo: null,
      sentAt: clock.now(),
      receivedAt: clock.now(),
      ...fields,
    };
  };
  /** Sends a text and answers the first lines of the cards that came back. */
  const say = async (text: string, fields: Partial<Incoming> = {}): Promise<string[]> => {
    const before = channel.sent.length;
    await intake.receive([incoming(text, fields)]);
    await intake.idle();
    await deliverer.idle();
    return channel.sent.slice(before).map((message) => message.card.lines[0] ?? '');
  };
  return {
    clock,
    store,
    channel,
    access,
    account,
    deliverer,
    desk,
    others,
    intake,
    asked,
    handle,
    incoming,
    say,
    failures,
    menus,
    book,
  };
}
