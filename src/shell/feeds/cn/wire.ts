import { boardOfCn } from '#core/market/board-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import { instantAt } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { isTradingDayText } from '#core/market/trading-day.ts';
import { FEED_CODES, feedError } from './source.ts';

/*
 * What answers of Chinese sources have in common: JSON that may be wrapped, numbers that may be text
 * or a dash, dates in eight digits, volumes in hands.
 */

export const ZONE = 'Asia/Shanghai';
/** Shares in a hand (手). */
export const HAND = 100;
/** Yuan in 万 and 亿. */
export const WAN = 10_000;
export const YI = 100_000_000;

const JSONP = /^\s*(?:\/\*.*?\*\/\s*)?[\w$.]+\s*[=(]\s*(?=[[{])/;
const EIGHT = /^(\d{4})-?(\d{2})-?(\d{2})/;

/** The beginning of a text for a message, on one line. */
export function shownText(text: string): string {
  return JSON.stringify(text.trim().slice(0, 40));
}

/** JSON of an answer, also behind `name(` … `)` or `name=`. Throws FeedError `unreadable`. */
export function parseWire(text: string, place: string): unknown {
  const head = JSONP.exec(text);
  const body = head === null ? text : text.slice(head[0].length).replace(/\)?\s*;?\s*$/, '');
  try {
    return JSON.parse(body);
  } catch {
    throw feedError(place, FEED_CODES.unreadable, shownText(text), 'JSON');
  }
}

/** Member of an object by a path; undefined where there is none. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}

/** The list at a path. Throws FeedError `shape_changed` when there is none. */
export function listAt(value: unknown, place: string, ...path: readonly string[]): unknown[] {
  const found = at(value, ...path);
  if (Array.isArray(found)) return found;
  const what = found === undefined ? 'nothing' : typeof found;
  throw feedError(place, FEED_CODES.shapeChanged, `${what} at ${path.join('.')}`, 'a list');
}

/** A number, or null for a dash, an empty text or null; NaN for anything else. */
export function numberOf(value: unknown): number | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return Number.NaN;
  const text = value.trim();
  if (text === '' || /^-+$/.test(text) || text === 'None') return null;
  return Number(text.replaceAll(',', ''));
}

/** As `numberOf`, and 0 is null too: a price that has not been made. */
export function priceOf(value: unknown): number | null {
  const number = numberOf(value);
  return number === 0 ? null : number;
}

/** A number times a factor; null stays null. */
export function timesOf(value: unknown, factor: number): number | null {
  const number = numberOf(value);
  return number === null ? null : number * factor;
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' && value.trim() !== '-'
    ? value.trim()
    : null;
}

/** Date of `20260402`, `2026-04-02…` or the number of either; null when it is none. */
export function dayOfText(value: unknown): TradingDay | null {
  const found = EIGHT.exec(String(value ?? ''));
  if (found === null) return null;
  const day = `${found[1]}-${found[2]}-${found[3]}`;
  return isTradingDayText(day) ? day : null;
}

/** `20260402` of a date. */
export function eightOf(day: TradingDay): string {
  return day.replaceAll('-', '');
}

const midnights = new Map<TradingDay, number>();

/** Instant of a wall time `HHMMSS` or `HH:MM[:SS]` on a day in Shanghai; null when it is none. */
export function instantOfText(day: TradingDay, time: string): number | null {
  const digits = time.replaceAll(':', '').padEnd(6, '0');
  if (!/^\d{6}$/.test(digits)) return null;
  const [hour, minute, second] = [0, 2, 4].map((from) => Number(digits.slice(from, from + 2)));
  if (hour! > 23 || minute! > 59 || second! > 59) return null;
  let midnight = midnights.get(day);
  if (midnight === undefined) {
    midnight = instantAt(day, '00:00', ZONE);
    midnights.set(day, midnight);
    if (midnights.size > 512) midnights.clear();
  }
  return midnight + ((hour! * 60 + minute!) * 60 + second!) * 1_000;
}

/**
 * Shares of a volume given in hands. Vendors give the volume of some boards in shares: where turnover
 * and the day's range prove that the number is shares already, it is taken for shares.
 */
export function sharesOfHands(
  instrument: InstrumentId,
  hands: number | null,
  quote: Pick<QuoteCn, 'amount' | 'high' | 'low'>,
): number | null {
  if (hands === null) return null;
  const { amount, high, low } = quote;
  // points of an index are no prices
  if (boardOfCn(instrument) === null) return hands * HAND;
  if (amount === null || high === null || low === null || !(hands > 0) || !(amount > 0)) {
    return hands * HAND;
  }
  const fits = (mean: number): boolean => mean >= low * 0.98 && mean <= high * 1.02;
  return !fits(amount / (hands * HAND)) && fits(amount / hands) ? hands : hands * HAND;
}
