/*
 * Windows over one series. A window of k is put together from windows of 1, 2, 4, 8 …, each the sum
 * of two of half its length: a few additions a day instead of k, in an order that depends on the
 * window alone. So a figure is the same to the last bit wherever the series begins, which a sum
 * that slides along does not give, and a NaN spoils exactly the windows it lies in.
 */

/**
 * Room for the windows of series of `days` days; not shared between nested calls. `from` is the first day
 * whose windows anybody reads: what stands in `out` before it is nothing.
 */
export type WindowRoom = { readonly level: Float64Array; readonly from: number };

export function createWindowRoom(days: number, from = 0): WindowRoom {
  return { level: new Float64Array(days), from };
}

/** Up to so many days are put together one by one, which is less than every day on the way to them. */
const FEW_DAYS = 4;

/** Sum of `size` values, a power of two, that end with day d; halves are added, the later one first. */
function halvedSum(level: Float64Array, series: Float64Array, d: number, size: number): number {
  for (let k = 0; k < size; k += 1) level[k] = series[d - k]!;
  for (let step = 1; step < size; step *= 2)
    for (let k = 0; k < size; k += 2 * step) level[k] = level[k]! + level[k + step]!;
  return level[0]!;
}

/** The window of one day, put together as those of all days are, to the last bit. */
function sumOn(level: Float64Array, series: Float64Array, d: number, length: number): number {
  if (d < length - 1) return Number.NaN;
  let covered = 0;
  let sum = 0;
  for (let size = 1; size <= length; size *= 2) {
    if ((length & size) === 0) continue;
    const part = halvedSum(level, series, d - covered, size);
    sum = covered === 0 ? part : sum + part;
    covered += size;
  }
  return sum;
}

/**
 * Sum of each `length` days ending with day d into `out[d]`; NaN for the first `length - 1` days and
 * wherever the window holds a NaN. `out` is not `series`.
 */
export function windowSums(
  room: WindowRoom,
  series: Float64Array,
  length: number,
  out: Float64Array,
): void {
  const { level, from } = room;
  const days = series.length;
  if (days - from <= FEW_DAYS) {
    for (let d = from; d < days; d += 1) out[d] = sumOn(level, series, d, length);
    return;
  }
  level.set(series);
  let covered = 0;
  for (let size = 1; size <= length; size *= 2) {
    if ((length & size) !== 0) {
      if (covered === 0) out.set(level);
      else for (let d = days - 1; d >= covered; d -= 1) out[d] = out[d]! + level[d - covered]!;
      covered += size;
    }
    if (size * 2 <= length) {
      for (let d = days - 1; d >= size; d -= 1) level[d] = level[d]! + level[d - size]!;
    }
  }
  out.fill(Number.NaN, 0, Math.min(days, length - 1));
}

/** Highest of each `length` days ending with day d; NaN as {@link windowSums}. */
export function windowHighs(
  room: WindowRoom,
  series: Float64Array,
  length: number,
  out: Float64Array,
): void {
  extremes(room, series, length, 1, out);
}

/** Lowest of each `length` days ending with day d; NaN as {@link windowSums}. */
export function windowLows(
  room: WindowRoom,
  series: Float64Array,
  length: number,
  out: Float64Array,
): void {
  extremes(room, series, length, -1, out);
}

/** The highest of one day's window, of lows the lowest turned round. */
function extremeOn(series: Float64Array, d: number, length: number, sign: number): number {
  if (d < length - 1) return Number.NaN;
  let most = series[d]! * sign;
  for (let k = 1; k < length; k += 1) most = Math.max(most, series[d - k]! * sign);
  return most * sign;
}

function extremes(
  { level, from }: WindowRoom,
  series: Float64Array,
  length: number,
  sign: number,
  out: Float64Array,
): void {
  const days = series.length;
  if (days - from <= FEW_DAYS) {
    for (let d = from; d < days; d += 1) out[d] = extremeOn(series, d, length, sign);
    return;
  }
  for (let d = 0; d < days; d += 1) level[d] = series[d]! * sign;
  let size = 1;
  for (; size * 2 <= length; size *= 2) {
    for (let d = days - 1; d >= size; d -= 1) level[d] = Math.max(level[d]!, level[d - size]!);
  }
  // two windows of `size` that overlap cover the whole one
  const back = length - size;
  for (let d = days - 1; d >= back; d -= 1) out[d] = Math.max(level[d]!, level[d - back]!) * sign;
  out.fill(Number.NaN, 0, Math.min(days, length - 1));
}
