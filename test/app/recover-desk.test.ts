import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BrokerError } from '#app/errors.ts';
import { recoverDesk } from '#app/recover-desk.ts';
import { appDesk } from '#test/support/app-desk.ts';
import { confirm, exit, quoteOf, withTicket } from '#test/support/builders.ts';

async function withPosition() {
  const world = appDesk();
  const desk = world.open();
  for (const input of withTicket()) {
    world.clock.advanceTo(input.at);
    await desk.submit(input);
  }
  await desk.submit(confirm(world.clock.now() + 1_000));
  await world.settle(100);
  world.broker.onQuote(quoteOf(world.clock.now(), 99.9, 99.95));
  await world.settle(200);
  assert.equal((await world.broker.positions()).length, 1);
  return { ...world, desk };
}

const names = (ids: readonly string[]) => ids.map((id) => id.split('.').at(-1));

test('ID-08 SP-11 orders in doubt when the process ended are asked about, also while no account answers', async () => {
  const world = await withPosition();
  for (let left = 3; left > 0; left -= 1) world.broker.failNext('timeout', 'cancel');
  await world.desk.submit(exit(world.clock.now()));
  await world.settle(3_050);
  const down = () =>
    Promise.reject(new BrokerError('test: no answer', { code: 'down', retryable: true }));
  Object.assign(world.broker, { find: down, positions: down });
  const again = world.open();
  const asked: string[] = [];
  const recovering = recoverDesk({
    desk: again,
    broker: world.broker,
    outbox: world.store.outbox,
    lane: {
      take: () => undefined,
      ask: (orderId) => void asked.push(orderId),
      follow: () => undefined,
      doubtSweep: () => undefined,
    },
    runId: 'test',
    now: () => world.clock.now(),
    startingCashMinor: async () => 0,
  });
  await world.settle(100);
  await recovering;
  assert.equal(again.state().isReconciled, false);
  assert.deepEqual(names(asked), ['stop-1', 'target-1', 'stop-2']);
});

test('ID-08 an order the desk has settled as never arrived does not leave from the store any more', async () => {
  const world = await withPosition();
  const sent: string[] = [];
  const { submit } = world.broker;
  world.broker.submit = (order) => {
    sent.push(order.orderId);
    return submit(order);
  };
  const [row] = (await world.store.outbox.ofRun('test')).filter(
    (one) => one.kind === 'submit_order',
  );
  assert.ok(row !== undefined);
  const { order } = row.payload as { order: { orderId: string } };
  assert.notEqual(world.desk.state().orders[order.orderId]?.state, 'intended');
  for (const role of ['entry', 'stop', 'exit']) {
    const payload = { ...(row.payload as object), order: { ...order, role } };
    await world.store.outbox.enqueue([
      { ...row, payload, notBefore: 0, dedupeKey: `again:${role}` },
    ]);
  }
  await world.sweep();
  assert.deepEqual(sent, []);
});
