import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { notionalMinor } from '#core/market/money.ts';
import { sellableQuantityCn } from '#core/market/settlement-cn.ts';
import { cancelOrder, expireOrders, placeOrder } from '#core/simulation/exchange.ts';
import type { ExchangeReport } from '#core/simulation/exchange-order.ts';
import { setInstrumentDay } from '#core/simulation/exchange-state.ts';
import { matchBar, matchQuote } from '#core/simulation/matching.ts';
import { at, cnQuote, cnSession, dayOf, MOUTAI } from '#test/support/cn.ts';
import { cnExchange, cnTerms } from '#test/support/cn-exchange.ts';

const DAYS = ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19'];
const CASH = 500_000_000;
const UP = 11;
const DOWN = 9;

const cents = fc
  .oneof(
    { weight: 6, arbitrary: fc.integer({ min: 985, max: 1_015 }) },
    { weight: 1, arbitrary: fc.integer({ min: 890, max: 1_110 }) },
  )
  .map((value) => value / 100);
const act = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('order' as const),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      type: fc.constantFrom('limit' as const, 'limit' as const, 'market' as const),
      quantity: fc.oneof(
        fc.integer({ min: 1, max: 30 }).map((lots) => lots * 100),
        fc.integer({ min: 1, max: 900 }),
      ),
      price: cents,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('quote' as const),
      price: cents,
      width: fc.integer({ min: 1, max: 5 }),
      size: fc.integer({ min: 0, max: 2_000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('bar' as const),
      prices: fc.tuple(cents, cents, cents, cents),
      volume: fc.integer({ min: 0, max: 30_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), pick: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('seal' as const), isUp: fc.boolean() }) },
);

type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;
type Fill = {
  readonly day: string;
  readonly side: 'buy' | 'sell';
  readonly report: ExchangeReport;
};

/** Plays acts over four days, spread over each day from 9:20 to 15:00; answers every fill. */
function play(acts: readonly Act[], isByBars: boolean) {
  const x = cnExchange({
    cashMinor: CASH,
    matchBy: isByBars ? 'bars' : 'ticks',
    partialRatio: 0.4,
    slippage: { slippageBps: 3 },
    seed: acts.length,
  });
  const { exchange } = x;
  const sides = new Map<string, 'buy' | 'sell'>();
  const fills: Fill[] = [];
  let count = 0;
  const perDay = Math.ceil(acts.length / DAYS.length);
  for (const [index, day] of DAYS.entries()) {
    exchange.session = cnSession(day);
    setInstrumentDay(exchange, dayOf({ tradingDay: day }));
    const hear = (reports: readonly ExchangeReport[]) => {
      for (const report of reports) {
        const side = sides.get(report.orderId);
        if (report.lastQuantity > 0 && side) fills.push({ day, side, report });
      }
    };
    const todays = acts.slice(index * perDay, (index + 1) * perDay);
    for (const [step, one] of todays.entries()) {
      const share = step / Math.max(1, todays.length);
      const now = at('09:20', day) + Math.floor(share * 340) * 60_000;
      if (one.kind === 'order') {
        count += 1;
        const { side, type, quantity, price } = one;
        const orderId = `o${count}`;
        sides.set(orderId, side);
        const limitPrice = type === 'limit' ? price : null;
        hear(
          placeOrder(exchange, cnTerms({ orderId, side, type, quantity, limitPrice }), now).reports,
        );
      } else if (one.kind === 'cancel') hear(cancelOrder(exchange, `o${one.pick}`, now));
      else if (one.kind === 'bar') {
        const [open, close] = one.prices;
        const bar = { open, close, high: Math.max(...one.prices), low: Math.min(...one.prices) };
        const times = { openedAt: now, closedAt: now + 60_000, volume: one.volume };
        hear(
          matchBar(
            exchange,
            { instrument: MOUTAI, timeframe: '1m', ...bar, ...times },
            now + 60_000,
          ),
        );
      } else {
        const ask = one.kind === 'seal' ? (one.isUp ? 0 : DOWN) : one.price + one.width / 100;
        const bid = one.kind === 'seal' ? (one.isUp ? UP : 0) : one.price;
        const size = one.kind === 'seal' ? 5_000 : one.size;
        const sizes = { bidSize: bid > 0 ? size : 0, askSize: ask > 0 ? size : 0 };
        const quote = cnQuote(bid, Math.round(ask * 100) / 100, { at: now, ...sizes });
        hear(matchQuote(exchange, quote, now));
      }
    }
    hear(expireOrders(exchange, at('15:05', day)));
  }
  return { x, fills };
}

test('RL-04 cash is exact, nothing bought today is sold, and every fill is within the limits', () => {
  let sold = 0;
  fc.assert(
    fc.property(
      fc.array(act, { minLength: 40, maxLength: 120 }),
      fc.boolean(),
      (acts, isByBars) => {
        const { x, fills } = play(acts, isByBars);
        let cash = CASH;
        let held: { boughtOn: string; quantity: number }[] = [];
        for (const { day, side, report } of fills) {
          const { lastPrice, lastQuantity, feesMinor } = report;
          assert.ok(lastPrice !== null && lastPrice >= DOWN && lastPrice <= UP);
          assert.ok(Math.abs(lastPrice * 100 - Math.round(lastPrice * 100)) < 1e-9);
          assert.ok(Number.isSafeInteger(feesMinor) && feesMinor >= 0);
          const notional = notionalMinor(lastPrice, lastQuantity);
          cash += (side === 'buy' ? -notional : notional) - feesMinor;
          assert.ok(cash >= 0);
          if (side === 'buy') {
            assert.equal(lastQuantity % 100, 0);
            held = [...held, { boughtOn: day, quantity: lastQuantity }];
            continue;
          }
          sold += 1;
          assert.ok(lastQuantity <= sellableQuantityCn(held, day), 'sold on the day of purchase');
          let left = lastQuantity;
          held = held.map((lot) => {
            const taken = Math.min(left, lot.quantity);
            left -= taken;
            return { ...lot, quantity: lot.quantity - taken };
          });
        }
        assert.equal(x.account.cashMinor, cash);
        const quantity = held.reduce((sum, lot) => sum + lot.quantity, 0);
        assert.equal(x.account.positions.get(MOUTAI)?.quantity ?? 0, quantity);
      },
    ),
    { numRuns: 400 },
  );
  assert.ok(sold > 100, `only ${sold} sales were tried`);
});

test('I6 the same acts on a Chinese exchange give the same fills', () => {
  fc.assert(
    fc.property(fc.array(act, { minLength: 8, maxLength: 60 }), fc.boolean(), (acts, isByBars) => {
      assert.deepEqual(play(acts, isByBars).fills, play(acts, isByBars).fills);
    }),
    { numRuns: 60 },
  );
});

test('RL-04 a sealed side never fills an order that joins its queue', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 1, max: 9 }),
      (isUp, isMarket, lots) => {
        const x = cnExchange({ held: 1_000, cashMinor: CASH });
        const side = isUp ? 'buy' : 'sell';
        const limitPrice = isMarket ? null : isUp ? UP : DOWN;
        const type = isMarket ? 'market' : 'limit';
        x.quote('10:00', isUp ? UP : 0, isUp ? 0 : DOWN);
        const said = x.place('10:00:01', { side, type, limitPrice, quantity: lots * 100 });
        assert.deepEqual(said, ['o accepted']);
        assert.deepEqual(x.quote('10:00:02', isUp ? UP : 0, isUp ? 0 : DOWN), []);
      },
    ),
  );
});
