import type { RefusalCodeCn } from '#core/gates/order-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';

/** An order as told to the simulated exchange; the shape of the broker port's OrderRequest. */
export type OrderTerms = {
  readonly orderId: string;
  readonly instrument: InstrumentId;
  readonly side: 'buy' | 'sell';
  readonly type: 'limit' | 'market' | 'stop';
  readonly quantity: number;
  readonly limitPrice: number | null;
  readonly stopPrice: number | null;
  readonly bracket: null | {
    readonly stop: { readonly orderId: string; readonly stopPrice: number };
    readonly target: null | { readonly orderId: string; readonly limitPrice: number };
  };
  readonly ocoGroup: string | null;
  /** For trading after the close, at its price; where the market has it. */
  readonly isExtendedHours?: boolean;
};

/** `held` waits for its parent; the last four are final. */
export type OrderState =
  | 'held'
  | 'accepted'
  | 'partially_filled'
  | 'filled'
  | 'canceled'
  | 'rejected'
  | 'expired';

/** An order in the book. `terms` holds the newest prices and the quantity less what a sibling took. */
export type ExchangeOrder = {
  terms: OrderTerms;
  state: OrderState;
  filledQuantity: number;
  averagePrice: number | null;
  /** Fees charged so far, in minor units. */
  feesMinor: number;
  /** Order whose complete fill activates this one. */
  readonly parentId: string | null;
  /** Instant from which the order, or its newest price, works. */
  workingAt: number;
  isTriggered: boolean;
  /** False until the order, or its newest price, has met a standing quote: then it takes liquidity. */
  hasMetQuote: boolean;
};

/** Why the exchange said no. */
export type ExchangeReason =
  | RefusalCodeCn
  | 'broker_reject'
  | 'bracket_needs_buy'
  | 'bracket_price_crossed'
  | 'insufficient_cash'
  | 'insufficient_quantity'
  | 'invalid_price'
  | 'invalid_quantity'
  | 'not_working'
  | 'oco'
  | 'parent_canceled'
  | 'replace_unsupported'
  | 'session_closed'
  | 'session_end'
  | 'sub_penny_price'
  | 'unknown_order';

/** What happened to an order; the broker port's report without its id, instant excepted. */
export type ExchangeReport = {
  readonly orderId: string;
  readonly kind:
    | 'accepted'
    | 'rejected'
    | 'partially_filled'
    | 'filled'
    | 'canceled'
    | 'cancel_rejected'
    | 'replaced'
    | 'replace_rejected'
    | 'expired';
  readonly at: number;
  readonly filledQuantity: number;
  readonly lastQuantity: number;
  readonly lastPrice: number | null;
  readonly feesMinor: number;
  readonly reason: string | null;
  readonly stopPrice: number | null;
  readonly limitPrice: number | null;
};

/** True while the order can still fill. */
export function isWorking(order: ExchangeOrder): boolean {
  return order.state === 'accepted' || order.state === 'partially_filled';
}

/** True while the order is in the book, waiting for its parent or working. */
export function isOpen(order: ExchangeOrder): boolean {
  return order.state === 'held' || isWorking(order);
}

/** Shares still to be filled. */
export function remainingOf(order: ExchangeOrder): number {
  return order.terms.quantity - order.filledQuantity;
}

/** An order of `terms` that has not been judged yet. */
export function createOrder(
  terms: OrderTerms,
  state: 'held' | 'accepted' | 'rejected',
  parentId: string | null,
  at: number,
): ExchangeOrder {
  return {
    terms,
    state,
    filledQuantity: 0,
    averagePrice: null,
    feesMinor: 0,
    parentId,
    workingAt: at,
    isTriggered: false,
    hasMetQuote: false,
  };
}

/** The orders a bracket's parent brings with it: a stop and, when it has one, a target. */
export function childrenOf(parent: OrderTerms): OrderTerms[] {
  const { bracket } = parent;
  if (bracket === null) return [];
  const shared = {
    instrument: parent.instrument,
    side: parent.side === 'buy' ? ('sell' as const) : ('buy' as const),
    quantity: parent.quantity,
    bracket: null,
    ocoGroup: `${parent.orderId}.children`,
  };
  const { stop, target } = bracket;
  const children: OrderTerms[] = [
    {
      ...shared,
      orderId: stop.orderId,
      type: 'stop',
      stopPrice: stop.stopPrice,
      limitPrice: null,
    },
  ];
  if (target !== null) {
    children.push({
      ...shared,
      orderId: target.orderId,
      type: 'limit',
      stopPrice: null,
      limitPrice: target.limitPrice,
    });
  }
  return children;
}
