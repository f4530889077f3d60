import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mean, median, quantile } from '#core/lib/stats.ts';

test('mean, median and quantiles of a list; an empty list has none', () => {
  assert.equal(mean([1, 2, 6]), 3);
  assert.equal(median([5, 1, 3]), 3);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(quantile([1, 2, 3, 4, 5], 0.25), 2);
  assert.equal(quantile([10, 20], 0.9), 19);
  assert.deepEqual([mean([]), median([]), quantile([], 0.5)], [null, null, null]);
});

test('a quantile leaves its input as it was', () => {
  const values = [3, 1, 2];
  quantile(values, 0.5);
  assert.deepEqual(values, [3, 1, 2]);
});
