import { BrokerError } from '#app/errors.ts';
import type {
  BrokerOrder,
  BrokerPosition,
  Clock,
  FlattenOutcome,
  OrderRequest,
} from '#app/ports.ts';

export type FlattenDeps = {
  readonly clock: Clock;
  readonly cancelAll: () => Promise<void>;
  readonly openOrders: () => Promise<readonly BrokerOrder[]>;
  readonly positions: () => Promise<readonly BrokerPosition[]>;
  readonly submit: (order: OrderRequest) => Promise<void>;
  readonly rejectionOf: (orderId: string) => string | null;
};

/** How long working orders may take to go before the positions are closed all the same. */
const CANCELS_WAIT_MS = 3_000;
const LOOK_EVERY_MS = 250;

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.at(clock.now() + ms, resolve));
}

/**
 * Leaves everything where no single call does it: one global cancel, then an opposing market order a
 * position. Positions are read after the cancels, so that what filled meanwhile is closed as well.
 */
export async function flattenThrough(deps: FlattenDeps): Promise<FlattenOutcome[]> {
  const { clock } = deps;
  const startedAt = clock.now();
  await deps.cancelAll();
  while (clock.now() - startedAt < CANCELS_WAIT_MS) {
    if ((await deps.openOrders()).length === 0) break;
    await pause(clock, LOOK_EVERY_MS);
  }
  const held = (await deps.positions()).filter((position) => position.quantity !== 0);
  return await Promise.all(held.map((position) => close(deps, position, startedAt)));
}

async function close(
  deps: FlattenDeps,
  position: BrokerPosition,
  at: number,
): Promise<FlattenOutcome> {
  const { instrument } = position;
  const quantity = Math.abs(position.quantity);
  const orderId = `flatten.${instrument}.${at}`;
  try {
    await deps.submit({
      orderId,
      instrument,
      side: position.quantity > 0 ? 'sell' : 'buy',
      type: 'market',
      quantity,
      limitPrice: null,
      stopPrice: null,
      bracket: null,
      ocoGroup: null,
      pair: null,
      trailOffset: null,
      timeInForce: 'day',
      isExtendedHours: false,
    });
  } catch (error) {
    const found = error instanceof Error ? error.message : 'failed';
    // written and not acknowledged: it may be working, so nobody may close the position again
    const isUnknown = error instanceof BrokerError && error.code === 'timeout';
    const outcome = isUnknown ? 'sent' : 'refused';
    return { instrument, quantity, outcome, orderId, reason: found };
  }
  const rejection = deps.rejectionOf(orderId);
  const outcome = rejection === null ? 'sent' : 'refused';
  return { instrument, quantity, outcome, orderId, reason: rejection };
}
