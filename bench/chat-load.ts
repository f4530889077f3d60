import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { BOT_RATE, USUAL_RATE } from '#app/deliver-deps.ts';
import { createDeliverer } from '#app/deliver-messages.ts';
import type { NewOutboxRow, Outgoing } from '#app/ports.ts';
import type { Input } from '#core/engine/input.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { connectStore } from '#shell/store/client.ts';
import { createStore, type Store } from '#shell/store/store.ts';
import { shiftedClock } from '../test/support/broker-desk.ts';
import {
  allow,
  bar,
  FACTS,
  ny,
  planned,
  policyOf,
  reconciled,
  signalBar,
  started,
} from '../test/support/builders.ts';
import { deliveryWorld } from '../test/support/delivery.ts';
import { deskAfter } from '../test/support/engine.ts';
import { FakeTelegram } from '../test/support/fake-telegram.ts';
import { conversation } from './chat.ts';

/*
 * What a chat under load keeps: taps answered with a hundred tickets open, and an alarm that waits for nothing
 * while ten thousand pushes drain, beside one queue for all. Run: node bench/chat-load.ts
 */
const TICKETS = 100;
const PUSHES = 10_000;
const ALARM_EVERY = 100;
const CHATS = 50;
const LISTEN_MS = 20_000;

const SYMBOLS = Array.from({ length: TICKETS }, (_, n) => `T${n}.US` as InstrumentId);

function figures(samples: readonly number[]): string {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (q: number): string =>
    (sorted[Math.round(q * (sorted.length - 1))] ?? Number.NaN).toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms of ${sorted.length}`;
}

/** Turns of the event loop until it is so; the process is this one alone. */
async function until(isDone: () => boolean, ms = 120_000): Promise<void> {
  const limit = performance.now() + ms;
  while (!isDone()) {
    if (performance.now() > limit) throw new Error(`bench: waited ${ms} ms in vain`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A desk that has a hundred symbols and money and risk for all of them. */
function wideDesk() {
  const policy = policyOf({
    instruments: SYMBOLS,
    capitalMinor: 1_000_000_000_00,
    risk: {
      openRiskLimitR: 1000,
      tradesPerDay: 1000,
      positionCapRatio: 1,
      riskPerTradeRatio: 1e-5,
    },
    ticket: { lifeMs: 600_000 },
  });
  const facts = SYMBOLS.map((instrument) => ({ ...FACTS[0]!, instrument }));
  return deskAfter(
    [
      started(ny('09:59')),
      reconciled(ny('09:59'), policy.capitalMinor),
      planned(ny('09:59'), undefined, [], facts),
      allow(ny('09:59')),
      ...SYMBOLS.map((instrument) => bar(ny('10:00'), { instrument })),
    ],
    policy,
  );
}

type Taps = {
  readonly one: readonly number[];
  readonly together: readonly number[];
  readonly shown: readonly number[];
};

/** Skip of each of the open tickets: half of them one after the other, the rest in one burst. */
async function measureTaps(store: Store): Promise<Taps> {
  const server = new FakeTelegram();
  const clock = shiftedClock(ny('10:01:01'));
  const target = { channel: 'telegram', chatId: '1' };
  const talk = await conversation(store, server, await server.listen(), {
    clock,
    desk: wideDesk(),
    targets: [target],
  });
  const inputs: Input[] = SYMBOLS.map((instrument) => signalBar(ny('10:01'), { instrument }));
  for (const input of inputs) await talk.desk.submit(input);
  const cards = () => server.messages.filter(({ keyboard }) => keyboard.length > 0);
  await until(() => cards().length >= TICKETS);
  const open = Object.values(talk.desk.state().tickets).filter(({ state }) => state === 'pending');
  if (open.length !== TICKETS) throw new Error(`bench: found ${open.length} open tickets`);
  const taps = cards().map(({ keyboard, message_id: id }) => {
    const skip = keyboard.flat().find(({ text }) => /skip/i.test(text));
    if (skip === undefined) throw new Error('bench: found a ticket without a button to skip');
    return { data: skip.callback_data, id };
  });
  const answeredAt = new Map<string, number>();
  const push = server.answered.push.bind(server.answered);
  server.answered.push = (...answers) => {
    for (const { id } of answers) answeredAt.set(id, performance.now());
    return push(...answers);
  };
  const tap = ({ data }: { data: string }) => ({
    id: `q${server.tap(data)}`,
    at: performance.now(),
  });
  const tookOf = ({ id, at }: { id: string; at: number }): number => answeredAt.get(id)! - at;
  const one: number[] = [];
  const shown: number[] = [];
  for (const each of taps.slice(0, TICKETS / 2)) {
    const made = tap(each);
    await until(() => answeredAt.has(made.id));
    one.push(tookOf(made));
    const card = server.messages.find(({ message_id: id }) => id === each.id)!;
    await until(() => card.edits > 0);
    shown.push(performance.now() - made.at);
  }
  const made = taps.slice(TICKETS / 2).map(tap);
  await until(() => made.every(({ id }) => answeredAt.has(id)));
  const together = made.map(tookOf);
  await talk.intake.idle();
  await talk.channel.stop();
  await talk.deliverer.stop();
  await server.close();
  return { one, together, shown };
}

/** Ten thousand pushes of one chat on virtual time, an alarm among every hundred of them. */
async function drain(hasLanes: boolean) {
  const world = deliveryWorld();
  const startedAt = world.clock.now();
  const begun = performance.now();
  await world.give(
    Array.from({ length: PUSHES }, (_, n) =>
      world.row(`m${n}`, { priority: ((n % 3) + 1) as 1 | 2 | 3 }),
    ),
  );
  const made = new Map<string, number>();
  for (let n = 0; n < PUSHES / ALARM_EVERY; n += 1) {
    await world.until(startedAt + n * ALARM_EVERY * 1000 + 500);
    made.set(`A${n}`, world.clock.now());
    await world.give([world.row(`A${n}`, { priority: hasLanes ? 0 : 1 })]);
  }
  await world.until(startedAt + (PUSHES + 1000) * 1000);
  const words = world.seen.filter(({ text }) => text.startsWith('m'));
  const isInOrder = words.every(({ text }, n) => text === `m${n}`);
  const late = world.seen
    .filter(({ text }) => made.has(text))
    .map(({ text, at }) => (at - made.get(text)!) / 1000);
  return {
    said: world.seen.length,
    isInOrder,
    mostASecond: mostWithin(world.seen.map(({ at }) => at)),
    hours: ((world.seen.at(-1)?.at ?? startedAt) - startedAt) / 3_600_000,
    worstAlarm: Math.max(...late),
    tookMs: performance.now() - begun,
  };
}

/** Within any second. */
function mostWithin(instants: readonly number[]): number {
  let from = 0;
  let most = 0;
  for (const [index, at] of instants.entries()) {
    while (instants[from]! <= at - 1000) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
}

/** On wall time over a real store: alarms while the pushes of fifty chats drain at their rates. */
async function alarmsInLoad(store: Store, runId: string, hasLanes: boolean) {
  const clock = createSystemClock();
  const taken = new Map<string, number>();
  const channel = {
    name: 'telegram',
    start: async () => undefined,
    acknowledge: async () => undefined,
    stop: async () => undefined,
    async deliver({ card }: Outgoing) {
      taken.set(card.lines[0] ?? '', performance.now());
      return `m${taken.size}`;
    },
  };
  const deliverer = createDeliverer({
    runId,
    clock,
    wall: clock,
    outbox: store.outbox,
    files: store.files,
    channel: () => channel,
    rateOf: () => USUAL_RATE,
    rateOfAll: () => BOT_RATE,
    render: () => ({ lines: [''], buttons: [] }),
    onDelivered: () => undefined,
    onFailure: (error) => console.error(error),
  });
  const rowOf = (text: string, n: number, priority: 0 | 1 | 2 | 3): NewOutboxRow => ({
    runId,
    lane: `chat:telegram:${n % CHATS}`,
    kind: 'boot',
    priority,
    dedupeKey: `${runId}:${text}`,
    editKey: null,
    payload: { card: { lines: [text], buttons: [] } },
    createdAt: clock.now(),
    notBefore: clock.now(),
    expiresAt: null,
  });
  await store.outbox.enqueue(
    Array.from({ length: PUSHES }, (_, n) => rowOf(`m${n}`, n, ((n % 3) + 1) as 1 | 2 | 3)),
  );
  await deliverer.start();
  const made = new Map<string, number>();
  const until = performance.now() + LISTEN_MS;
  for (let n = 0; performance.now() < until; n += 1) {
    const text = `A${n}`;
    made.set(text, performance.now());
    deliverer.handOver(await store.outbox.enqueue([rowOf(text, n, hasLanes ? 0 : 1)]));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  const late = [...made].flatMap(([text, at]) =>
    taken.has(text) ? [(taken.get(text) ?? at) - at] : [],
  );
  await deliverer.stop();
  return { late, made: made.size, words: taken.size - late.length };
}

if (import.meta.main) {
  const dataFolder = mkdtempSync(join(tmpdir(), 'centaur-bench-'));
  chmodSync(dataFolder, 0o755);
  const handle = await connectStore({ dataFolder, databaseUrl: null, purpose: 'bench' });
  const store = createStore(handle);
  try {
    const taps = await measureTaps(store);
    console.log(`${TICKETS} tickets open, taps over HTTP, embedded store`);
    console.log(`  acknowledged, one by one    ${figures(taps.one)}`);
    console.log(`  acknowledged, in one burst  ${figures(taps.together)}`);
    console.log(`  alternative: answered once the act is done  ${figures(taps.shown)}`);
    console.log(`${PUSHES} pushes and an alarm every ${ALARM_EVERY} s in one chat, virtual time`);
    for (const hasLanes of [true, false]) {
      const d = await drain(hasLanes);
      const order = d.isInOrder ? 'in order' : 'OUT OF ORDER';
      console.log(
        `  ${hasLanes ? 'alarms in a lane of their own' : 'one queue for all            '}  ${d.said} said, ${order}, ` +
          `at most ${d.mostASecond} a second, ${d.hours.toFixed(2)} h; slowest alarm ${d.worstAlarm.toFixed(1)} s; ` +
          `computed in ${(d.tookMs / 1000).toFixed(1)} s`,
      );
    }
    console.log(
      `${PUSHES} pushes of ${CHATS} chats in the embedded store, ${LISTEN_MS / 1000} s of wall time`,
    );
    for (const hasLanes of [true, false]) {
      const { late, made, words } = await alarmsInLoad(store, `load-${hasLanes}`, hasLanes);
      const name = hasLanes ? 'alarms in a lane of their own' : 'one queue for all            ';
      const said = late.length === 0 ? 'none said' : figures(late);
      console.log(
        `  ${name}  ${late.length} of ${made} alarms said meanwhile: ${said}; ${words} words`,
      );
    }
  } finally {
    await handle.closeAndStop();
    rmSync(dataFolder, { recursive: true, force: true });
  }
  process.exit(0);
}
