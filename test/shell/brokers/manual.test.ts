import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BrokerError } from '#app/errors.ts';
import type { BrokerReport } from '#app/ports.ts';
import { createManualBroker, type Todo } from '#shell/brokers/manual.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { contractOrder as order } from '#test/support/broker-harness.ts';

function byHand() {
  const clock = createVirtualClock({ startAt: Date.parse('2026-11-20T15:00:00Z') });
  const broker = createManualBroker({
    accountId: 'cn-main',
    environment: 'live',
    clock,
    sellableAfterDays: 1,
  });
  const reports: BrokerReport[] = [];
  const todos: Todo[] = [];
  broker.onReport((report) => void reports.push(report));
  broker.onTodo((todo) => void todos.push(todo));
  return { broker, reports, todos, clock };
}

const hasCode = (code: string) => (error: unknown) => (error as BrokerError).code === code;

describe('the person as the broker', () => {
  test('ID-09 a question about the account fails until it was attested, and is never answered flat', async () => {
    const { broker } = byHand();
    await assert.rejects(broker.positions(), hasCode('not_attested'));
    await assert.rejects(broker.cashMinor(), hasCode('not_attested'));
    broker.attest({ holdings: [], cashMinor: 5_000_000 });
    assert.deepEqual(await broker.positions(), []);
    assert.equal(await broker.cashMinor(), 5_000_000);
  });

  test('ID-06 reports carry holdings and cash on from what was attested', async () => {
    const { broker, clock } = byHand();
    broker.attest({ holdings: [], cashMinor: 5_000_000 });
    await broker.submit(order({ orderId: 'a', quantity: 200, limitPrice: 20 }));
    const base = { orderId: 'a', feesMinor: 500, at: clock.now() };
    broker.report({ ...base, quantity: 100, price: 19.98 });
    broker.report({ ...base, quantity: 100, price: 20, feesMinor: 0 });
    assert.deepEqual(
      (await broker.positions()).map((held) => [held.quantity, held.averagePrice]),
      [[200, 19.99]],
    );
    assert.equal(await broker.cashMinor(), 5_000_000 - 199_800 - 200_000 - 500);
    assert.throws(() => broker.report({ ...base, quantity: 1, price: 20 }), hasCode('not_working'));
  });

  test('CX-07 to leave everything is to withdraw what stands and a sale for each holding', async () => {
    const { broker, todos } = byHand();
    const holdings = [
      { instrument: 'QQQM.US' as const, quantity: 10, averagePrice: 100 },
      { instrument: 'AAPL.US' as const, quantity: 5, averagePrice: null },
    ];
    broker.attest({ holdings, cashMinor: 0 });
    await broker.submit(order({ orderId: 'a' }));
    const outcomes = await broker.flattenAll();
    assert.deepEqual(
      outcomes.map(({ instrument, quantity, outcome }) => [instrument, quantity, outcome]),
      [
        ['QQQM.US', 10, 'sent'],
        ['AAPL.US', 5, 'sent'],
      ],
    );
    assert.deepEqual(
      todos.map((todo) => [todo.kind, todo.order.side]),
      [
        ['enter', 'buy'],
        ['withdraw', 'buy'],
        ['enter', 'sell'],
        ['enter', 'sell'],
      ],
    );
  });

  test('ID-09 a wish to withdraw is asked once and ends the order only when the person says so', async () => {
    const { broker, reports, todos } = byHand();
    await broker.submit(order({ orderId: 'a' }));
    await broker.cancel('a');
    await broker.cancel('a');
    assert.equal(todos.filter((todo) => todo.kind === 'withdraw').length, 1);
    assert.equal((await broker.find('a'))?.state, 'accepted');
    broker.close('a', 'withdrawn');
    assert.deepEqual(
      reports.map((report) => report.kind),
      ['accepted', 'canceled'],
    );
    await broker.replace('a', { limitPrice: 99 });
    assert.equal(reports.at(-1)?.kind, 'replace_rejected');
  });

  test('ID-09 orders come back from the desk’s log after a restart', async () => {
    const { broker } = byHand();
    broker.restore([
      {
        request: order({ orderId: 'a' }),
        state: 'partially_filled',
        filledQuantity: 4,
        averagePrice: 99,
      },
    ]);
    await assert.rejects(broker.submit(order({ orderId: 'a' })), hasCode('duplicate_order_id'));
    broker.report({ orderId: 'a', quantity: 6, price: 100, feesMinor: 0, at: 0 });
    const found = await broker.find('a');
    assert.deepEqual([found?.state, found?.averagePrice], ['filled', 99.6]);
  });
});
