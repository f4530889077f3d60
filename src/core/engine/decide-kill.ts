import { reason } from '#core/gates/reason.ts';
import { startFlatten } from './decide-flatten.ts';
import { cancelEntries, isExitExhausted, startExit } from './decide-orders.ts';
import { isRestart, onRestart } from './decide-pulse.ts';
import { hasNoDoubt, raiseAlarm } from './decide-safety.ts';
import { voidPending } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import { type OperatorInput, refuse } from './refuse.ts';
import { isSweepPending, openEntries, workingProtection } from './select.ts';

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

/**
 * Stage 2: everything held leaves. Said again while it runs, it only starts anew what was given up. The kill
 * it begins with reaches as far as what was said: `scope` is a desk, an account, a market or `all`.
 */
export function onFlatten(draft: Draft, input: OperatorInput, scope: string): void {
  const by = input.actor.id;
  const { updateKey } = input;
  if (updateKey !== undefined && draft.state.heard.includes(updateKey)) return;
  if (draft.state.kill.kind === 'clear') engageKill(draft, by, scope);
  if (draft.state.kill.kind !== 'flattening') return startFlatten(draft, by, updateKey);
  const givenUp = Object.values(draft.state.positions).filter((position) =>
    isExitExhausted(draft.state, position),
  );
  if (givenUp.length === 0)
    return refuse(draft, input, reason('already_so', { kill: 'flattening' }));
  for (const position of givenUp) startExit(draft, position, 'kill', by, position.quantity, true);
}

/**
 * Another process closed the account while this desk did not answer: stage 2 has begun without it. Nothing
 * is sold or protected by the desk before book and broker are found to agree.
 */
export function onSoldElsewhere(draft: Draft, by: string, updateKey: string): void {
  if (draft.state.heard.includes(updateKey)) return;
  if (draft.state.kill.kind === 'clear') engageKill(draft, by, 'all');
  startFlatten(draft, by, updateKey, true);
}

/** Opens the latch: only with a clean book and no order in doubt. */
export function onResume(draft: Draft, input: OperatorInput, why: string): void {
  const isAsleep = isRestart(draft);
  if (draft.state.kill.kind === 'clear' && !draft.state.isKillFilePresent && !isAsleep)
    return refuse(draft, input, reason('not_killed'));
  const { kill } = draft.state;
  // a kill overtakes what was said before it, or in the same instant: such a resume is no answer to it
  if (kill.kind !== 'clear' && input.sentAt <= kill.saidAt)
    return refuse(draft, input, reason('killed', { since: kill.saidAt, by: kill.by }));
  if (kill.kind === 'flattening') return refuse(draft, input, reason('flatten_running'));
  if (!draft.state.isReconciled) return refuse(draft, input, reason('not_reconciled'));
  if (!hasNoDoubt(draft) || isSweepPending(draft.state))
    return refuse(draft, input, reason('open_doubt'));
  if (isAsleep) return onRestart(draft, input);
  // a kill file written since the question was asked, not seen yet, is not what the person agreed to end
  const asked = Math.min(input.sentAt, input.at);
  const upTo = kill.kind === 'clear' ? asked : Math.max(asked, kill.saidAt);
  emit(draft, { type: 'kill_resumed', by: input.actor.id, reason: why, upTo });
  for (const alarm of draft.state.alarms.filter((known) => known.kind.startsWith('kill'))) {
    emit(draft, { type: 'alarm_seen', alarmId: alarm.id, by: input.actor.id });
  }
}
