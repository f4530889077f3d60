import { reason } from '#core/gates/reason.ts';
import { hasEnded, mayFill, type Order } from '#core/machines/order.ts';
import { phaseOf } from '#core/machines/session-phase.ts';
import { flattenDeadlines, startFlatten } from './decide-flatten.ts';
import { nagDueAt, nagPerson } from './decide-manual.ts';
import { cancelEntries, exitDeadlines, requestCancel, startExit } from './decide-orders.ts';
import { protectDueAt, protectionDeadlines } from './decide-protection.ts';
import { onDoubt } from './decide-reports.ts';
import { causePassed, enterSafeMode, raiseAlarm } from './decide-safety.ts';
import { lastPrice, voidOvertaken, voidPending } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import { canTakeBack } from './exit-terms.ts';
import { barLimitMs } from './permission-of.ts';
import type { Policy } from './policy.ts';
import { isExposed, openEntries, pendingTickets, ringing } from './select.ts';
import type { DeskState } from './state.ts';
import { type MarketView, seenOf } from './view.ts';

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
  repeatAlarms(draft);
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
    if (lock.untilAt <= draft.at) emit(draft, { type: 'lock_released', lockId: lock.id });
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

/** Instant until which an order may stay without a word from the broker; null when nothing is awaited. */
function wordDueAt(order: Order, limitMs: number): number | null {
  if (hasEnded(order) || order.state === 'unknown' || order.state === 'held') return null;
  if (order.cancelRequestedAt !== null) return order.cancelRequestedAt + limitMs;
  if (order.replaceRequestedAt !== null) return order.replaceRequestedAt + limitMs;
  if (order.state === 'intended' || order.state === 'submitted')
    return (order.submittedAt ?? order.intendedAt) + limitMs;
  return null;
}

function noticeSilence(draft: Draft): void {
  const { watch } = draft.policy;
  // what a person executes is not heard of within seconds: nagPerson reminds instead
  const { isPerson } = draft.policy.execution;
  for (const order of Object.values(draft.state.orders)) {
    const due = isPerson ? null : wordDueAt(order, watch.orderConfirmMs);
    if (due !== null && due <= draft.at)
      onDoubt(draft, order.orderId, `no word for ${watch.orderConfirmMs / 1000} s`);
  }
  const { day } = draft.state;
  if (
    day === null ||
    day.isClosed ||
    draft.at < day.session.openAt ||
    draft.at >= day.session.closeAt
  )
    return;
  const { heartbeatAt } = draft.view;
  if (heartbeatAt !== null && draft.at - heartbeatAt > watch.heartbeatMaxAgeMs) {
    enterSafeMode(draft, 'heartbeat_lost', 'feed', {
      ageMs: draft.at - heartbeatAt,
      limitMs: watch.heartbeatMaxAgeMs,
    });
  }
  noticeOverdueBars(draft);
  noticeStaleQuotes(draft);
}

/** With something open, a quote that stands still while another symbol's moves on is not to be trusted. */
function noticeStaleQuotes(draft: Draft): void {
  const { state, view, policy, at } = draft;
  const limitMs = policy.watch.quoteStaleMs;
  const ages = Object.keys(state.symbols).map((instrument) => {
    const { quote } = seenOf(view, instrument);
    return { instrument, ageMs: quote === null ? null : at - quote.at };
  });
  const others = (instrument: string) =>
    ages.some((age) => age.instrument !== instrument && age.ageMs !== null && age.ageMs < limitMs);
  for (const { instrument, ageMs } of ages) {
    const isOpen =
      state.positions[instrument] !== undefined ||
      openEntries(state).some((order) => order.instrument === instrument);
    if (!isOpen || ageMs === null) continue;
    if (ageMs > limitMs && others(instrument))
      enterSafeMode(draft, 'quotes_stale', instrument, { ageMs, limitMs });
    else if (ageMs <= limitMs) causePassed(draft, 'quotes_stale', instrument);
  }
}

/** When the next bar of a symbol becomes overdue: its due instant plus the allowed delay. */
function overdueAt(
  state: DeskState,
  view: MarketView,
  policy: Policy,
  instrument: string,
): number | null {
  const limitMs = barLimitMs(policy);
  if (state.day === null || view.since === null || limitMs === null) return null;
  const { lastBarClosedAt } = seenOf(view, instrument);
  const { openAt, closeAt } = state.day.session;
  const base = Math.max(lastBarClosedAt ?? openAt, openAt, view.since);
  return base >= closeAt ? null : base + limitMs;
}

function noticeOverdueBars(draft: Draft): void {
  const { state, view, policy, at } = draft;
  const limitMs = barLimitMs(policy);
  if (limitMs === null) return;
  const symbols = Object.keys(state.symbols);
  const overdue = symbols.filter((instrument) => {
    const due = overdueAt(state, view, policy, instrument);
    return due !== null && due < at;
  });
  if (symbols.length === 0 || overdue.length < symbols.length) {
    const exposed = overdue.filter((instrument) => state.positions[instrument] !== undefined);
    for (const instrument of exposed) enterSafeMode(draft, 'bar_overdue', instrument, { limitMs });
    return;
  }
  enterSafeMode(draft, 'bar_overdue', 'all symbols', {
    symbols: overdue.join(', '),
    limitMs,
  });
}

function leaveByTime(draft: Draft): void {
  const { day } = draft.state;
  if (day === null) return;
  const { flatBeforeCloseMs } = draft.policy.exits;
  const flatAt = day.session.closeAt - (flatBeforeCloseMs ?? 0);
  if (flatBeforeCloseMs !== null && draft.at >= flatAt && !day.isClosed) {
    for (const order of openEntries(draft.state)) requestCancel(draft, order, 'close is near');
    for (const position of Object.values(draft.state.positions)) {
      // an exit given up in an earlier session is tried again in this one
      const isOld = position.exiting !== null && position.exiting.at < flatAt;
      startExit(draft, position, 'time', 'desk', position.quantity, isOld);
    }
  }
  if (
    draft.state.kill.kind === 'incomplete' &&
    draft.state.kill.flattenBy !== null &&
    draft.state.kill.at < day.session.openAt &&
    draft.at >= day.session.openAt &&
    draft.at < flatAt
  ) {
    startFlatten(draft, draft.state.kill.flattenBy);
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
  for (const symbol of Object.values(draft.state.symbols)) {
    const to = phaseOf({
      at: draft.at,
      openAt: day.session.openAt,
      closeAt: day.session.closeAt,
      openingNoTradeMs: draft.policy.openingNoTradeMs,
      flatBeforeCloseMs: draft.policy.exits.flatBeforeCloseMs ?? 0,
      isHolding: draft.state.positions[symbol.instrument] !== undefined,
      cooldownUntil: symbol.cooldownUntil,
      isLocked: draft.state.locks.some((lock) => lock.isFirm && lock.untilAt > draft.at),
    });
    if (to === symbol.phase) continue;
    emit(draft, { type: 'phase_changed', instrument: symbol.instrument, from: symbol.phase, to });
    // a desk that holds overnight ends its days with positions
    if (to === 'done_with_position' && draft.policy.exits.flatBeforeCloseMs !== null) {
      raiseAlarm(draft, 'done_with_position', symbol.instrument, {
        quantity: draft.state.positions[symbol.instrument]?.quantity ?? 0,
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
  const due: (number | null)[] = [
    ...pendingTickets(state).map((ticket) => ticket.expiresAt),
    ...state.locks.map((lock) => lock.untilAt),
    ...(mayRing(state, after) ? ringing(state).map((alarm) => alarm.nextAt) : []),
    ...Object.values(state.symbols).map((symbol) => symbol.cooldownUntil),
    state.consent.kind === 'allowed' ? state.consent.untilAt : null,
    ...flattenDeadlines(state, policy, after),
    ...protectionDeadlines(state, policy),
    ...exitDeadlines(state),
  ];
  for (const order of Object.values(state.orders)) {
    due.push(
      policy.execution.isPerson ? nagDueAt(order) : wordDueAt(order, policy.watch.orderConfirmMs),
    );
    if (order.role === 'exit' && order.cancelRequestedAt === null && !hasEnded(order))
      due.push(order.cancelDueAt);
    if (hasEnded(order)) continue;
    if (order.role === 'entry')
      due.push(order.cancelRequestedAt === null ? order.cancelDueAt : null, protectDueAt(order));
  }
  if (state.day !== null && !state.day.isClosed) {
    const { openAt, closeAt } = state.day.session;
    due.push(
      openAt,
      openAt + policy.openingNoTradeMs,
      closeAt - (policy.exits.flatBeforeCloseMs ?? 0),
      closeAt,
      ...state.day.session.breaks.map((pause) => pause.toAt),
    );
    if (after < closeAt) {
      const isKnown = (instrument: string) =>
        !state.safeMode.some(
          (entry) =>
            !entry.isGone &&
            entry.cause === 'bar_overdue' &&
            (entry.subject === instrument || entry.subject === 'all symbols'),
        );
      for (const instrument of Object.keys(state.symbols)) {
        const overdue = isKnown(instrument) ? overdueAt(state, view, policy, instrument) : null;
        due.push(overdue === null ? null : overdue + 1);
      }
      if (view.heartbeatAt !== null)
        due.push(view.heartbeatAt + policy.watch.heartbeatMaxAgeMs + 1);
    }
  }
  const later = due.filter((at): at is number => at !== null && at > after);
  return later.length === 0 ? null : Math.min(...later);
}
