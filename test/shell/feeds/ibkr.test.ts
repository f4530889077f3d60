import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { FeedError } from '#app/errors.ts';
import type { ConnectionChange, Halt } from '#app/ports.ts';
import type { Bar } from '#core/market/bar.ts';
import type { Quote } from '#core/market/quote.ts';
import { createIbkrFeed } from '#shell/feeds/us/ibkr.ts';
import { IbkrHistory } from '#shell/feeds/us/ibkr-history.ts';
import { type Minute, MinuteMaker } from '#shell/feeds/us/ibkr-minutes.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { newYorkSession } from '#test/support/bars.ts';
import { eventually } from '#test/support/eventually.ts';
import { FakeIbkr } from '#test/support/fake-ibkr.ts';
import { connectIbkr } from '#test/support/ibkr-connect.ts';

const open: (() => Promise<void> | void)[] = [];
const clock = createSystemClock();

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function follow(marketData: 'live' | 'delayed' = 'live') {
  const fake = new FakeIbkr();
  await fake.listen();
  const { gateway, broker } = connectIbkr(fake, { answerTimeoutMs: 400, backoffMs: [30] });
  const history = new IbkrHistory({
    gateway,
    clock,
    sessionOf: (day) => newYorkSession(day),
    pacedMs: [40, 40],
  });
  const notes: string[] = [];
  const feed = createIbkrFeed({
    gateway,
    history,
    clock,
    marketData,
    onNote: (line) => void notes.push(line),
  });
  await broker.start();
  open.push(
    () => subscription.stop(),
    () => broker.stop(),
    () => fake.close(),
  );
  const bars: Bar[] = [];
  const quotes: Quote[] = [];
  const halts: Halt[] = [];
  const changes: ConnectionChange[] = [];
  const subscription = feed.subscribe(['QQQM.US'], {
    bar: (bar) => void bars.push(bar),
    quote: (quote) => void quotes.push(quote),
    halt: (halt) => void halts.push(halt),
    connection: (change) => void changes.push(change),
  });
  await eventually(() => fake.received.some((fields) => fields[0] === '50'));
  return { fake, feed, history, bars, quotes, halts, changes, notes, subscription };
}

/** The next whole minute, in epoch seconds, so that bars are newer than the subscription. */
const nextMinute = (): number => Math.ceil(Date.now() / 60_000) * 60;

describe('minutes made of five-second slices', () => {
  const slice = (second: number, price: number, volume = 10) => ({
    openedAt: second * 1_000,
    open: price,
    high: price + 0.02,
    low: price - 0.01,
    close: price + 0.01,
    volume,
  });

  test('ID-01 twelve slices are a minute labelled by its start; a repeated slice counts once', () => {
    const maker = new MinuteMaker('QQQM.US');
    let over: Minute[] = [];
    for (let index = 0; index < 12; index += 1) {
      over = maker.add(slice(600 + index * 5, 100 + index));
      if (index === 3) over = maker.add(slice(600 + index * 5, 100 + index));
      if (index < 11) assert.deepEqual(over, []);
    }
    const [minute] = over;
    assert.ok(minute?.kind === 'whole');
    assert.deepEqual(minute.bar, {
      instrument: 'QQQM.US',
      timeframe: '1m',
      openedAt: 600_000,
      closedAt: 660_000,
      open: 100,
      high: 111.02,
      low: 99.99,
      close: 111.01,
      volume: 120,
    });
  });

  test('ID-01 a minute with a gap is not made up, a late slice changes nothing', () => {
    const maker = new MinuteMaker('QQQM.US');
    maker.add(slice(600, 100));
    maker.add(slice(610, 101));
    assert.deepEqual(maker.add(slice(660, 102)), [{ kind: 'short', openedAt: 600_000, slices: 2 }]);
    assert.deepEqual(maker.add(slice(615, 1)), []);
    assert.deepEqual(maker.endAt(660_000), [{ kind: 'short', openedAt: 660_000, slices: 1 }]);
    assert.deepEqual(maker.endAt(660_000), []);
  });
});

describe('the feed of Interactive Brokers', () => {
  test('ID-01 gives minutes, live quotes and halts of what is followed', async () => {
    const { fake, feed, bars, quotes, halts } = await follow();
    fake.quote('QQQM', 100.5, 100.52, 300);
    await eventually(() => quotes.length > 0);
    assert.deepEqual([quotes.at(-1)?.bid, quotes.at(-1)?.ask], [100.5, 100.52]);
    assert.equal((await feed.fetchQuote('QQQM.US', 500))?.ask, 100.52);
    const second = nextMinute();
    for (let index = 0; index < 12; index += 1)
      fake.slice('QQQM', second + index * 5, [100, 100.1, 99.9, 100.05]);
    await eventually(() => bars.length === 1);
    assert.equal(bars[0]?.openedAt, second * 1_000);
    assert.equal(bars[0]?.volume, 1_200);
    fake.generic('QQQM', 49, 2);
    fake.generic('QQQM', 49, 0);
    await eventually(() => halts.length === 2);
    assert.deepEqual(
      halts.map((halt) => halt.kind),
      ['halted', 'resumed'],
    );
  });

  test('ID-09 subscribes again after a lost connection and reads what was missed', async () => {
    const { fake, bars, changes } = await follow();
    const second = nextMinute() - 60;
    fake.history.set('QQQM 1 min', [
      [String(second - 120), 1, 1, 1, 1, 1],
      [String(second), 100, 101, 99, 100.5, 4_000],
    ]);
    const before = fake.received.filter((fields) => fields[0] === '50').length;
    fake.dropConnections();
    await eventually(() => changes.some((change) => change.kind === 'lost'));
    await eventually(() => changes.at(-1)?.kind === 'restored');
    assert.equal(fake.received.filter((fields) => fields[0] === '50').length, before + 1);
    // the minute under way is not over, so only closed ones newer than the subscription are told
    assert.ok(bars.every((bar) => bar.closedAt <= Date.now()));
  });

  test('ID-09 a slice of another year is left out and named, and ends nothing that follows', async () => {
    const { fake, bars, notes } = await follow();
    fake.slice('QQQM', Date.parse('2099-01-01T00:00:00Z') / 1_000, [100, 100.1, 99.9, 100.05]);
    const second = nextMinute();
    for (let index = 0; index < 12; index += 1)
      fake.slice('QQQM', second + index * 5, [100, 100.1, 99.9, 100.05]);
    await eventually(() => bars.length === 1);
    assert.equal(bars[0]?.openedAt, second * 1_000);
    assert.match(notes.join(), /left out a bar of QQQM\.US/);
  });

  test('ID-09 a side quoted before the connection was lost makes no quote with a new one, crossed sides none', async () => {
    const { fake, changes, feed, quotes } = await follow();
    fake.quote('QQQM', 100.5, 100.52, 300);
    await eventually(() => quotes.length > 0);
    fake.market.quotes.delete('QQQM');
    fake.dropConnections();
    await eventually(() => changes.at(-1)?.kind === 'restored');
    const requests = () => fake.received.filter((fields) => fields[0] === '1');
    await eventually(() => requests().length === 2);
    const told = quotes.length;
    const id = Number(requests().at(-1)?.[2]);
    fake.say(2, 6, id, 0, 500);
    fake.say(1, 6, id, 1, 99.5, 500, 0);
    await assert.rejects(feed.fetchQuote('QQQM.US', 150), /found no quote of QQQM/);
    assert.deepEqual(quotes.slice(told), []);
    fake.quote('QQQM', 99.6, 99.5, 300);
    fake.quote('QQQM', 99.5, 99.52, 300);
    await eventually(() => quotes.length > told);
    assert.ok(quotes.every(({ ask, bid }) => bid <= ask));
  });

  test('ID-07 delayed data gives no quote to decide on', async () => {
    const { fake, feed, quotes } = await follow('delayed');
    fake.marketDataType = 3;
    fake.quote('QQQM', 100.5, 100.52);
    assert.equal(await feed.fetchQuote('QQQM.US', 100), null);
    const live = await follow();
    live.fake.say(58, 1, Number(live.fake.received.findLast((f) => f[0] === '1')?.[2]), 3);
    live.fake.quote('QQQM', 100.5, 100.52);
    await assert.rejects(live.feed.fetchQuote('QQQM.US', 150), (error: unknown) => {
      assert.equal((error as FeedError).code, 'timeout');
      return true;
    });
    assert.deepEqual([quotes, live.quotes], [[], []]);
  });

  test('ID-01 history is read in the planner’s shape; a refusal is named', async () => {
    const { fake, history } = await follow();
    fake.history.set('QQQM 1 day', [
      ['20261118', 99, 101, 98, 100, 1_000_000],
      ['20261119', 100, 102, 99, 101, -1],
    ]);
    const from = newYorkSession('2026-11-01').openAt;
    const days = await history.bars({ instrument: 'QQQM.US', timeframe: '1d' }, from, Date.now());
    assert.deepEqual(
      days.map((day) => [day.openedAt, day.close]),
      [[newYorkSession('2026-11-18').openAt, 100]],
    );
    fake.historyError = 'Historical Market Data Service error message:No market data permissions';
    await assert.rejects(
      history.bars({ instrument: 'QQQM.US', timeframe: '1m' }, Date.now() - 3_600_000, Date.now()),
      /ibkr history: found 162 Historical Market Data Service error/,
    );
  });

  test('ID-18 a question of history that came too soon is put again after a while', async () => {
    const { fake, history } = await follow();
    fake.historyError = 'Historical Market Data Service error message:API pacing violation';
    fake.history.set('QQQM 1 day', [['20261118', 99, 101, 98, 100, 1_000_000]]);
    const asked = () => fake.received.filter((fields) => fields[0] === '20').length;
    const from = newYorkSession('2026-11-01').openAt;
    const series = { instrument: 'QQQM.US', timeframe: '1d' } as const;
    const answer = history.bars(series, from, newYorkSession('2026-11-20').openAt);
    await eventually(() => asked() === 2);
    fake.historyError = null;
    assert.equal((await answer).length, 1);
    fake.historyError = 'Historical Market Data Service error message:API pacing violation';
    await assert.rejects(history.bars(series, from, newYorkSession('2026-11-20').openAt), /pacing/);
  });

  test('ID-01 what nobody follows any more is given up', async () => {
    const { fake, subscription } = await follow();
    subscription.stop();
    await eventually(() => fake.received.some((fields) => fields[0] === '51'));
    assert.ok(fake.received.some((fields) => fields[0] === '2'));
  });
});
