import { planKill } from '#core/machines/kill-plan.ts';
import type { Desk } from './desk.ts';
import { cancelNow, heldAt, standingOf } from './kill-account.ts';
import type { Broker, Clock } from './ports.ts';

/**
 * A kill is heard by several ways at once (the file, the chat, a second terminal) and a broker lists an
 * order for a moment after it was canceled: who was told of an order within this time is not told again.
 */
const TOLD_MS = 60_000;

export type StrangerDeps = {
  readonly desk: Pick<Desk, 'state' | 'post'>;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly onTrouble: (place: string, error: unknown) => void;
  /** Orders of which was told, and when; kept from kill to kill. */
  readonly told: Map<string, number>;
};

/**
 * After a kill of the whole account: entries at the broker that the desk does not know are canceled as
 * well, those a person has disowned excepted. Where such an order can be told neither entry nor protection
 * everything is canceled; the desk hears that its stops are gone and places them again. Answers the orders it
 * canceled that are not the desk's; each is canceled as often as it is found, and told once. Never rejects.
 */
export async function cancelStrangers(deps: StrangerDeps): Promise<readonly string[]> {
  const { desk, broker, clock, onTrouble, told } = deps;
  if (broker.capabilities.isPerson) return [];
  try {
    const open = await broker.openOrders();
    const { orders, externals } = desk.state();
    const disowned = new Set(
      externals.filter((one) => one.state === 'disowned').map((one) => one.id),
    );
    const strangers = open.filter(
      ({ request: { orderId } }) => orders[orderId] === undefined && !disowned.has(orderId),
    );
    if (strangers.length === 0) return [];
    const plan = planKill(strangers.map(standingOf), await heldAt(broker));
    const isEverything = plan.untold.length > 0;
    const orderIds = isEverything ? plan.untold : plan.cancel;
    if (orderIds.length === 0) return [];
    if (isEverything) await broker.cancelAll();
    else await Promise.all(orderIds.map((orderId) => cancelNow(broker, orderId)));
    const at = clock.now();
    const isNews = (id: string) => at - (told.get(id) ?? Number.NEGATIVE_INFINITY) >= TOLD_MS;
    const news = isEverything ? orderIds : orderIds.filter(isNews);
    for (const id of news) told.set(id, at);
    if (news.length > 0)
      desk.post({ kind: 'strangers_canceled', at, orderIds: news, isEverything });
    return orderIds;
  } catch (error) {
    onTrouble('orders that are not the desk’s', error);
    return [];
  }
}
