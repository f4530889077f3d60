import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bar } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Session } from '#core/market/session.ts';
import { addCalendarDays, weekdayOf } from '#core/market/trading-day.ts';
import type { MarketTick, UsMarket, UsMarketOptions } from '#core/simulation/us-market.ts';
import { createUsMarket, quoteOfTick, simulatedStock } from '#core/simulation/us-market.ts';

const STOCKS: readonly InstrumentId[] = ['QQQM.US', 'AAPL.US', 'MU.US'];
const DAY = '2026-11-18';

function sessionOf(tradingDay: string, hours = 6.5): Session {
  const openAt = Date.parse(`${tradingDay}T14:30:00Z`);
  return {
    market: 'US',
    tradingDay,
    zone: 'America/New_York',
    openAt,
    closeAt: openAt + hours * 3_600_000,
    isEarlyClose: hours < 6.5,
    breaks: [],
  };
}

/** Weekdays before `day`, oldest first. */
function daysBefore(day: string, count: number): string[] {
  const days: string[] = [];
  for (let at = addCalendarDays(day, -1); days.length < count; at = addCalendarDays(at, -1)) {
    if (weekdayOf(at) < 6) days.unshift(at);
  }
  return days;
}

function market(options: Partial<UsMarketOptions> & { historyDays?: number } = {}): UsMarket {
  const { historyDays = 3, ...rest } = options;
  return createUsMarket({
    seed: 1,
    instruments: STOCKS,
    history: daysBefore(DAY, historyDays).map((day) => sessionOf(day)),
    sessions: [sessionOf(DAY)],
    ...rest,
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** 1-minute log returns within the day, one list per day. */
function returnsByDay(bars: readonly Bar[]): number[][] {
  const days = new Map<string, number[]>();
  bars.forEach((bar, i) => {
    const day = new Date(bar.openedAt).toISOString().slice(0, 10);
    const before = bars[i - 1];
    const list = days.get(day) ?? [];
    days.set(day, list);
    if (before?.closedAt === bar.openedAt) list.push(Math.log(bar.close / before.close));
  });
  return [...days.values()];
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  const cov = mean(a.map((value, i) => (value - ma) * ((b[i] ?? 0) - mb)));
  const va = mean(a.map((value) => (value - ma) ** 2));
  const vb = mean(b.map((value) => (value - mb) ** 2));
  return cov / Math.sqrt(va * vb);
}

const long = market({ historyDays: 120 });

test('the same seed plays the same market, another seed another one', () => {
  const [a, b, c] = [market(), market(), market({ seed: 2 })];
  assert.deepEqual([...a.ticks(DAY)], [...b.ticks(DAY)]);
  assert.deepEqual(a.historyBars('MU.US'), b.historyBars('MU.US'));
  assert.notDeepEqual([...a.ticks(DAY)], [...c.ticks(DAY)]);
});

test('a seed plays the same day on another date', () => {
  const other = '2026-10-14';
  const moved = market({
    history: daysBefore(other, 3).map((day) => sessionOf(day)),
    sessions: [sessionOf(other)],
  });
  const shift = Date.parse(DAY) - Date.parse(other);
  const shifted = [...moved.ticks(other)].map((tick) => ({ ...tick, at: tick.at + shift }));
  assert.deepEqual(shifted, [...market().ticks(DAY)]);
});

test('ticks come in time order, within the session, on the cent, with a spread of a tick or more', () => {
  const { openAt, closeAt } = sessionOf(DAY);
  let beforeAt = openAt;
  let count = 0;
  for (const tick of market().ticks(DAY)) {
    count += 1;
    assert.ok(tick.at >= beforeAt && tick.at < closeAt);
    assert.ok(tick.ask - tick.bid > 0.0099);
    assert.ok(tick.last >= tick.bid && tick.last <= tick.ask);
    assert.ok(Number.isInteger(tick.volume) && tick.volume > 0);
    for (const price of [tick.bid, tick.ask, tick.last]) {
      assert.equal(price, Math.round(price * 100) / 100);
    }
    beforeAt = tick.at;
  }
  assert.equal(count, 3 * 390 * 15);
});

test('bars are exactly what the ticks make', () => {
  const played = market();
  for (const instrument of STOCKS) {
    const ticks = [...played.ticks(DAY)].filter((tick) => tick.instrument === instrument);
    const bars = played.barsOf(DAY, instrument);
    assert.equal(bars.length, 390);
    for (const bar of bars) {
      const own = ticks.filter((tick) => tick.at >= bar.openedAt && tick.at < bar.closedAt);
      const prices = own.map((tick) => tick.last);
      assert.deepEqual(
        [bar.open, bar.high, bar.low, bar.close, bar.volume],
        [
          prices[0],
          Math.max(...prices),
          Math.min(...prices),
          prices.at(-1),
          own.reduce((sum, tick) => sum + tick.volume, 0),
        ],
      );
    }
  }
});

test('history is minutes of every earlier session, and its days are made from them', () => {
  const played = market();
  const minutes = played.historyBars('AAPL.US');
  const days = played.historyDailyBars('AAPL.US');
  assert.equal(minutes.length, 3 * 390);
  assert.equal(days.length, 3);
  const second = minutes.slice(390, 780);
  assert.equal(days[1]?.open, second[0]?.open);
  assert.equal(days[1]?.close, second.at(-1)?.close);
  assert.equal(days[1]?.high, Math.max(...second.map((bar) => bar.high)));
  assert.equal(days[1]?.low, Math.min(...second.map((bar) => bar.low)));
  assert.equal(days[1]?.timeframe, '1d');
});

test('an early close ends the day', () => {
  const half = sessionOf(DAY, 3.5);
  const bars = market({ sessions: [half] }).barsOf(DAY, 'MU.US');
  assert.equal(bars.length, 210);
  assert.equal(bars.at(-1)?.closedAt, half.closeAt);
});

test('the last tick at an instant is found, none before the first', () => {
  const played = market();
  const ticks = [...played.ticks(DAY)].filter((tick) => tick.instrument === 'MU.US');
  const { openAt } = sessionOf(DAY);
  assert.equal(played.tickAt(DAY, 'MU.US', openAt), null);
  for (const i of [0, 1, 77, 5_849]) {
    const tick = ticks[i] as MarketTick;
    assert.deepEqual(played.tickAt(DAY, 'MU.US', tick.at), tick);
    const justBefore = played.tickAt(DAY, 'MU.US', tick.at - 1);
    assert.deepEqual(justBefore, ticks[i - 1] ?? null);
  }
  assert.deepEqual(played.tickAt(DAY, 'MU.US', openAt + 9e7), ticks.at(-1));
});

test('a quote of a tick is a round lot or more on both sides', () => {
  const tick = market().tickAt(DAY, 'MU.US', sessionOf(DAY).openAt + 60_000) as MarketTick;
  const quote = quoteOfTick(tick);
  assert.deepEqual([quote.bid, quote.ask, quote.at], [tick.bid, tick.ask, tick.at]);
  assert.ok(quote.bidSize >= 100 && quote.askSize >= 100);
});

test('volume follows a U: open and close trade more than noon', () => {
  for (const instrument of STOCKS) {
    const bars = long.historyBars(instrument);
    const at = (from: number, to: number): number =>
      mean(bars.filter((_, i) => i % 390 >= from && i % 390 < to).map((bar) => bar.volume));
    const noon = at(150, 240);
    const [open, close] = [at(0, 30) / noon, at(360, 390) / noon];
    assert.ok(open > 2.5 && open < 6, `open found ${open}`);
    assert.ok(close > 1.5 && close < 5, `close found ${close}`);
  }
});

test('moves have fat tails and come in clusters, but do not foretell each other', () => {
  for (const instrument of STOCKS) {
    const days = returnsByDay(long.historyBars(instrument));
    const all = days.flat();
    const variance = mean(all.map((move) => move ** 2));
    const kurtosis = mean(all.map((move) => move ** 4)) / variance ** 2;
    assert.ok(kurtosis > 5 && kurtosis < 60, `kurtosis found ${kurtosis}`);
    for (const lag of [1, 5, 20]) {
      const now = days.flatMap((day) => day.slice(lag).map(Math.abs));
      const then = days.flatMap((day) => day.slice(0, -lag).map(Math.abs));
      const clusters = correlation(now, then);
      assert.ok(clusters > 0.05 && clusters < 0.6, `lag ${lag} found ${clusters}`);
    }
    const memory = correlation(
      days.flatMap((day) => day.slice(1)),
      days.flatMap((day) => day.slice(0, -1)),
    );
    assert.ok(Math.abs(memory) < 0.1, `memory found ${memory}`);
  }
});

test('clusters remain when the time of day is taken out', () => {
  const days = returnsByDay(long.historyBars('AAPL.US'));
  const usual = Array.from({ length: 389 }, (_, m) =>
    mean(days.map((day) => Math.abs(day[m] ?? 0))),
  );
  const level = days.map((day) => mean(day.map(Math.abs)));
  const pure = days.map((day, d) =>
    day.map((move, m) => Math.abs(move) / ((usual[m] ?? 1) * (level[d] ?? 1))),
  );
  const clusters = correlation(
    pure.flatMap((day) => day.slice(1)),
    pure.flatMap((day) => day.slice(0, -1)),
  );
  assert.ok(clusters > 0.05, `found ${clusters}`);
});

test('days move and gap like stocks do', () => {
  for (const instrument of STOCKS) {
    const days = long.historyDailyBars(instrument);
    const later = days.slice(1);
    const closes = later.map((day, i) => Math.log(day.close / (days[i]?.close ?? day.close)));
    const gaps = later.map((day, i) => Math.log(day.open / (days[i]?.close ?? day.open)));
    const deviation = (values: number[]): number => Math.sqrt(mean(values.map((v) => v ** 2)));
    const { beta, ownVolDaily } = simulatedStock(instrument);
    const expected = Math.hypot(beta * 0.0105, ownVolDaily);
    const ratio = deviation(closes) / expected;
    assert.ok(ratio > 0.75 && ratio < 1.6, `daily deviation over model found ${ratio}`);
    const share = deviation(gaps) / deviation(closes);
    assert.ok(share > 0.3 && share < 0.75, `gap share found ${share}`);
    assert.ok(gaps.filter((gap) => gap > 0).length > 35);
    assert.ok(gaps.filter((gap) => gap < 0).length > 35);
  }
});

test('stocks move together, by their betas', () => {
  const [qqqm, aapl, mu] = STOCKS.map((one) => returnsByDay(long.historyBars(one)).flat());
  assert.ok(correlation(qqqm ?? [], aapl ?? []) > 0.5);
  assert.ok(correlation(qqqm ?? [], mu ?? []) > 0.5);
  assert.ok(correlation(aapl ?? [], mu ?? []) < 0.9);
});

test('spreads widen at the open and when the market is wild', () => {
  const bps = (from: number, to: number): number => {
    const { openAt } = sessionOf(DAY);
    const spreads: number[] = [];
    for (const tick of long.ticks(DAY)) {
      const minute = (tick.at - openAt) / 60_000;
      if (tick.instrument !== 'MU.US' || minute < from || minute >= to) continue;
      spreads.push(((tick.ask - tick.bid) / tick.bid) * 10_000);
    }
    return mean(spreads);
  };
  const [open, noon] = [bps(0, 3), bps(150, 240)];
  assert.ok(open > 1.8 * noon, `found ${open} and ${noon}`);
  assert.ok(noon > 0.5 && noon < 4, `found ${noon}`);
});

/** |close − open| / (high − low) of the market's own stock, averaged over 60 days of one kind. */
function directness(script: 'trend' | 'range'): number {
  const sessions = daysBefore(DAY, 60).map((day) => sessionOf(day));
  const played = market({ historyDays: 0, sessions, scripts: sessions.map(() => script) });
  return mean(
    sessions.map(({ tradingDay }) => {
      const bars = played.barsOf(tradingDay, 'QQQM.US');
      const high = Math.max(...bars.map((bar) => bar.high));
      const low = Math.min(...bars.map((bar) => bar.low));
      return Math.abs((bars.at(-1)?.close ?? 0) - (bars[0]?.open ?? 0)) / (high - low);
    }),
  );
}

test('trend days go somewhere, range days come back', () => {
  const [trend, range] = [directness('trend'), directness('range')];
  assert.ok(trend > 0.5, `trend found ${trend}`);
  assert.ok(range < 0.4, `range found ${range}`);
});

test('on an event day the market waits for the news and wakes up with it', () => {
  const sessions = daysBefore(DAY, 40).map((day) => sessionOf(day));
  const played = market({ historyDays: 0, sessions, scripts: sessions.map(() => 'event') });
  const [before, after] = [
    [180, 265],
    [270, 290],
  ].map(([from = 0, to = 0]) =>
    mean(
      sessions.flatMap(({ tradingDay }) =>
        played
          .barsOf(tradingDay, 'QQQM.US')
          .slice(from, to)
          .map((bar) => (bar.high - bar.low) / bar.open),
      ),
    ),
  );
  assert.ok((after ?? 0) > 2 * (before ?? 1), `found ${before} and ${after}`);
  assert.equal(played.scriptOf(sessions[0]?.tradingDay ?? ''), 'event');
});

test('stocks without set figures get their own by name', () => {
  const nvda = simulatedStock('NVDA.US');
  assert.deepEqual(nvda, simulatedStock('NVDA.US'));
  assert.notEqual(nvda.startPrice, simulatedStock('AMD.US').startPrice);
  assert.throws(() => market().barsOf(DAY, 'NVDA.US'), /found no stock NVDA.US/);
  assert.throws(() => market().barsOf('2020-01-02', 'MU.US'), /found no session on 2020-01-02/);
});
