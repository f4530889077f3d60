import type { InstrumentId } from '#core/market/instrument.ts';

/**
 * `intended` is committed and not yet sent; `held` is a bracket child waiting at the broker;
 * `unknown` was perhaps sent and is settled by asking, never by sending again.
 */
export type OrderState =
  | 'intended'
  | 'submitted'
  | 'held'
  | 'unknown'
  | 'accepted'
  | 'partially_filled'
  | 'filled'
  | 'canceled'
  | 'rejected'
  | 'denied'
  | 'expired';

/** `entry` opens risk; all others reduce it and are never blocked. */
export type OrderRole = 'entry' | 'stop' | 'target' | 'exit';

export type Order = {
  /** Client order id, deterministic: `<ticket id>.entry-1`; one of its kind on its account. */
  readonly orderId: string;
  readonly ticketId: string;
  readonly leg: 1 | 2;
  readonly role: OrderRole;
  readonly instrument: InstrumentId;
  readonly side: 'buy' | 'sell';
  readonly type: 'limit' | 'market' | 'stop';
  readonly quantity: number;
  readonly limitPrice: number | null;
  /** It trades outside regular hours: after the close of A-shares, in US extended hours. Left out: it does not. */
  readonly isExtendedHours?: true;
  readonly stopPrice: number | null;
  /**
   * Of an entry: the bracket children the broker holds for it. Of a stop: `targetOrderId` is the target
   * that leaves together with it as one request.
   */
  readonly stopOrderId: string | null;
  readonly targetOrderId: string | null;
  readonly ocoGroup: string | null;
  /** The entry whose fill activates this order at the broker; null when sent by itself. */
  readonly parentId: string | null;
  /** Of a target: the stop whose request carries it (one cancels the other); null when sent by itself. */
  readonly pairId: string | null;
  readonly state: OrderState;
  readonly filledQuantity: number;
  /** Sum of fill price × quantity in minor units (exact money of the fills). */
  readonly filledMinor: number;
  readonly averagePrice: number | null;
  readonly feesMinor: number;
  readonly intendedAt: number;
  readonly submittedAt: number | null;
  readonly updatedAt: number;
  /** When its last fill was booked; left out: none was, or an older release wrote the snapshot. */
  readonly filledAt?: number;
  /** Working entries are canceled at this instant; null until the first bar close after sending. */
  readonly cancelDueAt: number | null;
  readonly cancelRequestedAt: number | null;
  readonly replaceTo: number | null;
  /** Since when a changed price waits for the broker's word. */
  readonly replaceRequestedAt: number | null;
  /** The broker refused the cancel at this instant and has not said since whether the order works. */
  readonly cancelRefusedAt: number | null;
  readonly cancelRefusals: number;
  /** Reminders to the person who executes it; 0 elsewhere. */
  readonly nags: number;
  /** Why it exists, for exits and moved stops. */
  readonly why: string;
  /** Mid price when it was intended, for slippage; null when unknown. */
  readonly midAtIntent: number | null;
};

const ENDED: ReadonlySet<OrderState> = new Set([
  'filled',
  'canceled',
  'rejected',
  'denied',
  'expired',
]);

/** True when nothing more can happen to the order. `unknown` has not ended. */
export function hasEnded(order: Order): boolean {
  return ENDED.has(order.state);
}

/** True when the order may still fill at the broker (also `unknown`, `intended` and `held`). */
export function mayFill(order: Order): boolean {
  return !ENDED.has(order.state);
}
