import type { Desk } from './desk.ts';
import type { Broker } from './ports.ts';
import { settleOrder } from './settle-order.ts';

type Difference = { readonly subject: string; readonly ours: string; readonly theirs: string };

/** A fill may be on its way into the book while the account is asked; a difference must stand this often. */
const LOOKS = 3;

async function compare(
  desk: Desk,
  broker: Broker,
  now: () => number,
): Promise<{ cashMinor: number; differences: Difference[] }> {
  // an input that changes nothing, to wait until everything reported so far is in the book
  await desk.submit({ kind: 'time_passed', at: now() });
  const [positions, open, cashMinor] = await Promise.all([
    broker.positions(),
    broker.openOrders(),
    broker.cashMinor(),
  ]);
  const state = desk.state();
  const differences: Difference[] = [];
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
    if (state.orders[request.orderId] !== undefined) continue;
    differences.push({ subject: `order ${request.orderId}`, ours: 'unknown', theirs: 'open' });
  }
  if (cashMinor !== state.cashMinor) {
    differences.push({
      subject: 'cash, minor units',
      ours: String(state.cashMinor),
      theirs: String(cashMinor),
    });
  }
  return { cashMinor, differences };
}

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
  let found: { cashMinor: number; differences: Difference[] } = {
    cashMinor: desk.state().cashMinor,
    differences: [],
  };
  try {
    for (const order of Object.values(desk.state().orders)) {
      const isInDoubt =
        order.state === 'unknown' ||
        order.state === 'submitted' ||
        order.state === 'accepted' ||
        order.state === 'partially_filled';
      if (isInDoubt)
        await settleOrder(desk, broker, order.orderId, now(), order.state === 'unknown');
    }
    for (let look = 0; look < LOOKS; look += 1) {
      found = await compare(desk, broker, now);
      if (found.differences.length === 0) break;
    }
  } catch (error) {
    const theirs = error instanceof Error ? error.message : 'failed';
    found.differences.push({ subject: 'query of the account', ours: 'an answer', theirs });
  }
  const { cashMinor, differences } = found;
  const isClean = differences.length === 0;
  await desk.submit({ kind: 'account_reconciled', at: now(), isClean, cashMinor, differences });
  return { isClean, differences };
}
