import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvariantError } from '#core/lib/assert.ts';
import type { BoardCn } from '#core/market/board-cn.ts';
import { computeFeesCn } from '#core/market/fees-cn.ts';

const commission = { rate: 0.00025, minimumMinor: 500 };
const sale = {
  board: 'sse_main' as BoardCn,
  side: 'sell' as 'buy' | 'sell',
  quantity: 10_000,
  price: 10,
  tradedOn: '2026-11-19',
  commission,
};

function lines(fields: Partial<typeof sale>): Record<string, number> {
  const { lines: all, dueMinor } = computeFeesCn({ ...sale, ...fields });
  assert.equal(
    all.reduce((sum, line) => sum + line.dueMinor, 0),
    dueMinor,
  );
  return Object.fromEntries(all.map((line) => [line.name, line.dueMinor]));
}

test('RL-04 stamp duty is due on sales at the rate of the day', () => {
  // 100,000 yuan.
  assert.deepEqual(lines({}), { commission: 2_500, stamp_duty: 5_000, transfer_fee: 100 });
  assert.equal(lines({ tradedOn: '2023-08-28' })['stamp_duty'], 5_000);
  assert.equal(lines({ tradedOn: '2023-08-27' })['stamp_duty'], 10_000);
  assert.deepEqual(lines({ side: 'buy' }), { commission: 2_500, transfer_fee: 100 });
});

test('RL-04 the transfer fee is due on both sides at the rate of the day', () => {
  assert.equal(lines({ tradedOn: '2022-04-29' })['transfer_fee'], 100);
  assert.equal(lines({ tradedOn: '2022-04-28' })['transfer_fee'], 200);
  assert.equal(lines({ board: 'bse', tradedOn: '2026-11-19' })['transfer_fee'], 125);
});

test('RL-04 funds pay neither stamp duty nor transfer fee', () => {
  assert.deepEqual(lines({ board: 'sse_fund' }), { commission: 2_500 });
  assert.deepEqual(lines({ board: 'szse_fund', quantity: 100, price: 1.234 }), { commission: 500 });
});

test('RL-04 each part is rounded half up to a fen by itself', () => {
  // 2,501.00 × 0.025 % = 0.62525; × 0.05 % = 1.2505; × 0.001 % = 0.02501.
  const small = { quantity: 100, price: 25.01, commission: { rate: 0.00025, minimumMinor: 0 } };
  assert.deepEqual(lines(small), { commission: 63, stamp_duty: 125, transfer_fee: 3 });
  // 1,500.00 × 0.001 % = 0.015 is two fen, 1,499.00 one.
  assert.equal(lines({ ...small, price: 15 })['transfer_fee'], 2);
  assert.equal(lines({ ...small, price: 14.99 })['transfer_fee'], 1);
});

test('RL-04 the least commission counts once an order, however it fills', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          lots: fc.integer({ min: 1, max: 300 }),
          cents: fc.integer({ min: 100, max: 200_000 }),
        }),
        { minLength: 1, maxLength: 8 },
      ),
      fc.constantFrom<'buy' | 'sell'>('buy', 'sell'),
      (fills, side) => {
        let charged = 0;
        let quantity = 0;
        let paid = 0;
        let average = 0;
        for (const { lots, cents } of fills) {
          average = (average * quantity + (cents / 100) * lots * 100) / (quantity + lots * 100);
          quantity += lots * 100;
          paid += cents * lots * 100;
          const { totalMinor } = computeFeesCn({
            ...sale,
            side,
            quantity,
            price: average,
            alreadyChargedMinor: charged,
          });
          assert.ok(Number.isSafeInteger(totalMinor) && totalMinor >= 0);
          charged += totalMinor;
        }
        const halfUp = (rate: bigint) =>
          Number((BigInt(paid) * rate * 2n + 100_000_000n) / 200_000_000n);
        const due =
          Math.max(500, halfUp(25_000n)) + (side === 'sell' ? halfUp(50_000n) : 0) + halfUp(1_000n);
        assert.equal(charged, due);
      },
    ),
  );
});

test('RL-04 a day before the tables and a commission above the legal most are bugs', () => {
  assert.throws(() => computeFeesCn({ ...sale, tradedOn: '2015-07-31' }), InvariantError);
  const dear = { rate: 0.0031, minimumMinor: 500 };
  assert.throws(() => computeFeesCn({ ...sale, commission: dear }), InvariantError);
  assert.throws(() => computeFeesCn({ ...sale, quantity: -100 }), InvariantError);
  assert.deepEqual(computeFeesCn({ ...sale, quantity: 0 }).lines, []);
});
