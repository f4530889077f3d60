import type { InstrumentId } from './instrument.ts';
import type { TradingDay } from './trading-day.ts';

/*
 * What is recorded of the Chinese market, one row each, in shares and yuan whatever unit the source
 * uses. Null is "the source does not say".
 */

/** A day of one share, fund or index. Volume in shares; of an index, of its members. */
export type DailyBarCn = {
  readonly instrument: InstrumentId;
  readonly day: TradingDay;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Official previous close as the row implies it (close − change); null when it does not. */
  readonly previousClose: number | null;
  readonly volume: number;
  readonly amount: number | null;
};

/** A closed bar within a day; `openedAt`, `closedAt` epoch milliseconds, usable from `closedAt` on. */
export type MinuteBarCn = {
  readonly instrument: InstrumentId;
  readonly openedAt: number;
  readonly closedAt: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly amount: number | null;
};

/** Stocks at the upper limit, at the lower one, and thrown back from the upper one (炸板). */
export type PoolKindCn = 'limit_up' | 'limit_down' | 'broken';

/** One stock of a pool. Instants are epoch milliseconds of the pool's day. */
export type PoolRowCn = {
  readonly instrument: InstrumentId;
  readonly name: string | null;
  readonly price: number | null;
  readonly amount: number | null;
  readonly firstSealedAt: number | null;
  readonly lastSealedAt: number | null;
  /** How often the seal broke. */
  readonly openCount: number | null;
  /** Limit-ups in a row, today included. */
  readonly boardsInRow: number | null;
  /** Money queueing at the limit, yuan. */
  readonly sealedAmount: number | null;
  readonly sector: string | null;
};

/**
 * A pool as delivered. `statedDay` is the day the answer itself names (`qdate`), which is not
 * always the day that was asked for; null when it names none. ST and STAR are left out by the
 * publisher of these pools.
 */
export type LimitPoolCn = {
  readonly kind: PoolKindCn;
  readonly day: TradingDay;
  readonly statedDay: TradingDay | null;
  readonly rows: readonly PoolRowCn[];
};

/** Margin trading of one exchange on one day, yuan. Published the next morning. */
export type MarginDayCn = {
  readonly exchange: 'SSE' | 'SZSE' | 'BSE';
  readonly day: TradingDay;
  /** Balance of financing (融资余额, rzye). */
  readonly balance: number | null;
  /** Bought on margin that day (rzmre). */
  readonly bought: number | null;
  /** Repaid that day (rzche); not every source publishes it. */
  readonly repaid: number | null;
  /** Value of shares lent (rqye). */
  readonly lent: number | null;
};

/** A board of stocks and its members. */
export type SectorCn = {
  /** The publisher's code, e.g. `BK0475`; the name where it has none. */
  readonly code: string;
  readonly name: string;
  readonly members: readonly InstrumentId[];
};

/** A listed share. */
export type SecurityCn = {
  readonly instrument: InstrumentId;
  readonly name: string;
  readonly listedOn: TradingDay | null;
  readonly delistedOn: TradingDay | null;
};

/** Terms of an ex-date per share held; cash in yuan before tax. */
export type CorporateActionCn = {
  readonly instrument: InstrumentId;
  readonly exDate: TradingDay;
  readonly recordDate: TradingDay | null;
  readonly cashPerShare: number;
  /** Bonus and transferred shares (10 送转 5 is 0.5). */
  readonly newSharesPerShare: number;
  /** Rights offered (10 配 3 is 0.3) and their price, where the source tells of them. */
  readonly rightsPerShare?: number;
  readonly rightsPrice?: number;
};

/** Adjustment factor of one share on one day: a step in it is an ex-date. */
export type AdjustmentCn = {
  readonly instrument: InstrumentId;
  readonly day: TradingDay;
  readonly factor: number;
};

/** A suspension on one day. `timing` is the publisher's text; null: the whole day. */
export type SuspensionCn = {
  readonly instrument: InstrumentId;
  readonly day: TradingDay;
  readonly timing: string | null;
};

/** Limit prices of one share on one day, known before the open. */
export type PriceLimitCn = {
  readonly instrument: InstrumentId;
  readonly day: TradingDay;
  readonly previousClose: number | null;
  readonly up: number;
  readonly down: number;
};
