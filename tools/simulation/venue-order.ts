import type { OrderRequest } from '#app/ports.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Venue } from './venue.ts';

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

/** True where more is held than was bought by orders of the desk: at what price and on which day is not known. */
export function holdsOthers(
  { fills, holdings }: Pick<Venue, 'fills' | 'holdings'>,
  instrument: InstrumentId,
): boolean {
  let own = 0;
  for (const fill of fills)
    if (fill.orderId !== null && fill.instrument === instrument)
      own += fill.side === 'buy' ? fill.quantity : -fill.quantity;
  return (holdings.get(instrument)?.quantity ?? 0) > own;
}
