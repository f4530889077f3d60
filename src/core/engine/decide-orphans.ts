import { requestCancel } from './decide-orders.ts';
import type { Draft } from './draft.ts';
import { openEntries, workingProtection } from './select.ts';

/**
 * Takes back stops and targets of what is not held any more and not being bought either: left working they
 * would open a short position. A cancel that was lost, or went with a request of the whole account that did
 * not know the order yet, is asked for again here.
 */
export function cancelOrphans(draft: Draft): void {
  const { state } = draft;
  const instruments = new Set(Object.values(state.orders).map((order) => order.instrument));
  for (const instrument of instruments) {
    if (state.positions[instrument] !== undefined) continue;
    if (openEntries(state).some((order) => order.instrument === instrument)) continue;
    for (const order of workingProtection(state, instrument))
      if (order.state !== 'unknown') requestCancel(draft, order, 'nothing held');
  }
}
