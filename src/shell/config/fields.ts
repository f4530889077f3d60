import { z } from 'zod';

/*
 * Field kinds of configuration files. Each says in words what it expects; that text is the end of
 * the one line an operator sees when a value does not fit, so it names the unit.
 */

function number(expected: string, min: number, max: number): z.ZodNumber {
  return z.number({ error: expected }).min(min, { error: expected }).max(max, { error: expected });
}

function whole(expected: string, min: number, max: number): z.ZodNumber {
  return z.int({ error: expected }).min(min, { error: expected }).max(max, { error: expected });
}

export function fraction(max: number, min = 0): z.ZodNumber {
  return number(`a fraction between ${min} and ${max}`, min, max);
}

export function bps(max: number): z.ZodNumber {
  return number(`basis points between 0 and ${max}`, 0, max);
}

/** A multiple of initial risk. */
export function multipleOfR(max: number, min = 0): z.ZodNumber {
  return number(`a multiple of R between ${min} and ${max}`, min, max);
}

/** A bare factor, e.g. of an ATR. */
export function factor(max: number): z.ZodNumber {
  return number(`a factor between 0 and ${max}`, 0, max);
}

export function count(max: number, min = 1): z.ZodNumber {
  return whole(`a whole number between ${min} and ${max}`, min, max);
}

export function seconds(max: number, min = 1): z.ZodNumber {
  return number(`seconds between ${min} and ${max}`, min, max);
}

export function minutes(max: number, min = 0): z.ZodNumber {
  return number(`minutes between ${min} and ${max}`, min, max);
}

/** Money in whole units of a currency; at most two decimals, so that it is exact in minor units. */
export function money(max: number, min = 0) {
  const expected = `an amount of money between ${min} and ${max} with at most two decimals`;
  return number(expected, min, max).refine(
    (value) => Math.abs(value * 100 - Math.round(value * 100)) < 1e-6,
    { error: expected },
  );
}

/** Money per share in whole units of a currency; finer than a minor unit is usual. */
export function amountPerShare(max: number): z.ZodNumber {
  return number(`an amount per share between 0 and ${max}`, 0, max);
}

/** What a service bills for a million of something, in whole units of a currency. */
export function pricePerMillion(max: number): z.ZodNumber {
  return number(`a price per million between 0 and ${max}`, 0, max);
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, { error: `one of ${values.join(', ')}` });
}

export function flag() {
  return z.boolean({ error: 'true or false' });
}

export function text(expected: string, pattern: RegExp) {
  return z.string({ error: expected }).regex(pattern, { error: expected });
}

export function name(what: string) {
  return text(`${what} in lower case letters, digits and hyphens`, /^[a-z][a-z0-9-]{0,39}$/);
}

export function wallTime() {
  return text('a wall time HH:MM in quotes', /^([01]\d|2[0-3]):[0-5]\d$/);
}

export function listOf<T extends z.ZodType>(item: T, expected: string, min = 1) {
  return z
    .array(item, { error: expected })
    .min(min, { error: expected })
    .refine((items) => new Set(items.map((entry) => JSON.stringify(entry))).size === items.length, {
      error: `${expected}, each once`,
    });
}

/** An object without other keys than these. */
export function section<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape);
}

export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
