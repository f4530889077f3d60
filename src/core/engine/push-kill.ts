import { hasEnded } from '#core/machines/order.ts';
import type { Event } from './event.ts';
import type { Make, Push } from './push.ts';
import type { DeskState } from './state.ts';

/** Messages about the kill. How far stage 2 is edits the message with which it began. */
export function killPushes(event: Event, state: DeskState, make: Make): Push[] {
  switch (event.type) {
    case 'kill_engaged':
      return [
        make({
          kind: 'kill_stage1',
          by: event.by,
          scope: event.scope,
          canceled: event.entriesToCancel,
          protectionKept: event.protectionKept,
        }),
      ];
    case 'flatten_started': {
      const positions = event.legs.length;
      return [make({ kind: 'kill_flatten', by: event.by, positions }, { editKey: keyOf(state) })];
    }
    case 'kill_progressed':
      return [make({ kind: 'kill_progress', lines: event.lines }, { editKey: keyOf(state) })];
    case 'flatten_ended':
      return [endOf(event, state, make)];
    case 'kill_resumed':
      return [
        make({
          kind: 'kill_resumed',
          by: event.by,
          reason: event.reason,
          openOrders: Object.values(state.orders).filter((order) => !hasEnded(order)).length,
          positions: Object.keys(state.positions).length,
        }),
      ];
    default:
      return [];
  }
}

function keyOf(state: DeskState): string {
  return `flatten:${state.deskId}:${state.kill.kind === 'clear' ? 0 : state.kill.at}`;
}

function endOf(
  event: Extract<Event, { type: 'flatten_ended' }>,
  state: DeskState,
  make: Make,
): Push {
  const positions = state.kill.kind === 'clear' ? 0 : state.kill.legs.length;
  if (event.isFlat) return make({ kind: 'kill_done', positions });
  const { left } = event;
  const sold = Math.max(0, positions - left.length);
  return make({ kind: 'kill_incomplete', left, positions, sold, isRetried: true });
}
