import type { Ticket } from '#core/machines/ticket.ts';
import type { DeskState } from './state.ts';

type Tickets = DeskState['tickets'];

/** A book that is not under way never changes, and one that is drops its list here. */
const KNOWN = new WeakMap<Tickets, readonly Ticket[]>();

/** Tickets that wait for an answer, oldest first; looked for once for a book, not once a question. */
export function pendingOf({ tickets }: DeskState): readonly Ticket[] {
  const known = KNOWN.get(tickets);
  if (known !== undefined) return known;
  const pending = Object.values(tickets)
    .filter((ticket) => ticket.state === 'pending')
    .sort((a, b) => a.createdAt - b.createdAt);
  KNOWN.set(tickets, pending);
  return pending;
}

/** Puts a ticket in place of the one of its id, or at the end, in a book under way. */
export function putTicket(tickets: Tickets, ticket: Ticket): void {
  KNOWN.delete(tickets);
  (tickets as Record<string, Ticket>)[ticket.id] = ticket;
}
