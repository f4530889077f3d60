import type { BoardCn } from './board-cn.ts';
import type { Dated } from './dated.ts';
import { rowInForce } from './dated.ts';
import type { ShareStatusCn } from './instrument-day.ts';
import type { TradingDay } from './trading-day.ts';

/**
 * Dated tables of the Chinese exchanges. A day before the first row of a table has no answer; the
 * last row holds until another is added. The revision in force from 2026-07-06 is SSE 上证发〔2026〕
 * 41号, SZSE 深证上〔2026〕551号, BSE 北证公告〔2026〕17号.
 */
const REVISION_2026: TradingDay = '2026-07-06';
/** Registration-based listing on ChiNext, with limits of 20 %. */
const CHINEXT_REFORM: TradingDay = '2020-08-24';
/** First trading day of STAR. */
const STAR_FROM: TradingDay = '2019-07-22';
/** First trading day of the Beijing exchange. */
const BSE_FROM: TradingDay = '2021-11-15';
/** Registration-based listing on the main boards, and their price cage. */
const MAIN_REFORM: TradingDay = '2023-04-10';
/** Limits of 10 % exist since December 1996; the table begins with the first full year. */
const LIMITS_FROM: TradingDay = '1997-01-01';
/** First full month without the codes that BSE replaced in October 2025. */
export const OLD_BSE_CODES_UNTIL: TradingDay = '2025-11-01';

type LimitPercent = Readonly<Record<ShareStatusCn, number>>;

const MAIN_LIMITS: readonly Dated<LimitPercent>[] = [
  { from: LIMITS_FROM, normal: 10, st: 5, delisting: 10 },
  { from: REVISION_2026, normal: 10, st: 10, delisting: 10 },
];

/**
 * Limits in percent of the previous close by board and status. The limit of a fund follows its
 * index and not its code, so funds have no row: the vendor's figure or none.
 */
const LIMITS: Readonly<Record<BoardCn, readonly Dated<LimitPercent>[]>> = {
  sse_main: MAIN_LIMITS,
  szse_main: MAIN_LIMITS,
  chinext: [
    { from: '2009-10-30', normal: 10, st: 5, delisting: 10 },
    { from: CHINEXT_REFORM, normal: 20, st: 20, delisting: 20 },
  ],
  star: [{ from: STAR_FROM, normal: 20, st: 20, delisting: 20 }],
  bse: [{ from: BSE_FROM, normal: 30, st: 30, delisting: 30 }],
  sse_fund: [],
  szse_fund: [],
};

/** Limit in percent on `day`; null before the table and for funds. */
export function limitPercentOn(
  board: BoardCn,
  status: ShareStatusCn,
  day: TradingDay,
): number | null {
  return rowInForce(LIMITS[board], day)?.[status] ?? null;
}

/** How the first days of a listing are limited; percentages are of the issue price. */
export type ListingRuleCn =
  | { readonly kind: 'free_days'; readonly days: number }
  | { readonly kind: 'first_day'; readonly upPercent: number; readonly downPercent: number };

const MAIN_LISTINGS: readonly Dated<{ readonly rule: ListingRuleCn }>[] = [
  { from: '2013-12-13', rule: { kind: 'first_day', upPercent: 44, downPercent: 36 } },
  { from: MAIN_REFORM, rule: { kind: 'free_days', days: 5 } },
];

const LISTINGS: Readonly<Record<BoardCn, readonly Dated<{ readonly rule: ListingRuleCn }>[]>> = {
  sse_main: MAIN_LISTINGS,
  szse_main: MAIN_LISTINGS,
  chinext: [{ from: CHINEXT_REFORM, rule: { kind: 'free_days', days: 5 } }],
  star: [{ from: STAR_FROM, rule: { kind: 'free_days', days: 5 } }],
  bse: [{ from: BSE_FROM, rule: { kind: 'free_days', days: 1 } }],
  sse_fund: [],
  szse_fund: [],
};

/** Rule for the first days of a share listed on `listedOn`; null when the table does not know. */
export function listingRuleOf(board: BoardCn, listedOn: TradingDay): ListingRuleCn | null {
  return rowInForce(LISTINGS[board], listedOn)?.rule ?? null;
}

/** First day of the closing auction 14:57–15:00; before it, trading is continuous to the close. */
const CLOSING_AUCTION_FROM: Readonly<Record<BoardCn, TradingDay>> = {
  sse_main: '2018-08-20',
  szse_main: '2006-07-03',
  chinext: '2009-10-30',
  star: STAR_FROM,
  bse: BSE_FROM,
  sse_fund: REVISION_2026,
  szse_fund: '2006-07-03',
};

/** True when `board` closes by auction on `day`. */
export function hasClosingAuction(board: BoardCn, day: TradingDay): boolean {
  return day >= CLOSING_AUCTION_FROM[board];
}

/** First day of trading at the close's price, 15:05–15:30. For BSE sources disagree: none. */
const AFTER_HOURS_FROM: Readonly<Record<BoardCn, TradingDay | null>> = {
  sse_main: REVISION_2026,
  szse_main: REVISION_2026,
  chinext: CHINEXT_REFORM,
  star: STAR_FROM,
  bse: null,
  sse_fund: REVISION_2026,
  szse_fund: REVISION_2026,
};

/** True when `board` trades at the closing price after hours on `day`. */
export function hasAfterHours(board: BoardCn, day: TradingDay): boolean {
  const from = AFTER_HOURS_FROM[board];
  return from !== null && day >= from;
}

/** Quantities of an order in shares. */
export type LotRuleCn = {
  /** Least quantity of a purchase, and of a sale that is not the whole remainder. */
  readonly minimum: number;
  /** A purchase above the minimum goes up in these steps. */
  readonly step: number;
  readonly maximumLimit: number;
  readonly maximumMarket: number;
};

const HUNDREDS: LotRuleCn = {
  minimum: 100,
  step: 100,
  maximumLimit: 1_000_000,
  maximumMarket: 1_000_000,
};

const LOTS: Readonly<Record<BoardCn, readonly Dated<LotRuleCn>[]>> = {
  sse_main: [{ from: LIMITS_FROM, ...HUNDREDS }],
  szse_main: [{ from: LIMITS_FROM, ...HUNDREDS }],
  chinext: [
    { from: '2009-10-30', ...HUNDREDS },
    { from: CHINEXT_REFORM, ...HUNDREDS, maximumLimit: 300_000, maximumMarket: 150_000 },
  ],
  star: [{ from: STAR_FROM, minimum: 200, step: 1, maximumLimit: 100_000, maximumMarket: 50_000 }],
  bse: [{ from: BSE_FROM, ...HUNDREDS, step: 1 }],
  sse_fund: [{ from: '2005-01-01', ...HUNDREDS }],
  szse_fund: [{ from: '2005-01-01', ...HUNDREDS }],
};

/** Quantity rule of `board` on `day`; null before its table. */
export function lotRuleOn(board: BoardCn, day: TradingDay): LotRuleCn | null {
  return rowInForce(LOTS[board], day) ?? null;
}

/**
 * Most shares of one main-board ST stock that one investor may buy on a day, over all accounts
 * (risk-warning board rule of SSE and SZSE); null where there is no such cap.
 */
export function dailyBuyCapOn(board: BoardCn, status: ShareStatusCn): number | null {
  const isMain = board === 'sse_main' || board === 'szse_main';
  return isMain && status === 'st' ? 500_000 : null;
}

/** How far a limit price may be from the reference in continuous trading. */
export type CageRuleCn = {
  readonly percent: number;
  /** Least distance in price steps, whatever the percentage says; 0 for none. */
  readonly leastTicks: number;
};

const MAIN_CAGE: readonly Dated<CageRuleCn>[] = [{ from: MAIN_REFORM, percent: 2, leastTicks: 10 }];

const CAGES: Readonly<Record<BoardCn, readonly Dated<CageRuleCn>[]>> = {
  sse_main: MAIN_CAGE,
  szse_main: MAIN_CAGE,
  chinext: [{ from: CHINEXT_REFORM, percent: 2, leastTicks: 0 }],
  star: [{ from: STAR_FROM, percent: 2, leastTicks: 0 }],
  bse: [{ from: BSE_FROM, percent: 5, leastTicks: 10 }],
  sse_fund: [],
  szse_fund: [],
};

/** Price cage of `board` on `day`; null where there is none. */
export function cageRuleOn(board: BoardCn, day: TradingDay): CageRuleCn | null {
  return rowInForce(CAGES[board], day) ?? null;
}

/** First day the fee tables know. */
export const CN_FEES_FROM: TradingDay = '2015-08-01';

/** Rates in hundred-millionths of the turnover (1e-8), so that all of them are whole. */
type FeeRatesCn = { readonly stampSell: number; readonly transfer: number };

/** Stamp duty on sales: 0.1 % from 2008-09-19, halved on 2023-08-28 (MOF and STA notice 2023/39). */
const STAMP: readonly Dated<{ readonly rate: number }>[] = [
  { from: '2008-09-19', rate: 100_000 },
  { from: '2023-08-28', rate: 50_000 },
];

/**
 * Transfer fee, both sides: 0.002 % in Shanghai and Shenzhen from 2015-08-01, halved on
 * 2022-04-29 (ChinaClear notices); in Beijing a quarter more.
 */
const TRANSFER: readonly Dated<{ readonly main: number; readonly bse: number }>[] = [
  { from: CN_FEES_FROM, main: 2_000, bse: 2_500 },
  { from: '2022-04-29', main: 1_000, bse: 1_250 },
];

/** Taxes and fees by turnover in force on `day`, zero for funds; null before the tables. */
export function feeRatesOn(board: BoardCn, day: TradingDay): FeeRatesCn | null {
  if (board === 'sse_fund' || board === 'szse_fund') {
    return day < CN_FEES_FROM ? null : { stampSell: 0, transfer: 0 };
  }
  const stamp = rowInForce(STAMP, day);
  const transfer = rowInForce(TRANSFER, day);
  if (stamp === undefined || transfer === undefined) return null;
  return { stampSell: stamp.rate, transfer: board === 'bse' ? transfer.bse : transfer.main };
}
