import { BrokerError } from '#app/errors.ts';
import type { BrokerOrder, Clock } from '#app/ports.ts';
import type { AlpacaAnswer } from '#shell/lib/alpaca/rest.ts';
import type { BudgetLane } from '#shell/lib/rate-budget.ts';
import type { AlpacaBook } from './book.ts';
import { currentOf, missingLinkOf, type Tracked, type Word } from './chain.ts';
import { isMadeByVendor, orderIdOf, primariesOf } from './family.ts';
import { hasEnded } from './states.ts';
import type { TradingApi } from './trading-api.ts';
import type { WireLeg, WireOrder } from './wire.ts';

export type FinderDeps = {
  readonly name: string;
  readonly clock: Clock;
  readonly api: TradingApi;
  readonly book: AlpacaBook;
};

/** Longest chain of changes of one order; a longer one goes round in circles. */
const LONGEST_CHAIN = 200;
/** A group's orders are made in one moment; the listing that is searched begins a little before. */
const GROUP_SPAN_MS = 5_000;

/**
 * Finds orders at the vendor: by our id, through groups whose legs the vendor named, and along chains
 * of changed prices. Whatever is found goes into the book. Throws BrokerError.
 */
export class AlpacaFinder {
  readonly #deps: FinderDeps;
  /** Orders that were looked for in groups and are in none. */
  readonly #single = new Set<string>();

  constructor(deps: FinderDeps) {
    this.#deps = deps;
  }

  /** How a listing's orders are taken in: as they stand. */
  listed(): Word {
    return { from: 'listing', at: this.#deps.clock.now(), execution: null };
  }

  /** The order with its newest price; null when the vendor does not know it. */
  async locate(orderId: string, lane: BudgetLane = 'order'): Promise<Tracked | null> {
    const known = this.#deps.book.get(orderId);
    const current = known === undefined ? null : currentOf(known);
    if (current !== null) {
      const answer = await this.#deps.api.orderById(current.id, lane);
      if (answer.kind === 'answered') return await this.#taken(answer.data, orderId, lane);
    }
    const order = foundIn(await this.#deps.api.orderByClientId(orderId, lane));
    if (order !== null) return await this.#taken(order, orderId, lane);
    for (const { primaryId } of primariesOf(orderId)) {
      if (await this.#takeGroup(primaryId, lane)) {
        const tracked = this.#deps.book.get(orderId);
        if (tracked !== undefined && tracked.links.size > 0)
          return await this.#whole(tracked, lane);
      }
    }
    return null;
  }

  /** Every open order of the account. */
  async openOrders(): Promise<BrokerOrder[]> {
    const { book } = this.#deps;
    const found = new Set<Tracked>();
    for (const order of await this.#deps.api.orders({ status: 'open' })) {
      await this.learn(order);
      const tracked = book.take(order, this.listed());
      found.add(await this.#whole(tracked, 'poll'));
      for (const leg of order.legs ?? []) {
        const child = book.byLinkId(leg.id);
        if (child !== undefined) found.add(await this.#whole(child, 'poll'));
      }
    }
    return [...found].flatMap((tracked) => {
      const order = book.orderOf(tracked);
      return order === null || hasEnded(order.state) ? [] : [order];
    });
  }

  /** Reads the group of an order whose id the vendor made, if it is in one. */
  async learn(order: WireLeg, lane: BudgetLane = 'poll'): Promise<void> {
    const { api, book } = this.#deps;
    if (book.isKnown(order) || !isMadeByVendor(order.client_order_id)) return;
    const isGrouped = order.order_class != null && /^(bracket|oco|oto)$/.test(order.order_class);
    if (!isGrouped || this.#single.has(order.id)) return;
    const madeAt = order.created_at ?? order.submitted_at;
    const symbol = order.symbol;
    if (madeAt == null || symbol == null) return;
    const rows = await api.orders({ status: 'all', after: madeAt - GROUP_SPAN_MS, symbol }, lane);
    const group = rows.find((row) => (row.legs ?? []).some((leg) => leg.id === order.id));
    if (group === undefined) this.#single.add(order.id);
    else book.take(group, this.listed());
  }

  /** Our id of a vendor's order; null for one that was entered elsewhere. */
  async orderIdOf(linkId: string): Promise<string | null> {
    const { api, book } = this.#deps;
    if (book.byLinkId(linkId) === undefined) {
      const order = foundIn(await api.orderById(linkId, 'poll'));
      if (order === null) return null;
      await this.learn(order);
      if (book.byLinkId(linkId) === undefined) book.take(order, this.listed());
    }
    const orderId = book.byLinkId(linkId)?.request.orderId ?? null;
    return orderId === null || isMadeByVendor(orderId) ? null : orderId;
  }

  /** Follows the chain of changes to both ends. */
  async #whole(tracked: Tracked, lane: BudgetLane): Promise<Tracked> {
    const { api, book, name } = this.#deps;
    for (let steps = 0; steps < LONGEST_CHAIN; steps += 1) {
      const missing = missingLinkOf(tracked);
      if (missing === null) return tracked;
      const order = foundIn(await api.orderById(missing, lane));
      if (order === null) {
        throw new BrokerError(
          `${name} order ${tracked.request.orderId}: found no order at the other end of a change, expected one`,
          { code: 'unreadable', retryable: true },
        );
      }
      book.link(tracked, order, this.listed());
    }
    throw new BrokerError(
      `${name} order ${tracked.request.orderId}: found over ${LONGEST_CHAIN} changes, expected an end`,
      { code: 'unreadable', retryable: false },
    );
  }

  async #taken(order: WireOrder, orderId: string, lane: BudgetLane): Promise<Tracked> {
    const { api, book } = this.#deps;
    const isGroup = order.order_class != null && /^(bracket|oco|oto)$/.test(order.order_class);
    const nested =
      isGroup && order.legs == null && orderIdOf(order.client_order_id) === orderId
        ? foundIn(await api.orderById(order.id, lane))
        : null;
    const tracked = await this.#whole(book.take(nested ?? order, this.listed()), lane);
    const current = currentOf(tracked);
    if (current === null || current.id === order.id) return tracked;
    // another order has taken its place, and what was known of that one may be old
    const newest = foundIn(await api.orderById(current.id, lane));
    return newest === null ? tracked : await this.#taken(newest, orderId, lane);
  }

  async #takeGroup(primaryId: string, lane: BudgetLane): Promise<boolean> {
    const { api, book } = this.#deps;
    const primary = foundIn(await api.orderByClientId(primaryId, lane));
    if (primary === null) return false;
    const nested = foundIn(await api.orderById(primary.id, lane));
    if (nested === null) return false;
    book.take(nested, this.listed());
    return true;
  }
}

/** Null when the vendor does not know the order; every other refusal leaves it open. Throws BrokerError. */
export function foundIn(answer: AlpacaAnswer<WireOrder>): WireOrder | null {
  if (answer.kind === 'answered') return answer.data;
  if (answer.status === 404) return null;
  throw new BrokerError(
    `alpaca order: found ${answer.status} (${answer.code} ${answer.message}), expected an order`,
    { code: 'refused', retryable: false },
  );
}
