import type { ReadCharge } from './account-reading.ts';

/**
 * The part of a difference of cash that charges explain which were not known before, in minor units; null
 * when they do not. The newest ones are tried first and alone: an older one may have been taken over already,
 * within the tolerance or by a person. 0 when the sides agree as they are.
 *
 * @param differenceMinor cash of the broker less that of the book
 * @param known ids of the charges of the last reading
 */
export function explainedBy(
  charges: readonly ReadCharge[],
  known: readonly string[],
  differenceMinor: number,
  toleranceMinor: number,
): number | null {
  if (Math.abs(differenceMinor) <= toleranceMinor) return 0;
  const old = new Set(known);
  const news = charges
    .filter(({ chargeId }) => !old.has(chargeId))
    .toSorted((a, b) => b.at - a.at || (a.chargeId < b.chargeId ? 1 : -1));
  let sum = 0;
  for (const { amountMinor } of news) {
    sum += amountMinor;
    if (Math.abs(differenceMinor - sum) <= toleranceMinor) return sum;
  }
  return null;
}
