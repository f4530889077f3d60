import type { FeeModel, SlippageModel } from '#core/backtest/costs.ts';
import { regularTradingDayOf } from '#core/backtest/costs.ts';
import type { MatchBy } from '#core/backtest/fills.ts';
import type { Seed } from '#core/lib/random.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import type { PriceLimitsCn } from '#core/market/limits-cn.ts';
import { limitsOn } from '#core/market/limits-cn.ts';
import { addMinor, notionalMinor } from '#core/market/money.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Session } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { SimulatedAccount } from './account.ts';
import { sellableQuantity } from './account.ts';
import type {
  ExchangeOrder,
  ExchangeReason,
  ExchangeReport,
  OrderTerms,
} from './exchange-order.ts';
import { isOpen, isWorking, remainingOf } from './exchange-order.ts';

/** How a simulated exchange behaves. Ratios are fractions. */
export type ExchangeRules = {
  readonly matchBy: MatchBy;
  readonly fees: FeeModel;
  readonly slippage: SlippageModel;
  /** Slippage of an instrument now, where it is not the same for all; read at each match. */
  readonly slippageOf?: (instrument: InstrumentId) => SlippageModel;
  /** Share of a bar's volume that orders may take; all orders on a bar share it. */
  readonly volumeCapRatio: number;
  /** Chance of a resting limit to be filled where the market reaches it, drawn anew each time; 1 where left out. */
  readonly limitFillRatio?: number;
  /** Share of orders refused by chance. */
  readonly rejectRatio: number;
  /** Share of fills cut short by chance, beyond what size and volume cut. */
  readonly partialRatio: number;
  readonly seed: Seed;
  /**
   * `cn`: orders are judged and matched by the rules of the Chinese exchanges (venue-cn.ts), with
   * the facts of {@link setInstrumentDay}. Left out: a plain exchange of regular hours.
   */
  readonly venue?: 'cn';
};

/** The quote that stands, with what is left of its sizes. */
export type StandingBook = {
  quote: Quote | null;
  bidLeft: number;
  askLeft: number;
  lastQuoteAt: number;
  /** A bar has come since the last quote. */
  isGap: boolean;
};

/** Price and instant of a trade. */
export type LastTrade = { readonly price: number; readonly at: number };

/** Facts of a day, and the limits that follow from them. */
export type KnownDay = { readonly facts: InstrumentDayCn; readonly limits: PriceLimitsCn };

/** A simulated exchange with one account; changed in place by the functions of this folder. */
export type Exchange = {
  readonly rules: ExchangeRules;
  readonly account: SimulatedAccount;
  readonly orders: Map<string, ExchangeOrder>;
  /** Orders waiting or working, in the order of their placing. */
  readonly openOrders: Map<InstrumentId, ExchangeOrder[]>;
  readonly books: Map<InstrumentId, StandingBook>;
  /** Facts of instruments on the newest day they were told for, with their limits. */
  readonly days: Map<InstrumentId, KnownDay>;
  /** Last trades seen, where the venue needs them. */
  readonly lastPrices: Map<InstrumentId, LastTrade>;
  /** Session in which orders are taken and filled; null closes, undefined never closes. */
  session: Session | null | undefined;
};

/** An exchange without orders. */
export function createExchange(
  rules: ExchangeRules,
  account: SimulatedAccount,
  session: Session | null | undefined,
): Exchange {
  return {
    rules,
    account,
    orders: new Map(),
    openOrders: new Map(),
    books: new Map(),
    days: new Map(),
    lastPrices: new Map(),
    session,
  };
}

/** True when orders are taken and filled at `at`: inside the session and outside its breaks. */
export function isOpenAt(exchange: Exchange, at: number): boolean {
  const { session } = exchange;
  if (session === undefined) return true;
  if (session === null || at < session.openAt || at >= session.closeAt) return false;
  return !session.breaks.some((pause) => at >= pause.fromAt && at < pause.toAt);
}

/** Trading day of the session, or of the instant when no session is set. */
export function tradingDayAt(exchange: Exchange, at: number): TradingDay {
  return exchange.session?.tradingDay ?? regularTradingDayOf(at);
}

/**
 * Tells the facts of one instrument on one day: previous close, status, listing, suspension, the
 * vendor's limits, the close once it is known. Told again they replace what was told before.
 */
export function setInstrumentDay(exchange: Exchange, facts: InstrumentDayCn): void {
  exchange.days.set(facts.instrument, { facts, limits: limitsOn(facts) });
}

/** Facts of `instrument` on the trading day of `at`; null when they were told for another day only. */
export function knownDayOf(
  exchange: Exchange,
  instrument: InstrumentId,
  at: number,
): KnownDay | null {
  const known = exchange.days.get(instrument);
  return known?.facts.tradingDay === tradingDayAt(exchange, at) ? known : null;
}

/** Shares that may be sold at `at`; T+1 does not bind what the day's facts free from it. */
export function sellableAt(exchange: Exchange, instrument: InstrumentId, at: number): number {
  const { account } = exchange;
  return knownDayOf(exchange, instrument, at)?.facts.isSameDaySale === true
    ? (account.positions.get(instrument)?.quantity ?? 0)
    : sellableQuantity(account, instrument, tradingDayAt(exchange, at));
}

/** Adds an order to the book. */
export function addOrder(exchange: Exchange, order: ExchangeOrder): void {
  exchange.orders.set(order.terms.orderId, order);
  if (!isOpen(order)) return;
  const list = exchange.openOrders.get(order.terms.instrument);
  if (list === undefined) exchange.openOrders.set(order.terms.instrument, [order]);
  else list.push(order);
}

/** Takes an order that is final out of the open ones; it stays known by its id. */
export function closeOrder(exchange: Exchange, order: ExchangeOrder): void {
  const list = exchange.openOrders.get(order.terms.instrument);
  const index = list?.indexOf(order) ?? -1;
  if (index >= 0) list?.splice(index, 1);
}

/** A report of `order` as it stands, without a fill. */
export function reportOf(
  order: { readonly terms: OrderTerms; readonly filledQuantity: number },
  kind: ExchangeReport['kind'],
  at: number,
  reason: ExchangeReason | null,
): ExchangeReport {
  const isReplaced = kind === 'replaced';
  return {
    orderId: order.terms.orderId,
    kind,
    at,
    filledQuantity: order.filledQuantity,
    lastQuantity: 0,
    lastPrice: null,
    feesMinor: 0,
    reason,
    stopPrice: isReplaced ? order.terms.stopPrice : null,
    limitPrice: isReplaced ? order.terms.limitPrice : null,
  };
}

/** Held children of `orderId`. */
export function heldChildrenOf(exchange: Exchange, parent: ExchangeOrder): ExchangeOrder[] {
  const list = exchange.openOrders.get(parent.terms.instrument) ?? [];
  return list.filter((order) => order.state === 'held' && order.parentId === parent.terms.orderId);
}

/** Ends an open order as canceled or expired, and with it the children that still wait for it. */
export function endOrder(
  exchange: Exchange,
  order: ExchangeOrder,
  kind: 'canceled' | 'expired',
  reason: ExchangeReason | null,
  at: number,
  out: ExchangeReport[],
): void {
  const children = heldChildrenOf(exchange, order);
  order.state = kind;
  closeOrder(exchange, order);
  out.push(reportOf(order, kind, at, reason));
  for (const child of children) {
    endOrder(exchange, child, 'canceled', 'parent_canceled', at, out);
  }
}

/**
 * Shares that working sell orders of `instrument` may still take: orders of one group count once,
 * with the largest of them, because they cancel each other. `group` is left out of the sum.
 */
export function committedSells(
  exchange: Exchange,
  instrument: InstrumentId,
  group: string | null,
): number {
  const byGroup = new Map<string, number>();
  for (const order of exchange.openOrders.get(instrument) ?? []) {
    if (order.terms.side !== 'sell' || !isWorking(order)) continue;
    const own = order.terms.ocoGroup;
    if (own !== null && own === group) continue;
    const key = own ?? `order ${order.terms.orderId}`;
    byGroup.set(key, Math.max(byGroup.get(key) ?? 0, remainingOf(order)));
  }
  let total = 0;
  for (const quantity of byGroup.values()) total += quantity;
  return total;
}

/** Cash that buying `quantity` at `price` takes, fees included, in minor units. */
export function buyCostMinor(
  exchange: Exchange,
  instrument: InstrumentId,
  price: number,
  quantity: number,
  at: number,
): number {
  const tradingDay = tradingDayAt(exchange, at);
  const fees = exchange.rules.fees({
    instrument,
    side: 'buy',
    price,
    quantity,
    tradingDay,
    alreadyChargedMinor: 0,
  });
  return addMinor(notionalMinor(price, quantity), fees);
}

/**
 * Price per share that cash is kept for: the limit, for a market buy the standing ask and 2 % on
 * top, or the limit-up of the day where there is one; null when there is neither.
 */
export function reservePrice(exchange: Exchange, terms: OrderTerms): number | null {
  if (terms.type === 'limit') return terms.limitPrice;
  const limits = exchange.days.get(terms.instrument)?.limits;
  if (limits?.kind === 'limits') return limits.up;
  const seen = terms.type === 'stop' ? terms.stopPrice : null;
  const price = seen ?? exchange.books.get(terms.instrument)?.quote?.ask ?? null;
  return price === null || !(price > 0) ? null : price * 1.02;
}

/** Cash kept for working buy orders other than `except`, in minor units. */
export function reservedCashMinor(exchange: Exchange, at: number, except: string): number {
  let total = 0;
  for (const list of exchange.openOrders.values()) {
    for (const order of list) {
      const { terms } = order;
      if (terms.side !== 'buy' || !isWorking(order) || terms.orderId === except) continue;
      const price = reservePrice(exchange, terms);
      if (price === null) continue;
      const { instrument } = terms;
      const cost = buyCostMinor(exchange, instrument, price, remainingOf(order), at);
      total = addMinor(total, cost);
    }
  }
  return total;
}
