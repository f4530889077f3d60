import type { OrderReport } from '#core/engine/input.ts';
import type { Order } from '#core/machines/order.ts';
import type { Desk } from './desk.ts';
import type { Broker, BrokerOrder } from './ports.ts';

const KIND: Readonly<Record<BrokerOrder['state'], OrderReport['kind']>> = {
  held: 'accepted',
  accepted: 'accepted',
  partially_filled: 'accepted',
  filled: 'filled',
  canceled: 'canceled',
  rejected: 'rejected',
  expired: 'expired',
};

/** What the broker knows of an order, as reports the desk understands: a fill first, then the end. */
function reportsOf(found: BrokerOrder, known: Order, at: number): OrderReport[] {
  const base = {
    orderId: found.request.orderId,
    at,
    filledQuantity: found.filledQuantity,
    lastQuantity: 0,
    lastPrice: null,
    feesMinor: 0,
    reason: 'asked',
    stopPrice: null,
    limitPrice: null,
  };
  const reports: OrderReport[] = [];
  const isNews = found.filledQuantity > known.filledQuantity && found.averagePrice !== null;
  if (isNews) {
    const kind = found.state === 'filled' ? 'filled' : 'partially_filled';
    const lastQuantity = found.filledQuantity - known.filledQuantity;
    reports.push({
      ...base,
      reportId: `${base.orderId}:asked:${found.filledQuantity}`,
      kind,
      lastQuantity,
      lastPrice: found.averagePrice,
    });
  }
  const kind = KIND[found.state];
  if (!(kind === 'filled' && isNews))
    reports.push({ ...base, reportId: `${base.orderId}:asked:${kind}`, kind });
  const { stopPrice } = found.request;
  // a new price whose answer was lost: what stands at the broker counts
  if (kind === 'accepted' && stopPrice !== null && stopPrice !== known.stopPrice)
    reports.push({
      ...base,
      reportId: `${base.orderId}:asked:${stopPrice}`,
      kind: 'replaced',
      stopPrice,
    });
  return reports;
}

/**
 * Asks the broker by client order id and tells the desk. True when the order's fate is known now. An
 * order the broker does not know counts as never arrived only when `isLate`. Throws BrokerError.
 */
export async function settleOrder(
  desk: Desk,
  broker: Broker,
  orderId: string,
  at: number,
  isLate: boolean,
): Promise<boolean> {
  const order = desk.state().orders[orderId];
  if (order === undefined) return true;
  const found = await broker.find(orderId);
  if (found === null) {
    if (isLate) desk.post({ kind: 'order_not_found', at, orderId });
    return isLate;
  }
  for (const report of reportsOf(found, order, at))
    desk.post({ kind: 'order_reported', at, report });
  return true;
}
