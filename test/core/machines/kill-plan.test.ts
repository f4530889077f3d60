import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planKill, roleOfId, type StandingOrder } from '#core/machines/kill-plan.ts';

const standing = (orderId: string, side: 'buy' | 'sell', isHeld = false): StandingOrder => ({
  orderId,
  instrument: 'QQQM.US',
  side,
  isHeld,
});
const OURS = '2026-11-20.us-vwap.QQQM.US.long.1';

test('CX-07 a desk’s own orders are told by their ids, whatever is held', () => {
  const orders = [
    standing(`${OURS}.entry-1`, 'buy'),
    standing(`${OURS}.stop-1`, 'sell'),
    standing(`${OURS}.target-1`, 'sell'),
    standing(`${OURS}.exit-2`, 'sell'),
  ];
  for (const held of [null, new Map<string, number>(), new Map([['QQQM.US', 200]])])
    assert.deepEqual(planKill(orders, held), {
      cancel: [`${OURS}.entry-1`],
      keep: [`${OURS}.stop-1`, `${OURS}.target-1`, `${OURS}.exit-2`],
      untold: [],
    });
  assert.equal(roleOfId('QQQM.entry'), null);
});

test('CX-07 a stranger that adds to what is held, or opens it, is an entry; one that reduces protects', () => {
  const orders = [standing('a', 'buy'), standing('b', 'sell'), standing('c', 'sell', true)];
  const plan = (shares: number | null) =>
    planKill(orders, new Map(shares === null ? [] : [['QQQM.US', shares]]));
  assert.deepEqual(plan(10), { cancel: ['a'], keep: ['b', 'c'], untold: [] });
  assert.deepEqual(plan(-10), { cancel: ['b'], keep: ['a', 'c'], untold: [] });
  assert.deepEqual(plan(null), { cancel: ['a', 'b'], keep: ['c'], untold: [] });
});

test('CX-07 a stranger cannot be told while nobody knows what is held', () => {
  const plan = planKill([standing('a', 'buy'), standing(`${OURS}.entry-1`, 'buy')], null);
  assert.deepEqual(plan, { cancel: [`${OURS}.entry-1`], keep: [], untold: ['a'] });
});
