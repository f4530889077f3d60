import type { Input } from '#core/engine/input.ts';
import type { Message } from '#core/engine/message.ts';
import type { OutboxRow } from './ports.ts';

/** What a delivered row tells a desk: a chat shows this version of a ticket that waits; null for any other row. */
export function ticketShown(
  row: OutboxRow,
  at: number,
): { readonly deskId: string; readonly input: Input } | null {
  const { message } = row.payload as { message?: Message };
  if (message?.kind !== 'signal_entry' || message.ticket.state !== 'pending') return null;
  const { id: ticketId, deskId, version } = message.ticket;
  const channel = row.lane.split(':')[1] ?? 'unknown';
  return { deskId, input: { kind: 'ticket_delivered', at, ticketId, channel, version } };
}
