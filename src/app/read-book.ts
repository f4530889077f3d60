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

/** The checkpoint a ticket came from: the newest one recorded before it was opened. */
function checkpointBefore(stored: readonly StoredEvent[], ticketId: string): StoredEvent | null {
  let newest: StoredEvent | null = null;
  for (const event of stored) {
    if (event.type === 'checkpoint_recorded') newest = event;
    if (event.type === 'ticket_opened' && ticketOf(fromStored(event))?.id === ticketId)
      return newest;
  }
  return null;
}

const CHECKPOINT_NAME = /^(\d{4}-\d{2}-\d{2})[ .T]([012]?\d:[0-5]\d)$/;

/** A checkpoint named `YYYY-MM-DD.HH:MM` with what it decided, through its verdict; empty when there is none. */
function explainCheckpoint(stored: readonly StoredEvent[], target: string): StoredEvent[] {
  const [, day, time] = CHECKPOINT_NAME.exec(target) ?? [];
  if (day === undefined || time === undefined) return [];
  const wanted = time.padStart(5, '0');
  const start = stored.findIndex((row) => {
    const event = fromStored(row);
    if (event.type !== 'checkpoint_recorded') return false;
    return event.record.tradingDay === day && event.record.checkpoint === wanted;
  });
  if (start < 0) return [];
  // the verdict is what a checkpoint ends with
  const end = stored.findIndex(({ type }, place) => place > start && type === 'verdict_declared');
  return stored.slice(start, end < 0 ? start + 1 : end + 1);
}

/**
 * The chain of events behind one decision, oldest first. Of a ticket (code, id, or id of an order):
 * everything its id stands in, with orders, fills and exits, and the checkpoint that chose its name.
 * Of a checkpoint (`2026-11-18.10:00`): its record through its verdict. Empty
 * when nothing of that name was decided.
 */
export function explainDecision(stored: readonly StoredEvent[], target: string): StoredEvent[] {
  const checkpoint = explainCheckpoint(stored, target);
  if (checkpoint.length > 0) return checkpoint;
  const ticketId = findTicketId(stored, target);
  if (ticketId === null) return [];
  const behind = checkpointBefore(stored, ticketId);
  const chain = stored.filter(
    (event) => event !== behind && JSON.stringify(event.data).includes(`"${ticketId}`),
  );
  return behind === null ? chain : [behind, ...chain];
}
