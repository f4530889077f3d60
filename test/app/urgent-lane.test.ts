import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BrokerError } from '#app/errors.ts';
import type { BrokerOrder, OrderRequest } from '#app/ports.ts';
import { appDesk } from '#test/support/app-desk.ts';
import { deskAt } from '#test/support/broker-desk.ts';
import { contractOrder } from '#test/support/broker-harness.ts';
import { confirm, OWNER, quoteOf, withTicket } from '#test/support/builders.ts';
import { paperHarness } from '#test/support/paper-harness.ts';

async function withEntries() {
  const world = appDesk();
  const desk = world.open();
  for (const input of withTicket()) {
    world.clock.advanceTo(input.at);
    await desk.submit(input);
  }
  await desk.submit(confirm(world.clock.now() + 1_000));
  await world.settle(100);
  return { ...world, desk };
}

async function withPosition() {
  const world = await withEntries();
  world.broker.onQuote(quoteOf(world.clock.now(), 99.9, 99.95));
  await world.settle(200);
  return world;
}

const names = (ids: readonly string[]) => ids.map((id) => id.split('.').at(-1));
const down = () => new BrokerError('test: no answer', { code: 'timeout', retryable: true });

test('CX-07 a cancel that throws at once keeps no other entry from being canceled', async () => {
  const world = await withEntries();
  const { cancel } = world.broker;
  let calls = 0;
  world.broker.cancel = (orderId) => {
    calls += 1;
    if (calls === 1) throw down();
    return cancel(orderId);
  };
  const receipt = world.desk.killNow(OWNER, 'all', world.clock.now());
  assert.deepEqual(names(receipt.canceledOrderIds), ['entry-1', 'entry-2']);
  await world.settle(2_000);
  assert.deepEqual(await world.broker.openOrders(), []);
});

test('CX-07 a cancel that the broker did not take is sent again, and not for ever', async () => {
  const world = await withEntries();
  const { cancel } = world.broker;
  const asked: string[] = [];
  world.broker.cancel = async (orderId) => {
    asked.push(orderId);
    if (asked.length <= 4) throw down();
    return cancel(orderId);
  };
  world.desk.killNow(OWNER, 'all', world.clock.now());
  await world.settle(1_000);
  assert.deepEqual(await world.broker.openOrders(), []);
  world.broker.cancel = async () => {
    asked.push('again');
    throw down();
  };
  const before = asked.length;
  await world.settle(30_000);
  assert.equal(asked.length, before, 'what is gone is not asked for');
});

test('CX-07 with a broker that never answers a kill is decided and said all the same', async () => {
  const world = await withEntries();
  world.broker.cancel = () => new Promise(() => {});
  world.broker.openOrders = () => new Promise(() => {});
  const receipt = world.desk.killNow(OWNER, 'all', world.clock.now());
  await receipt.decided;
  assert.equal(world.desk.state().kill.kind, 'halted');
  assert.ok(world.chat.some((row) => row.kind === 'kill_stage1'));
});

test('CX-07 the message of stage 1 is completed with the time the last entry took', async () => {
  const world = await withEntries();
  world.desk.killNow(OWNER, 'all', world.clock.now());
  await world.settle(200);
  const said = world.chat.filter((row) => row.kind === 'kill_stage1');
  assert.equal(said.length, 2);
  assert.equal(said[0]?.editKey, said[1]?.editKey);
  assert.match(JSON.stringify(said[1]?.payload), /"allOutMs":5[,}]/);
});

const entered = (order: OrderRequest): BrokerOrder => ({
  request: order,
  state: 'accepted',
  filledQuantity: 0,
  averagePrice: null,
});

test('CX-07 a kill of the account takes back entries that are not the desk’s, and keeps its protection', async () => {
  const world = await withPosition();
  const { openOrders } = world.broker;
  const buy = contractOrder({ orderId: 'by-hand-1' });
  const sell = contractOrder({ orderId: 'by-hand-2', side: 'sell' });
  world.broker.openOrders = async () => [...(await openOrders()), entered(buy), entered(sell)];
  const canceled: string[] = [];
  const { cancel } = world.broker;
  world.broker.cancel = async (orderId) => {
    canceled.push(orderId);
    if (!orderId.startsWith('by-hand')) await cancel(orderId);
  };
  world.desk.killNow(OWNER, 'all', world.clock.now());
  await world.settle(200);
  assert.deepEqual(canceled, ['by-hand-1']);
  const said = world.chat.find((row) => row.kind === 'kill_strangers');
  assert.match(JSON.stringify(said?.payload), /by-hand-1/);
  canceled.length = 0;
  world.desk.killNow(OWNER, 'us-vwap', world.clock.now());
  await world.settle(200);
  assert.deepEqual(canceled, [], 'a kill of the desk alone is about its own orders');
});

test('CX-07 where entry and stop cannot be told apart everything goes, and the stops come back at once', async () => {
  const world = await withPosition();
  const { openOrders, positions } = world.broker;
  world.broker.openOrders = async () => [
    ...(await openOrders()),
    entered(contractOrder({ orderId: 'by-hand-1' })),
  ];
  world.broker.positions = () => Promise.reject(down());
  world.desk.killNow(OWNER, 'all', world.clock.now());
  await world.settle(300);
  Object.assign(world.broker, { openOrders, positions });
  const stops = (await world.broker.openOrders()).filter(({ request }) => request.type === 'stop');
  const covered = stops.reduce((sum, { request }) => sum + request.quantity, 0);
  assert.equal(covered, 200);
  assert.ok(
    stops.every(({ request }) => !/stop-[12]$/.test(request.orderId)),
    'placed anew',
  );
  const said = world.chat.find((row) => row.kind === 'kill_strangers');
  assert.match(JSON.stringify(said?.payload), /"isEverything":true/);
});

test('CX-07 a kill file that cannot be written is told, and the kill is decided all the same', async () => {
  const world = await withEntries();
  world.killFile.write = () => {
    throw new Error('disk full');
  };
  const receipt = world.desk.killNow(OWNER, 'all', world.clock.now());
  await receipt.decided;
  assert.equal(world.desk.state().kill.kind, 'halted');
  assert.ok(world.desk.areEntriesBlocked());
  assert.ok(world.troubles.includes('kill file'));
  await world.settle(2_000);
  assert.deepEqual(await world.broker.openOrders(), []);
});

test('CX-07 the cancels of a kill leave before its file is put on the disk; entries are blocked meanwhile', async () => {
  const { broker } = paperHarness();
  const { desk, killFile, tell } = deskAt(broker, {});
  await tell(withTicket());
  const receipt = desk.killNow(OWNER, 'all', desk.state().day?.session.openAt ?? 0);
  assert.equal(killFile.read(), 'absent');
  assert.ok(desk.areEntriesBlocked());
  await receipt.decided;
  assert.equal(killFile.read(), 'present');
  assert.equal(desk.state().kill.kind, 'halted');
});
