import type { Position } from '#core/engine/state.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Session } from '#core/market/session.ts';
import type { Hooks, Observed } from './observed.ts';
import { closingOf } from './phases.ts';

/** An order that was decided before may still be on its way: a slow store, the lane, the wire. */
const ON_ITS_WAY_MS = 15_000;
/** What an exit waits for is in the book by then. */
const SAID_WITHIN_MS = 45_000;

/** Suspended, by the true time or by the desk's own: it goes by its clock. */
export function isShut(world: Observed, instrument: InstrumentId): boolean {
  return (
    world.isSuspended(instrument, world.now()) || world.isSuspended(instrument, world.deskNow())
  );
}

/**
 * 11. Nor is an exit of a suspended share sent, where it cannot be: it waits, says what for, and leaves once trading goes on.
 *
 * At the first byte of an order: its share is not suspended and its exchange takes orders, or did a moment ago, by the
 * true time or by the desk's; a sale may leave for the trading after the close, too.
 * An exit that is started, of shares that may be sold today, waits for the suspension within 45 s of calm: that is said to a
 * person in the same step. That it leaves afterwards is judged where exits are.
 */
export function shutIsWaitedFor(world: Observed): Hooks {
  if (world.policy.market !== 'CN') return {};
  const since = new Map<string, number>();
  let judgedAt = 0;
  return {
    submitting(_life, { orderId, instrument, side }) {
      const isLong = (isShutAt: (at: number) => boolean) =>
        [world.now(), world.deskNow()].every((at) => isShutAt(at) && isShutAt(at - ON_ITS_WAY_MS));
      const number = side === 'buy' ? 10 : 11;
      if (isLong((at) => world.isSuspended(instrument, at)))
        world.fail(number, `${orderId} left while ${instrument} was suspended`);
      const isTaken = (at: number) =>
        world.takesOrders(instrument, at) || (side === 'sell' && world.isAfterHours(at));
      if (isLong((at) => !isTaken(at)))
        world.fail(number, `${orderId} left while no exchange takes orders of ${instrument}`);
    },
    step() {
      if (world.now() - judgedAt < 1_000) return;
      judgedAt = world.now();
      const state = world.desk()?.state();
      for (const instrument of world.policy.instruments) {
        const position = state?.positions[instrument];
        const isSilent =
          position !== undefined && state?.isReconciled === true && isUnsaid(world, position);
        if (!isSilent) {
          since.delete(instrument);
          continue;
        }
        const first = since.get(instrument) ?? world.now();
        since.set(instrument, first);
        if (world.now() - Math.max(first, world.calmSince()) < SAID_WITHIN_MS) continue;
        since.set(instrument, Number.POSITIVE_INFINITY);
        world.fail(11, `nobody was told that the exit of ${instrument} waits for a suspension`);
      }
    },
  };
}

/** What the desk has to notice and the broker to answer before the exchange stops taking cancels. */
const IN_TIME_MS = 30_000;
/** Clocks that differ more end a life at another instant. */
const EVEN_MS = 5_000;

/**
 * 10. Nor on a price of before the break: no purchase of A-shares waits through it, or in the auction before the close.
 *
 * When either begins, of an account that a broker executes: no purchase that the desk has known for 30 s works at the
 * exchange, unless the broker or the process was in trouble within the minute or the order's fate is in doubt.
 */
export function noneThroughTheBreak(world: Observed): Hooks {
  const { market, execution } = world.policy;
  if (market !== 'CN' || execution.isPerson) return {};
  let of: Session | null = null;
  let edges: number[] = [];
  return {
    step() {
      const session = world.session();
      if (session !== of && session !== null) {
        of = session;
        edges = [...session.breaks.map(({ fromAt }) => fromAt), closingOf(session.closeAt)];
      }
      const [edge] = edges;
      if (edge === undefined || world.now() < edge) return;
      edges.shift();
      const state = world.desk()?.state();
      if (state === undefined || world.now() >= edge + EVEN_MS) return;
      const isEven = Math.abs(world.deskNow() - world.now()) < EVEN_MS;
      if (!isEven || world.brokerCalmSince() > edge - 2 * IN_TIME_MS) return;
      for (const { request, state: standing } of world.venue.orders.values()) {
        const order = state.orders[request.orderId];
        const isWorking = standing === 'accepted' || standing === 'partially_filled';
        if (request.side !== 'buy' || !isWorking || order === undefined) continue;
        if (order.state === 'unknown' || order.intendedAt > edge - IN_TIME_MS) continue;
        world.fail(10, `${request.orderId} was not taken back before the exchange stopped trading`);
      }
    },
  };
}

/** It is to leave, may be sold today and cannot be, and does not wait for that. */
function isUnsaid(world: Observed, { instrument, exiting }: Position): boolean {
  const { venue } = world;
  if (exiting === null || exiting.waitsFor === 'suspended' || !venue.isOpen) return false;
  const times = [world.now(), world.deskNow()];
  const isSuspended = times.every((at) => world.isSuspended(instrument, at));
  // a desk whose clock is slow tries, and says why not, when its own day has come so far
  if (!world.takesOrders(instrument, world.deskNow())) return false;
  if (!isSuspended || venue.sellable(instrument) === 0) return false;
  // what left before the suspension waits at the exchange
  return ![...venue.orders.values()].some(
    ({ request, state }) =>
      request.instrument === instrument &&
      request.side === 'sell' &&
      (state === 'accepted' || state === 'partially_filled'),
  );
}
