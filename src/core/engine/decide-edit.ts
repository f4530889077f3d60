import { reason } from '#core/gates/reason.ts';
import type { DeskAct } from '#core/replies/act.ts';
import { editTicket } from '#core/risk/edit-ticket.ts';
import { confirmObjection } from './confirm-objection.ts';
import { notAnswerable, theTicket } from './decide-confirm.ts';
import { type Draft, emit } from './draft.ts';
import { type OperatorInput, refuse } from './refuse.ts';
import { isOfSwitch, switchAwayFrom } from './select.ts';

/**
 * A person wants a ticket otherwise: a new version takes its place, judged as if it were confirmed now. One that
 * is refused changes nothing, the ticket waits on as it was.
 */
export function onEdit(
  draft: Draft,
  input: OperatorInput,
  act: Extract<DeskAct, { act: 'edit' }>,
): void {
  const ticket = theTicket(draft, act.code);
  if (typeof ticket === 'string')
    return refuse(draft, input, reason(ticket, { code: act.code ?? '' }));
  const why = notAnswerable(ticket, act.version, input.sentAt);
  if (why !== null) return refuse(draft, input, why);
  if (isOfSwitch(draft.state, ticket.id))
    return refuse(draft, input, reason('switch_running', { code: ticket.code }));
  const leaving = switchAwayFrom(draft.state, ticket.instrument);
  if (leaving !== null) return refuse(draft, input, leaving);
  const { state, view, policy, at } = draft;
  const edited = editTicket({ state, view, policy, at }, ticket, act);
  if (edited.kind === 'refused') return refuse(draft, input, edited.reason);
  if (!input.isConfirmed) return refuse(draft, input, reason('second_confirmation_needed'));
  const { quantity, entryLimit } = edited.ticket;
  const facts = { state, view, policy, quote: input.quote, at };
  const found = confirmObjection(facts, edited.ticket, quantity, entryLimit);
  if (found !== null) return refuse(draft, input, found.why);
  emit(draft, { type: 'ticket_edited', ticket: edited.ticket, by: input.actor.id });
}
