import { invariant } from './assert.ts';

/** Arithmetic mean; null for an empty list. */
export function mean(values: ArrayLike<number>): number | null {
  if (values.length === 0) return null;
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += values[i]!;
  return sum / values.length;
}

/** Median of a list, the mean of the middle two for an even count; null for an empty list. */
export function median(values: ArrayLike<number>): number | null {
  return quantile(values, 0.5);
}

/**
 * Quantile `q` in [0, 1] with linear interpolation between the neighbouring ranks (type 7 of
 * Hyndman and Fan 1996, the default of R); null for an empty list.
 */
export function quantile(values: ArrayLike<number>, q: number): number | null {
  invariant(q >= 0 && q <= 1, `quantile: found ${q}, expected a fraction in [0, 1]`);
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}

/**
 * Pearson correlation of two series of equal length, in [-1, 1]; null below two values, for lengths that
 * differ, and where one of them does not move or is not finite.
 */
export function correlation(a: readonly number[], b: readonly number[]): number | null {
  if (a.length !== b.length || a.length < 2) return null;
  const meanA = mean(a) ?? 0;
  const meanB = mean(b) ?? 0;
  let both = 0;
  let ofA = 0;
  let ofB = 0;
  for (let i = 0; i < a.length; i += 1) {
    const x = a[i]! - meanA;
    const y = b[i]! - meanB;
    both += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  const found = both / Math.sqrt(ofA * ofB);
  return Number.isFinite(found) ? Math.min(1, Math.max(-1, found)) : null;
}

/**
 * `now` over `before` less 1, to nine decimals: a price 1.5 % away is 0.015 and not a hair beside it,
 * so that a threshold means what its file says. NaN when one of them is not known or `before` is 0.
 */
export function relativeChange(now: number, before: number): number {
  const change = now / before - 1;
  return Number.isFinite(change) ? Math.round(change * 1e9) / 1e9 : Number.NaN;
}
