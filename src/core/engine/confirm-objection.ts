import { type Reason, reason } from '#core/gates/reason.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import { notionalMinor } from '#core/market/money.ts';
import type { Quote } from '#core/market/quote.ts';
import { personObjections } from '#core/risk/person-book.ts';
import {
  agendaObjections,
  freeCashMinor,
  openRiskMinor,
  quoteObjections,
  type ReviewFacts,
} from '#core/risk/review.ts';
import { purchaseObjectionsCn } from '#core/risk/review-cn.ts';
import { dayLossObjection } from './day-loss.ts';
import { entryObjections } from './permission-of.ts';
import { capObjections } from './pulse-confirm.ts';
import { instrumentDayOf } from './select-cn.ts';

/** `isFinal`: it cannot come back within the ticket's life, so the ticket is void. */
export type ConfirmObjection = { readonly why: Reason; readonly isFinal: boolean };

/**
 * Why a ticket may not become orders now: every risk rule at the state, view and quote given; the first
 * that objects is named. Null: none does. `quantity` shares at the `limit` per share.
 *
 * Source: centaur.md "Confirming".
 */
export function confirmObjection(
  facts: ReviewFacts,
  ticket: Ticket,
  quantity: number,
  limit: number,
): ConfirmObjection | null {
  const { state, view, policy, quote, at } = facts;
  const [forbidden] = entryObjections(state, view, policy, ticket.instrument, at);
  if (forbidden !== undefined)
    return { why: forbidden.reason ?? reason('permission_reducing'), isFinal: true };
  const [agenda] = agendaObjections(state, policy, ticket.instrument, at).reasons;
  if (agenda !== undefined) return { why: agenda, isFinal: true };
  const lost = dayLossObjection(facts);
  // a price that is not known may come back within the ticket's life
  if (lost !== null) return { why: lost, isFinal: lost.code !== 'risk_not_computable' };
  const usable = quote?.instrument === ticket.instrument ? quote : null;
  const [aged] = quoteObjections({ ...facts, quote: usable }, ticket.riskPerShare);
  if (aged !== undefined || usable === null)
    return { why: aged ?? reason('quote_missing'), isFinal: false };
  return (
    priceObjection(facts, ticket, quantity, limit, usable) ??
    limitObjection(facts, ticket, quantity, limit)
  );
}

function priceObjection(
  facts: ReviewFacts,
  ticket: Ticket,
  quantity: number,
  limit: number,
  quote: Quote,
): ConfirmObjection | null {
  if (quote.bid <= ticket.stop)
    return {
      why: reason('stop_touched', { bid: quote.bid, stop: ticket.stop }),
      isFinal: true,
    };
  if (quote.ask > ticket.bandHigh)
    return {
      why: reason('price_above_band', { ask: quote.ask, bandHigh: ticket.bandHigh }),
      isFinal: true,
    };
  if (facts.policy.market !== 'CN') return null;
  const { state, at } = facts;
  const { instrument } = ticket;
  const [why] = purchaseObjectionsCn({
    state,
    instrument,
    facts: instrumentDayOf(state, instrument),
    quote,
    limitPrice: limit,
    quantity,
    at,
  });
  if (why === undefined) return null;
  return { why, isFinal: why.code === 'limit_up' || why.code === 'suspended' };
}

function limitObjection(
  facts: ReviewFacts,
  ticket: Ticket,
  quantity: number,
  limit: number,
): ConfirmObjection | null {
  const { state, policy } = facts;
  const [overCap] = capObjections(facts, ticket, quantity, limit);
  if (overCap !== undefined) return { why: overCap, isFinal: false };
  const [overBook] = personObjections(
    { state, policy, others: facts.view.others ?? null, at: facts.at },
    {
      instrument: ticket.instrument,
      valueMinor: notionalMinor(limit, quantity),
      riskMinor: Math.round((ticket.riskMinor * quantity) / ticket.quantity),
      ticketId: ticket.id,
    },
  );
  if (overBook !== undefined) return { why: overBook, isFinal: false };
  const openMinor = openRiskMinor(state, ticket.id);
  const limitMinor = Math.round((state.day?.riskBudgetMinor ?? 0) * policy.risk.openRiskLimitR);
  if (openMinor + ticket.riskMinor > limitMinor)
    return {
      why: reason('open_risk_limit', { openMinor, addedMinor: ticket.riskMinor, limitMinor }),
      isFinal: false,
    };
  const neededMinor = notionalMinor(limit, quantity);
  const cashMinor = freeCashMinor(state);
  if (neededMinor > cashMinor)
    return { why: reason('cash_short', { neededMinor, cashMinor }), isFinal: false };
  return null;
}
