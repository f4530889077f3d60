import type { InstrumentId } from '#core/market/instrument.ts';
import { instrumentOfSymbolCn } from '#core/market/symbol-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { isTradingDayText } from '#core/market/trading-day.ts';

/** Units a file's figures may be in, as the factor that makes shares and yuan of them. */
export const VOLUME_UNITS = { shares: 1, lots: 100 } as const;
export const MONEY_UNITS = { yuan: 1, thousand: 1_000, wan: 10_000, yi: 100_000_000 } as const;

export type VolumeUnit = keyof typeof VOLUME_UNITS;
export type MoneyUnit = keyof typeof MONEY_UNITS;

const DIGIT_0 = 48;
const DIGIT_9 = 57;
/** Texts that stand for "not known". */
const MISSING = new Set(['', '-', '--', 'null', 'none', 'nan', 'n/a']);

/** The number in a cell: NaN for what is none, null for a text that says "not known". */
export function numberIn(text: string | undefined): number | null {
  const first = text?.charCodeAt(0) ?? 0;
  // most cells begin with a digit and then are a number or none
  if (first >= DIGIT_0 && first <= DIGIT_9) return Number(text);
  const plain = (text ?? '').trim();
  if (MISSING.has(plain.toLowerCase())) return null;
  return Number(plain);
}

/** As {@link numberIn}, scaled; NaN and Infinity become NaN. */
export function scaledIn(text: string | undefined, factor: number): number | null {
  const value = numberIn(text);
  if (value === null) return null;
  if (factor === 1) return Number.isFinite(value) ? value : Number.NaN;
  const product = value * factor;
  if (Number.isInteger(value) && Number.isSafeInteger(product)) return product;
  // 0.29 × 100 is 28.999…: figures are decimals of at most a few places
  return Number.isFinite(value) ? Number(product.toPrecision(15)) : Number.NaN;
}

/** The day in a cell, `YYYY-MM-DD`, `YYYYMMDD` or with a time behind it; null when it is none. */
export function dayIn(text: string | undefined): TradingDay | null {
  const plain = (text ?? '').trim();
  const match = /^(\d{4})[-/]?(\d{2})[-/]?(\d{2})(?![\d])/.exec(plain);
  if (match === null) return null;
  const day = `${match[1]}-${match[2]}-${match[3]}`;
  return isTradingDayText(day) ? day : null;
}

/** The id that a cell's symbol names; null when it names none. */
export function instrumentIn(text: string | undefined): InstrumentId | null {
  return instrumentOfSymbolCn(text ?? '');
}
