import type { BrokerFill, BrokerReport, OrderRequest } from '#app/ports.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { notionalMinor } from '#core/market/money.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Window } from './phases.ts';
import { type Holding, isInLots, isLive, PLAIN, type VenueOrder } from './venue-order.ts';

/** What the exchange does on its own account, by the plan. */
export type VenueRules = {
  readonly feeMinor: number;
  /** Canceling one order of a group cancels the others too, as some brokers do. */
  readonly cancelsGroup: boolean;
  /** 1: what was bought today is sold tomorrow at the earliest. */
  readonly sellableAfterDays: 0 | 1;
  /** Purchases come in lots of 100; less than a lot is sold only in one piece. */
  readonly isLotted: boolean;
  /** A person enters the orders: what became of one is what they say, see `told-account.ts`. */
  readonly isByHand: boolean;
  /** What the exchange does at an instant. */
  readonly windowAt: (instrument: InstrumentId, at: number) => Window;
  /** It takes orders and trades none. */
  readonly isHalted: (instrument: InstrumentId) => boolean;
  readonly isSuspended: (instrument: InstrumentId, at: number) => boolean;
  /** Part of the nth entry that fills first; 1: all of it. */
  readonly partOf: (nthEntry: number) => number;
};

const REST_AFTER_PARTIAL_MS = 20_000;

/** Shares an order can still trade, less what its group has traded already. */
export function openQuantityOf(venue: Venue, order: VenueOrder): number {
  let open = order.request.quantity - order.filled;
  if (order.group !== null)
    for (const other of venue.orders.values())
      if (other !== order && other.group === order.group) open -= other.filled;
  return Math.max(0, open);
}

/**
 * The exchange and the account behind a broker: the truth about orders, holdings and cash that the desk's
 * book is held against. Written apart from the product's simulated exchange, so that one error is not on
 * both sides. Long only. It takes orders between open and close, fills at the quote and never guesses.
 */
export class Venue {
  readonly orders = new Map<string, VenueOrder>();
  readonly holdings = new Map<InstrumentId, Holding>();
  readonly fills: BrokerFill[] = [];
  readonly reports: BrokerReport[] = [];
  cashMinor: number;
  /** Trades as orders come, no auction. */
  isOpen = false;
  /** Shares bought on this day, which under T+1 are not for sale. */
  readonly #boughtToday = new Map<InstrumentId, number>();
  /** Orders that were taken on this day: only they trade on it, whenever it is told. */
  readonly #ofToday = new Set<string>();
  #entries = 0;
  #fillCount = 0;
  readonly #entryNumber = new Map<string, number>();
  readonly #rules: VenueRules;
  readonly #quoteOf: (instrument: InstrumentId, at: number) => Quote;

  constructor(
    cashMinor: number,
    rules: VenueRules,
    quoteOf: (instrument: InstrumentId, at: number) => Quote,
  ) {
    this.cashMinor = cashMinor;
    this.#rules = rules;
    this.#quoteOf = quoteOf;
  }

  /** Takes an order; answers false, without a report, when its id is known already. */
  place(request: OrderRequest, at: number, refusal: string | null): boolean {
    if (this.orders.has(request.orderId)) return false;
    const { bracket } = request;
    const group = request.ocoGroup ?? (request.pair === null ? null : `${request.orderId}.pair`);
    const order = this.#add(request, 'accepted', group, null);
    if (request.side === 'buy') {
      this.#entries += 1;
      this.#entryNumber.set(request.orderId, this.#entries);
    }
    const why = refusal ?? (this.#rules.isByHand ? null : this.#objection(request, at));
    if (why !== null) {
      order.state = 'rejected';
      this.#report(order, 'rejected', at, { reason: why });
      return true;
    }
    if (bracket !== null) this.#addChildren(request, bracket);
    if (request.pair !== null) this.#addPair(request, request.pair, group);
    this.#report(order, 'accepted', at);
    this.#match(order, at);
    return true;
  }

  cancel(orderId: string, at: number): boolean {
    const order = this.orders.get(orderId);
    if (order === undefined || !isLive(order) || order.state === 'held') return false;
    if (this.#rules.isLotted && !this.#windowOf(order, at).takesCancels) return false;
    this.#end(order, 'canceled', at, null);
    return true;
  }

  /** Moves a working stop or limit; false when it cannot be moved any more. */
  replace(
    orderId: string,
    price: { stopPrice?: number; limitPrice?: number },
    at: number,
  ): boolean {
    const order = this.orders.get(orderId);
    if (order === undefined || !isLive(order) || order.state === 'held') return false;
    order.stopPrice = price.stopPrice ?? order.stopPrice;
    order.limitPrice = price.limitPrice ?? order.limitPrice;
    this.#report(order, 'replaced', at);
    this.#match(order, at);
    return true;
  }

  /** Trades what the quote of an instant allows. */
  tick(instrument: InstrumentId, at: number): void {
    for (const order of this.orders.values())
      if (order.request.instrument === instrument && isLive(order)) this.#match(order, at);
  }

  /** A trading day begins: what was bought before may be sold. */
  beginDay(): void {
    this.#boughtToday.clear();
    this.#ofToday.clear();
  }

  /** The open: what was taken before is matched. */
  open(at: number): void {
    this.isOpen = true;
    for (const order of this.orders.values()) if (isLive(order)) this.#match(order, at);
  }

  /** The close: of A-shares the auction ends and what is left expires; else buys do, with the children they hold. */
  close(at: number): void {
    this.isOpen = false;
    if (this.#rules.isByHand) return;
    if (this.#rules.isLotted)
      for (const order of this.orders.values()) if (isLive(order)) this.#match(order, at, true);
    for (const order of this.orders.values())
      if (isLive(order) && (order.request.side === 'buy' || this.#rules.isLotted))
        this.#end(order, 'expired', at, 'close');
  }

  /** Somebody else buys on the account. */
  buyOutside(instrument: InstrumentId, quantity: number, at: number): void {
    const { ask } = this.#quoteOf(instrument, at);
    if (ask <= 0) return;
    this.#book({ instrument, side: 'buy', quantity, price: ask, at, orderId: null });
  }

  /** Somebody else sells all of a symbol and takes back whatever offered it. */
  sellOutside(instrument: InstrumentId, at: number): void {
    const { bid } = this.#quoteOf(instrument, at);
    if (bid <= 0) return;
    for (const order of this.orders.values())
      if (order.request.instrument === instrument && order.request.side === 'sell')
        this.cancel(order.request.orderId, at);
    const quantity = this.sellable(instrument);
    if (quantity > 0)
      this.#book({ instrument, side: 'sell', quantity, price: bid, at, orderId: null });
  }

  /** Somebody else leaves an order on the account that works far from the market. */
  placeOutside(instrument: InstrumentId, at: number): void {
    const { bid, ask } = this.#quoteOf(instrument, at);
    const limitPrice = Math.floor(Math.max(bid, ask) * 0.5);
    const orderId = `outside-${this.orders.size}`;
    const terms = { orderId, instrument, side: 'buy', type: 'limit', quantity: 3 } as const;
    this.place({ ...PLAIN, ...terms, limitPrice }, at, null);
  }

  /** The broker closes a holding by an order of its own; answers its id, or null when it cannot. */
  sellAll(instrument: InstrumentId, at: number): string | null {
    const quantity = this.sellable(instrument);
    const orderId = `closing-${this.orders.size}`;
    const terms = { orderId, instrument, side: 'sell', type: 'market', quantity } as const;
    if (quantity === 0) return null;
    this.place({ ...PLAIN, ...terms }, at, null);
    return this.orders.get(orderId)?.state === 'rejected' ? null : orderId;
  }

  /** Shares of a holding that may be sold today, whatever orders offer them already. */
  sellable(instrument: InstrumentId): number {
    const held = this.holdings.get(instrument)?.quantity ?? 0;
    const locked =
      this.#rules.sellableAfterDays === 0 ? 0 : (this.#boughtToday.get(instrument) ?? 0);
    return Math.max(0, held - locked);
  }

  #add(
    request: OrderRequest,
    state: VenueOrder['state'],
    group: string | null,
    parentId: string | null,
  ): VenueOrder {
    const { stopPrice, limitPrice } = request;
    const order: VenueOrder = {
      request,
      state,
      filled: 0,
      worth: 0,
      stopPrice,
      limitPrice,
      group,
      parentId,
      restsUntil: 0,
    };
    this.#ofToday.add(request.orderId);
    this.orders.set(request.orderId, order);
    return order;
  }

  #addChildren(entry: OrderRequest, bracket: NonNullable<OrderRequest['bracket']>): void {
    const base = { ...entry, side: 'sell' as const, bracket: null, limitPrice: null };
    const group = `${entry.orderId}.bracket`;
    const { stop, target } = bracket;
    const { orderId, stopPrice } = stop;
    this.#add({ ...base, orderId, type: 'stop', stopPrice }, 'held', group, entry.orderId);
    if (target === null) return;
    const { limitPrice } = target;
    const limit = { ...base, orderId: target.orderId, type: 'limit' as const, limitPrice };
    this.#add({ ...limit, stopPrice: null }, 'held', group, entry.orderId);
  }

  #addPair(
    stop: OrderRequest,
    pair: NonNullable<OrderRequest['pair']>,
    group: string | null,
  ): void {
    const { orderId, limitPrice } = pair;
    const terms = { ...stop, orderId, limitPrice, type: 'limit' as const, stopPrice: null };
    this.#add({ ...terms, pair: null }, 'accepted', group, null);
  }

  #objection(request: OrderRequest, at: number): string | null {
    const { instrument, side, quantity } = request;
    const takes = this.#rules.isLotted
      ? this.#rules.windowAt(instrument, at).takesOrders
      : this.isOpen;
    if (!takes) return 'market_closed';
    if (this.#rules.isSuspended(instrument, at)) return 'suspended';
    if (!(Number.isInteger(quantity) && quantity > 0)) return 'bad_quantity';
    if (this.#rules.isLotted && !isInLots(request, this.sellable(instrument))) return 'not_in_lots';
    if (side === 'buy') {
      const price = request.limitPrice ?? this.#quoteOf(instrument, 0).ask;
      return this.#reservedMinor() + notionalMinor(price, quantity) > this.cashMinor
        ? 'insufficient_cash'
        : null;
    }
    const committed = this.#committed(request);
    return committed + quantity > this.sellable(instrument) ? 'insufficient_quantity' : null;
  }

  /** Shares that other working sells would take; a group counts once. */
  #committed(request: OrderRequest): number {
    const groups = new Map<string, number>();
    let sum = 0;
    for (const order of this.orders.values()) {
      if (order.request.orderId === request.orderId || order.request.side === 'buy') continue;
      if (order.request.instrument !== request.instrument) continue;
      if (!isLive(order) || order.state === 'held') continue;
      if (order.group !== null && order.group === request.ocoGroup) continue;
      const open = openQuantityOf(this, order);
      if (order.group === null) sum += open;
      else groups.set(order.group, Math.max(groups.get(order.group) ?? 0, open));
    }
    for (const open of groups.values()) sum += open;
    return sum;
  }

  #reservedMinor(): number {
    let sum = 0;
    for (const order of this.orders.values())
      if (order.request.side === 'buy' && isLive(order))
        sum += notionalMinor(order.limitPrice ?? 0, order.request.quantity - order.filled);
    return sum;
  }

  #windowOf(order: VenueOrder, at: number): Window {
    return this.#rules.windowAt(order.request.instrument, at);
  }

  #match(order: VenueOrder, at: number, isUncross = false): void {
    if (this.#rules.isByHand) return;
    if (!(this.isOpen || isUncross) || !isLive(order) || order.state === 'held') return;
    if (at < order.restsUntil) return;
    const { request } = order;
    const { isHalted, isSuspended } = this.#rules;
    if (isHalted(request.instrument) || isSuspended(request.instrument, at)) return;
    const { bid, ask } = this.#quoteOf(request.instrument, at);
    const isBuy = request.side === 'buy';
    const price = isBuy ? ask : bid;
    const isDue =
      request.type === 'market' ||
      (request.type === 'stop' && bid <= (order.stopPrice ?? 0)) ||
      (request.type === 'limit' &&
        (isBuy ? ask <= (order.limitPrice ?? 0) : bid >= (order.limitPrice ?? Infinity)));
    // behind a seal nobody is opposite
    if (!isDue || price <= 0) return;
    let quantity = openQuantityOf(this, order);
    if (isBuy && order.filled === 0) {
      const part = this.#rules.partOf(this.#entryNumber.get(request.orderId) ?? 0);
      quantity = Math.max(1, Math.floor(quantity * part));
    }
    if (quantity > 0) this.fill(order, quantity, price, at);
  }

  /** Fills an order, whatever its state: a fill is a fact. */
  fill(order: VenueOrder, quantity: number, price: number, at: number): void {
    const { request } = order;
    order.filled += quantity;
    order.worth += price * quantity;
    const isComplete = openQuantityOf(this, order) === 0;
    order.state = isComplete ? 'filled' : 'partially_filled';
    order.restsUntil = isComplete ? 0 : at + REST_AFTER_PARTIAL_MS;
    const { instrument, side, orderId } = request;
    this.#book({ instrument, side, quantity, price, at, orderId });
    this.#report(order, isComplete ? 'filled' : 'partially_filled', at, { quantity, price });
    if (side === 'buy' && isComplete) this.#activateChildren(request.orderId, at);
    if (order.group !== null) this.#settleGroup(order, at);
  }

  #activateChildren(parentId: string, at: number): void {
    for (const child of this.orders.values()) {
      if (child.parentId !== parentId || child.state !== 'held') continue;
      child.state = 'accepted';
      this.#report(child, 'accepted', at);
      this.#match(child, at);
    }
  }

  #settleGroup(order: VenueOrder, at: number): void {
    for (const other of this.orders.values()) {
      if (other === order || other.group !== order.group || !isLive(other)) continue;
      if (openQuantityOf(this, other) === 0) this.#end(other, 'canceled', at, 'oco');
    }
  }

  #end(order: VenueOrder, to: 'canceled' | 'expired', at: number, reason: string | null): void {
    order.state = to;
    this.#report(order, to, at, { reason });
    for (const child of this.orders.values()) {
      if (child.parentId !== order.request.orderId || child.state !== 'held') continue;
      child.state = 'canceled';
    }
    if (order.group === null || !this.#rules.cancelsGroup) return;
    for (const other of this.orders.values()) {
      if (other === order || other.group !== order.group || !isLive(other)) continue;
      if (other.state === 'held') continue;
      other.state = 'canceled';
      this.#report(other, 'canceled', at, { reason: 'group' });
    }
  }

  #book(fill: Omit<BrokerFill, 'fillId' | 'feesMinor'>): void {
    const { instrument, side, quantity, price, orderId } = fill;
    const feesMinor = orderId === null ? 0 : this.#rules.feeMinor;
    const worthMinor = notionalMinor(price, quantity);
    const held = this.holdings.get(instrument) ?? { quantity: 0, averagePrice: 0 };
    this.cashMinor += side === 'buy' ? -worthMinor - feesMinor : worthMinor - feesMinor;
    const after = held.quantity + (side === 'buy' ? quantity : -quantity);
    const averagePrice =
      side === 'buy'
        ? (held.averagePrice * held.quantity + price * quantity) / Math.max(1, after)
        : held.averagePrice;
    if (side === 'buy' && (orderId === null || this.#ofToday.has(orderId)))
      this.#boughtToday.set(instrument, (this.#boughtToday.get(instrument) ?? 0) + quantity);
    if (after === 0) this.holdings.delete(instrument);
    else this.holdings.set(instrument, { quantity: after, averagePrice });
    this.#fillCount += 1;
    this.fills.push({ ...fill, fillId: `fill-${this.#fillCount}`, feesMinor });
  }

  #report(
    order: VenueOrder,
    kind: BrokerReport['kind'],
    at: number,
    what: { quantity?: number; price?: number; reason?: string | null } = {},
  ): void {
    const { orderId } = order.request;
    this.reports.push({
      reportId: `${orderId}:${kind}:${order.filled}:${this.reports.length}`,
      orderId,
      kind,
      at,
      filledQuantity: order.filled,
      lastQuantity: what.quantity ?? 0,
      lastPrice: what.price ?? null,
      feesMinor: what.price === undefined ? 0 : this.#rules.feeMinor,
      reason: what.reason ?? null,
      stopPrice: kind === 'replaced' ? order.stopPrice : null,
      limitPrice: kind === 'replaced' ? order.limitPrice : null,
    });
  }
}
