import type { Order } from '#core/machines/order.ts';
import { roundToTick, tickSize } from '#core/market/price.ts';
import type { Event } from './event.ts';
import type { Policy } from './policy.ts';
import type { Make, Push } from './push.ts';
import type { DeskState } from './state.ts';

/** How far below its trigger a conditional order is priced, so that it fills. Setting of the message, not of the desk. */
const LIMIT_BELOW_TRIGGER = 0.02;
/** A position is left on the fifth trading day at the latest. Source: sector-pulse.md. */
const VALID_DAYS = 5;

function codeOf(state: DeskState, ticketId: string): string {
  return state.tickets[ticketId]?.code ?? '';
}

function todo(state: DeskState, order: Order, make: Make): Push[] {
  const remaining = order.quantity - order.filledQuantity;
  const isExit = order.role === 'exit';
  return [
    make(
      { kind: 'manual_todo', ticketCode: codeOf(state, order.ticketId), order, remaining },
      { editKey: `todo:${order.orderId}`, ...(isExit ? { priority: 0 as const } : {}) },
    ),
  ];
}

function overdue(
  event: Event,
  state: DeskState,
  orderId: string,
  isLifeOver: boolean,
  make: Make,
): Push[] {
  const order = state.orders[orderId];
  if (order === undefined) return [];
  return [
    make({
      kind: 'manual_overdue',
      ticketCode: codeOf(state, order.ticketId),
      order,
      remaining: order.quantity - order.filledQuantity,
      ageMs: event.at - order.intendedAt,
      isLifeOver,
    }),
  ];
}

/** The conditional order of a position in a person's hands; nothing once all of it left. */
function protection(state: DeskState, policy: Policy, instrument: string, make: Make): Push[] {
  const position = state.positions[instrument];
  if (position === undefined || position.quantity <= 0) return [];
  const tick = tickSize(position.stop, policy.market, position.tradingDay);
  return [
    make(
      {
        kind: 'manual_protection',
        instrument: position.instrument,
        ticketCode: codeOf(state, position.ticketId),
        quantity: position.quantity,
        triggerPrice: position.stop,
        limitPrice: roundToTick(position.stop * (1 - LIMIT_BELOW_TRIGGER), tick, 'down'),
        validDays: policy.market === 'CN' ? VALID_DAYS : 1,
      },
      { editKey: `protection:${position.ticketId}` },
    ),
  ];
}

/** Messages to the person who executes the desk's orders, and about what cannot be sold for now. */
export function manualPushes(event: Event, state: DeskState, policy: Policy, make: Make): Push[] {
  if (event.type === 'exit_waits') {
    const position = state.positions[event.instrument];
    const ticketCode = position === undefined ? '' : codeOf(state, position.ticketId);
    const { instrument, quantity, reason } = event;
    return [make({ kind: 'limit_locked', instrument, ticketCode, quantity, reason })];
  }
  if (!policy.execution.isPerson) return [];
  switch (event.type) {
    case 'order_accepted': {
      const order = state.orders[event.orderId];
      return order === undefined ? [] : todo(state, order, make);
    }
    case 'cancel_requested':
      return overdue(event, state, event.orderId, true, make);
    case 'manual_nagged':
      return overdue(event, state, event.orderId, event.isLifeOver, make);
    case 'order_filled': {
      const order = state.orders[event.orderId];
      return order === undefined ? [] : protection(state, policy, order.instrument, make);
    }
    case 'watched_stop_moved':
      return protection(state, policy, event.instrument, make);
    default:
      return [];
  }
}
