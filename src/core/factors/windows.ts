/*
 * Windows over one series. A window of k is put together from windows of 1, 2, 4, 8 …, each the sum
 * of two of half its length: a few additions a day instead of k, in an order that depends on the
 * window alone. So a figure is the same to the last bit wherever the series begins, which a sum
 * that slides along does not give, and a NaN spoils exactly the windows it lies in.
 */

/** Room for the windows of series of `days` days; not shared between nested calls. */
export type WindowRoom = { readonly level: Float64Array };

export function createWindowRoom(days: number): WindowRoom {
  return { level: new Float64Array(days) };
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
  const { level } = room;
  const days = series.length;
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

function extremes(
  { level }: WindowRoom,
  series: Float64Array,
  length: number,
  sign: number,
  out: Float64Array,
): void {
  const days = series.length;
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
