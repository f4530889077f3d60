import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { streamOf } from '#app/event-form.ts';
import type { Broker, OrderRequest } from '#app/ports.ts';
import { usFeeModel } from '#core/backtest/costs.ts';
import type { DeskState } from '#core/engine/state.ts';
import type { Order } from '#core/machines/order.ts';
import { type InstrumentId, symbolOf } from '#core/market/instrument.ts';
import { createPaperBroker } from '#shell/brokers/paper.ts';
import { createKillFile } from '#shell/files/kill-file.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { brokerOn } from '../test/support/alpaca-contract.ts';
import { newYorkSession } from '../test/support/bars.ts';
import { deskAt } from '../test/support/broker-desk.ts';
import { DAY, kill, OWNER, QQQM, withWorkingEntries } from '../test/support/builders.ts';
import { deskAfter } from '../test/support/engine.ts';
import { connectIbkr } from '../test/support/ibkr-connect.ts';
import type { FromChild, ToChild } from './kill-wide-child.ts';

/*
 * Stage 1 of a kill with 50 entry orders and 10 protective stops that work at the broker, for the paper
 * broker in the process, Alpaca and Interactive Brokers over loopback to another process. Three ways, side by side: the desk's
 * own (in parallel, before anything is decided), one cancel after another, and by way of the log and the
 * outbox like any other order. The kill file is a real one. `left` is when the first cancel was handed to the
 * system by this process, `first` when it was seen by the other one; on a busy machine that one waits for its turn.
 * Run: npm run centaur -- bench kill-wide [paper|alpaca|ibkr [kills]]
 */
const ENTRIES = 50;
const STOPS = 10;
const GIVE_UP_MS = 15_000;
/** Kills before those that count: code is compiled, files are opened. */
const WARM_UP = 3;
const GOAL = `goal: first cancel at most 20 ms (p99), the last entry gone within 1.5 s, ${STOPS} stops left`;

type Way = 'parallel' | 'serial' | 'outbox';
const WAYS: readonly Way[] = ['parallel', 'serial', 'outbox'];

/** A broker with what stands at it, and what its wire has seen. */
type Venue = {
  readonly broker: Broker;
  /** When the first cancel arrived, epoch milliseconds; null: none has. */
  firstCancelAt(): number | null;
  /** When the last entry was gone, and the stops that were left; null: not yet. */
  out(): { readonly at: number; readonly stops: number } | null;
  close(): Promise<void>;
};

const instant = (): number => performance.timeOrigin + performance.now();
const symbols = Array.from({ length: ENTRIES }, (_, n): InstrumentId => `E${n}.US`);
const held = Array.from({ length: STOPS }, (_, n): InstrumentId => `P${n}.US`);
const idOf = (instrument: string, name: string) => `${DAY}.us-vwap.${instrument}.long.1.${name}`;

function request(instrument: InstrumentId, name: string, change: Partial<OrderRequest>) {
  return {
    orderId: idOf(instrument, name),
    instrument,
    side: 'buy',
    type: 'limit',
    quantity: 10,
    limitPrice: null,
    stopPrice: null,
    bracket: null,
    ocoGroup: null,
    pair: null,
    trailOffset: null,
    timeInForce: 'day',
    isExtendedHours: false,
    ...change,
  } satisfies OrderRequest;
}

const entry = (instrument: InstrumentId) => request(instrument, 'entry-1', { limitPrice: 50 });
const stop = (instrument: InstrumentId) =>
  request(instrument, 'stop-1', { side: 'sell', type: 'stop', stopPrice: 90 });
const opening = (instrument: InstrumentId) => request(instrument, 'entry-1', { limitPrice: 100 });

async function paper(): Promise<Venue> {
  const clock = createSystemClock();
  const broker = createPaperBroker({
    accountId: 'paper-us',
    environment: 'paper',
    clock,
    cashMinor: 100_000_000,
    latencyMs: 80,
    feesModel: usFeeModel('alpaca'),
    slippageBps: 0,
    seed: 1,
  });
  const open = newYorkSession(DAY);
  broker.setSession({ ...open, openAt: clock.now() - 3_600_000, closeAt: clock.now() + 3_600_000 });
  let at: number | null = null;
  const quote = (instrument: InstrumentId) =>
    broker.onQuote({
      instrument,
      bid: 99.98,
      ask: 100,
      bidSize: 1_000,
      askSize: 1_000,
      at: clock.now(),
    });
  for (const instrument of [...held, ...symbols]) quote(instrument);
  await Promise.all(held.map((instrument) => broker.submit(opening(instrument))));
  for (const instrument of held) quote(instrument);
  await until(async () => (await broker.positions()).length === STOPS);
  await Promise.all(held.map((instrument) => broker.submit(stop(instrument))));
  await Promise.all(symbols.map((instrument) => broker.submit(entry(instrument))));
  const working = new Set((await broker.openOrders()).map((order) => order.request.orderId));
  let out: ReturnType<Venue['out']> = null;
  broker.onReport((report) => {
    if (report.kind === 'canceled') working.delete(report.orderId);
    const isOut = ![...working].some((id) => id.endsWith('.entry-1'));
    const stops = [...working].filter((id) => id.endsWith('.stop-1')).length;
    if (isOut) out ??= { at: instant(), stops };
  });
  broker.onFirstCancel(() => {
    at ??= instant();
  });
  return { broker, firstCancelAt: () => at, out: () => out, close: () => broker.stop() };
}

type Far = {
  readonly opened: Extract<FromChild, { kind: 'opened' }>;
  ask(message: ToChild, answer: FromChild['kind']): Promise<FromChild>;
  heard(): readonly FromChild[];
  close(): void;
};

/** The broker's side, in a process of its own. */
async function far(venue: 'alpaca' | 'ibkr'): Promise<Far> {
  const child = fork(join(import.meta.dirname, 'kill-wide-child.ts'));
  const heard: FromChild[] = [];
  child.on('message', (message: FromChild) => void heard.push(message));
  const ask = async (message: ToChild, answer: FromChild['kind']): Promise<FromChild> => {
    const from = heard.length;
    child.send(message);
    await until(() => heard.slice(from).some(({ kind }) => kind === answer));
    const found = heard.slice(from).find(({ kind }) => kind === answer);
    if (found === undefined) throw new Error(`bench: found no ${answer}`);
    return found;
  };
  const [entries, protectedOnes] = [symbols.map(symbolOf), held.map(symbolOf)];
  const open: ToChild = { kind: 'open', venue, held: protectedOnes, entries, day: DAY };
  const opened = await ask(open, 'opened');
  if (opened.kind !== 'opened') throw new Error('bench: found no broker');
  const close = (): void => void child.send({ kind: 'close' } satisfies ToChild);
  return { opened, ask, heard: () => heard, close };
}

async function venueOf(side: Far, broker: Broker): Promise<Venue> {
  await side.ask({ kind: 'armed' }, 'armed');
  const find = <K extends FromChild['kind']>(kind: K) =>
    side.heard().find((one): one is Extract<FromChild, { kind: K }> => one.kind === kind) ?? null;
  return {
    broker,
    firstCancelAt: () => find('first')?.at ?? null,
    out: () => find('out'),
    close: async () => {
      await broker.stop();
      side.close();
    },
  };
}

async function alpaca(): Promise<Venue> {
  const side = await far('alpaca');
  const { broker } = brokerOn(side.opened.url, { timeoutMs: 5_000 });
  await broker.start();
  return await venueOf(side, broker);
}

async function ibkr(): Promise<Venue> {
  const side = await far('ibkr');
  const { port, account } = side.opened;
  const { broker } = connectIbkr({ port, account });
  await broker.start();
  const quote = (instrument: InstrumentId) =>
    side.ask({ kind: 'quote', symbol: symbolOf(instrument) }, 'quoted');
  for (const instrument of held) {
    await quote(instrument);
    await broker.submit(opening(instrument));
    await quote(instrument);
  }
  for (const instrument of held) await broker.submit(stop(instrument));
  for (const instrument of symbols) await broker.submit(entry(instrument));
  // the second of messages that brought them here is over
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  return await venueOf(side, broker);
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const from = performance.now();
  while (!(await isSo())) {
    if (performance.now() - from > GIVE_UP_MS) throw new Error('bench: found no end');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A book with the same entries at work. Protection is told by the broker; the book needs none of it here. */
function stateWithEntries(): DeskState {
  const { state } = deskAfter(withWorkingEntries());
  const template = Object.values(state.orders).find((order) => order.role === 'entry');
  if (template === undefined) throw new Error('bench: found no entry');
  const ticket = Object.values(state.tickets)[0];
  if (ticket === undefined) throw new Error('bench: found no ticket');
  const orders: Record<string, Order> = {};
  const tickets: Record<string, typeof ticket> = {};
  for (const instrument of symbols) {
    const ticketId = ticket.id.replace(QQQM, instrument);
    const orderId = idOf(instrument, 'entry-1');
    tickets[ticketId] = { ...ticket, id: ticketId, instrument };
    const alone = { stopOrderId: null, targetOrderId: null, cancelDueAt: null };
    orders[orderId] = { ...template, ...alone, orderId, ticketId, instrument, quantity: 10 };
  }
  return { ...state, orders, tickets };
}

type Run = {
  readonly left: number;
  readonly first: number;
  readonly all: number;
  readonly stops: number;
};

/** When a cancel was last handed to the system by a socket of this process: a request, or a message of Interactive Brokers. */
let leftAt = Number.POSITIVE_INFINITY;
const CANCEL = /^DELETE |^\0{3}.4\0/s;
const { write } = Socket.prototype;
Socket.prototype.write = function (this: Socket, ...given: Parameters<typeof write>) {
  const isTaken = write.apply(this, given);
  if (CANCEL.test(String(given[0]).slice(0, 16))) leftAt = Math.min(leftAt, instant());
  return isTaken;
} as typeof write;

async function play(venue: Venue, way: Way, folder: string): Promise<Run> {
  const files = { kill: join(folder, 'KILL'), killAnswer: join(folder, 'answer') };
  const file = createKillFile(files);
  file.remove(null);
  const world = deskAt(venue.broker, {}, undefined, {
    write: (by: string, scope: string) => file.write({ by, scope, at: Date.now() }),
    remove: () => file.remove(null),
    read: () => file.state().kind,
  });
  const { desk, store, policy, clock } = world;
  await store.snapshots.save(streamOf('test', policy.deskId), 0, stateWithEntries());
  await desk.recover();
  leftAt = Number.POSITIVE_INFINITY;
  const startedAt = instant();
  if (way === 'parallel') desk.killNow(OWNER, policy.deskId, clock.now());
  else if (way === 'outbox') void desk.submit(kill(clock.now()));
  else void oneByOne(venue.broker);
  await until(() => venue.out() !== null);
  const out = venue.out();
  const first = (venue.firstCancelAt() ?? Number.NaN) - startedAt;
  const left = Math.min(leftAt - startedAt, first);
  return { left, first, all: (out?.at ?? Number.NaN) - startedAt, stops: out?.stops ?? 0 };
}

async function oneByOne(broker: Broker): Promise<void> {
  for (const instrument of symbols) await broker.cancel(idOf(instrument, 'entry-1'));
}

function line(name: string, way: Way, runs: readonly Run[]): string {
  const figures = (of: (run: Run) => number) => {
    const sorted = runs.map(of).sort((a, b) => a - b);
    const at = (q: number) => (sorted[Math.ceil(q * sorted.length) - 1] ?? Number.NaN).toFixed(1);
    return `p50 ${at(0.5).padStart(7)} p99 ${at(0.99).padStart(7)}`;
  };
  const stops = Math.min(...runs.map((run) => run.stops));
  return `${name.padEnd(7)}${way.padEnd(9)} left ${figures((run) => run.left)} ms   first ${figures((run) => run.first)} ms   all out ${figures((run) => run.all)} ms   stops left ${stops}   (${runs.length} kills)`;
}

const folder = mkdtempSync(join(tmpdir(), 'centaur-bench-kill-'));
const venues = [
  ['paper', paper, 100],
  ['alpaca', alpaca, 100],
  ['ibkr', ibkr, 20],
] as const;
const [only, count] = process.argv.slice(2);
console.log(`stage 1 of a kill: ${ENTRIES} entries and ${STOPS} stops at the broker`);
for (const [name, open, episodes] of venues) {
  if (only !== undefined && only !== name) continue;
  const kills = count === undefined ? episodes : Number(count);
  for (const way of WAYS) {
    const runs: Run[] = [];
    const counted = way === 'parallel' ? kills : Math.ceil(kills / 5);
    for (let n = 0; n < counted + WARM_UP; n += 1) {
      const venue = await open();
      try {
        const run = await play(venue, way, folder);
        if (n >= WARM_UP) runs.push(run);
      } finally {
        await venue.close();
      }
    }
    console.log(line(name, way, runs));
  }
}
console.log(GOAL);
rmSync(folder, { recursive: true, force: true });
process.exit(0);
