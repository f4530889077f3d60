import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { StockSDK } from 'stock-sdk';
import { eastmoneyReply } from '#test/support/cn-feeds/eastmoney.ts';
import type { FakeSource } from '#test/support/cn-feeds/server.ts';
import { startFakeSource } from '#test/support/cn-feeds/server.ts';
import { tencentReply } from '#test/support/cn-feeds/tencent.ts';
import { TRUTH, TRUTH_DAY } from '#test/support/cn-feeds/truth.ts';

/*
 * A client that others wrote for the real Tencent and Eastmoney reads our fakes: what they say is in
 * those sources' words, not in ours.
 */

const own = globalThis.fetch;
let tencent: FakeSource;
let eastmoney: FakeSource;

before(async () => {
  tencent = await startFakeSource(tencentReply);
  eastmoney = await startFakeSource(eastmoneyReply);
  globalThis.fetch = (input, init) => {
    const asked = new URL(input instanceof Request ? input.url : input);
    const host = asked.hostname;
    const base = host.endsWith('gtimg.cn')
      ? tencent
      : host.includes('eastmoney')
        ? eastmoney
        : null;
    if (base === null) throw new Error(`asked ${host}, which no fake speaks for`);
    return own(new URL(`${asked.pathname}${asked.search}`, base.url), init);
  };
});
after(async () => {
  globalThis.fetch = own;
  await tencent.close();
  await eastmoney.close();
});

test('SP-10 another client reads the quotes of the fake Tencent as they are meant', async () => {
  const quotes = await new StockSDK().quotes.cn(['sh600519', 'sz300750']);
  assert.equal(quotes.length, 2);
  for (const [i, id] of ['600519.SH', '300750.SZ'].entries()) {
    const truth = TRUTH.find(({ instrument }) => instrument === id);
    const found = quotes[i] as unknown as Record<string, unknown>;
    assert.equal(found['name'], truth?.name);
    assert.equal(found['price'], truth?.last);
    assert.equal(found['prevClose'], truth?.previousClose);
    assert.equal(found['open'], truth?.open);
    assert.equal(found['high'], truth?.high);
    assert.equal(found['low'], truth?.low);
  }
});

test('SP-10 another client reads the bars of the fake Eastmoney as they are meant', async () => {
  const bars = await new StockSDK().kline.cn('600519', { period: 'daily', adjust: '' });
  const last = bars.at(-1) as unknown as Record<string, unknown>;
  assert.equal(last['date'], TRUTH_DAY);
  assert.deepEqual(
    [last['open'], last['high'], last['low'], last['close']],
    [10.1, 10.4, 10, 10.3],
  );
});
