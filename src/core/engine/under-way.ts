import type { Order } from '#core/machines/order.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import { putOrder } from './order-index.ts';
import type { DeskState, Position, SymbolState } from './state.ts';
import { putSymbol } from './symbol-index.ts';
import { putTicket } from './ticket-index.ts';

/*
 * Books under way: the orders, positions, tickets and symbols of one step, which nobody else can see until it is over.
 * They change in place, or a step of many events would copy the book once an event.
 */
const UNDER_WAY = new WeakSet<object>();

const BOOKS = ['orders', 'positions', 'tickets', 'symbols'] as const;

/** Says that the books which an event has just copied belong to one step alone, until `settle`. */
export function keepUnderWay(before: DeskState, after: DeskState): void {
  for (const book of BOOKS) if (after[book] !== before[book]) UNDER_WAY.add(after[book]);
}

/** The step is over: from here on its books never change. */
export function settle(state: DeskState): DeskState {
  for (const book of BOOKS) UNDER_WAY.delete(state[book]);
  return state;
}

/** The state with an order in place of the one of its id, or at the end. */
export function withOrderOf(state: DeskState, order: Order): DeskState {
  const { orders } = state;
  if (!UNDER_WAY.has(orders)) return { ...state, orders: { ...orders, [order.orderId]: order } };
  putOrder(orders, order);
  return state;
}

/** The state with a position in place of the one of its instrument, or at the end. */
export function withPositionOf(state: DeskState, position: Position): DeskState {
  const { positions } = state;
  if (!UNDER_WAY.has(positions))
    return { ...state, positions: { ...positions, [position.instrument]: position } };
  (positions as Record<string, Position>)[position.instrument] = position;
  return state;
}

/** The state with a ticket in place of the one of its id, or at the end. */
export function withTicketOf(state: DeskState, ticket: Ticket): DeskState {
  const { tickets } = state;
  if (!UNDER_WAY.has(tickets)) return { ...state, tickets: { ...tickets, [ticket.id]: ticket } };
  putTicket(tickets, ticket);
  return state;
}

/** The state with a symbol in place of the one of its name. */
export function withSymbolOf(state: DeskState, symbol: SymbolState): DeskState {
  const { symbols } = state;
  if (!UNDER_WAY.has(symbols))
    return { ...state, symbols: { ...symbols, [symbol.instrument]: symbol } };
  putSymbol(symbols, symbol);
  return state;
}
