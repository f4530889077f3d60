import type { Incoming } from '#app/ports.ts';
import type { Event } from '#core/engine/event.ts';
import type { Message } from '#core/engine/message.ts';
import type { PlantedBug } from './planted-bug.ts';

/** What is given, and each report of an execution once more under another name. */
function withEcho(rows: readonly Incoming[]): Incoming[] {
  return rows.flatMap((row) =>
    row.text.startsWith('/fill') ? [row, { ...row, updateId: `${row.updateId}-echo` }] : [row],
  );
}

/** The end of every order whose person was reminded that its life is over. */
function taken(events: readonly Event[]): Event[] {
  return events.flatMap((event): Event[] => {
    if (event.type !== 'manual_nagged' || !event.isLifeOver) return [event];
    const { at, orderId } = event;
    return [event, { at, type: 'order_canceled', orderId, reason: 'its life is over' }];
  });
}

/** The start of an account of which nobody is asked. */
function unasked(events: readonly Event[]): Event[] {
  return events.map((event) => {
    if (event.type !== 'desk_opened' && event.type !== 'desk_recovered') return event;
    const { isByHand: _, ...rest } = event;
    return rest;
  });
}

/** The card of an order that is not to be entered any more. */
function takesBack(row: { readonly kind: string; readonly payload: unknown }): boolean {
  if (row.kind !== 'manual_todo') return false;
  const { message } = row.payload as { message: Extract<Message, { kind: 'manual_todo' }> };
  return message.order.cancelRequestedAt !== null;
}

/** Bugs of an account that a person executes. */
export const BY_HAND: readonly PlantedBug[] = [
  {
    id: 'fill_counts_twice',
    sentence: 'a report of an execution that the chat hands out twice is booked twice',
    plant: () => (parts) => ({
      ...parts,
      channels: parts.channels.map((channel) => ({
        ...channel,
        start: (receive) => channel.start((rows) => receive(withEcho(rows))),
      })),
    }),
  },
  {
    id: 'silence_counts_as_none',
    sentence: 'an order of which the person says nothing counts as not executed',
    plant: () => (parts) => ({
      ...parts,
      decide: (...asked) => taken(parts.decide(...asked)),
    }),
  },
  {
    id: 'killed_order_handed_over',
    sentence: 'a card that waited tells a person to enter an order that is to be left alone',
    plant: () => (parts) => {
      const { events } = parts.tables;
      const append: typeof events.append = (batch) => {
        const outbox = batch.outbox.filter((row) => !takesBack(row));
        return events.append({ ...batch, outbox });
      };
      return { ...parts, tables: { ...parts.tables, events: { ...events, append } } };
    },
  },
  {
    id: 'entry_unattested',
    sentence: 'entries leave on an account of which nobody has said what it holds',
    plant: () => (parts) => ({
      ...parts,
      decide: (state, ...asked) =>
        unasked(parts.decide({ ...state, isReconciled: true }, ...asked)),
    }),
  },
];
