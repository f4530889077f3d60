import type { BrokerCapabilities, OrderRequest } from '#app/ports.ts';
import { type Reason, reason } from '#core/gates/reason.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { OrderTerms } from '#core/simulation/exchange-order.ts';
import type { Exchange } from '#core/simulation/exchange-state.ts';
import { refusalOfCn } from '#core/simulation/venue-cn.ts';

/** An order as the exchange takes it; null for a type it does not know. */
export function termsOf(request: OrderRequest): OrderTerms | null {
  const { type } = request;
  if (type === 'stop_limit' || type === 'trailing_stop') return null;
  const { orderId, instrument, side, quantity, limitPrice, stopPrice, bracket, ocoGroup } = request;
  const terms = { orderId, instrument, side, type, quantity, limitPrice, stopPrice };
  const after = request.isExtendedHours ? { isExtendedHours: true } : {};
  return { ...terms, bracket, ocoGroup, ...after };
}

/** An order of the exchange as it was asked for. */
export function requestOf(terms: OrderTerms): OrderRequest {
  const { isExtendedHours = false, ...rest } = terms;
  return { ...rest, pair: null, trailOffset: null, timeInForce: 'day', isExtendedHours };
}

/** A sale at the market of all of one position. */
export function marketSale(
  orderId: string,
  instrument: InstrumentId,
  quantity: number,
): OrderRequest {
  return requestOf({
    orderId,
    instrument,
    side: 'sell',
    type: 'market',
    quantity,
    limitPrice: null,
    stopPrice: null,
    bracket: null,
    ocoGroup: null,
  });
}

/**
 * What the simulated broker does by itself. Chinese exchanges know limit and market orders only,
 * change none, hold no protection, trade after the close at its price, and settle T+1.
 */
export function paperCapabilities(venue: 'cn' | undefined): BrokerCapabilities {
  const isCn = venue === 'cn';
  return {
    kind: 'paper',
    hasBracket: !isCn,
    hasOco: !isCn,
    hasReplace: !isCn,
    orderTypes: isCn ? ['limit', 'market'] : ['limit', 'market', 'stop'],
    hasExtendedHours: isCn,
    sellableAfterDays: isCn ? 1 : 0,
    isPerson: false,
    flatten: 'each',
  };
}

/** Refuses what the exchange would refuse for its kind; null: it may be sent. */
export function canSubmit(exchange: Exchange, request: OrderRequest, now: number): Reason | null {
  const isCn = exchange.rules.venue === 'cn';
  const terms = termsOf(request);
  if (terms === null)
    return reason('order_type_unsupported', {
      found: request.type,
      expected: isCn ? 'limit, market' : 'limit, market, stop',
    });
  if (isCn) {
    return request.pair === null
      ? refusalOfCn(exchange, terms, now)
      : reason('bracket_unsupported', {});
  }
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
