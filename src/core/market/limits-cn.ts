import type { BoardCn } from './board-cn.ts';
import { boardOfCn, isFundBoard, isOldBseCode, priceOfTicksCn, priceTicksCn } from './board-cn.ts';
import type { CalendarTable } from './calendar.ts';
import { sessionOn } from './calendar.ts';
import type { InstrumentDayCn } from './instrument-day.ts';
import { limitPercentOn, listingRuleOf, OLD_BSE_CODES_UNTIL } from './rules-cn.ts';
import type { TradingDay } from './trading-day.ts';
import { addCalendarDays } from './trading-day.ts';

/** Why the limits of a day are not known. */
export type LimitsUnknown =
  | 'before_coverage'
  | 'bse_rounding'
  | 'code_retired'
  | 'code_unknown'
  | 'fund_limit'
  | 'listing_unknown'
  | 'previous_close_unknown'
  | 'status_unknown'
  | 'vendor_invalid';

/** Rule that gives the limits of one security on one day. */
export type LimitRuleCn =
  | {
      readonly kind: 'percent';
      readonly upPercent: number;
      readonly downPercent: number;
      readonly base: 'previous_close' | 'issue_price';
    }
  | { readonly kind: 'free'; readonly reason: 'delisting_period' | 'listing' | 'relisting' }
  | { readonly kind: 'unknown'; readonly reason: LimitsUnknown };

/** Limit prices of a day in yuan, that there are none, or that nothing is known. */
export type PriceLimitsCn =
  | {
      readonly kind: 'limits';
      readonly up: number;
      readonly down: number;
      readonly source: 'vendor' | 'formula';
      /** The formula knows an answer and it is another than the vendor's. */
      readonly isDisputed: boolean;
    }
  | { readonly kind: 'free'; readonly reason: 'delisting_period' | 'listing' | 'relisting' }
  | { readonly kind: 'unknown'; readonly reason: LimitsUnknown };

function unknown(reason: LimitsUnknown): {
  readonly kind: 'unknown';
  readonly reason: LimitsUnknown;
} {
  return { kind: 'unknown', reason };
}

/**
 * Rule for the limits of `facts`, by board, status and day. First days of a listing follow the
 * rule of the listing day. Missing facts and days before the tables are unknown.
 */
export function limitRuleOn(facts: InstrumentDayCn): LimitRuleCn {
  const { instrument, tradingDay, status, listedOn, listedForDays } = facts;
  const board = boardOfCn(instrument);
  if (board === null) return unknown('code_unknown');
  if (isOldBseCode(instrument) && tradingDay >= OLD_BSE_CODES_UNTIL) return unknown('code_retired');
  if (isFundBoard(board)) return unknown('fund_limit');
  const usual = limitPercentOn(board, status ?? 'normal', tradingDay);
  if (usual === null) return unknown('before_coverage');
  if (status === null) return unknown('status_unknown');
  if (facts.firstDayOf !== 'none') return { kind: 'free', reason: facts.firstDayOf };
  if (listedOn === null || listedForDays === null || listedForDays < 1) {
    return unknown('listing_unknown');
  }
  const listing = listingRuleOf(board, listedOn);
  if (listing === null && listedForDays === 1) return unknown('before_coverage');
  if (listing?.kind === 'free_days' && listedForDays <= listing.days) {
    return { kind: 'free', reason: 'listing' };
  }
  if (listing?.kind === 'first_day' && listedForDays === 1) {
    const { upPercent, downPercent } = listing;
    return { kind: 'percent', upPercent, downPercent, base: 'issue_price' };
  }
  return { kind: 'percent', upPercent: usual, downPercent: usual, base: 'previous_close' };
}

function halfUp(ticks: number, percent: number): number {
  return Math.floor((ticks * percent + 50) / 100);
}

/** On BSE it is not settled how a limit is rounded: only a figure that needs none is certain. */
function needsRounding(ticks: number, percent: number): boolean {
  return (ticks * percent) % 100 !== 0;
}

/**
 * Limit prices from `base` in yuan, in integers: base × (1 ± percent) rounded half up to the price
 * step; a limit that would equal the base moves one step, and never below one step. Null when the
 * base is no price on the grid.
 */
export function limitPricesFrom(
  base: number,
  upPercent: number,
  downPercent: number,
  board: BoardCn,
): { readonly up: number; readonly down: number } | null {
  const ticks = priceTicksCn(base, board);
  if (ticks === null) return null;
  const up = halfUp(ticks, 100 + upPercent);
  const down = halfUp(ticks, 100 - downPercent);
  return {
    up: priceOfTicksCn(up > ticks ? up : ticks + 1, board),
    down: priceOfTicksCn(Math.max(1, down < ticks ? down : ticks - 1), board),
  };
}

function limitsByFormula(facts: InstrumentDayCn, board: BoardCn): PriceLimitsCn {
  const rule = limitRuleOn(facts);
  if (rule.kind !== 'percent') return rule;
  const ticks = facts.previousClose === null ? null : priceTicksCn(facts.previousClose, board);
  if (ticks === null) return unknown('previous_close_unknown');
  const { upPercent, downPercent } = rule;
  const isDoubtful =
    board === 'bse' &&
    (needsRounding(ticks, 100 + upPercent) || needsRounding(ticks, 100 - downPercent));
  if (isDoubtful) return unknown('bse_rounding');
  const prices = limitPricesFrom(priceOfTicksCn(ticks, board), upPercent, downPercent, board);
  if (prices === null) return unknown('previous_close_unknown');
  return { kind: 'limits', ...prices, source: 'formula', isDisputed: false };
}

/**
 * Limit prices of the day. The vendor's figures are taken where given, with the formula as a
 * check: `isDisputed` says that the formula knows better. Figures that are no prices on the grid,
 * or that do not enclose the previous close, are unknown rather than replaced.
 */
export function limitsOn(facts: InstrumentDayCn): PriceLimitsCn {
  const board = boardOfCn(facts.instrument);
  if (board === null) return unknown('code_unknown');
  const formula = limitsByFormula(facts, board);
  const { vendorLimits, previousClose } = facts;
  if (vendorLimits === null) return formula;
  const { up, down } = vendorLimits;
  const isOnGrid = priceTicksCn(up, board) !== null && priceTicksCn(down, board) !== null;
  const isAround = previousClose === null || (down <= previousClose && previousClose <= up);
  if (!isOnGrid || !isAround || down >= up) return unknown('vendor_invalid');
  const isDisputed =
    formula.kind === 'free' ||
    (formula.kind === 'limits' && (formula.up !== up || formula.down !== down));
  return { kind: 'limits', up, down, source: 'vendor', isDisputed };
}

/**
 * Trading days from `listedOn` through `day`, both counted, but at most `enough` (a longer listing
 * makes no difference). Null when the calendar does not reach far enough to say, or `day` is
 * before the listing or no trading day.
 */
export function listedForDaysOn(
  calendar: CalendarTable,
  listedOn: TradingDay,
  day: TradingDay,
  enough = 60,
): number | null {
  if (listedOn > day || sessionOn(calendar, day).kind !== 'session') return null;
  const isOlder = listedOn < calendar.validFrom;
  let count = 0;
  for (
    let at = isOlder ? calendar.validFrom : listedOn;
    at <= day && count < enough;
    at = addCalendarDays(at, 1)
  ) {
    if (sessionOn(calendar, at).kind === 'session') count += 1;
  }
  return isOlder && count < enough ? null : count;
}
