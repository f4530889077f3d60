import type { Rotation } from '#core/machines/rotation.ts';
import type { Event } from './event.ts';
import type { DeskState } from './state.ts';

function withRotation(state: DeskState, id: string, change: Partial<Rotation>): DeskState {
  const { rotation } = state;
  if (rotation === null || rotation === undefined || rotation.ticketId !== id) return state;
  return { ...state, rotation: { ...rotation, ...change } };
}

/** Applies what an event means for the switch; an ended one stays to be asked about until the next day. */
export function evolveRotation(state: DeskState, event: Event): DeskState {
  switch (event.type) {
    case 'rotation_proposed':
      return { ...state, rotation: event.rotation };
    case 'rotation_agreed': {
      const { by, heldQuantity, workingQuantity, sellQuantity, quantity, limit } = event;
      return withRotation(state, event.ticketId, {
        by,
        heldQuantity,
        workingQuantity,
        sellQuantity,
        keepQuantity: heldQuantity - sellQuantity,
        quantity,
        limit,
        step: 'canceling',
        stepAt: event.at,
      });
    }
    case 'rotation_moved': {
      const { filledQuantity, sellQuantity, freedMinor } = event;
      return withRotation(state, event.ticketId, {
        filledQuantity,
        sellQuantity,
        freedMinor,
        step: event.to,
        stepAt: event.at,
        ...(event.to === 'asking' ? { askedAt: event.at } : {}),
      });
    }
    case 'rotation_ended': {
      const { outcome, reason, filledQuantity, boughtQuantity } = event;
      return withRotation(state, event.ticketId, {
        outcome,
        reason,
        filledQuantity,
        boughtQuantity,
        step: 'ended',
        stepAt: event.at,
      });
    }
    default:
      return state;
  }
}
