import { type BoardCn, priceOfTicksCn, priceTicksCn } from './board-cn.ts';
import { priceCageCn } from './cage-cn.ts';
import type { InstrumentDayCn } from './instrument-day.ts';
import { limitsOn } from './limits-cn.ts';
import type { PhaseCn } from './phases-cn.ts';
import type { Quote } from './quote.ts';
import { sealOfCn } from './seal-cn.ts';
import type { TradingDay } from './trading-day.ts';

/** What the price of a sale follows from. `attempt` counts from 1; null for what is not known. */
export type ExitPriceFacts = {
  readonly board: BoardCn;
  readonly tradingDay: TradingDay;
  readonly phase: PhaseCn;
  readonly facts: InstrumentDayCn | null;
  readonly quote: Quote | null;
  readonly attempt: number;
};

/** Limit price of a sale in yuan, and whether another try at a lower one makes sense. */
export type ExitPrice = {
  readonly limitPrice: number | null;
  readonly why: 'bid_less_5_ticks' | 'cage_floor' | 'limit_down' | 'unknown';
  readonly isRepriced: boolean;
};

/** Price steps below the best bid that a first try gives away. Source: the kill rules of the desk. */
const TICKS_BELOW_BID = 5;
/** Tries before the cage's floor is taken. */
const TRIES_AT_BID = 3;

/**
 * The price a protective sale carries so that it can fill: max(lower cage, best bid − 5 ticks) for
 * the first three tries, then the cage's floor, never below limit-down. In an auction, and when the
 * board is sealed at limit-down, the order is put at limit-down and stays in the queue. Without a bid
 * (9:30, before the first quote) it is the floor of the cage around the ask or the previous close.
 * `unknown` (null) when nothing is known: a sale is then sent at the market rather than held.
 */
export function exitPriceCn(input: ExitPriceFacts): ExitPrice {
  const { board, tradingDay, phase, facts, quote, attempt } = input;
  const limits = facts === null ? null : limitsOn(facts);
  const down = limits?.kind === 'limits' ? limits.down : null;
  const isAuction = phase !== 'continuous';
  const isSealed = limits !== null && sealOfCn(quote, limits) === 'down';
  if ((isAuction || isSealed) && down !== null)
    return { limitPrice: down, why: 'limit_down', isRepriced: false };
  const previousClose = facts?.previousClose ?? null;
  const cage = priceCageCn(board, tradingDay, { quote, lastPrice: null, previousClose });
  const least = cage.kind === 'cage' ? priceTicksCn(cage.sellLeast, board) : null;
  const floor = Math.max(1, least ?? 1, down === null ? 1 : (priceTicksCn(down, board) ?? 1));
  const isLast = attempt > TRIES_AT_BID;
  const atFloor = {
    limitPrice: priceOfTicksCn(floor, board),
    why: 'cage_floor',
    isRepriced: !isLast,
  } as const;
  const bid = quote !== null && quote.bid > 0 ? priceTicksCn(quote.bid, board) : null;
  if (bid === null) {
    // limit-down lies outside the cage in continuous trading and would be refused
    if (least !== null) return atFloor;
    return { limitPrice: down, why: down === null ? 'unknown' : 'limit_down', isRepriced: false };
  }
  if (isLast && least !== null) return atFloor;
  return {
    limitPrice: priceOfTicksCn(Math.max(floor, bid - TICKS_BELOW_BID), board),
    why: isLast ? 'cage_floor' : 'bid_less_5_ticks',
    isRepriced: !isLast,
  };
}
