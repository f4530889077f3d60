import type { Operator, Speed } from '#app/start-options.ts';
import { parseInstrumentId } from '#core/market/instrument.ts';
import { isTradingDayText } from '#core/market/trading-day.ts';
import { UsageError } from './exit-code.ts';

const OPERATORS: readonly Operator[] = ['terminal', 'confirm', 'skip', 'silent', 'random'];
const LARGEST_SEED = 4_294_967_295;

function refuse(place: string, found: string, expected: string): never {
  throw new UsageError(`${place}: found "${found}", expected ${expected}`);
}

/** `A,B` and repeated options alike. */
export function collectList(value: string, before: readonly string[] = []): string[] {
  const items = value.split(',').map((item) => item.trim());
  return [...before, ...items.filter((item) => item !== '')];
}

export function parseDay(value: string, place: string): string {
  return isTradingDayText(value) ? value : refuse(place, value, 'a date YYYY-MM-DD');
}

/** `FROM` or `FROM..TO`. */
export function parseDays(value: string, place = '--replay'): { from: string; to: string } {
  const [from = '', to = from, rest] = value.split('..');
  const isRange = isTradingDayText(from) && isTradingDayText(to) && rest === undefined;
  if (!isRange) refuse(place, value, 'YYYY-MM-DD or YYYY-MM-DD..YYYY-MM-DD');
  if (from > to) refuse(place, value, 'a first day that is not after the last');
  return { from, to };
}

export function parseSpeed(value: string): Speed {
  if (value === 'realtime' || value === 'max') return value;
  const factor = Number(value);
  const isUsable = /^\d+(\.\d+)?$/.test(value) && factor >= 0.1 && factor <= 100_000;
  return isUsable
    ? factor
    : refuse('--speed', value, 'realtime, max or a factor from 0.1 to 100000');
}

export function parseOperator(value: string): Operator {
  const operator = OPERATORS.find((known) => known === value);
  return operator ?? refuse('--operator', value, `one of ${OPERATORS.join(', ')}`);
}

export function parseSeed(value: string): number {
  const seed = Number(value);
  const isUsable = /^\d{1,10}$/.test(value) && seed <= LARGEST_SEED;
  return isUsable ? seed : refuse('--seed', value, `a whole number up to ${LARGEST_SEED}`);
}

export function parseCount(value: string, place: string, least: number, most: number): number {
  const count = Number(value);
  const isUsable = /^\d{1,6}$/.test(value) && count >= least && count <= most;
  return isUsable ? count : refuse(place, value, `a whole number from ${least} to ${most}`);
}

export function parseOneOf<const T extends string>(
  place: string,
  value: string,
  known: readonly T[],
): T {
  return (
    known.find((entry) => entry === value) ?? refuse(place, value, `one of ${known.join(', ')}`)
  );
}

/** An instant with its zone: `2026-11-20T09:45-05:00`, `…Z` or `…[America/New_York]`. */
export function parseInstant(value: string, place: string): number {
  try {
    if (/\[.+\]$/.test(value)) return Temporal.ZonedDateTime.from(value).epochMilliseconds;
    return Temporal.Instant.from(value).epochMilliseconds;
  } catch {
    return refuse(place, value, 'an instant with its zone, as 2026-11-20T09:45-05:00');
  }
}

/** `time=date,open=o` as an object. */
export function parsePairs(items: readonly string[], place: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const item of items) {
    const [key = '', value = '', rest] = item.split('=');
    if (key === '' || value === '' || rest !== undefined) refuse(place, item, 'name=column');
    pairs[key] = value;
  }
  return pairs;
}

/** Symbols of a market as ids. */
export function instrumentOf(symbol: string, market: 'US' | 'CN', place: string) {
  const text = market === 'US' && !symbol.endsWith('.US') ? `${symbol}.US` : symbol;
  const id = parseInstrumentId(text);
  const expected = market === 'US' ? 'a symbol such as SPY' : 'a symbol such as 600519.SH';
  return id ?? refuse(place, symbol, expected);
}

/** Units of money in files: yuan, thousands, 万 and 亿. */
export const MONEY = ['yuan', 'thousand', 'wan', 'yi'] as const;
export const VOLUME = ['shares', 'lots'] as const;
