import { hasEnded } from '#core/machines/order.ts';
import { type Draft, emit } from './draft.ts';
import { acceptedCover } from './evolve-cover.ts';
import { ringing } from './select.ts';
import type { Alarm, DeskState } from './state.ts';

/**
 * Ends the ringing of alarms whose subject has come to an end: the order's fate is known, the position
 * is protected or gone, a to-do is reported, book and broker agree, SAFE_MODE was left. They stay listed
 * until they are seen.
 */
export function settleAlarms(draft: Draft): void {
  for (const alarm of ringing(draft.state))
    if (isSettled(draft.state, alarm)) emit(draft, { type: 'alarm_settled', alarmId: alarm.id });
}

function isSettled(state: DeskState, alarm: Alarm): boolean {
  const subject = alarm.id.slice(alarm.kind.length + 1);
  const position = state.positions[subject];
  switch (alarm.kind) {
    case 'order_unknown':
      return state.orders[subject]?.state !== 'unknown';
    case 'position_unprotected':
      return position === undefined || acceptedCover(state, subject) >= position.quantity;
    case 'done_with_position':
    case 'exit_failed':
      return position === undefined;
    case 'manual_todo': {
      const order = state.orders[subject];
      return order === undefined || hasEnded(order);
    }
    case 'recon_blocked':
      return state.isReconciled;
    case 'kill_incomplete':
      return state.kill.kind !== 'incomplete';
    case 'safe_mode_on':
      return state.safeMode.length === 0;
    default:
      return false;
  }
}
