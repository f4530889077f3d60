import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { AnswerSources } from '#app/answer-question.ts';
import { createIntake } from '#app/chat-intake.ts';
import { createDeliverer } from '#app/deliver-messages.ts';
import { StoreError } from '#app/errors.ts';
import type { ChatTarget } from '#app/fan-out.ts';
import { createReplyHandler } from '#app/handle-reply.ts';
import type { Clock, Inbox, InboxRow } from '#app/ports.ts';
import { createSecondConfirms } from '#app/second-confirm.ts';
import { createAccess } from '#shell/chat/authorize.ts';
import { renderAnswer, renderMessage, renderNotice } from '#shell/chat/render.ts';
import { createTelegramChannel } from '#shell/chat/telegram.ts';
import { createBotApi } from '#shell/chat/telegram-by-grammy.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { connectStore } from '#shell/store/client.ts';
import { createStore, type Store } from '#shell/store/store.ts';
import { withTicket } from '../test/support/builders.ts';
import { type Desk, deskAfter } from '../test/support/engine.ts';
import { createFakeDesk } from '../test/support/fake-desk.ts';
import { FakeTelegram, TOKEN } from '../test/support/fake-telegram.ts';

/*
 * The chat path over real HTTP and a real store: a command's way to its reply, and a kill's way to
 * the desk while a handler hangs, a worker computes and the store is down. The per-chat rate is off
 * here (a person gets one message a second). Run: node bench/chat.ts
 */
export type Latency = { readonly p50Ms: number; readonly p99Ms: number };

export type ChatBench = {
  /** Update at the server → reply at the server, three commits between. */
  readonly reply: Latency;
  /** Update at the server → the desk's immediate lane called: handler hanging, worker busy, store down. */
  readonly kill: Latency;
};

const WARM_UP = 30;

function latencyOf(samples: readonly number[]): Latency {
  const sorted = samples.slice(WARM_UP).sort((a, b) => a - b);
  const at = (q: number) => sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise((resolve) => setImmediate(resolve));
}

const BUSY = 'let x = 0; for (;;) { for (let i = 0; i < 1e6; i += 1) x += Math.sqrt(i); }';

const PLACE = { zone: 'America/New_York', currency: 'USD' };

const SPEAKER = {
  notice: (notice: Parameters<typeof renderNotice>[0]) =>
    renderNotice(notice, 'en', PLACE, { now: Date.now() }),
  answer: (answer: Parameters<typeof renderAnswer>[0]) =>
    renderAnswer(answer, 'en', PLACE, { now: Date.now() }),
  message: (message: Parameters<typeof renderMessage>[0]) =>
    renderMessage(message, 'en', { now: Date.now() }),
};

const SOURCES: AnswerSources = {
  jobs: async () => [],
  audit: { newest: async () => [] },
  version: async () => ({}),
  dataSources: async () => [],
  health: async () => [],
  logs: async () => [],
  report: async () => null,
  days: async () => [],
  reconcile: async () => {
    throw new Error('the bench asks no account');
  },
  checkpoints: async () => [],
  exDates: async () => [],
  calendarOf: () => null,
  eventsOf: () => null,
  accounts: () => [],
  ping: () => ({}),
};

function accessOf(clock: Clock) {
  return createAccess({
    book: { load: async () => null, save: async () => undefined },
    clock,
    defaultLanguage: 'en',
    configured: [{ channel: 'telegram', userId: '1', name: 'Li', role: 'owner' }],
    newPairingCode: () => 'CODE23',
    hasTerminal: false,
  });
}

function telegramAt(apiRoot: string, clock: Clock) {
  return createTelegramChannel({
    library: createBotApi,
    token: TOKEN,
    key: new Uint8Array(32),
    clock,
    languageOf: () => 'en',
    apiRoot,
    onTrouble: () => undefined,
  });
}

type Change = {
  readonly clock?: Clock;
  readonly desk?: Desk;
  /** Who hears the desk's pushes; nobody where left out. */
  readonly targets?: readonly ChatTarget[];
};

/** A conversation on `store` whose inbox and handler may be broken on purpose. */
export async function conversation(
  store: Store,
  server: FakeTelegram,
  apiRoot: string,
  change: Change = {},
) {
  const { clock = createSystemClock(), targets = [] } = change;
  const faults = { isStoreDown: false, hang: null as Promise<void> | null };
  const access = await accessOf(clock);
  const kept = { outbox: store.outbox, files: store.files };
  const channel = telegramAt(apiRoot, clock);
  const deliverer = createDeliverer({
    runId: 'bench',
    clock,
    wall: clock,
    ...kept,
    channel: () => channel,
    rateOf: () => null,
    render: SPEAKER.message,
    onDelivered: () => undefined,
    onFailure: () => undefined,
  });
  const desk = createFakeDesk({
    desk: change.desk ?? deskAfter(withTicket()),
    clock,
    log: store.events,
    runId: 'bench',
    targets: () => targets,
    handOver: (rows) => deliverer.handOver(rows),
  });
  const inbox: Inbox = {
    ...store.inbox,
    receive: async (rows) => {
      if (!faults.isStoreDown) return await store.inbox.receive(rows);
      throw new StoreError('store: connection refused', { code: 'down', retryable: true });
    },
  };
  const answer = createReplyHandler({
    runId: 'bench',
    clock,
    access,
    desks: () => [desk],
    inbox,
    ...kept,
    speaker: SPEAKER,
    sources: SOURCES,
    confirms: createSecondConfirms({ clock, newNonce: () => 'nonce', newDigits: () => '0000' }),
    codeOfMessage: () => null,
    wasDecided: (name, updateId) => intake.wasDecided(name, updateId),
    handOver: (rows) => deliverer.handOver(rows),
    onFailure: () => undefined,
  });
  const handle = (row: InboxRow) => Promise.resolve(faults.hang).then(() => answer(row));
  const intake = createIntake({
    runId: 'bench',
    clock,
    access,
    desks: () => [desk],
    inbox,
    speaker: SPEAKER,
    channel: () => channel,
    handle,
    onFailure: () => undefined,
  });
  await channel.start(intake.receive);
  await until(() => server.offsets.length > 0);
  return { channel, deliverer, intake, desk, faults };
}

async function measureReplies(server: FakeTelegram, runs: number): Promise<Latency> {
  const samples: number[] = [];
  for (let n = 0; n < runs + WARM_UP; n += 1) {
    const sent = new Promise<void>((resolve) => {
      server.onSent = resolve;
    });
    const startedAt = performance.now();
    server.say('/status');
    await sent;
    samples.push(performance.now() - startedAt);
  }
  return latencyOf(samples);
}

/** Each kill meets a fresh episode: the poll of a channel whose rows cannot be committed slows down. */
async function measureKills(store: Store, runs: number): Promise<Latency> {
  const samples: number[] = [];
  for (let n = 0; n < runs + WARM_UP; n += 1) {
    const server = new FakeTelegram();
    const talk = await conversation(store, server, await server.listen());
    talk.faults.hang = new Promise((resolve) => setTimeout(resolve, 5000).unref());
    const polls = server.offsets.length;
    server.say('/status');
    await until(() => server.offsets.length > polls);
    talk.faults.isStoreDown = true;
    const startedAt = performance.now();
    server.say('/kill');
    await until(() => talk.desk.kills.length > 0);
    samples.push(performance.now() - startedAt);
    await talk.channel.stop();
    await server.close();
  }
  return latencyOf(samples);
}

/** Measures both on an embedded server of its own, with a worker thread computing beside it. */
export async function runChatBench(options: {
  readonly replies: number;
  readonly kills: number;
}): Promise<ChatBench> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'centaur-bench-'));
  chmodSync(dataFolder, 0o755);
  const handle = await connectStore({ dataFolder, databaseUrl: null, purpose: 'bench' });
  const worker = new Worker(BUSY, { eval: true });
  const server = new FakeTelegram();
  try {
    const store = createStore(handle);
    const talk = await conversation(store, server, await server.listen());
    const reply = await measureReplies(server, options.replies);
    await talk.intake.idle();
    await talk.deliverer.stop();
    await talk.channel.stop();
    const kill = await measureKills(store, options.kills);
    return { reply, kill };
  } finally {
    await worker.terminate();
    await server.close();
    await handle.closeAndStop();
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const result = await runChatBench({ replies: 1000, kills: 200 });
  const text = ({ p50Ms, p99Ms }: Latency) =>
    `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`;
  console.log(
    `reply    ${text(result.reply)} (command → reply over HTTP, three commits, busy worker)`,
  );
  console.log(`kill     ${text(result.kill)} (update → immediate lane; handler hangs, store down)`);
  // Handlers left hanging on purpose must not hold the process.
  process.exit(0);
}
