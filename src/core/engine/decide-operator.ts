import { type Reason, reason } from '#core/gates/reason.ts';
import { instantAt } from '#core/market/session.ts';
import type { DeskAct, Mode } from '#core/replies/act.ts';
import { onConfirm, theTicket } from './decide-confirm.ts';
import { onEdit } from './decide-edit.ts';
import { onAccountAct } from './decide-environment.ts';
import { onAdopt, onSettle } from './decide-externals.ts';
import { onFlatten, onKill, onResume } from './decide-kill.ts';
import { onFillAct, onProtectedAct } from './decide-manual.ts';
import { cancelEntries, requestCancel, startExit } from './decide-orders.ts';
import { absenceObjection } from './decide-reach.ts';
import { onSnooze } from './decide-remind.ts';
import { onSafe, onUnlock } from './decide-safe.ts';
import { cancelProtection, onStopAct, onStopsAct } from './decide-stops.ts';
import { onSwitch } from './decide-switch.ts';
import { lastPrice, voidPending } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import { type OperatorInput, refuse } from './refuse.ts';
import { edgeInTheWay, openEntries } from './select.ts';

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
    case 'edit':
      return onEdit(draft, input, act);
    case 'snooze':
      return onSnooze(draft, input, act);
    case 'skip':
      return onSkip(draft, input, act);
    case 'allow':
      return onAllow(draft, input, act);
    case 'stop':
      return onStop(draft, input, act);
    case 'kill':
      return onKill(draft, input, act.scope ?? 'all');
    case 'flatten':
      return onFlatten(draft, input, act.scope ?? 'all');
    case 'drill':
      // it is played as the acts it is made of, a kill and stage 2
      return refuse(draft, input, reason('second_confirmation_needed'));
    case 'resume':
      return onResume(draft, input, act.reason);
    case 'safe':
      return onSafe(draft, input, act);
    case 'unlock':
      return onUnlock(draft, input, act);
    case 'ack':
      return onAck(draft, input, act);
    case 'exit':
      return onExit(draft, input, act);
    case 'cancel':
      return onCancel(draft, input, act);
    case 'mode':
      return onMode(draft, input, act);
    case 'account':
      return onAccountAct(draft, input, act);
    case 'fill':
      return answer(draft, input, onFillAct(draft, act, input.actor.id, input.isConfirmed));
    case 'protected':
      return answer(draft, input, onProtectedAct(draft, act.target, input.actor.id));
    case 'adopt':
      return onAdopt(draft, input, act);
    case 'stoploss':
    case 'breakeven':
      return onStopAct(draft, input, act);
    case 'stops':
      return onStopsAct(draft, input, act);
    case 'reconcile':
      return onSettle(draft, input, act);
    case 'switch':
      return onSwitch(draft, input, act);
  }
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
  const absent = absenceObjection(draft);
  if (absent !== null) return refuse(draft, input, absent);
  if (draft.state.kill.kind !== 'clear')
    return refuse(
      draft,
      input,
      reason('killed', { since: draft.state.kill.at, by: draft.state.kill.by }),
    );
  const { consent } = draft.state;
  // a STOP overtakes what was said before it, or in the same instant: such an ALLOW is no answer to it
  if (consent.kind === 'stopped' && input.sentAt <= consent.at)
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
  const quantity = Math.min(
    position.quantity,
    Math.max(1, Math.round(position.quantity * act.ratio)),
  );
  if (day === null || draft.at < day.session.openAt || draft.at >= day.session.closeAt) {
    // a desk that ends its days flat sells at the next open what it could not sell before the close
    if (draft.policy.exits.flatBeforeCloseMs === null)
      return refuse(draft, input, reason('session_closed'));
    if (position.exitPlanned?.quantity === quantity)
      return refuse(draft, input, reason('already_so', { exiting: quantity }));
    const { instrument } = position;
    return emit(draft, { type: 'exit_planned', instrument, by: input.actor.id, quantity });
  }
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
  const edge = act.mode === 'alert' ? null : edgeInTheWay(draft.state);
  if (from === act.mode && edge === null)
    return refuse(draft, input, reason('already_so', { mode: from }));
  if (from === act.mode && !input.isConfirmed)
    return refuse(draft, input, reason('second_confirmation_needed'));
  if (BOLDNESS[act.mode] > BOLDNESS[from] && !input.isConfirmed)
    return refuse(draft, input, reason('second_confirmation_needed'));
  if (act.mode === 'auto' && draft.policy.isDataPartial)
    return refuse(draft, input, reason('data_partial', { mode: act.mode }));
  if (from !== act.mode)
    emit(draft, { type: 'mode_changed', from, to: act.mode, by: input.actor.id });
  // the question that was agreed to said that no edge was measured
  if (edge !== null && BOLDNESS[act.mode] >= BOLDNESS[from] && input.isConfirmed)
    emit(draft, { type: 'edge_overridden', edgeId: edge.id, by: input.actor.id });
  if (act.mode === 'alert') voidPending(draft, reason('mode_alert'));
}
