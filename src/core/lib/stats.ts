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
 * `now` over `before` less 1, to nine decimals: a price 1.5 % away is 0.015 and not a hair beside it,
 * so that a threshold means what its file says. NaN when one of them is not known or `before` is 0.
 */
export function relativeChange(now: number, before: number): number {
  const change = now / before - 1;
  return Number.isFinite(change) ? Math.round(change * 1e9) / 1e9 : Number.NaN;
}
