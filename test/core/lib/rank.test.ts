import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  countAtMost,
  knownSorted,
  percentilesOf,
  shareAtMost,
  sumOfLargest,
  unitRanks,
} from '#core/lib/rank.ts';

const values = fc.array(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constant(Number.NaN)), {
  maxLength: 40,
});

test('percentiles: the strongest is 1, equals are equal, the unknown stays unknown', () => {
  const shares = percentilesOf(Float64Array.of(3, Number.NaN, 1, 3, 2));
  assert.deepEqual([...shares], [1, Number.NaN, 0.25, 1, 0.5]);
});

test('unit ranks run from 0 to 1, equals share the middle of their places', () => {
  assert.deepEqual([...unitRanks(Float64Array.of(10, 30, 20))], [0, 1, 0.5]);
  assert.deepEqual(
    [...unitRanks(Float64Array.of(0, 0, 1, Number.NaN))],
    [0.25, 0.25, 1, Number.NaN],
  );
  assert.deepEqual([...unitRanks(Float64Array.of(7))], [1]);
});

test('a share at most, of what is known', () => {
  assert.equal(shareAtMost([1, 2, Number.NaN, 4], 2), 2 / 3);
  assert.equal(shareAtMost([], 2), null);
  assert.equal(shareAtMost([1], Number.NaN), null);
});

test('percentiles and counts agree with counting one by one', () => {
  fc.assert(
    fc.property(values, (list) => {
      const column = Float64Array.from(list);
      const known = list.filter((value) => !Number.isNaN(value));
      const sorted = knownSorted(column);
      assert.deepEqual(
        [...sorted],
        [...known].sort((a, b) => a - b),
      );
      const shares = percentilesOf(column);
      for (const [i, value] of list.entries()) {
        const atMost = known.filter((other) => other <= value).length;
        if (Number.isNaN(value)) assert.ok(Number.isNaN(shares[i]));
        else {
          assert.equal(countAtMost(sorted, value), atMost);
          assert.equal(shares[i], atMost / known.length);
        }
      }
    }),
  );
});

test('the sum of the largest agrees with sorting', () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 8 }), (list, count) => {
      const largest = list
        .filter((value) => value > 0)
        .sort((a, b) => b - a)
        .slice(0, count);
      const expected = largest.reduce((sum, value) => sum + value, 0);
      assert.equal(sumOfLargest(Float64Array.from(list), count), expected);
    }),
  );
});
