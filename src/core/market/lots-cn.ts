import type { BoardCn } from './board-cn.ts';
import type { LotRuleCn } from './rules-cn.ts';
import { lotRuleOn } from './rules-cn.ts';
import type { TradingDay } from './trading-day.ts';

/** Why a quantity is refused. */
export type QuantityReasonCn =
  | 'above_order_maximum'
  | 'below_minimum'
  | 'insufficient_quantity'
  | 'invalid_quantity'
  | 'not_a_lot'
  | 'odd_lot_split'
  | 'rules_unknown';

/** A quantity of an order in shares, with what decides how it is judged. */
export type QuantityQueryCn = {
  readonly board: BoardCn;
  readonly tradingDay: TradingDay;
  readonly type: 'limit' | 'market';
  readonly quantity: number;
};

function maximumOf(rule: LotRuleCn, type: 'limit' | 'market'): number {
  return type === 'limit' ? rule.maximumLimit : rule.maximumMarket;
}

/** Why shares cannot be bought in this quantity; null when they can. */
export function judgeBuyQuantityCn(query: QuantityQueryCn): QuantityReasonCn | null {
  const { board, tradingDay, type, quantity } = query;
  const rule = lotRuleOn(board, tradingDay);
  if (rule === null) return 'rules_unknown';
  if (!Number.isSafeInteger(quantity) || quantity <= 0) return 'invalid_quantity';
  if (quantity < rule.minimum) return 'below_minimum';
  if (quantity % rule.step !== 0) return 'not_a_lot';
  return quantity > maximumOf(rule, type) ? 'above_order_maximum' : null;
}

/**
 * Most shares up to `quantity` (which need not be whole) that one purchase may have; 0 when that
 * is none, also before the tables.
 */
export function roundBuyQuantityCn(query: QuantityQueryCn): number {
  const rule = lotRuleOn(query.board, query.tradingDay);
  if (rule === null || !(query.quantity > 0)) return 0;
  const wanted = Math.min(query.quantity, maximumOf(rule, query.type));
  const whole = Math.floor(wanted / rule.step) * rule.step;
  return whole >= rule.minimum ? whole : 0;
}

/**
 * Why shares cannot be sold in this quantity out of `sellable`; null when they can. Where lots are
 * of 100, what is below a lot goes in one piece, alone or with whole lots; elsewhere less than the
 * minimum is sold only as all there is.
 */
export function judgeSellQuantityCn(
  query: QuantityQueryCn & { readonly sellable: number },
): QuantityReasonCn | null {
  const { board, tradingDay, type, quantity, sellable } = query;
  const rule = lotRuleOn(board, tradingDay);
  if (rule === null) return 'rules_unknown';
  if (!Number.isSafeInteger(quantity) || quantity <= 0) return 'invalid_quantity';
  if (quantity > sellable) return 'insufficient_quantity';
  const odd = quantity % rule.step;
  if (odd !== 0 && odd !== sellable % rule.step) return 'odd_lot_split';
  const isPiece = rule.step === 1 && quantity < rule.minimum && quantity !== sellable;
  if (isPiece) return 'odd_lot_split';
  return quantity > maximumOf(rule, type) ? 'above_order_maximum' : null;
}

/**
 * Most shares up to `quantity` that one sale out of `sellable` may have; 0 when that is none. All
 * that is sellable stays all, odd remainder included, unless an order may not be as large.
 */
export function roundSellQuantityCn(
  query: QuantityQueryCn & { readonly sellable: number },
): number {
  const { board, tradingDay, type, sellable } = query;
  const rule = lotRuleOn(board, tradingDay);
  if (rule === null || !(query.quantity > 0) || sellable <= 0) return 0;
  const most = maximumOf(rule, type);
  if (query.quantity >= sellable && sellable <= most) return sellable;
  const wanted = Math.min(query.quantity, most, sellable);
  const whole = Math.floor(wanted / rule.step) * rule.step;
  const odd = sellable % rule.step;
  if (odd > 0 && whole + odd <= wanted) return whole + odd;
  if (whole >= rule.minimum) return whole;
  return 0;
}
