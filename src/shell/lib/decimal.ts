/** A decimal number as brokers write it in a string: no exponent, no sign but minus. */
export const DECIMAL = /^-?\d{1,15}(\.\d{1,12})?$/;

/**
 * Whole minor units (cents) of a decimal amount, exact to the digit; parts of a cent are rounded half
 * away from zero. The text must match DECIMAL.
 */
export function minorOfDecimal(text: string): number {
  const isNegative = text.startsWith('-');
  const [whole = '0', part = ''] = (isNegative ? text.slice(1) : text).split('.');
  const cents = Number(whole) * 100 + Number(part.padEnd(2, '0').slice(0, 2));
  const minor = Number(part[2] ?? '0') >= 5 ? cents + 1 : cents;
  return isNegative && minor !== 0 ? -minor : minor;
}

const UNITS = 10_000;

/**
 * A price as a decimal text with two places from 1 on and four below; null when it is no positive
 * number on that grid, because a broker would refuse it.
 */
export function decimalOfPrice(price: number): string | null {
  if (!Number.isFinite(price) || price <= 0) return null;
  const units = Math.round(price * UNITS);
  if (!Number.isSafeInteger(units) || units === 0) return null;
  if (Math.abs(units / UNITS - price) > 1e-9 * Math.max(1, price)) return null;
  const places = price >= 1 ? 2 : 4;
  if (places === 2 && units % 100 !== 0) return null;
  const whole = Math.floor(units / UNITS);
  const part = String(units % UNITS).padStart(4, '0');
  return `${whole}.${part.slice(0, places)}`;
}
