import { mayFill, type Order } from '#core/machines/order.ts';
import type { DeskState } from './state.ts';

type Index = {
  readonly byInstrument: ReadonlyMap<string, readonly Order[]>;
  readonly openEntries: readonly Order[];
};

/** Orders never change in place, so what was sorted once stays right for as long as they are looked at. */
const KNOWN = new WeakMap<DeskState['orders'], Index>();
const NONE: readonly Order[] = [];

function indexOf(orders: DeskState['orders']): Index {
  const known = KNOWN.get(orders);
  if (known !== undefined) return known;
  const byInstrument = new Map<string, Order[]>();
  const openEntries: Order[] = [];
  for (const order of Object.values(orders)) {
    const list = byInstrument.get(order.instrument);
    if (list === undefined) byInstrument.set(order.instrument, [order]);
    else list.push(order);
    if (order.role === 'entry' && mayFill(order)) openEntries.push(order);
  }
  const index = { byInstrument, openEntries };
  KNOWN.set(orders, index);
  return index;
}

/** Orders of an instrument in the order of their intention; sorted once for a book, not once a question. */
export function ordersOf(state: DeskState, instrument: string): readonly Order[] {
  return indexOf(state.orders).byInstrument.get(instrument) ?? NONE;
}

/** Entries that may still open risk, also unknown ones. */
export function entriesOf(state: DeskState): readonly Order[] {
  return indexOf(state.orders).openEntries;
}
