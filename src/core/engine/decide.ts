import { hasEnded } from '#core/machines/order.ts';
import { settleAlarms } from './decide-alarms.ts';
import { onBar } from './decide-bar.ts';
import { passTime, updatePhases } from './decide-clock.ts';
import { onDayUnplanned, onSessionClosed, onSessionPlanned } from './decide-day.ts';
import { onEnvironmentJudged } from './decide-environment.ts';
import { onExDatesKnown } from './decide-ex-dates.ts';
import { advanceKill, flattenAll } from './decide-flatten.ts';
import { onHaltSeen } from './decide-halt.ts';
import { onSoldElsewhere } from './decide-kill.ts';
import { onKillFile } from './decide-kill-file.ts';
import { ringForExits } from './decide-manual.ts';
import { onOperator } from './decide-operator.ts';
import { advanceExits, isExitExhausted } from './decide-orders.ts';
import { cancelOrphans } from './decide-orphans.ts';
import { ensureProtection } from './decide-protection.ts';
import { onCheckpoint, onLook, onMinute, settleDormant } from './decide-pulse.ts';
import { onCheckpointMissed, onReportDue, onSheet } from './decide-pulse-day.ts';
import { onReachSeen, watchOperator } from './decide-reach.ts';
import { onAccountRead, onReconciled } from './decide-reconcile.ts';
import { onDenied, onDoubt, onNotFound, onReport } from './decide-reports.ts';
import { advanceRotation, buyFreed } from './decide-rotation.ts';
import { applyDayLocks, causePassed, enterSafeMode, raiseAlarm } from './decide-safety.ts';
import { onSweepDoubtful, onSwept } from './decide-sweep.ts';
import { watchPositions } from './decide-watched.ts';
import { type Draft, emit, startDraft } from './draft.ts';
import { onBookEntered } from './enter-book.ts';
import type { Event } from './event.ts';
import type { Input } from './input.ts';
import type { Policy } from './policy.ts';
import { pendingTickets } from './select.ts';
import type { DeskState } from './state.ts';
import type { MarketView } from './view.ts';

/**
 * Decides: what the desk makes of one input, as events, oldest first. The heart of the product:
 * live, paper, replay and backtest all call this and nothing else.
 *
 * `state` is the fold of all earlier events, `view` the fold of all inputs including this one
 * (`observe`), `policy` the frozen configuration. Pure: the same arguments give the same events.
 * Order within a step: the clock first (a life that is over ends before anything answers it), then
 * the input, then what follows from it: exits, protection, locks, kill, phases.
 */
export function decide(
  state: DeskState,
  view: MarketView,
  input: Input,
  policy: Policy,
): readonly Event[] {
  return decideStep(state, view, input, policy).events;
}

/** What `decide` answers, with the state its events lead to, whose books are under way until they are settled. */
export function decideStep(
  state: DeskState,
  view: MarketView,
  input: Input,
  policy: Policy,
): { readonly events: readonly Event[]; readonly state: DeskState } {
  const draft = startDraft(state, view, policy, input.at);
  passTime(draft);
  updatePhases(draft);
  take(draft, input);
  buyFreed(draft);
  follow(draft);
  return draft;
}

function take(draft: Draft, input: Input): void {
  switch (input.kind) {
    case 'bar_evaluated':
      return onBar(draft, input);
    case 'checkpoint_judged':
      return onCheckpoint(draft, input);
    case 'minute_watched':
      return onMinute(draft, input);
    case 'look_judged':
      return onLook(draft, input);
    case 'checkpoint_missed':
      return onCheckpointMissed(draft, input);
    case 'sheet_prepared':
      return onSheet(draft, input);
    case 'report_due':
      return onReportDue(draft, input);
    case 'book_entered':
      return onBookEntered(draft, input);
    case 'quote_seen':
    case 'time_passed':
      return;
    case 'operator_acted':
      return onOperator(draft, input);
    case 'order_reported':
      return onReport(draft, input.report);
    case 'order_sent':
      return onSent(draft, input.orderId);
    case 'order_doubtful':
      return onDoubt(draft, input.orderId, input.cause);
    case 'order_not_found':
      return onNotFound(draft, input.orderId);
    case 'order_denied':
      return onDenied(draft, input.orderId, input.reason);
    case 'account_swept':
      return onSwept(draft, input.legs);
    case 'sweep_doubtful':
      return onSweepDoubtful(draft, input.cause);
    case 'sold_elsewhere':
      return onSoldElsewhere(draft, input.by, input.updateKey);
    case 'strangers_canceled': {
      const { orderIds, isEverything } = input;
      return emit(draft, { type: 'strangers_canceled', orderIds, isEverything });
    }
    case 'ticket_delivered':
      return onDelivered(draft, input);
    default:
      return takeDayOrHealth(draft, input);
  }
}

type DayOrHealth = Exclude<
  Input,
  {
    kind:
      | 'bar_evaluated'
      | 'checkpoint_judged'
      | 'minute_watched'
      | 'look_judged'
      | 'checkpoint_missed'
      | 'sheet_prepared'
      | 'report_due'
      | 'book_entered'
      | 'quote_seen'
      | 'time_passed'
      | 'operator_acted'
      | 'order_reported'
      | 'order_sent'
      | 'order_doubtful'
      | 'order_not_found'
      | 'order_denied'
      | 'account_swept'
      | 'sweep_doubtful'
      | 'sold_elsewhere'
      | 'strangers_canceled'
      | 'ticket_delivered';
  }
>;

function takeDayOrHealth(draft: Draft, input: DayOrHealth): void {
  switch (input.kind) {
    case 'desk_started':
      return onStarted(draft, input);
    case 'session_planned':
      return onSessionPlanned(draft, input);
    case 'ex_dates_known':
      return onExDatesKnown(draft, input);
    case 'day_unplanned':
      return onDayUnplanned(draft, input);
    case 'session_closed':
      return onSessionClosed(draft, input);
    case 'account_read':
      return onAccountRead(draft, input);
    case 'account_reconciled':
      return onReconciled(draft, input);
    case 'doubt_noticed':
      return enterSafeMode(draft, input.cause, input.subject, input.figures);
    case 'environment_judged':
      return onEnvironmentJudged(draft, input);
    case 'doubt_passed':
      return causePassed(draft, input.cause, input.subject);
    case 'reach_seen':
      return onReachSeen(draft, input);
    case 'halt_seen':
      return onHaltSeen(draft, input);
    case 'heartbeat_seen':
      return causePassed(draft, 'heartbeat_lost', 'feed');
    case 'kill_file_seen':
      return onKillFile(draft, input);
  }
}

/** What follows from any input. Each rule looks at the state the earlier ones left. */
function follow(draft: Draft): void {
  flattenAll(draft);
  watchPositions(draft);
  advanceRotation(draft);
  advanceExits(draft);
  ensureProtection(draft);
  cancelOrphans(draft);
  ringForExits(draft);
  raiseExitAlarms(draft);
  applyDayLocks(draft);
  advanceKill(draft);
  settleDormant(draft);
  advanceRotation(draft);
  updatePhases(draft);
  settleAlarms(draft);
  watchOperator(draft);
}

/** Calls a person once for each position that lost its protection or could not be left, not again after `seen`. */
function raiseExitAlarms(draft: Draft): void {
  for (const event of [...draft.events]) {
    if (event.type === 'position_found_unprotected') {
      const { instrument, quantity } = event;
      raiseAlarm(draft, 'position_unprotected', instrument, { quantity });
    }
    if (!ENDS_UNFILLED.has(event.type) || !('orderId' in event)) continue;
    const order = draft.state.orders[event.orderId];
    const position = order === undefined ? undefined : draft.state.positions[order.instrument];
    if (order?.role !== 'exit' || position === undefined) continue;
    if (isExitExhausted(draft.state, position))
      raiseAlarm(draft, 'exit_failed', position.instrument, { quantity: position.quantity });
  }
}

const ENDS_UNFILLED: ReadonlySet<Event['type']> = new Set([
  'order_rejected',
  'order_denied',
  'order_canceled',
  'order_expired',
  'order_never_arrived',
]);

function onStarted(draft: Draft, input: Extract<Input, { kind: 'desk_started' }>): void {
  const byHand = draft.policy.execution.isPerson ? ({ isByHand: true } as const) : {};
  if (!input.isRecovery) {
    emit(draft, {
      type: 'desk_opened',
      deskId: draft.policy.deskId,
      mode: draft.policy.mode,
      cashMinor: input.cashMinor,
      ...byHand,
    });
    return;
  }
  emit(draft, {
    type: 'desk_recovered',
    ...byHand,
    pending: pendingTickets(draft.state).map((ticket) => ticket.code),
    openOrders: Object.values(draft.state.orders).filter((order) => !hasEnded(order)).length,
    positions: Object.keys(draft.state.positions).length,
  });
}

function onSent(draft: Draft, orderId: string): void {
  if (draft.state.orders[orderId]?.state === 'intended')
    emit(draft, { type: 'order_sent', orderId });
}

/** The chat shows a ticket; one of a version before says nothing of the newest. */
function onDelivered(draft: Draft, input: Extract<Input, { kind: 'ticket_delivered' }>): void {
  const { channel, ticketId, version } = input;
  const ticket = draft.state.tickets[ticketId];
  if (ticket === undefined || ticket.deliveredAt !== null) return;
  if ((version ?? ticket.version) !== ticket.version) return;
  emit(draft, { type: 'ticket_delivered', ticketId, channel });
}
