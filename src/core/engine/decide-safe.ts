import { type Reason, reason } from '#core/gates/reason.ts';
import type { DeskAct } from '#core/replies/act.ts';
import { barLimitMs } from './bar-age.ts';
import { causePassed, enterSafeMode, hasNoDoubt } from './decide-safety.ts';
import { isStill } from './decide-silence.ts';
import { type Draft, emit } from './draft.ts';
import { type OperatorInput, refuse } from './refuse.ts';
import { heardAt, seenOf } from './view.ts';

type Act<T extends DeskAct['act']> = Extract<DeskAct, { act: T }>;

/**
 * Enters SAFE_MODE at once, or leaves it: asked twice, every cause gone, data fresh and a comparison of book
 * and account made for this act clean. Firm locks stay where they are. Source: centaur.md "SAFE_MODE".
 */
export function onSafe(draft: Draft, input: OperatorInput, act: Act<'safe'>): void {
  if (act.on) return enterSafeMode(draft, 'operator', input.actor.id, { by: input.actor.id });
  if (draft.state.safeMode.length === 0) return refuse(draft, input, reason('already_so'));
  if (!input.isConfirmed) return refuse(draft, input, reason('second_confirmation_needed'));
  for (const entry of draft.state.safeMode)
    if (entry.cause === 'operator') causePassed(draft, 'operator', entry.subject);
  const why = stays(draft, input);
  if (why !== null) return refuse(draft, input, why);
  emit(draft, { type: 'safe_mode_left', by: input.actor.id });
}

/** Why SAFE_MODE cannot be left now; null: it can. */
function stays(draft: Draft, input: OperatorInput): Reason | null {
  const left = draft.state.safeMode.find((entry) => !entry.isGone);
  if (left !== undefined)
    return reason('cause_persists', { cause: left.cause, subject: left.subject, ...left.figures });
  const stale = staleData(draft);
  if (stale !== null) return stale;
  const { comparison = 'clean' } = input;
  if (comparison !== 'clean' || !draft.state.isReconciled || !hasNoDoubt(draft))
    return reason('not_reconciled', { comparison });
  return null;
}

/** During the session every symbol that trades has to be heard of: its bar, or its quotes where it awaits none. */
function staleData(draft: Draft): Reason | null {
  const { state, view, policy, at } = draft;
  const session = state.day?.isClosed === false ? state.day.session : null;
  if (session === null || at < session.openAt || at >= session.closeAt) return null;
  const limitMs = barLimitMs(policy);
  if (limitMs === null) return null;
  // the first bar after the open, and after a restart, has its time to come
  const since = Math.max(session.openAt, view.since ?? 0);
  const isFresh = (instrument: string): boolean => {
    const { lastBarClosedAt } = seenOf(view, instrument);
    const heard = heardAt(view, instrument);
    return (
      (lastBarClosedAt !== null && at - lastBarClosedAt <= limitMs) ||
      (heard !== null && at - heard >= 0 && at - heard <= policy.watch.quoteStaleMs) ||
      (lastBarClosedAt === null && at - since <= limitMs)
    );
  };
  const stale = Object.keys(state.symbols).find(
    (instrument) => !isStill(state, policy, instrument, at) && !isFresh(instrument),
  );
  if (stale === undefined) return null;
  const closedAt = seenOf(view, stale).lastBarClosedAt;
  return reason('data_stale', {
    symbol: stale,
    ageMs: closedAt === null ? 'none' : at - closedAt,
    limitMs,
  });
}

/**
 * Lifts a lock before its time: by the owner, asked twice, and never one of the day (loss, trades, losses in
 * a row) nor that of a halt that lasts. Source: the chat contract, `/unlock`.
 */
export function onUnlock(draft: Draft, input: OperatorInput, act: Act<'unlock'>): void {
  const wanted = act.id.toLowerCase();
  const found = draft.state.locks.filter(
    (lock) => lock.id.toLowerCase() === wanted || lock.cause === wanted,
  );
  const [lock] = found;
  if (lock === undefined) return refuse(draft, input, reason('unknown_lock', { found: act.id }));
  if (!input.isConfirmed) return refuse(draft, input, reason('second_confirmation_needed'));
  const isHalted =
    lock.cause === 'halt' && draft.state.symbols[lock.scope]?.halt?.resumedAt === null;
  if (lock.isFirm || isHalted)
    return refuse(draft, input, reason('lock_firm', { lock: lock.id, untilAt: lock.untilAt }));
  emit(draft, { type: 'lock_released', lockId: lock.id, lock, by: input.actor.id });
}
