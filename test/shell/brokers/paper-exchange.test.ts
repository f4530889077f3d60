import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BrokerError } from '#app/errors.ts';
import { order, paperHarness, QQQM } from '#test/support/paper-harness.ts';

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => (error as BrokerError).code === code;
}

const BRACKET = {
  stop: { orderId: 'e1.stop', stopPrice: 99 },
  target: { orderId: 'e1.target', limitPrice: 102 },
};

const stopWithTarget = (stopId: string, targetId: string) =>
  order({
    orderId: stopId,
    side: 'sell',
    type: 'stop',
    limitPrice: null,
    stopPrice: 99,
    pair: { orderId: targetId, limitPrice: 102 },
  });

describe('the exchange behind the paper broker', () => {
  test('accepts an order, fills a marketable limit at the far side and books it', async () => {
    const h = paperHarness();
    h.quote(99.98, 99.99);
    await h.submit(order({ orderId: 'e1' }));
    assert.deepEqual(h.told('e1'), ['accepted', 'filled 10@99.99']);
    assert.deepEqual(await h.broker.positions(), [
      {
        instrument: QQQM,
        quantity: 10,
        sellableQuantity: 10,
        averagePrice: 99.99,
        boughtOn: '2026-11-20',
      },
    ]);
    const fees = h.reports.reduce((sum, report) => sum + report.feesMinor, 0);
    assert.equal(await h.broker.cashMinor(), 10_000_000 - 99_990 - fees);
    const found = await h.broker.find('e1');
    assert.equal(found?.state, 'filled');
    assert.equal(found?.averagePrice, 99.99);
    assert.deepEqual(await h.broker.openOrders(), []);
  });

  test('answers null for an order it does not know', async () => {
    assert.equal(await paperHarness().broker.find('nobody'), null);
  });

  test('refuses a known client order id and makes no second order', async () => {
    const h = paperHarness();
    h.quote(99.98, 99.99);
    await h.submit(order({ orderId: 'e1' }));
    await assert.rejects(
      h.submit(order({ orderId: 'e1', quantity: 500 })),
      hasCode('duplicate_order_id'),
    );
    const pair = [
      h.broker.submit(order({ orderId: 'e2' })),
      h.broker.submit(order({ orderId: 'e2' })),
    ];
    const outcomes = Promise.allSettled(pair);
    h.clock.advanceTo(h.clock.now() + 1_000);
    assert.deepEqual(
      (await outcomes).map((one) => one.status),
      ['fulfilled', 'rejected'],
    );
    assert.equal((await h.broker.positions())[0]?.quantity, 20);
    assert.deepEqual(h.told('e1'), ['accepted', 'filled 10@99.99']);
  });

  test('refuses a child id of a bracket that is known already', async () => {
    const h = paperHarness();
    h.quote(100.5, 100.6);
    await h.submit(order({ orderId: 'e1', bracket: BRACKET }));
    await assert.rejects(h.submit(order({ orderId: 'e1.stop' })), hasCode('duplicate_order_id'));
  });

  test('fills in parts as the size at the price allows', async () => {
    const h = paperHarness();
    h.quote(99.98, 99.99, 4);
    await h.submit(order({ orderId: 'e1' }));
    assert.deepEqual(h.told('e1'), ['accepted', 'partially_filled 4@99.99']);
    h.quote(99.9, 99.95, 3);
    h.quote(99.9, 99.95, 300);
    assert.deepEqual(h.told('e1').slice(2), ['partially_filled 3@100', 'filled 3@100']);
    assert.deepEqual(
      h.reports.map((report) => report.filledQuantity),
      [0, 4, 7, 10],
    );
  });

  test('a cancel takes the order out of the book before the call returns', async () => {
    const h = paperHarness();
    await h.submit(order({ orderId: 'e1' }));
    const canceled: string[] = [];
    h.broker.onFirstCancel((orderId) => void canceled.push(orderId));
    const call = h.broker.cancel('e1');
    assert.deepEqual(canceled, ['e1']);
    assert.deepEqual(await h.broker.openOrders(), []);
    h.quote(99, 99.01);
    await h.settle(call);
    assert.deepEqual(h.told('e1'), ['accepted', 'canceled']);
    assert.deepEqual(await h.broker.positions(), []);
  });

  test('a cancel that overtakes its order keeps it from ever working', async () => {
    const h = paperHarness();
    h.quote(99.98, 99.99);
    const submitted = h.broker.submit(order({ orderId: 'e1', bracket: BRACKET }));
    await Promise.all([h.settle(h.broker.cancel('e1')), submitted]);
    assert.deepEqual(h.told('e1'), ['canceled']);
    assert.deepEqual(await h.broker.positions(), []);
    assert.deepEqual(await h.broker.openOrders(), []);
  });

  test('a cancel of a filled or unknown order is rejected', async () => {
    const h = paperHarness();
    h.quote(99.98, 99.99);
    await h.submit(order({ orderId: 'e1' }));
    await h.settle(h.broker.cancel('e1'));
    await h.settle(h.broker.cancel('nobody'));
    assert.equal(h.told('e1').at(-1), 'cancel_rejected not_working');
    assert.deepEqual(h.told('nobody'), ['cancel_rejected unknown_order']);
  });

  test('a cancel keeps what was filled before it', async () => {
    const h = paperHarness();
    h.quote(99.98, 99.99, 4);
    await h.submit(order({ orderId: 'e1', bracket: BRACKET }));
    await h.settle(h.broker.cancel('e1'));
    assert.equal(h.told('e1').at(-1), 'canceled');
    assert.equal((await h.broker.find('e1'))?.filledQuantity, 4);
    assert.deepEqual(h.told('e1.stop'), ['canceled parent_canceled']);
    assert.deepEqual(h.told('e1.target'), ['canceled parent_canceled']);
  });

  test('replaces the price of a working order; too late, the replace is rejected', async () => {
    const h = paperHarness();
    h.quote(100.5, 100.6);
    await h.submit(order({ orderId: 'e1' }));
    await h.settle(h.broker.replace('e1', { limitPrice: 100.4 }));
    assert.equal(h.told('e1').at(-1), 'replaced');
    assert.equal(h.reports.at(-1)?.limitPrice, 100.4);
    const racing = h.broker.replace('e1', { limitPrice: 100.1 });
    h.quote(100.2, 100.3);
    await h.settle(racing);
    assert.deepEqual(h.told('e1').slice(-2), ['filled 10@100.4', 'replace_rejected not_working']);
  });

  test('a bad new price is rejected and the old one goes on', async () => {
    const h = paperHarness();
    await h.submit(order({ orderId: 'e1' }));
    await h.settle(h.broker.replace('e1', { limitPrice: 100.005 }));
    await h.settle(h.broker.replace('e1', { stopPrice: 99 }));
    assert.deepEqual(h.told('e1').slice(1), [
      'replace_rejected sub_penny_price',
      'replace_rejected invalid_price',
    ]);
    assert.equal((await h.broker.find('e1'))?.request.limitPrice, 100);
  });

  const REFUSALS = [
    ['a sub-penny price', { limitPrice: 100.001 }, 'sub_penny_price'],
    ['a price that is none', { limitPrice: Number.NaN }, 'invalid_price'],
    ['a limit without a price', { limitPrice: null }, 'invalid_price'],
    ['no shares', { quantity: 0 }, 'invalid_quantity'],
    ['a part of a share', { quantity: 1.5 }, 'invalid_quantity'],
    ['more than the cash pays for', { quantity: 1_001 }, 'insufficient_cash'],
    ['a sale of what is not held', { side: 'sell' }, 'insufficient_quantity'],
    [
      'a stop above the entry',
      { bracket: { ...BRACKET, stop: { orderId: 's', stopPrice: 100 } } },
      'bracket_price_crossed',
    ],
  ] as const;
  for (const [what, fields, reason] of REFUSALS) {
    test(`rejects ${what} and says why`, async () => {
      const h = paperHarness();
      h.quote(99, 99.01);
      await h.submit(order({ orderId: 'e1', ...fields }));
      assert.deepEqual(h.told('e1'), [`rejected ${reason}`]);
      assert.equal((await h.broker.find('e1'))?.state, 'rejected');
      assert.equal(await h.broker.cashMinor(), 10_000_000);
      assert.deepEqual(await h.broker.openOrders(), []);
    });
  }

  test('keeps cash for working buys: the second that cannot be paid is rejected', async () => {
    const h = paperHarness();
    h.quote(100.5, 100.6);
    await h.submit(order({ orderId: 'e1', quantity: 600 }));
    await h.submit(order({ orderId: 'e2', quantity: 600 }));
    assert.deepEqual(h.told('e2'), ['rejected insufficient_cash']);
  });

  test('a call that times out without effect is settled by asking: not known', async () => {
    const h = paperHarness();
    h.quote(99.98, 99.99);
    h.broker.failNext('timeout');
    await assert.rejects(h.submit(order({ orderId: 'e1' })), hasCode('timeout'));
    assert.equal(await h.broker.find('e1'), null);
    assert.deepEqual(h.reports, []);
  });

  test('a lost acknowledgement times out too, but asking finds the order', async () => {
    const h = paperHarness();
    h.quote(99.98, 99.99);
    h.broker.failNext('lost_ack');
    await assert.rejects(h.submit(order({ orderId: 'e1' })), hasCode('timeout'));
    assert.equal((await h.broker.find('e1'))?.state, 'filled');
  });

  test('a broken connection sends nothing; a refusal is a report', async () => {
    const h = paperHarness();
    h.broker.failNext('disconnect');
    await assert.rejects(h.submit(order({ orderId: 'e1' })), hasCode('disconnected'));
    assert.equal(await h.broker.find('e1'), null);
    h.broker.failNext('reject');
    await h.submit(order({ orderId: 'e1' }));
    assert.deepEqual(h.told('e1'), ['rejected broker_reject']);
  });

  test('a cancel whose answer is lost has taken effect', async () => {
    const h = paperHarness();
    await h.submit(order({ orderId: 'e1' }));
    h.broker.failNext('lost_ack', 'cancel');
    await assert.rejects(h.settle(h.broker.cancel('e1')), hasCode('timeout'));
    assert.equal((await h.broker.find('e1'))?.state, 'canceled');
    await h.submit(order({ orderId: 'e2' }));
    h.broker.failNext('reject', 'cancel');
    await h.settle(h.broker.cancel('e2'));
    assert.equal((await h.broker.find('e2'))?.state, 'accepted');
  });

  test('holds the children of a bracket until the parent is filled completely', async () => {
    const h = paperHarness();
    h.quote(99.98, 99.99, 6);
    await h.submit(order({ orderId: 'e1', bracket: BRACKET }));
    assert.equal((await h.broker.find('e1.stop'))?.state, 'held');
    h.quote(98.5, 98.6, 2);
    assert.equal((await h.broker.find('e1.stop'))?.state, 'held');
    h.quote(99.5, 99.6, 300);
    assert.deepEqual(h.told('e1.stop'), ['accepted']);
    assert.deepEqual(h.told('e1.target'), ['accepted']);
    h.quote(102.05, 102.06);
    assert.deepEqual(h.told('e1.target').at(-1), 'filled 10@102');
    assert.deepEqual(h.told('e1.stop').at(-1), 'canceled oco');
    assert.deepEqual(await h.broker.positions(), []);
  });

  test('a stop that is hit cancels the target', async () => {
    const h = paperHarness();
    h.quote(99.98, 99.99);
    await h.submit(order({ orderId: 'e1', bracket: BRACKET }));
    h.quote(98.9, 98.92);
    assert.equal(h.told('e1.stop').at(-1), 'filled 10@98.9');
    assert.equal(h.told('e1.target').at(-1), 'canceled oco');
  });

  test('a part fill of one of a group takes the same from the other', async () => {
    const h = paperHarness();
    h.quote(99.98, 99.99);
    await h.submit(order({ orderId: 'e1' }));
    await h.submit(order({ orderId: 't', side: 'sell', limitPrice: 101, ocoGroup: 'g' }));
    await h.submit(
      order({ orderId: 's', side: 'sell', type: 'stop', stopPrice: 99, ocoGroup: 'g' }),
    );
    h.quote(101.1, 101.2, 4);
    assert.equal(h.told('t').at(-1), 'partially_filled 4@101');
    assert.equal((await h.broker.find('s'))?.request.quantity, 6);
    h.quote(98.8, 98.9);
    assert.equal(h.told('s').at(-1), 'filled 6@98.8');
    assert.equal(h.told('t').at(-1), 'canceled oco');
    assert.deepEqual(await h.broker.positions(), []);
  });

  test('a stop and its target leave as one request: one cancels the other', async () => {
    const h = paperHarness();
    h.quote(99.98, 99.99);
    await h.submit(order({ orderId: 'e1' }));
    await h.submit(stopWithTarget('s', 't'));
    assert.deepEqual([h.told('s'), h.told('t')], [['accepted'], ['accepted']]);
    await assert.rejects(h.submit(stopWithTarget('s2', 't')), hasCode('duplicate_order_id'));
    h.quote(102.1, 102.2);
    assert.equal(h.told('t').at(-1), 'filled 10@102');
    assert.equal(h.told('s').at(-1), 'canceled oco');
    assert.deepEqual(await h.broker.openOrders(), []);
  });

  test('a pair is refused as a whole, and one that is hit at once leaves nothing behind', async () => {
    const h = paperHarness();
    h.quote(99.98, 99.99);
    await h.submit(stopWithTarget('s1', 't1'));
    assert.deepEqual(
      [h.told('s1'), h.told('t1')],
      [['rejected insufficient_quantity'], ['rejected insufficient_quantity']],
    );
    await h.submit(order({ orderId: 'e1' }));
    h.quote(98.9, 98.92);
    await h.submit(stopWithTarget('s2', 't2'));
    assert.equal(h.told('s2').at(-1), 'filled 10@98.9');
    assert.equal(h.told('t2').at(-1), 'canceled oco');
    assert.deepEqual(await h.broker.positions(), []);
  });

  test('a bar that opens behind the stop fills it at the open', async () => {
    const h = paperHarness();
    h.quote(99.98, 99.99);
    await h.submit(order({ orderId: 'e1', bracket: BRACKET }));
    h.bar(97.5, 98.2, 97.1, 98);
    assert.equal(h.told('e1.stop').at(-1), 'filled 10@97.5');
  });

  test('both stop and target within one bar: the stop wins', async () => {
    const h = paperHarness();
    h.quote(99.98, 99.99);
    await h.submit(order({ orderId: 'e1', bracket: BRACKET }));
    h.bar(100, 103, 98, 102.5);
    assert.equal(h.told('e1.stop').at(-1), 'filled 10@99');
    assert.equal(h.told('e1.target').at(-1), 'canceled oco');
  });

  test('goes on after a restart by snapshot as if nothing had happened', async () => {
    const h = paperHarness();
    h.quote(99.98, 99.99, 4);
    await h.submit(order({ orderId: 'e1', bracket: BRACKET }));
    const saved = JSON.parse(JSON.stringify(h.broker.snapshot()));
    const g = paperHarness();
    g.clock.advanceTo(h.clock.now());
    g.broker.restore(saved);
    for (const one of [h, g]) {
      one.quote(99.9, 99.95, 300);
      one.bar(101, 102.5, 100.8, 102);
    }
    assert.deepEqual(g.told('e1'), ['filled 6@100']);
    assert.deepEqual(g.reports, h.reports.slice(-g.reports.length));
    assert.deepEqual(g.broker.snapshot(), h.broker.snapshot());
    await assert.rejects(g.submit(order({ orderId: 'e1' })), hasCode('duplicate_order_id'));
  });

  test('a restart from the log alone brings the children of an open bracket back', async () => {
    const h = paperHarness();
    await h.submit(order({ orderId: 'e1', bracket: BRACKET }));
    const request = (await h.broker.find('e1'))?.request ?? order({ orderId: 'e1' });
    const g = paperHarness();
    g.broker.restore({
      orders: [{ request, state: 'accepted', filledQuantity: 0, averagePrice: null }],
      positions: [],
      cashMinor: 10_000_000,
    });
    g.quote(99.9, 99.95);
    assert.deepEqual(g.told('e1.stop'), ['accepted']);
    assert.deepEqual(g.told('e1.target'), ['accepted']);
  });

  test('report ids are unique and the same for the same inputs', async () => {
    const run = async (): Promise<string[]> => {
      const h = paperHarness();
      h.quote(99.98, 99.99, 4);
      await h.submit(order({ orderId: 'e1', bracket: BRACKET }));
      h.quote(99.9, 99.95, 3);
      h.quote(99.9, 99.95);
      await h.settle(h.broker.replace('e1.stop', { stopPrice: 99.5 }));
      await h.settle(h.broker.replace('e1.stop', { stopPrice: 99.6 }));
      h.bar(99, 99.5, 98, 99);
      return h.reports.map((report) => report.reportId);
    };
    const ids = await run();
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(await run(), ids);
  });
});
