import type { Order } from '#core/machines/order.ts';
import { roundToTick, tickSize } from '#core/market/price.ts';
import { legsOf } from '#core/risk/review.ts';
import {
  blank,
  isExitExhausted,
  isSessionOpen,
  orderCount,
  requestCancel,
} from './decide-orders.ts';
import { type Draft, emit } from './draft.ts';
import { ordersOf } from './order-index.ts';
import { coveredQuantity, openEntries, openQuantity, workingProtection } from './select.ts';
import type { Position } from './state.ts';

/**
 * Gives every held share exactly one working stop: an uncovered rest (partial fill whose remainder
 * was canceled, a lost child) gets its own stop, with the first target beside it while that is not
 * done; protection beyond what is held is canceled, newest first.
 */
export function ensureProtection(draft: Draft): void {
  for (const position of Object.values(draft.state.positions)) {
    if (position.quantity <= 0 || draft.policy.execution.protection === 'watched') continue;
    if (position.exiting !== null && !isExitExhausted(draft.state, position)) continue;
    const waits = openEntries(draft.state).some(
      (order) => order.instrument === position.instrument && draft.at < protectDueAt(order),
    );
    trimProtection(draft, position);
    const uncovered = position.quantity - coveredQuantity(draft.state, position.instrument);
    if (uncovered > 0 && !waits && isSessionOpen(draft)) protectRest(draft, position, uncovered);
    if (position.unprotectedSince !== null && uncovered <= 0) {
      emit(draft, {
        type: 'position_protected',
        instrument: position.instrument,
        stop: position.stop,
      });
    }
  }
}

/** What is held gets its own protection at the latest this long after a partial fill. Source: centaur.md. */
const PROTECTION_WAIT_MS = 2_000;

/**
 * Instant from which the shares of a partly filled entry no longer wait for the cancel of its rest,
 * which was asked for at the first fill; 0 when nothing is to be waited for.
 */
export function protectDueAt(entry: Order): number {
  if (entry.filledQuantity === 0 || entry.cancelRequestedAt === null) return 0;
  return entry.cancelRequestedAt + PROTECTION_WAIT_MS;
}

/** Instant before which no further stop is tried after a refused one. */
export function retryStopAt(order: Order): number {
  return isRefusedStop(order) ? order.updatedAt + PROTECTION_WAIT_MS : 0;
}

function isRefusedStop(order: Order): boolean {
  return order.role === 'stop' && (order.state === 'rejected' || order.state === 'denied');
}

/** Protects what no stop covers: first whatever binds the shares must be gone, then a stop is tried, a refused one not at once again. */
function protectRest(draft: Draft, position: Position, quantity: number): void {
  const orphans = workingProtection(draft.state, position.instrument).filter(
    (order) => order.role === 'target' && !hasWorkingStop(draft, order),
  );
  for (const order of orphans) requestCancel(draft, order, 'its stop is gone');
  if (orphans.length > 0) return;
  const refused = ordersOf(draft.state, position.instrument).filter(
    (order) => order.ticketId === position.ticketId && isRefusedStop(order),
  );
  if (refused.length > 0 && position.unprotectedSince === null) {
    emit(draft, { type: 'position_found_unprotected', instrument: position.instrument, quantity });
  }
  // a broker refuses a sale that could meet a buy of the same account, and protection goes before an entry
  if (refused.length > 0)
    for (const entry of openEntries(draft.state))
      if (entry.instrument === position.instrument)
        requestCancel(draft, entry, 'a stop was refused');
  const isTooSoon = refused.some((order) => retryStopAt(order) > draft.at);
  if (!isTooSoon && refused.length < MAX_STOP_ATTEMPTS) addProtection(draft, position, quantity);
}

function siblingsOf(draft: Draft, order: Order): Order[] {
  if (order.ocoGroup === null) return [];
  return workingProtection(draft.state, order.instrument).filter(
    (other) => other.ocoGroup === order.ocoGroup && other.orderId !== order.orderId,
  );
}

function hasWorkingStop(draft: Draft, target: Order): boolean {
  return siblingsOf(draft, target).some(
    (other) => other.role === 'stop' && openQuantity(draft.state, other) > 0,
  );
}

function addProtection(draft: Draft, position: Position, quantity: number): void {
  const attempt = orderCount(draft, position.ticketId, 'stop') + 1;
  const subject = { id: position.ticketId, instrument: position.instrument };
  // two sellers of one share are refused by real brokers: a target rests only where it pairs with its stop
  const isDue = !position.isFirstTargetDone && position.origin === 'ticket';
  const hasTarget = draft.policy.execution.hasOco && isDue;
  const first = hasTarget ? Math.min(quantity, targetQuantity(draft, position)) : 0;
  const rest = quantity - first;
  const group = `${position.ticketId}.oco-${attempt + 2}`;
  const stop = { ...blank(draft, subject, 'stop', 1), stopPrice: position.stop, why: 'protect' };
  if (first > 0) {
    const tick = tickSize(position.firstTarget, draft.policy.market, position.tradingDay);
    const limitPrice = roundToTick(position.firstTarget, tick, 'up');
    const orderId = `${position.ticketId}.stop-${attempt}`;
    const target = {
      ...blank(draft, subject, 'target', 1),
      orderId: `${position.ticketId}.target-${attempt}`,
      quantity: first,
      limitPrice,
      ocoGroup: group,
      pairId: orderId,
      why: 'protect',
    };
    const { orderId: targetOrderId } = target;
    const lead = { ...stop, orderId, quantity: first, ocoGroup: group, targetOrderId };
    emit(draft, { type: 'order_intended', order: lead });
    emit(draft, { type: 'order_intended', order: target });
  }
  if (rest > 0) {
    const id = `${position.ticketId}.stop-${first > 0 ? attempt + 1 : attempt}`;
    emit(draft, {
      type: 'order_intended',
      order: { ...stop, leg: 2, orderId: id, quantity: rest },
    });
  }
}

/** After this many refused stops only the alarm is left. */
const MAX_STOP_ATTEMPTS = 8;

/** Shares that the first target should still sell: its share of what was bought, less working targets. */
function targetQuantity(draft: Draft, position: Position): number {
  const first = legsOf(
    position.boughtQuantity,
    position.firstTarget,
    draft.policy.exits.firstTargetRatio,
  )[0];
  const wanted = first?.target === null ? 0 : (first?.quantity ?? 0);
  const working = workingProtection(draft.state, position.instrument)
    .filter((order) => order.role === 'target')
    .reduce((sum, order) => sum + openQuantity(draft.state, order), 0);
  return Math.max(0, wanted - working);
}

/**
 * Cancels stops beyond what is held, newest first, each with the target beside it. Those on their way out
 * do not count. When only a part of a stop is too much it goes as well, and the rest gets a new one.
 */
function trimProtection(draft: Draft, position: Position): void {
  const stops = workingProtection(draft.state, position.instrument)
    .filter((order) => order.role === 'stop' && order.cancelRequestedAt === null)
    .sort((a, b) => b.intendedAt - a.intendedAt);
  const standing = stops.reduce((sum, order) => sum + openQuantity(draft.state, order), 0);
  let excess = standing - position.quantity;
  const drop = (order: Order): void => {
    for (const each of [order, ...siblingsOf(draft, order)])
      requestCancel(draft, each, 'more than held');
    excess -= openQuantity(draft.state, order);
  };
  for (const order of stops) {
    const open = openQuantity(draft.state, order);
    if (open > 0 && open <= excess) drop(order);
  }
  const tooLarge = stops.find((order) => mayStand(draft, order));
  if (excess > 0 && tooLarge !== undefined) drop(tooLarge);
}

function mayStand(draft: Draft, order: Order): boolean {
  return draft.state.orders[order.orderId]?.cancelRequestedAt === null;
}

/** Moves every working stop of a position up to `stop`; lower or equal prices change nothing. */
export function raiseStop(draft: Draft, position: Position, stop: number, why: string): void {
  if (!(stop > position.stop) || position.exiting !== null) return;
  if (draft.policy.execution.protection === 'watched')
    return emit(draft, {
      type: 'watched_stop_moved',
      instrument: position.instrument,
      from: position.stop,
      stop,
      why,
    });
  for (const order of workingProtection(draft.state, position.instrument)) {
    if (order.role !== 'stop' || order.state === 'unknown' || order.replaceTo !== null) continue;
    if (openQuantity(draft.state, order) === 0 || !(stop > (order.stopPrice ?? 0))) continue;
    emit(draft, { type: 'replace_requested', orderId: order.orderId, stopPrice: stop, why });
  }
}
