import type { InstrumentId } from './instrument.ts';
import type { ShareStatusCn } from './instrument-day.ts';
import type { TradingDay } from './trading-day.ts';

/**
 * What a source shows of one Chinese security or index at one moment. Prices in yuan per share
 * (points for an index), `volume` in shares and `amount` in yuan since the open. Null is "the source
 * does not say"; a price that has not been made yet today (before the first auction) is null too.
 */
export type QuoteCn = {
  readonly instrument: InstrumentId;
  readonly name: string | null;
  readonly last: number | null;
  /** Official previous close, adjusted on an ex-date. */
  readonly previousClose: number | null;
  readonly open: number | null;
  readonly high: number | null;
  readonly low: number | null;
  readonly volume: number | null;
  readonly amount: number | null;
  /** Dated limit prices as the vendor states them. */
  readonly limitUp: number | null;
  readonly limitDown: number | null;
  /** Best prices; 0 when that side of the book is known to be empty. */
  readonly bid: number | null;
  readonly ask: number | null;
  /** Sizes at the best prices in shares. */
  readonly bidSize: number | null;
  readonly askSize: number | null;
  /** By the name; null when the source gives no name. */
  readonly status: ShareStatusCn | null;
  /** The quote's own instant, epoch milliseconds; null when the source stamps nothing. */
  readonly at: number | null;
};

/** One look at the whole market; stocks the source does not have are absent. */
export type MarketLookCn = {
  /** Shanghai date of the newest quote. */
  readonly tradingDay: TradingDay;
  readonly quotes: readonly QuoteCn[];
};

const RISK_WARNING = /^S?\*?ST/i;
/** Prefixes the exchanges put before a name: ex-rights, new, without limits, differing votes. */
const DAY_PREFIX = /^(XD|XR|DR|N|C|U|W|V)(?=[^A-Za-z]|\*?ST|S\*?ST)/;

/** A name as the exchange writes it with wide letters and blanks folded: `万  科Ａ` is `万科A`. */
export function plainNameCn(name: string): string {
  return name.normalize('NFKC').replaceAll(/\s+/g, '');
}

/**
 * Status that a name shows: `st` for ST, *ST, SST and S*ST (also behind XD, XR or DR), `delisting`
 * for names that begin or end with 退. The name of another day says nothing of today.
 */
export function shareStatusOf(name: string): ShareStatusCn {
  const plain = plainNameCn(name);
  if (plain.startsWith('退市') || plain.endsWith('退')) return 'delisting';
  return RISK_WARNING.test(plain.replace(DAY_PREFIX, '')) ? 'st' : 'normal';
}
