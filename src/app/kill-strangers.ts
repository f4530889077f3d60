import { planKill } from '#core/machines/kill-plan.ts';
import type { Desk } from './desk.ts';
import { cancelNow, heldAt, standingOf } from './kill-account.ts';
import type { Broker, Clock } from './ports.ts';

export type StrangerDeps = {
  readonly desk: Pick<Desk, 'state' | 'post'>;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly onTrouble: (place: string, error: unknown) => void;
};

/**
 * After a kill of the whole account: entries at the broker that the desk does not know are canceled as
 * well, those a person has disowned excepted. Where such an order can be told neither entry nor protection
 * everything is canceled; the desk hears that its stops are gone and places them again. Never rejects.
 */
export async function cancelStrangers(deps: StrangerDeps): Promise<void> {
  const { desk, broker, clock, onTrouble } = deps;
  if (broker.capabilities.isPerson) return;
  try {
    const open = await broker.openOrders();
    const { orders, externals } = desk.state();
    const disowned = new Set(
      externals.filter((one) => one.state === 'disowned').map((one) => one.id),
    );
    const strangers = open.filter(
      ({ request: { orderId } }) => orders[orderId] === undefined && !disowned.has(orderId),
    );
    if (strangers.length === 0) return;
    const plan = planKill(strangers.map(standingOf), await heldAt(broker));
    const isEverything = plan.untold.length > 0;
    const orderIds = isEverything ? plan.untold : plan.cancel;
    if (orderIds.length === 0) return;
    if (isEverything) await broker.cancelAll();
    else await Promise.all(orderIds.map((orderId) => cancelNow(broker, orderId)));
    desk.post({ kind: 'strangers_canceled', at: clock.now(), orderIds, isEverything });
  } catch (error) {
    onTrouble('orders that are not the desk’s', error);
  }
}
