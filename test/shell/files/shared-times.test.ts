import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsOf } from '#core/market/bar.ts';
import { sharingTimes } from '#shell/files/shared-times.ts';

const series = (minutes: readonly number[], close: number, lengthMs = 60_000) =>
  columnsOf(
    minutes.map((minute) => ({
      openedAt: minute * 60_000,
      closedAt: minute * 60_000 + lengthMs,
      ...{ open: close, high: close, low: close, close, volume: 1 },
    })),
  );

test('ID-13 series of the same minutes keep one column of times, each its own prices', () => {
  const first = series([1, 2, 5], 10);
  const own = series([1, 2, 5], 20);
  const shared = sharingTimes(own, first);
  assert.equal(shared.openedAt, first.openedAt);
  assert.equal(shared.closedAt, first.closedAt);
  assert.deepEqual(shared, own);
});

test('ID-13 a series of other minutes keeps its own times', () => {
  const first = series([1, 2, 5], 10);
  for (const own of [series([1, 2, 6], 20), series([1, 2], 20), series([1, 2, 5], 20, 30_000)]) {
    assert.equal(sharingTimes(own, first), own);
  }
});
