import { type Reason, type ReasonCode, reason } from '#core/gates/reason.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import { notionalMinor } from '#core/market/money.ts';
import type { Quote } from '#core/market/quote.ts';
import { instantAt } from '#core/market/session.ts';
import type { DeskAct, Mode } from '#core/replies/act.ts';
import { freeCashMinor, openRiskMinor, quoteObjections } from '#core/risk/review.ts';
import { lotsOf, purchaseObjectionsCn } from '#core/risk/review-cn.ts';
import { onAdopt, onSettle } from './decide-externals.ts';
import { onFlatten, onKill, onResume } from './decide-kill.ts';
import { onFillAct, onProtectedAct } from './decide-manual.ts';
import { cancelEntries, requestCancel, startExit } from './decide-orders.ts';
import { causePassed, enterSafeMode, hasNoDoubt } from './decide-safety.ts';
import { cancelProtection, onStopAct } from './decide-stops.ts';
import { confirmAs, lastPrice, voidPending } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import { entryObjections } from './permission-of.ts';
import { type OperatorInput, refuse } from './refuse.ts';
import { openEntries, pendingTickets, ticketByCode } from './select.ts';
import { instrumentDayOf } from './select-cn.ts';

type Act<T extends DeskAct['act']> = Extract<DeskAct, { act: T }>;

function answer(draft: Draft, input: OperatorInput, why: Reason | null): void {
  if (why !== null) refuse(draft, input, why);
}

const NEEDS_SECOND: ReadonlySet<DeskAct['act']> = new Set(['flatten', 'resume']);

/** Judges what a person asked for. Every refusal is an event with its reason; nothing is silently dropped. */
export function onOperator(draft: Draft, input: OperatorInput): void {
  const { act } = input;
  if (NEEDS_SECOND.has(act.act) && !input.isConfirmed) {
    refuse(draft, input, reason('second_confirmation_needed'));
    return;
  }
  switch (act.act) {
    case 'confirm':
    case 'half':
      return onConfirm(draft, input, act);
    case 'skip':
      return onSkip(draft, input, act);
    case 'allow':
      return onAllow(draft, input, act);
    case 'stop':
      return onStop(draft, input, act);
    case 'kill':
      return onKill(draft, input, act.scope ?? 'all');
    case 'flatten':
      return onFlatten(draft, input);
    case 'resume':
      return onResume(draft, input, act.reason);
    case 'safe':
      return onSafe(draft, input, act);
    case 'ack':
      return onAck(draft, input, act);
    case 'exit':
      return onExit(draft, input, act);
    case 'cancel':
      return onCancel(draft, input, act);
    case 'mode':
      return onMode(draft, input, act);
    case 'fill':
      return answer(draft, input, onFillAct(draft, act, input.actor.id, input.isConfirmed));
    case 'protected':
      return answer(draft, input, onProtectedAct(draft, act.target, input.actor.id));
    case 'adopt':
      return onAdopt(draft, input, act);
    case 'stoploss':
    case 'breakeven':
      return onStopAct(draft, input, act);
    case 'reconcile':
      return onSettle(draft, input, act);
  }
}

function theTicket(draft: Draft, code: string | null): Ticket | ReasonCode {
  if (code !== null) return ticketByCode(draft.state, code) ?? 'unknown_ticket';
  const pending = pendingTickets(draft.state);
  const [only] = pending;
  if (only === undefined) return 'nothing_pending';
  return pending.length === 1 ? only : 'code_needed';
}

function onConfirm(draft: Draft, input: OperatorInput, act: Act<'confirm'> | Act<'half'>): void {
  const ticket = theTicket(draft, act.code);
  if (typeof ticket === 'string')
    return refuse(draft, input, reason(ticket, { code: act.code ?? '' }));
  if (ticket.state === 'expired')
    return refuse(
      draft,
      input,
      reason('life_over', { code: ticket.code, expiredAt: ticket.expiresAt }),
    );
  if (ticket.state !== 'pending')
    return refuse(
      draft,
      input,
      reason('already_answered', { code: ticket.code, state: ticket.state }),
    );
  if (ticket.isAdvice) return refuse(draft, input, reason('mode_alert', { code: ticket.code }));
  if (act.version !== null && act.version !== ticket.version)
    return refuse(
      draft,
      input,
      reason('version_outdated', { seen: act.version, newest: ticket.version }),
    );
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
  judgeAgain(draft, input, ticket, quantity, limit);
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
  const price = lastPrice(draft, ticket.instrument);
  const objections = entryObjections(state, view, policy, ticket.instrument, at);
  const [first] = objections;
  if (first !== undefined) {
    const why = first.reason ?? reason('permission_reducing');
    emit(draft, { type: 'ticket_voided', ticketId: ticket.id, reason: why, price });
    return refuse(draft, input, why);
  }
  const usable = quote?.instrument === ticket.instrument ? quote : null;
  const aged = quoteObjections({ state, view, policy, quote: usable, at }, ticket.riskPerShare);
  const [objection] = aged;
  if (objection !== undefined || quote === null)
    return refuse(draft, input, objection ?? reason('quote_missing'));
  if (quote.bid <= ticket.stop) {
    const why = reason('stop_touched', { bid: quote.bid, stop: ticket.stop });
    emit(draft, { type: 'ticket_voided', ticketId: ticket.id, reason: why, price });
    return refuse(draft, input, why);
  }
  if (quote.ask > ticket.bandHigh) {
    const why = reason('price_above_band', { ask: quote.ask, bandHigh: ticket.bandHigh });
    emit(draft, { type: 'ticket_voided', ticketId: ticket.id, reason: why, price });
    return refuse(draft, input, why);
  }
  const exchange = policy.market === 'CN' ? purchaseNow(draft, ticket, quantity, limit, quote) : [];
  const [forbidden] = exchange;
  if (forbidden !== undefined) {
    if (forbidden.code === 'limit_up' || forbidden.code === 'suspended')
      emit(draft, { type: 'ticket_voided', ticketId: ticket.id, reason: forbidden, price });
    return refuse(draft, input, forbidden);
  }
  const openMinor = openRiskMinor(state, ticket.id);
  const limitMinor = Math.round((state.day?.riskBudgetMinor ?? 0) * policy.risk.openRiskLimitR);
  if (openMinor + ticket.riskMinor > limitMinor)
    return refuse(
      draft,
      input,
      reason('open_risk_limit', { openMinor, addedMinor: ticket.riskMinor, limitMinor }),
    );
  const neededMinor = notionalMinor(limit, quantity);
  const cashMinor = freeCashMinor(state);
  if (neededMinor > cashMinor)
    return refuse(draft, input, reason('cash_short', { neededMinor, cashMinor }));
  confirmAs(draft, ticket, input.actor.id, quantity, limit, quote);
}

function purchaseNow(
  draft: Draft,
  ticket: Ticket,
  quantity: number,
  limitPrice: number,
  quote: Quote,
): Reason[] {
  const { state, at } = draft;
  const { instrument } = ticket;
  const facts = instrumentDayOf(state, instrument);
  return purchaseObjectionsCn({ state, instrument, facts, quote, limitPrice, quantity, at });
}

function onSkip(draft: Draft, input: OperatorInput, act: Act<'skip'>): void {
  const ticket = theTicket(draft, act.code);
  if (typeof ticket === 'string')
    return refuse(draft, input, reason(ticket, { code: act.code ?? '' }));
  if (ticket.state !== 'pending')
    return refuse(
      draft,
      input,
      reason('already_answered', { code: ticket.code, state: ticket.state }),
    );
  const quietUntil = draft.at + draft.policy.ticket.quietMs;
  emit(draft, {
    type: 'ticket_skipped',
    ticketId: ticket.id,
    by: input.actor.id,
    reason: act.reason,
    price: lastPrice(draft, ticket.instrument),
    quietUntil,
  });
}

function onAllow(draft: Draft, input: OperatorInput, act: Act<'allow'>): void {
  const { day } = draft.state;
  if (draft.state.kill.kind !== 'clear')
    return refuse(
      draft,
      input,
      reason('killed', { since: draft.state.kill.at, by: draft.state.kill.by }),
    );
  const { consent } = draft.state;
  // a STOP overtakes what was said before it: an earlier ALLOW that comes in later does not undo it
  if (consent.kind === 'stopped' && input.sentAt < consent.at)
    return refuse(draft, input, reason('stopped_by_operator', { by: consent.by }));
  if (day === null || day.isClosed || draft.at >= day.session.closeAt)
    return refuse(draft, input, reason('session_closed'));
  let untilAt = day.session.closeAt;
  if (act.until !== null) {
    if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(act.until))
      return refuse(draft, input, reason('unknown_time', { found: act.until, expected: 'HH:MM' }));
    untilAt = Math.min(untilAt, instantAt(day.tradingDay, act.until, draft.policy.zone));
    if (untilAt <= draft.at)
      return refuse(
        draft,
        input,
        reason('unknown_time', { found: act.until, expected: 'a time still to come today' }),
      );
  }
  const tradingFrom = day.session.openAt + draft.policy.openingNoTradeMs;
  emit(draft, {
    type: 'consent_given',
    by: input.actor.id,
    untilAt,
    heldUntilAt: draft.at < tradingFrom ? tradingFrom : null,
  });
}

function onStop(draft: Draft, input: OperatorInput, act: Act<'stop'>): void {
  const { updateKey } = input;
  if (updateKey !== undefined && draft.state.heard.includes(updateKey)) return;
  const key = updateKey === undefined ? {} : { updateKey };
  emit(draft, { type: 'consent_withdrawn', by: input.actor.id, reason: act.reason, ...key });
  voidPending(draft, reason('stopped_by_operator', { by: input.actor.id }));
  cancelEntries(draft, 'stop');
}

function onSafe(draft: Draft, input: OperatorInput, act: Act<'safe'>): void {
  if (act.on) return enterSafeMode(draft, 'operator', input.actor.id, { by: input.actor.id });
  if (draft.state.safeMode.length === 0) return refuse(draft, input, reason('already_so'));
  if (!input.isConfirmed) return refuse(draft, input, reason('second_confirmation_needed'));
  for (const entry of draft.state.safeMode)
    if (entry.cause === 'operator') causePassed(draft, 'operator', entry.subject);
  const left = draft.state.safeMode.find((entry) => !entry.isGone);
  if (left !== undefined)
    return refuse(
      draft,
      input,
      reason('cause_persists', { cause: left.cause, subject: left.subject }),
    );
  if (!draft.state.isReconciled || !hasNoDoubt(draft))
    return refuse(draft, input, reason('not_reconciled'));
  emit(draft, { type: 'safe_mode_left', by: input.actor.id });
}

function onAck(draft: Draft, input: OperatorInput, act: Act<'ack'>): void {
  const seen = draft.state.alarms.filter((alarm) => act.id === null || alarm.id === act.id);
  if (seen.length === 0) return refuse(draft, input, reason('already_so'));
  for (const alarm of seen)
    emit(draft, { type: 'alarm_seen', alarmId: alarm.id, by: input.actor.id });
}

function onExit(draft: Draft, input: OperatorInput, act: Act<'exit'>): void {
  const wanted = act.target.toUpperCase();
  const position = Object.values(draft.state.positions).find(
    (held) =>
      held.instrument === wanted ||
      held.instrument.startsWith(`${wanted}.`) ||
      draft.state.tickets[held.ticketId]?.code === wanted,
  );
  if (position === undefined)
    return refuse(draft, input, reason('unknown_position', { found: act.target }));
  const { day } = draft.state;
  if (day === null || draft.at < day.session.openAt || draft.at >= day.session.closeAt)
    return refuse(draft, input, reason('session_closed'));
  const quantity = Math.min(
    position.quantity,
    Math.max(1, Math.round(position.quantity * act.ratio)),
  );
  const before = draft.events.length;
  startExit(draft, position, 'operator', input.actor.id, quantity, true);
  if (draft.events.length === before)
    refuse(draft, input, reason('already_so', { exiting: position.exiting?.quantity ?? 0 }));
}

function onCancel(draft: Draft, input: OperatorInput, act: Act<'cancel'>): void {
  const wanted = act.target.toUpperCase();
  const entries = openEntries(draft.state).filter((order) => {
    const code = draft.state.tickets[order.ticketId]?.code;
    return (
      wanted === 'ALL' ||
      order.orderId.toUpperCase() === wanted ||
      order.instrument.startsWith(`${wanted}.`) ||
      order.instrument === wanted ||
      code === wanted
    );
  });
  if (entries.length > 0) {
    for (const order of entries) requestCancel(draft, order, 'operator');
    return;
  }
  cancelProtection(draft, input, act);
}

const BOLDNESS: Readonly<Record<Mode, number>> = { alert: 0, semi: 1, auto: 2 };

function onMode(draft: Draft, input: OperatorInput, act: Act<'mode'>): void {
  const from = draft.state.mode;
  if (from === act.mode) return refuse(draft, input, reason('already_so', { mode: from }));
  if (BOLDNESS[act.mode] > BOLDNESS[from] && !input.isConfirmed)
    return refuse(draft, input, reason('second_confirmation_needed'));
  emit(draft, { type: 'mode_changed', from, to: act.mode, by: input.actor.id });
  if (act.mode === 'alert') voidPending(draft, reason('mode_alert'));
}
