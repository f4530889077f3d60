import type { BrokerOrder, OrderRequest } from '#app/ports.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { WireLeg, WireStatus } from './wire.ts';

/** One order at the vendor. An order of the desk is a chain of these: each change of a price makes a new one. */
export type Link = {
  readonly id: string;
  replaces: string | null;
  status: WireStatus;
  replacedBy: string | null;
  /** Shares ordered; null for an order by amount. */
  quantity: number | null;
  filled: number;
  average: number | null;
  limitPrice: number | null;
  stopPrice: number | null;
  updatedAt: number;
};

export type OrderState = BrokerOrder['state'];

const ENDED: ReadonlySet<WireStatus> = new Set([
  'filled',
  'canceled',
  'expired',
  'rejected',
  'replaced',
]);

/** The vendor's word after which nothing more happens to that one of its orders. */
export function hasLinkEnded(status: WireStatus): boolean {
  return ENDED.has(status);
}

export function hasEnded(state: OrderState): boolean {
  return state === 'filled' || state === 'canceled' || state === 'expired' || state === 'rejected';
}

/** The state of an order in the port's words; a day order that is done for the day will not work again. */
export function stateOfLink(link: Link, isDay: boolean, isWaiting: boolean): OrderState {
  const { filled, quantity, status } = link;
  switch (status) {
    case 'filled':
    case 'canceled':
    case 'expired':
    case 'rejected':
      return status;
    case 'done_for_day':
    case 'calculated':
      if (quantity !== null && filled >= quantity) return 'filled';
      if (isDay) return 'expired';
      break;
    default:
      break;
  }
  if (isWaiting) return 'held';
  return filled > 0 ? 'partially_filled' : 'accepted';
}

export function linkOf(order: WireLeg): Link {
  return {
    id: order.id,
    replaces: order.replaces ?? null,
    status: order.status,
    replacedBy: order.replaced_by ?? null,
    quantity: order.qty == null ? null : Number(order.qty),
    filled: order.filled_qty,
    average: order.filled_avg_price,
    limitPrice: order.limit_price,
    stopPrice: order.stop_price,
    updatedAt: order.updated_at ?? order.submitted_at ?? order.created_at ?? 0,
  };
}

/**
 * Takes a newer word about the same order in. Words come late, twice and out of order: shares filled
 * only grow, an end stays an end, and an older word changes nothing else.
 */
export function mergeLink(link: Link, order: WireLeg): void {
  const said = linkOf(order);
  if (said.filled > link.filled) {
    link.filled = said.filled;
    link.average = said.average ?? link.average;
  }
  link.average ??= said.average;
  if (hasLinkEnded(link.status) && !hasLinkEnded(said.status)) return;
  if (said.updatedAt < link.updatedAt && !hasLinkEnded(said.status)) return;
  const isReplaced = said.status === 'replaced';
  link.replacedBy = said.replacedBy ?? (isReplaced ? link.replacedBy : null);
  link.replaces = said.replaces ?? link.replaces;
  link.status = said.status;
  link.updatedAt = Math.max(link.updatedAt, said.updatedAt);
  link.quantity = said.quantity ?? link.quantity;
  link.limitPrice = said.limitPrice ?? link.limitPrice;
  link.stopPrice = said.stopPrice ?? link.stopPrice;
}

export function instrumentOf(symbol: string | null | undefined): InstrumentId {
  return `${symbol == null || symbol === '' ? 'UNNAMED' : symbol}.US`;
}

/** An order as it was asked for, as far as the vendor shows it. An order by amount has quantity 0. */
export function requestOf(orderId: string, order: WireLeg): OrderRequest {
  return {
    orderId,
    instrument: instrumentOf(order.symbol),
    // an order of several options has neither; what matters of it is that it is there
    side: order.side || 'buy',
    type: order.type || 'limit',
    quantity: order.qty == null ? 0 : Number(order.qty),
    limitPrice: order.limit_price,
    stopPrice: order.stop_price,
    bracket: null,
    ocoGroup: null,
    pair: null,
    trailOffset: order.trail_price,
    timeInForce: order.time_in_force === 'gtc' ? 'gtc' : 'day',
    isExtendedHours: order.extended_hours ?? false,
  };
}
