import type { Broker, BrokerReport, ConnectionChange } from './ports.ts';

/**
 * A broker whose start may be tried again although its adapter starts once: after a start that failed
 * a fresh one takes its place. Who listens hears the one in place only.
 */
export function restartable(make: () => Broker): Broker {
  const onReport: ((report: BrokerReport) => void)[] = [];
  const onConnection: ((change: ConnectionChange) => void)[] = [];
  const place = (): Broker => {
    const made = make();
    made.onReport((report) => {
      if (made === broker) for (const listen of onReport) listen(report);
    });
    made.onConnection((change) => {
      if (made === broker) for (const listen of onConnection) listen(change);
    });
    return made;
  };
  let broker = place();
  return {
    accountId: broker.accountId,
    environment: broker.environment,
    capabilities: broker.capabilities,
    async start() {
      try {
        await broker.start();
      } catch (error) {
        broker = place();
        throw error;
      }
    },
    stop: () => broker.stop(),
    onConnection: (listen) => void onConnection.push(listen),
    onReport: (listen) => void onReport.push(listen),
    canSubmit: (order) => broker.canSubmit(order),
    submit: (order) => broker.submit(order),
    cancel: (orderId) => broker.cancel(orderId),
    replace: (orderId, price) => broker.replace(orderId, price),
    find: (orderId) => broker.find(orderId),
    openOrders: () => broker.openOrders(),
    positions: () => broker.positions(),
    cashMinor: () => broker.cashMinor(),
    fills: (sinceAt) => broker.fills(sinceAt),
    charges: async (sinceAt) => (await broker.charges?.(sinceAt)) ?? null,
    cancelAll: () => broker.cancelAll(),
    flattenAll: () => broker.flattenAll(),
  };
}
