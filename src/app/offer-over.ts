import type { Message } from '#core/engine/message.ts';
import type { DeskHandle } from './desk-handle.ts';

/** True for the card of an open ticket that a desk knows as answered or ended by now. */
export function isOfferOver(
  message: Message,
  desks: readonly Pick<DeskHandle, 'state'>[],
): boolean {
  if (message.kind !== 'signal_entry' || message.ticket.state !== 'pending') return false;
  const { id } = message.ticket;
  return desks.some((desk) => {
    const ticket = desk.state().tickets[id];
    return ticket !== undefined && ticket.state !== 'pending';
  });
}
