import type { Reason } from '#core/gates/reason.ts';
import { hasEnded, type Order } from '#core/machines/order.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { DeskState } from './state.ts';

/** An order that may still trade `left` shares. */
export type OpenOrder = Pick<Order, 'orderId' | 'instrument' | 'role' | 'state'> & {
  readonly left: number;
};

/** What is held. `why`: the reason for which stage 2 of a kill could not sell it; null: none was said. */
export type OpenHolding = {
  readonly instrument: InstrumentId;
  readonly quantity: number;
  readonly why: Reason | null;
};

/** Orders that may still trade, oldest first; children that wait at the broker are not named. */
export function openOrdersOf(state: DeskState): OpenOrder[] {
  return Object.values(state.orders)
    .filter((order) => !hasEnded(order) && order.state !== 'held')
    .sort((a, b) => a.intendedAt - b.intendedAt)
    .map((order) => ({
      orderId: order.orderId,
      instrument: order.instrument,
      role: order.role,
      state: order.state,
      left: Math.max(0, order.quantity - order.filledQuantity),
    }));
}

/** What a desk holds. */
export function heldOf(state: DeskState): OpenHolding[] {
  const { kill } = state;
  return Object.values(state.positions).map(({ instrument, quantity }) => {
    const rest =
      kill.kind === 'clear' ? null : kill.left.find((one) => one.instrument === instrument);
    return { instrument, quantity, why: rest?.reason ?? null };
  });
}
