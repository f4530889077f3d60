import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OrderRequest } from '#app/ports.ts';
import { reason } from '#core/gates/reason.ts';
import { appDesk } from '#test/support/app-desk.ts';
import {
  attest,
  cancel,
  confirm,
  QQQM,
  quoteOf,
  TICKET,
  withTicket,
} from '#test/support/builders.ts';

/** A desk with a ticket of 200, at a broker that refuses before sending what `refuses` names. */
async function withObjection(refuses: (order: OrderRequest) => boolean) {
  const world = appDesk();
  const submitted: OrderRequest[] = [];
  const { submit } = world.broker;
  world.broker.canSubmit = (order) => (refuses(order) ? reason('not_connected') : null);
  world.broker.submit = (order) => {
    submitted.push(order);
    return submit(order);
  };
  const desk = world.open();
  for (const input of withTicket()) {
    world.clock.advanceTo(input.at);
    await desk.submit(input);
  }
  await desk.submit(confirm(world.clock.now() + 1_000));
  await world.settle(100);
  return { ...world, desk, submitted };
}

test('ID-09 what the broker would refuse is said before the attempt, and never sent', async () => {
  const world = await withObjection((order) => order.orderId.endsWith('entry-1'));
  assert.deepEqual(
    world.submitted.map((order) => order.orderId),
    [`${TICKET}.entry-2`],
  );
  const state = world.desk.state();
  assert.equal(state.orders[`${TICKET}.entry-1`]?.state, 'denied');
  assert.equal(state.orders[`${TICKET}.entry-2`]?.state, 'accepted');
  const rows = await world.store.outbox.ofRun('test');
  const row = rows.find((one) => one.kind === 'submit_order' && one.state === 'dropped');
  assert.equal(row?.lastError, 'denied: not_connected');
  assert.equal(row?.attempts, 0, 'no attempt was committed');
  assert.ok(world.chat.some((one) => one.kind === 'order_denied'));
});

test('ID-06 a partial fill gets its stop and target as one request to the broker', async () => {
  const world = await withObjection(() => false);
  world.broker.onQuote({ ...quoteOf(world.clock.now(), 99.98, 100), askSize: 60 });
  await world.settle(1_000);
  const protective = world.submitted.filter((order) => order.side === 'sell');
  assert.deepEqual(
    protective.map(({ type, quantity, pair }) => [type, quantity, pair?.limitPrice ?? null]),
    [
      ['stop', 30, 101],
      ['stop', 30, null],
    ],
  );
  await world.desk.submit(cancel(world.clock.now()));
  await world.settle(100);
  const working = await world.broker.openOrders();
  assert.deepEqual(
    working.map((order) => order.state),
    ['accepted', 'accepted', 'accepted'],
  );
  world.broker.onQuote(quoteOf(world.clock.now(), 98.9, 98.92));
  await world.settle(1_000);
  assert.deepEqual(await world.broker.positions(), []);
  assert.equal(world.desk.state().positions[QQQM], undefined);
  assert.deepEqual(await world.broker.openOrders(), []);
});

test('CX-06 an entry waits in the store until what people said before the start is read, an exit does not', async () => {
  const world = appDesk();
  world.mayEnter.now = false;
  const desk = world.open();
  for (const input of withTicket()) {
    world.clock.advanceTo(input.at);
    await desk.submit(input);
  }
  world.clock.advanceTo(world.clock.now() + 1_000);
  await desk.submit(confirm(world.clock.now()));
  await world.settle(100);
  assert.deepEqual(await world.broker.openOrders(), []);
  world.mayEnter.now = true;
  await world.sweep();
  assert.equal((await world.broker.openOrders()).filter((o) => o.state === 'accepted').length, 2);
  world.mayEnter.now = false;
  await desk.submit(cancel(world.clock.now()));
  await world.settle(100);
  assert.deepEqual(
    (await world.broker.openOrders()).filter((o) => o.state === 'accepted'),
    [],
  );
});

test('ID-09 an entry confirmed before a restart is not handed to the person while nobody has spoken since', async () => {
  for (const isSpoken of [false, true]) {
    const world = appDesk({
      execution: { broker: 'manual', isPerson: true, protection: 'watched', hasBracket: false },
    });
    world.mayEnter.now = false;
    const before = world.open();
    const [start, ...later] = withTicket();
    assert.ok(start !== undefined);
    for (const input of [start, attest(start.at), ...later]) {
      world.clock.advanceTo(input.at);
      await before.submit(input);
    }
    world.clock.advanceTo(world.clock.now() + 1_000);
    await before.submit(confirm(world.clock.now()));
    await before.stop();
    const desk = world.open();
    await desk.recover();
    const at = world.clock.now();
    await desk.submit({ kind: 'desk_started', at, cashMinor: 0, isRecovery: true });
    if (isSpoken) await desk.submit(attest(at));
    world.mayEnter.now = true;
    await world.sweep();
    const orders = (await world.broker.openOrders()).length;
    const state = desk.state().orders[`${TICKET}.entry-1`]?.state;
    assert.deepEqual([orders, state], isSpoken ? [1, 'accepted'] : [0, 'denied']);
    assert.equal(
      world.chat.some((one) => one.kind === 'order_denied'),
      !isSpoken,
    );
  }
});
