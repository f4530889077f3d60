import type { WireOrder } from './fake-ibkr-wire.ts';

/** An order at the fake, with what became of it. */
export type Working = WireOrder & {
  status: string;
  filled: number;
  notional: number;
  isTransmitted: boolean;
  isTriggered: boolean;
  /** Best price a trailing stop has seen. */
  best: number | null;
};

export type Quoted = { bid: number; ask: number; size: number };

export type MarketEvents = {
  readonly filled: (order: Working, quantity: number, price: number) => void;
  readonly changed: (order: Working) => void;
};

const OVER: ReadonlySet<string> = new Set(['Filled', 'Cancelled', 'Inactive']);

export function isOver(order: Working): boolean {
  return OVER.has(order.status);
}

/** Matching as a paper account does it: at the top of the book, in the sizes quoted there. */
export class FakeMarket {
  readonly orders: Working[] = [];
  readonly quotes = new Map<string, Quoted>();
  readonly #events: MarketEvents;

  constructor(events: MarketEvents) {
    this.#events = events;
  }

  quote(symbol: string, bid: number, ask: number, size: number): void {
    this.quotes.set(symbol, { bid, ask, size });
    this.match(symbol);
  }

  /** Takes an order that was transmitted; its children wait until it has filled. */
  place(order: Working): void {
    this.orders.push(order);
    if (!order.isTransmitted) return;
    for (const member of this.#familyOf(order)) {
      member.isTransmitted = true;
      if (member.status === 'PendingSubmit') {
        member.status =
          this.#isActive(member) && member.type !== 'STP' ? 'Submitted' : 'PreSubmitted';
        this.#events.changed(member);
      }
    }
    this.match(order.symbol);
  }

  change(order: Working, quantity: number, limit: number | null, aux: number | null): void {
    Object.assign(order, { quantity, limit, aux, isTriggered: false });
    this.#events.changed(order);
    this.match(order.symbol);
  }

  cancel(order: Working): void {
    if (isOver(order)) return;
    order.status = 'Cancelled';
    this.#events.changed(order);
    for (const child of this.orders)
      if (child.parentId === order.ibId && child.clientId === order.clientId) this.cancel(child);
  }

  match(symbol: string): void {
    const quote = this.quotes.get(symbol);
    if (quote === undefined) return;
    for (const order of [...this.orders]) {
      if (order.symbol !== symbol || isOver(order) || !order.isTransmitted) continue;
      if (!this.#isActive(order) || quote.size <= 0) continue;
      const price = this.#priceOf(order, quote);
      if (price === null) continue;
      const quantity = Math.min(order.quantity - order.filled, quote.size);
      if (quantity <= 0) continue;
      quote.size -= quantity;
      this.#fill(order, quantity, price);
    }
  }

  #familyOf(order: Working): Working[] {
    if (order.parentId === 0) return [order];
    return this.orders.filter(
      (member) =>
        member.clientId === order.clientId &&
        (member.ibId === order.parentId || member.parentId === order.parentId),
    );
  }

  #isActive(order: Working): boolean {
    if (order.parentId === 0) return true;
    const parent = this.orders.find(
      (member) => member.ibId === order.parentId && member.clientId === order.clientId,
    );
    return parent === undefined || parent.status === 'Filled';
  }

  #priceOf(order: Working, quote: Quoted): number | null {
    const far = order.side === 'BUY' ? quote.ask : quote.bid;
    if (order.type === 'STP' || order.type === 'STP LMT') {
      const stop = order.aux ?? 0;
      order.isTriggered ||= order.side === 'BUY' ? quote.ask >= stop : quote.bid <= stop;
      if (!order.isTriggered) return null;
    }
    if (order.type === 'TRAIL') {
      const [better, offset] = order.side === 'SELL' ? [Math.max, -1] : [Math.min, 1];
      order.best = order.best === null ? far : better(order.best, far);
      const stop = order.best + offset * (order.aux ?? 0);
      order.isTriggered ||= order.side === 'BUY' ? far >= stop : far <= stop;
      return order.isTriggered ? far : null;
    }
    if (order.type === 'MKT' || order.type === 'STP') return far;
    if (order.limit === null) return null;
    const isGood = order.side === 'BUY' ? far <= order.limit : far >= order.limit;
    return isGood ? far : null;
  }

  #fill(order: Working, quantity: number, price: number): void {
    order.filled += quantity;
    order.notional += quantity * price;
    if (order.filled >= order.quantity) order.status = 'Filled';
    else if (order.status === 'PreSubmitted') order.status = 'Submitted';
    this.#events.filled(order, quantity, price);
    this.#shrinkGroup(order, quantity);
    if (order.status !== 'Filled') return;
    for (const child of this.orders) {
      if (child.parentId !== order.ibId || child.clientId !== order.clientId) continue;
      if (!isOver(child)) {
        child.status = child.type === 'STP' ? 'PreSubmitted' : 'Submitted';
        this.#events.changed(child);
      }
    }
    this.match(order.symbol);
  }

  /** What one of a group sold, the others no longer can; nothing left is a cancel. */
  #shrinkGroup(order: Working, quantity: number): void {
    if (order.ocaGroup === '') return;
    for (const other of this.orders) {
      if (other === order || other.ocaGroup !== order.ocaGroup || isOver(other)) continue;
      const left = other.quantity - quantity;
      if (left <= other.filled) this.cancel(other);
      else {
        Object.assign(other, { quantity: left });
        this.#events.changed(other);
      }
    }
  }
}
