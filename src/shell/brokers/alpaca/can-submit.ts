import type { BrokerCapabilities, BrokerOrder, OrderRequest } from '#app/ports.ts';
import { type Reason, reason } from '#core/gates/reason.ts';
import { marketOf } from '#core/market/instrument.ts';
import { decimalOfPrice } from '#shell/lib/decimal.ts';
import { childIdOf, isUsableId } from './family.ts';

/** What Alpaca does by itself. Source: its order documents. */
export const ALPACA_CAPABILITIES: BrokerCapabilities = {
  kind: 'alpaca',
  hasBracket: true,
  hasOco: true,
  hasReplace: true,
  orderTypes: ['limit', 'market', 'stop', 'stop_limit', 'trailing_stop'],
  hasExtendedHours: true,
  sellableAfterDays: 0,
  isPerson: false,
  flatten: 'one_request',
};

/** Least distance of a protective stop from the price it protects. Source: the vendor's bracket rules. */
const LEAST_DISTANCE = 0.01;
const HALF_TICK = 0.00005;

/** Prices the order cannot do without, by name. */
function pricesOf(order: OrderRequest): readonly (readonly [string, number | null])[] {
  const { bracket, limitPrice, pair, stopPrice, trailOffset, type } = order;
  return [
    ...(type === 'limit' || type === 'stop_limit' ? [['limitPrice', limitPrice] as const] : []),
    ...(type === 'stop' || type === 'stop_limit' ? [['stopPrice', stopPrice] as const] : []),
    ...(type === 'trailing_stop' ? [['trailOffset', trailOffset] as const] : []),
    ...(bracket === null ? [] : [['bracket.stop', bracket.stop.stopPrice] as const]),
    ...(bracket?.target == null ? [] : [['bracket.target', bracket.target.limitPrice] as const]),
    ...(pair === null ? [] : [['pair', pair.limitPrice] as const]),
  ];
}

function judgePrices(order: OrderRequest): Reason | null {
  for (const [name, found] of pricesOf(order)) {
    if (found === null || !Number.isFinite(found) || found <= 0)
      return reason('price_missing', { name, found: String(found) });
    if (decimalOfPrice(found) === null)
      return reason('price_not_on_tick', { name, found, tick: found >= 1 ? 0.01 : 0.0001 });
  }
  return null;
}

/** A group is refused when its prices cross, and when its ids would not lead back to its legs. */
function judgeGroup(order: OrderRequest): Reason | null {
  const { bracket, orderId, pair, side, type } = order;
  if (bracket === null && pair === null) return null;
  if (order.isExtendedHours) return reason('extended_hours_unsupported', { found: 'a group' });
  const refuse = (figures: Reason['figures']) => reason('bracket_unsupported', figures);
  if (bracket !== null && pair !== null) return refuse({ found: 'bracket and pair' });
  if (pair !== null) {
    if (type !== 'stop') return refuse({ found: type, expected: 'stop' });
    if (childIdOf(pair.orderId, 'stop') !== orderId)
      return refuse({ found: orderId, expected: 'the stop of its target' });
    const distance = (pair.limitPrice - (order.stopPrice ?? 0)) * (side === 'sell' ? 1 : -1);
    return distance < LEAST_DISTANCE - HALF_TICK ? refuse({ distance }) : null;
  }
  if (bracket === null) return null;
  if (type !== 'limit' && type !== 'market')
    return refuse({ found: type, expected: 'limit, market' });
  const { stop, target } = bracket;
  if (childIdOf(orderId, 'stop') !== stop.orderId)
    return refuse({ found: stop.orderId, expected: 'the stop of its entry' });
  if (target !== null && childIdOf(orderId, 'target') !== target.orderId)
    return refuse({ found: target.orderId, expected: 'the target of its entry' });
  const sign = side === 'buy' ? 1 : -1;
  const base = type === 'limit' ? order.limitPrice : null;
  const above = target === null ? null : (target.limitPrice - (base ?? stop.stopPrice)) * sign;
  if (above !== null && above < LEAST_DISTANCE - HALF_TICK) return refuse({ target: above });
  const below = base === null ? null : (base - stop.stopPrice) * sign;
  if (below !== null && below < LEAST_DISTANCE - HALF_TICK) return refuse({ stop: below });
  return null;
}

/**
 * A buy that would meet a working sale of the same account is refused as a wash trade. Sales are left
 * to the vendor: what is known here may be a moment old, and an exit is never held back by that.
 */
function judgeCrossing(order: OrderRequest, working: readonly BrokerOrder[]): Reason | null {
  if (order.side !== 'buy' || order.bracket !== null || order.pair !== null) return null;
  for (const { request } of working) {
    if (request.instrument !== order.instrument || request.side !== 'sell') continue;
    if (request.type !== 'limit' || request.limitPrice === null) continue;
    const isMet = order.limitPrice === null || order.limitPrice >= request.limitPrice;
    if (isMet && (order.type === 'limit' || order.type === 'market'))
      return reason('crosses_own_order', {
        ownOrder: request.orderId,
        ownPrice: request.limitPrice,
      });
  }
  return null;
}

/** What the vendor would refuse, said before it is asked; `working` are the account's open orders as far as known. */
export function judgeRequest(
  order: OrderRequest,
  working: readonly BrokerOrder[],
  isTradable: (instrument: string) => boolean,
): Reason | null {
  const { instrument, orderId, quantity, type } = order;
  if (marketOf(instrument) !== 'US') return reason('instrument_unsupported', { instrument });
  if (order.side === 'buy' && !isTradable(instrument))
    return reason('instrument_unsupported', { instrument, found: 'not tradable' });
  if (!isUsableId(orderId)) return reason('order_type_unsupported', { orderId });
  if (!ALPACA_CAPABILITIES.orderTypes.includes(type))
    return reason('order_type_unsupported', { found: type });
  if (!Number.isSafeInteger(quantity) || quantity <= 0)
    return reason('quantity_out_of_range', { found: quantity, least: 1 });
  if (order.isExtendedHours && type !== 'limit')
    return reason('extended_hours_unsupported', { found: type, expected: 'limit' });
  return judgePrices(order) ?? judgeGroup(order) ?? judgeCrossing(order, working);
}
