import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MinutePoint } from '#core/pictures/picture.ts';
import { type ShadowPlan, shadowOf } from '#core/reports/shadow.ts';

const MINUTE = 60_000;
const OPEN = 1_000 * MINUTE;

/** Minutes after the open as [open, high, low, close]. */
function minutes(...rows: readonly (readonly [number, number, number, number])[]): MinutePoint[] {
  return rows.map(([open, high, low, close], place) => {
    return { closedAt: OPEN + (place + 1) * MINUTE, open, high, low, close, vwap: null };
  });
}

const PLAN: ShadowPlan = {
  side: 'long',
  fromAt: OPEN,
  untilAt: OPEN + 2 * MINUTE,
  entryLimit: 100,
  stop: 99,
  firstTarget: 101,
  targetRatio: 0.5,
  costR: 0.1,
  flatAt: OPEN + 60 * MINUTE,
};

function result(points: readonly MinutePoint[], change: Partial<ShadowPlan> = {}) {
  const { resultR, end } = shadowOf(points, { ...PLAN, ...change });
  return [resultR === null ? null : Number(resultR.toFixed(6)), end];
}

test('CX-13 a proposal that was stopped costs one R and its costs', () => {
  const points = minutes([100.2, 100.3, 99.9, 100], [100, 100.1, 98.9, 99]);
  assert.deepEqual(result(points), [-1.1, 'stop']);
});

test('CX-13 half at the target, then the stop at the entry takes the rest', () => {
  const points = minutes(
    [100, 100.2, 99.8, 100.1],
    [100.1, 101.2, 100, 101],
    [101, 101, 99.9, 100],
  );
  assert.deepEqual(result(points), [0.4, 'target_and_stop']);
});

test('CX-13 what is left at the close leaves at the last price before the desk would be flat', () => {
  const points = minutes(
    [100, 100.2, 99.8, 100.1],
    [100.1, 100.9, 100, 100.5],
    [100.5, 105, 100, 105],
  );
  assert.deepEqual(result(points, { flatAt: OPEN + 2 * MINUTE }), [0.4, 'open_at_close']);
});

test('CX-13 a minute that reached stop and target counts as stopped', () => {
  const points = minutes([100, 101.5, 98.5, 100]);
  assert.deepEqual(result(points), [-1.1, 'stop']);
});

test('CX-13 a price that never came back to the limit within its life enters nothing', () => {
  const points = minutes([100.5, 101, 100.2, 101], [101, 102, 100.8, 102], [102, 102, 99.5, 100]);
  assert.deepEqual(result(points), [null, 'not_entered']);
  assert.deepEqual(result([]), [null, 'not_entered']);
});

test('CX-13 a minute that had begun before the proposal is not traded on', () => {
  const points = minutes([100, 100.1, 98.5, 100], [100.2, 100.4, 99.9, 100.2]);
  assert.deepEqual(result(points, { fromAt: OPEN + 30_000 }), [0.1, 'open_at_close']);
});

test('CX-13 a gap beyond the stop costs the gap', () => {
  const points = minutes([100, 100.2, 99.8, 100], [98, 98.5, 97.9, 98]);
  assert.deepEqual(result(points), [-2.1, 'stop']);
});

test('CX-13 a short is the mirror image of a long', () => {
  const long = minutes([100, 100.2, 99.8, 100.1], [100.1, 101.2, 100, 101], [101, 101, 99.9, 100]);
  const mirrored = long.map((point) => ({
    ...point,
    open: 200 - point.open,
    high: 200 - point.low,
    low: 200 - point.high,
    close: 200 - point.close,
  }));
  const short = { side: 'short', stop: 101, firstTarget: 99 } as const;
  assert.deepEqual(result(mirrored, short), result(long));
});

test('CX-13 a stop on the wrong side is no proposal', () => {
  assert.deepEqual(result(minutes([100, 100, 100, 100]), { stop: 100 }), [null, 'not_entered']);
});
