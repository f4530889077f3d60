import { roundToTick, tickSize } from '#core/market/price.ts';
import type { Event } from './event.ts';
import { isUnattested } from './permission-of.ts';
import type { Policy } from './policy.ts';
import type { Make, Push } from './push.ts';
import type { DeskState } from './state.ts';

/** How far below its trigger a conditional order is priced, so that it fills. Setting of the message, not of the desk. */
const LIMIT_BELOW_TRIGGER = 0.02;
/** A position is left on the fifth trading day at the latest. Source: sector-pulse.md. */
const VALID_DAYS = 5;

/** A start asked just now: planning the session that follows it does not ask again. */
const ASKED_LATELY_MS = 15 * 60_000;

function codeOf(state: DeskState, ticketId: string): string {
  return state.tickets[ticketId]?.code ?? '';
}

/** The card of an order: what is to be done about it now, in place of what it said before. */
function todo(state: DeskState, orderId: string, make: Make): Push[] {
  const order = state.orders[orderId];
  if (order === undefined) return [];
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

function exDate(
  event: Extract<Event, { type: 'ex_date_held' | 'ex_date_restated' }>,
  state: DeskState,
  make: Make,
): Push[] {
  const { instrument } = event;
  const position = state.positions[instrument];
  if (position === undefined) return [];
  const ticketCode = codeOf(state, position.ticketId);
  if (event.type === 'ex_date_held') {
    const { quantity, stop } = position;
    const { reason } = event;
    return [make({ kind: 'ex_date_held', instrument, ticketCode, quantity, stop, reason })];
  }
  const { terms, from, to, newShares, cashMinor } = event;
  return [
    make({
      kind: 'ex_date_restated',
      instrument,
      ticketCode,
      terms,
      from,
      to,
      newShares,
      cashMinor,
    }),
  ];
}

/** What to send so that the person's word stands on what the account holds, from the book. */
function attestDue(
  state: DeskState,
  { accountId }: Policy,
  why: 'start' | 'session' | 'close',
  make: Make,
): Push[] {
  const holdings = Object.values(state.positions).map(({ instrument, quantity }) => ({
    instrument,
    quantity,
  }));
  const { cashMinor } = state;
  return [make({ kind: 'attest_due', accountId, why, holdings, cashMinor })];
}

/** Messages to the person who executes the desk's orders, and about what cannot be sold for now. */
export function manualPushes(event: Event, state: DeskState, policy: Policy, make: Make): Push[] {
  if (event.type === 'exit_waits') {
    const position = state.positions[event.instrument];
    const ticketCode = position === undefined ? '' : codeOf(state, position.ticketId);
    const { instrument, quantity, reason } = event;
    return [make({ kind: 'limit_locked', instrument, ticketCode, quantity, reason })];
  }
  if (event.type === 'ex_date_held' || event.type === 'ex_date_restated') {
    const told = exDate(event, state, make);
    const again = event.type === 'ex_date_restated' && policy.execution.isPerson;
    return again ? [...told, ...protection(state, policy, event.instrument, make)] : told;
  }
  if (!policy.execution.isPerson) return [];
  switch (event.type) {
    case 'desk_opened':
    case 'desk_recovered':
      return attestDue(state, policy, 'start', make);
    case 'session_planned':
      if (
        !isUnattested(state, event.at) ||
        event.at - (state.attestAskedAt ?? 0) <= ASKED_LATELY_MS
      )
        return [];
      return attestDue(state, policy, 'session', make);
    case 'day_closed':
      return attestDue(state, policy, 'close', make);
    case 'order_accepted':
    case 'order_canceled':
      return todo(state, event.orderId, make);
    case 'cancel_requested':
      return [
        ...todo(state, event.orderId, make),
        ...overdue(event, state, event.orderId, true, make),
      ];
    case 'manual_nagged':
      return overdue(event, state, event.orderId, event.isLifeOver, make);
    case 'order_filled': {
      const order = state.orders[event.orderId];
      if (order === undefined) return [];
      return [
        ...todo(state, event.orderId, make),
        ...protection(state, policy, order.instrument, make),
      ];
    }
    case 'watched_stop_moved':
      return protection(state, policy, event.instrument, make);
    default:
      return [];
  }
}
