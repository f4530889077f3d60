import type { BarColumns } from '#core/market/bar.ts';

function isSame(a: Float64Array, b: Float64Array, length: number): boolean {
  const bytes = (column: Float64Array) =>
    Buffer.from(column.buffer, column.byteOffset, length * column.BYTES_PER_ELEMENT);
  return bytes(a).equals(bytes(b));
}

/**
 * The same bars with the times of `other` in place of their own where both are the same minutes, so that
 * fifty symbols that trade every minute keep one column of times and not fifty.
 */
export function sharingTimes(bars: BarColumns, other: BarColumns): BarColumns {
  const { length } = bars;
  const { openedAt, closedAt } = other;
  if (length !== other.length || !isSame(bars.openedAt, openedAt, length)) return bars;
  return isSame(bars.closedAt, closedAt, length) ? { ...bars, openedAt, closedAt } : bars;
}
