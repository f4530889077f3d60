import { roleOfId } from '#core/machines/kill-plan.ts';
import { mayFill, type Order } from '#core/machines/order.ts';
import type { AccountReading, ReadOrder } from '#core/portfolio/account-reading.ts';
import { blank, startExit } from './decide-orders.ts';
import { type Draft, emit } from './draft.ts';
import { openQuantity } from './select.ts';
import type { DeskState, Position } from './state.ts';

/*
 * Orders that another machine sent for a position of this book and could not store: what lowers risk leaves
 * also while the store is down, and its journal stayed there. They bear the names the desk would give.
 */

/**
 * The held position that an order the book does not know was sent for, by the name a desk gives; null for an
 * order of the book, a stranger's, an entry (none leaves without the store) and one that a person disowned.
 */
export function heirOf(state: DeskState, orderId: string, instrument: string): Position | null {
  const position = state.positions[instrument];
  const role = roleOfId(orderId);
  if (position === undefined || position.quantity <= 0) return null;
  if (role === null || role === 'entry' || state.orders[orderId] !== undefined) return null;
  if (state.externals.some((one) => one.id === orderId && one.state === 'disowned')) return null;
  return orderId.startsWith(`${position.ticketId}.${role}-`) ? position : null;
}

/** Takes such orders into the book without sending anything, before fills and words are read; answers their ids. */
export function takeHandedDown(draft: Draft, reading: AccountReading): readonly string[] {
  const ids: string[] = [];
  for (const read of reading.orders) {
    const position = heirOf(draft.state, read.orderId, read.instrument);
    if (position === null || !isSound(read)) continue;
    emit(draft, { type: 'closing_order_noted', order: orderOf(draft, position, read) });
    ids.push(read.orderId);
  }
  return ids;
}

/** An exit among them that still works goes on as this desk's exit: nothing else may offer the same shares. */
export function goOnWith(draft: Draft, ids: readonly string[]): void {
  for (const id of ids) {
    const order = draft.state.orders[id];
    if (order?.role !== 'exit' || !mayFill(order)) continue;
    const position = draft.state.positions[order.instrument];
    if (position === undefined || position.quantity <= 0) continue;
    const quantity = Math.min(position.quantity, openQuantity(draft.state, order));
    startExit(draft, position, 'external', 'reconciliation', quantity);
  }
}

function isSound(read: ReadOrder): boolean {
  const { side, quantity, filledQuantity } = read;
  const isWhole = Number.isSafeInteger(quantity) && Number.isSafeInteger(filledQuantity);
  return side === 'sell' && isWhole && quantity > 0 && filledQuantity >= 0;
}

function orderOf(draft: Draft, position: Position, read: ReadOrder): Order {
  const subject = { id: position.ticketId, instrument: position.instrument };
  const role = roleOfId(read.orderId) ?? 'exit';
  return {
    ...blank(draft, subject, role, 1),
    orderId: read.orderId,
    quantity: read.quantity,
    limitPrice: read.limitPrice,
    stopPrice: read.stopPrice,
    state: 'submitted',
    submittedAt: draft.at,
    why: role === 'exit' ? 'external' : 'protect',
  };
}
