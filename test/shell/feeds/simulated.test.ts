import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FeedError } from '#app/errors.ts';
import type { Bar } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Session } from '#core/market/session.ts';
import { createUsMarket, quoteOfTick } from '#core/simulation/us-market.ts';
import { createSimulatedFeed } from '#shell/feeds/simulated.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';

const STOCKS: readonly InstrumentId[] = ['AAPL.US', 'MU.US'];

/** A short session, so that a test plays whole days. */
function sessionOf(tradingDay: string): Session {
  const openAt = Date.parse(`${tradingDay}T14:30:00Z`);
  return {
    market: 'US',
    tradingDay,
    zone: 'America/New_York',
    openAt,
    closeAt: openAt + 30 * 60_000,
    isEarlyClose: true,
    breaks: [],
  };
}

const SESSIONS = ['2026-11-17', '2026-11-18'].map(sessionOf);
const [FIRST, SECOND] = SESSIONS as [Session, Session];
const market = createUsMarket({ seed: 5, instruments: STOCKS, history: [], sessions: SESSIONS });

function play(startAt: number, instruments: readonly InstrumentId[] = STOCKS) {
  const clock = createVirtualClock({ startAt });
  const feed = createSimulatedFeed({ clock, market, sessions: SESSIONS, instruments: STOCKS });
  const told: (Bar | Quote)[] = [];
  const times: number[] = [];
  const subscription = feed.subscribe(instruments, {
    bar(bar, receivedAt) {
      assert.equal(receivedAt, clock.now());
      assert.equal(bar.closedAt, clock.now());
      told.push(bar);
      times.push(clock.now());
    },
    quote(quote) {
      assert.equal(quote.at, clock.now());
      told.push(quote);
      times.push(clock.now());
    },
  });
  return { clock, feed, told, times, subscription };
}

test('plays every tick as a quote and every minute as a bar, in time order, day after day', () => {
  const { clock, told, times } = play(FIRST.openAt - 60_000);
  while (clock.runNext());
  const bars = told.filter((one) => 'close' in one);
  const quotes = told.filter((one) => 'bid' in one);
  assert.deepEqual(
    bars.filter((bar) => bar.instrument === 'MU.US'),
    SESSIONS.flatMap((session) => market.barsOf(session.tradingDay, 'MU.US')),
  );
  assert.deepEqual(
    quotes,
    SESSIONS.flatMap((session) => [...market.ticks(session.tradingDay)].map(quoteOfTick)),
  );
  assert.deepEqual(
    times,
    [...times].sort((a, b) => a - b),
  );
  assert.equal(times.at(-1), SECOND.closeAt);
});

test('I7 a bar comes after the last tick it is made of and before the next', () => {
  const { clock, told } = play(FIRST.openAt);
  while (clock.runNext());
  let newest = 0;
  for (const one of told) {
    if ('bid' in one) newest = one.at;
    else assert.ok(newest < one.closedAt && newest >= one.openedAt - 60_000);
  }
});

test('a subscription tells its own instruments from now on, and stops when told to', () => {
  const startAt = FIRST.openAt + 5 * 60_000;
  const { clock, told, subscription } = play(startAt, ['MU.US']);
  clock.advanceTo(startAt + 60_000);
  assert.ok(told.every((one) => one.instrument === 'MU.US'));
  const bars = told.filter((one) => 'close' in one);
  assert.deepEqual(
    bars.map((bar) => bar.closedAt),
    [startAt, startAt + 60_000],
  );
  subscription.stop();
  assert.equal(clock.nextDue(), null);
});

test('a fetched quote is the last tick, stamped now; there is none outside the session', async () => {
  const { clock, feed, told } = play(FIRST.openAt);
  assert.equal(await feed.fetchQuote('MU.US', 1_000), null);
  clock.advanceTo(FIRST.openAt + 65_432);
  const last = told.findLast((one) => 'bid' in one && one.instrument === 'MU.US');
  assert.deepEqual(await feed.fetchQuote('MU.US', 1_000), { ...last, at: clock.now() });
  clock.advanceTo(FIRST.closeAt);
  assert.equal(await feed.fetchQuote('MU.US', 1_000), null);
});

test('an instrument that is not simulated is a failure', () => {
  const { feed } = play(FIRST.openAt);
  const isUnknown = (error: unknown): boolean => (error as FeedError).code === 'unknown_instrument';
  assert.throws(() => feed.subscribe(['SPY.US'], { bar() {}, quote() {} }), isUnknown);
});
