import type { OrderRequest } from '#app/ports.ts';
import type { Event } from '#core/engine/event.ts';
import type { Venue } from './venue.ts';
import { isLive } from './venue-order.ts';

/**
 * The account of a person who executes by hand, as they have told of it: an order stands with them once it was
 * taken, trades as they report it and ends when they say so; a list they attest replaces what is held. Whether
 * somebody did say what the log holds is judged apart, in `invariants-by-hand.ts`.
 */
export class ToldAccount {
  readonly #venue: Venue;
  readonly #asked = new Map<string, OrderRequest>();

  constructor(venue: Venue) {
    this.#venue = venue;
  }

  /** An order leaves for the person. */
  asked(order: OrderRequest): void {
    this.#asked.set(order.orderId, order);
  }

  committed(event: Event): void {
    const venue = this.#venue;
    switch (event.type) {
      case 'order_accepted': {
        const request = this.#asked.get(event.orderId);
        if (request !== undefined) venue.place(request, event.at, null);
        return;
      }
      case 'order_filled': {
        const order = venue.orders.get(event.orderId);
        if (order === undefined) return;
        venue.fill(order, event.quantity, event.price, event.at);
        venue.cashMinor -= event.feesMinor;
        return;
      }
      case 'order_canceled': {
        const order = venue.orders.get(event.orderId);
        if (order !== undefined && isLive(order)) order.state = 'canceled';
        return;
      }
      case 'account_attested':
        return this.#attested(event);
      default:
        return;
    }
  }

  #attested(event: Extract<Event, { type: 'account_attested' }>): void {
    const { holdings } = this.#venue;
    const before = new Map(holdings);
    holdings.clear();
    for (const { instrument, quantity } of event.holdings)
      holdings.set(instrument, {
        quantity,
        averagePrice: before.get(instrument)?.averagePrice ?? 0,
      });
    this.#venue.cashMinor = event.cashMinor;
  }
}
