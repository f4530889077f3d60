import type { InstrumentId } from '#core/market/instrument.ts';
import type { OrderRole } from './order.ts';

/** An order that stands at the broker, as far as somebody without the desk's book sees it. */
export type StandingOrder = {
  readonly orderId: string;
  readonly instrument: InstrumentId;
  readonly side: 'buy' | 'sell';
  /** `held` waits at the broker for the fill of another order, and goes with it. */
  readonly isHeld: boolean;
};

/** What a kill does with the orders that stand: `untold` can be told neither entry nor protection. */
export type KillPlan = {
  readonly cancel: readonly string[];
  readonly keep: readonly string[];
  readonly untold: readonly string[];
};

const OF_A_TICKET = /\.(?<role>entry|stop|target|exit)-\d+$/;

/** Role of an order by the id a desk gives it; null for an id that is none of a desk's. */
export function roleOfId(orderId: string): OrderRole | null {
  const role = OF_A_TICKET.exec(orderId)?.groups?.['role'];
  return role === undefined ? null : (role as OrderRole);
}

/**
 * Tells entries from protection without a book: by the desk's order id, else by what is held. An order that
 * reduces what is held protects it, one that adds to it or opens it is an entry. `held`: signed shares by
 * instrument, null when nobody knows; then an id that is no desk's is `untold`.
 */
export function planKill(
  orders: readonly StandingOrder[],
  held: ReadonlyMap<string, number> | null,
): KillPlan {
  const cancel: string[] = [];
  const keep: string[] = [];
  const untold: string[] = [];
  for (const order of orders) {
    const isEntry = isEntryOrder(order, held);
    (isEntry === null ? untold : isEntry ? cancel : keep).push(order.orderId);
  }
  return { cancel, keep, untold };
}

function isEntryOrder(
  order: StandingOrder,
  held: ReadonlyMap<string, number> | null,
): boolean | null {
  const role = roleOfId(order.orderId);
  if (role !== null) return role === 'entry';
  if (order.isHeld) return false;
  if (held === null) return null;
  const shares = held.get(order.instrument) ?? 0;
  return order.side === 'buy' ? shares >= 0 : shares <= 0;
}
