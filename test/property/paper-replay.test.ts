import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BrokerReport, OrderRequest } from '#app/ports.ts';
import { usFeeModel } from '#core/backtest/costs.ts';
import type { Bar } from '#core/market/bar.ts';
import { columnsOf } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { createUsMarket } from '#core/simulation/us-market.ts';
import { createPaperBroker } from '#shell/brokers/paper.ts';
import { createRecordedFeed } from '#shell/feeds/recorded.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';

const STOCK: InstrumentId = 'MU.US';
const DAY = '2026-11-18';
const OPEN_AT = Date.parse(`${DAY}T14:30:00Z`);
const MINUTES = 60;
const SESSION = {
  market: 'US',
  tradingDay: DAY,
  zone: 'America/New_York',
  openAt: OPEN_AT,
  closeAt: OPEN_AT + MINUTES * 60_000,
  isEarlyClose: true,
  breaks: [],
} as const;
const BARS = createUsMarket({ seed: 9, instruments: [STOCK], history: [], sessions: [SESSION] })
  .barsOf(DAY, STOCK)
  // A missing minute now and then, as in real data.
  .filter((_, i) => i % 17 !== 5);

type Entry = {
  readonly at: number;
  readonly offset: number;
  readonly stop: number;
  readonly kind: 'limit' | 'market';
};

const entries = fc.array(
  fc.record({
    at: fc.integer({ min: 1_500, max: (MINUTES - 5) * 60_000 }),
    offset: fc.integer({ min: -30, max: 30 }),
    stop: fc.integer({ min: 5, max: 80 }),
    kind: fc.constantFrom('limit' as const, 'market' as const),
  }),
  { minLength: 1, maxLength: 12 },
);

const cents = (price: number): number => Math.round(price * 100) / 100;

function requestOf(entry: Entry, price: number, id: string): OrderRequest {
  const limitPrice = cents(price + entry.offset / 100);
  const stopPrice = cents(limitPrice - entry.stop / 100);
  return {
    orderId: id,
    instrument: STOCK,
    side: 'buy',
    type: entry.kind,
    quantity: 10,
    limitPrice: entry.kind === 'limit' ? limitPrice : null,
    stopPrice: null,
    bracket: {
      stop: { orderId: `${id}.stop`, stopPrice },
      target: { orderId: `${id}.target`, limitPrice: cents(limitPrice + entry.stop / 100) },
    },
    ocoGroup: null,
    pair: null,
    trailOffset: null,
    timeInForce: 'day',
    isExtendedHours: false,
  };
}

/** Plays `bars` with orders priced off the standing quote; reports up to `until`. */
async function play(bars: readonly Bar[], wanted: readonly Entry[], until: number) {
  const clock = createVirtualClock({ startAt: OPEN_AT });
  const broker = createPaperBroker({
    accountId: 'paper-us',
    environment: 'paper',
    clock,
    cashMinor: 100_000_000,
    latencyMs: 90,
    feesModel: usFeeModel('alpaca'),
    slippageBps: 0,
    seed: 1,
    session: SESSION,
  });
  const feed = createRecordedFeed({
    clock,
    series: [{ instrument: STOCK, bars: columnsOf(bars) }],
  });
  feed.subscribe([STOCK], {
    bar: (bar) => broker.onBar(bar),
    quote: (quote) => broker.onQuote(quote),
  });
  const reports: BrokerReport[] = [];
  broker.onReport((report) => void reports.push(report));
  let price = BARS[0]?.open ?? 0;
  for (const [i, entry] of [...wanted].sort((a, b) => a.at - b.at).entries()) {
    clock.advanceTo(Math.min(until, OPEN_AT + entry.at));
    if (OPEN_AT + entry.at > until) break;
    price = (await feed.fetchQuote(STOCK, 1_000))?.ask ?? price;
    void broker.submit(requestOf(entry, price, `e${i}`));
  }
  clock.advanceTo(until);
  return reports;
}

test('every fill of a replay lies within its bar, one tick of spread aside', async () => {
  let fills = 0;
  await fc.assert(
    fc.asyncProperty(entries, async (wanted) => {
      for (const report of await play(BARS, wanted, SESSION.closeAt)) {
        if (report.lastPrice === null) continue;
        fills += 1;
        const { at, lastPrice } = report;
        // A fill reported at a close belongs to the bar that closed, any other to the one running.
        const bar =
          BARS.find((one) => one.closedAt === at) ??
          BARS.find((one) => at > one.openedAt && at < one.closedAt);
        assert.ok(bar !== undefined, `fill at ${at - OPEN_AT} without a bar`);
        const half = Math.max(0.01, bar.open * 0.00002) + 0.0101;
        assert.ok(lastPrice >= bar.low - half && lastPrice <= bar.high + half);
      }
    }),
    { numRuns: 150 },
  );
  assert.ok(fills > 200, `only ${fills} fills`);
});

test('I7 bars that have not closed change no report, their first price aside', async () => {
  await fc.assert(
    fc.asyncProperty(
      entries,
      fc.integer({ min: 2_000, max: MINUTES * 60_000 }),
      fc.double({ min: 0.5, max: 2, noNaN: true }),
      async (wanted, cut, factor) => {
        const until = OPEN_AT + cut;
        const changed = BARS.map((bar) => {
          if (bar.closedAt <= until) return bar;
          const isSeen = bar.openedAt + 1_000 <= until;
          return {
            ...bar,
            open: isSeen ? bar.open : cents(bar.open * factor),
            high: bar.high * 2,
            low: bar.low / 2,
            close: cents(bar.close * factor),
            volume: 1,
          };
        });
        assert.deepEqual(await play(changed, wanted, until), await play(BARS, wanted, until));
      },
    ),
    { numRuns: 150 },
  );
});
