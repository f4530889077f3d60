import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantError } from '#core/lib/assert.ts';
import { computeFeesUs } from '#core/market/fees.ts';
import { roundLotUs, usFeeRates } from '#core/market/rules-us.ts';

const sale = { side: 'sell', quantity: 1000, price: 50, model: 'alpaca' } as const;

test('ID-14 the Section 31 rate of the day applies to sales', () => {
  // 50,000 dollars × 27.80 per million = 1.39; TAF 0.166; no CAT fee before 2024-09.
  assert.equal(computeFeesUs({ ...sale, tradedOn: '2024-06-03' }).dueMinor, 156);
  // Zero from 2025-05-14: TAF 0.166 and CAT 0.03 remain.
  assert.equal(computeFeesUs({ ...sale, tradedOn: '2025-05-13' }).dueMinor, 159);
  assert.equal(computeFeesUs({ ...sale, tradedOn: '2025-05-14' }).dueMinor, 20);
  // 20.60 per million = 1.03; TAF of 2026 0.195; CAT 0.03.
  assert.equal(computeFeesUs({ ...sale, tradedOn: '2026-04-04' }).dueMinor, 126);
  assert.equal(computeFeesUs({ ...sale, tradedOn: '2026-04-03' }).dueMinor, 23);
});

test('ID-14 a purchase pays no Section 31 and no TAF', () => {
  const fees = computeFeesUs({ ...sale, side: 'buy', tradedOn: '2026-06-01' });
  assert.deepEqual(fees.lines, [{ name: 'cat', microMinor: 3_000_000 }]);
  assert.equal(fees.totalMinor, 3);
});

test('ID-14 TAF stops at its cap', () => {
  const fees = computeFeesUs({ ...sale, quantity: 100_000, price: 1, tradedOn: '2026-06-01' });
  assert.deepEqual(
    fees.lines.find((line) => line.name === 'taf'),
    { name: 'taf', microMinor: 979_000_000 },
  );
});

test('ID-14 the fixed commission has a floor of a dollar and a ceiling of one percent', () => {
  const buy = { side: 'buy', tradedOn: '2024-06-03', model: 'ibkr_fixed' } as const;
  assert.equal(computeFeesUs({ ...buy, quantity: 100, price: 50 }).dueMinor, 100);
  assert.equal(computeFeesUs({ ...buy, quantity: 1000, price: 50 }).dueMinor, 500);
  assert.equal(computeFeesUs({ ...buy, quantity: 10, price: 2 }).dueMinor, 20);
  assert.equal(
    computeFeesUs({ ...buy, model: 'ibkr_tiered', quantity: 10, price: 50 }).dueMinor,
    35,
  );
});

test('ID-14 partial fills of one order pay its floor once', () => {
  const order = { side: 'buy', price: 50, tradedOn: '2024-06-03', model: 'ibkr_fixed' } as const;
  const first = computeFeesUs({ ...order, quantity: 40 });
  const whole = computeFeesUs({ ...order, quantity: 300, alreadyChargedMinor: first.totalMinor });
  assert.equal(first.totalMinor, 100);
  assert.equal(whole.dueMinor, 150);
  assert.equal(whole.totalMinor, 50);
});

test('fees outside the table and of part shares are refused', () => {
  assert.throws(() => computeFeesUs({ ...sale, tradedOn: '2012-12-31' }), InvariantError);
  assert.throws(
    () => computeFeesUs({ ...sale, quantity: 0.5, tradedOn: '2026-06-01' }),
    InvariantError,
  );
  assert.equal(computeFeesUs({ ...sale, quantity: 0, tradedOn: '2026-06-01' }).totalMinor, 0);
  assert.equal(usFeeRates('2027-03-01').tafMicrosPerShare, 232);
});

test('round lots by price since November 2025', () => {
  assert.deepEqual(
    [250, 250.01, 1000.01, 10_000.01].map((price) => roundLotUs(price, '2026-06-01')),
    [100, 40, 10, 1],
  );
  assert.equal(roundLotUs(600, '2025-10-31'), 100);
});
