import { pendingTickets } from '#core/engine/select.ts';
import type { DeskAct } from '#core/replies/act.ts';
import { LATE_AFTER_MS } from '#core/replies/conversation.ts';
import { editTicket } from '#core/risk/edit-ticket.ts';
import { ticketByCode } from './answer-question.ts';
import type { DeskHandle } from './desk-handle.ts';
import { type ActFrom, ask, go, type Judged, late, refused } from './judged.ts';

/**
 * Another version of a ticket is shown before it is made, bound to the version it follows. What its own figures
 * rule out is refused by the desk, with its reason.
 */
export function judgeEdit(
  act: Extract<DeskAct, { act: 'edit' }>,
  desks: readonly DeskHandle[],
  from: ActFrom,
): Judged {
  if (from.now - from.sentAt > LATE_AFTER_MS) return late(act, from);
  const found = act.code === null ? null : ticketByCode(desks, act.code);
  const desk = found?.desk ?? desks[0];
  if (desk === undefined) return refused({ kind: 'no_ticket' });
  if (found === null) return go(act, [desk], null);
  const { ticket } = found;
  if (from.sentAt < ticket.createdAt) return late(act, from);
  const isAnswerable =
    ticket.state === 'pending' && (act.version ?? ticket.version) === ticket.version;
  const facts = { state: desk.state(), view: desk.view(), policy: desk.policy, at: from.now };
  const edited = isAnswerable ? editTicket(facts, ticket, act) : null;
  if (edited?.kind !== 'edited') return go(act, [desk], null);
  const meant: DeskAct = { ...act, version: ticket.version };
  return ask(meant, [desk], { act: 'edit', from: ticket, to: edited.ticket });
}

/** Reminds whoever said so; what comes late means a time that is over. */
export function judgeSnooze(
  act: Extract<DeskAct, { act: 'snooze' }>,
  desks: readonly DeskHandle[],
  from: ActFrom,
): Judged {
  if (from.now - from.sentAt > LATE_AFTER_MS) return late(act, from);
  const waiting = (desk: DeskHandle) => pendingTickets(desk.state()).length > 0;
  const desk =
    (act.code === null ? desks.find(waiting) : ticketByCode(desks, act.code)?.desk) ?? desks[0];
  return desk === undefined ? refused({ kind: 'no_ticket' }) : go(act, [desk], null);
}
