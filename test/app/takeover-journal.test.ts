import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reconcileAccount } from '#app/reconcile-account.ts';
import { recoverDesk } from '#app/recover-desk.ts';
import { appDesk, memoryJournal } from '#test/support/app-desk.ts';
import { confirm, exit, QQQM, quoteOf, TICKET, withTicket } from '#test/support/builders.ts';

/** A leader left 200 shares while the store was down; the market took `sold` at once. Then it died. */
async function afterExitInForeignJournal(sold: number) {
  const held = await withHolding();
  const { broker, clock, leader } = held;
  const sent: string[] = [];
  const { submit } = broker;
  broker.submit = (order) => {
    sent.push(order.orderId);
    return submit(order);
  };
  // the market's size while the exit arrives
  broker.onQuote({ ...quoteOf(clock.now(), 99.98, 100), bidSize: sold });
  held.mode.now = 'stopped';
  await leader.submit(exit(clock.now()));
  await held.settle(100);
  assert.deepEqual(sent, [`${TICKET}.exit-1`]);
  assert.ok(held.journal.pending().length > 0);
  return { ...takenOver(held), sent };
}

type Holding = Awaited<ReturnType<typeof withHolding>>;

/** Two entries of 100 filled at the paper broker. */
async function withHolding() {
  const world = appDesk();
  const { broker, clock } = world;
  const leader = world.open();
  for (const input of withTicket()) {
    clock.advanceTo(input.at);
    await leader.submit(input);
  }
  await leader.submit(confirm(clock.now() + 1_000));
  await world.settle(50);
  broker.onQuote(quoteOf(clock.now(), 99.98, 100));
  await world.settle(5_000);
  assert.equal(leader.state().positions[QQQM]?.quantity, 200);
  return { ...world, leader };
}

/** The leader is dead, and another machine opens the desk with a journal of its own. */
function takenOver(world: Holding) {
  const { broker, clock, leader } = world;
  // it hears nothing and decides nothing any more
  Object.assign(leader, { post: () => undefined, submit: () => new Promise(() => undefined) });
  world.mode.now = 'up';
  const second = world.open(memoryJournal());
  const lane = world.laneOfNewest();
  second.onEvents((events) => lane.follow(events));
  const recover = async (reconcile?: () => Promise<unknown>): Promise<void> => {
    const recovering = recoverDesk({
      desk: second,
      broker,
      outbox: world.store.outbox,
      lane,
      runId: 'test',
      now: () => clock.now(),
      startingCashMinor: async () => 0,
      ...(reconcile === undefined ? {} : { reconcile }),
    });
    await world.settle(100);
    await recovering;
  };
  const held = async (): Promise<number> =>
    (await broker.positions()).reduce((sum, one) => sum + one.quantity, 0);
  const sellers = async (): Promise<string[]> =>
    (await broker.openOrders()).map((one) => one.request.orderId);
  return { ...world, second, recover, held, sellers };
}

test('ID-09 an exit that only the dead machine’s journal knows is taken over with its fill: no stop for sold shares', async () => {
  const world = await afterExitInForeignJournal(1_000);
  assert.equal(await world.held(), 0);
  await world.recover();
  await world.settle(10_000);
  const state = world.second.state();
  assert.equal(state.positions[QQQM], undefined);
  assert.equal(state.orders[`${TICKET}.exit-1`]?.state, 'filled');
  const types = (await world.store.events.read(world.second.stream)).map(({ type }) => type);
  assert.equal(types.filter((type) => type === 'trade_closed').length, 1);
  assert.equal(state.isReconciled, true);
  assert.equal(state.cashMinor, await world.broker.cashMinor());
  await world.second.submit(exit(world.clock.now()));
  await world.settle(10_000);
  assert.deepEqual(world.sent, [`${TICKET}.exit-1`]);
  assert.deepEqual(await world.sellers(), []);
});

test('ID-09 an exit that still works goes on as the second machine’s own: nothing else offers its shares', async () => {
  const world = await afterExitInForeignJournal(50);
  assert.equal(await world.held(), 150);
  assert.deepEqual(await world.sellers(), [`${TICKET}.exit-1`]);
  await world.recover();
  const { second, clock, broker } = world;
  assert.equal(second.state().positions[QQQM]?.quantity, 150);
  assert.equal(second.state().isReconciled, true);
  await second.submit(exit(clock.now()));
  await world.settle(6_000);
  assert.deepEqual(world.sent, [`${TICKET}.exit-1`]);
  broker.onQuote(quoteOf(clock.now(), 99.9, 99.95));
  await world.settle(6_000);
  assert.equal(await world.held(), 0);
  assert.equal(second.state().positions[QQQM], undefined);
  await reconcileAccount(second, broker, () => clock.now());
  assert.equal(second.state().isReconciled, true);
  assert.equal(second.state().cashMinor, await broker.cashMinor());
  assert.deepEqual(world.sent, [`${TICKET}.exit-1`]);
});

test('ID-09 the same exit decided again before the account was read has the same id: a duplicate, settled by asking', async () => {
  const world = await afterExitInForeignJournal(1_000);
  const { second, clock, broker } = world;
  await world.recover(async () => undefined);
  // the stops went with the dead machine's exit, so the broker refuses their cancels and is asked
  await second.submit(exit(clock.now()));
  await world.settle(10_000);
  assert.deepEqual(new Set(world.sent), new Set([`${TICKET}.exit-1`]));
  assert.equal(world.sent.length, 2);
  assert.ok(world.troubles.includes(`submit_order ${TICKET}.exit-1`));
  const stored = await world.store.events.read(second.stream);
  const types = stored
    .filter(({ data }) => (data as { orderId?: string }).orderId === `${TICKET}.exit-1`)
    .map(({ type }) => type);
  assert.ok(types.includes('order_became_unknown'), 'a doubt');
  assert.ok(!types.includes('order_rejected'), 'and no refusal');
  assert.equal(second.state().orders[`${TICKET}.exit-1`]?.state, 'filled');
  await reconcileAccount(second, broker, () => clock.now());
  assert.equal(second.state().isReconciled, true);
  assert.equal(second.state().positions[QQQM], undefined);
  assert.equal(await world.held(), 0);
});

test('ID-09 an order of that name which a person disowned stays the person’s', async () => {
  const world = await afterExitInForeignJournal(50);
  const { second, broker, clock } = world;
  await world.recover(async () => undefined);
  const [standing] = await broker.openOrders();
  assert.ok(standing !== undefined);
  const external = {
    id: standing.request.orderId,
    kind: 'order' as const,
    instrument: QQQM,
    quantity: 150,
    price: null,
    state: 'disowned' as const,
    since: clock.now(),
  };
  Object.assign(second.state(), { externals: [external] });
  await reconcileAccount(second, broker, () => clock.now());
  assert.equal(second.state().orders[external.id], undefined);
});

test('ID-09 a stop that only the dead machine’s journal knows covers its shares: no second one is set', async () => {
  const holding = await withHolding();
  const { broker, clock } = holding;
  const old = `${TICKET}.stop-2`;
  const found = await broker.find(old);
  assert.ok(found !== null);
  const world = takenOver(holding);
  const under = [
    broker.cancel(old),
    broker.submit({ ...found.request, orderId: `${TICKET}.stop-3` }),
  ];
  await world.settle(20);
  await Promise.all(under);
  await world.recover();
  await world.settle(10_000);
  const { second } = world;
  assert.equal(second.state().orders[`${TICKET}.stop-3`]?.state, 'accepted');
  assert.equal(second.state().orders[old]?.state, 'canceled');
  assert.equal(second.state().isReconciled, true);
  const stops = (await world.sellers()).filter((id) => id.includes('.stop-'));
  assert.deepEqual(stops.sort(), [`${TICKET}.stop-1`, `${TICKET}.stop-3`]);
  assert.equal(second.state().positions[QQQM]?.bareSince, null);
  await reconcileAccount(second, broker, () => clock.now());
  assert.deepEqual(second.state().externals, []);
});
