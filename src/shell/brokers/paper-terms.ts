import type { BrokerCapabilities, OrderRequest } from '#app/ports.ts';
import { type Reason, reason } from '#core/gates/reason.ts';
import type { OrderTerms } from '#core/simulation/exchange-order.ts';

/** An order as the exchange takes it; null for a type it does not know. */
export function termsOf(request: OrderRequest): OrderTerms | null {
  const { type } = request;
  if (type === 'stop_limit' || type === 'trailing_stop') return null;
  const { orderId, instrument, side, quantity, limitPrice, stopPrice, bracket, ocoGroup } = request;
  return { orderId, instrument, side, type, quantity, limitPrice, stopPrice, bracket, ocoGroup };
}

/** An order of the exchange as it was asked for. */
export function requestOf(terms: OrderTerms): OrderRequest {
  return { ...terms, pair: null, trailOffset: null, timeInForce: 'day', isExtendedHours: false };
}

/** What the simulated broker does by itself. */
export function paperCapabilities(sellableAfterDays: 0 | 1): BrokerCapabilities {
  return {
    kind: 'paper',
    hasBracket: true,
    hasOco: true,
    hasReplace: true,
    orderTypes: ['limit', 'market', 'stop'],
    hasExtendedHours: false,
    sellableAfterDays,
    isPerson: false,
    flatten: 'each',
  };
}

/** Refuses what the exchange would refuse for its kind; null: it may be sent. */
export function canSubmit(request: OrderRequest): Reason | null {
  if (termsOf(request) === null)
    return reason('order_type_unsupported', {
      found: request.type,
      expected: 'limit, market, stop',
    });
  if (request.isExtendedHours) return reason('extended_hours_unsupported', {});
  return null;
}

/** The target that leaves together with a stop, as an order of its own in the same group. */
export function pairOf(terms: OrderTerms, request: OrderRequest): OrderTerms | null {
  const { pair } = request;
  if (pair === null) return null;
  const { orderId, limitPrice } = pair;
  return { ...terms, orderId, type: 'limit', limitPrice, stopPrice: null, bracket: null };
}
