import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BoardCn } from '#core/market/board-cn.ts';
import { priceTicksCn } from '#core/market/board-cn.ts';
import { cageReferenceCn, priceCageCn } from '#core/market/cage-cn.ts';
import {
  judgeBuyQuantityCn,
  judgeSellQuantityCn,
  roundBuyQuantityCn,
  roundSellQuantityCn,
} from '#core/market/lots-cn.ts';
import { dailyBuyCapOn } from '#core/market/rules-cn.ts';
import { CN_DAY, cnQuote } from '#test/support/cn.ts';

const BOARDS = ['sse_main', 'szse_main', 'chinext', 'star', 'bse', 'sse_fund'] as const;
const board = fc.constantFrom<BoardCn>(...BOARDS);

function buy(of: BoardCn, quantity: number, type: 'limit' | 'market' = 'limit', day = CN_DAY) {
  return judgeBuyQuantityCn({ board: of, tradingDay: day, type, quantity });
}

function sell(of: BoardCn, quantity: number, sellable: number) {
  return judgeSellQuantityCn({ board: of, tradingDay: CN_DAY, type: 'limit', quantity, sellable });
}

test('RL-04 purchases come in the lots of their board', () => {
  assert.deepEqual(
    [buy('sse_main', 100), buy('sse_main', 150), buy('sse_main', 99)],
    [null, 'not_a_lot', 'below_minimum'],
  );
  assert.deepEqual(
    [buy('star', 199), buy('star', 200), buy('star', 201)],
    ['below_minimum', null, null],
  );
  assert.deepEqual([buy('bse', 99), buy('bse', 101)], ['below_minimum', null]);
  assert.deepEqual([buy('sse_fund', 100), buy('sse_fund', 101)], [null, 'not_a_lot']);
  for (const quantity of [0, -100, 100.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.equal(buy('sse_main', quantity), 'invalid_quantity');
  }
  assert.equal(buy('star', 200, 'limit', '2019-07-19'), 'rules_unknown');
});

test('RL-04 an order has a greatest quantity by board and type', () => {
  assert.deepEqual(
    [buy('sse_main', 1_000_000), buy('sse_main', 1_000_100)],
    [null, 'above_order_maximum'],
  );
  assert.deepEqual(
    [buy('chinext', 300_000), buy('chinext', 300_100)],
    [null, 'above_order_maximum'],
  );
  assert.equal(buy('chinext', 300_100, 'limit', '2020-08-21'), null);
  assert.equal(buy('chinext', 150_100, 'market'), 'above_order_maximum');
  assert.deepEqual([buy('star', 100_000), buy('star', 100_001)], [null, 'above_order_maximum']);
  assert.equal(buy('star', 50_001, 'market'), 'above_order_maximum');
  assert.deepEqual(
    [dailyBuyCapOn('sse_main', 'st'), dailyBuyCapOn('chinext', 'st')],
    [500_000, null],
  );
});

test('RL-04 a remainder below a lot is sold in one piece', () => {
  assert.deepEqual([sell('sse_main', 250, 250), sell('sse_main', 50, 250)], [null, null]);
  assert.deepEqual([sell('sse_main', 200, 250), sell('sse_main', 150, 250)], [null, null]);
  assert.deepEqual(
    [sell('sse_main', 30, 250), sell('sse_main', 20, 50)],
    ['odd_lot_split', 'odd_lot_split'],
  );
  assert.deepEqual(
    [sell('star', 150, 150), sell('star', 149, 150), sell('star', 201, 350)],
    [null, 'odd_lot_split', null],
  );
  assert.deepEqual(
    [sell('bse', 60, 60), sell('bse', 60, 160), sell('bse', 133, 160)],
    [null, 'odd_lot_split', null],
  );
  assert.equal(sell('sse_main', 300, 250), 'insufficient_quantity');
});

test('RL-04 a rounded quantity is the largest that is allowed', () => {
  const type = fc.constantFrom<'limit' | 'market'>('limit', 'market');
  fc.assert(
    fc.property(board, type, fc.integer({ min: 1, max: 1_200_000 }), (of, kind, wanted) => {
      const query = { board: of, tradingDay: CN_DAY, type: kind, quantity: wanted };
      const rounded = roundBuyQuantityCn(query);
      assert.ok(rounded <= wanted);
      if (rounded > 0) assert.equal(judgeBuyQuantityCn({ ...query, quantity: rounded }), null);
      for (const more of [rounded + 1, rounded + 100]) {
        if (more > wanted) continue;
        assert.notEqual(judgeBuyQuantityCn({ ...query, quantity: more }), null);
      }
    }),
  );
  fc.assert(
    fc.property(board, fc.integer({ min: 1, max: 900 }), fc.nat(900), (of, wanted, sellable) => {
      const query = { board: of, tradingDay: CN_DAY, type: 'limit' as const, sellable };
      const rounded = roundSellQuantityCn({ ...query, quantity: wanted });
      const allowed = (quantity: number) => judgeSellQuantityCn({ ...query, quantity }) === null;
      assert.ok(rounded === 0 || allowed(rounded));
      for (let more = rounded + 1; more <= wanted; more += 1) assert.ok(!allowed(more), `${more}`);
    }),
  );
  assert.equal(
    roundBuyQuantityCn({ board: 'sse_main', tradingDay: CN_DAY, type: 'limit', quantity: 1_377.9 }),
    1_300,
  );
  assert.equal(
    roundSellQuantityCn({
      board: 'star',
      tradingDay: CN_DAY,
      type: 'limit',
      quantity: 250_000,
      sellable: 250_000,
    }),
    100_000,
  );
});

test('SP-08 limit prices of continuous trading keep to the cage of their board and date', () => {
  const sight = { quote: cnQuote(9.99, 10), lastPrice: 9.99, previousClose: 9.5 };
  const cage = (of: BoardCn, day = CN_DAY, seen = sight) => priceCageCn(of, day, seen);
  assert.deepEqual(cage('sse_main'), { kind: 'cage', buyMost: 10.2, sellLeast: 9.8 });
  assert.deepEqual(cage('sse_main', '2023-04-07'), { kind: 'none' });
  assert.deepEqual(cage('sse_main', '2023-04-10'), { kind: 'cage', buyMost: 10.2, sellLeast: 9.8 });
  assert.deepEqual(cage('bse'), { kind: 'cage', buyMost: 10.5, sellLeast: 9.5 });
  assert.deepEqual(cage('chinext', '2020-08-21'), { kind: 'none' });
  assert.deepEqual(cage('sse_fund'), { kind: 'none' });
  // Ten price steps on a low price; STAR and ChiNext have none.
  const low = { quote: cnQuote(2, 2.01), lastPrice: 2, previousClose: 2 };
  assert.deepEqual(cage('szse_main', CN_DAY, low), { kind: 'cage', buyMost: 2.11, sellLeast: 1.9 });
  assert.deepEqual(cage('star', CN_DAY, low), { kind: 'cage', buyMost: 2.05, sellLeast: 1.96 });
});

test('SP-08 the reference is the best opposite price, else the own, else the last', () => {
  const seen = (bid: number, ask: number) => ({
    quote: cnQuote(bid, ask),
    lastPrice: 9.9,
    previousClose: 9.5,
  });
  assert.equal(cageReferenceCn('buy', seen(9.98, 10)), 10);
  assert.equal(cageReferenceCn('sell', seen(9.98, 10)), 9.98);
  assert.equal(cageReferenceCn('buy', seen(9.98, 0)), 9.98);
  assert.equal(cageReferenceCn('sell', seen(0, 10)), 10);
  assert.equal(cageReferenceCn('buy', seen(0, 0)), 9.9);
  const nothing = { quote: null, lastPrice: null, previousClose: null };
  assert.equal(cageReferenceCn('buy', { ...nothing, previousClose: 9.5 }), 9.5);
  assert.equal(cageReferenceCn('buy', nothing), null);
  assert.deepEqual(priceCageCn('sse_main', CN_DAY, nothing), { kind: 'unknown' });
});

test('SP-08 the bounds of a cage are on the grid and within the rule', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<BoardCn>('sse_main', 'star', 'bse'),
      fc.integer({ min: 12, max: 200_000 }),
      (of, cents) => {
        const price = cents / 100;
        const sight = { quote: cnQuote(price, price), lastPrice: null, previousClose: null };
        const cage = priceCageCn(of, CN_DAY, sight);
        assert.ok(cage.kind === 'cage');
        const most = priceTicksCn(cage.buyMost, of);
        const least = priceTicksCn(cage.sellLeast, of);
        assert.ok(most !== null && least !== null);
        const percent = of === 'bse' ? 5 : 2;
        const ticks = of === 'star' ? 0 : 10;
        assert.ok(most * 100 <= Math.max(cents * (100 + percent), (cents + ticks) * 100));
        assert.ok(least * 100 >= Math.min(cents * (100 - percent), (cents - ticks) * 100));
        assert.ok((most + 1) * 100 > Math.max(cents * (100 + percent), (cents + ticks) * 100));
      },
    ),
  );
});
