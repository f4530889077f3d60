import { Worker } from 'node:worker_threads';
import { createIntake } from '#app/chat-intake.ts';
import { createOrderLane } from '#app/deliver-orders.ts';
import { Desk } from '#app/desk.ts';
import { StoreError } from '#app/errors.ts';
import type { Incoming, Journal, KillFile } from '#app/ports.ts';
import { usFeeModel } from '#core/backtest/costs.ts';
import { createPaperBroker } from '#shell/brokers/paper.ts';
import { createAccess } from '#shell/chat/authorize.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { createActivity } from '#shell/runner/activity.ts';
import { createMemoryStore } from '#shell/store/memory-store.ts';
import { confirm, ny, policyOf, withTicket } from '../test/support/builders.ts';

/*
 * Stage 1 of a kill from the update in the intake to the first cancel in the paper broker's book, with
 * the real desk: another handler hangs for seconds, two workers compute, and
 * the store is up, refusing, or hanging. Run: npm run centaur -- bench kill
 */
type StoreMode = 'up' | 'stopped' | 'hanging';

const EPISODES = 300;
const WARM_UP = 30;
const BUSY = 'let x = 0; for (;;) { for (let i = 0; i < 1e6; i += 1) x += Math.sqrt(i); }';

function refusing<T>(mode: StoreMode, work: () => Promise<T>): Promise<T> {
  if (mode === 'up') return work();
  if (mode === 'hanging') return new Promise(() => {});
  return Promise.reject(new StoreError('bench: store stopped', { code: 'down', retryable: true }));
}

const NO_JOURNAL: Journal = { append: () => {}, pending: () => [], markLoaded: () => {} };

function killFile(): KillFile {
  let isPresent = false;
  return {
    write: () => {
      isPresent = true;
    },
    remove: () => {
      isPresent = false;
    },
    read: () => (isPresent ? 'present' : 'absent'),
  };
}

async function entriesAtTheBroker() {
  const clock = createVirtualClock({ startAt: ny('09:00') });
  const activity = createActivity();
  const store = createMemoryStore(() => clock.now());
  const state = { mode: 'up' as StoreMode };
  const policy = policyOf();
  const broker = createPaperBroker({
    accountId: policy.accountId,
    environment: 'paper',
    clock,
    cashMinor: policy.capitalMinor,
    latencyMs: 5,
    feesModel: usFeeModel('alpaca'),
    seed: 1,
  });
  const desk: Desk = new Desk({
    policy,
    runId: 'bench',
    configHash: 'bench',
    codeVersion: 'bench',
    clock,
    events: {
      ...store.events,
      append: (batch) => refusing(state.mode, () => store.events.append(batch)),
    },
    inputs: {
      ...store.inputs,
      append: (rows) => refusing(state.mode, () => store.inputs.append(rows)),
    },
    snapshots: store.snapshots,
    journal: NO_JOURNAL,
    killFile: killFile(),
    broker,
    activity,
    targets: () => [],
    fetchQuote: async () => null,
    handOver: (rows) => lane.take(rows.filter((row) => row.lane.startsWith('order:'))),
    onTrouble: () => {},
    stopwatch: () => performance.now(),
  });
  const lane = createOrderLane({
    desk,
    broker,
    outbox: store.outbox,
    clock,
    activity,
    onTrouble: () => {},
  });
  broker.onReport((report) => desk.post({ kind: 'order_reported', at: clock.now(), report }));
  const inputs = withTicket();
  const last = inputs.at(-1)?.at ?? clock.now();
  for (const input of [...inputs, confirm(last + 2_000)]) {
    clock.advanceTo(input.at);
    await desk.submit(input);
  }
  await activity.settled();
  clock.advanceTo(clock.now() + 50);
  await activity.settled();
  return { desk, broker, clock, store, state };
}

const KILL: Omit<Incoming, 'updateId'> = {
  channel: 'terminal',
  chatId: 'terminal',
  userId: 'owner',
  userName: 'owner',
  chatKind: 'terminal',
  messageId: '1',
  text: '/kill',
  callback: null,
  replyTo: null,
  sentAt: 0,
  receivedAt: 0,
};

async function episode(mode: StoreMode, n: number): Promise<number> {
  const { desk, broker, clock, store, state } = await entriesAtTheBroker();
  const access = await createAccess({
    book: { load: async () => null, save: async () => {} },
    clock,
    defaultLanguage: 'en',
    newPairingCode: () => 'AAAAAA',
    hasTerminal: true,
  });
  const card = { lines: [], buttons: [] };
  const intake = createIntake({
    runId: 'bench',
    clock: createSystemClock(),
    access,
    desks: () => [desk],
    inbox: {
      ...store.inbox,
      receive: (rows) => refusing(state.mode, () => store.inbox.receive(rows)),
    },
    speaker: { notice: () => card, answer: () => card, message: () => card },
    channel: () => null,
    handle: () => new Promise((resolve) => setTimeout(resolve, 5_000).unref()),
    onFailure: () => {},
  });
  // a handler that hangs for five seconds is under way in the same chat
  await intake.receive([{ ...KILL, text: '/status', updateId: `hang-${n}` }]);
  state.mode = mode;
  const canceled = Promise.withResolvers<number>();
  broker.onFirstCancel(() => canceled.resolve(performance.now()));
  const startedAt = performance.now();
  intake.receive([{ ...KILL, updateId: `kill-${n}` }]).catch(() => {});
  return (await canceled.promise) - startedAt;
}

function line(name: string, samples: readonly number[]): string {
  const sorted = samples.slice(WARM_UP).sort((a, b) => a - b);
  const at = (q: number) => (sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN).toFixed(3);
  return `store ${name.padEnd(8)} p50 ${at(0.5)} ms   p99 ${at(0.99)} ms   worst ${at(1)} ms   (goal: p99 at most 20 ms)`;
}

const workers = [new Worker(BUSY, { eval: true }), new Worker(BUSY, { eval: true })];
console.log(
  `kill stage 1: update in the intake → first cancel at the paper broker, ${EPISODES} episodes each`,
);
for (const mode of ['up', 'stopped', 'hanging'] as const) {
  const samples: number[] = [];
  for (let n = 0; n < EPISODES; n += 1) samples.push(await episode(mode, n));
  console.log(line(mode, samples));
}
await Promise.all(workers.map((worker) => worker.terminate()));
process.exit(0);
