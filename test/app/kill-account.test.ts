import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { flattenAccount, killAccount } from '#app/kill-account.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { brokerOn } from '#test/support/alpaca-contract.ts';
import { eventually } from '#test/support/eventually.ts';
import { FakeAlpaca } from '#test/support/fake-alpaca.ts';

const OURS = '2026-11-20.us-vwap.QQQM.US.long.1';

/** An account with 20 QQQM under a stop, and three entries that stand: two of a desk, one entered by hand. */
async function account(t: TestContext) {
  const fake = new FakeAlpaca();
  const { broker } = brokerOn(await fake.listen(), { timeoutMs: 2_000 });
  t.after(async () => {
    await broker.stop();
    await fake.close();
  });
  fake.quote('QQQM', 99.98, 100);
  const order = (clientId: string, fields: Record<string, string>) =>
    fake.exchange.submit({
      symbol: 'QQQM',
      side: 'buy',
      type: 'limit',
      qty: '20',
      limit_price: '90',
      time_in_force: 'day',
      client_order_id: clientId,
      ...fields,
    });
  order(`${OURS}.entry-1`, { limit_price: '100' });
  fake.quote('QQQM', 99.98, 100);
  fake.exchange.submit({
    symbol: 'QQQM',
    side: 'sell',
    type: 'stop',
    stop_price: '95',
    qty: '20',
    time_in_force: 'day',
    client_order_id: `${OURS}.stop-9`,
  });
  order(`${OURS}.entry-2`, {});
  order('2026-11-20.us-vwap.AAPL.US.long.1.entry-1', { symbol: 'AAPL' });
  order('3f0e8a3e-0000-4000-8000-000000000001', {});
  await broker.start();
  const open = () =>
    [...fake.exchange.orders.values()]
      .filter((one) => fake.exchange.isWorking(one))
      .map((one) => one.clientOrderId);
  return { fake, broker, open };
}

const clock = createSystemClock();

test('CX-07 AL-01 a kill without the desk cancels every entry of the account and keeps its stops', async (t) => {
  const { broker, open } = await account(t);
  assert.equal(open().length, 4);
  const kill = await killAccount(broker, clock, () => performance.now());
  assert.deepEqual(open(), [`${OURS}.stop-9`]);
  assert.deepEqual(kill.kept, [`${OURS}.stop-9`]);
  assert.equal(kill.canceled.length, 3);
  assert.deepEqual([kill.failed, kill.standing], [[], []]);
  assert.ok((kill.firstCancelMs ?? 1e9) <= (kill.allOutMs ?? 0));
});

test('CX-07 a cancel that fails is told, and so is what still stands', async (t) => {
  const { broker, fake } = await account(t);
  fake.faults.push({
    method: 'DELETE',
    path: /^\/v2\/orders\/.+/,
    act: { status: 500, text: '<html>down</html>' },
  });
  const kill = await killAccount(broker, clock, () => performance.now());
  assert.equal(kill.failed.length, 1);
  assert.equal(kill.standing.length, 1);
  assert.equal(kill.canceled.length, 2);
});

test('CX-07 where nobody knows what is held everything is canceled and the stops are placed again', async (t) => {
  const { broker, open } = await account(t);
  broker.positions = () => Promise.reject(new Error('down'));
  const kill = await killAccount(broker, clock, () => performance.now());
  assert.equal(kill.placedAgain.length, 1);
  await eventually(() => open().length === 1);
  assert.deepEqual(open(), kill.placedAgain);
});

test('CX-07 stage 2 without the desk sells in the broker’s way and looks until the account is flat', async (t) => {
  const { broker, fake, open } = await account(t);
  const flattening = flattenAccount(broker, clock);
  await eventually(() => fake.calls.includes('DELETE /v2/positions'));
  fake.quote('QQQM', 99.9, 99.92);
  const { legs, left } = await flattening;
  assert.deepEqual(
    legs.map((leg) => [leg.instrument, leg.quantity, leg.outcome]),
    [['QQQM.US', 20, 'sent']],
  );
  assert.deepEqual(left, []);
  assert.deepEqual(open(), []);
});
