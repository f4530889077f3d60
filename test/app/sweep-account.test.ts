import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOrderLane } from '#app/deliver-orders.ts';
import { BrokerError } from '#app/errors.ts';
import { recoverDesk } from '#app/recover-desk.ts';
import { appDesk } from '#test/support/app-desk.ts';
import { confirm, flatten, QQQM, quoteOf, withTicket } from '#test/support/builders.ts';

/** A desk that holds 200 QQQM with stops and a target at a broker that closes everything with one request. */
async function held(way: 'one_request' | 'global_cancel' = 'one_request') {
  const world = appDesk({ execution: { flatten: way } });
  const desk = world.open();
  for (const input of withTicket()) {
    world.clock.advanceTo(input.at);
    await desk.submit(input);
  }
  await desk.submit(confirm(world.clock.now() + 1_000));
  await world.settle(100);
  world.broker.onQuote(quoteOf(world.clock.now(), 99.9, 99.95));
  await world.settle(200);
  const { broker } = world;
  const calls: string[] = [];
  const { cancelAll, flattenAll, submit } = broker;
  Object.assign(broker, {
    flattenAll: () => {
      calls.push('flattenAll');
      return flattenAll();
    },
    cancelAll: () => {
      calls.push('cancelAll');
      return cancelAll();
    },
    submit: (order: Parameters<typeof submit>[0]) => {
      calls.push(`submit ${order.side}`);
      return submit(order);
    },
  });
  const trade = async (bid = 99.9): Promise<void> => {
    broker.onQuote(quoteOf(world.clock.now(), bid, bid + 0.02));
    await world.settle(50);
  };
  const holds = async () => (await broker.positions()).map((one) => one.quantity);
  return { ...world, desk, calls, trade, holds };
}

const quantityIn = (world: Awaited<ReturnType<typeof held>>) =>
  world.desk.state().positions[QQQM]?.quantity ?? 0;
const stage = (world: Awaited<ReturnType<typeof held>>) => world.desk.state().kill.kind;

test('CX-07 one request sells everything, the desk sells nothing beside it', async () => {
  const world = await held();
  assert.deepEqual(await world.holds(), [200]);
  await world.desk.submit(flatten(world.clock.now()));
  await world.settle(50);
  await world.trade();
  await world.settle(5_000);
  assert.deepEqual(world.calls, ['flattenAll']);
  assert.deepEqual(await world.holds(), []);
  assert.equal(quantityIn(world), 0);
  assert.equal(stage(world), 'flat');
  const rows = await world.store.outbox.ofRun('test');
  assert.deepEqual(
    rows.filter((row) => row.kind === 'sweep_account').map((row) => row.state),
    ['delivered'],
  );
  assert.deepEqual(world.desk.state().safeMode, []);
});

test('CX-07 a request whose answer is lost is asked about; nothing is sold twice', async () => {
  const world = await held();
  const { flattenAll } = world.broker;
  world.broker.flattenAll = async () => {
    await flattenAll();
    throw new BrokerError('test: no answer', { code: 'timeout', retryable: false });
  };
  await world.desk.submit(flatten(world.clock.now()));
  await world.settle(100);
  const { kill } = world.desk.state();
  assert.equal(kill.kind === 'flattening' && kill.sweep?.state, 'in_doubt');
  await world.settle(2_000);
  await world.trade();
  await world.settle(10_000);
  assert.deepEqual(world.calls, ['flattenAll']);
  assert.deepEqual(await world.holds(), []);
  assert.equal(stage(world), 'flat');
});

test('CX-07 a request whose answer is lost and that was filled at once is found in the executions', async () => {
  const world = await held();
  const { flattenAll } = world.broker;
  world.broker.flattenAll = async () => {
    await flattenAll();
    throw new BrokerError('test: no answer', { code: 'timeout', retryable: false });
  };
  await world.desk.submit(flatten(world.clock.now()));
  await world.settle(20);
  await world.trade();
  await world.settle(10_000);
  assert.deepEqual(world.calls, ['flattenAll']);
  assert.equal(stage(world), 'flat');
  assert.equal(world.desk.state().cashMinor, await world.broker.cashMinor());
});

test('CX-07 a sale that nobody can name any more is booked from the executions', async () => {
  const world = await held();
  const { fills, flattenAll } = world.broker;
  world.broker.flattenAll = async () => {
    await flattenAll();
    return new Promise(() => {});
  };
  // as a broker lists what another program has entered
  world.broker.fills = async (since) =>
    (await fills(since)).map((fill) =>
      fill.orderId?.startsWith('flatten.') === true ? { ...fill, orderId: null } : fill,
    );
  await world.desk.submit(flatten(world.clock.now()));
  await world.settle(20);
  await restart(world);
  await world.trade();
  await world.settle(10_000);
  assert.deepEqual(world.calls, ['flattenAll']);
  assert.equal(stage(world), 'flat');
  assert.equal(world.desk.state().cashMinor, await world.broker.cashMinor());
});

test('CX-07 a request that never arrived is followed by an order of the desk', async () => {
  const world = await held();
  world.broker.flattenAll = () =>
    Promise.reject(new BrokerError('test: refused', { code: 'disconnected', retryable: true }));
  await world.desk.submit(flatten(world.clock.now()));
  await world.settle(2_000);
  assert.deepEqual(world.calls, [], 'not before the broker was asked');
  await world.settle(8_000);
  await world.trade();
  await world.settle(1_000);
  assert.deepEqual(world.calls, ['submit sell']);
  assert.deepEqual(await world.holds(), []);
  assert.equal(stage(world), 'flat');
});

test('CX-07 a broker that hangs is not waited for: it is asked, then the desk sells once', async () => {
  const world = await held();
  world.broker.flattenAll = () => new Promise(() => {});
  await world.desk.submit(flatten(world.clock.now()));
  await world.settle(14_000);
  assert.deepEqual(world.calls, []);
  await world.settle(12_000);
  await world.trade();
  await world.settle(1_000);
  assert.deepEqual(world.calls, ['submit sell']);
  assert.equal(stage(world), 'flat');
});

test('CX-07 a broker that cannot be asked either leaves everything as it is and says so', async () => {
  const world = await held();
  const down = () =>
    Promise.reject(new BrokerError('test: down', { code: 'disconnected', retryable: true }));
  Object.assign(world.broker, { flattenAll: down, openOrders: down, positions: down, fills: down });
  await world.desk.submit(flatten(world.clock.now()));
  await world.settle(60_000);
  assert.deepEqual(world.calls, []);
  assert.equal(stage(world), 'flattening');
  const told = world.chat.findLast((row) => row.kind === 'kill_progress');
  assert.match(JSON.stringify(told?.payload), /"asking"/);
});

test('CX-07 with the store down the one request leaves all the same, once', async () => {
  const world = await held();
  world.mode.now = 'stopped';
  await world.desk.submit(flatten(world.clock.now()));
  await world.settle(50);
  await world.trade();
  await world.settle(1_000);
  assert.deepEqual(world.calls, ['flattenAll']);
  assert.equal(stage(world), 'flat');
  world.mode.now = 'up';
  await world.desk.submit({
    kind: 'kill_file_seen',
    at: world.clock.now(),
    isPresent: true,
    by: 'x',
  });
  await world.sweep();
  assert.deepEqual(world.calls, ['flattenAll']);
});

async function restart(world: Awaited<ReturnType<typeof held>>): Promise<void> {
  const desk = world.open();
  const { broker, clock, activity, store } = world;
  const onTrouble = () => undefined;
  const lane = createOrderLane({ desk, broker, outbox: store.outbox, clock, activity, onTrouble });
  const recovering = recoverDesk({
    desk,
    broker,
    outbox: store.outbox,
    lane,
    runId: 'test',
    now: () => clock.now(),
    startingCashMinor: async () => 0,
  });
  await world.settle(100);
  await recovering;
  Object.assign(world, { desk });
}

test('CX-07 CX-10 a process that died between the attempt and the answer does not ask again for the sale', async () => {
  const world = await held();
  world.broker.flattenAll = () => {
    world.calls.push('flattenAll');
    return new Promise(() => {});
  };
  await world.desk.submit(flatten(world.clock.now()));
  await world.settle(50);
  await restart(world);
  await world.settle(8_000);
  await world.trade();
  await world.settle(2_000);
  assert.equal(world.calls.filter((call) => call === 'flattenAll').length, 1);
  assert.deepEqual(await world.holds(), []);
  assert.equal(stage(world), 'flat');
});

test('CX-07 CX-10 a request that was committed and never tried leaves after the restart, once', async () => {
  const world = await held();
  const { markAttempting } = world.store.outbox;
  world.store.outbox.markAttempting = async () => false;
  await world.desk.submit(flatten(world.clock.now()));
  await world.settle(50);
  assert.deepEqual(world.calls, []);
  world.store.outbox.markAttempting = markAttempting;
  await restart(world);
  await world.settle(100);
  await world.trade();
  await world.settle(1_000);
  assert.deepEqual(world.calls, ['flattenAll']);
  assert.equal(stage(world), 'flat');
});

test('CX-07 a global cancel takes the protection back, then the desk sells each position', async () => {
  const world = await held('global_cancel');
  await world.desk.submit(flatten(world.clock.now()));
  await world.settle(100);
  await world.trade();
  await world.settle(1_000);
  assert.deepEqual(world.calls, ['cancelAll', 'submit sell']);
  assert.deepEqual(await world.holds(), []);
  assert.equal(stage(world), 'flat');
});

test('CX-07 a global cancel that fails is followed by cancels one by one', async () => {
  const world = await held('global_cancel');
  world.broker.cancelAll = () =>
    Promise.reject(new BrokerError('test: no', { code: 'timeout', retryable: false }));
  await world.desk.submit(flatten(world.clock.now()));
  await world.settle(100);
  await world.trade();
  await world.settle(1_000);
  assert.deepEqual(world.calls, ['submit sell']);
  assert.equal(stage(world), 'flat');
});
