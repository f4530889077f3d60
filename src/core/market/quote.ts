import type { InstrumentId } from './instrument.ts';

/** Best bid and ask at an instant. Prices per share, sizes in shares, `at` epoch milliseconds. */
export type Quote = {
  readonly instrument: InstrumentId;
  readonly bid: number;
  readonly ask: number;
  readonly bidSize: number;
  readonly askSize: number;
  readonly at: number;
};

/** Middle of bid and ask. */
export function mid(quote: Quote): number {
  return (quote.bid + quote.ask) / 2;
}

/**
 * Spread in basis points of the middle. A one-sided, crossed or non-finite quote has no usable
 * spread: the answer is Infinity, so every upper limit refuses it.
 */
export function spreadBps(quote: Quote): number {
  const usable = quote.bid > 0 && quote.ask >= quote.bid && Number.isFinite(quote.ask);
  if (!usable) return Number.POSITIVE_INFINITY;
  return ((quote.ask - quote.bid) / mid(quote)) * 10_000;
}
