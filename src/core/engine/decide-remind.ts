import { reason } from '#core/gates/reason.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import type { DeskAct } from '#core/replies/act.ts';
import { notAnswerable, theTicket } from './decide-confirm.ts';
import { type Draft, emit } from './draft.ts';
import { type OperatorInput, refuse } from './refuse.ts';
import { isOfSwitch, pendingTickets } from './select.ts';
import type { DeskState } from './state.ts';

/** A ticket's card counts down when this part of its life is over. Source: chat.md, `signal_entry`. */
const HALF = 0.5;
const LAST = 0.8;

const MARKS = ['half', 'last'] as const;
const PARTS = { half: HALF, last: LAST } as const;

/** What nobody answers, or answers elsewhere, does not count down. */
function countsDown(ticket: Ticket): boolean {
  return !ticket.isAdvice && ticket.isOfSwitch !== true;
}

function markAt({ createdAt, expiresAt }: Ticket, mark: 'half' | 'last'): number {
  return createdAt + Math.round((expiresAt - createdAt) * PARTS[mark]);
}

function marksLeft({ countdown }: Ticket): readonly ('half' | 'last')[] {
  if (countdown === undefined) return MARKS;
  return countdown === 'half' ? ['last'] : [];
}

/** Counts down the cards of tickets that wait, and reminds whom it was promised to; each once. */
export function remindOfTickets(draft: Draft): void {
  for (const ticket of pendingTickets(draft.state)) {
    if (!countsDown(ticket)) continue;
    const ticketId = ticket.id;
    for (const mark of marksLeft(ticket))
      if (markAt(ticket, mark) <= draft.at) emit(draft, { type: 'ticket_counted', ticketId, mark });
    for (const { at, channel, chatId } of ticket.snoozes ?? [])
      if (at <= draft.at) emit(draft, { type: 'ticket_reminded', ticketId, channel, chatId });
  }
}

/** When a ticket that waits is next told of. */
export function remindDeadlines(state: DeskState): number[] {
  return pendingTickets(state)
    .filter(countsDown)
    .flatMap((ticket) => [
      ...marksLeft(ticket).map((mark) => markAt(ticket, mark)),
      ...(ticket.snoozes ?? []).map(({ at }) => at),
    ]);
}

/** A person wants to be reminded of a ticket while it lives; its life does not grow. */
export function onSnooze(
  draft: Draft,
  input: OperatorInput,
  act: Extract<DeskAct, { act: 'snooze' }>,
): void {
  const ticket = theTicket(draft, act.code);
  if (typeof ticket === 'string')
    return refuse(draft, input, reason(ticket, { code: act.code ?? '' }));
  const why = notAnswerable(ticket, ticket.version, input.sentAt);
  if (why !== null) return refuse(draft, input, why);
  const { code, expiresAt, id: ticketId } = ticket;
  if (isOfSwitch(draft.state, ticketId))
    return refuse(draft, input, reason('switch_running', { code }));
  const remindAt = draft.at + act.minutes * 60_000;
  if (remindAt >= expiresAt)
    return refuse(draft, input, reason('snooze_past_life', { code, untilAt: expiresAt }));
  const { channel, chatId, id: by } = input.actor;
  emit(draft, { type: 'ticket_snoozed', ticketId, by, channel, chatId, remindAt });
}
