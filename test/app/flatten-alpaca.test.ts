import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { brokerOn } from '#test/support/alpaca-contract.ts';
import { deskAt } from '#test/support/broker-desk.ts';
import { confirm, flatten, QQQM, withTicket } from '#test/support/builders.ts';
import { eventually } from '#test/support/eventually.ts';
import { FakeAlpaca } from '#test/support/fake-alpaca.ts';

const EXECUTION = { broker: 'alpaca', flatten: 'one_request' } as const;

/** A desk that holds 200 QQQM at the fake of Alpaca, each half under its own stop. */
async function held(t: TestContext) {
  const fake = new FakeAlpaca();
  const { broker } = brokerOn(await fake.listen(), { timeoutMs: 2_000 });
  await broker.start();
  const world = deskAt(broker, { execution: EXECUTION });
  fake.quote('QQQM', 99.98, 100);
  await world.tell(withTicket());
  await world.tell([confirm(world.clock.now())]);
  const { desk } = world;
  const isProtected = () =>
    Object.values(desk.state().orders).filter(
      (order) => order.role === 'stop' && order.state === 'accepted',
    ).length === 2;
  await eventually(() => desk.state().positions[QQQM]?.quantity === 200 && isProtected());
  fake.calls.length = 0;
  t.after(async () => {
    await broker.stop();
    await fake.close();
  });
  return { ...world, fake };
}

/** Lets the market trade on as soon as the request has arrived. */
async function tradeOn(fake: FakeAlpaca): Promise<void> {
  await eventually(() => fake.calls.includes('DELETE /v2/positions'));
  fake.quote('QQQM', 99.9, 99.92);
}

const heldAt = (fake: FakeAlpaca) => fake.exchange.positions.get('QQQM')?.quantity ?? 0;
const wrote = (fake: FakeAlpaca) => fake.calls.filter((call) => !call.startsWith('GET'));

test('CX-07 AL-01 stage 2 at Alpaca is one request, read position by position', async (t) => {
  const world = await held(t);
  const { desk, fake } = world;
  await desk.submit(flatten(world.clock.now()));
  await tradeOn(fake);
  await eventually(() => desk.state().kill.kind === 'flat');
  assert.deepEqual(wrote(fake), ['DELETE /v2/positions']);
  assert.equal(heldAt(fake), 0);
  assert.deepEqual(desk.state().positions, {});
  assert.deepEqual(desk.state().safeMode, []);
  assert.ok(Object.values(desk.state().orders).every((order) => order.state !== 'unknown'));
});

test('CX-07 AL-01 a position Alpaca refuses to close is sold by an order of the desk', async (t) => {
  const world = await held(t);
  const { desk, fake } = world;
  const { closeAll } = fake.exchange;
  fake.exchange.closeAll = (isCanceling) => {
    // the shares are still bound to stops for a moment: a refusal, as the vendor gives it
    const answers = closeAll.call(fake.exchange, false);
    if (isCanceling)
      for (const order of [...fake.exchange.orders.values()])
        if (fake.exchange.isWorking(order)) fake.exchange.cancel(order.id);
    return answers;
  };
  await desk.submit(flatten(world.clock.now()));
  await tradeOn(fake);
  await eventually(() => desk.state().kill.kind === 'flat');
  assert.deepEqual(wrote(fake), ['DELETE /v2/positions', 'POST /v2/orders']);
  assert.equal(heldAt(fake), 0);
});

test('CX-07 AL-01 an answer of Alpaca that is lost is asked about, and nothing is sold twice', async (t) => {
  const world = await held(t);
  const { desk, fake } = world;
  fake.faults.push({ method: 'DELETE', path: /^\/v2\/positions/, act: 'lost' });
  await desk.submit(flatten(world.clock.now()));
  await tradeOn(fake);
  await eventually(() => desk.state().kill.kind === 'flat', 15_000);
  assert.deepEqual(wrote(fake), ['DELETE /v2/positions']);
  assert.equal(heldAt(fake), 0);
});
