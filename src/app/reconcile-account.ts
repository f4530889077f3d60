import { hasEnded } from '#core/machines/order.ts';
import type { Desk } from './desk.ts';
import type { Broker } from './ports.ts';
import { settleOrder } from './settle-order.ts';

type Difference = { readonly subject: string; readonly ours: string; readonly theirs: string };

/**
 * Compares the desk's book with the broker: orders, positions, cash. Orders in doubt are settled
 * first. The result is an input; the broker is right about holdings, the log about intentions. A
 * query that fails is a difference of its own, never "flat".
 */
export async function reconcileAccount(
  desk: Desk,
  broker: Broker,
  now: () => number,
): Promise<{ isClean: boolean; differences: readonly Difference[] }> {
  const differences: Difference[] = [];
  let cashMinor = desk.state().cashMinor;
  try {
    const before = Object.values(desk.state().orders);
    for (const order of before) {
      const isOpen = !hasEnded(order) && order.state !== 'held';
      if (isOpen) await settleOrder(desk, broker, order.orderId, now(), true);
    }
    // an input that changes nothing, to wait until the settled orders are in the book
    await desk.submit({ kind: 'time_passed', at: now() });
    const [positions, open, cash] = [
      await broker.positions(),
      await broker.openOrders(),
      await broker.cashMinor(),
    ];
    cashMinor = cash;
    const state = desk.state();
    const held = new Map(
      positions.map((position) => [position.instrument as string, position.quantity]),
    );
    for (const instrument of new Set([...held.keys(), ...Object.keys(state.positions)])) {
      const ours = state.positions[instrument]?.quantity ?? 0;
      const theirs = held.get(instrument) ?? 0;
      if (ours !== theirs)
        differences.push({ subject: instrument, ours: String(ours), theirs: String(theirs) });
    }
    for (const { request } of open) {
      if (state.orders[request.orderId] === undefined) {
        differences.push({ subject: `order ${request.orderId}`, ours: 'unknown', theirs: 'open' });
      }
    }
    if (cash !== state.cashMinor) {
      differences.push({
        subject: 'cash, minor units',
        ours: String(state.cashMinor),
        theirs: String(cash),
      });
    }
  } catch (error) {
    const found = error instanceof Error ? error.message : 'failed';
    differences.push({ subject: 'query of the account', ours: 'an answer', theirs: found });
  }
  const isClean = differences.length === 0;
  await desk.submit({ kind: 'account_reconciled', at: now(), isClean, cashMinor, differences });
  return { isClean, differences };
}
