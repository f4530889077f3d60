import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BrokerError } from '#app/errors.ts';
import type { ConnectionChange } from '#app/ports.ts';
import { reconcileAccount } from '#app/reconcile-account.ts';
import { createReconciler } from '#app/reconcile-loop.ts';
import { recoverDesk } from '#app/recover-desk.ts';
import { appDesk } from '#test/support/app-desk.ts';
import { bookBroker, brokerOrder } from '#test/support/book-broker.ts';
import { confirm, QQQM, quoteOf, TICKET, withTicket } from '#test/support/builders.ts';

const LOST = new BrokerError('paper broker: positions found timeout', {
  code: 'timeout',
  retryable: true,
});

/** Two entries of 100 filled at the paper broker; the desk knows. */
async function withHolding() {
  const world = appDesk();
  const desk = world.open();
  for (const input of withTicket()) {
    world.clock.advanceTo(input.at);
    await desk.submit(input);
  }
  await desk.submit(confirm(world.clock.now() + 1_000));
  await world.settle(50);
  world.broker.onQuote(quoteOf(world.clock.now(), 99.98, 100));
  await world.settle(5_000);
  assert.equal(desk.state().positions[QQQM]?.quantity, 200);
  return { ...world, desk };
}

test('ID-09 the paper account agrees with the book, and both sides are answered', async () => {
  const world = await withHolding();
  const { broker, clock, desk } = world;
  const sides = await reconcileAccount(desk, broker, () => clock.now());
  assert.equal(sides.isClean, true);
  assert.equal(sides.failure, null);
  assert.deepEqual(sides.holdings, [{ instrument: QQQM, ours: 200, theirs: 200, disowned: 0 }]);
  assert.deepEqual(sides.openOrders, { ours: 3, theirs: 3 });
  assert.equal(sides.cashMinor.ours, sides.cashMinor.theirs);
});

test('ID-09 only orders that the list of open ones does not hold are asked about by their id', async () => {
  const world = await withHolding();
  const asked: string[] = [];
  const book = bookBroker(world.desk);
  const { find } = book;
  book.find = (orderId) => {
    asked.push(orderId);
    return find(orderId);
  };
  const stop = world.desk.state().orders[`${TICKET}.stop-2`];
  assert.ok(stop !== undefined);
  book.says = {
    orders: (await world.broker.openOrders()).filter((one) => one.request.orderId !== stop.orderId),
    found: { [stop.orderId]: brokerOrder(stop, { state: 'canceled' }) },
  };
  await reconcileAccount(world.desk, book, () => world.clock.now());
  assert.deepEqual(asked, [stop.orderId]);
  assert.equal(world.desk.state().orders[stop.orderId]?.state, 'canceled');
});

test('ID-09 an account that cannot be read is never flat: nothing is booked, entries wait', async () => {
  const world = await withHolding();
  const book = bookBroker(world.desk);
  book.says = { failure: LOST };
  const sides = await reconcileAccount(world.desk, book, () => world.clock.now());
  assert.equal(sides.failure, LOST.message);
  assert.deepEqual(sides.holdings, [{ instrument: QQQM, ours: 200, theirs: null, disowned: 0 }]);
  const state = world.desk.state();
  assert.equal(state.positions[QQQM]?.quantity, 200);
  assert.equal(state.isReconciled, false);
  assert.ok(state.safeMode.some((entry) => entry.cause === 'position_mismatch'));
});

test('ID-09 a difference is looked at three times, half a second apart, before it counts', async () => {
  const world = await withHolding();
  const book = bookBroker(world.desk);
  const pauses: number[] = [];
  book.says = { positions: [] };
  const look = (): Promise<unknown> =>
    reconcileAccount(world.desk, book, () => world.clock.now(), {
      pause: async (ms) => {
        pauses.push(ms);
        world.clock.advanceTo(world.clock.now() + ms);
        if (pauses.length === 2) book.says = {};
      },
    });
  await look();
  assert.deepEqual(pauses, [500, 500]);
  assert.equal(world.desk.state().isReconciled, true, 'the fill was only on its way');
  book.says = { positions: [] };
  await look();
  assert.equal(world.desk.state().isReconciled, false);
});

test('SP-11 a start reconciles before anything else leaves', async () => {
  const world = await withHolding();
  const again = world.open();
  const left: string[] = [];
  const lane = {
    take: (rows: readonly { kind: string }[]) => void left.push(...rows.map((row) => row.kind)),
    ask: () => undefined,
    follow: () => undefined,
    doubtSweep: () => undefined,
  };
  await recoverDesk({
    desk: again,
    broker: world.broker,
    outbox: world.store.outbox,
    lane,
    runId: 'test',
    now: () => world.clock.now(),
    startingCashMinor: async () => 0,
    reconcile: async () => {
      assert.equal(again.state().isReconciled, false);
      assert.deepEqual(left, []);
      await reconcileAccount(again, world.broker, () => world.clock.now());
    },
  });
  assert.equal(again.state().isReconciled, true);
});

/** A reconciler over a book that agrees, and the instants at which the account was read. */
async function loop() {
  const world = await withHolding();
  const { activity, clock, desk } = world;
  const broker = bookBroker(desk);
  const reads: number[] = [];
  const changes: ((change: ConnectionChange) => void)[] = [];
  broker.onConnection = (listen) => void changes.push(listen);
  const { positions } = broker;
  broker.positions = () => {
    reads.push(clock.now());
    return positions();
  };
  const reconciler = createReconciler({
    desk,
    broker,
    clock,
    activity,
    onTrouble: (place) => assert.fail(place),
  });
  reconciler.start();
  const from = clock.now();
  return { ...world, broker, reconciler, changes, reads: () => reads.map((at) => at - from) };
}

test('AL-03 trade updates cause a comparison, at least three seconds apart and never one each', async () => {
  const world = await loop();
  for (let n = 0; n < 4; n += 1) {
    world.broker.says = {};
    world.desk.post({
      kind: 'order_reported',
      at: world.clock.now(),
      report: {
        reportId: `r${n}`,
        orderId: `${TICKET}.${n % 2 === 0 ? 'stop' : 'target'}-1`,
        kind: 'canceled',
        at: world.clock.now(),
        filledQuantity: 0,
        lastQuantity: 0,
        lastPrice: null,
        feesMinor: 0,
        reason: null,
        stopPrice: null,
        limitPrice: null,
      },
    });
    await world.settle(400);
  }
  await world.settle(10_000);
  const reads = world.reads();
  assert.equal(reads[0], 3_000);
  // the desk's new stops are refused by an exchange that still has the old ones: more updates follow
  const gaps = reads.slice(1).map((at, n) => at - (reads[n] ?? 0));
  assert.ok(
    gaps.every((gap) => gap >= 3_000),
    `gaps of ${gaps.join(', ')} ms`,
  );
  const stored = await world.store.events.read(world.desk.stream);
  assert.ok(stored.filter((event) => event.type.startsWith('order_')).length > 3 * reads.length);
  world.reconciler.stop();
});

test('AL-03 a restored connection is compared at once, a quiet account every five minutes', async () => {
  const world = await loop();
  await world.settle(60_000);
  world.changes[0]?.({ kind: 'lost', at: world.clock.now(), cause: 'socket closed' });
  world.changes[0]?.({ kind: 'restored', at: world.clock.now(), cause: 'logged in' });
  await world.settle(600_000);
  assert.deepEqual(world.reads(), [60_000, 360_000, 660_000]);
  world.reconciler.stop();
  await world.settle(600_000);
  assert.equal(world.reads().length, 3);
});

test('AL-03 an account that cannot be read is asked again with growing pauses, and told after three tries', async () => {
  const world = await loop();
  world.broker.says = { failure: LOST };
  await world.reconciler.now();
  await world.settle(5_000 * 2);
  assert.equal(world.desk.state().isReconciled, true, 'one lost answer is no verdict');
  await world.settle(5_000 * 4);
  assert.equal(world.desk.state().isReconciled, false);
  await world.settle(5_000 * 8);
  world.broker.says = {};
  await world.settle(5_000 * 16);
  assert.equal(world.desk.state().isReconciled, true);
  assert.deepEqual(world.reads(), [0, 10_000, 30_000, 70_000, 150_000]);
  world.reconciler.stop();
});

test('ID-09 a comparison asked for waits for the one that runs', async () => {
  const world = await loop();
  const [first, second] = await Promise.all([world.reconciler.now(), world.reconciler.now('Li')]);
  assert.equal(first.isClean && second.isClean, true);
  assert.equal(world.reads().length, 2);
  world.reconciler.stop();
});
