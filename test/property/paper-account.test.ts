import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BrokerReport, OrderRequest } from '#app/ports.ts';
import { notionalMinor } from '#core/market/money.ts';
import { order, paperHarness, QQQM } from '#test/support/paper-harness.ts';

const START_MINOR = 5_000_000;

type Act =
  | { readonly kind: 'submit'; readonly request: Partial<OrderRequest> }
  | { readonly kind: 'cancel' | 'replace'; readonly pick: number; readonly price: number }
  | {
      readonly kind: 'quote';
      readonly price: number;
      readonly width: number;
      readonly size: number;
    }
  | { readonly kind: 'bar'; readonly prices: readonly number[]; readonly volume: number }
  | { readonly kind: 'fault'; readonly fault: 'timeout' | 'lost_ack' | 'reject' | 'disconnect' };

const price = fc.integer({ min: 9_500, max: 10_500 }).map((cents) => cents / 100);

const request = fc.record({
  side: fc.constantFrom('buy' as const, 'buy' as const, 'sell' as const),
  type: fc.constantFrom('limit' as const, 'market' as const, 'stop' as const),
  quantity: fc.integer({ min: 0, max: 120 }),
  limitPrice: price,
  stopPrice: price,
  hasBracket: fc.boolean(),
  hasTarget: fc.boolean(),
  ocoGroup: fc.constantFrom(null, 'g1', 'g2'),
});

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: request.map(requestOf) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('cancel' as const, 'replace' as const),
      pick: fc.nat(30),
      price,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('quote' as const),
      price,
      width: fc.integer({ min: 1, max: 20 }),
      size: fc.integer({ min: 0, max: 100 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('bar' as const),
      prices: fc.array(price, { minLength: 4, maxLength: 4 }),
      volume: fc.integer({ min: 0, max: 3_000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      fault: fc.constantFrom(
        'timeout' as const,
        'lost_ack' as const,
        'reject' as const,
        'disconnect' as const,
      ),
    }),
  },
);

function requestOf(fields: {
  side: 'buy' | 'sell';
  type: 'limit' | 'market' | 'stop';
  quantity: number;
  limitPrice: number;
  stopPrice: number;
  hasBracket: boolean;
  hasTarget: boolean;
  ocoGroup: string | null;
}): Act {
  const { side, type, quantity, limitPrice, stopPrice, hasBracket, hasTarget, ocoGroup } = fields;
  const bracket =
    hasBracket && side === 'buy'
      ? {
          stop: { orderId: 'stop', stopPrice: 95.5 },
          target: hasTarget ? { orderId: 'target', limitPrice: 104.5 } : null,
        }
      : null;
  return {
    kind: 'submit',
    request: {
      side,
      type,
      quantity,
      limitPrice: type === 'limit' ? limitPrice : null,
      stopPrice: type === 'stop' ? stopPrice : null,
      bracket,
      ocoGroup: bracket === null ? ocoGroup : null,
    },
  };
}

type Books = {
  cashMinor: number;
  held: number;
  lowest: number;
  sides: Map<string, 'buy' | 'sell'>;
};

function book(books: Books, report: BrokerReport): void {
  if (report.lastQuantity === 0) return;
  const side = books.sides.get(report.orderId);
  const notional = notionalMinor(report.lastPrice ?? Number.NaN, report.lastQuantity);
  const sign = side === 'buy' ? 1 : -1;
  books.cashMinor -= sign * notional + report.feesMinor;
  books.held += sign * report.lastQuantity;
  books.lowest = Math.min(books.lowest, books.held);
}

async function play(acts: readonly Act[]) {
  const h = paperHarness({
    cashMinor: START_MINOR,
    slippageBps: 2,
    partialRatio: 0.3,
    rejectRatio: 0.05,
    seed: acts.length,
  });
  const books: Books = { cashMinor: START_MINOR, held: 0, lowest: 0, sides: new Map() };
  h.broker.onReport((report) => book(books, report));
  let count = 0;
  const ids: string[] = [];
  const pending: Promise<unknown>[] = [];
  for (const one of acts) {
    if (one.kind === 'submit') {
      count += 1;
      const id = `o${count}`;
      const { bracket } = one.request;
      const full = order({
        orderId: id,
        ...one.request,
        bracket: bracket
          ? {
              stop: { ...bracket.stop, orderId: `${id}.stop` },
              target: bracket.target ? { ...bracket.target, orderId: `${id}.target` } : null,
            }
          : null,
      });
      books.sides.set(id, full.side).set(`${id}.stop`, 'sell').set(`${id}.target`, 'sell');
      ids.push(id, `${id}.stop`);
      pending.push(h.broker.submit(full).catch(() => null));
      if (count % 3 === 0) h.clock.advanceTo(h.clock.now() + 200);
    } else if (one.kind === 'cancel' || one.kind === 'replace') {
      const id = ids[one.pick % Math.max(1, ids.length)] ?? 'nobody';
      const isStop = id.endsWith('.stop');
      const call =
        one.kind === 'cancel'
          ? h.broker.cancel(id)
          : h.broker.replace(id, isStop ? { stopPrice: one.price } : { limitPrice: one.price });
      pending.push(call.catch(() => null));
    } else if (one.kind === 'quote') {
      h.clock.advanceTo(h.clock.now() + 500);
      h.quote(one.price, Math.round(one.price * 100 + one.width) / 100, one.size);
    } else if (one.kind === 'bar') {
      const [open = 100, close = 100] = one.prices;
      h.bar(open, Math.max(...one.prices), Math.min(...one.prices), close, one.volume);
    } else if (one.kind === 'fault') h.broker.failNext(one.fault);
    assert.equal(await h.broker.cashMinor(), books.cashMinor);
    assert.ok(books.cashMinor >= 0);
  }
  h.clock.advanceTo(h.clock.now() + 10_000);
  await Promise.all(pending);
  return { h, books };
}

test('cash and holdings always equal the sum of fills and fees, and no more is sold than held', async () => {
  let filled = 0;
  let protective = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 60 }), async (acts) => {
      const { h, books } = await play(acts);
      const [held] = await h.broker.positions();
      assert.equal(await h.broker.cashMinor(), books.cashMinor);
      assert.equal(held?.quantity ?? 0, books.held);
      assert.ok(books.lowest >= 0);
      const fills = h.reports.filter((report) => report.lastQuantity > 0);
      filled += fills.length;
      protective += fills.filter((report) => report.orderId.includes('.')).length;
    }),
    { numRuns: 300 },
  );
  assert.ok(filled > 300, `only ${filled} fills were tried`);
  assert.ok(protective > 20, `only ${protective} protective fills were tried`);
});

test('reports of an order tell a life that adds up, and equal inputs give equal reports', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 60 }), async (acts) => {
      const { h } = await play(acts);
      const again = await play(acts);
      assert.deepEqual(again.h.reports, h.reports);
      const total = new Map<string, number>();
      const ended = new Set<string>();
      for (const report of h.reports) {
        const { orderId, kind, lastQuantity, filledQuantity } = report;
        const isRefusal = kind === 'cancel_rejected' || kind === 'replace_rejected';
        if (isRefusal) continue;
        assert.ok(!ended.has(orderId), `${orderId}: ${kind} after its end`);
        total.set(orderId, (total.get(orderId) ?? 0) + lastQuantity);
        assert.equal(filledQuantity, total.get(orderId));
        const known = await h.broker.find(orderId);
        assert.ok(filledQuantity <= (known?.request.quantity ?? 0));
        if (['filled', 'canceled', 'rejected', 'expired'].includes(kind)) ended.add(orderId);
      }
      for (const open of await h.broker.openOrders()) {
        assert.ok(!ended.has(open.request.orderId));
        assert.equal(open.request.instrument, QQQM);
      }
    }),
    { numRuns: 150 },
  );
});
