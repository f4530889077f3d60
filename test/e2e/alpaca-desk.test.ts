import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { createOrderLane, type OrderLane } from '#app/deliver-orders.ts';
import { Desk } from '#app/desk.ts';
import type { Broker } from '#app/ports.ts';
import { reconcileAccount } from '#app/reconcile-account.ts';
import { readAccounts } from '#shell/config/accounts.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { createActivity } from '#shell/runner/activity.ts';
import { createMemoryStore } from '#shell/store/memory-store.ts';
import { brokerOn } from '#test/support/alpaca-contract.ts';
import { memoryJournal, memoryKillFile } from '#test/support/app-desk.ts';
import { confirm, ny, OWNER, policyOf, TICKET, withTicket } from '#test/support/builders.ts';
import { eventually } from '#test/support/eventually.ts';
import { FAKE_KEYS, FakeAlpaca } from '#test/support/fake-alpaca.ts';
import { makeBroker } from '../../src/compose-brokers.ts';

/*
 * The desk itself over an Alpaca account: what it decides leaves over real sockets, what the fake
 * exchange says comes back into its book. The desk's own time stands still unless a test moves it.
 */

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function alpacaDesk() {
  const fake = new FakeAlpaca();
  const url = await fake.listen();
  open.push(() => fake.close());
  const clock = createVirtualClock({ startAt: ny('09:00') });
  const store = createMemoryStore(() => clock.now());
  const activity = createActivity();
  const policy = policyOf({ accountId: 'alpaca-us' });
  const troubles: string[] = [];
  const onTrouble = (place: string) => void troubles.push(place);
  const journal = memoryJournal();
  const killFile = memoryKillFile();

  /** A desk process: its broker connected, its log folded. */
  const process = async (): Promise<{ desk: Desk; broker: Broker }> => {
    const { broker } = brokerOn(url);
    open.unshift(() => broker.stop());
    const desk: Desk = new Desk({
      policy,
      runId: 'test',
      configHash: 'test',
      codeVersion: 'test',
      clock,
      events: store.events,
      inputs: store.inputs,
      snapshots: store.snapshots,
      outbox: store.outbox,
      journal,
      killFile,
      broker,
      activity,
      targets: () => [],
      fetchQuote: async () => null,
      handOver: (rows) => lane.take(rows.filter((row) => row.lane.startsWith('order:'))),
      onTrouble,
      stopwatch: () => performance.now(),
    });
    const lane: OrderLane = createOrderLane({
      desk,
      broker,
      outbox: store.outbox,
      clock,
      activity,
      mayEnter: () => true,
      fence: { mayLeave: async () => true },
      onTrouble,
    });
    broker.onReport((report) => desk.post({ kind: 'order_reported', at: clock.now(), report }));
    await desk.recover();
    await broker.start();
    return { desk, broker };
  };
  return { fake, clock, store, troubles, ...(await process()), process };
}

async function withPosition() {
  const world = await alpacaDesk();
  const { clock, desk, fake } = world;
  for (const input of withTicket()) {
    clock.advanceTo(input.at);
    await desk.submit(input);
  }
  fake.quote('QQQM', 99.99, 100);
  await desk.submit(confirm(clock.now() + 1_000));
  const stateOf = (id: string): string | undefined => desk.state().orders[`${TICKET}.${id}`]?.state;
  await eventually(() => stateOf('stop-1') === 'accepted' && stateOf('stop-2') === 'accepted');
  return { ...world, stateOf };
}

test('AL-01 ID-06 a ticket becomes brackets at Alpaca, and the book agrees with the account', async () => {
  const { broker, clock, desk, fake, stateOf, store, troubles } = await withPosition();
  const [position] = Object.values(desk.state().positions);
  const [held] = await broker.positions();
  assert.equal(position?.quantity, held?.quantity);
  assert.deepEqual(['entry-1', 'entry-2', 'stop-1', 'stop-2', 'target-1'].map(stateOf), [
    'filled',
    'filled',
    'accepted',
    'accepted',
    'accepted',
  ]);
  const { differences } = await reconcileAccount(desk, broker, () => clock.now());
  assert.deepEqual(differences, []);
  // the first target is reached: half leaves, and the stop of the rest moves to the entry
  fake.quote('QQQM', 101.1, 101.12);
  await eventually(() => stateOf('target-1') === 'filled' && stateOf('stop-1') === 'canceled');
  await eventually(() => desk.state().orders[`${TICKET}.stop-2`]?.stopPrice === 100);
  fake.quote('QQQM', 99.9, 99.92);
  await eventually(() => Object.keys(desk.state().positions).length === 0);
  const stored = await store.events.read(desk.stream);
  assert.equal(stored.filter((event) => event.type === 'trade_closed').length, 1);
  const after = await reconcileAccount(desk, broker, () => clock.now());
  assert.deepEqual(after.differences, []);
  assert.deepEqual(troubles, []);
});

test('AL-01 ID-06 an entry that fills in part is protected at Alpaca, past its wash trade rule', async () => {
  const world = await alpacaDesk();
  const { broker, clock, desk, fake } = world;
  for (const input of withTicket()) {
    clock.advanceTo(input.at);
    await desk.submit(input);
  }
  fake.quote('QQQM', 99.99, 100, 30);
  await desk.submit(confirm(clock.now() + 1_000));
  const stateOf = (id: string): string | undefined => desk.state().orders[`${TICKET}.${id}`]?.state;
  // half of it leaves as a pair; the stop of the other half could meet the second entry and is refused
  await eventually(() => stateOf('stop-3') === 'accepted' && stateOf('target-3') === 'accepted');
  await eventually(() => stateOf('stop-4') === 'rejected' && stateOf('entry-2') === 'canceled');
  clock.advanceTo(clock.now() + 3_000);
  await desk.submit({ kind: 'time_passed', at: clock.now() });
  await eventually(() => stateOf('stop-5') === 'accepted');
  assert.equal((await broker.positions())[0]?.sellableQuantity, 0);
  fake.quote('QQQM', 98.9, 98.92);
  await eventually(() => Object.keys(desk.state().positions).length === 0);
  await eventually(async () => (await broker.openOrders()).length === 0);
  const { differences } = await reconcileAccount(desk, broker, () => clock.now());
  assert.deepEqual(differences, []);
});

test('AL-01 ID-09 another process takes the position over with its protection', async () => {
  const first = await withPosition();
  await first.broker.stop();
  first.fake.quote('QQQM', 98.9, 98.92);
  const { broker, desk } = await first.process();
  const { differences } = await reconcileAccount(desk, broker, () => first.clock.now());
  assert.deepEqual(differences, []);
  assert.deepEqual(Object.keys(desk.state().positions), []);
});

test('AL-01 CX-07 a kill cancels entries at Alpaca and leaves the protection', async () => {
  const world = await alpacaDesk();
  const { broker, clock, desk, fake } = world;
  for (const input of withTicket()) {
    clock.advanceTo(input.at);
    await desk.submit(input);
  }
  fake.quote('QQQM', 100.9, 101);
  await desk.submit(confirm(clock.now() + 1_000));
  await eventually(async () => (await broker.openOrders()).length === 5);
  const receipt = desk.killNow(OWNER, 'all', clock.now());
  assert.equal(receipt.canceledOrderIds.length, 2);
  await eventually(async () => (await broker.openOrders()).length === 0);
  const states = Object.values(desk.state().orders).map((order) => order.state);
  await eventually(() =>
    Object.values(desk.state().orders).every((order) => order.state === 'canceled'),
  );
  assert.equal(states.length, 5);
});

test('AL-01 CX-09 an account of Alpaca is made from its file and the keys of the environment', async () => {
  const fake = new FakeAlpaca();
  const url = await fake.listen();
  open.push(() => fake.close());
  const root = mkdtempSync(join(tmpdir(), 'centaur-alpaca-'));
  open.push(async () => rmSync(root, { recursive: true, force: true }));
  const shipped = readAccounts(join(import.meta.dirname, '..', '..'));
  const account = shipped.find((one) => one.id === 'alpaca-us');
  assert.ok(account?.broker === 'alpaca');
  const ours = { ...account, paper: { credentials: 'ALPACA_TEST', tradingUrl: url } };
  const facts = { root, clock: createSystemClock(), simulated: null };
  await assert.rejects(
    makeBroker(ours, facts),
    /ALPACA_TEST_KEY_ID: found nothing, expected a key/,
  );
  const { keyId, secretKey } = FAKE_KEYS;
  writeFileSync(
    join(root, '.env'),
    `ALPACA_TEST_KEY_ID=${keyId}\nALPACA_TEST_SECRET_KEY=${secretKey}\n`,
  );
  const { broker, exchange } = await makeBroker(ours, facts);
  open.unshift(() => broker.stop());
  await broker.start();
  assert.equal(exchange, null);
  assert.equal(await broker.cashMinor(), 10_000_000);
  assert.deepEqual([broker.accountId, broker.environment], ['alpaca-us', 'paper']);
});
