import type { DeskHandle } from '#app/desk-handle.ts';
import { BrokerError } from '#app/errors.ts';
import type { Broker, BrokerFill, BrokerOrder, BrokerPosition } from '#app/ports.ts';
import { mayFill, type Order } from '#core/machines/order.ts';

/** What a test makes the broker say instead of what the book has. */
export type BrokerSays = {
  orders?: readonly BrokerOrder[];
  /** Orders beside those of the book. */
  extraOrders?: readonly BrokerOrder[];
  /** Orders that are no longer open, by id; null: not known. */
  found?: Readonly<Record<string, BrokerOrder | null>>;
  fills?: readonly BrokerFill[];
  positions?: readonly BrokerPosition[];
  cashMinor?: number;
  failure?: BrokerError;
};

export function brokerOrder(order: Order, change: Partial<BrokerOrder> = {}): BrokerOrder {
  const { orderId, instrument, side, type, quantity, limitPrice, stopPrice, ocoGroup } = order;
  return {
    request: {
      orderId,
      instrument,
      side,
      type,
      quantity,
      limitPrice,
      stopPrice,
      ocoGroup,
      bracket: null,
      pair: null,
      trailOffset: null,
      timeInForce: 'day',
      isExtendedHours: false,
    },
    state: order.state === 'partially_filled' ? 'partially_filled' : 'accepted',
    filledQuantity: order.filledQuantity,
    averagePrice: order.averagePrice,
    ...change,
  };
}

/** A broker that agrees with the desk's book in everything a test does not say otherwise; it takes no orders. */
export function bookBroker(desk: Pick<DeskHandle, 'state'>): Broker & { says: BrokerSays } {
  const refuse = async (): Promise<never> => {
    throw new BrokerError('book broker: takes no orders', { code: 'test', retryable: false });
  };
  const heard = async <T>(answer: () => T): Promise<T> => {
    if (broker.says.failure !== undefined) throw broker.says.failure;
    return answer();
  };
  const open = () =>
    Object.values(desk.state().orders).filter(
      (order) => mayFill(order) && order.state !== 'held' && order.state !== 'intended',
    );
  const broker: Broker & { says: BrokerSays } = {
    says: {},
    accountId: 'paper-us',
    environment: 'paper',
    capabilities: {
      kind: 'paper',
      hasBracket: true,
      hasOco: true,
      hasReplace: true,
      orderTypes: ['limit', 'market', 'stop'],
      hasExtendedHours: false,
      sellableAfterDays: 0,
      isPerson: false,
      flatten: 'each',
    },
    start: async () => undefined,
    stop: async () => undefined,
    onConnection: () => undefined,
    canSubmit: () => null,
    onReport: () => undefined,
    submit: refuse,
    cancel: refuse,
    replace: refuse,
    cancelAll: refuse,
    flattenAll: refuse,
    find: (orderId) => heard(() => broker.says.found?.[orderId] ?? null),
    openOrders: () =>
      heard(() => [
        ...(broker.says.orders ?? open().map((order) => brokerOrder(order))),
        ...(broker.says.extraOrders ?? []),
      ]),
    positions: () =>
      heard(
        () =>
          [
            ...(broker.says.positions ??
              Object.values(desk.state().positions).map((held) => ({
                instrument: held.instrument,
                quantity: held.quantity,
                sellableQuantity: held.quantity,
                averagePrice: held.entryPrice,
              }))),
          ] as BrokerPosition[],
      ),
    cashMinor: () => heard(() => broker.says.cashMinor ?? desk.state().cashMinor),
    fills: () => heard(() => [...(broker.says.fills ?? [])]),
  };
  return broker;
}
