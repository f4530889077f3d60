import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { priceCageCn } from '#core/market/cage-cn.ts';
import { exitPriceCn } from '#core/market/exit-price-cn.ts';
import { quoteOf } from '#test/support/builders.ts';
import { STOCK, sh, stockDay, TUESDAY } from '#test/support/cn-desk.ts';

const AT = sh('10:00', TUESDAY);
const BASE = {
  board: 'sse_main',
  tradingDay: TUESDAY,
  phase: 'continuous',
  facts: stockDay(TUESDAY),
  quote: quoteOf(AT, 37, 37.02, STOCK),
  attempt: 1,
} as const;

test('SP-09 three tries five ticks below the bid, then the cage’s floor', () => {
  const prices = [1, 2, 3, 4, 5].map((attempt) => exitPriceCn({ ...BASE, attempt }).limitPrice);
  // the cage: 98 % of the bid, 36.26
  assert.deepEqual(prices, [36.95, 36.95, 36.95, 36.26, 36.26]);
  assert.equal(exitPriceCn({ ...BASE, attempt: 4 }).isRepriced, false);
});

test('SP-09 at limit-down behind a seal and in an auction, never below it', () => {
  const sealed = { ...quoteOf(AT, 0, 34.2, STOCK), bidSize: 0 };
  const atSeal = exitPriceCn({ ...BASE, quote: sealed });
  assert.deepEqual([atSeal.limitPrice, atSeal.isRepriced], [34.2, false]);
  assert.equal(exitPriceCn({ ...BASE, phase: 'opening_auction' }).limitPrice, 34.2);
  const near = exitPriceCn({ ...BASE, quote: quoteOf(AT, 34.22, 34.25, STOCK) });
  assert.equal(near.limitPrice, 34.2);
});

test('SP-09 at 9:30 without a quote a sale is put at the cage’s floor, not at limit-down outside it', () => {
  const opening = exitPriceCn({ ...BASE, quote: null });
  // 98 % of the previous close 38.00; limit-down is 34.20
  assert.deepEqual(opening, { limitPrice: 37.24, why: 'cage_floor', isRepriced: true });
  const noBid = { ...quoteOf(AT, 0, 36.5, STOCK), bidSize: 0 };
  assert.equal(exitPriceCn({ ...BASE, quote: noBid }).limitPrice, 35.77);
  const low = exitPriceCn({ ...BASE, quote: { ...quoteOf(AT, 0, 34.5, STOCK), bidSize: 0 } });
  assert.equal(low.limitPrice, 34.2, 'never below limit-down');
});

test('SP-09 whatever is known of the book, the exchange takes the price of a sale in continuous trading', () => {
  const fen = fc.integer({ min: 3420, max: 4180 });
  fc.assert(
    fc.property(
      fc.option(fen),
      fc.option(fen),
      fc.integer({ min: 1, max: 5 }),
      (bid, ask, attempt) => {
        const quote =
          bid === null && ask === null
            ? null
            : {
                ...quoteOf(AT, (bid ?? 0) / 100, (ask ?? 0) / 100, STOCK),
                bidSize: bid === null ? 0 : 100,
                askSize: ask === null ? 0 : 100,
              };
        const { limitPrice } = exitPriceCn({ ...BASE, quote, attempt });
        const cage = priceCageCn('sse_main', TUESDAY, {
          quote,
          lastPrice: null,
          previousClose: 38,
        });
        assert.ok(limitPrice !== null && cage.kind === 'cage');
        assert.ok(limitPrice >= cage.sellLeast || (bid === null && ask === 3420), `${limitPrice}`);
      },
    ),
  );
});

test('SP-09 without a bid and without limits there is no price: the sale goes at the market', () => {
  const unknown = exitPriceCn({ ...BASE, facts: null, quote: null });
  assert.deepEqual(unknown, { limitPrice: null, why: 'unknown', isRepriced: false });
});

test('SP-09 a sale’s price is on the tick and inside limits and cage, whatever the bid', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 3420, max: 4180 }),
      fc.integer({ min: 1, max: 6 }),
      (fen, attempt) => {
        const quote = quoteOf(AT, fen / 100, (fen + 2) / 100, STOCK);
        const { limitPrice } = exitPriceCn({ ...BASE, quote, attempt });
        assert.ok(limitPrice !== null);
        const found = Math.round(limitPrice * 100);
        assert.ok(Math.abs(found / 100 - limitPrice) < 1e-9);
        assert.ok(found >= 3420 && found <= fen);
        assert.ok(found >= Math.min(Math.ceil(fen * 0.98), fen - 10));
      },
    ),
  );
});
