import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { deskAt } from '#test/support/broker-desk.ts';
import { confirm, flatten, QQQM, withTicket } from '#test/support/builders.ts';
import { eventually } from '#test/support/eventually.ts';
import { FakeIbkr } from '#test/support/fake-ibkr.ts';
import { connectIbkr } from '#test/support/ibkr-connect.ts';

/*
 * Stage 2 of a real desk over the real adapter, on a wire to a gateway of ours: one global cancel, then
 * the desk's own market orders.
 */

const EXECUTION = { broker: 'ibkr', flatten: 'global_cancel' } as const;
/** First fields of the client's messages: an order, a cancel, the global cancel, the server's time. */
const [PLACE, CANCEL, GLOBAL_CANCEL, TIME] = ['3', '4', '58', '49'];

/** A desk that holds 200 QQQM at the gateway, each half under its own stop. */
async function held(t: TestContext) {
  const fake = new FakeIbkr();
  await fake.listen();
  const { broker, gateway } = connectIbkr(fake, { answerTimeoutMs: 2_000, backoffMs: [20] });
  await broker.start();
  const world = deskAt(broker, { execution: EXECUTION });
  const { desk } = world;
  fake.quote('QQQM', 99.98, 100);
  await world.tell(withTicket());
  await world.tell([confirm(world.clock.now())]);
  const isProtected = () =>
    Object.values(desk.state().orders).filter(
      (order) => order.role === 'stop' && order.state === 'accepted',
    ).length === 2;
  await eventually(() => fake.market.orders.length >= 5);
  fake.quote('QQQM', 99.98, 100);
  await eventually(() => desk.state().positions[QQQM]?.quantity === 200 && isProtected());
  fake.received.length = 0;
  t.after(async () => {
    await broker.stop();
    await fake.close();
  });
  return { ...world, fake, gateway };
}

const wrote = (fake: FakeIbkr, ...kinds: (string | undefined)[]) =>
  fake.received.filter(([kind]) => kinds.includes(kind)).map(([kind]) => kind);
const heldAt = (fake: FakeIbkr) => fake.positions.get('QQQM')?.quantity ?? 0;

/** The market trades on as soon as an order to sell has arrived. */
async function tradeOn(fake: FakeIbkr): Promise<void> {
  await eventually(() => wrote(fake, PLACE).length > 0, 10_000);
  fake.quote('QQQM', 99.9, 99.92);
}

test('CX-07 ID-18 stage 2 at Interactive Brokers is one global cancel, then one market order a position', async (t) => {
  const world = await held(t);
  const { desk, fake } = world;
  await desk.submit(flatten(world.clock.now()));
  await tradeOn(fake);
  await eventually(() => desk.state().kill.kind === 'flat');
  assert.deepEqual(wrote(fake, PLACE, CANCEL, GLOBAL_CANCEL), [GLOBAL_CANCEL, PLACE]);
  const [sale] = fake.received.filter(([kind]) => kind === PLACE);
  assert.deepEqual([sale?.[16], sale?.[17], sale?.[18]], ['SELL', '200', 'MKT']);
  assert.equal(heldAt(fake), 0);
  assert.deepEqual(desk.state().positions, {});
  assert.deepEqual(desk.state().safeMode, []);
  assert.ok(Object.values(desk.state().orders).every((order) => order.state !== 'unknown'));
});

test('CX-07 ID-18 stage 2 finds room for its messages while ordinary traffic fills the budget', async (t) => {
  const world = await held(t);
  const { desk, fake, gateway } = world;
  const ordinary = Array.from({ length: 200 }, () =>
    gateway.send('normal', (api) => api.reqCurrentTime()),
  );
  await desk.submit(flatten(world.clock.now()));
  await tradeOn(fake);
  await eventually(() => desk.state().kill.kind === 'flat');
  const kinds = wrote(fake, TIME, PLACE, GLOBAL_CANCEL);
  // 30 of the 45 a second are for ordinary messages; the kill does not queue behind the others
  assert.ok(kinds.indexOf(GLOBAL_CANCEL) <= 30, `after ${kinds.indexOf(GLOBAL_CANCEL)} messages`);
  assert.ok(kinds.indexOf(PLACE) <= 31, `after ${kinds.indexOf(PLACE)} messages`);
  assert.equal(kinds.filter((kind) => kind === PLACE).length, 1);
  assert.equal(heldAt(fake), 0);
  await Promise.all(ordinary);
});

test('CX-07 ID-18 a connection that breaks with the global cancel loses no position and sells nothing twice', async (t) => {
  const world = await held(t);
  const { desk, fake } = world;
  fake.cut();
  await eventually(() => fake.connections() === 0);
  await desk.submit(flatten(world.clock.now()));
  await eventually(() => {
    const { kill } = desk.state();
    return kill.kind === 'flattening' && kill.sweep?.state !== 'asked';
  });
  fake.mend();
  await tradeOn(fake);
  await eventually(() => desk.state().kill.kind === 'flat', 30_000);
  assert.equal(wrote(fake, PLACE).length, 1);
  assert.equal(heldAt(fake), 0);
});

test('CX-07 ID-18 a market order the gateway refuses is tried again, then listed with its reason', async (t) => {
  const world = await held(t);
  const { desk, fake } = world;
  for (let n = 0; n < 5; n += 1) fake.failNext({ kind: 'reject', call: 'submit', code: 201 });
  await desk.submit(flatten(world.clock.now()));
  await eventually(() => desk.state().kill.kind === 'incomplete', 20_000);
  const { kill } = desk.state();
  assert.ok(kill.kind === 'incomplete');
  assert.deepEqual(
    kill.left.map((rest) => [rest.instrument, rest.quantity, rest.reason.code]),
    [[QQQM, 200, 'order_failed']],
  );
  assert.equal(heldAt(fake), 200);
});
