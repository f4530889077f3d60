import type { BoardCn } from '#core/market/board-cn.ts';
import { listingOfCn, priceTicksCn } from '#core/market/board-cn.ts';
import { priceCageCn } from '#core/market/cage-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import { limitsOn } from '#core/market/limits-cn.ts';
import { judgeBuyQuantityCn, judgeSellQuantityCn } from '#core/market/lots-cn.ts';
import type { PhaseCn } from '#core/market/phases-cn.ts';
import { canSubmitCn } from '#core/market/phases-cn.ts';
import type { Quote } from '#core/market/quote.ts';
import { dailyBuyCapOn, hasAfterHours } from '#core/market/rules-cn.ts';
import type { Session } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Reason, ReasonCode } from './reason.ts';

/** Codes with which a Chinese exchange refuses an order or a cancel. */
export type RefusalCodeCn = Extract<
  ReasonCode,
  | 'after_hours_price'
  | 'bracket_unsupported'
  | 'cancel_window_shut'
  | 'extended_hours_unsupported'
  | 'facts_missing'
  | 'instrument_unsupported'
  | 'not_sellable_today'
  | 'order_type_unsupported'
  | 'order_window_shut'
  | 'outside_price_cage'
  | 'outside_price_limits'
  | 'price_missing'
  | 'price_not_on_tick'
  | 'quantity_not_in_lots'
  | 'quantity_out_of_range'
  | 'quantity_too_large'
  | 'suspended'
>;

/** Why not, with figures. */
export type RefusalCn = Reason & { readonly code: RefusalCodeCn };

function refuse(code: RefusalCodeCn, figures: Reason['figures'] = {}): RefusalCn {
  return { code, figures };
}

/** An order as far as a Chinese exchange judges it. */
export type OrderCn = {
  readonly instrument: InstrumentId;
  readonly side: 'buy' | 'sell';
  readonly type: 'limit' | 'market';
  readonly quantity: number;
  readonly limitPrice: number | null;
  /** For the trading at the close's price, 15:05–15:30. */
  readonly isAfterHours: boolean;
};

/** What is known when a Chinese order is judged. */
export type OrderSightCn = {
  readonly tradingDay: TradingDay;
  readonly at: number;
  /** null: there is no session; undefined: one that never closes, trading continuously. */
  readonly session: Session | null | undefined;
  /** Facts of the instrument on `tradingDay`; null when there are none. */
  readonly facts: InstrumentDayCn | null;
  readonly quote: Quote | null;
  readonly lastPrice: number | null;
  /** Shares held and not promised to another order, and those of them that T+1 lets go. */
  readonly held: number;
  readonly sellable: number;
  /** Shares bought today and on order, for the cap on ST shares. */
  readonly boughtToday: number;
};

type Case = {
  readonly order: OrderCn;
  readonly sight: OrderSightCn;
  readonly board: BoardCn;
  readonly phase: PhaseCn;
};

/**
 * Why a Chinese exchange would refuse an order; null when it would take it. A purchase that hangs
 * on a fact which is not known is refused (`facts_missing`); a sale is not, because a missing fact
 * must not keep anybody in a position. Broker's matters (cash) are judged elsewhere.
 */
export function refusalCn(order: OrderCn, sight: OrderSightCn): RefusalCn | null {
  const listing = listingOfCn(order.instrument);
  if (listing.kind === 'refused') {
    return refuse('instrument_unsupported', { found: order.instrument, because: listing.reason });
  }
  const { board } = listing;
  const { session, at } = sight;
  const window = judgeWindow(order, sight, board);
  if (window !== null) return window;
  const phase = session ? canSubmitCn(session, board, at).phase : 'continuous';
  const one = { order, sight, board, phase };
  return judgeQuantity(one) ?? judgePrice(one) ?? judgeFacts(one) ?? judgeCage(one);
}

function judgeWindow(order: OrderCn, sight: OrderSightCn, board: BoardCn): RefusalCn | null {
  const { session, at, tradingDay } = sight;
  if (session === null) return refuse('order_window_shut', { phase: 'closed' });
  if (order.isAfterHours && !hasAfterHours(board, tradingDay)) {
    return refuse('extended_hours_unsupported', { board });
  }
  if (order.isAfterHours && order.type === 'market') {
    return refuse('order_type_unsupported', { found: 'market', expected: 'limit' });
  }
  if (session === undefined) return null;
  const window = canSubmitCn(session, board, at);
  const { phase } = window;
  const isOverForDay = phase === 'after_close' || phase === 'after_hours';
  // Shanghai takes orders for after the close from 9:30 on, Shenzhen from 9:15.
  const isEarly = order.isAfterHours && at < session.openAt && !order.instrument.endsWith('.SZ');
  if (window.kind === 'shut' || isEarly || (isOverForDay && !order.isAfterHours)) {
    return refuse('order_window_shut', { phase });
  }
  if (order.type === 'market' && phase !== 'continuous') {
    return refuse('order_type_unsupported', { found: 'market', expected: 'limit', phase });
  }
  return null;
}

function judgeQuantity({ order, sight, board }: Case): RefusalCn | null {
  const { side, type, quantity } = order;
  const { tradingDay, held, sellable, facts, boughtToday } = sight;
  const query = { board, tradingDay, type, quantity };
  const because =
    side === 'buy' ? judgeBuyQuantityCn(query) : judgeSellQuantityCn({ ...query, sellable });
  if (because === 'insufficient_quantity') {
    return quantity <= held
      ? refuse('not_sellable_today', { quantity, sellable, held })
      : refuse('quantity_out_of_range', { quantity, held });
  }
  if (because === 'above_order_maximum') return refuse('quantity_too_large', { quantity, board });
  if (because === 'rules_unknown') return refuse('facts_missing', { missing: 'rules', board });
  if (because !== null) return refuse('quantity_not_in_lots', { quantity, because, board });
  const cap = side === 'buy' && facts?.status ? dailyBuyCapOn(board, facts.status) : null;
  if (cap !== null && boughtToday + quantity > cap) {
    return refuse('quantity_too_large', { quantity, boughtToday, dailyCap: cap });
  }
  return null;
}

function judgePrice({ order, board }: Case): RefusalCn | null {
  const { type, limitPrice } = order;
  if (type === 'market') return null;
  if (limitPrice === null) return refuse('price_missing');
  return priceTicksCn(limitPrice, board) === null
    ? refuse('price_not_on_tick', { price: limitPrice })
    : null;
}

function judgeFacts({ order, sight }: Case): RefusalCn | null {
  const { side, limitPrice, isAfterHours } = order;
  const missing = (what: string) =>
    side === 'buy' ? refuse('facts_missing', { missing: what }) : null;
  const facts = sight.facts?.tradingDay === sight.tradingDay ? sight.facts : null;
  if (facts === null) return missing('day');
  if (facts.isSuspended === true) return refuse('suspended');
  if (facts.isSuspended === null && side === 'buy') return missing('suspension');
  const limits = limitsOn(facts);
  if (limits.kind === 'unknown') return missing(limits.reason);
  if (limitPrice === null) return null;
  const { closePrice } = facts;
  if (isAfterHours && closePrice !== null) {
    const isVoid = side === 'buy' ? limitPrice < closePrice : limitPrice > closePrice;
    if (isVoid) return refuse('after_hours_price', { limitPrice, closePrice });
  }
  if (limits.kind === 'free') return null;
  const { up, down } = limits;
  return limitPrice > up || limitPrice < down
    ? refuse('outside_price_limits', { limitPrice, up, down })
    : null;
}

function judgeCage({ order, sight, board, phase }: Case): RefusalCn | null {
  const { side, type, limitPrice, isAfterHours } = order;
  if (type === 'market' || limitPrice === null || isAfterHours || phase !== 'continuous') {
    return null;
  }
  const { quote, lastPrice, facts, tradingDay } = sight;
  const previousClose = facts?.previousClose ?? null;
  const cage = priceCageCn(board, tradingDay, { quote, lastPrice, previousClose });
  if (cage.kind === 'none') return null;
  if (cage.kind === 'unknown') {
    return side === 'buy' ? refuse('facts_missing', { missing: 'cage_reference' }) : null;
  }
  const { buyMost, sellLeast } = cage;
  if (side === 'buy' && limitPrice > buyMost) {
    return refuse('outside_price_cage', { limitPrice, most: buyMost });
  }
  return side === 'sell' && limitPrice < sellLeast
    ? refuse('outside_price_cage', { limitPrice, least: sellLeast })
    : null;
}
