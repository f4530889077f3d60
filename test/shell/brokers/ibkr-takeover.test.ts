import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { BrokerError } from '#app/errors.ts';
import type { Broker, BrokerReport, Clock } from '#app/ports.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { eventually } from '#test/support/eventually.ts';
import { FakeIbkr } from '#test/support/fake-ibkr.ts';
import { type ConnectOptions, connectIbkr } from '#test/support/ibkr-connect.ts';
import { order } from '#test/support/paper-harness.ts';

/*
 * A gateway knows a client by its id and lets one connection at a time have it: a process that is frozen keeps
 * it. Who takes over goes on as the gateway's master client (99 here), which may cancel what 7 entered.
 */

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function gatewayOf(): Promise<FakeIbkr> {
  const gateway = new FakeIbkr();
  await gateway.listen();
  open.push(() => gateway.close());
  gateway.quote('QQQM', 100.5, 100.6);
  return gateway;
}

/** A process at the gateway as client 7, with 99 to stand in. */
function processAt(gateway: FakeIbkr, options: ConnectOptions = {}) {
  const notes: string[] = [];
  const made = connectIbkr(gateway, {
    standInId: gateway.masterClientId,
    answerTimeoutMs: 1_000,
    idWaitMs: 400,
    onNote: (line) => void notes.push(line),
    ...options,
  });
  const reports: BrokerReport[] = [];
  made.broker.onReport((report) => void reports.push(report));
  open.unshift(() => made.broker.stop());
  const said = (orderId: string): readonly string[] =>
    reports
      .filter((report) => report.orderId === orderId)
      .map(({ kind, reason }) => (reason === null ? kind : `${kind} ${reason}`));
  return { ...made, notes, said };
}

/** A frozen process as 7, whose stop stands. */
async function frozenAt(gateway: FakeIbkr): Promise<Broker> {
  const { broker } = processAt(gateway);
  await broker.start();
  await broker.submit(
    order({ orderId: 'old.stop-1', side: 'sell', type: 'stop', limitPrice: null, stopPrice: 95 }),
  );
  return broker;
}

const hasCode =
  (code: string) =>
  (error: unknown): boolean =>
    (error as BrokerError).code === code;
const clientOf = (gateway: FakeIbkr, orderId: string) => gateway.order(orderId)?.clientId;

test('ID-09 a client id that a frozen process holds: only who took over goes on as the master client', async () => {
  const gateway = await gatewayOf();
  await frozenAt(gateway);
  // a second desk with the same settings and a store of its own is no takeover
  await assert.rejects(processAt(gateway).broker.start(), hasCode('client_id_in_use'));
  await assert.rejects(
    processAt(gateway, { hasTakenOver: true, standInId: null }).broker.start(),
    hasCode('client_id_in_use'),
  );
  const { broker, notes } = processAt(gateway, { hasTakenOver: true });
  await broker.start();
  assert.ok(
    notes.some((line) => /goes on as client 99/.test(line)),
    notes.join('\n'),
  );
  const [standing] = await broker.openOrders();
  assert.equal(standing?.request.orderId, 'old.stop-1');
});

test('ID-09 who took over enters orders above every id of the frozen one, cancels its orders and changes none of them', async () => {
  const gateway = await gatewayOf();
  await frozenAt(gateway);
  const old = gateway.order('old.stop-1');
  // ids are counted for each client
  gateway.nextValidId = 1;
  const { broker, said } = processAt(gateway, { hasTakenOver: true });
  await broker.start();
  await broker.submit(order({ orderId: 'new.entry-1', limitPrice: 90 }));
  assert.equal(clientOf(gateway, 'new.entry-1'), 99);
  assert.ok((gateway.order('new.entry-1')?.ibId ?? 0) > (old?.ibId ?? 0));

  const { length } = gateway.market.orders;
  await broker.replace('old.stop-1', { stopPrice: 96 });
  assert.deepEqual(said('old.stop-1').slice(-1), ['replace_rejected other_client']);
  assert.equal(gateway.market.orders.length, length, 'its id with a price would be a second order');
  assert.equal(old?.aux, 95);

  await broker.cancel('old.stop-1');
  await eventually(() => said('old.stop-1').includes('canceled'));
  assert.equal(old?.status, 'Cancelled');
  assert.equal(gateway.order('new.entry-1')?.status, 'Submitted');
  await broker.replace('new.entry-1', { limitPrice: 91 });
  assert.equal(gateway.order('new.entry-1')?.limit, 91);
});

test('ID-09 a process that starts while orders of the master client stand is that client, and its own again later', async () => {
  const gateway = await gatewayOf();
  const frozen = await frozenAt(gateway);
  const second = processAt(gateway, { hasTakenOver: true });
  await second.broker.start();
  await second.broker.submit(order({ orderId: 'new.entry-1', limitPrice: 90 }));
  await frozen.stop();
  await second.broker.stop();
  await eventually(() => gateway.connections() === 0);

  const third = processAt(gateway);
  await third.broker.start();
  await third.broker.cancel('new.entry-1');
  await third.broker.cancel('old.stop-1');
  await eventually(() => gateway.order('old.stop-1')?.status === 'Cancelled');
  assert.equal(gateway.order('new.entry-1')?.status, 'Cancelled');
  await third.broker.stop();
  await eventually(() => gateway.connections() === 0);

  const fourth = processAt(gateway);
  await fourth.broker.start();
  await fourth.broker.submit(order({ orderId: 'later.entry-1', limitPrice: 90 }));
  assert.equal(clientOf(gateway, 'later.entry-1'), 7);
});

test('ID-09 while somebody has the master client, its orders are seen and their cancel is refused', async () => {
  const gateway = await gatewayOf();
  const frozen = await frozenAt(gateway);
  const second = processAt(gateway, { hasTakenOver: true });
  await second.broker.start();
  await second.broker.submit(order({ orderId: 'new.entry-1', limitPrice: 90 }));
  await frozen.stop();
  const third = processAt(gateway);
  await third.broker.start();
  assert.equal((await third.broker.openOrders()).length, 2);
  await third.broker.cancel('new.entry-1');
  assert.deepEqual(third.said('new.entry-1').slice(-1), ['cancel_rejected other_client']);
  assert.ok(third.notes.some((line) => /the master client is in use/.test(line)));
});

test('ID-09 an order that waited for room while its process was frozen does not leave when it wakes', async () => {
  const gateway = await gatewayOf();
  const system = createSystemClock();
  let asleepMs = 0;
  const clock: Clock = {
    now: () => system.now() + asleepMs,
    at: (at, run) => system.at(at - asleepMs, run),
  };
  const { broker, gateway: connection } = processAt(gateway, { clock });
  await broker.start();
  const ordinary = Array.from({ length: 40 }, () =>
    connection.send('normal', (api) => api.reqCurrentTime()),
  );
  const late = assert.rejects(
    broker.submit(order({ orderId: 'new.entry-1', limitPrice: 90 })),
    hasCode('disconnected'),
  );
  asleepMs = 6_000;
  await late;
  await Promise.all(ordinary);
  assert.equal(gateway.order('new.entry-1'), undefined);
});
