import { randomUUID } from 'node:crypto';

/** An order as the trading API shows it, with what the exchange keeps beside it. */
export type FakeOrder = {
  id: string;
  clientOrderId: string;
  symbol: string;
  side: 'buy' | 'sell';
  type: 'market' | 'limit' | 'stop' | 'stop_limit' | 'trailing_stop';
  timeInForce: string;
  orderClass: string;
  isExtendedHours: boolean;
  quantity: number;
  filled: number;
  notional: number;
  limitPrice: number | null;
  stopPrice: number | null;
  trail: number | null;
  mark: number | null;
  status: string;
  createdAt: number;
  updatedAt: number;
  filledAt: number | null;
  canceledAt: number | null;
  replacedAt: number | null;
  replacedBy: string | null;
  replaces: string | null;
  /** The order this one is a leg of. */
  parentId: string | null;
  legIds: string[];
  isTriggered: boolean;
};

export type FakeQuote = { bid: number; ask: number; bidSize: number; askSize: number };
type Position = { quantity: number; cost: number };
export type FakeFill = {
  id: string;
  orderId: string;
  symbol: string;
  side: string;
  quantity: number;
  price: number;
  cumulative: number;
  leaves: number;
  at: number;
};
export type FakeEvent = {
  event: string;
  orderId: string;
  execution: { id: string; quantity: number; price: number; position: number } | null;
};

/** A refusal in the API's own words. */
export class FakeRefusal extends Error {
  readonly status: number;
  readonly code: number;
  readonly extra: Record<string, unknown>;

  constructor(status: number, code: number, message: string, extra: Record<string, unknown> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.extra = extra;
  }
}

const WORKING = new Set([
  'new',
  'accepted',
  'pending_new',
  'partially_filled',
  'held',
  'pending_replace',
]);
const CENT = 0.01;

function invalid(message: string): FakeRefusal {
  return new FakeRefusal(422, 42210000, message);
}

function numberIn(value: unknown, name: string): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || !/^\d+(\.\d+)?$/.test(value))
    throw new FakeRefusal(422, 40010001, `invalid ${name}`);
  return Number(value);
}

function checkPrice(price: number | null): void {
  if (price === null) return;
  const places = price >= 1 ? 2 : 4;
  if (Number(price.toFixed(places)) !== price)
    throw invalid(
      `invalid price ${price}. sub-penny increment does not fulfill minimum pricing criteria`,
    );
}

/**
 * One account and its market: orders with brackets, pairs and chains of changes, filled by quotes. It
 * keeps to what the vendor documents: legs wait for a whole fill, the stop of two live legs stays
 * `held`, a change makes a new order, client order ids are unique for ever.
 */
export class FakeAlpacaExchange {
  readonly orders = new Map<string, FakeOrder>();
  readonly fills: FakeFill[] = [];
  readonly positions = new Map<string, Position>();
  cash: number;
  /** Called for each event, in order. */
  onEvent: (event: FakeEvent) => void = () => undefined;
  /** Status of an order that was just taken. */
  firstStatus = 'new';
  /** Quantity a successor carries over from its predecessor: all of it, or the rest only. */
  isFilledCarried = false;
  /** Symbols whose positions are not closed. */
  readonly refuseClosing = new Set<string>();
  readonly #quotes = new Map<string, FakeQuote>();
  readonly #clientIds = new Map<string, string>();
  #clock = 0;

  constructor(cash: number) {
    this.cash = cash;
  }

  /** Instants of the exchange never repeat, so that orders sort as they came. */
  now(): number {
    this.#clock = Math.max(this.#clock + 1, Date.now());
    return this.#clock;
  }

  byClientId(clientOrderId: string): FakeOrder | undefined {
    return this.orders.get(this.#clientIds.get(clientOrderId) ?? '');
  }

  isWorking(order: FakeOrder): boolean {
    return WORKING.has(order.status);
  }

  quote(symbol: string, quote: FakeQuote): void {
    this.#quotes.set(symbol, { ...quote });
    for (const order of [...this.orders.values()]) this.#match(order);
  }

  quoteOf(symbol: string): FakeQuote | undefined {
    return this.#quotes.get(symbol);
  }

  // ── what clients ask for ─────────────────────────────────────────────────────────────────────

  submit(body: Record<string, unknown>): FakeOrder {
    const order = this.#orderFrom(body);
    this.#checkClientId(order.clientOrderId);
    const legs = this.#legsFrom(order, body);
    this.#checkFunds(order);
    for (const one of [order, ...legs]) this.#add(one);
    order.legIds = legs.map((leg) => leg.id);
    this.#tell(order.status === 'pending_new' ? 'pending_new' : 'new', order);
    this.#match(order);
    return order;
  }

  cancel(id: string): void {
    const order = this.#known(id);
    if (order.status === 'pending_replace')
      throw invalid('order is pending replacement, cancel request rejected');
    if (!this.isWorking(order)) throw invalid(`order is already in "${order.status}" state`);
    for (const one of this.#groupOf(order)) if (this.isWorking(one)) this.#end(one, 'canceled');
  }

  /** Answers the new order; the old one goes when `finish` is called, if it has not filled by then. */
  replace(id: string, body: Record<string, unknown>): { order: FakeOrder; finish: () => void } {
    const old = this.#known(id);
    const isAllowed = ['new', 'partially_filled', 'held'].includes(old.status);
    if (!isAllowed) throw invalid(`cannot replace order in ${old.status} status`);
    const limitPrice = numberIn(body['limit_price'], 'limit_price') ?? old.limitPrice;
    const stopPrice = numberIn(body['stop_price'], 'stop_price') ?? old.stopPrice;
    checkPrice(limitPrice);
    checkPrice(stopPrice);
    const clientOrderId = String(body['client_order_id'] ?? randomUUID());
    this.#checkClientId(clientOrderId);
    const at = this.now();
    const carried = this.isFilledCarried;
    const order: FakeOrder = {
      ...old,
      id: randomUUID(),
      clientOrderId,
      limitPrice,
      stopPrice,
      quantity: carried ? old.quantity : old.quantity - old.filled,
      filled: carried ? old.filled : 0,
      notional: carried ? old.notional : 0,
      status: 'pending_new',
      createdAt: at,
      updatedAt: at,
      replaces: old.id,
      legIds: [],
    };
    const before = old.status;
    this.orders.set(order.id, order);
    this.#clientIds.set(clientOrderId, order.id);
    this.#move(old, 'pending_replace');
    return { order, finish: () => this.#finishReplace(old, order, before) };
  }

  /** Closing orders by symbol; every open order is canceled first when asked. */
  closeAll(isCanceling: boolean): { symbol: string; order: FakeOrder | FakeRefusal }[] {
    if (isCanceling)
      for (const order of [...this.orders.values()])
        if (this.isWorking(order)) this.#end(order, 'canceled');
    const held = [...this.positions].filter(([, position]) => position.quantity !== 0);
    return held.map(([symbol, { quantity }]) => {
      try {
        return { symbol, order: this.#close(symbol, quantity) };
      } catch (error) {
        if (error instanceof FakeRefusal) return { symbol, order: error };
        throw error;
      }
    });
  }

  expire(id: string, status: 'expired' | 'rejected' | 'done_for_day'): void {
    this.#end(this.#known(id), status);
  }

  /** Moves an order to another status and says so. */
  setStatus(id: string, status: string, event: string): void {
    const order = this.#known(id);
    this.#move(order, status);
    this.#tell(event, order);
  }

  heldForSale(symbol: string): number {
    let held = 0;
    for (const order of this.orders.values()) {
      if (order.symbol !== symbol || order.side !== 'sell' || !this.isWorking(order)) continue;
      // the legs of a group stand for the same shares
      const isSecond =
        order.orderClass === 'oco' ? order.parentId !== null : order.type === 'limit';
      if (order.orderClass !== 'simple' && isSecond && this.#siblings(order).length > 0) continue;
      const isWaiting = order.parentId !== null && this.#isWaiting(order);
      if (!isWaiting) held += order.quantity - order.filled;
    }
    return held;
  }

  // ── how orders are made ──────────────────────────────────────────────────────────────────────

  #known(id: string): FakeOrder {
    const order = this.orders.get(id);
    if (order === undefined) throw new FakeRefusal(404, 40410000, `order not found for ${id}`);
    return order;
  }

  #add(order: FakeOrder): void {
    this.orders.set(order.id, order);
    this.#clientIds.set(order.clientOrderId, order.id);
  }

  #checkClientId(clientOrderId: string): void {
    if (clientOrderId.length > 128)
      throw new FakeRefusal(422, 40010001, 'client_order_id too long');
    if (this.#clientIds.has(clientOrderId))
      throw new FakeRefusal(422, 40010001, 'client_order_id must be unique');
  }

  #blank(fields: Partial<FakeOrder> & Pick<FakeOrder, 'symbol' | 'side' | 'type'>): FakeOrder {
    const at = this.now();
    return {
      id: randomUUID(),
      clientOrderId: randomUUID(),
      timeInForce: 'day',
      orderClass: 'simple',
      isExtendedHours: false,
      quantity: 0,
      filled: 0,
      notional: 0,
      limitPrice: null,
      stopPrice: null,
      trail: null,
      mark: null,
      status: this.firstStatus,
      createdAt: at,
      updatedAt: at,
      filledAt: null,
      canceledAt: null,
      replacedAt: null,
      replacedBy: null,
      replaces: null,
      parentId: null,
      legIds: [],
      isTriggered: false,
      ...fields,
    };
  }

  #orderFrom(body: Record<string, unknown>): FakeOrder {
    const type = body['type'] as FakeOrder['type'];
    const side = body['side'];
    if (side !== 'buy' && side !== 'sell') throw new FakeRefusal(422, 40010001, 'invalid side');
    const quantity = numberIn(body['qty'], 'qty') ?? 0;
    if (!(quantity > 0)) throw new FakeRefusal(422, 40010001, 'qty must be > 0');
    const orderClass = String(body['order_class'] ?? '') || 'simple';
    const profit = (body['take_profit'] ?? {}) as Record<string, unknown>;
    const limitPrice =
      orderClass === 'oco'
        ? numberIn(profit['limit_price'], 'take_profit.limit_price')
        : numberIn(body['limit_price'], 'limit_price');
    const stopPrice = numberIn(body['stop_price'], 'stop_price');
    const trail = numberIn(body['trail_price'], 'trail_price');
    const needsLimit = type === 'limit' || type === 'stop_limit';
    const needsStop = type === 'stop' || type === 'stop_limit';
    if (needsLimit !== (limitPrice !== null)) throw invalid(`${type} orders: limit price`);
    if (needsStop !== (stopPrice !== null)) throw invalid(`${type} orders: stop price`);
    if ((type === 'trailing_stop') !== (trail !== null))
      throw invalid('trailing stop orders: trail');
    checkPrice(limitPrice);
    checkPrice(stopPrice);
    const isExtendedHours = body['extended_hours'] === true;
    if (isExtendedHours && (type !== 'limit' || orderClass !== 'simple'))
      throw invalid('extended hours order must be DAY limit orders');
    return this.#blank({
      symbol: String(body['symbol']),
      side,
      type,
      clientOrderId: String(body['client_order_id'] ?? randomUUID()),
      timeInForce: String(body['time_in_force']),
      orderClass,
      isExtendedHours,
      quantity,
      limitPrice,
      stopPrice,
      trail,
      mark: trail === null ? null : this.#sideOf(String(body['symbol']), side),
    });
  }

  #sideOf(symbol: string, side: 'buy' | 'sell'): number | null {
    const quote = this.#quotes.get(symbol);
    if (quote === undefined) return null;
    return side === 'sell' ? quote.bid : quote.ask;
  }

  #legsFrom(order: FakeOrder, body: Record<string, unknown>): FakeOrder[] {
    const { orderClass, symbol } = order;
    const loss = (body['stop_loss'] ?? {}) as Record<string, unknown>;
    const profit = (body['take_profit'] ?? {}) as Record<string, unknown>;
    const stopPrice = numberIn(loss['stop_price'], 'stop_loss.stop_price');
    const limitPrice = numberIn(profit['limit_price'], 'take_profit.limit_price');
    checkPrice(stopPrice);
    checkPrice(limitPrice);
    const isPair = orderClass === 'oco';
    const side = isPair === (order.side === 'sell') ? 'sell' : 'buy';
    const leg = (fields: Partial<FakeOrder> & { type: FakeOrder['type'] }): FakeOrder =>
      this.#blank({
        symbol,
        side,
        orderClass,
        quantity: order.quantity,
        timeInForce: order.timeInForce,
        parentId: order.id,
        status: 'held',
        ...fields,
      });
    const stop = (): FakeOrder => leg({ type: 'stop', stopPrice });
    const target = (): FakeOrder => leg({ type: 'limit', limitPrice });
    switch (orderClass) {
      case 'simple':
        return [];
      case 'bracket':
        if (stopPrice === null || limitPrice === null)
          throw invalid('bracket orders require take_profit.limit_price and stop_loss.stop_price');
        this.#checkBracket(order, stopPrice, limitPrice);
        return [target(), stop()];
      case 'oto':
        if ((stopPrice === null) === (limitPrice === null))
          throw invalid('oto orders require take_profit or stop_loss');
        return [stopPrice === null ? target() : stop()];
      case 'oco':
        if (order.type !== 'limit') throw invalid('oco orders must be of type limit');
        if (stopPrice === null) throw invalid('oco orders require stop_loss.stop_price');
        return [stop()];
      default:
        throw new FakeRefusal(422, 40010001, `invalid order_class ${orderClass}`);
    }
  }

  #checkBracket(order: FakeOrder, stop: number, target: number): void {
    const base = order.limitPrice ?? this.#sideOf(order.symbol, order.side) ?? stop;
    const sign = order.side === 'buy' ? 1 : -1;
    if ((base - stop) * sign < CENT - 1e-9)
      throw invalid('stop_loss.stop_price must be <= base_price - 0.01');
    if ((target - base) * sign < CENT - 1e-9)
      throw invalid('take_profit.limit_price must be >= base_price + 0.01');
  }

  #checkFunds(order: FakeOrder): void {
    const { quantity, side, symbol } = order;
    if (side === 'buy') {
      const price = order.limitPrice ?? (this.#sideOf(symbol, 'buy') ?? 0) * 1.025;
      const reserved = [...this.orders.values()]
        .filter((one) => one.side === 'buy' && this.isWorking(one) && !this.#isWaiting(one))
        .reduce((sum, one) => sum + (one.quantity - one.filled) * (one.limitPrice ?? 0), 0);
      if (price * quantity + reserved > this.cash)
        throw new FakeRefusal(403, 40310000, 'insufficient buying power', {
          buying_power: (this.cash - reserved).toFixed(2),
          cost_basis: (price * quantity).toFixed(2),
        });
    }
    if (order.orderClass === 'simple') this.#checkWash(order);
    if (side === 'buy') return;
    const held = this.positions.get(symbol)?.quantity ?? 0;
    const reserved = this.heldForSale(symbol);
    if (quantity > held - reserved)
      throw new FakeRefusal(
        403,
        40310000,
        `insufficient qty available for order (requested: ${quantity}, available: ${held - reserved})`,
        {
          available: String(held - reserved),
          existing_qty: String(held),
          held_for_orders: String(reserved),
          symbol,
        },
      );
  }

  #checkWash(order: FakeOrder): void {
    for (const other of this.orders.values()) {
      if (other.symbol !== order.symbol || other.side === order.side) continue;
      if (!this.isWorking(other) || this.#isWaiting(other)) continue;
      const [buy, sell] = order.side === 'buy' ? [order, other] : [other, order];
      const isMet =
        buy.limitPrice === null || sell.limitPrice === null || buy.limitPrice >= sell.limitPrice;
      if (isMet && other.type === 'limit')
        throw new FakeRefusal(403, 40310000, 'potential wash trade detected. use complex orders', {
          existing_order_id: other.id,
          reject_reason: 'opposite side limit order exists',
        });
    }
  }

  // ── what becomes of orders ───────────────────────────────────────────────────────────────────

  #siblings(order: FakeOrder): FakeOrder[] {
    return this.#groupOf(order).filter(
      (one) => one !== order && this.isWorking(one) && !this.#isEntry(one),
    );
  }

  #isEntry(order: FakeOrder): boolean {
    return order.orderClass !== 'oco' && order.legIds.length > 0;
  }

  /** Orders of one group, the successors of changed ones included. */
  #groupOf(order: FakeOrder): FakeOrder[] {
    const rootOf = (one: FakeOrder): string => {
      let first = one;
      while (first.replaces !== null) first = this.#known(first.replaces);
      return first.parentId ?? first.id;
    };
    const root = rootOf(order);
    return [...this.orders.values()].filter((one) => rootOf(one) === root);
  }

  #isWaiting(order: FakeOrder): boolean {
    if (order.parentId === null || order.orderClass === 'oco') return false;
    return this.#newestOf(this.#known(order.parentId)).status !== 'filled';
  }

  #newestOf(order: FakeOrder): FakeOrder {
    let newest = order;
    while (newest.replacedBy !== null) newest = this.#known(newest.replacedBy);
    return newest;
  }

  #finishReplace(old: FakeOrder, order: FakeOrder, before: string): void {
    if (old.status !== 'pending_replace') {
      this.#tell('order_replace_rejected', old);
      this.#move(order, 'rejected');
      this.#tell('rejected', order);
      return;
    }
    old.replacedBy = order.id;
    old.replacedAt = this.now();
    this.#move(old, 'replaced');
    this.#move(order, before === 'held' ? 'held' : order.filled > 0 ? 'partially_filled' : 'new');
    this.#tell('replaced', old);
    if (order.status !== 'held') this.#tell('new', order);
    this.#match(order);
  }

  #close(symbol: string, quantity: number): FakeOrder {
    if (this.refuseClosing.has(symbol))
      throw new FakeRefusal(403, 40310000, `trading in ${symbol} is halted`);
    const order = this.#blank({
      symbol,
      side: quantity > 0 ? 'sell' : 'buy',
      type: 'market',
      quantity: Math.abs(quantity),
      status: 'accepted',
    });
    this.#add(order);
    // accepted is not filled: it waits for the next quote
    this.#tell('new', order);
    return order;
  }

  #move(order: FakeOrder, status: string): void {
    order.status = status;
    order.updatedAt = this.now();
  }

  #end(order: FakeOrder, status: string): void {
    this.#move(order, status);
    if (status === 'canceled') order.canceledAt = order.updatedAt;
    this.#tell(status, order);
  }

  #tell(event: string, order: FakeOrder, execution: FakeEvent['execution'] = null): void {
    this.onEvent({ event, orderId: order.id, execution });
  }

  #match(order: FakeOrder): void {
    if (!this.isWorking(order) || order.status === 'pending_new' || this.#isWaiting(order)) return;
    const quote = this.#quotes.get(order.symbol);
    if (quote === undefined) return;
    const isSell = order.side === 'sell';
    const near = isSell ? quote.bid : quote.ask;
    const size = isSell ? quote.bidSize : quote.askSize;
    if (order.type === 'trailing_stop') {
      order.mark = isSell ? Math.max(order.mark ?? near, near) : Math.min(order.mark ?? near, near);
      order.stopPrice = order.mark + (order.trail ?? 0) * (isSell ? -1 : 1);
    }
    const isStop = order.type !== 'market' && order.type !== 'limit';
    if (isStop && !order.isTriggered) {
      const stop = order.stopPrice ?? near;
      if (isSell ? near > stop : near < stop) return;
      order.isTriggered = true;
    }
    const limit = order.type === 'limit' || order.type === 'stop_limit' ? order.limitPrice : null;
    if (limit !== null && (isSell ? near < limit : near > limit)) return;
    const quantity = Math.min(size, order.quantity - order.filled);
    if (quantity <= 0) return;
    if (isSell) quote.bidSize -= quantity;
    else quote.askSize -= quantity;
    this.#fill(order, quantity, near);
  }

  #fill(order: FakeOrder, quantity: number, price: number): void {
    const position = this.positions.get(order.symbol) ?? { quantity: 0, cost: 0 };
    const sign = order.side === 'buy' ? 1 : -1;
    position.cost =
      sign > 0
        ? position.cost + quantity * price
        : position.cost * (1 - quantity / (position.quantity || quantity));
    position.quantity += sign * quantity;
    this.positions.set(order.symbol, position);
    this.cash = Math.round((this.cash - sign * quantity * price) * 10_000) / 10_000;
    order.filled += quantity;
    order.notional += quantity * price;
    const isWhole = order.filled >= order.quantity;
    this.#move(order, isWhole ? 'filled' : 'partially_filled');
    if (isWhole) order.filledAt = order.updatedAt;
    const id = randomUUID();
    this.fills.push({
      id: `${new Date(order.updatedAt).toISOString().replace(/\D/g, '')}::${id}`,
      orderId: order.id,
      symbol: order.symbol,
      side: order.side,
      quantity,
      price,
      cumulative: order.filled,
      leaves: order.quantity - order.filled,
      at: order.updatedAt,
    });
    const execution = { id, quantity, price, position: position.quantity };
    this.#tell(isWhole ? 'fill' : 'partial_fill', order, execution);
    this.#afterFill(order, quantity, isWhole);
  }

  #afterFill(order: FakeOrder, quantity: number, isWhole: boolean): void {
    if (this.#isEntryOf(order)) {
      if (!isWhole) return;
      const legs = this.#groupOf(order).filter((one) => one.parentId !== null);
      for (const leg of legs) {
        // of two live legs the stop stays `held`, and nothing is said of it
        if (leg.status !== 'held' || (leg.type === 'stop' && legs.length > 1)) continue;
        this.#move(leg, 'new');
        this.#tell('new', leg);
      }
      for (const leg of legs) this.#match(leg);
      return;
    }
    for (const sibling of this.#siblings(order)) {
      if (isWhole) this.#end(sibling, 'canceled');
      else {
        sibling.quantity -= quantity;
        this.#move(sibling, sibling.status);
      }
    }
  }

  #isEntryOf(order: FakeOrder): boolean {
    return order.orderClass !== 'oco' && order.orderClass !== 'simple' && order.parentId === null;
  }
}
