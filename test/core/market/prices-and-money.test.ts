import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvariantError } from '#core/lib/assert.ts';
import {
  addMinor,
  notionalMinor,
  scaleMinor,
  subtractMinor,
  sumMinor,
} from '#core/market/money.ts';
import { roundToTick, tickSize } from '#core/market/price.ts';
import { mid, spreadBps } from '#core/market/quote.ts';

test('rounding to a tick leaves no binary dust', () => {
  assert.equal(roundToTick(0.1 + 0.2, 0.01, 'nearest'), 0.3);
  assert.equal(roundToTick(0.29, 0.01, 'down'), 0.29);
  assert.equal(roundToTick(0.29, 0.01, 'up'), 0.29);
  assert.equal(roundToTick(1.005, 0.01, 'nearest'), 1.01);
  assert.equal(roundToTick(251.9649, 0.01, 'down'), 251.96);
  assert.equal(roundToTick(251.9601, 0.01, 'up'), 251.97);
  assert.equal(roundToTick(0.12345, 0.0001, 'nearest'), 0.1235);
});

test('a price on the tick grid stays where it is in every mode', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500_000_000 }), (cents) => {
      const price = cents / 100;
      for (const mode of ['nearest', 'down', 'up'] as const) {
        assert.equal(roundToTick(price, 0.01, mode), price);
      }
    }),
  );
});

test('rounding down and up encloses the price within one tick', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 1_000_000, noNaN: true }), (price) => {
      const down = roundToTick(price, 0.01, 'down');
      const up = roundToTick(price, 0.01, 'up');
      assert.ok(down <= price + 1e-8 && up >= price - 1e-8 && up - down < 0.0100001);
    }),
  );
});

test('a price that is no number is a bug, not a tick', () => {
  assert.throws(() => roundToTick(Number.NaN, 0.01, 'down'), InvariantError);
  assert.throws(() => roundToTick(1, 0, 'down'), InvariantError);
});

test('the US tick is a cent from one dollar on and a hundredth of it below', () => {
  assert.equal(tickSize(1, 'US', '2026-06-01'), 0.01);
  assert.equal(tickSize(0.9999, 'US', '2026-06-01'), 0.0001);
  assert.equal(tickSize(0.5, 'CN', '2026-06-01'), 0.01);
});

test('notional rounds half a cent up and is exact', () => {
  assert.equal(notionalMinor(252.1, 9), 226_890);
  assert.equal(notionalMinor(0.005, 1), 1);
  assert.equal(notionalMinor(0.0049, 1), 0);
  assert.equal(notionalMinor(100.0033, 150), 1_500_050);
  assert.equal(notionalMinor(10, -3), -3000);
});

test('money refuses what is not a whole number of minor units', () => {
  assert.throws(() => addMinor(0.5, 1), InvariantError);
  assert.throws(() => notionalMinor(1, 1.5), InvariantError);
  assert.throws(() => addMinor(Number.MAX_SAFE_INTEGER, 1), InvariantError);
  assert.equal(sumMinor([1, 2, 3]), 6);
  assert.equal(subtractMinor(1, 3), -2);
  assert.equal(scaleMinor(10_000_000, 0.005), 50_000);
});

test('ID-08 the spread in basis points of the middle; an unusable quote is infinitely wide', () => {
  const quote = { instrument: 'SPY.US' as const, bidSize: 1, askSize: 1, at: 0 };
  assert.equal(mid({ ...quote, bid: 99.99, ask: 100.01 }), 100);
  assert.ok(Math.abs(spreadBps({ ...quote, bid: 99.99, ask: 100.01 }) - 2) < 1e-9);
  assert.equal(spreadBps({ ...quote, bid: 0, ask: 100 }), Number.POSITIVE_INFINITY);
  assert.equal(spreadBps({ ...quote, bid: 101, ask: 100 }), Number.POSITIVE_INFINITY);
});
