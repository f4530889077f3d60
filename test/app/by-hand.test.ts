import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followByHand } from '#app/by-hand.ts';
import type { Desk } from '#app/desk.ts';
import { StoreError } from '#app/errors.ts';
import type { Event } from '#core/engine/event.ts';
import { createManualBroker } from '#shell/brokers/manual.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { report } from '#test/support/builders.ts';
import { restated } from '#test/support/builders-cn.ts';
import { chatHarness } from '#test/support/chat-harness.ts';
import { cnPolicy, confirmedCn, STOCK, sh, TUESDAY } from '#test/support/cn-desk.ts';

/** A manual account with its desk's events, and a way to let one happen. */
function account() {
  const clock = createVirtualClock({ startAt: sh('09:00') });
  const broker = createManualBroker({
    accountId: 'cn-main',
    environment: 'live',
    clock,
    sellableAfterDays: 1,
  });
  const told: ((events: readonly Event[]) => void)[] = [];
  const desk = { onEvents: (listen: (events: readonly Event[]) => void) => told.push(listen) };
  followByHand(desk as unknown as Desk, broker, (_, error) => assert.fail(String(error)));
  const happen = (event: Event) => {
    for (const listen of told) listen([event]);
  };
  return { broker, happen };
}

const attested = (quantity: number): Event => ({
  at: sh('08:45', TUESDAY),
  type: 'account_attested',
  holdings: [{ instrument: STOCK, quantity }],
  cashMinor: 5_000_000,
  by: 'terminal:owner',
});

test('SP-09 a holding that was attested before its ex-date follows the restatement, one attested after it does not', async () => {
  const { broker, happen } = account();
  happen(restated(300, 600, 15_000));
  await assert.rejects(broker.positions(), { code: 'not_attested' });
  happen(attested(300));
  happen(restated(300, 600, 15_000));
  const quantity = async () => (await broker.positions())[0]?.quantity;
  assert.equal(await quantity(), 600);
  assert.equal(await broker.cashMinor(), 5_015_000);
  happen(restated(300, 600, 15_000));
  assert.deepEqual([await quantity(), await broker.cashMinor()], [600, 5_015_000], 'once');
});

test('ID-09 what a person attested to the desk is the account from then on', async () => {
  const { broker, happen } = account();
  await assert.rejects(broker.positions(), { code: 'not_attested' });
  happen(attested(300));
  assert.deepEqual(
    (await broker.positions()).map((held) => [held.instrument, held.quantity]),
    [[STOCK, 300]],
  );
  assert.equal(await broker.cashMinor(), 5_000_000);
});

test('CX-10 ID-06 a reported fill counts once, also where the store fails at the answer to it', async () => {
  const h = await chatHarness(confirmedCn(), { policy: cnPolicy(), at: sh('10:07') });
  const [order] = Object.values(h.desk.state().orders);
  assert.ok(order !== undefined);
  await h.desk.submit(report(sh('10:06:01'), order.orderId, 'accepted'));
  const { enqueue } = h.store.outbox;
  let failures = 0;
  h.store.outbox.enqueue = async (...rows) => {
    failures += 1;
    if (failures === 1) throw new StoreError('store: no answer', { code: 'down', retryable: true });
    return await enqueue(...rows);
  };
  const code = h.desk.state().tickets[order.ticketId]?.code ?? '';
  await h.intake.receive([h.incoming(`/fill ${code} 38.55 100`)]);
  await new Promise((resolve) => setImmediate(resolve));
  h.clock.advanceTo(h.clock.now() + 2_000);
  await h.intake.idle();
  assert.equal(h.desk.events.filter((event) => event.type === 'order_filled').length, 1);
  assert.equal(h.desk.state().positions[STOCK]?.quantity, 100);
  assert.ok(failures >= 2, 'the answer was said again');
});
