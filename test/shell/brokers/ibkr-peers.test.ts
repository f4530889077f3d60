import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { EventName, IBApi, IBApiNext } from '@stoqey/ib';
import { ibOrderOf } from '#shell/brokers/ibkr/orders.ts';
import { contractOf } from '#shell/lib/ibkr/contract.ts';
import { guardFrames } from '#shell/lib/ibkr/frame-gate.ts';
import { eventually } from '#test/support/eventually.ts';
import { FakeIbkr } from '#test/support/fake-ibkr.ts';
import { order } from '#test/support/paper-harness.ts';

const open: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function gateway(): Promise<FakeIbkr> {
  const fake = new FakeIbkr();
  await fake.listen();
  open.push(() => fake.close());
  return fake;
}

/** The library as a client of its own keeps the stand-in honest: its decoder names surplus and missing fields. */
describe('the gateway stand-in under the vendor library’s own clients', () => {
  test('ID-18 IBApi decodes every message without a complaint', async () => {
    const fake = await gateway();
    const api = new IBApi({ host: '127.0.0.1', port: fake.port, clientId: 3 });
    open.unshift(() => void api.disconnect());
    const complaints: string[] = [];
    const seen: string[] = [];
    api.on(EventName.error, (error, code) => {
      if (Number(code) !== 202) complaints.push(`${code} ${error.message}`);
    });
    api.on(EventName.result, (name: string) => void seen.push(name));
    const ready = new Promise((resolve) => void api.once(EventName.nextValidId, resolve));
    api.connect();
    await ready;
    fake.quote('QQQM', 100.5, 100.6);
    const place = { account: fake.account, parentId: null, isLast: true };
    api.placeOrder(1, contractOf('QQQM.US'), ibOrderOf(order({ orderId: 'a' }), place));
    api.placeOrder(2, contractOf('QQQM.US'), ibOrderOf(order({ orderId: 'b' }), place));
    api.cancelOrder(2);
    await eventually(() => fake.order('b')?.status === 'Cancelled');
    fake.quote('QQQM', 99.98, 99.99);
    api.reqAllOpenOrders();
    api.reqCompletedOrders(false);
    api.reqExecutions(9, {});
    api.reqPositions();
    api.reqAccountSummary(10, 'All', '$LEDGER:USD');
    api.reqMktData(11, contractOf('QQQM.US'), '', false, false);
    api.reqCurrentTime();
    await eventually(() => seen.includes('accountSummaryEnd') && seen.includes('currentTime'));
    assert.deepEqual(complaints, []);
    for (const name of ['openOrder', 'orderStatus', 'execDetails', 'commissionReport', 'position'])
      assert.ok(seen.includes(name), name);
    for (const name of ['completedOrder', 'completedOrdersEnd', 'tickPrice', 'marketDataType'])
      assert.ok(seen.includes(name), name);
  });

  test('ID-18 IBApiNext connects and reads the same positions and open orders', async () => {
    const fake = await gateway();
    fake.positions.set('QQQM', { quantity: 10, average: 100 });
    fake.quote('QQQM', 100.5, 100.6);
    fake.external('QQQM', 'BUY', 5, 99);
    const next = new IBApiNext({ host: '127.0.0.1', port: fake.port, logger: SILENT });
    open.unshift(() => void next.disconnect());
    next.connect(4);
    const orders = await next.getAllOpenOrders();
    assert.deepEqual(
      orders.map((each) => [each.contract.symbol, each.order.totalQuantity]),
      [['QQQM', 5]],
    );
    assert.ok((await next.getCurrentTime()) > 1_700_000_000);
  });

  test('ID-09 the guard finds the place in the library that it stands before', () => {
    assert.doesNotThrow(() => guardFrames(new IBApi(), () => undefined));
    assert.throws(() => guardFrames({} as IBApi, () => undefined), /found no socket to guard/);
  });
});

const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
