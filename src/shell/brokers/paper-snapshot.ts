import type { BrokerOrder, BrokerPosition } from '#app/ports.ts';
import { invariant } from '#core/lib/assert.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import type { Session } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { createAccount } from '#core/simulation/account.ts';
import type { ExchangeOrder } from '#core/simulation/exchange-order.ts';
import { childrenOf, createOrder, isOpen } from '#core/simulation/exchange-order.ts';
import type {
  Exchange,
  ExchangeRules,
  LastTrade,
  StandingBook,
} from '#core/simulation/exchange-state.ts';
import {
  addOrder,
  createExchange,
  sellableAt,
  setInstrumentDay,
} from '#core/simulation/exchange-state.ts';
import { requestOf, termsOf } from './paper-terms.ts';

/** An order with what the exchange knows beyond the port; left out, an open order works from now. */
export type PaperOrder = BrokerOrder & {
  readonly parentId?: string | null;
  readonly workingAt?: number;
  readonly isTriggered?: boolean;
  readonly hasMetQuote?: boolean;
  readonly feesMinor?: number;
};

export type PaperPosition = BrokerPosition & { readonly boughtOn?: TradingDay | null };

export type PaperSnapshot = {
  readonly orders: readonly PaperOrder[];
  readonly positions: readonly PaperPosition[];
  readonly cashMinor: number;
  /** Standing quotes; left out, nothing fills before the next quote or bar. */
  readonly books?: readonly (readonly [InstrumentId, StandingBook])[];
  /** Facts of the day and last trades, where the venue is Chinese. */
  readonly days?: readonly InstrumentDayCn[];
  readonly lastPrices?: readonly (readonly [InstrumentId, LastTrade])[];
};

/** An order of the exchange in the words of the port. */
export function brokerOrderOf(order: ExchangeOrder): PaperOrder {
  return {
    request: requestOf(order.terms),
    state: order.state,
    filledQuantity: order.filledQuantity,
    averagePrice: order.averagePrice,
    parentId: order.parentId,
    workingAt: order.workingAt,
    isTriggered: order.isTriggered,
    hasMetQuote: order.hasMetQuote,
    feesMinor: order.feesMinor,
  };
}

/** Holdings as of `now`. */
export function positionsOf(exchange: Exchange, now: number): PaperPosition[] {
  return [...exchange.account.positions.values()].map((held) => ({
    instrument: held.instrument,
    quantity: held.quantity,
    sellableQuantity: sellableAt(exchange, held.instrument, now),
    averagePrice: held.averagePrice,
    boughtOn: held.boughtOn,
  }));
}

/** An exchange that stands as `snapshot` says; chance, prices and fees are in `rules`. */
export function exchangeFrom(
  rules: ExchangeRules,
  session: Session | null | undefined,
  snapshot: PaperSnapshot,
  now: number,
): Exchange {
  const positions = snapshot.positions.map((held) => ({
    instrument: held.instrument,
    quantity: held.quantity,
    averagePrice: held.averagePrice,
    boughtOn: held.boughtOn ?? null,
    boughtTodayQuantity: held.quantity - held.sellableQuantity,
  }));
  const account = createAccount(snapshot.cashMinor, positions);
  const exchange = createExchange(rules, account, session);
  for (const known of snapshot.orders) {
    const terms = termsOf(known.request);
    invariant(terms !== null, `order ${known.request.orderId}: found ${known.request.type}`);
    addOrder(exchange, {
      terms,
      state: known.state,
      filledQuantity: known.filledQuantity,
      averagePrice: known.averagePrice,
      parentId: known.parentId ?? null,
      workingAt: known.workingAt ?? now,
      isTriggered: known.isTriggered ?? false,
      hasMetQuote: known.hasMetQuote ?? true,
      feesMinor: known.feesMinor ?? 0,
    });
  }
  for (const [instrument, book] of snapshot.books ?? []) {
    exchange.books.set(instrument, { ...book });
  }
  for (const facts of snapshot.days ?? []) setInstrumentDay(exchange, facts);
  for (const [instrument, trade] of snapshot.lastPrices ?? []) {
    exchange.lastPrices.set(instrument, trade);
  }
  addMissingChildren(exchange, now);
  return exchange;
}

/** A log names a bracket by its parent only; the children that wait for it come back with it. */
function addMissingChildren(exchange: Exchange, now: number): void {
  for (const parent of [...exchange.orders.values()]) {
    if (!isOpen(parent)) continue;
    for (const child of childrenOf(parent.terms)) {
      if (exchange.orders.has(child.orderId)) continue;
      addOrder(exchange, createOrder(child, 'held', parent.terms.orderId, now));
    }
  }
}

/** Everything that {@link exchangeFrom} needs to go on, safe for JSON. */
export function snapshotOf(exchange: Exchange, now: number): PaperSnapshot {
  return {
    orders: [...exchange.orders.values()].map(brokerOrderOf),
    positions: positionsOf(exchange, now),
    cashMinor: exchange.account.cashMinor,
    books: [...exchange.books].map(([instrument, book]) => [instrument, { ...book }] as const),
    ...(exchange.rules.venue === 'cn'
      ? {
          days: [...exchange.days.values()].map((known) => known.facts),
          lastPrices: [...exchange.lastPrices],
        }
      : {}),
  };
}
