import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { quoteAround, regularTradingDayOf } from '#core/backtest/costs.ts';
import type { QuoteMoment, WorkingOrder } from '#core/backtest/fills.ts';
import { fillPriceOnBar, fillPriceOnQuote, volumeCap } from '#core/backtest/fills.ts';
import type { Bar } from '#core/market/bar.ts';
import type { Quote } from '#core/market/quote.ts';

const OPENED_AT = 1_000_000;
const NONE = { slippageBps: 0 };
const RESTING: QuoteMoment = { matchBy: 'bars', isArrival: false, isGap: false };
const ARRIVING: QuoteMoment = { ...RESTING, isArrival: true };

function bar(open: number, high: number, low: number, close: number): Bar {
  return {
    instrument: 'QQQM.US',
    timeframe: '1m',
    openedAt: OPENED_AT,
    closedAt: OPENED_AT + 60_000,
    open,
    high,
    low,
    close,
    volume: 1_000,
  };
}

function quote(bid: number, ask: number): Quote {
  return { instrument: 'QQQM.US', bid, ask, bidSize: 100, askSize: 100, at: OPENED_AT };
}

function working(fields: Partial<WorkingOrder>): WorkingOrder {
  return {
    side: 'buy',
    type: 'limit',
    limitPrice: null,
    stopPrice: null,
    isTriggered: false,
    workingAt: OPENED_AT - 1,
    ...fields,
  };
}

const buyLimit = working({ limitPrice: 100 });
const sellLimit = working({ side: 'sell', limitPrice: 100 });
const sellStop = working({ side: 'sell', type: 'stop', stopPrice: 100 });
const buyStop = working({ type: 'stop', stopPrice: 100 });
const buyMarket = working({ type: 'market' });

function onBar(order: WorkingOrder, seen: Bar, slippageBps = 0): number | null {
  return fillPriceOnBar(order, seen, 0.01, { slippageBps });
}

function onQuote(order: WorkingOrder, seen: Quote, moment: QuoteMoment, slippageBps = 0) {
  return fillPriceOnQuote(order, seen, moment, 0.01, { slippageBps });
}

test('a bar that only touches a resting limit does not fill it; one that trades through does', () => {
  assert.equal(onBar(buyLimit, bar(101, 102, 100, 101)), null);
  assert.equal(onBar(buyLimit, bar(101, 102, 99.99, 101)), 100);
  assert.equal(onBar(sellLimit, bar(99, 100, 98, 99)), null);
  assert.equal(onBar(sellLimit, bar(99, 100.01, 98, 99)), 100);
});

test('a bar that opens through a limit fills it at the better open', () => {
  assert.equal(onBar(buyLimit, bar(99.5, 99.9, 99, 99.2)), 99.5);
  assert.equal(onBar(sellLimit, bar(100.7, 101, 100.2, 100.9)), 100.7);
});

test('a stop fills at its price less slippage, behind a gap at the open', () => {
  assert.equal(onBar(sellStop, bar(101, 101, 100, 101)), 100);
  assert.equal(onBar(sellStop, bar(101, 101, 99, 101), 1), 99.99);
  assert.equal(onBar(sellStop, bar(98, 99, 97, 98)), 98);
  assert.equal(onBar(sellStop, bar(101, 102, 100.01, 101)), null);
  assert.equal(onBar(buyStop, bar(99, 100, 98, 99)), 100);
  assert.equal(onBar(buyStop, bar(103, 104, 102, 103), 1), 103.02);
});

test('in the bar in which an order was placed only the loss counts', () => {
  const placed = { workingAt: OPENED_AT + 1 };
  assert.equal(onBar({ ...sellLimit, ...placed }, bar(101, 103, 99, 102)), null);
  assert.equal(onBar({ ...buyLimit, ...placed }, bar(101, 103, 99, 102)), null);
  assert.equal(onBar({ ...buyMarket, ...placed }, bar(101, 103, 99, 102)), null);
  assert.equal(onBar({ ...sellStop, ...placed }, bar(101, 103, 99, 102)), 100);
  // The open came before the order: no gap, the stop price counts.
  assert.equal(onBar({ ...sellStop, ...placed }, bar(98, 103, 97, 102)), 100);
});

test('a bar that closed before an order began to work says nothing about it', () => {
  const late = { workingAt: OPENED_AT + 60_000 };
  assert.equal(onBar({ ...sellStop, ...late }, bar(90, 91, 89, 90)), null);
  assert.equal(onBar({ ...buyMarket, ...late }, bar(90, 91, 89, 90)), null);
});

test('a market order that waits for a bar fills at its open, slippage on top', () => {
  assert.equal(onBar(buyMarket, bar(100, 103, 99, 102)), 100);
  assert.equal(onBar(buyMarket, bar(100, 103, 99, 102), 2), 100.02);
  const triggered = working({ side: 'sell', type: 'stop', stopPrice: 90, isTriggered: true });
  assert.equal(onBar(triggered, bar(100, 103, 99, 102), 2), 99.98);
});

test('an arriving marketable limit takes the far side within its limit', () => {
  assert.equal(onQuote(buyLimit, quote(99.9, 99.95), ARRIVING), 99.95);
  assert.equal(onQuote(buyLimit, quote(99.9, 99.95), ARRIVING, 3), 99.98);
  assert.equal(onQuote(buyLimit, quote(99.9, 99.99), ARRIVING, 50), 100);
  assert.equal(onQuote(buyLimit, quote(99.9, 100), ARRIVING), 100);
  assert.equal(onQuote(buyLimit, quote(99.9, 100.01), ARRIVING), null);
  assert.equal(onQuote(sellLimit, quote(100.02, 100.03), ARRIVING, 50), 100);
});

test('a resting limit fills at its price, after a gap at the better far side', () => {
  assert.equal(onQuote(buyLimit, quote(99.5, 99.6), RESTING), 100);
  assert.equal(onQuote(buyLimit, quote(99.5, 99.6), { ...RESTING, isGap: true }), 99.6);
  assert.equal(onQuote(buyLimit, quote(100, 100.01), RESTING), null);
  assert.equal(onQuote(sellLimit, quote(100.5, 100.6), RESTING), 100);
});

test('a stop is triggered by the side it fills at when ticks are seen, else by the middle', () => {
  const touched = quote(99.99, 100.05);
  assert.equal(onQuote(sellStop, touched, { ...RESTING, matchBy: 'ticks' }), 99.99);
  assert.equal(onQuote(sellStop, touched, RESTING), null);
  assert.equal(onQuote(sellStop, quote(99.9, 100.02), RESTING), 99.9);
  assert.equal(onQuote(buyStop, quote(99.9, 100.02), { ...RESTING, matchBy: 'ticks' }), 100.02);
  assert.equal(onQuote(buyStop, quote(99.9, 100.02), RESTING), null);
});

test('a one-sided or crossed quote fills nothing on the side that is missing', () => {
  const noBid = { ...quote(0, 100), bidSize: 0 };
  assert.equal(onQuote(working({ side: 'sell', type: 'market' }), noBid, ARRIVING), null);
  assert.equal(onQuote(buyMarket, noBid, ARRIVING), 100);
  assert.equal(onQuote(buyMarket, quote(101, 100), ARRIVING), null);
  assert.equal(onQuote(buyMarket, quote(99, Number.NaN), ARRIVING), null);
});

test('a share of the volume is whole shares, never below none', () => {
  assert.equal(volumeCap(1_005, 0.1), 100);
  assert.equal(volumeCap(9, 0.1), 0);
  assert.equal(volumeCap(0, 0.1), 0);
});

test('a quote made from a price keeps it inside, one tick or the spread model wide', () => {
  const spread = { halfSpreadBps: 0, minHalfSpreadTicks: 0.5, size: 300 };
  assert.deepEqual(quoteAround('SPY.US', 520.31, OPENED_AT, spread), {
    instrument: 'SPY.US',
    bid: 520.3,
    ask: 520.32,
    bidSize: 300,
    askSize: 300,
    at: OPENED_AT,
  });
  const wide = quoteAround('SPY.US', 500, OPENED_AT, { ...spread, halfSpreadBps: 2 });
  assert.deepEqual([wide.bid, wide.ask], [499.9, 500.1]);
  assert.equal(quoteAround('SPY.US', 0.01, OPENED_AT, spread).bid, 0.0099);
});

test('the trading day of an instant in the regular session is its UTC date', () => {
  assert.equal(regularTradingDayOf(Date.parse('2026-11-20T20:59:59Z')), '2026-11-20');
  assert.equal(regularTradingDayOf(Date.parse('2026-11-23T14:30:00Z')), '2026-11-23');
});

test('a fill on a bar is never better than the bar allowed nor beyond the limit', () => {
  const price = fc.integer({ min: 9_000, max: 11_000 }).map((cents) => cents / 100);
  fc.assert(
    fc.property(
      fc.tuple(price, price, price, price),
      price,
      fc.constantFrom('buy' as const, 'sell' as const),
      fc.constantFrom('limit' as const, 'stop' as const, 'market' as const),
      fc.integer({ min: -1, max: 61_000 }),
      (prices, at, side, type, offset) => {
        const high = Math.max(...prices);
        const low = Math.min(...prices);
        const seen = bar(prices[0], high, low, prices[3]);
        const order = working({
          side,
          type,
          limitPrice: type === 'limit' ? at : null,
          stopPrice: type === 'stop' ? at : null,
          workingAt: OPENED_AT + offset,
        });
        const filled = fillPriceOnBar(order, seen, 0.01, NONE);
        if (filled === null) return;
        if (type === 'limit') assert.ok(side === 'buy' ? filled <= at : filled >= at);
        if (type === 'stop') assert.ok(side === 'buy' ? filled >= at : filled <= at || offset > 0);
        if (type !== 'stop' || offset <= 0) assert.ok(filled >= low && filled <= high);
        if (offset > 0) assert.equal(type, 'stop');
      },
    ),
  );
});
