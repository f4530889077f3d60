import { hasEnded } from '#core/machines/order.ts';
import type { Event } from './event.ts';
import type { Make, Push } from './push.ts';
import { openEntries, workingProtection } from './select.ts';
import type { DeskState } from './state.ts';
import { heldOf, openOrdersOf } from './still-open.ts';

/** Messages about the kill. How far stage 2 is edits the message with which it began. */
export function killPushes(event: Event, state: DeskState, make: Make): Push[] {
  switch (event.type) {
    case 'kill_engaged': {
      const { by, scope, entriesToCancel: canceled, protectionKept } = event;
      const body = { kind: 'kill_stage1', by, scope, canceled, protectionKept } as const;
      const isFirst = state.kill.kind === 'halted' && state.kill.at === event.at;
      return [make({ ...body, allOutMs: null }, isFirst ? { editKey: stageOneKey(state) } : {})];
    }
    case 'order_canceled':
      return lastEntryOut(event, state, make);
    case 'strangers_canceled': {
      const { orderIds, isEverything } = event;
      return [make({ kind: 'kill_strangers', orderIds, isEverything })];
    }
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
          orders: openOrdersOf(state),
          held: heldOf(state),
        }),
      ];
    default:
      return [];
  }
}

function stageOneKey(state: DeskState): string {
  return `kill:${state.deskId}:${state.kill.kind === 'clear' ? 0 : state.kill.at}`;
}

/** Completes the message of stage 1 with the time it took, once the broker has said that the last entry is gone. */
function lastEntryOut(
  event: Extract<Event, { type: 'order_canceled' }>,
  state: DeskState,
  make: Make,
): Push[] {
  const { kill } = state;
  if (kill.kind !== 'halted' || state.orders[event.orderId]?.role !== 'entry') return [];
  const canceled = Object.values(state.orders).filter(
    (order) => order.role === 'entry' && order.cancelRequestedAt === kill.at,
  );
  const isLast = canceled.length > 0 && canceled.every(hasEnded);
  if (!isLast || openEntries(state).length > 0) return [];
  const protectionKept = Object.keys(state.positions).reduce(
    (sum, instrument) => sum + workingProtection(state, instrument).length,
    0,
  );
  return [
    make(
      {
        kind: 'kill_stage1',
        by: kill.by,
        scope: kill.scope,
        canceled: canceled.map((order) => order.orderId),
        protectionKept,
        allOutMs: event.at - kill.at,
      },
      { editKey: stageOneKey(state) },
    ),
  ];
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
