import type { Order } from '#core/machines/order.ts';
import type { Event } from './event.ts';
import { stopped } from './select.ts';
import type { DeskState } from './state.ts';
import { withPositionOf } from './under-way.ts';

/** Shares that stops would sell of which the broker has said that they work. */
export function acceptedCover(state: DeskState, instrument: string): number {
  return stopped(state, instrument, isSaidToWork);
}

function isSaidToWork({ state }: Order): boolean {
  return state === 'accepted' || state === 'partially_filled';
}

function instrumentOf(state: DeskState, event: Event): string | null {
  if ('orderId' in event) return state.orders[event.orderId]?.instrument ?? null;
  if (event.type === 'order_intended') return event.order.instrument;
  if (event.type === 'position_adopted') return event.position.instrument;
  return event.type === 'position_corrected' ? event.instrument : null;
}

/**
 * Keeps, for every position an event touches, the instant since which no working stop covers all of it.
 * It follows from the orders and is nothing that is decided, so no event says it.
 */
export function withCover(state: DeskState, event: Event): DeskState {
  const instrument = instrumentOf(state, event);
  const held = instrument === null ? undefined : state.positions[instrument];
  if (instrument === null || held === undefined) return state;
  const isCovered = acceptedCover(state, instrument) >= held.quantity;
  const bareSince = isCovered ? null : (held.bareSince ?? event.at);
  if (bareSince === held.bareSince) return state;
  return withPositionOf(state, { ...held, bareSince });
}
