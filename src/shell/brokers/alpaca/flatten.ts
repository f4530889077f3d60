import { BrokerError } from '#app/errors.ts';
import type { FlattenOutcome } from '#app/ports.ts';
import { orderIdOf } from './family.ts';
import { instrumentOf } from './states.ts';
import type { TradingApi } from './trading-api.ts';
import { type WireOrder, wireOrder, wireRefusal } from './wire.ts';

const LONGEST_REASON = 200;

function isDone(status: number): boolean {
  return status >= 200 && status < 300;
}

/**
 * Cancels every open order of the account in one request and reads the answer order by order: one that
 * has ended meanwhile is no failure, one that was refused is. Throws BrokerError.
 */
export async function cancelAll(api: TradingApi, name: string): Promise<void> {
  const rows = await api.cancelAll();
  const refused = rows.filter(({ status }) => !isDone(status));
  if (refused.length === 0) return;
  const open = new Set((await api.orders({ status: 'open' }, 'urgent')).flatMap(idsOf));
  const left = refused.filter(({ id }) => open.has(id));
  if (left.length === 0) return;
  throw new BrokerError(
    `${name} cancel all: found ${left.length} of ${rows.length} orders refused (${left[0]?.status}), expected none`,
    { code: 'partly_refused', retryable: true, context: { left: left.map(({ id }) => id) } },
  );
}

function idsOf(order: {
  id: string;
  legs?: readonly { id: string }[] | null | undefined;
}): string[] {
  return [order.id, ...(order.legs ?? []).map(({ id }) => id)];
}

/**
 * Leaves everything with one request, and reads the answer position by position. What it says was
 * taken, not filled: positions are to be read again until they are gone. `onClosing` hears of each order
 * that closes one.
 */
export async function flattenAll(
  api: TradingApi,
  onClosing: (order: WireOrder) => void,
): Promise<FlattenOutcome[]> {
  const rows = await api.closeAll();
  const isAnyRefused = rows.some(({ status }) => !isDone(status));
  // only the answer about a refused position lacks its size, and the request must not wait for it
  const positions = isAnyRefused ? await api.positions('urgent').catch(() => []) : [];
  return rows.map(({ body, status, symbol }): FlattenOutcome => {
    const instrument = instrumentOf(symbol);
    if (isDone(status)) {
      const order = wireOrder.safeParse(body);
      if (order.success) onClosing(order.data);
      const quantity = order.success && order.data.qty != null ? Number(order.data.qty) : 0;
      const orderId = order.success ? orderIdOf(order.data.client_order_id) : null;
      return { instrument, quantity: Math.abs(quantity), outcome: 'sent', orderId, reason: null };
    }
    const said = wireRefusal.safeParse(body);
    const held = positions.find((position) => position.symbol === symbol)?.qty ?? 0;
    return {
      instrument,
      quantity: Math.abs(held),
      outcome: 'refused',
      orderId: null,
      reason: `${status} ${said.success ? said.data.message : 'without a reason'}`.slice(
        0,
        LONGEST_REASON,
      ),
    };
  });
}
