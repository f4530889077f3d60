import type { Broker, ByHand, Clock } from '#app/ports.ts';
import { createManualBroker } from '#shell/brokers/manual.ts';
import type { WireWatcher } from './brokerage.ts';
import type { Life } from './life.ts';
import type { ToldAccount } from './told-account.ts';

type HandDeps = {
  readonly accountId: string;
  readonly environment: 'paper' | 'live';
  readonly sellableAfterDays: 0 | 1;
  readonly clock: Clock;
  readonly life: Life;
  readonly told: ToldAccount;
  readonly watcher: WireWatcher;
};

/**
 * The person as the broker, by the product's own port: it lives and dies with the process. What leaves for the
 * person is shown to the observer.
 */
export function connectByHand(deps: HandDeps): {
  readonly broker: Broker;
  readonly byHand: ByHand;
} {
  const { accountId, environment, sellableAfterDays, clock, life, told, watcher } = deps;
  const manual = createManualBroker({ accountId, environment, clock, sellableAfterDays });
  const { capabilities } = manual;
  const query = <T>(ask: () => Promise<T>): Promise<T> => life.reach('broker.query', ask);
  const broker: Broker = {
    accountId,
    environment,
    capabilities,
    start: () => manual.start(),
    stop: () => manual.stop(),
    onConnection: () => undefined,
    onReport: (listen) => manual.onReport((report) => life.run(() => listen(report))),
    canSubmit: (order) => manual.canSubmit(order),
    submit: (order) =>
      life.reach('broker.submit', () => {
        watcher.submitting(life, order);
        told.asked(order);
        return manual.submit(order);
      }),
    cancel: (orderId) =>
      life.reach('broker.cancel', () => {
        watcher.calling(life, 'cancel', orderId);
        return manual.cancel(orderId);
      }),
    replace: (orderId, price) => life.reach('broker.replace', () => manual.replace(orderId, price)),
    find: (orderId) => query(() => manual.find(orderId)),
    openOrders: () => query(() => manual.openOrders()),
    positions: () => query(() => manual.positions()),
    cashMinor: () => query(() => manual.cashMinor()),
    fills: (sinceAt) => query(() => manual.fills(sinceAt)),
    cancelAll: () => life.reach('broker.flatten', () => manual.cancelAll()),
    flattenAll: () => life.reach('broker.flatten', () => manual.flattenAll()),
  };
  return { broker, byHand: manual };
}
