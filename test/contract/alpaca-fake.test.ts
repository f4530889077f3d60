import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createAlpacaFeed } from '#shell/feeds/us/alpaca.ts';
import { createAlpacaHistory } from '#shell/feeds/us/alpaca-history.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { brokerOn } from '#test/support/alpaca-contract.ts';
import { contractOrder as order } from '#test/support/broker-harness.ts';
import { eventually } from '#test/support/eventually.ts';
import { FAKE_KEYS, FakeAlpaca } from '#test/support/fake-alpaca.ts';
import { FakeAlpacaData } from '#test/support/fake-alpaca-data.ts';
import { needsShared, sharedPath } from '#test/support/shared-data.ts';

/*
 * Is the fake like the vendor? Every answer it gives goes through a proxy that knows the vendor's
 * OpenAPI documents and turns what departs from them into a 500 with the list of violations.
 */

const TRADING = ['data', 'api_specs', 'alpaca', 'trading-api.json'] as const;
const DATA = ['data', 'api_specs', 'alpaca', 'market-data-api.json'] as const;

const HEADERS = {
  'APCA-API-KEY-ID': FAKE_KEYS.keyId,
  'APCA-API-SECRET-KEY': FAKE_KEYS.secretKey,
};

type Document = {
  components: { schemas: { TradingActivities: { 'x-examples': { 'example-1': object } } } };
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

/** A proxy in front of `upstream` that checks requests and answers against a document. */
async function startProxy(
  document: string,
  upstream: string,
): Promise<{ url: string; child: ChildProcess }> {
  const port = await freePort();
  const prism = fileURLToPath(import.meta.resolve('@stoplight/prism-cli/dist/index.js'));
  const child = spawn(
    process.execPath,
    [prism, 'proxy', '--errors', '--port', String(port), document, upstream],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  const url = `http://127.0.0.1:${port}`;
  await eventually(() => said.includes('Prism is listening') || child.exitCode !== null, 60_000);
  assert.equal(child.exitCode, null, said);
  return { url, child };
}

describe('the fake trading API against the vendor’s document', needsShared(...TRADING), () => {
  const fake = new FakeAlpaca();
  let proxy: { url: string; child: ChildProcess };
  let direct = '';

  before(async () => {
    direct = await fake.listen();
    proxy = await startProxy(sharedPath(...TRADING) ?? '', direct);
  });

  after(async () => {
    proxy.child.kill();
    await fake.close();
  });

  test('AL-01 a whole life of orders passes without a violation', async (t) => {
    // The stream goes to the fake itself, and so do executions: the document says that one is either
    // of two shapes and requires no field of either, so that its own example violates it.
    const viaProxy: typeof globalThis.fetch = (input, init) => {
      const url = new URL(String(input));
      const host = url.pathname.includes('/activities/') ? direct : proxy.url;
      return fetch(`${host}${url.pathname}${url.search}`, init);
    };
    const failures: string[] = [];
    const { broker, reports } = brokerOn(direct, {
      fetch: viaProxy,
      timeoutMs: 10_000,
      instruments: ['QQQM.US'],
      onCall: ({ call, failure, status }) => {
        if (failure !== null || status === 500) failures.push(`${call} ${status} ${failure}`);
      },
    });
    t.after(() => broker.stop());
    await broker.start();
    const told = (orderId: string) =>
      reports.filter((one) => one.orderId === orderId).map((one) => one.kind);
    fake.quote('QQQM', 99.98, 99.99);
    const bracket = {
      stop: { orderId: 'p.stop-1', stopPrice: 99 },
      target: { orderId: 'p.target-1', limitPrice: 102 },
    };
    await broker.submit(order({ orderId: 'p.entry-1', bracket }));
    await eventually(() => told('p.stop-1').includes('accepted'));
    await broker.replace('p.stop-1', { stopPrice: 99.5 });
    await eventually(() => told('p.stop-1').includes('replaced'));
    assert.equal((await broker.find('p.stop-1'))?.request.stopPrice, 99.5);
    await broker.submit(order({ orderId: 'w.entry-1', limitPrice: 90 }));
    await broker.cancel('w.entry-1');
    await eventually(() => told('w.entry-1').includes('canceled'));
    await broker.cancel('w.entry-1');
    assert.equal(await broker.find('nobody'), null);
    assert.equal((await broker.openOrders()).length, 2);
    assert.equal((await broker.positions())[0]?.quantity, 10);
    assert.equal(await broker.cashMinor(), 10_000_000 - 99_990);
    assert.equal((await broker.fills(0)).length, 1);
    const pair = { orderId: 'q.target-1', limitPrice: 102 };
    await broker.cancelAll();
    await eventually(async () => (await broker.openOrders()).length === 0);
    await broker.submit(
      order({ orderId: 'q.stop-1', side: 'sell', type: 'stop', stopPrice: 99, pair }),
    );
    await eventually(() => told('q.stop-1').includes('accepted'));
    await broker.flattenAll();
    fake.quote('QQQM', 99.9, 99.95);
    await eventually(async () => (await broker.positions()).length === 0);
    assert.deepEqual(failures, []);
  });

  test('AL-01 executions have the fields of the document’s example', async () => {
    const document = JSON.parse(readFileSync(sharedPath(...TRADING) ?? '', 'utf8')) as Document;
    const example = document.components.schemas.TradingActivities['x-examples']['example-1'];
    const response = await fetch(`${direct}/v2/account/activities/FILL`, { headers: HEADERS });
    const [fill] = (await response.json()) as object[];
    assert.deepEqual(Object.keys(fill ?? {}).sort(), Object.keys(example).sort());
  });

  test('AL-01 the proxy does find what departs from the document', async () => {
    fake.accountFields = { status: 'WELL', cash: 12 };
    const headers = {
      'APCA-API-KEY-ID': FAKE_KEYS.keyId,
      'APCA-API-SECRET-KEY': FAKE_KEYS.secretKey,
    };
    const response = await fetch(`${proxy.url}/v2/account`, { headers });
    fake.accountFields = {};
    assert.equal(response.status, 500);
    const { validation } = (await response.json()) as { validation: { location: string[] }[] };
    assert.deepEqual(
      validation.map((one) => one.location.join('.')),
      ['response.body.cash', 'response.body.status'],
    );
  });
});

describe('the fake data API against the vendor’s document', needsShared(...DATA), () => {
  test('ID-01 pages of bars and the newest quote pass without a violation', async (t) => {
    const fake = new FakeAlpacaData();
    const { dataUrl } = await fake.listen();
    const proxy = await startProxy(sharedPath(...DATA) ?? '', dataUrl);
    const bar = { o: 100, h: 101, l: 99.5, c: 100.5, v: 1_200, n: 31, vw: 100.2 };
    fake.bars.set('QQQM', [
      { ...bar, t: '2026-11-19T14:30:00Z' },
      { ...bar, t: '2026-11-19T14:31:00Z' },
    ]);
    fake.pageSize = 1;
    const failures: (string | null)[] = [];
    const history = createAlpacaHistory({
      feed: 'iex',
      dataUrl: proxy.url,
      keys: FAKE_KEYS,
      clock: createSystemClock(),
      sessionOf: (tradingDay) => ({
        market: 'US',
        tradingDay,
        zone: 'America/New_York',
        openAt: Date.parse('2026-11-19T14:30:00Z'),
        closeAt: Date.parse('2026-11-19T21:00:00Z'),
        isEarlyClose: false,
        breaks: [],
      }),
      onCall: ({ failure }) => void failures.push(failure),
    });
    t.after(async () => {
      proxy.child.kill();
      await fake.close();
    });
    const from = Date.parse('2026-11-19T00:00:00Z');
    const series = { instrument: 'QQQM.US', timeframe: '1m' } as const;
    const loaded = await history.bars(series, from, from + 86_400_000);
    assert.equal(loaded.length, 2);
    const sides = { bx: 'V', bp: 100.4, bs: 200, ax: 'V', ap: 100.5, as: 100 };
    fake.quotes.set('QQQM', { ...sides, t: '2026-11-19T20:00:00Z', c: ['R'], z: 'C' });
    const feed = createAlpacaFeed({
      feed: 'iex',
      dataUrl: proxy.url,
      dataStreamUrl: 'ws://127.0.0.1:1',
      keys: FAKE_KEYS,
      clock: createSystemClock(),
      onCall: ({ failure }) => void failures.push(failure),
    });
    assert.equal((await feed.fetchQuote('QQQM.US', 5_000))?.bid, 100.4);
    assert.deepEqual(failures, [null, null, null]);
  });
});
