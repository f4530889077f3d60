import { reason } from '#core/gates/reason.ts';
import { hasEnded, mayFill } from '#core/machines/order.ts';
import { phaseOf } from '#core/machines/session-phase.ts';
import { worthOf } from './day-loss.ts';
import { flattenDeadlines, startFlatten } from './decide-flatten.ts';
import { nagDueAt, nagPerson } from './decide-manual.ts';
import { cancelEntries, exitDeadlines, requestCancel, startExit } from './decide-orders.ts';
import { protectDueAt, protectionDeadlines } from './decide-protection.ts';
import { reachDeadlines, watchOperator } from './decide-reach.ts';
import { remindDeadlines, remindOfTickets } from './decide-remind.ts';
import { rotationDeadline } from './decide-rotation.ts';
import { raiseAlarm } from './decide-safety.ts';
import { addSilences, noticeSilence, wordDueAt } from './decide-silence.ts';
import { lastPrice, voidOvertaken, voidPending } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import { tellable } from './event-ahead.ts';
import { canTakeBack } from './exit-terms.ts';
import { killRetryAt } from './kill-times.ts';
import type { Policy } from './policy.ts';
import { isExposed, openEntries, pendingTickets, ringing } from './select.ts';
import { Soonest } from './soonest.ts';
import type { DeskState } from './state.ts';
import { cooldownsOf, unsettledSymbols } from './symbol-index.ts';
import type { MarketView } from './view.ts';

/** Applies everything that is due by the clock alone: lives that ended, silences that lasted too long, phases, repeats. */
export function passTime(draft: Draft): void {
  expireTickets(draft);
  endConsent(draft);
  releaseLocks(draft);
  cancelOldEntries(draft);
  noticeSilence(draft);
  nagPerson(draft);
  leaveByTime(draft);
  voidOvertaken(draft);
  remindOfTickets(draft);
  repeatAlarms(draft);
  tellAhead(draft);
  watchOperator(draft);
}

/** Tells of a blackout ahead of it; once it has begun it is no news. */
function tellAhead(draft: Draft): void {
  const { day } = draft.state;
  if (day === null) return;
  for (const { blackout, at } of tellable(day))
    if (draft.at >= at && draft.at < blackout.fromAt)
      emit(draft, { type: 'event_ahead', blackout });
}

function expireTickets(draft: Draft): void {
  for (const ticket of pendingTickets(draft.state)) {
    if (ticket.expiresAt > draft.at) continue;
    const quietUntil = draft.at + draft.policy.ticket.quietMs;
    emit(draft, {
      type: 'ticket_expired',
      ticketId: ticket.id,
      price: lastPrice(draft, ticket.instrument),
      quietUntil,
    });
  }
}

function endConsent(draft: Draft): void {
  const { consent } = draft.state;
  if (consent.kind === 'allowed' && draft.at >= consent.untilAt) {
    emit(draft, { type: 'consent_ended' });
    voidPending(draft, reason('permission_not_given'));
    cancelEntries(draft, 'permission ended');
  }
}

function releaseLocks(draft: Draft): void {
  for (const lock of draft.state.locks) {
    if (lock.untilAt <= draft.at) emit(draft, { type: 'lock_released', lockId: lock.id, lock });
  }
}

function cancelOldEntries(draft: Draft): void {
  for (const order of openEntries(draft.state)) {
    if (order.cancelDueAt !== null && order.cancelDueAt <= draft.at && canTakeBack(draft, order))
      requestCancel(draft, order, 'not filled in time');
  }
  for (const order of Object.values(draft.state.orders)) {
    if (order.role !== 'exit' || !mayFill(order) || order.cancelDueAt === null) continue;
    if (order.cancelDueAt <= draft.at && canTakeBack(draft, order))
      requestCancel(draft, order, 'priced anew');
  }
}

function leaveByTime(draft: Draft): void {
  const { day } = draft.state;
  if (day === null) return;
  const { flatBeforeCloseMs } = draft.policy.exits;
  const flatAt = day.session.closeAt - (flatBeforeCloseMs ?? 0);
  const retryAt = killRetryAt(draft.state, draft.policy) ?? day.session.openAt;
  if (flatBeforeCloseMs !== null && draft.at >= flatAt && !day.isClosed) {
    for (const order of openEntries(draft.state)) requestCancel(draft, order, 'close is near');
    for (const position of Object.values(draft.state.positions)) {
      // an exit given up in an earlier session is tried again in this one
      const isOld = position.exiting !== null && position.exiting.at < flatAt;
      startExit(draft, position, 'time', 'desk', position.quantity, isOld);
    }
  }
  leaveAsPlanned(draft);
  if (
    draft.state.kill.kind === 'incomplete' &&
    draft.state.kill.flattenBy !== null &&
    draft.state.kill.at < retryAt &&
    draft.at >= retryAt &&
    draft.at < flatAt
  ) {
    startFlatten(draft, draft.state.kill.flattenBy);
  }
}

/** What a person wanted sold at the open, once it is there. */
function leaveAsPlanned(draft: Draft): void {
  const session = draft.state.day?.session;
  if (session === undefined || draft.at < session.openAt || draft.at >= session.closeAt) return;
  for (const position of Object.values(draft.state.positions)) {
    const planned = position.exitPlanned ?? null;
    if (planned === null) continue;
    const quantity = Math.min(planned.quantity, position.quantity);
    startExit(draft, position, 'operator', planned.by, quantity, true);
  }
}

/** Outside the session and with nothing open nobody is woken; the alarm rings on at the next open. */
function mayRing(state: DeskState, at: number): boolean {
  const session = state.day?.session;
  const isInSession = session !== undefined && at >= session.openAt && at < session.closeAt;
  return isInSession || isExposed(state);
}

function repeatAlarms(draft: Draft): void {
  if (!mayRing(draft.state, draft.at)) return;
  const delays = draft.policy.watch.alarmRepeatMs;
  for (const alarm of ringing(draft.state)) {
    if (alarm.nextAt > draft.at) continue;
    const repeats = alarm.repeats + 1;
    const delay = delays[Math.min(repeats, delays.length - 1)] ?? 900_000;
    emit(draft, {
      type: 'alarm_repeated',
      alarmId: alarm.id,
      repeats,
      nextAt: draft.at + delay,
    });
  }
}

/** Brings every symbol's phase up to the clock and to what is held; raises the alarm of a day that ends with a position. */
export function updatePhases(draft: Draft): void {
  const { day } = draft.state;
  if (day === null) return;
  const isLocked = draft.state.locks.some((lock) => lock.isFirm && lock.untilAt > draft.at);
  // the phase of all that are flat and rested, which most symbols have already
  const facts = {
    at: draft.at,
    openAt: day.session.openAt,
    closeAt: day.session.closeAt,
    openingNoTradeMs: draft.policy.openingNoTradeMs,
    flatBeforeCloseMs: draft.policy.exits.flatBeforeCloseMs ?? 0,
    isHolding: false,
    cooldownUntil: null as number | null,
    isLocked,
  };
  for (const symbol of unsettledSymbols(draft.state, phaseOf(facts))) {
    facts.isHolding = draft.state.positions[symbol.instrument] !== undefined;
    facts.cooldownUntil = symbol.cooldownUntil;
    const to = phaseOf(facts);
    if (to === symbol.phase) continue;
    emit(draft, { type: 'phase_changed', instrument: symbol.instrument, from: symbol.phase, to });
    // a desk that holds overnight ends its days with positions
    if (to === 'done_with_position' && draft.policy.exits.flatBeforeCloseMs !== null) {
      const held = draft.state.positions[symbol.instrument];
      const price = worthOf(draft, symbol.instrument);
      raiseAlarm(draft, 'done_with_position', symbol.instrument, {
        quantity: held?.quantity ?? 0,
        stop: held?.stop ?? 0,
        ...(price === null ? {} : { price }),
        why: symbol.halt?.resumedAt === null ? 'halted' : 'exit_failed',
      });
    }
  }
}

/**
 * Returns the next instant at which time alone can change the desk, or null. The runtime wakes
 * `decide` with a `time_passed` input then; waking earlier or more often changes nothing.
 */
export function nextDeadline(
  state: DeskState,
  view: MarketView,
  policy: Policy,
  after: number,
): number | null {
  const soonest = new Soonest(after);
  soonest.addAll(pendingTickets(state).map((ticket) => ticket.expiresAt));
  soonest.addAll(remindDeadlines(state));
  soonest.addAll(state.locks.map((lock) => lock.untilAt));
  const alarms = ringing(state);
  if (alarms.length > 0 && mayRing(state, after))
    soonest.addAll(alarms.map((alarm) => alarm.nextAt));
  soonest.addAll(cooldownsOf(state));
  soonest.add(state.consent.kind === 'allowed' ? state.consent.untilAt : null);
  soonest.addAll(flattenDeadlines(state, policy, after));
  soonest.addAll(protectionDeadlines(state, policy));
  soonest.addAll(exitDeadlines(state));
  if (state.day !== null) soonest.addAll(tellable(state.day).map(({ at }) => at));
  soonest.add(rotationDeadline(state));
  soonest.addAll(reachDeadlines(state, view, policy));
  addOrders(soonest, state, policy);
  if (state.day !== null && !state.day.isClosed) {
    const { openAt, closeAt, breaks } = state.day.session;
    soonest.add(openAt);
    soonest.add(openAt + policy.openingNoTradeMs);
    soonest.add(closeAt - (policy.exits.flatBeforeCloseMs ?? 0));
    soonest.add(closeAt);
    soonest.addAll(breaks.map((pause) => pause.toAt));
    addSilences(soonest, state, view, policy);
  }
  return soonest.at();
}

function addOrders(soonest: Soonest, state: DeskState, policy: Policy): void {
  for (const order of Object.values(state.orders)) {
    if (hasEnded(order)) continue;
    soonest.add(
      policy.execution.isPerson ? nagDueAt(order) : wordDueAt(order, policy.watch.orderConfirmMs),
    );
    if (order.role === 'exit' && order.cancelRequestedAt === null) soonest.add(order.cancelDueAt);
    if (order.role !== 'entry') continue;
    soonest.add(order.cancelRequestedAt === null ? order.cancelDueAt : null);
    soonest.add(protectDueAt(order));
  }
}
