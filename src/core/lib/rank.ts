/** Values that are numbers (not NaN), in ascending order. */
export function knownSorted(values: ArrayLike<number>): Float64Array {
  const known = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (!Number.isNaN(value)) {
      known[count] = value;
      count += 1;
    }
  }
  return known.subarray(0, count).sort();
}

/** How many of `sorted` (ascending) are at most `value`. */
export function countAtMost(sorted: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Share of `values` that are at most `value`, 0..1; NaN among them is left out. Null when `value`
 * is NaN or nothing is known.
 */
export function shareAtMost(values: ArrayLike<number>, value: number): number | null {
  if (Number.isNaN(value)) return null;
  let known = 0;
  let atMost = 0;
  for (let i = 0; i < values.length; i += 1) {
    const other = values[i]!;
    if (Number.isNaN(other)) continue;
    known += 1;
    if (other <= value) atMost += 1;
  }
  return known === 0 ? null : atMost / known;
}

/**
 * For each value the share of the known ones that are at most it: the strongest gets 1, equals
 * get the same. NaN stays NaN.
 */
export function percentilesOf(values: Float64Array): Float64Array {
  const sorted = knownSorted(values);
  const shares = new Float64Array(values.length).fill(Number.NaN);
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (!Number.isNaN(value)) shares[i] = countAtMost(sorted, value) / sorted.length;
  }
  return shares;
}

/**
 * Each value by its place among the known ones, from 0 (lowest) to 1 (highest); equals share the
 * mean of their places, a single known value gets 1. NaN stays NaN.
 */
export function unitRanks(values: Float64Array): Float64Array {
  const sorted = knownSorted(values);
  const ranks = new Float64Array(values.length).fill(Number.NaN);
  const steps = sorted.length - 1;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    if (steps === 0) {
      ranks[i] = 1;
      continue;
    }
    const through = countAtMost(sorted, value);
    let first = through;
    while (first > 0 && sorted[first - 1] === value) first -= 1;
    ranks[i] = (first + through - 1) / 2 / steps;
  }
  return ranks;
}

/** Sum of the `count` largest known values; values that are not positive count for nothing. */
export function sumOfLargest(values: Float64Array, count: number): number {
  const best = new Float64Array(count);
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (!(value > best[0]!)) continue;
    let at = 0;
    while (at + 1 < count && best[at + 1]! < value) {
      best[at] = best[at + 1]!;
      at += 1;
    }
    best[at] = value;
  }
  let sum = 0;
  for (const value of best) sum += value;
  return sum;
}
