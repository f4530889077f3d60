import type { InstrumentId } from './instrument.ts';
import type { TradingDay } from './trading-day.ts';

/** `st` is every name that carries ST, *ST, SST or S*ST; `delisting` the delisting period (退). */
export type ShareStatusCn = 'normal' | 'st' | 'delisting';

/**
 * What has to be known of one Chinese security on one trading day before it can be judged: dated
 * input, never derived from today. Null means unknown, and unknown never allows more.
 */
export type InstrumentDayCn = {
  readonly instrument: InstrumentId;
  readonly tradingDay: TradingDay;
  /**
   * Official previous close in yuan, adjusted for rights on an ex-day (not yesterday's raw close);
   * on the listing day the issue price.
   */
  readonly previousClose: number | null;
  readonly status: ShareStatusCn | null;
  readonly listedOn: TradingDay | null;
  /** Trading days since listing, the listing day being 1; a lower bound is enough above 5. */
  readonly listedForDays: number | null;
  /** `delisting_period` or `relisting` on the first day of either, else `none`. */
  readonly firstDayOf: 'none' | 'delisting_period' | 'relisting';
  /** Limit prices of the day as a vendor gives them; they outrank the formula. */
  readonly vendorLimits: { readonly up: number; readonly down: number } | null;
  /** Suspended for the whole day. */
  readonly isSuspended: boolean | null;
  /** Halts within the day as instants, `[fromAt, toAt)`. */
  readonly halts: readonly { readonly fromAt: number; readonly toAt: number }[];
  /** Bought today, sold today: funds of bonds, gold, money and foreign markets. */
  readonly isSameDaySale: boolean;
  /** Official close of the day, once known; after-hours trades have this price. */
  readonly closePrice: number | null;
};
