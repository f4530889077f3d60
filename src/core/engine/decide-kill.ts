import { reason } from '#core/gates/reason.ts';
import { cancelEntries, isExitExhausted, startExit } from './decide-orders.ts';
import { isRestart, onRestart } from './decide-pulse.ts';
import { hasNoDoubt, raiseAlarm } from './decide-safety.ts';
import { voidPending } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import { type OperatorInput, refuse } from './refuse.ts';
import { openEntries, workingProtection } from './select.ts';

/** A person says kill. The same message never acts twice: a channel may give it again after a crash, long after a resume. */
export function onKill(draft: Draft, input: OperatorInput, scope: string): void {
  engageKill(draft, input.actor.id, scope, input.updateKey);
}

/** Stage 1: a latch. Entries are canceled, tickets are void, protection stays. Said again, it only repeats the cancels. */
export function engageKill(draft: Draft, by: string, scope: string, updateKey?: string): void {
  if (updateKey !== undefined && draft.state.heard.includes(updateKey)) return;
  const entries = openEntries(draft.state).map((order) => order.orderId);
  const protectionKept = Object.keys(draft.state.positions).reduce(
    (sum, instrument) => sum + workingProtection(draft.state, instrument).length,
    0,
  );
  const isNews = draft.state.kill.kind === 'clear' || entries.length > 0;
  if (isNews || updateKey !== undefined) {
    const key = updateKey === undefined ? {} : { updateKey };
    emit(draft, {
      type: 'kill_engaged',
      by,
      scope,
      entriesToCancel: entries,
      protectionKept,
      ...key,
    });
  }
  voidPending(draft, reason('killed', { by }));
  cancelEntries(draft, 'kill');
  raiseAlarm(draft, 'kill_stage1', draft.policy.deskId, { by });
}

/** Stage 2: everything held leaves. Said again while it runs, it only starts anew what was given up. */
export function onFlatten(draft: Draft, input: OperatorInput): void {
  const by = input.actor.id;
  if (draft.state.kill.kind === 'clear') engageKill(draft, by, 'all');
  emit(draft, { type: 'flatten_started', by });
  for (const position of Object.values(draft.state.positions))
    startExit(draft, position, 'kill', by, position.quantity, true);
}

/** Opens the latch: only with a clean book and no order in doubt. */
export function onResume(draft: Draft, input: OperatorInput, why: string): void {
  const isAsleep = isRestart(draft);
  if (draft.state.kill.kind === 'clear' && !draft.state.isKillFilePresent && !isAsleep)
    return refuse(draft, input, reason('not_killed'));
  const { kill } = draft.state;
  // a kill overtakes what was said before it: an earlier resume that comes in later does not undo it
  if (kill.kind !== 'clear' && input.sentAt < kill.at)
    return refuse(draft, input, reason('killed', { since: kill.at, by: kill.by }));
  if (!draft.state.isReconciled) return refuse(draft, input, reason('not_reconciled'));
  if (!hasNoDoubt(draft)) return refuse(draft, input, reason('open_doubt'));
  if (isAsleep) return onRestart(draft, input);
  emit(draft, { type: 'kill_resumed', by: input.actor.id, reason: why });
  for (const alarm of draft.state.alarms.filter((known) => known.kind.startsWith('kill'))) {
    emit(draft, { type: 'alarm_seen', alarmId: alarm.id, by: input.actor.id });
  }
}

/** While a flatten runs every position leaves, also one that an entry in flight opened after it began. */
export function flattenAll(draft: Draft): void {
  const { kill } = draft.state;
  if (kill.kind !== 'flattening') return;
  for (const position of Object.values(draft.state.positions))
    startExit(draft, position, 'kill', kill.by, position.quantity);
}

/**
 * Ends a flatten: flat when nothing is held and no entry can fill any more, incomplete when every
 * exit was refused or the session is over. An incomplete one is tried again in the next session.
 */
export function advanceKill(draft: Draft): void {
  if (draft.state.kill.kind !== 'flattening') return;
  const held = Object.values(draft.state.positions).filter((position) => position.quantity > 0);
  const isEntryOpen = openEntries(draft.state).length > 0;
  if (held.length === 0 && !isEntryOpen) {
    emit(draft, { type: 'flatten_ended', isFlat: true, left: [] });
    return;
  }
  const closeAt = draft.state.day?.session.closeAt ?? 0;
  const isOver = draft.at >= closeAt;
  const hasFailed =
    held.length > 0 && held.every((position) => isExitExhausted(draft.state, position));
  if (!isOver && !hasFailed) return;
  const code = isOver ? 'session_closed' : 'order_failed';
  emit(draft, {
    type: 'flatten_ended',
    isFlat: false,
    left: held.map((position) => ({
      instrument: position.instrument,
      quantity: position.quantity,
      reason: reason(code),
    })),
  });
}
