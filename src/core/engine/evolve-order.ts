import { hasEnded, type Order, type OrderState } from '#core/machines/order.ts';
import { notionalMinor } from '#core/market/money.ts';
import type { Event } from './event.ts';
import type { DeskState } from './state.ts';
import { withOrderOf } from './under-way.ts';

function withOrder(
  state: DeskState,
  id: string,
  change: (order: Order) => Partial<Order>,
): DeskState {
  const order = state.orders[id];
  if (order === undefined) return state;
  return withOrderOf(state, { ...order, ...change(order) });
}

function moved(state: DeskState, id: string, at: number, to: OrderState): DeskState {
  return withOrder(state, id, (order) => (hasEnded(order) ? {} : { state: to, updatedAt: at }));
}

/** Changes an order and, when it is a stop that left with its target, that target as well. */
function withRequest(
  state: DeskState,
  id: string,
  change: (order: Order) => Partial<Order>,
): DeskState {
  const next = withOrder(state, id, change);
  const partner = partnerOf(next, id);
  return partner === null ? next : withOrder(next, partner.orderId, change);
}

function partnerOf(state: DeskState, id: string): Order | null {
  const lead = state.orders[id];
  const targetId = lead?.targetOrderId ?? null;
  const partner = targetId === null ? undefined : state.orders[targetId];
  return partner?.pairId === id ? partner : null;
}

/** A refused request refuses all that left with it, unless the broker has said otherwise of it. */
function refused(state: DeskState, id: string, at: number, to: OrderState): DeskState {
  const partner = partnerOf(state, id);
  const next = moved(state, id, at, to);
  const isUnheard = partner?.state === 'intended' || partner?.state === 'submitted';
  return partner === null || !isUnheard ? next : moved(next, partner.orderId, at, to);
}

function filled(order: Order, event: Extract<Event, { type: 'order_filled' }>): Partial<Order> {
  const filledMinor = order.filledMinor + notionalMinor(event.price, event.quantity);
  const filledQuantity = order.filledQuantity + event.quantity;
  const before = (order.averagePrice ?? 0) * order.filledQuantity;
  return {
    filledQuantity,
    filledMinor,
    averagePrice: (before + event.price * event.quantity) / filledQuantity,
    feesMinor: order.feesMinor + event.feesMinor,
    state: event.isComplete ? 'filled' : hasEnded(order) ? order.state : 'partially_filled',
    ...settled(order),
    updatedAt: event.at,
    filledAt: event.at,
  };
}

/** An order that was in doubt and is heard of again: what was asked of it meanwhile may be lost, so it counts as not asked. */
function settled(order: Order): Partial<Order> {
  return order.state === 'unknown'
    ? { cancelRequestedAt: null, cancelRefusedAt: null, replaceTo: null, replaceRequestedAt: null }
    : {};
}

/** The broker says that the order works. */
function working(order: Order, at: number): Partial<Order> {
  if (hasEnded(order)) return {};
  const state = order.filledQuantity > 0 ? 'partially_filled' : 'accepted';
  return { state, ...settled(order), updatedAt: at };
}

/** A complete fill of an entry turns its held children into working orders at the broker. */
function childrenActive(state: DeskState, parent: Order | undefined, at: number): DeskState {
  if (parent === undefined || parent.role !== 'entry') return state;
  let next = state;
  for (const id of [parent.stopOrderId, parent.targetOrderId]) {
    if (id === null) continue;
    next = withOrder(next, id, (child) =>
      child.state === 'held' ? { state: 'submitted', submittedAt: at, updatedAt: at } : {},
    );
  }
  return next;
}

/** Children held for an entry that ended without a complete fill never become active. */
function childrenGone(state: DeskState, id: string, at: number): DeskState {
  const parent = state.orders[id];
  if (parent === undefined) return state;
  let next = state;
  for (const child of [parent.stopOrderId, parent.targetOrderId]) {
    if (child === null) continue;
    next = withOrder(next, child, (order) =>
      order.state === 'held' ? { state: 'canceled', updatedAt: at } : {},
    );
  }
  return next;
}

/** Applies what an event means for orders. An ended order never changes again, except for late fills, which are facts. */
export function evolveOrder(state: DeskState, event: Event): DeskState {
  const { at } = event;
  switch (event.type) {
    case 'order_intended':
      return withOrderOf(state, event.order);
    case 'order_sent':
      return withRequest(state, event.orderId, (order) =>
        order.state === 'intended' ? { state: 'submitted', submittedAt: at, updatedAt: at } : {},
      );
    case 'order_became_unknown':
      return moved(state, event.orderId, at, 'unknown');
    case 'order_accepted':
      return withOrder(state, event.orderId, (order) => working(order, at));
    case 'order_filled': {
      const next = withOrder(state, event.orderId, (order) => filled(order, event));
      return event.isComplete ? childrenActive(next, next.orders[event.orderId], at) : next;
    }
    case 'manual_nagged':
      return withOrder(state, event.orderId, () => ({ nags: event.nags }));
    case 'order_canceled':
    case 'order_never_arrived':
      return childrenGone(moved(state, event.orderId, at, 'canceled'), event.orderId, at);
    case 'order_rejected':
      return childrenGone(refused(state, event.orderId, at, 'rejected'), event.orderId, at);
    case 'order_denied':
      return childrenGone(refused(state, event.orderId, at, 'denied'), event.orderId, at);
    case 'order_expired':
      return childrenGone(moved(state, event.orderId, at, 'expired'), event.orderId, at);
    default:
      return evolveRequest(state, event);
  }
}

/** What was asked of a standing order, and what the broker made of it. */
function evolveRequest(state: DeskState, event: Event): DeskState {
  const { at } = event;
  switch (event.type) {
    case 'order_replaced':
      return withOrder(state, event.orderId, (order) => ({
        ...(order.state === 'unknown' ? working(order, at) : {}),
        stopPrice: event.stopPrice ?? order.stopPrice,
        limitPrice: event.limitPrice ?? order.limitPrice,
        replaceTo: null,
        replaceRequestedAt: null,
        updatedAt: at,
      }));
    case 'order_replace_failed':
      return withOrder(state, event.orderId, () => ({
        replaceTo: null,
        replaceRequestedAt: null,
        updatedAt: at,
      }));
    case 'order_cancel_failed':
      return withOrder(state, event.orderId, () => ({
        cancelRequestedAt: null,
        cancelRefusedAt: null,
        updatedAt: at,
      }));
    case 'order_cancel_refused':
      // the request stands: whether the order still works is being asked
      return withOrder(state, event.orderId, (order) => ({
        cancelRefusedAt: at,
        cancelRefusals: order.cancelRefusals + 1,
        updatedAt: at,
      }));
    case 'order_found_working':
      return withOrder(state, event.orderId, (order) => ({
        state: order.filledQuantity > 0 ? 'partially_filled' : 'accepted',
        cancelRequestedAt: null,
        cancelRefusedAt: null,
        replaceTo: null,
        replaceRequestedAt: null,
        updatedAt: at,
      }));
    case 'fills_corrected': {
      const { averagePrice } = event;
      const filledMinor = event.filledMinor.to;
      const feesMinor = event.feesMinor.to;
      return withOrder(state, event.orderId, () => ({ filledMinor, averagePrice, feesMinor }));
    }
    case 'cancel_requested':
      return withOrder(state, event.orderId, () => ({
        cancelRequestedAt: at,
        cancelRefusedAt: null,
        nags: 0,
      }));
    case 'replace_requested':
      return withOrder(state, event.orderId, () => ({
        replaceTo: event.stopPrice,
        why: event.why,
        replaceRequestedAt: at,
      }));
    default:
      return evolveSwept(state, event);
  }
}

/** What the one request of stage 2 means for orders: those it takes back, and those it made. */
function evolveSwept(state: DeskState, event: Event): DeskState {
  const { at } = event;
  switch (event.type) {
    case 'closing_order_noted':
      return withOrderOf(state, event.order);
    case 'sweep_asked':
      return event.orderIds.reduce(
        (next, id) => withOrder(next, id, () => ({ cancelRequestedAt: at })),
        state,
      );
    default:
      return state;
  }
}
