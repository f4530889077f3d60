import type { Input } from '#core/engine/input.ts';
import { mayFill } from '#core/machines/order.ts';
import type { AccountReading, ReadFill, ReadOrder } from '#core/portfolio/account-reading.ts';
import type { Desk } from './engine.ts';

/** A reading that agrees with the book in all that `change` does not say otherwise. */
export function readingOf(
  desk: Desk,
  beganAt: number,
  change: Partial<AccountReading> = {},
): AccountReading {
  const open = Object.values(desk.state.orders).filter(
    (order) => mayFill(order) && order.state !== 'held' && order.state !== 'intended',
  );
  return {
    beganAt,
    orders: open.map((order): ReadOrder => {
      const { orderId, instrument, side, quantity, filledQuantity } = order;
      const { averagePrice, stopPrice, limitPrice } = order;
      const state = filledQuantity > 0 ? 'partially_filled' : 'accepted';
      return {
        orderId,
        instrument,
        side,
        state,
        quantity,
        filledQuantity,
        averagePrice,
        stopPrice,
        limitPrice,
      };
    }),
    missing: [],
    fills: [],
    positions: Object.values(desk.state.positions).map((held) => ({
      instrument: held.instrument,
      quantity: held.quantity,
      averagePrice: held.entryPrice,
    })),
    cashMinor: desk.state.cashMinor,
    ...change,
  };
}

/** The reading as an input, begun 10 ms before; the last look unless told otherwise. */
export function read(
  desk: Desk,
  at: number,
  change: Partial<AccountReading> = {},
  isLast = true,
): Input {
  const reading = readingOf(desk, change.beganAt ?? at - 10, change);
  return { kind: 'account_read', at, reading, isLast, by: null };
}

/** An execution of one of the desk's orders. */
export function listed(
  desk: Desk,
  orderId: string,
  quantity: number,
  price: number,
  change: Partial<ReadFill> = {},
): ReadFill {
  const order = desk.state.orders[orderId];
  return {
    fillId: `${orderId}#${quantity}@${price}`,
    orderId,
    instrument: order?.instrument ?? 'QQQM.US',
    side: order?.side ?? 'buy',
    quantity,
    price,
    feesMinor: 0,
    at: 0,
    ...change,
  };
}
