import type { BarColumns } from '#core/market/bar.ts';

/** Fewest days a profile is made from; below it the usual volume is unknown. */
export const PROFILE_MIN_DAYS = 5;
/** Most days a profile looks back. */
export const PROFILE_MAX_DAYS = 20;

/**
 * A figure for the minute that opens `minute` minutes after the open; NaN where too few days reach
 * that minute.
 */
export type MinuteFigure = (minute: number) => number;

/**
 * Usual volume per minute of the session, from earlier days of the same source. Figures are
 * computed when they are asked for: a backtest plans hundreds of minutes for each that is read.
 */
export type VolumeProfile = {
  /** Days it was made from. */
  readonly days: number;
  /** Median volume of a minute. */
  readonly usual: MinuteFigure;
  /** Median of the volume of the five minutes that end with a minute (fewer at the open). */
  readonly usual5m: MinuteFigure;
  /** Mean of the volume from the open through a minute. */
  readonly meanSoFar: MinuteFigure;
};

/** One earlier day: its bars and the instant its session opened. */
export type ProfileDay = { readonly bars: BarColumns; readonly openAt: number };

const MINUTE_MS = 60_000;

/** First row that opens at or after `at`. Bars mostly lie a minute apart: `guess` is tried first. */
function rowFrom(bars: BarColumns, at: number, guess: number): number {
  const { openedAt, length } = bars;
  if (guess < length && openedAt[guess]! === at) return guess;
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (openedAt[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * `sum` and the volume of one day from minute `from` through `through`: a minute without a bar
 * before the last bar counts 0 (nothing traded); NaN when the last bar within `minutes` lies before
 * `through` (not known: the day ended early or the data does).
 */
function addVolumes(
  day: ProfileDay,
  from: number,
  through: number,
  minutes: number,
  before: number,
): number {
  const { bars, openAt } = day;
  const endAt = openAt + minutes * MINUTE_MS;
  const last = rowFrom(bars, openAt + through * MINUTE_MS, through);
  if (last >= bars.length || bars.openedAt[last]! >= endAt) return Number.NaN;
  const untilAt = openAt + (through + 1) * MINUTE_MS;
  let sum = before;
  const first = rowFrom(bars, openAt + from * MINUTE_MS, from);
  // mostly the row of the last minute is there, and the next one lies behind it
  const isWhole = last + 1 >= bars.length || bars.openedAt[last + 1]! >= untilAt;
  if (isWhole && bars.openedAt[last]! < untilAt) {
    for (let i = first; i <= last; i += 1) sum += bars.volume[i]!;
    return sum;
  }
  for (let i = first; i < bars.length; i += 1) {
    if (bars.openedAt[i]! >= untilAt) break;
    sum += bars.volume[i]!;
  }
  return sum;
}

/** Volume of a day from its open through each minute as far as it was asked for. */
type SoFar = { openAt: number; minutes: number; sums: Float64Array; through: number };

/** A day is one of the earlier ones of twenty sessions: its sums are made once. */
const SO_FAR = new WeakMap<BarColumns, SoFar>();

/** Volume of one day from its open through a minute; NaN where {@link addVolumes} knows none. */
function volumeSoFar(day: ProfileDay, minute: number, minutes: number): number {
  const { bars, openAt } = day;
  let known = SO_FAR.get(bars);
  if (known === undefined || known.openAt !== openAt || known.minutes !== minutes) {
    known = { openAt, minutes, sums: new Float64Array(0), through: -1 };
    SO_FAR.set(bars, known);
  }
  if (minute >= known.sums.length) {
    const sums = new Float64Array(Math.min(minutes, Math.max(60, 2 * minute)));
    sums.set(known.sums.subarray(0, known.through + 1));
    known.sums = sums;
  }
  for (let m = known.through + 1; m <= minute; m += 1) {
    const before = m === 0 ? 0 : known.sums[m - 1]!;
    known.sums[m] = addVolumes(day, m, m, minutes, before);
    known.through = m;
  }
  return known.sums[minute]!;
}

/**
 * Median of the first `count` values, which are put in order in place: the same figure as `median`
 * of lib/stats.ts, without a list of its own for each minute that is asked for.
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

/**
 * Profile over at most the last {@link PROFILE_MAX_DAYS} of `days` (oldest first); null below
 * {@link PROFILE_MIN_DAYS}. Days must lie before the session the profile is for, and their bars
 * must not change.
 */
export function volumeProfileOf(
  days: readonly ProfileDay[],
  minutes: number,
): VolumeProfile | null {
  const used = days.slice(-PROFILE_MAX_DAYS);
  if (used.length < PROFILE_MIN_DAYS) return null;
  const known = new Float64Array(used.length);
  // asked again for each set of a sweep
  const usual5m = new Map<number, number>();
  /** Takes the days that reach minute `through` into `known`, oldest first, and counts them. */
  const take = (from: number, through: number): number => {
    if (!(through >= 0 && through < minutes)) return 0;
    let count = 0;
    for (const day of used) {
      const volume = addVolumes(day, from, through, minutes, 0);
      if (Number.isNaN(volume)) continue;
      known[count] = volume;
      count += 1;
    }
    return count;
  };
  const medianOver = (from: number, through: number): number => {
    const count = take(from, through);
    return count < PROFILE_MIN_DAYS ? Number.NaN : medianInPlace(known, count);
  };
  let meanMinute = -1;
  let mean = Number.NaN;
  return {
    days: used.length,
    usual: (minute) => medianOver(minute, minute),
    usual5m: (minute) => {
      const found = usual5m.get(minute) ?? medianOver(Math.max(0, minute - 4), minute);
      usual5m.set(minute, found);
      return found;
    },
    meanSoFar: (minute) => {
      if (!(minute >= 0 && minute < minutes)) return Number.NaN;
      if (minute === meanMinute) return mean;
      let count = 0;
      let total = 0;
      for (const day of used) {
        const sum = volumeSoFar(day, minute, minutes);
        if (Number.isNaN(sum)) continue;
        count += 1;
        total += sum;
      }
      meanMinute = minute;
      mean = count < PROFILE_MIN_DAYS ? Number.NaN : total / count;
      return mean;
    },
  };
}
