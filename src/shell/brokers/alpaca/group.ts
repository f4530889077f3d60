import type { Tracked } from './chain.ts';
import { type ChildRole, childIdOf } from './family.ts';
import type { WireLeg } from './wire.ts';

/** What a leg of a group is for: the limit takes the profit, everything else stops the loss. */
export function roleOf(leg: WireLeg): ChildRole {
  return leg.type === 'limit' ? 'target' : 'stop';
}

/** Writes into an entry what left inside it, when its request was made by another process. */
export function noteChildren(entry: Tracked, legs: readonly WireLeg[]): void {
  const { request } = entry;
  const stop = legs.find((leg) => roleOf(leg) === 'stop');
  const target = legs.find((leg) => roleOf(leg) === 'target');
  const stopId = childIdOf(request.orderId, 'stop');
  const targetId = childIdOf(request.orderId, 'target');
  if (request.bracket !== null || stopId === null || stop?.stop_price == null) return;
  entry.request = {
    ...request,
    bracket: {
      stop: { orderId: stopId, stopPrice: stop.stop_price },
      target:
        targetId === null || target?.limit_price == null
          ? null
          : { orderId: targetId, limitPrice: target.limit_price },
    },
  };
}

/** Writes into a stop the target with which it left as a pair, when its request was made by another process. */
export function noteTarget(stop: Tracked | undefined, target: Tracked): void {
  const { limitPrice, orderId } = target.request;
  if (stop === undefined || stop.request.pair !== null || limitPrice === null) return;
  stop.request = { ...stop.request, pair: { orderId, limitPrice } };
}
