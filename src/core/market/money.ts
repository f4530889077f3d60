import { invariant } from '#core/lib/assert.ts';

/**
 * Money is an integer number of minor units (cents, fen) in a plain number; fields end in `Minor`.
 * Every operation proves that it stayed a safe integer. Nothing here formats.
 */
const PRICE_UNITS = 10_000;

/** `amount`, proven to be a safe integer; `place` names the figure in the error. */
export function minor(amount: number, place: string): number {
  if (!Number.isSafeInteger(amount)) {
    invariant(false, `${place}: found ${amount}, expected whole minor units in the safe range`);
  }
  return amount === 0 ? 0 : amount;
}

/** Price in whole 1e-4 units of the currency, rounded half up; the finest step money is made from. */
export function priceUnits(price: number): number {
  const units = Math.round(price * PRICE_UNITS);
  invariant(Number.isSafeInteger(units), `price: found ${price}, expected a number within range`);
  return units;
}

/**
 * Price × quantity in minor units, rounded half up (toward plus infinity), exact in integers from
 * the price in 1e-4 units. `quantity` is a whole number of shares, negative for a short.
 */
export function notionalMinor(price: number, quantity: number): number {
  if (!Number.isSafeInteger(quantity)) {
    invariant(false, `quantity: found ${quantity}, expected a whole number of shares`);
  }
  const units = minor(priceUnits(price) * quantity, 'notional');
  return minor(Math.floor((units + 50) / 100), 'notional');
}

/** Sum of two amounts. */
export function addMinor(a: number, b: number): number {
  return minor(minor(a, 'amount') + minor(b, 'amount'), 'sum');
}

/** First amount less the second. */
export function subtractMinor(a: number, b: number): number {
  return minor(minor(a, 'amount') - minor(b, 'amount'), 'difference');
}

/** Sum of a list of amounts; 0 for none. */
export function sumMinor(amounts: readonly number[]): number {
  let total = 0;
  for (const amount of amounts) total = addMinor(total, amount);
  return total;
}

/** Amount × ratio, rounded half up to a whole minor unit. The ratio is a fraction (0.005 = 0.5 %). */
export function scaleMinor(amount: number, ratio: number): number {
  return minor(Math.round(minor(amount, 'amount') * ratio), 'scaled amount');
}
