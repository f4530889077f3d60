import type { BarColumns } from '#core/market/bar.ts';

/** Fewest days a profile is made from; below it the usual volume is unknown. */
export const PROFILE_MIN_DAYS = 5;
/** Most days a profile looks back. */
export const PROFILE_MAX_DAYS = 20;

/**
 * Usual volume per minute of the session, from earlier days of the same source. Index m is the
 * minute that opens m minutes after the open. NaN where too few days reach that minute.
 */
export type VolumeProfile = {
  /** Days it was made from. */
  readonly days: number;
  /** Median volume of minute m. */
  readonly usual: Float64Array;
  /** Median of the volume of the five minutes that end with minute m (fewer at the open). */
  readonly usual5m: Float64Array;
  /** Mean of the volume from the open through minute m. */
  readonly meanSoFar: Float64Array;
};

/** One earlier day: its bars and the instant its session opened. */
export type ProfileDay = { readonly bars: BarColumns; readonly openAt: number };

/**
 * Volume by minute of one day: 0 for a minute without a bar before the last bar (nothing traded),
 * NaN after the last bar (not known: the day ended early or the data does).
 */
function minutesOf(day: ProfileDay, minutes: number): Float64Array {
  const volumes = new Float64Array(minutes).fill(Number.NaN);
  let last = -1;
  for (let i = 0; i < day.bars.length; i += 1) {
    const minute = Math.floor((day.bars.openedAt[i]! - day.openAt) / 60_000);
    if (minute < 0 || minute >= minutes) continue;
    for (let m = last + 1; m <= minute; m += 1) volumes[m] = 0;
    volumes[minute] = volumes[minute]! + day.bars.volume[i]!;
    last = Math.max(last, minute);
  }
  return volumes;
}

/**
 * Median of the first `count` values, which are put in order in place: the same figure as
 * `median` of lib/stats.ts, without a list of its own for each minute of each day.
 */
function medianInPlace(values: Float64Array, count: number): number {
  for (let i = 1; i < count; i += 1) {
    const value = values[i]!;
    let k = i - 1;
    for (; k >= 0 && values[k]! > value; k -= 1) values[k + 1] = values[k]!;
    values[k + 1] = value;
  }
  const position = (count - 1) * 0.5;
  const below = Math.floor(position);
  const low = values[below]!;
  const high = values[Math.min(below + 1, count - 1)]!;
  return low + (high - low) * (position - below);
}

function sumOver(volumes: Float64Array, from: number, through: number): number {
  let sum = 0;
  for (let m = from; m <= through; m += 1) sum += volumes[m]!;
  return sum;
}

/**
 * Profile over at most the last {@link PROFILE_MAX_DAYS} of `days` (oldest first); null below
 * {@link PROFILE_MIN_DAYS}. Days must lie before the session the profile is for.
 */
export function volumeProfileOf(
  days: readonly ProfileDay[],
  minutes: number,
): VolumeProfile | null {
  const used = days.slice(-PROFILE_MAX_DAYS).map((day) => minutesOf(day, minutes));
  if (used.length < PROFILE_MIN_DAYS) return null;
  const usual = new Float64Array(minutes).fill(Number.NaN);
  const usual5m = new Float64Array(minutes).fill(Number.NaN);
  const meanSoFar = new Float64Array(minutes).fill(Number.NaN);
  const soFar = new Float64Array(used.length);
  const known = new Float64Array(used.length);
  const known5 = new Float64Array(used.length);
  for (let m = 0; m < minutes; m += 1) {
    let count = 0;
    let total = 0;
    for (let d = 0; d < used.length; d += 1) {
      const volume = used[d]![m]!;
      soFar[d] = soFar[d]! + volume;
      if (Number.isNaN(volume)) continue;
      known[count] = volume;
      known5[count] = sumOver(used[d]!, Math.max(0, m - 4), m);
      count += 1;
      total += soFar[d]!;
    }
    if (count < PROFILE_MIN_DAYS) continue;
    usual[m] = medianInPlace(known, count);
    usual5m[m] = medianInPlace(known5, count);
    meanSoFar[m] = total / count;
  }
  return { days: used.length, usual, usual5m, meanSoFar };
}
