import { Worker } from 'node:worker_threads';
import { createIntake } from '#app/chat-intake.ts';
import type { Incoming } from '#app/ports.ts';
import { createAccess } from '#shell/chat/authorize.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { appDesk, type StoreMode, through } from '../test/support/app-desk.ts';
import { confirm, withTicket } from '../test/support/builders.ts';

/*
 * Stage 1 of a kill from the update in the intake to the first cancel in the paper broker's book, with
 * the real desk: another handler hangs for seconds, two workers compute, and
 * the store is up, refusing, or hanging. Run: npm run centaur -- bench kill
 */
const EPISODES = 300;
const WARM_UP = 30;
const BUSY = 'let x = 0; for (;;) { for (let i = 0; i < 1e6; i += 1) x += Math.sqrt(i); }';

async function entriesAtTheBroker() {
  const world = appDesk();
  const desk = world.open();
  const inputs = withTicket();
  const last = inputs.at(-1)?.at ?? world.clock.now();
  for (const input of [...inputs, confirm(last + 2_000)]) {
    world.clock.advanceTo(input.at);
    await desk.submit(input);
  }
  await world.settle(50);
  return { ...world, desk };
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
  const { desk, broker, clock, store, mode: storeMode } = await entriesAtTheBroker();
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
      receive: (rows) => through(storeMode.now, () => store.inbox.receive(rows)),
    },
    speaker: { notice: () => card, answer: () => card, message: () => card },
    channel: () => null,
    handle: () => new Promise((resolve) => setTimeout(resolve, 5_000).unref()),
    onFailure: () => {},
  });
  // a handler that hangs for five seconds is under way in the same chat
  await intake.receive([{ ...KILL, text: '/status', updateId: `hang-${n}` }]);
  storeMode.now = mode;
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
