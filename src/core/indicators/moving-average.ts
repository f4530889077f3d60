import { invariant } from '#core/lib/assert.ts';

/**
 * Simple moving average of the `period` values that end before index `end`; null when there are
 * fewer. Summed anew each time, so the answer does not depend on where a series began.
 */
export function simpleMovingAverage(
  values: ArrayLike<number>,
  end: number,
  period: number,
): number | null {
  invariant(period >= 1, `moving average period: found ${period}, expected 1 or more`);
  if (end < period || end > values.length) return null;
  let sum = 0;
  for (let i = end - period; i < end; i += 1) sum += values[i]!;
  return sum / period;
}
