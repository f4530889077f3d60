import { type Reason, type ReasonCode, reason } from '#core/gates/reason.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import type { DeskAct } from '#core/replies/act.ts';
import { lotsOf } from '#core/risk/review-cn.ts';
import { confirmObjection } from './confirm-objection.ts';
import { confirmSwitch } from './decide-switch.ts';
import { confirmAs, lastPrice } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import { type OperatorInput, refuse } from './refuse.ts';
import { isOfSwitch, pendingTickets, switchAwayFrom, ticketByCode } from './select.ts';

type Act<T extends DeskAct['act']> = Extract<DeskAct, { act: T }>;

/** The ticket a code means, or the only one that waits; a code of a reason when there is none. */
export function theTicket(draft: Draft, code: string | null): Ticket | ReasonCode {
  if (code !== null) return ticketByCode(draft.state, code) ?? 'unknown_ticket';
  const pending = pendingTickets(draft.state);
  const [only] = pending;
  if (only === undefined) return 'nothing_pending';
  return pending.length === 1 ? only : 'code_needed';
}

/** A person takes a ticket, whole or less of it; one that belongs to a switch begins it. */
export function onConfirm(
  draft: Draft,
  input: OperatorInput,
  act: Act<'confirm'> | Act<'half'>,
): void {
  const ticket = theTicket(draft, act.code);
  if (typeof ticket === 'string')
    return refuse(draft, input, reason(ticket, { code: act.code ?? '' }));
  const why = notAnswerable(ticket, act.version, input.sentAt);
  if (why !== null) return refuse(draft, input, why);
  const leaving = switchAwayFrom(draft.state, ticket.instrument);
  if (leaving !== null) return refuse(draft, input, leaving);
  const quantity = act.act === 'half' ? halfOf(draft, ticket) : (act.quantity ?? ticket.quantity);
  if (!(Number.isInteger(quantity) && quantity >= 1 && quantity <= ticket.quantity)) {
    return refuse(
      draft,
      input,
      reason('quantity_out_of_range', { found: quantity, largest: ticket.quantity }),
    );
  }
  const limit = (act.act === 'confirm' ? act.price : null) ?? ticket.entryLimit;
  if (!(limit <= ticket.entryLimit && limit >= ticket.bandLow)) {
    return refuse(
      draft,
      input,
      reason('price_out_of_range', { found: limit, from: ticket.bandLow, to: ticket.entryLimit }),
    );
  }
  if (isOfSwitch(draft.state, ticket.id))
    return confirmSwitch(draft, input, ticket, quantity, limit);
  judgeAgain(draft, input, ticket, quantity, limit);
}

/**
 * Why a ticket cannot be answered; null: it can. `version` null: somebody typed, so the newest is meant that was
 * there when he sent it.
 */
export function notAnswerable(
  ticket: Ticket,
  version: number | null,
  sentAt: number,
): Reason | null {
  const { code, state } = ticket;
  if (state === 'expired') return reason('life_over', { code, expiredAt: ticket.expiresAt });
  if (state !== 'pending') return reason('already_answered', { code, state });
  if (ticket.isWithoutEdge === true) return reason('no_edge', { code });
  if (ticket.isAdvice) return reason('mode_alert', { code });
  const isBefore = ticket.editedAt !== undefined && sentAt < ticket.editedAt;
  const seen = version ?? (isBefore ? ticket.version - 1 : ticket.version);
  if (seen !== ticket.version) return reason('version_outdated', { seen, newest: ticket.version });
  return null;
}

/** Half of a ticket: whole shares, of A-shares whole lots. */
function halfOf(draft: Draft, ticket: Ticket): number {
  const half = Math.floor(ticket.quantity / 2);
  return draft.policy.market === 'CN' ? lotsOf(draft.state, ticket.instrument, half) : half;
}

/** All risk rules once more at the moment of confirming. What cannot come back voids, the rest leaves the ticket open. */
function judgeAgain(
  draft: Draft,
  input: OperatorInput,
  ticket: Ticket,
  quantity: number,
  limit: number,
): void {
  const { state, view, policy, at } = draft;
  const { quote } = input;
  const found = confirmObjection({ state, view, policy, quote, at }, ticket, quantity, limit);
  if (found !== null) {
    const price = lastPrice(draft, ticket.instrument);
    if (found.isFinal)
      emit(draft, { type: 'ticket_voided', ticketId: ticket.id, reason: found.why, price });
    return refuse(draft, input, found.why);
  }
  if (quote === null) return refuse(draft, input, reason('quote_missing'));
  confirmAs(draft, ticket, input.actor.id, quantity, limit, quote);
}
