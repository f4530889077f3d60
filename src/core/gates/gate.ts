import type { FigureNote } from '#core/indicators/figure.ts';

/** How a check compares its value with its threshold. */
export type CheckOperator = '<' | '<=' | '>' | '>=' | '==' | 'in' | 'not_in';

/**
 * One judged condition: `value operator threshold`. A missing value (null) never passes.
 * `unit` is the unit of both figures ('' when none), `source` where the value came from, `asOf`
 * the instant it is true for, `degraded` that the source was not the first choice.
 */
export type Check = {
  readonly name: string;
  readonly passed: boolean;
  readonly value: number | string | boolean | null;
  readonly operator: CheckOperator;
  readonly threshold: number | string | boolean | null;
  readonly unit: string;
  readonly source: string;
  readonly asOf: number;
  readonly degraded: boolean;
};

/** Rows of a gate that rest on degraded figures for one reason; a note of none: only that they do. */
export type DegradedRows = { readonly names: readonly string[]; readonly note: FigureNote | null };

/** What a check is made from; `passed` is computed. */
export type CheckInput = Omit<Check, 'passed' | 'degraded'> & { readonly degraded?: boolean };

function compare(
  value: number | string | boolean,
  operator: CheckOperator,
  threshold: number | string | boolean,
): boolean {
  switch (operator) {
    case '<':
      return value < threshold;
    case '<=':
      return value <= threshold;
    case '>':
      return value > threshold;
    case '>=':
      return value >= threshold;
    case '==':
      return value === threshold;
    case 'in':
      return String(threshold).split('|').includes(String(value));
    case 'not_in':
      return !String(threshold).split('|').includes(String(value));
  }
}

/**
 * A check with `passed` computed. Null on either side, NaN and values of different types fail.
 * For `in` and `not_in` the threshold is the list joined by `|`.
 */
export function checkOf(input: CheckInput): Check {
  const { value, operator, threshold } = input;
  const passed = passes(value, operator, threshold);
  return { ...input, passed, degraded: input.degraded ?? false };
}

/** Does `value operator threshold` hold? Null on either side, NaN and values of different types do not. */
export function passes(
  value: CheckInput['value'],
  operator: CheckOperator,
  threshold: CheckInput['threshold'],
): boolean {
  const usable =
    value !== null &&
    threshold !== null &&
    !Number.isNaN(value) &&
    !Number.isNaN(threshold) &&
    (operator === 'in' || operator === 'not_in' || typeof value === typeof threshold);
  return usable && compare(value, operator, threshold);
}

/** True when every check passed. An empty list has judged nothing: false. */
export function allPassed(checks: readonly Check[]): boolean {
  return checks.length > 0 && checks.every((check) => check.passed);
}
