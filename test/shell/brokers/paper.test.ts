import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Session } from '#core/market/session.ts';
import { order, paperHarness, TEN_O_CLOCK } from '#test/support/paper-harness.ts';

const HOUR = 3_600_000;
const SESSION: Session = {
  market: 'US',
  tradingDay: '2026-11-20',
  zone: 'America/New_York',
  openAt: TEN_O_CLOCK - HOUR / 2,
  closeAt: TEN_O_CLOCK + 6 * HOUR,
  isEarlyClose: false,
  breaks: [{ fromAt: TEN_O_CLOCK + HOUR, toAt: TEN_O_CLOCK + 2 * HOUR }],
};
const BRACKET = {
  stop: { orderId: 'e1.stop', stopPrice: 99 },
  target: { orderId: 'e1.target', limitPrice: 102 },
};

test('takes effect and reports after the latency, not before', async () => {
  const h = paperHarness({ latencyMs: 250 });
  h.quote(99.98, 99.99);
  const call = h.broker.submit(order({ orderId: 'e1' }));
  h.clock.advanceTo(TEN_O_CLOCK + 249);
  assert.equal(h.reports.length, 0);
  h.clock.advanceTo(TEN_O_CLOCK + 250);
  assert.deepEqual(
    h.reports.map((report) => report.at - TEN_O_CLOCK),
    [250, 250],
  );
  await call;
});

test('rejects orders outside the session and in its breaks, and fills nothing there', async () => {
  const h = paperHarness({ session: { ...SESSION, openAt: TEN_O_CLOCK + 30_000 } });
  await h.submit(order({ orderId: 'early' }));
  assert.deepEqual(h.told('early'), ['rejected session_closed']);
  h.clock.advanceTo(TEN_O_CLOCK + 60_000);
  await h.submit(order({ orderId: 'e1' }));
  h.clock.advanceTo(TEN_O_CLOCK + HOUR + 1_000);
  await h.submit(order({ orderId: 'pause' }));
  assert.deepEqual(h.told('pause'), ['rejected session_closed']);
  h.quote(99, 99.01);
  assert.deepEqual(h.told('e1'), ['accepted']);
  h.clock.advanceTo(TEN_O_CLOCK + 2 * HOUR);
  h.quote(99, 99.01);
  assert.equal(h.told('e1').at(-1), 'filled 10@99.01');
});

test('at the close buys expire with the children that wait; protection stays', async () => {
  const h = paperHarness({ session: SESSION });
  h.quote(99.98, 99.99);
  await h.submit(order({ orderId: 'e1', bracket: BRACKET }));
  const second = {
    stop: { orderId: 'e2.stop', stopPrice: 97 },
    target: null,
  };
  await h.submit(order({ orderId: 'e2', limitPrice: 98, bracket: second }));
  h.clock.advanceTo(SESSION.closeAt);
  assert.equal(h.told('e2').at(-1), 'expired session_end');
  assert.deepEqual(h.told('e2.stop'), ['canceled parent_canceled']);
  h.quote(90, 90.01);
  h.barAt(SESSION.closeAt, 90, 91, 89, 90);
  assert.deepEqual(h.told('e1.stop'), ['accepted']);
  assert.deepEqual(
    (await h.broker.openOrders()).map((one) => one.request.orderId),
    ['e1.stop', 'e1.target'],
  );
});

test('a stop kept overnight fills at the next open when the market gaps behind it', async () => {
  const h = paperHarness({ session: SESSION });
  h.quote(99.98, 99.99);
  await h.submit(order({ orderId: 'e1', bracket: BRACKET }));
  h.clock.advanceTo(SESSION.closeAt + 17 * HOUR);
  const nextOpenAt = h.clock.now() + 30 * 60_000;
  h.broker.setSession({ ...SESSION, openAt: nextOpenAt, closeAt: nextOpenAt + HOUR, breaks: [] });
  h.barAt(nextOpenAt, 95, 96, 94, 95.5);
  assert.equal(h.told('e1.stop').at(-1), 'filled 10@95');
});

test('closing the exchange by hand expires buys at once', async () => {
  const h = paperHarness();
  await h.submit(order({ orderId: 'e1' }));
  h.broker.setSession(null);
  assert.equal(h.told('e1').at(-1), 'expired session_end');
  await h.submit(order({ orderId: 'e2' }));
  assert.deepEqual(h.told('e2'), ['rejected session_closed']);
});

test('fills no more than its share of a bar, the rest in later bars', async () => {
  const h = paperHarness({ volumeCapRatio: 0.1 });
  await h.submit(order({ orderId: 'e1', quantity: 25 }));
  h.bar(100.5, 101, 99, 100, 100);
  h.bar(100.5, 101, 99, 100, 105);
  h.bar(100.5, 101, 99, 100, 9);
  h.bar(100.5, 101, 99, 100, 1_000);
  assert.deepEqual(h.told('e1'), [
    'accepted',
    'partially_filled 10@100',
    'partially_filled 10@100',
    'filled 5@100',
  ]);
});

test('orders share the volume of one bar in the order of their placing', async () => {
  const h = paperHarness({ volumeCapRatio: 0.1 });
  await h.submit(order({ orderId: 'a', quantity: 8 }));
  await h.submit(order({ orderId: 'b', quantity: 8 }));
  h.bar(100.5, 101, 99, 100, 100);
  assert.deepEqual(h.told('a').slice(1), ['filled 8@100']);
  assert.deepEqual(h.told('b').slice(1), ['partially_filled 2@100']);
});

test('a bar that fills the entry may stop it out at once, but never pays its target', async () => {
  const h = paperHarness();
  await h.submit(order({ orderId: 'e1', bracket: BRACKET }));
  h.bar(101, 103, 99.5, 101);
  assert.deepEqual(h.told('e1.target'), ['accepted']);
  const g = paperHarness();
  await g.submit(order({ orderId: 'e1', bracket: BRACKET }));
  g.bar(101, 103, 98.5, 101);
  assert.deepEqual(g.told('e1.stop'), ['accepted', 'filled 10@99']);
  assert.deepEqual(g.told('e1.target'), ['accepted', 'canceled oco']);
});

test('between a bar and the next quote nothing fills: the next open is the price', async () => {
  const h = paperHarness();
  h.quote(99.98, 99.99);
  h.bar(100, 100.2, 99.9, 100.1);
  await h.submit(order({ orderId: 'e1', type: 'market' }));
  assert.deepEqual(h.told('e1'), ['accepted']);
  h.quote(100.3, 100.32);
  assert.equal(h.told('e1').at(-1), 'filled 10@100.32');
});

test('a raised stop behind the market is triggered by the next quote', async () => {
  const h = paperHarness();
  h.quote(99.98, 99.99);
  await h.submit(order({ orderId: 'e1', bracket: BRACKET }));
  h.bar(100, 101, 99.5, 100.2);
  await h.settle(h.broker.replace('e1.stop', { stopPrice: 100.5 }));
  h.quote(100.3, 100.32);
  assert.deepEqual(h.told('e1.stop'), ['accepted', 'replaced', 'filled 10@100.3']);
});

test('by ticks bars say nothing that quotes have not said', async () => {
  const h = paperHarness({ matchBy: 'ticks' });
  h.quote(99.98, 99.99);
  await h.submit(order({ orderId: 'e1', bracket: BRACKET }));
  h.bar(100, 103, 98, 100.2);
  assert.deepEqual(h.told('e1.stop'), ['accepted']);
  h.quote(99, 99.02);
  assert.equal(h.told('e1.stop').at(-1), 'filled 10@99');
});

test('slippage worsens what takes, never a resting limit', async () => {
  const h = paperHarness({ slippageBps: 2 });
  h.quote(99.98, 99.99);
  await h.submit(order({ orderId: 'm', type: 'market' }));
  assert.equal(h.told('m').at(-1), 'filled 10@100.01');
  h.quote(99.98, 99.99);
  await h.submit(order({ orderId: 't', side: 'sell', limitPrice: 101 }));
  h.quote(101.1, 101.2);
  assert.equal(h.told('t').at(-1), 'filled 10@101');
});

test('chance rejects and cuts fills by the seed, the same after a restart', async () => {
  const run = async (seed: number): Promise<string[]> => {
    const h = paperHarness({ rejectRatio: 0.3, partialRatio: 0.5, seed });
    for (let i = 0; i < 20; i += 1) {
      h.quote(99.98, 99.99);
      await h.submit(order({ orderId: `e${i}` }));
    }
    return h.reports.map((report) => `${report.orderId} ${report.kind} ${report.lastQuantity}`);
  };
  const first = await run(1);
  assert.deepEqual(await run(1), first);
  assert.notDeepEqual(await run(2), first);
  assert.ok(first.some((line) => line.includes('rejected')));
  assert.ok(first.some((line) => line.includes('partially_filled')));
});

test('I8 what was bought today cannot be sold today where T+1 holds', async () => {
  const h = paperHarness({ feesModel: () => 0 });
  const cn = { instrument: '600519.SH', quantity: 100 } as const;
  const quote = (bid: number, ask: number): void => {
    const at = h.clock.now();
    h.broker.onQuote({ instrument: cn.instrument, bid, ask, bidSize: 900, askSize: 900, at });
  };
  quote(99.98, 99.99);
  await h.submit(order({ orderId: 'b', ...cn }));
  assert.deepEqual(
    (await h.broker.positions()).map((held) => [held.quantity, held.sellableQuantity]),
    [[100, 0]],
  );
  await h.submit(order({ orderId: 's', ...cn, side: 'sell', limitPrice: 99 }));
  assert.deepEqual(h.told('s'), ['rejected insufficient_quantity']);
  h.clock.advanceTo(h.clock.now() + 24 * HOUR);
  quote(99.98, 99.99);
  await h.submit(order({ orderId: 's2', ...cn, side: 'sell', limitPrice: 99 }));
  assert.equal(h.told('s2').at(-1), 'filled 100@99.98');
});

test('where T+1 holds protection bought today cannot work today and ends', async () => {
  const h = paperHarness({ feesModel: () => 0 });
  const instrument = '600519.SH';
  h.broker.onQuote({ instrument, bid: 99.98, ask: 99.99, bidSize: 900, askSize: 900, at: 0 });
  await h.submit(order({ orderId: 'e1', instrument, quantity: 100, bracket: BRACKET }));
  assert.deepEqual(h.told('e1.stop'), ['canceled insufficient_quantity']);
  assert.deepEqual(h.told('e1.target'), ['canceled insufficient_quantity']);
});

test('a market buy is filled as far as the cash goes, the rest ends', async () => {
  const h = paperHarness({ cashMinor: 55_000 });
  await h.submit(order({ orderId: 'e1', type: 'market', quantity: 10 }));
  h.quote(99.98, 100);
  assert.deepEqual(h.told('e1'), [
    'accepted',
    'partially_filled 5@100',
    'canceled insufficient_cash',
  ]);
  assert.ok((await h.broker.cashMinor()) < 5_000);
});

test('orders of one group on two stocks cancel each other too', async () => {
  const h = paperHarness();
  await h.submit(order({ orderId: 'a', ocoGroup: 'g' }));
  await h.submit(order({ orderId: 'b', instrument: 'MU.US', ocoGroup: 'g' }));
  h.quote(99, 99.5);
  assert.equal(h.told('a').at(-1), 'filled 10@99.5');
  assert.deepEqual(h.told('b'), ['accepted', 'canceled oco']);
});

test('children are activated for what is still held only', async () => {
  const h = paperHarness();
  h.quote(99.98, 99.99, 6);
  await h.submit(order({ orderId: 'e1', bracket: BRACKET }));
  await h.submit(order({ orderId: 's', side: 'sell', limitPrice: 99.9, quantity: 6 }));
  assert.equal(h.told('s').at(-1), 'filled 6@99.98');
  h.quote(99.9, 99.95);
  assert.equal((await h.broker.find('e1.stop'))?.request.quantity, 4);
  assert.equal((await h.broker.find('e1.target'))?.request.quantity, 4);
});

test('a minimum commission counts once per order, however it is filled', async () => {
  const { usFeeModel } = await import('#core/backtest/costs.ts');
  const h = paperHarness({ feesModel: usFeeModel('ibkr_fixed') });
  h.quote(99.98, 99.99, 4);
  await h.submit(order({ orderId: 'e1' }));
  h.quote(99.9, 99.95, 300);
  assert.deepEqual(
    h.reports.map((report) => report.feesMinor),
    [0, 101, 0],
  );
});

test('stopping drops what is pending', () => {
  const h = paperHarness({ session: SESSION });
  void h.broker.submit(order({ orderId: 'e1' }));
  h.broker.stop();
  assert.equal(h.clock.nextDue(), null);
});
