import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { StoreError } from '#app/errors.ts';
import type { Broker, Clock, OutboxRow } from '#app/ports.ts';
import { recoverDesk } from '#app/recover-desk.ts';
import { createLease, fenceOf, STALLED_MS } from '#shell/store/lease.ts';
import { createMemoryStore, type MemoryStore } from '#shell/store/memory-store.ts';
import { brokerOn } from '#test/support/alpaca-contract.ts';
import { memoryKillFile } from '#test/support/app-desk.ts';
import { deskAt, shiftedClock } from '#test/support/broker-desk.ts';
import {
  allow,
  confirm,
  exit,
  ny,
  type PolicyChange,
  QQQM,
  TICKET,
  withTicket,
} from '#test/support/builders.ts';
import { eventually } from '#test/support/eventually.ts';
import { FakeAlpaca } from '#test/support/fake-alpaca.ts';
import { FakeIbkr } from '#test/support/fake-ibkr.ts';
import { connectIbkr } from '#test/support/ibkr-connect.ts';

/*
 * Two processes, one store, one account: the leader is gone, or frozen with its connections open, with its
 * entries between submit and answer; another one takes over. Real desks, leases and adapters; the brokers
 * are ours on the wire. Only the seconds a leader must have been silent are not waited for.
 */

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** What differs between the brokers. */
type Venue = {
  readonly change: PolicyChange;
  /** A connection of its own, as each process makes one. */
  connect(hasTakenOver: boolean): Broker;
  /** From here on entries are taken and nothing is said of them. */
  loseAnswers(): void;
  /** Orders that were sent in all, a bracket once. */
  sent(): number;
  /** From here on the broker says again what happens. */
  answerAgain(): void;
  quote(bid: number, ask: number, size?: number): void;
  held(): number;
};

async function alpaca(): Promise<Venue> {
  const fake = new FakeAlpaca();
  const url = await fake.listen();
  open.push(() => fake.close());
  return {
    change: { accountId: 'alpaca-us', execution: { broker: 'alpaca' } },
    connect: () => brokerOn(url, { timeoutMs: 20_000 }).broker,
    loseAnswers: () => {
      const lost = { method: 'POST', path: /^\/v2\/orders$/, act: 'lost' } as const;
      fake.faults.push(lost, lost);
      fake.isDeaf = true;
    },
    answerAgain: () => {
      fake.isDeaf = false;
    },
    sent: () => fake.calls.filter((call) => call.startsWith('POST /v2/orders')).length,
    quote: (bid, ask, size) => fake.quote('QQQM', bid, ask, size),
    held: () => fake.exchange.positions.get('QQQM')?.quantity ?? 0,
  };
}

async function ibkr(): Promise<Venue> {
  const fake = new FakeIbkr();
  await fake.listen();
  open.push(() => fake.close());
  return {
    change: { accountId: 'ibkr-us', execution: { broker: 'ibkr', flatten: 'global_cancel' } },
    connect: (hasTakenOver) =>
      connectIbkr(fake, {
        answerTimeoutMs: 20_000,
        standInId: fake.masterClientId,
        hasTakenOver,
      }).broker,
    loseAnswers: () => {
      fake.isMute = true;
    },
    answerAgain: () => {
      fake.isMute = false;
    },
    sent: () => fake.market.orders.filter(({ parentId }) => parentId === 0).length,
    quote: (bid, ask, size) => fake.quote('QQQM', bid, ask, size),
    held: () => fake.positions.get('QQQM')?.quantity ?? 0,
  };
}

/** A store that processes share, and a clock of which time can be left out. */
function houseOf() {
  const wall = shiftedClock(ny('10:01:01'));
  let left = 0;
  const clock: Clock = {
    now: () => wall.now() + left,
    at: (instant, run) => wall.at(instant - left, run),
  };
  return {
    clock,
    store: createMemoryStore(clock.now),
    leaveOut: (ms: number): void => {
      left += ms;
    },
  };
}
type House = ReturnType<typeof houseOf>;

/** A desk process that leads from here on; null while another one gives signs of life. */
async function lead(house: House, venue: Venue, over: number | null) {
  const { store, clock } = house;
  const { epochs } = store;
  const watch = () => {
    const from = clock.now();
    return () => clock.now() - from;
  };
  const begun = watch();
  const epoch =
    over === null
      ? await epochs.raise('the first')
      : await epochs.raiseOver(over, STALLED_MS, 'the second');
  assert.ok(epoch !== null, 'the leader is silent');
  const fence = fenceOf(createLease(epochs, epoch, begun, watch));
  const broker = venue.connect(over !== null);
  open.unshift(() => broker.stop());
  const world = deskAt(broker, venue.change, 0, memoryKillFile(), {
    store: (store as MemoryStore).under(epoch),
    fence,
    clock,
  });
  return { ...world, broker, epoch, fence };
}
type Process = Awaited<ReturnType<typeof lead>>;

/** The first process, its ticket confirmed: both entries reached the broker, and no answer came back. */
async function leaderBeforeItsAnswer(house: House, venue: Venue): Promise<Process> {
  const first = await lead(house, venue, null);
  await first.broker.start();
  venue.quote(100.5, 100.52);
  venue.loseAnswers();
  await first.tell(withTicket());
  await first.tell([confirm(house.clock.now())]);
  await eventually(() => venue.sent() === 2);
  const { orders } = first.desk.state();
  assert.equal(orders[`${TICKET}.entry-1`]?.state, 'intended', 'nothing was heard of it');
  return first;
}

const stateOf = ({ desk }: Process, id: string) => desk.state().orders[`${TICKET}.${id}`]?.state;

/** Takes over; answers the new leader, its book compared. */
async function takeOver(house: House, venue: Venue, before: Process): Promise<Process> {
  house.leaveOut(STALLED_MS + 1);
  venue.answerAgain();
  const second = await lead(house, venue, before.epoch);
  const { desk, broker, store, lane, clock } = second;
  await recoverDesk({
    desk,
    broker,
    outbox: store.outbox,
    lane,
    runId: 'test',
    now: clock.now,
    connect: () => broker.start(),
    startingCashMinor: async () => 10_000_000,
  });
  return second;
}

/** Order rows of the run as the first process has them in its hands. */
async function rowsInHand(house: House): Promise<OutboxRow[]> {
  const rows = await house.store.outbox.ofRun('test');
  return rows.filter((row) => row.lane.startsWith('order:'));
}

/** A process that goes on after another took over, with everything it had in its hands. */
async function thawed({ clock }: House, first: Process, inHand: readonly OutboxRow[]) {
  const isDeposed = (error: unknown) => error instanceof StoreError && error.code === 'deposed';
  await assert.rejects(first.tell([allow(clock.now())]), isDeposed);
  for (const raisesRisk of [true, false])
    assert.equal(await first.fence.mayLeave(raisesRisk), false);
  first.lane.take(inHand.map((row) => ({ ...row, dedupeKey: `${row.dedupeKey}:again` })));
  first.lane.take(inHand.map((row) => ({ ...row, id: 0, dedupeKey: `${row.dedupeKey}:kept` })));
  await first.activity.settled();
}

for (const [name, venueOf] of [
  ['Alpaca', alpaca],
  ['Interactive Brokers', ibkr],
] as const) {
  test(`ID-09 ${name}: the leader dies between submit and answer; who takes over asks, and sends nothing twice`, async () => {
    const [house, venue] = [houseOf(), await venueOf()];
    const first = await leaderBeforeItsAnswer(house, venue);
    await first.broker.stop();
    // both fill while nobody leads
    venue.quote(99.98, 100);
    const second = await takeOver(house, venue, first);
    await eventually(() => second.desk.state().positions[QQQM]?.quantity === 200);
    assert.equal(venue.held(), 200);
    assert.equal(venue.sent(), 2);
    await eventually(() => ['stop-1', 'stop-2'].every((id) => stateOf(second, id) === 'accepted'));
    assert.equal(venue.sent(), 2, 'the stops came with their entries');
  });

  test(`ID-09 ${name}: the leader is frozen with its connection open; who takes over manages its orders, and the thawed one sends nothing`, async () => {
    const [house, venue] = [houseOf(), await venueOf()];
    const first = await leaderBeforeItsAnswer(house, venue);
    const inHand = await rowsInHand(house);
    const second = await takeOver(house, venue, first);
    // nobody has allowed anything since: what stood of the entries is canceled
    await eventually(() =>
      ['entry-1', 'entry-2'].every((id) => stateOf(second, id) === 'canceled'),
    );
    assert.equal(venue.sent(), 2);
    await thawed(house, first, inHand);
    assert.equal(venue.sent(), 2, 'nothing of the thawed process reached the broker');
    venue.quote(99.98, 100);
    assert.equal(venue.held(), 0);
  });

  test(`ID-09 ${name}: what a frozen leader bought is sold by who takes over, its stops first, and once`, async () => {
    const [house, venue] = [houseOf(), await venueOf()];
    const first = await lead(house, venue, null);
    await first.broker.start();
    venue.quote(100.5, 100.52);
    await first.tell(withTicket());
    await first.tell([confirm(house.clock.now())]);
    await eventually(() => venue.sent() === 2);
    venue.quote(99.98, 100);
    await eventually(() => ['stop-1', 'stop-2'].every((id) => stateOf(first, id) === 'accepted'));
    const inHand = await rowsInHand(house);
    const second = await takeOver(house, venue, first);
    assert.equal(second.desk.state().isReconciled, true);
    await second.tell([exit(house.clock.now())]);
    await eventually(() => venue.sent() === 3);
    await thawed(house, first, inHand);
    venue.quote(99.9, 99.92);
    await eventually(() => second.desk.state().positions[QQQM] === undefined);
    assert.equal(venue.held(), 0);
    assert.equal(venue.sent(), 3);
    assert.deepEqual(second.desk.state().safeMode, []);
  });
}
