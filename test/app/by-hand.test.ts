import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followByHand } from '#app/by-hand.ts';
import type { Desk } from '#app/desk.ts';
import type { Event } from '#core/engine/event.ts';
import { createManualBroker } from '#shell/brokers/manual.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { STOCK, sh } from '#test/support/cn-desk.ts';

test('ID-09 what a person attested to the desk is the account from then on', async () => {
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
  await assert.rejects(broker.positions(), { code: 'not_attested' });
  const holdings = [{ instrument: STOCK, quantity: 300 }];
  for (const listen of told)
    listen([
      {
        at: sh('09:00'),
        type: 'account_attested',
        holdings,
        cashMinor: 5_000_000,
        by: 'terminal:owner',
      },
    ]);
  assert.deepEqual(
    (await broker.positions()).map((held) => [held.instrument, held.quantity]),
    [[STOCK, 300]],
  );
  assert.equal(await broker.cashMinor(), 5_000_000);
});
