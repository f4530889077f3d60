/*
 * Order of one day's values over all stocks. A radix sort over the values as 32-bit floats brings
 * them into order but for those that only differ beyond it; these stand side by side and are put
 * right by value. Three passes over the stocks instead of a comparison sort.
 */

const BITS = 11;
const BUCKETS = 1 << BITS;
const MASK = BUCKETS - 1;
const PASSES = 3;

/** Room to order up to `size` values; the same one is used for day after day. */
export type Sorter = {
  /** Places of the finite values, lowest value first, equal ones by place. */
  order: Int32Array;
  other: Int32Array;
  keys: Uint32Array;
  otherKeys: Uint32Array;
  /** The values in that order. */
  readonly sorted: Float64Array;
  readonly narrow: Float32Array;
  readonly bits: Uint32Array;
  readonly counts: Int32Array;
};

export function createSorter(size: number): Sorter {
  const narrow = new Float32Array(size);
  return {
    order: new Int32Array(size),
    other: new Int32Array(size),
    keys: new Uint32Array(size),
    otherKeys: new Uint32Array(size),
    sorted: new Float64Array(size),
    narrow,
    bits: new Uint32Array(narrow.buffer),
    counts: new Int32Array(BUCKETS * PASSES),
  };
}

/** Takes the finite values in and counts the buckets of every pass; answers how many there are. */
function takeIn(sorter: Sorter, values: Float64Array, from: number, size: number): number {
  const { order, keys, narrow, bits, counts } = sorter;
  counts.fill(0);
  let count = 0;
  for (let i = 0; i < size; i += 1) {
    const value = values[from + i]!;
    if (!Number.isFinite(value)) continue;
    narrow[count] = value;
    const raw = bits[count]!;
    // negative floats count down: all bits turned, others the sign alone
    const key = (raw >>> 31 === 1 ? ~raw : raw | 0x80000000) >>> 0;
    keys[count] = key;
    order[count] = i;
    count += 1;
    for (let pass = 0; pass < PASSES; pass += 1) {
      const bucket = pass * BUCKETS + ((key >>> (pass * BITS)) & MASK);
      counts[bucket] = counts[bucket]! + 1;
    }
  }
  return count;
}

function sortPass(sorter: Sorter, pass: number, count: number): void {
  const { order, other, keys, otherKeys, counts } = sorter;
  const first = pass * BUCKETS;
  const shift = pass * BITS;
  let place = 0;
  for (let bucket = first; bucket < first + BUCKETS; bucket += 1) {
    const size = counts[bucket]!;
    counts[bucket] = place;
    place += size;
  }
  for (let k = 0; k < count; k += 1) {
    const key = keys[k]!;
    const bucket = first + ((key >>> shift) & MASK);
    const to = counts[bucket]!;
    counts[bucket] = to + 1;
    otherKeys[to] = key;
    other[to] = order[k]!;
  }
  sorter.order = other;
  sorter.other = order;
  sorter.keys = otherKeys;
  sorter.otherKeys = keys;
}

/**
 * Orders the finite ones of `size` values that begin at `from`; answers how many they are. Their
 * places, counted from `from`, are then `sorter.order[0 …]`, equal values by place, the values
 * themselves `sorter.sorted[0 …]`.
 */
export function sortValues(
  sorter: Sorter,
  values: Float64Array,
  from: number,
  size: number,
): number {
  const count = takeIn(sorter, values, from, size);
  for (let pass = 0; pass < PASSES; pass += 1) sortPass(sorter, pass, count);
  const { order, sorted } = sorter;
  for (let k = 0; k < count; k += 1) {
    const place = order[k]!;
    const value = values[from + place]!;
    let at = k - 1;
    for (; at >= 0; at -= 1) {
      const before = sorted[at]!;
      if (before < value || (before === value && order[at]! < place)) break;
      sorted[at + 1] = before;
      order[at + 1] = order[at]!;
    }
    sorted[at + 1] = value;
    order[at + 1] = place;
  }
  return count;
}

/** Shares of the values that are moved to the nearest quantile on each side. */
export const WINSOR_RATIO = 0.01;

/**
 * Percentile rank of each of `size` values that begin at `from`, into `ranks[0 …]`: values beyond
 * the 1 % and 99 % quantiles (linear interpolation) are moved onto them, equal values share the mean
 * of their ranks, the highest rank is 1. NaN where a value is not finite; those count for nothing.
 */
export function winsorizedRanks(
  sorter: Sorter,
  values: Float64Array,
  from: number,
  size: number,
  ranks: Float64Array,
): void {
  const count = sortValues(sorter, values, from, size);
  const { order, sorted } = sorter;
  const quantile = (ratio: number): number => {
    const position = (count - 1) * ratio;
    const below = Math.floor(position);
    const low = sorted[below]!;
    return low + (sorted[Math.min(below + 1, count - 1)]! - low) * (position - below);
  };
  if (count < size) ranks.fill(Number.NaN, 0, size);
  if (count === 0) return;
  const lowest = quantile(WINSOR_RATIO);
  const highest = quantile(1 - WINSOR_RATIO);
  for (let start = 0; start < count; ) {
    // all that lies beyond a quantile lies on it
    const value = Math.max(lowest, sorted[start]!);
    const isTop = value >= highest;
    let end = isTop ? count : start + 1;
    while (end < count && sorted[end]! <= value) end += 1;
    // ranks start + 1 … end, of which this is the mean
    const rank = (start + end + 1) / 2 / count;
    for (let k = start; k < end; k += 1) ranks[order[k]!] = rank;
    start = end;
  }
}
