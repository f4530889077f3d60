import type { Event } from '#core/engine/event.ts';
import { evolveAll } from '#core/engine/evolve.ts';
import { initialState } from '#core/engine/initial-state.ts';
import type { DeskState } from '#core/engine/state.ts';
import type { Mode } from '#core/replies/act.ts';
import { fromStored } from './event-form.ts';
import type { EventLog, StoredEvent } from './ports.ts';

/** A desk's stream of one run as the log has it. */
export type Book = {
  readonly runId: string;
  readonly deskId: string;
  readonly stream: string;
  readonly lastAt: number;
  readonly lastRecordedAt: number;
};

const DESK = '/desk/';

/** Every desk's streams, the one written last first. */
export async function listBooks(events: EventLog): Promise<Book[]> {
  const books: Book[] = [];
  for (const { stream, version } of await events.streams('')) {
    const place = stream.indexOf(DESK);
    if (place < 0) continue;
    const [last] = await events.read(stream, version - 1);
    if (last === undefined) continue;
    books.push({
      runId: stream.slice(0, place),
      deskId: stream.slice(place + DESK.length),
      stream,
      lastAt: last.occurredAt,
      lastRecordedAt: last.recordedAt,
    });
  }
  return books.sort((a, b) => b.lastRecordedAt - a.lastRecordedAt);
}

/** State of a desk rebuilt from its whole log. */
export async function foldBook(
  events: EventLog,
  book: Book,
  mode: Mode,
): Promise<{ readonly state: DeskState; readonly events: readonly StoredEvent[] }> {
  const stored = await events.read(book.stream);
  const state = evolveAll(
    initialState({ deskId: book.deskId, mode }),
    stored.map((event) => fromStored(event)),
  );
  return { state, events: stored };
}

function ticketOf(event: Event): { id: string; code: string } | null {
  return event.type === 'ticket_opened' ? event.ticket : null;
}

/** Id of the ticket that a code, ticket id or order id means; the newest of equal codes. */
function findTicketId(stored: readonly StoredEvent[], target: string): string | null {
  const wanted = target.toUpperCase();
  let found: string | null = null;
  for (const event of stored) {
    const ticket = ticketOf(fromStored(event));
    if (ticket === null) continue;
    const isMeant =
      ticket.code === wanted || ticket.id === target || target.startsWith(`${ticket.id}.`);
    if (isMeant) found = ticket.id;
  }
  return found;
}

/**
 * The chain of events behind one decision: everything a ticket's id stands in, with its orders,
 * fills and exits, oldest first. Empty when nothing of that name was decided.
 */
export function explainTicket(stored: readonly StoredEvent[], target: string): StoredEvent[] {
  const ticketId = findTicketId(stored, target);
  if (ticketId === null) return [];
  return stored.filter((event) => JSON.stringify(event.data).includes(`"${ticketId}`));
}
