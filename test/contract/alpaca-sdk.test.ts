import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { Alpaca } from '@alpacahq/alpaca-trade-api';
import { brokerOn } from '#test/support/alpaca-contract.ts';
import { contractOrder as order } from '#test/support/broker-harness.ts';
import { eventually } from '#test/support/eventually.ts';
import { FAKE_KEYS, FakeAlpaca } from '#test/support/fake-alpaca.ts';
import { FakeAlpacaData } from '#test/support/fake-alpaca-data.ts';

/*
 * The vendor's own client against the fake, beside ours on the same account: what the fake says is
 * understood by a program that nobody here wrote, and both see the same orders.
 */

function sdkOn(url: string): Alpaca {
  const { keyId, secretKey: secret } = FAKE_KEYS;
  // it has no option for the host
  const fetchApi: typeof globalThis.fetch = (input, init) => {
    const asked = new URL(input instanceof Request ? input.url : String(input));
    return fetch(`${url}${asked.pathname}${asked.search}`, init);
  };
  // its timer of an answered call runs on, and holds the process as long
  return new Alpaca({ keyId, secret, paper: true, fetchApi, timeoutMs: 2_000 });
}

async function tradingFake(t: TestContext): Promise<{ fake: FakeAlpaca; url: string }> {
  const fake = new FakeAlpaca();
  t.after(() => fake.close());
  return { fake, url: await fake.listen() };
}

describe('the official SDK against the fake', () => {
  test('AL-01 it reads account, places, finds, cancels and closes, and our broker sees the same', async (t) => {
    const { fake, url } = await tradingFake(t);
    const { broker } = brokerOn(url);
    t.after(() => broker.stop());
    await broker.start();
    const sdk = sdkOn(url);
    const account = await sdk.trading.account.getAccount();
    assert.equal(account.cash, '100000.00');
    fake.quote('QQQM', 99.98, 99.99);
    const resting = await sdk.trading.orders.limit({
      symbol: 'QQQM',
      qty: 3,
      side: 'buy',
      limitPrice: 95,
      clientOrderId: 'by-sdk',
    });
    assert.equal(resting.status, 'new');
    assert.deepEqual(
      (await broker.openOrders()).map((one) => one.request.orderId),
      ['by-sdk'],
    );
    await broker.submit(order({ orderId: 'ours.entry-1' }));
    const ours = await sdk.trading.orders.getOrderByClientOrderId({
      clientOrderId: 'ours.entry-1',
    });
    assert.equal(ours.status, 'filled');
    assert.equal(ours.filledAvgPrice, '99.99');
    await sdk.trading.orders.deleteOrderByOrderID({ orderId: String(resting.id) });
    assert.equal((await broker.find('by-sdk'))?.state, 'canceled');
    await sdk.trading.closeAllPositions({ cancelOrders: true });
    fake.quote('QQQM', 99.9, 99.95);
    await eventually(async () => (await broker.positions()).length === 0);
  });

  test('AL-01 both clients hear the same events on the stream', async (t) => {
    const { fake, url } = await tradingFake(t);
    const { broker, reports } = brokerOn(url);
    t.after(() => broker.stop());
    await broker.start();
    const stream = sdkOn(url).trading.stream({ url: `${url.replace('http', 'ws')}/stream` });
    t.after(() => stream.disconnect());
    const heard: string[] = [];
    stream.onTradeUpdate(
      ({ event, order: one }) => void heard.push(`${one.clientOrderId} ${event}`),
    );
    stream.onConnect(() => stream.subscribeTradeUpdates());
    stream.connect();
    await eventually(() => fake.streamCount === 2);
    fake.quote('QQQM', 99.98, 99.99, 4);
    await broker.submit(order({ orderId: 'both.entry-1' }));
    fake.quote('QQQM', 99.9, 99.95);
    await eventually(() => reports.at(-1)?.kind === 'filled' && heard.length >= 3);
    // it asks to listen twice, and a server may answer both
    assert.deepEqual(
      [...new Set(heard)],
      ['both.entry-1 new', 'both.entry-1 partial_fill', 'both.entry-1 fill'],
    );
  });

  test('ID-01 it understands the data stream, which it asks for in MessagePack', async (t) => {
    const fake = new FakeAlpacaData();
    t.after(() => fake.close());
    const { dataStreamUrl, dataUrl } = await fake.listen();
    const stream = sdkOn(dataUrl).marketData.stockStream({
      feed: 'iex',
      url: `${dataStreamUrl}/v2/iex`,
    });
    t.after(() => stream.disconnect());
    const closes: number[] = [];
    stream.onBar((bar) => void closes.push(bar.close));
    stream.onConnect(() => stream.subscribeForBars(['QQQM']));
    stream.connect();
    await eventually(() => fake.symbolsOf('bars').includes('QQQM'));
    const bar = { o: 100, h: 101, l: 99, c: 100.5, v: 900, n: 12, vw: 100.1 };
    fake.tell({ T: 'b', S: 'QQQM', ...bar, t: '2026-11-20T15:00:00Z' });
    await eventually(() => closes.length > 0);
    assert.equal(closes[0], 100.5);
  });
});
