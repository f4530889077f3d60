import { uniformOf } from '#core/lib/random.ts';
import { roundToTick, tickSizeOf } from '#core/market/price.ts';
import type {
  ExchangeOrder,
  ExchangeReason,
  ExchangeReport,
  OrderTerms,
} from './exchange-order.ts';
import { childrenOf, createOrder, isOpen, isWorking, remainingOf } from './exchange-order.ts';
import type { Exchange } from './exchange-state.ts';
import {
  addOrder,
  buyCostMinor,
  committedSells,
  endOrder,
  isOpenAt,
  reportOf,
  reservedCashMinor,
  reservePrice,
  sellableAt,
  tradingDayAt,
} from './exchange-state.ts';
import { matchStanding } from './matching.ts';
import { cancelRefusalCn, endsWithSessionCn, refusalOfCn, worksAtCn } from './venue-cn.ts';

/** New prices of an order; an absent one stays. */
export type NewPrices = { readonly stopPrice?: number; readonly limitPrice?: number };

const GRID_TOLERANCE = 1e-9;

function judgePrice(exchange: Exchange, terms: OrderTerms, price: number, at: number) {
  if (!Number.isFinite(price) || price <= 0) return 'invalid_price';
  const tick = tickSizeOf(terms.instrument, price, tradingDayAt(exchange, at));
  const isOnGrid = Math.abs(roundToTick(price, tick, 'nearest') - price) < GRID_TOLERANCE;
  return isOnGrid ? null : 'sub_penny_price';
}

/** Why the prices of an order are refused; null when they are good. */
function judgePrices(exchange: Exchange, terms: OrderTerms, at: number): ExchangeReason | null {
  const needed: (number | null)[] = [];
  if (terms.type === 'limit') needed.push(terms.limitPrice);
  if (terms.type === 'stop') needed.push(terms.stopPrice);
  const { bracket } = terms;
  if (bracket !== null) {
    needed.push(bracket.stop.stopPrice);
    if (bracket.target !== null) needed.push(bracket.target.limitPrice);
  }
  for (const price of needed) {
    if (price === null) return 'invalid_price';
    const reason = judgePrice(exchange, terms, price, at);
    if (reason !== null) return reason;
  }
  if (bracket === null) return null;
  if (terms.side === 'sell') return 'bracket_needs_buy';
  const floor = bracket.stop.stopPrice;
  const entry = terms.limitPrice ?? Math.max(floor, GRID_TOLERANCE) + GRID_TOLERANCE;
  const ceiling = bracket.target?.limitPrice ?? Number.POSITIVE_INFINITY;
  return floor < entry && entry < ceiling ? null : 'bracket_price_crossed';
}

/** Why cash or holdings do not carry an order; null when they do. */
function judgeMeans(exchange: Exchange, terms: OrderTerms, at: number): ExchangeReason | null {
  const { instrument, quantity } = terms;
  if (terms.side === 'sell') {
    const sellable = sellableAt(exchange, instrument, at);
    const committed = committedSells(exchange, instrument, terms.ocoGroup);
    return committed + quantity <= sellable ? null : 'insufficient_quantity';
  }
  const price = reservePrice(exchange, terms);
  if (price === null) return null;
  const cost = buyCostMinor(exchange, instrument, price, quantity, at);
  const reserved = reservedCashMinor(exchange, at, terms.orderId);
  return cost + reserved <= exchange.account.cashMinor ? null : 'insufficient_cash';
}

function judgeOrder(exchange: Exchange, terms: OrderTerms, at: number): ExchangeReason | null {
  const { rejectRatio, seed, venue } = exchange.rules;
  if (!Number.isSafeInteger(terms.quantity) || terms.quantity <= 0) return 'invalid_quantity';
  const asked =
    venue === 'cn'
      ? (refusalOfCn(exchange, terms, at)?.code ?? null)
      : isOpenAt(exchange, at)
        ? judgePrices(exchange, terms, at)
        : 'session_closed';
  if (asked !== null) return asked;
  const means = judgeMeans(exchange, terms, at);
  if (means !== null) return means;
  const isUnlucky = rejectRatio > 0 && uniformOf(seed, `reject/${terms.orderId}`) < rejectRatio;
  return isUnlucky ? 'broker_reject' : null;
}

/**
 * Places an order: judges it, answers `accepted` or `rejected`, and fills what the standing quote
 * allows. An order id that is known, also one of a bracket's children, is a duplicate: nothing
 * happens. `refusal` rejects the order with that reason whatever it is.
 */
export function placeOrder(
  exchange: Exchange,
  terms: OrderTerms,
  at: number,
  refusal: ExchangeReason | null = null,
): { readonly kind: 'taken' | 'duplicate'; readonly reports: ExchangeReport[] } {
  const children = childrenOf(terms);
  const ids = [terms.orderId, ...children.map((child) => child.orderId)];
  const isKnown = ids.some((id) => exchange.orders.has(id)) || new Set(ids).size < ids.length;
  if (isKnown) return { kind: 'duplicate', reports: [] };
  const reason = refusal ?? judgeOrder(exchange, terms, at);
  const state = reason === null ? 'accepted' : 'rejected';
  const worksAt = exchange.rules.venue === 'cn' ? worksAtCn(exchange, terms, at) : at;
  const order = createOrder(lessSiblings(exchange, terms), state, null, worksAt);
  addOrder(exchange, order);
  const reports = [reportOf(order, state, at, reason)];
  if (reason !== null) return { kind: 'taken', reports };
  for (const child of children) {
    addOrder(exchange, createOrder(child, 'held', terms.orderId, at));
  }
  matchStanding(exchange, terms.instrument, at, reports);
  return { kind: 'taken', reports };
}

/**
 * Places two orders of one group as one request: both work or neither does. `refusal` rejects both with
 * that reason. Known ids are a duplicate: nothing happens.
 */
export function placePair(
  exchange: Exchange,
  lead: OrderTerms,
  partner: OrderTerms,
  at: number,
  refusal: ExchangeReason | null = null,
): { readonly kind: 'taken' | 'duplicate'; readonly reports: ExchangeReport[] } {
  const both = [lead, partner];
  const isKnown = both.some((terms) => exchange.orders.has(terms.orderId));
  if (isKnown || lead.orderId === partner.orderId) return { kind: 'duplicate', reports: [] };
  const reason =
    refusal ?? judgeOrder(exchange, lead, at) ?? judgeOrder(exchange, partner, at) ?? null;
  const state = reason === null ? 'accepted' : 'rejected';
  const orders = both.map((terms) => createOrder(lessSiblings(exchange, terms), state, null, at));
  const reports = orders.map((order) => reportOf(order, state, at, reason));
  for (const order of orders) addOrder(exchange, order);
  if (reason === null) matchStanding(exchange, lead.instrument, at, reports);
  return { kind: 'taken', reports };
}

/** An order that joins a group takes only what the others of it have not taken before it came. */
function lessSiblings(exchange: Exchange, terms: OrderTerms): OrderTerms {
  if (terms.ocoGroup === null) return terms;
  let taken = 0;
  for (const other of exchange.orders.values()) {
    if (other.terms.ocoGroup === terms.ocoGroup) taken += other.filledQuantity;
  }
  return taken === 0 ? terms : { ...terms, quantity: Math.max(1, terms.quantity - taken) };
}

function unknownOrder(orderId: string, kind: ExchangeReport['kind'], at: number): ExchangeReport {
  return {
    orderId,
    kind,
    at,
    filledQuantity: 0,
    lastQuantity: 0,
    lastPrice: null,
    feesMinor: 0,
    reason: 'unknown_order',
    stopPrice: null,
    limitPrice: null,
  };
}

/**
 * Cancels an open order, and with a parent the children that wait for it. Answers `canceled`, or
 * `cancel_rejected` when the order is unknown or final, or when the exchange takes no cancels now.
 */
export function cancelOrder(exchange: Exchange, orderId: string, at: number): ExchangeReport[] {
  const order = exchange.orders.get(orderId);
  if (order === undefined) return [unknownOrder(orderId, 'cancel_rejected', at)];
  if (!isOpen(order)) return [reportOf(order, 'cancel_rejected', at, 'not_working')];
  const { instrument } = order.terms;
  const shut = exchange.rules.venue === 'cn' ? cancelRefusalCn(exchange, instrument, at) : null;
  if (shut !== null) return [reportOf(order, 'cancel_rejected', at, shut)];
  const out: ExchangeReport[] = [];
  endOrder(exchange, order, 'canceled', null, at, out);
  return out;
}

function judgeReplace(
  exchange: Exchange,
  order: ExchangeOrder,
  terms: OrderTerms,
  prices: NewPrices,
  at: number,
): ExchangeReason | null {
  if (!isWorking(order) || order.isTriggered || terms.type === 'market') return 'not_working';
  if (exchange.rules.venue === 'cn') return 'replace_unsupported';
  if (!isOpenAt(exchange, at)) return 'session_closed';
  const isStop = terms.type === 'stop';
  const foreign = isStop ? prices.limitPrice : prices.stopPrice;
  if (foreign !== undefined) return 'invalid_price';
  const reason = judgePrices(exchange, terms, at);
  if (reason !== null || terms.side === 'sell') return reason;
  return judgeMeans(exchange, { ...terms, quantity: remainingOf(order) }, at);
}

/**
 * Changes the price of a working limit or of a stop that has not been triggered. Answers
 * `replaced` and the fills that the new price brings at the standing quote, or `replace_rejected`;
 * then the old price goes on.
 */
export function replaceOrder(
  exchange: Exchange,
  orderId: string,
  prices: NewPrices,
  at: number,
): ExchangeReport[] {
  const order = exchange.orders.get(orderId);
  if (order === undefined) return [unknownOrder(orderId, 'replace_rejected', at)];
  const terms: OrderTerms = {
    ...order.terms,
    stopPrice: prices.stopPrice ?? order.terms.stopPrice,
    limitPrice: prices.limitPrice ?? order.terms.limitPrice,
  };
  const reason = judgeReplace(exchange, order, terms, prices, at);
  if (reason !== null) return [reportOf(order, 'replace_rejected', at, reason)];
  order.terms = terms;
  order.workingAt = at;
  order.hasMetQuote = false;
  const out = [reportOf(order, 'replaced', at, null)];
  matchStanding(exchange, terms.instrument, at, out);
  return out;
}

/**
 * Ends the orders that live for one session: every working buy, with the children that wait for
 * it. Sell orders protect what is held and stay. On a Chinese exchange, where nothing rests as
 * protection, sales end as well; orders for after the close outlive it until 15:30.
 */
export function expireOrders(exchange: Exchange, at: number): ExchangeReport[] {
  const out: ExchangeReport[] = [];
  for (const list of exchange.openOrders.values()) {
    const ends = (one: ExchangeOrder) =>
      exchange.rules.venue === 'cn'
        ? endsWithSessionCn(exchange, one, at)
        : one.terms.side === 'buy';
    for (const order of list.filter((one) => isWorking(one) && ends(one))) {
      endOrder(exchange, order, 'expired', 'session_end', at, out);
    }
  }
  return out;
}
