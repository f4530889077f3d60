/** Suffix of an instrument id: the place it is listed. */
export type MarketSuffix = 'US' | 'SH' | 'SZ' | 'BJ';

/** Market whose rules, calendar and clock apply. */
export type Market = 'US' | 'CN';

/** Instrument id, symbol then place: `AAPL.US`, `600519.SH`. Symbols are upper case. */
export type InstrumentId = `${string}.${MarketSuffix}`;

const US_SYMBOL = /^[A-Z][A-Z0-9]{0,9}([.-][A-Z0-9]{1,3})?$/;
const CN_SYMBOL = /^\d{6}$/;

/**
 * The id in `text`, or null when it is none. Case is folded; the suffix is required, so `AAPL`
 * alone is refused rather than guessed. Chinese symbols are six digits.
 */
export function parseInstrumentId(text: string): InstrumentId | null {
  const upper = text.trim().toUpperCase();
  const dot = upper.lastIndexOf('.');
  if (dot < 1) return null;
  const symbol = upper.slice(0, dot);
  const suffix = upper.slice(dot + 1);
  if (suffix === 'US') return US_SYMBOL.test(symbol) ? `${symbol}.US` : null;
  if (suffix === 'SH' || suffix === 'SZ' || suffix === 'BJ') {
    return CN_SYMBOL.test(symbol) ? `${symbol}.${suffix}` : null;
  }
  return null;
}

/** Market of an id: `.US` is US, every other suffix is CN. */
export function marketOf(id: InstrumentId): Market {
  return id.endsWith('.US') ? 'US' : 'CN';
}

/** Symbol of an id without its suffix: `AAPL.US` → `AAPL`, `BRK.B.US` → `BRK.B`. */
export function symbolOf(id: InstrumentId): string {
  return id.slice(0, id.lastIndexOf('.'));
}
