import { requestCancel } from './decide-orders.ts';
import type { Draft } from './draft.ts';
import { orderedInstruments } from './order-index.ts';
import { openEntries, workingProtection } from './select.ts';

/**
 * Takes back stops and targets of what is not held any more and not being bought either: left working they
 * would open a short position. A cancel that was lost, or went with a request of the whole account that did
 * not know the order yet, is asked for again here.
 */
export function cancelOrphans(draft: Draft): void {
  const { state } = draft;
  for (const instrument of orderedInstruments(state)) {
    if (state.positions[instrument] !== undefined) continue;
    const protection = workingProtection(state, instrument);
    if (protection.length === 0) continue;
    if (openEntries(state).some((order) => order.instrument === instrument)) continue;
    for (const order of protection)
      if (order.state !== 'unknown') requestCancel(draft, order, 'nothing held');
  }
}
