import type { DeskState } from '#core/engine/state.ts';
import { hasEnded, type Order } from '#core/machines/order.ts';
import { marketOf } from '#core/market/instrument.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { BrokerOrder, BrokerPosition } from './ports.ts';

/** What a simulated exchange held when the desk's log ended. */
export type PaperBook = {
  readonly orders: readonly BrokerOrder[];
  /** With the day of purchase: where T+1 holds, what was bought that day is locked on it. */
  readonly positions: readonly (BrokerPosition & { readonly boughtOn: TradingDay })[];
  readonly cashMinor: number;
};

function childOf(state: DeskState, id: string | null): Order | undefined {
  return id === null ? undefined : state.orders[id];
}

function brokerOrderOf(state: DeskState, order: Order): BrokerOrder {
  const stop = childOf(state, order.stopOrderId);
  const target = childOf(state, order.targetOrderId);
  return {
    request: {
      orderId: order.orderId,
      instrument: order.instrument,
      side: order.side,
      type: order.type,
      quantity: order.quantity,
      limitPrice: order.limitPrice,
      stopPrice: order.stopPrice,
      bracket:
        stop?.stopPrice === null || stop === undefined
          ? null
          : {
              stop: { orderId: stop.orderId, stopPrice: stop.stopPrice },
              target:
                target === undefined || target.limitPrice === null
                  ? null
                  : { orderId: target.orderId, limitPrice: target.limitPrice },
            },
      ocoGroup: order.ocoGroup,
      pair: null,
      trailOffset: null,
      timeInForce: 'day',
      isExtendedHours: false,
    },
    state: order.state === 'partially_filled' ? 'partially_filled' : 'accepted',
    filledQuantity: order.filledQuantity,
    averagePrice: order.averagePrice,
  };
}

/**
 * Returns the book of a simulated exchange from the desk's log. The exchange lived in the process that
 * ended, so the log is all there is of it: what was accepted works on, what was never acknowledged never
 * arrived, what it did after the last stored event did not happen.
 */
export function paperBookOf(state: DeskState): PaperBook {
  const working = Object.values(state.orders).filter(
    (order) =>
      !hasEnded(order) &&
      (order.state === 'accepted' || order.state === 'partially_filled' || isActiveChild(order)),
  );
  return {
    orders: working.map((order) => brokerOrderOf(state, order)),
    positions: Object.values(state.positions).map((position) => ({
      instrument: position.instrument,
      quantity: position.quantity,
      sellableQuantity: marketOf(position.instrument) === 'CN' ? 0 : position.quantity,
      averagePrice: position.entryPrice,
      boughtOn: position.tradingDay,
    })),
    cashMinor: state.cashMinor,
  };
}

/** A child whose parent has filled was activated by the exchange itself. */
function isActiveChild(order: Order): boolean {
  return order.parentId !== null && order.state === 'submitted';
}
