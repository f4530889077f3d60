import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { DataDenial, MarketFeed } from '#app/ports.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { createAlpacaFeed } from '#shell/feeds/us/alpaca.ts';
import { createIbkrFeed, type IbkrFeedOptions } from '#shell/feeds/us/ibkr.ts';
import { IbkrHistory } from '#shell/feeds/us/ibkr-history.ts';
import { RateWindow } from '#shell/lib/rate-window.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { newYorkSession } from '#test/support/bars.ts';
import { eventually } from '#test/support/eventually.ts';
import { FAKE_KEYS } from '#test/support/fake-alpaca.ts';
import { FakeAlpacaData } from '#test/support/fake-alpaca-data.ts';
import { FakeIbkr } from '#test/support/fake-ibkr.ts';
import { connectIbkr } from '#test/support/ibkr-connect.ts';

/* What a vendor does not give although it was asked for it is said by name, and so is its return. */

const QQQM: InstrumentId = 'QQQM.US';
const SPY: InstrumentId = 'SPY.US';
const clock = createSystemClock();
const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

function listen(feed: MarketFeed, instruments: readonly InstrumentId[]) {
  const told: DataDenial[] = [];
  const bars: string[] = [];
  const subscription = feed.subscribe(instruments, {
    bar: (bar) => void bars.push(bar.instrument),
    quote: () => undefined,
    denied: (denial) => void told.push(denial),
  });
  open.unshift(() => subscription.stop());
  const lines = () =>
    told.map(({ instrument, missing, cause }) => `${instrument} ${missing.join('+')} ${cause}`);
  return { told, bars, lines, subscription };
}

describe('the answer to a subscription at Alpaca', () => {
  async function setUp() {
    const fake = new FakeAlpacaData();
    const urls = await fake.listen();
    const waits = { timeoutMs: 8_000, heartbeatMs: 2_000, pauseMs: 20 };
    const common = { feed: 'iex', ...urls, keys: FAKE_KEYS, clock, ...waits } as const;
    open.push(() => fake.close());
    return { fake, feed: createAlpacaFeed(common), another: () => createAlpacaFeed(common) };
  }

  test('ID-07 names what was asked for and is not given, symbol by symbol, and what is', async () => {
    const { fake, feed } = await setUp();
    fake.withheld.set('quotes', 'QQQM');
    fake.withheld.set('statuses', 'QQQM');
    const { lines, told } = listen(feed, [QQQM, SPY]);
    await eventually(() => told.length === 2);
    assert.deepEqual(lines(), [
      'QQQM.US quotes+halts not in the answer to the subscription',
      'SPY.US  ',
    ]);
  });

  test('ID-07 tells once that it is given after all, when it is', async () => {
    const { fake, feed } = await setUp();
    fake.withheld.set('bars', 'QQQM');
    const { lines, told } = listen(feed, [QQQM, SPY]);
    await eventually(() => told.length === 2);
    fake.withheld.clear();
    fake.dropStreams();
    await eventually(() => told.length === 3);
    assert.deepEqual(lines()[2], 'QQQM.US  ');
  });

  test('ID-07 the answer to an earlier request says nothing of a later one', async () => {
    const { fake, feed } = await setUp();
    const first = listen(feed, [QQQM]);
    await eventually(() => first.told.length === 1);
    const second = listen(feed, [SPY]);
    const third = listen(feed, ['IWM.US']);
    await eventually(() => second.told.length === 1 && third.told.length === 1);
    assert.deepEqual(second.lines(), ['SPY.US  ']);
    assert.deepEqual(third.lines(), ['IWM.US  ']);
    assert.equal(fake.symbolsOf('quotes').length, 3);
  });

  test('ID-07 who listens later hears of what is missing already', async () => {
    const { fake, feed } = await setUp();
    fake.withheld.set('quotes', 'QQQM');
    const first = listen(feed, [QQQM]);
    await eventually(() => first.told.length === 1);
    assert.equal(listen(feed, [QQQM]).told.length, 1);
  });

  test('ID-07 keys, symbols or a feed that are refused take everything from every symbol', async () => {
    const { fake, feed } = await setUp();
    fake.refuseWith = { code: 409, msg: 'insufficient subscription' };
    const { lines, told } = listen(feed, [QQQM, SPY]);
    await eventually(() => told.length === 2);
    const cause = '409 a feed the subscription does not hold';
    assert.deepEqual(lines(), [
      `QQQM.US bars+quotes+halts ${cause}`,
      `SPY.US bars+quotes+halts ${cause}`,
    ]);
  });

  test('ID-09 a session elsewhere that keeps the only connection is told, and that it let go', async () => {
    const { fake, feed, another } = await setUp();
    const frozen = listen(another(), [QQQM]);
    await eventually(() => fake.sessionCount === 1);
    const { bars, lines, told } = listen(feed, [QQQM]);
    await eventually(() => told.length === 1);
    assert.deepEqual(lines(), ['QQQM.US bars+quotes+halts 406 connection limit exceeded']);
    frozen.subscription.stop();
    await eventually(() => told.length === 2);
    assert.equal(lines()[1], 'QQQM.US  ');
    const t = '2026-11-20T15:00:00Z';
    fake.tell({ T: 'b', S: 'QQQM', o: 1, h: 1, l: 1, c: 1, v: 1, n: 1, vw: 1, t });
    await eventually(() => bars.length === 1);
  });
});

describe('a request for data at Interactive Brokers', () => {
  async function setUp(fields: Partial<IbkrFeedOptions> = {}) {
    const fake = new FakeIbkr();
    await fake.listen();
    const { gateway, broker } = connectIbkr(fake, { backoffMs: [30] });
    const history = new IbkrHistory({ gateway, clock, sessionOf: (day) => newYorkSession(day) });
    const marketData = 'live' as const;
    const feed = createIbkrFeed({ gateway, history, clock, marketData, againMs: [30], ...fields });
    await broker.start();
    open.push(
      () => broker.stop(),
      () => fake.close(),
    );
    const asked = (kind: string) => fake.received.filter((fields) => fields[0] === kind).length;
    const give = (symbol: string) => {
      fake.quote(symbol, 100.5, 100.52);
      fake.slice(symbol, Math.floor(Date.now() / 5_000) * 5, [100, 100, 100, 100]);
    };
    return { fake, feed, asked, give };
  }

  test('ID-18 that is refused is named with its code and asked for again until it is given', async () => {
    const { fake, feed, asked, give } = await setUp();
    fake.denied.set('quotes', [354, 'Requested market data is not subscribed.']);
    fake.denied.set('bars', [420, 'Invalid Real-time Query']);
    const { told, lines } = listen(feed, [QQQM]);
    await eventually(() => told.at(-1)?.missing.length === 2 && asked('1') >= 3);
    assert.match(lines().at(-1) ?? '', /^QQQM\.US bars\+quotes .*354 Requested market data/);
    assert.match(lines().at(-1) ?? '', /420 Invalid Real-time Query/);
    fake.denied.clear();
    await eventually(() => {
      give('QQQM');
      return told.at(-1)?.missing.length === 0;
    });
  });

  test('ID-18 a request put again that is not refused is given, though no price comes at night', async () => {
    const { fake, feed, asked } = await setUp({ refusalMs: 50 });
    fake.denied.set('bars', [420, 'Invalid Real-time Query']);
    const { told } = listen(feed, [QQQM]);
    await eventually(() => told.at(-1)?.missing.join() === 'bars');
    fake.denied.clear();
    const before = asked('50');
    await eventually(() => told.at(-1)?.missing.length === 0 && asked('50') > before);
  });

  test('ID-18 what is given is told once its prices came, for a doubt of before a restart', async () => {
    const { feed, asked, give } = await setUp();
    const { told } = listen(feed, [QQQM]);
    await eventually(() => asked('50') === 1);
    await eventually(() => {
      give('QQQM');
      return told.length === 1;
    });
    assert.deepEqual(told, [{ instrument: QQQM, missing: [], cause: '' }]);
  });

  test('ID-18 delayed prices in place of live ones are named as missing quotes', async () => {
    const { fake, feed } = await setUp();
    fake.marketDataType = 3;
    const { told, lines } = listen(feed, [QQQM]);
    await eventually(() => told.length >= 1);
    assert.equal(lines()[0], 'QQQM.US quotes delayed or frozen prices (3) for live ones');
  });

  test('ID-18 an account set to delayed data misses no quotes', async () => {
    const { fake, feed, asked, give } = await setUp({ marketData: 'delayed' });
    fake.marketDataType = 3;
    const { told } = listen(feed, [QQQM]);
    await eventually(() => asked('50') === 1);
    await eventually(() => {
      give('QQQM');
      return told.length === 1;
    });
    assert.deepEqual(told[0]?.missing, []);
  });

  test('ID-18 a request beyond what the vendor takes in ten minutes waits, and the symbol is named', async () => {
    const { feed, asked } = await setUp({ barRequests: 2 });
    const { told, lines } = listen(feed, [QQQM, SPY, 'IWM.US']);
    await eventually(() => told.length === 1 && asked('1') === 3);
    assert.match(
      lines()[0] ?? '',
      /^IWM\.US bars the vendor takes no more requests now; asked for in 10 min$/,
    );
    assert.equal(asked('50'), 2);
  });
});

test('ID-18 a window gives room again as what went grows old, and never more than it has', () => {
  const window = new RateWindow(2, 1_000);
  assert.equal(window.take(0), null);
  assert.equal(window.take(400), null);
  assert.equal(window.take(999), 1_000);
  assert.equal(window.take(1_000), null);
  assert.equal(window.take(1_001), 1_400);
});
