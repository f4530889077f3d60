import type { Message } from '#core/engine/message.ts';
import type { DeskHandle } from './desk-handle.ts';

const OFFERS: ReadonlySet<Message['kind']> = new Set(['signal_entry', 'signal_reminder']);

/** True for the card of an open ticket that a desk knows as answered, changed or ended by now. */
export function isOfferOver(
  message: Message,
  desks: readonly Pick<DeskHandle, 'state'>[],
): boolean {
  if (!OFFERS.has(message.kind) || !('ticket' in message)) return false;
  if (message.ticket?.state !== 'pending') return false;
  const { id, version } = message.ticket;
  return desks.some((desk) => {
    const ticket = desk.state().tickets[id];
    return ticket !== undefined && (ticket.state !== 'pending' || ticket.version > version);
  });
}
