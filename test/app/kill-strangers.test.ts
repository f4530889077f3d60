import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancelStrangers } from '#app/kill-strangers.ts';
import { initialState } from '#core/engine/initial-state.ts';
import type { Input } from '#core/engine/input.ts';
import { brokerOn } from '#test/support/alpaca-contract.ts';
import { FakeAlpaca } from '#test/support/fake-alpaca.ts';

/** Named as the desk names an entry, and in no book of it: another process sent it. */
const OURS = '2026-11-20.us-vwap.QQQM.US.long.1.entry-1';

test('CX-07 an order of a stranger is canceled by every kill that finds it, and told of once', async (t) => {
  const fake = new FakeAlpaca();
  const { broker } = brokerOn(await fake.listen());
  await broker.start();
  t.after(async () => {
    await broker.stop();
    await fake.close();
  });
  fake.quote('QQQM', 100.5, 100.52);
  fake.exchange.submit({
    symbol: 'QQQM',
    side: 'buy',
    qty: '5',
    type: 'limit',
    limit_price: '90',
    time_in_force: 'day',
    client_order_id: OURS,
  });
  const listed = await broker.openOrders();
  // what the broker still lists while the cancel of the kill before is under way
  const late = Object.create(broker, { openOrders: { value: async () => listed } });
  const told: Input[] = [];
  const trouble: string[] = [];
  let at = Date.parse('2026-11-20T15:00:00Z');
  const deps = {
    desk: {
      state: () => initialState({ deskId: 'us-vwap', mode: 'semi' }),
      post: (input: Input) => void told.push(input),
    },
    broker: late,
    clock: { now: () => at },
    onTrouble: (place: string) => void trouble.push(place),
    told: new Map<string, number>(),
  } as unknown as Parameters<typeof cancelStrangers>[0];
  assert.deepEqual(await cancelStrangers(deps), [OURS]);
  assert.deepEqual(await cancelStrangers(deps), [OURS]);
  assert.equal(told.length, 1);
  assert.equal(
    [...fake.exchange.orders.values()].some((order) => fake.exchange.isWorking(order)),
    false,
  );
  // listed a minute later it stands again or still, which is news
  at += 60_000;
  await cancelStrangers(deps);
  assert.equal(told.length, 2);
  assert.deepEqual(trouble, []);
});
