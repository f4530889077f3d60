import { mayFill, type Order } from '#core/machines/order.ts';
import type { DeskState } from './state.ts';

type Orders = DeskState['orders'];

type Index = {
  readonly byInstrument: Map<string, readonly Order[]>;
  readonly openEntries: Map<string, Order>;
};

/** Orders never change in place, so what was sorted once stays right for as long as they are looked at. */
const KNOWN = new WeakMap<Orders, Index>();
const NONE: readonly Order[] = [];

function indexOf(orders: Orders): Index {
  const known = KNOWN.get(orders);
  if (known !== undefined) return known;
  const lists = new Map<string, Order[]>();
  const openEntries = new Map<string, Order>();
  for (const order of Object.values(orders)) {
    const list = lists.get(order.instrument);
    if (list === undefined) lists.set(order.instrument, [order]);
    else list.push(order);
    if (order.role === 'entry' && mayFill(order)) openEntries.set(order.orderId, order);
  }
  const index = { byInstrument: lists, openEntries };
  KNOWN.set(orders, index);
  return index;
}

/** Orders of an instrument in the order of their intention; sorted once for a book, not once a question. */
export function ordersOf(state: DeskState, instrument: string): readonly Order[] {
  return indexOf(state.orders).byInstrument.get(instrument) ?? NONE;
}

/** Entries that may still open risk, also unknown ones. */
export function entriesOf(state: DeskState): readonly Order[] {
  return [...indexOf(state.orders).openEntries.values()];
}

/** Instruments that the book has orders of, the one of the oldest order first. */
export function orderedInstruments(state: DeskState): readonly string[] {
  return [...indexOf(state.orders).byInstrument.keys()];
}

/** Puts an order in place of the one of its id, or at the end, in a book under way; its index follows. */
export function putOrder(orders: Orders, order: Order): void {
  reindex(orders, order);
  (orders as Record<string, Order>)[order.orderId] = order;
}

/** Follows a change in the index of its book; drops it where the place of an order in it is not the same for sure. */
function reindex(orders: Orders, order: Order): void {
  const index = KNOWN.get(orders);
  if (index === undefined) return;
  const { orderId, instrument } = order;
  const isOpen = order.role === 'entry' && mayFill(order);
  const isReopened = isOpen && orderId in orders && !index.openEntries.has(orderId);
  // names that are whole numbers come first in a record
  if (isReopened || /^\d+$/.test(orderId)) {
    KNOWN.delete(orders);
    return;
  }
  const list = index.byInstrument.get(instrument) ?? NONE;
  const isKnown = orderId in orders;
  index.byInstrument.set(
    instrument,
    isKnown ? list.map((one) => (one.orderId === orderId ? order : one)) : [...list, order],
  );
  if (isOpen) index.openEntries.set(orderId, order);
  else index.openEntries.delete(orderId);
}
