import type { DeskState } from '#core/engine/state.ts';
import { isRunning } from '#core/machines/rotation.ts';
import type { PlantedBug } from './planted-bug.ts';

/** The state as if a cancel that was asked for had been confirmed. */
function believed(state: DeskState): DeskState {
  const { rotation } = state;
  if (!isRunning(rotation)) return state;
  const orders = Object.fromEntries(
    Object.entries(state.orders).map(([id, order]) => {
      const isAsked = order.instrument === rotation.from && order.cancelRequestedAt !== null;
      const isGone = isAsked && order.role === 'entry' && order.state === 'accepted';
      return [id, isGone ? { ...order, state: 'canceled' as const } : order];
    }),
  );
  return { ...state, orders };
}

/** Bugs of a switch from one name to another. */
export const SWITCHING: readonly PlantedBug[] = [
  {
    id: 'switch_buys_before_gone',
    sentence: 'the second name is bought once the cancel of the first was asked for',
    plant: () => (parts) => ({
      ...parts,
      decide: (state, view, input, policy) => parts.decide(believed(state), view, input, policy),
    }),
  },
  {
    id: 'switch_forgets_fill',
    sentence: 'a first name that is bought while it is canceled counts as gone',
    plant: () => (parts) => ({
      ...parts,
      decide: (state, view, input, policy) => {
        const { rotation } = state;
        if (!isRunning(rotation) || rotation.sellQuantity > 0)
          return parts.decide(state, view, input, policy);
        const more = state.positions[rotation.from]?.quantity ?? 0;
        const blind = { ...rotation, keepQuantity: Math.max(rotation.keepQuantity, more) };
        return parts.decide({ ...state, rotation: blind }, view, input, policy);
      },
    }),
  },
  {
    id: 'switch_after_kill',
    sentence:
      'a kill or STOP in the middle of a switch is carried out, and the switch goes on after it',
    plant: () => (parts) => ({
      ...parts,
      killFile: { ...parts.killFile, write: () => undefined, read: () => 'absent' },
      decide: (state, view, input, policy) => {
        const events = parts.decide(state, view, input, policy);
        const isRunningNow = isRunning(state.rotation) && state.rotation.step !== 'proposed';
        if (!isRunningNow || input.kind !== 'operator_acted') return events;
        if (input.act.act !== 'kill' && input.act.act !== 'stop') return events;
        return events.filter(({ type }) => type === 'cancel_requested' || type === 'alarm_raised');
      },
    }),
  },
];
