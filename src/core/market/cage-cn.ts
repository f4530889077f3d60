import type { BoardCn } from './board-cn.ts';
import { priceOfTicksCn, priceTicksCn } from './board-cn.ts';
import type { Quote } from './quote.ts';
import { cageRuleOn } from './rules-cn.ts';
import type { TradingDay } from './trading-day.ts';

/** Prices that limit orders of continuous trading keep to, in yuan. */
export type PriceCageCn =
  | { readonly kind: 'cage'; readonly buyMost: number; readonly sellLeast: number }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' };

/** What a reference price is taken from; null for what is not known. */
export type CageSightCn = {
  readonly quote: Quote | null;
  readonly lastPrice: number | null;
  readonly previousClose: number | null;
};

function usable(price: number | null | undefined, size = 1): number | null {
  return price !== null && price !== undefined && price > 0 && size > 0 ? price : null;
}

/**
 * Reference of the cage for one side: best opposite price, else best own, else the last trade,
 * else (no trade yet today) the previous close; null when none of them is known.
 */
export function cageReferenceCn(side: 'buy' | 'sell', sight: CageSightCn): number | null {
  const { quote } = sight;
  const ask = usable(quote?.ask, quote?.askSize);
  const bid = usable(quote?.bid, quote?.bidSize);
  const best = side === 'buy' ? (ask ?? bid) : (bid ?? ask);
  return best ?? usable(sight.lastPrice) ?? usable(sight.previousClose);
}

/**
 * Price cage of `board` on `tradingDay`: a purchase at most reference + 2 % (BSE 5 %), a sale at
 * least reference − 2 % (5 %), on the main boards and BSE never narrower than ten price steps. The
 * bounds are rounded to the inside of the cage, so an order within them is within the rule. Main
 * boards from 2023-04-10, ChiNext 2020-08-24, STAR 2019-07-22, BSE 2021-11-15; funds have none.
 */
export function priceCageCn(
  board: BoardCn,
  tradingDay: TradingDay,
  sight: CageSightCn,
): PriceCageCn {
  const rule = cageRuleOn(board, tradingDay);
  if (rule === null) return { kind: 'none' };
  const ticksOf = (side: 'buy' | 'sell') => {
    const reference = cageReferenceCn(side, sight);
    return reference === null ? null : priceTicksCn(reference, board);
  };
  const buy = ticksOf('buy');
  const sell = ticksOf('sell');
  if (buy === null || sell === null) return { kind: 'unknown' };
  const most = Math.max(Math.floor((buy * (100 + rule.percent)) / 100), buy + rule.leastTicks);
  const least = Math.min(Math.ceil((sell * (100 - rule.percent)) / 100), sell - rule.leastTicks);
  return {
    kind: 'cage',
    buyMost: priceOfTicksCn(most, board),
    sellLeast: priceOfTicksCn(Math.max(1, least), board),
  };
}
