import type { DeskState } from '#core/engine/state.ts';
import type { AccountReading, HoldingDoubt } from './account-reading.ts';

/**
 * Positions of which a reading shows fewer shares than the book has, less what a person disowned. Purchases
 * of the desk that were heard of since it began may be missing in it and count as shown. Linear.
 */
export function doubtedHoldings(state: DeskState, reading: AccountReading): HoldingDoubt[] {
  const shown = new Map<string, number>();
  const add = (id: string, shares: number) => shown.set(id, (shown.get(id) ?? 0) + shares);
  for (const { instrument, quantity } of reading.positions) add(instrument, quantity);
  for (const { kind, state: whose, instrument, quantity } of state.externals)
    if (kind === 'position' && whose === 'disowned') add(instrument, -quantity);
  for (const order of Object.values(state.orders))
    if (order.side === 'buy' && (order.filledAt ?? 0) >= reading.beganAt)
      add(order.instrument, order.filledQuantity);
  return Object.values(state.positions).flatMap(({ instrument, quantity }) => {
    // a broker may list parts of shares, a stop sells whole ones
    const missing = quantity - Math.max(0, Math.floor((shown.get(instrument) ?? 0) + 1e-9));
    return quantity > 0 && missing > 0 ? [{ instrument, missing }] : [];
  });
}
