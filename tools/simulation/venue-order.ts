import type { OrderRequest } from '#app/ports.ts';

/** An order as the exchange holds it. */
export type VenueOrder = {
  readonly request: OrderRequest;
  state: 'held' | 'accepted' | 'partially_filled' | 'filled' | 'canceled' | 'rejected' | 'expired';
  filled: number;
  /** Sum of price × quantity of its fills, in price units. */
  worth: number;
  stopPrice: number | null;
  limitPrice: number | null;
  /** A one-cancels-other group; children of one bracket are one. */
  readonly group: string | null;
  readonly parentId: string | null;
  /** Instant before which nothing more of it fills, after a partial fill. */
  restsUntil: number;
};

export type Holding = { quantity: number; averagePrice: number };

const ENDED: ReadonlySet<VenueOrder['state']> = new Set([
  'filled',
  'canceled',
  'rejected',
  'expired',
]);
/** True while an order can still trade or be activated. */
export function isLive(order: VenueOrder): boolean {
  return !ENDED.has(order.state);
}

/** What an order has that nothing special was asked of. */
export const PLAIN = {
  limitPrice: null,
  stopPrice: null,
  bracket: null,
  ocoGroup: null,
  pair: null,
  trailOffset: null,
  timeInForce: 'day',
  isExtendedHours: false,
} as const;

const LOT = 100;

/** A purchase is in lots; a sale too, but for an odd rest that leaves in one piece. */
export function isInLots({ side, quantity }: OrderRequest, sellable: number): boolean {
  if (quantity % LOT === 0) return true;
  return side === 'sell' && quantity % LOT === sellable % LOT;
}
