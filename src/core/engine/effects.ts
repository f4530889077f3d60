import type { Order } from '#core/machines/order.ts';
import type { Effect } from './effect.ts';
import { pushesOf } from './effects-push.ts';
import type { Event } from './event.ts';
import type { Policy } from './policy.ts';
import type { DeskState } from './state.ts';

/**
 * Returns what an event asks the outer ring to do, in order: order acts first, then messages.
 * `state` is the state right after the event. Pure; stored in the same transaction as the event.
 */
export function effectsOf(event: Event, state: DeskState, policy: Policy): readonly Effect[] {
  return [...actsOf(event, state, policy), ...pushesOf(event, state, policy)];
}

function child(state: DeskState, id: string | null): Order | null {
  return id === null ? null : (state.orders[id] ?? null);
}

function actsOf(event: Event, state: DeskState, policy: Policy): Effect[] {
  switch (event.type) {
    case 'order_intended': {
      const { order } = event;
      if (order.parentId !== null || (order.role === 'stop' && order.targetOrderId !== null))
        return [];
      const lead = child(state, order.pairId);
      if (lead !== null) return [{ kind: 'submit_order', order: lead, stop: null, target: order }];
      return [
        {
          kind: 'submit_order',
          order,
          stop: child(state, order.stopOrderId),
          target: child(state, order.targetOrderId),
        },
      ];
    }
    case 'cancel_requested':
      return [{ kind: 'cancel_order', orderId: event.orderId, accountId: policy.accountId }];
    case 'replace_requested':
      return [
        {
          kind: 'replace_order',
          orderId: event.orderId,
          accountId: policy.accountId,
          stopPrice: event.stopPrice,
        },
      ];
    case 'sweep_asked':
      return [{ kind: 'sweep_account', accountId: policy.accountId, way: event.way }];
    case 'kill_engaged':
      return [
        {
          kind: 'write_kill_file',
          scope: event.scope,
          by: event.by,
          updateKey: event.updateKey ?? null,
        },
      ];
    case 'kill_file_outlived':
      return [{ kind: 'remove_kill_file', upTo: event.upTo }];
    case 'kill_resumed':
      return [{ kind: 'remove_kill_file', upTo: event.upTo ?? null }];
    default:
      return [];
  }
}
