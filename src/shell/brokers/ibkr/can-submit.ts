import type { BrokerCapabilities, OrderRequest } from '#app/ports.ts';
import { type Reason, reason } from '#core/gates/reason.ts';
import { marketOf } from '#core/market/instrument.ts';

/** Orders the vendor lets work at a time per contract, side and account. Source: its order limitations page. */
const MOST_WORKING = 20;
const TICK_ABOVE_ONE = 0.01;
const TICK_BELOW_ONE = 0.0001;
const TOLERANCE = 1e-9;

function isOnTick(price: number): boolean {
  const tick = price >= 1 ? TICK_ABOVE_ONE : TICK_BELOW_ONE;
  return Math.abs(Math.round(price / tick) * tick - price) < TOLERANCE;
}

/** Prices an order of its type needs, missing ones as null. */
function neededPrices(order: OrderRequest): (number | null)[] {
  const { type, limitPrice, stopPrice, trailOffset, bracket, pair } = order;
  return [
    ...(type === 'limit' || type === 'stop_limit' ? [limitPrice] : []),
    ...(type === 'stop' || type === 'stop_limit' ? [stopPrice] : []),
    ...(type === 'trailing_stop' ? [trailOffset] : []),
    ...(bracket === null ? [] : [bracket.stop.stopPrice]),
    ...(bracket === null || bracket.target === null ? [] : [bracket.target.limitPrice]),
    ...(pair === null ? [] : [pair.limitPrice]),
  ];
}

/** Says what the vendor would refuse; `working` counts open orders of the same contract and side. */
export function judgeRequest(
  order: OrderRequest,
  capabilities: BrokerCapabilities,
  working: number,
): Reason | null {
  const { instrument, quantity, type } = order;
  if (marketOf(instrument) !== 'US') return reason('instrument_unsupported', { instrument });
  if (!capabilities.orderTypes.includes(type)) return reason('order_type_unsupported', { type });
  if (!Number.isSafeInteger(quantity) || quantity <= 0)
    return reason('quantity_out_of_range', { found: quantity, expected: 'whole shares above 0' });
  if (order.isExtendedHours && type !== 'limit')
    return reason('extended_hours_unsupported', { type });
  if (working >= MOST_WORKING)
    return reason('too_many_orders', { found: working, limit: MOST_WORKING });
  for (const price of neededPrices(order)) {
    if (price === null || !Number.isFinite(price) || price <= 0)
      return reason('price_missing', { type });
    if (!isOnTick(price)) return reason('price_not_on_tick', { found: price });
  }
  return null;
}
