import { type Reason, reason } from '#core/gates/reason.ts';
import { mayFill } from '#core/machines/order.ts';
import { cancelEntries } from './decide-orders.ts';
import { voidPending } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import type { Input } from './input.ts';
import type { Policy } from './policy.ts';
import { ringing } from './select.ts';
import type { DeskState } from './state.ts';
import type { MarketView } from './view.ts';

/** Since when nobody is there, and by what it is known. */
type Absence = {
  readonly since: number;
  readonly why: 'no_channel' | 'alarm_unanswered';
  readonly subject: string;
};

/** Takes the outcome of a delivery or a probe; only a change is an event, so that a restart counts on from it. */
export function onReachSeen(draft: Draft, input: Extract<Input, { kind: 'reach_seen' }>): void {
  const { isReached, channel } = input;
  const since = draft.state.unreachedSince ?? null;
  if (isReached && since !== null) emit(draft, { type: 'reach_restored', channel });
  if (!isReached && since === null)
    emit(draft, { type: 'reach_lost', since: draft.at, cause: channel });
}

/** The session that runs at `at`; null outside one. */
function sessionAt(state: DeskState, at: number) {
  const { day } = state;
  if (day === null || day.isClosed) return null;
  return at >= day.session.openAt && at < day.session.closeAt ? day.session : null;
}

/**
 * What keeps an operator from counting as reachable: no channel delivers (a probe failed, or nobody was
 * told of one for too long), or a P0, or a to-do of a person, waits for an act. Time before the open does
 * not count. Source: centaur.md "Dead man".
 */
function absences(state: DeskState, view: MarketView, policy: Policy, openAt: number): Absence[] {
  const found: Absence[] = [];
  const lostAt = state.unreachedSince ?? view.reachedAt ?? null;
  if (lostAt !== null)
    found.push({ since: Math.max(lostAt, openAt), why: 'no_channel', subject: 'channels' });
  for (const alarm of ringing(state))
    found.push({
      since: Math.max(alarm.raisedAt, openAt),
      why: 'alarm_unanswered',
      subject: alarm.id,
    });
  if (policy.execution.isPerson)
    for (const order of Object.values(state.orders))
      if (mayFill(order) && order.state !== 'held')
        found.push({
          since: Math.max(order.intendedAt, openAt),
          why: 'alarm_unanswered',
          subject: `manual_todo:${order.orderId}`,
        });
  return found;
}

/** The absence that has lasted too long at `at`; null: an operator counts as reachable, or no session runs. */
export function absenceAt(
  state: DeskState,
  view: MarketView,
  policy: Policy,
  at: number,
): Absence | null {
  const session = sessionAt(state, at);
  if (session === null) return null;
  const { operatorSilentMs } = policy.watch;
  return (
    absences(state, view, policy, session.openAt).find(
      ({ since }) => at - since >= operatorSilentMs,
    ) ?? null
  );
}

/** With nobody there nothing is opened: tickets are void, entries taken back, protection and exits go on. */
export function watchOperator(draft: Draft): void {
  const { state, view, policy, at } = draft;
  if ((state.deadMan ?? null) !== null) return;
  const absence = absenceAt(state, view, policy, at);
  if (absence === null) return;
  const { since, subject, why } = absence;
  emit(draft, { type: 'operator_gone', since, why, subject });
  voidPending(draft, reason('operator_unreachable', { since, why }));
  cancelEntries(draft, 'operator unreachable');
}

/** Why ALLOW would be over at once: what made the operator count as absent still stands. Null: it does not. */
export function absenceObjection(draft: Draft): Reason | null {
  const absence = absenceAt(draft.state, draft.view, draft.policy, draft.at);
  if (absence === null) return null;
  const { since, subject, why } = absence;
  return why === 'no_channel'
    ? reason('operator_unreachable', { since, why })
    : reason('alarm_unanswered', { since, alarm: subject });
}

/** When an absence that has begun will have lasted too long. */
export function reachDeadlines(
  state: DeskState,
  view: MarketView,
  policy: Policy,
): readonly number[] {
  const session = state.day?.isClosed === false ? state.day.session : null;
  if (session === null || (state.deadMan ?? null) !== null) return [];
  const found = absences(state, view, policy, session.openAt);
  if (found.length === 0) return [];
  return found
    .map(({ since }) => since + policy.watch.operatorSilentMs)
    .filter((due) => due < session.closeAt);
}
