import type { SlippageModel } from '#core/backtest/costs.ts';
import { fillPriceOnBar, fillPriceOnQuote, isTradable, volumeCap } from '#core/backtest/fills.ts';
import { limitedPriceOnBar, limitedPriceOnQuote } from '#core/backtest/fills-cn.ts';
import { uniformOf } from '#core/lib/random.ts';
import type { Bar } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { notionalMinor } from '#core/market/money.ts';
import { tickSizeOf } from '#core/market/price.ts';
import type { Quote } from '#core/market/quote.ts';
import { bookFill } from './account.ts';
import type { ExchangeOrder, ExchangeReport } from './exchange-order.ts';
import { isWorking, remainingOf } from './exchange-order.ts';
import type { Exchange, StandingBook } from './exchange-state.ts';
import {
  closeOrder,
  committedSells,
  endOrder,
  heldChildrenOf,
  isOpenAt,
  knownDayOf,
  reportOf,
  sellableAt,
  tradingDayAt,
} from './exchange-state.ts';
import {
  endVoidOrders,
  isHaltedAt,
  standsStill,
  takesPart,
  tradingModeOf,
  wholeStepsOf,
} from './venue-cn.ts';

/** A pause between quotes of this length counts as a gap: what lies between was not seen. */
const GAP_MS = 60_000;

const RANK = { stop: 0, market: 1, limit: 2 } as const;

/** The working order that is matched next: losses first, then as they were placed; undefined: all are `seen`. */
function nextToMatch(
  orders: readonly ExchangeOrder[],
  seen: ReadonlySet<ExchangeOrder>,
): ExchangeOrder | undefined {
  let next: ExchangeOrder | undefined;
  for (const order of orders) {
    if (!isWorking(order) || seen.has(order)) continue;
    if (next === undefined || RANK[order.terms.type] < RANK[next.terms.type]) next = order;
  }
  return next;
}

/** The order as it would stand after a fill: average price, and the fees of that fill. */
function afterFill(
  exchange: Exchange,
  order: ExchangeOrder,
  price: number,
  quantity: number,
  at: number,
): { readonly filledQuantity: number; readonly averagePrice: number; readonly feesMinor: number } {
  const { instrument, side } = order.terms;
  const filledQuantity = order.filledQuantity + quantity;
  const paid = (order.averagePrice ?? 0) * order.filledQuantity + price * quantity;
  const averagePrice = paid / filledQuantity;
  const feesMinor = exchange.rules.fees({
    instrument,
    side,
    price: averagePrice,
    quantity: filledQuantity,
    tradingDay: tradingDayAt(exchange, at),
    alreadyChargedMinor: order.feesMinor,
  });
  return { filledQuantity, averagePrice, feesMinor };
}

function affordableQuantity(
  exchange: Exchange,
  order: ExchangeOrder,
  price: number,
  wanted: number,
  at: number,
): number {
  const { cashMinor } = exchange.account;
  let quantity = Math.min(wanted, Math.floor(cashMinor / (price * 100)) + 1);
  for (; quantity > 0; quantity -= 1) {
    const { feesMinor } = afterFill(exchange, order, price, quantity, at);
    if (notionalMinor(price, quantity) + feesMinor <= cashMinor) break;
  }
  return quantity;
}

/** Quantity of this fill after chance has cut it: 1 … wanted. */
function cutByChance(exchange: Exchange, order: ExchangeOrder, wanted: number): number {
  const { partialRatio, seed } = exchange.rules;
  if (partialRatio <= 0 || wanted < 2) return wanted;
  const key = `partial/${order.terms.orderId}/${order.filledQuantity}`;
  if (uniformOf(seed, key) >= partialRatio) return wanted;
  return 1 + Math.floor(uniformOf(seed, `${key}/size`) * (wanted - 1));
}

/** Lets the other orders of the group shrink by `quantity`, or ends them when `order` is done. */
function settleGroup(
  exchange: Exchange,
  order: ExchangeOrder,
  quantity: number,
  at: number,
  out: ExchangeReport[],
): void {
  const group = order.terms.ocoGroup;
  if (group === null) return;
  for (const list of exchange.openOrders.values()) {
    for (const other of list.filter((one) => one !== order && one.terms.ocoGroup === group)) {
      const left = remainingOf(other) - quantity;
      if (order.state === 'filled' || left <= 0)
        endOrder(exchange, other, 'canceled', 'oco', at, out);
      else other.terms = { ...other.terms, quantity: other.terms.quantity - quantity };
    }
  }
}

/** Activates the held children of a filled parent for what can still be sold. */
function activateChildren(
  exchange: Exchange,
  parent: ExchangeOrder,
  at: number,
  out: ExchangeReport[],
): void {
  for (const child of heldChildrenOf(exchange, parent)) {
    const { instrument, side, quantity, ocoGroup } = child.terms;
    const free =
      side === 'sell'
        ? sellableAt(exchange, instrument, at) - committedSells(exchange, instrument, ocoGroup)
        : quantity;
    if (free <= 0) {
      endOrder(exchange, child, 'canceled', 'insufficient_quantity', at, out);
      continue;
    }
    if (free < quantity) child.terms = { ...child.terms, quantity: free };
    child.state = 'accepted';
    child.workingAt = at;
    out.push(reportOf(child, 'accepted', at, null));
  }
}

/** Fills up to `available` shares at `price`; answers the shares filled. */
export function execute(
  exchange: Exchange,
  order: ExchangeOrder,
  price: number,
  available: number,
  at: number,
  out: ExchangeReport[],
): number {
  const { instrument, side } = order.terms;
  const tradingDay = tradingDayAt(exchange, at);
  const whole = (quantity: number) => wholeStepsOf(exchange, order, quantity, at);
  const wanted = whole(Math.min(remainingOf(order), available));
  if (wanted <= 0) return 0;
  const allowed = whole(
    side === 'buy'
      ? affordableQuantity(exchange, order, price, wanted, at)
      : Math.min(wanted, sellableAt(exchange, instrument, at)),
  );
  const quantity = allowed <= 0 ? 0 : whole(cutByChance(exchange, order, allowed)) || allowed;
  if (quantity > 0) {
    const after = afterFill(exchange, order, price, quantity, at);
    const { feesMinor } = after;
    bookFill(exchange.account, { instrument, side, price, quantity, feesMinor, tradingDay });
    order.averagePrice = after.averagePrice;
    order.filledQuantity = after.filledQuantity;
    order.feesMinor += feesMinor;
    const isDone = remainingOf(order) === 0;
    order.state = isDone ? 'filled' : 'partially_filled';
    if (isDone) closeOrder(exchange, order);
    out.push({
      ...reportOf(order, order.state, at, null),
      lastQuantity: quantity,
      lastPrice: price,
      feesMinor,
    });
    settleGroup(exchange, order, quantity, at, out);
    if (isDone) activateChildren(exchange, order, at, out);
  }
  if (allowed < wanted && isWorking(order)) {
    const reason = side === 'buy' ? 'insufficient_cash' : 'insufficient_quantity';
    endOrder(exchange, order, 'canceled', reason, at, out);
  }
  return quantity;
}

function slippageNow({ rules }: Exchange, instrument: InstrumentId): SlippageModel {
  return rules.slippageOf?.(instrument) ?? rules.slippage;
}

/** True when chance leaves a resting limit in the queue although the market reached it. */
function isPassedOver(exchange: Exchange, order: ExchangeOrder, at: number): boolean {
  const { limitFillRatio = 1, seed } = exchange.rules;
  if (limitFillRatio >= 1 || order.terms.type !== 'limit') return false;
  return uniformOf(seed, `limit/${order.terms.orderId}/${at}`) >= limitFillRatio;
}

/** Book of an instrument, made empty when there is none. */
export function bookOf(exchange: Exchange, instrument: InstrumentId): StandingBook {
  const known = exchange.books.get(instrument);
  if (known !== undefined) return known;
  const made = { quote: null, bidLeft: 0, askLeft: 0, lastQuoteAt: 0, isGap: true };
  exchange.books.set(instrument, made);
  return made;
}

/** Price of one order on the standing quote of its instrument, within the limits of the day. */
function priceOnQuote(
  exchange: Exchange,
  order: ExchangeOrder,
  quote: Quote,
  isGap: boolean,
  at: number,
): number | null {
  const { terms } = order;
  const { matchBy } = exchange.rules;
  const slippage = slippageNow(exchange, terms.instrument);
  const isArrival = !order.hasMetQuote;
  order.hasMetQuote = true;
  const seen = quote.bid > 0 ? quote.bid : quote.ask;
  const tick = tickSizeOf(terms.instrument, seen, tradingDayAt(exchange, at));
  const moment = { matchBy, isArrival, isGap };
  const free = fillPriceOnQuote({ ...terms, ...order }, quote, moment, tick, slippage);
  const price = free !== null && !isArrival && isPassedOver(exchange, order, at) ? null : free;
  const known = price === null ? null : knownDayOf(exchange, terms.instrument, at);
  return price === null || known === null
    ? price
    : limitedPriceOnQuote(terms.side, price, quote, known.limits);
}

/** Price of an order for after the close: the close, when the other side is there and it is known. */
function priceAtClose(
  exchange: Exchange,
  order: ExchangeOrder,
  quote: Quote,
  at: number,
): number | null {
  const { instrument, side } = order.terms;
  const close = knownDayOf(exchange, instrument, at)?.facts.closePrice ?? null;
  return isTradable(side, quote) ? close : null;
}

/** Matches working orders of one instrument against its standing quote until nothing moves. */
export function matchStanding(
  exchange: Exchange,
  instrument: InstrumentId,
  at: number,
  out: ExchangeReport[],
): void {
  const book = bookOf(exchange, instrument);
  const { quote } = book;
  if ((exchange.openOrders.get(instrument)?.length ?? 0) === 0) return;
  const mode = quote === null ? 'none' : tradingModeOf(exchange, instrument, at);
  if (quote === null || mode === 'none' || !standsStill(exchange, quote, at)) return;
  if (mode === 'after_hours') endVoidOrders(exchange, instrument, at, out);
  const seen = new Set<ExchangeOrder>();
  for (;;) {
    const orders = exchange.openOrders.get(instrument);
    if (orders === undefined || orders.length === 0) return;
    const next = nextToMatch(orders, seen);
    if (next === undefined) return;
    seen.add(next);
    if (!takesPart(next, mode)) continue;
    const { terms } = next;
    const price =
      mode === 'after_hours'
        ? priceAtClose(exchange, next, quote, at)
        : priceOnQuote(exchange, next, quote, book.isGap, at);
    if (price === null) continue;
    if (terms.type === 'stop') next.isTriggered = true;
    const isBuy = terms.side === 'buy';
    const filled = execute(exchange, next, price, isBuy ? book.askLeft : book.bidLeft, at, out);
    if (isBuy) book.askLeft -= filled;
    else book.bidLeft -= filled;
  }
}

/**
 * Takes a quote as the standing one and matches the orders of its instrument against it. `at` is
 * now; a quote from outside the session fills nothing. Answers what happened, in order.
 */
export function matchQuote(exchange: Exchange, quote: Quote, at: number): ExchangeReport[] {
  const { instrument } = quote;
  const book = bookOf(exchange, instrument);
  book.isGap = book.isGap || quote.at - book.lastQuoteAt > GAP_MS;
  book.quote = quote;
  book.bidLeft = quote.bidSize;
  book.askLeft = quote.askSize;
  book.lastQuoteAt = quote.at;
  const out: ExchangeReport[] = [];
  if (tradingModeOf(exchange, instrument, quote.at) !== 'none') {
    matchStanding(exchange, instrument, at, out);
  }
  book.isGap = false;
  return out;
}

/** False where a bar of the instrument can neither fill an order nor end a standing quote. */
export function isMovedByBar(exchange: Exchange, instrument: InstrumentId): boolean {
  if (exchange.rules.venue === 'cn') return true;
  const book = exchange.books.get(instrument);
  if (book !== undefined && (book.quote !== null || !book.isGap)) return true;
  return (exchange.openOrders.get(instrument)?.length ?? 0) > 0;
}

/**
 * Matches the orders of the bar's instrument against a closed bar. By ticks a bar says nothing
 * that the quotes have not said. By bars it also ends the standing quote: what comes next fills at
 * the next quote, the next bar's open. `at` is now. Answers what happened, in order.
 */
export function matchBar(exchange: Exchange, bar: Bar, at: number): ExchangeReport[] {
  const out: ExchangeReport[] = [];
  const { instrument } = bar;
  const isCn = exchange.rules.venue === 'cn';
  if (isCn) exchange.lastPrices.set(instrument, { price: bar.close, at: bar.openedAt });
  if (exchange.rules.matchBy === 'ticks') return out;
  const book = bookOf(exchange, instrument);
  if (book.lastQuoteAt < bar.closedAt) book.quote = null;
  book.isGap = true;
  const orders = exchange.openOrders.get(instrument);
  if (orders === undefined || orders.length === 0 || !isOpenAt(exchange, bar.openedAt)) return out;
  if (isCn && isHaltedAt(exchange, instrument, bar.openedAt)) return out;
  const tick = tickSizeOf(instrument, bar.open, tradingDayAt(exchange, at));
  const known = isCn ? knownDayOf(exchange, instrument, bar.openedAt) : null;
  const { volumeCapRatio } = exchange.rules;
  const slippage = slippageNow(exchange, instrument);
  const stoppedGroups = new Set<string>();
  const seen = new Set<ExchangeOrder>();
  const before = new Set(orders.filter(isWorking));
  let left = volumeCap(bar.volume, volumeCapRatio);
  for (;;) {
    const next = nextToMatch(orders, seen);
    if (next === undefined) return out;
    seen.add(next);
    const { terms } = next;
    const group = terms.ocoGroup;
    if (!takesPart(next, 'regular')) continue;
    if (terms.type === 'limit' && group !== null && stoppedGroups.has(group)) continue;
    // A child that this very bar has activated saw only the rest of the bar: its loss counts.
    const workingAt = before.has(next) ? next.workingAt : bar.openedAt + 1;
    const free = fillPriceOnBar({ ...terms, ...next, workingAt }, bar, tick, slippage);
    const price =
      free === null || known === null
        ? free
        : limitedPriceOnBar(terms.side, free, bar, known.limits);
    if (price === null || isPassedOver(exchange, next, at)) continue;
    if (terms.type === 'stop') next.isTriggered = true;
    if (terms.type === 'stop' && group !== null) stoppedGroups.add(group);
    left -= execute(exchange, next, price, left, at, out);
  }
}
