import { mayFill, type Order } from '#core/machines/order.ts';
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
import { acceptedCover } from './evolve-cover.ts';
import { ordersOf } from './order-index.ts';
import type { Policy } from './policy.ts';
import {
  coveredQuantity,
  isHeldBack,
  leavingQuantity,
  openEntries,
  openQuantity,
  protectable,
  workingProtection,
} from './select.ts';
import type { DeskState, Position } from './state.ts';

/**
 * Gives every held share exactly one working stop: an uncovered rest (partial fill whose remainder
 * was canceled, a lost child) gets its own stop, with the first target beside it while that is not
 * done; protection beyond what is held is canceled, newest first. For shares that the last reading of the
 * account did not show nothing new is set: a stop for what is gone would sell short.
 */
export function ensureProtection(draft: Draft): void {
  for (const position of Object.values(draft.state.positions)) {
    if (position.quantity <= 0 || draft.policy.execution.protection === 'watched') continue;
    if (position.waivedBy !== null) continue;
    const leaving = leavingQuantity(draft.state, position.instrument);
    const isLeaving = position.exiting !== null && !isExitExhausted(draft.state, position);
    if (isLeaving && !isRestKept(position, leaving)) continue;
    // a kill may have closed it without a name of ours
    if (isHeldBack(draft.state, position)) continue;
    const waits = openEntries(draft.state).some(
      (order) =>
        order.instrument === position.instrument && (isLeaving || draft.at < protectDueAt(order)),
    );
    trimProtection(draft, position, leaving);
    const covered = coveredQuantity(draft.state, position.instrument);
    const uncovered = protectable(draft.state, position) - leaving - covered;
    if (uncovered > 0 && !waits && isSessionOpen(draft)) protectRest(draft, position, uncovered);
    if (isLeaving) continue;
    noticeBare(draft, position);
    const isWorking = draft.state.positions[position.instrument]?.bareSince === null;
    if (position.unprotectedSince !== null && isWorking) {
      emit(draft, {
        type: 'position_protected',
        instrument: position.instrument,
        stop: position.stop,
      });
    }
  }
}

/**
 * True while a sale works that a person or a rule asked for: what it does not sell has its stop, for in a halt it
 * may rest long. Before it has left, and in a kill, all protection is on its way out instead.
 */
function isRestKept({ exiting }: Position, leaving: number): boolean {
  return leaving > 0 && exiting?.reason !== 'kill';
}

/** A position without a working stop is told after this long, whatever the reason. Source: centaur.md, "protected". */
const BARE_AFTER_MS = 5_000;

/** Calls a person for a position that no working stop has covered for too long. */
function noticeBare(draft: Draft, position: Position): void {
  const { bareSince, instrument, quantity } = position;
  const known = draft.state.positions[instrument];
  if (bareSince === null || known?.unprotectedSince !== null || !isSessionOpen(draft)) return;
  if (draft.at < bareSince + BARE_AFTER_MS) return;
  const left = quantity - acceptedCover(draft.state, instrument);
  emit(draft, { type: 'position_found_unprotected', instrument, quantity: left });
}

/** Instants at which a missing stop is told, or tried again. */
export function protectionDeadlines(state: DeskState, policy: Policy): (number | null)[] {
  if (policy.execution.protection === 'watched') return [];
  return Object.values(state.positions).flatMap((position) => {
    if (position.exiting !== null && !isExitExhausted(state, position)) return [];
    const isTold = position.unprotectedSince !== null || position.waivedBy !== null;
    const bareAt =
      isTold || position.bareSince === null ? null : position.bareSince + BARE_AFTER_MS;
    const refused = refusedStops(state, position);
    return [bareAt, refused.length === 0 ? null : retryAt(refused)];
  });
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
  const refused = refusedStops(draft.state, position);
  if (refused.length > 0 && position.unprotectedSince === null) {
    emit(draft, { type: 'position_found_unprotected', instrument: position.instrument, quantity });
  }
  // a broker refuses a sale that could meet a buy of the same account, and protection goes before an entry
  if (refused.length > 0)
    for (const entry of openEntries(draft.state))
      if (entry.instrument === position.instrument)
        requestCancel(draft, entry, 'a stop was refused');
  if (refused.length === 0 || retryAt(refused) <= draft.at)
    addProtection(draft, position, quantity);
}

function refusedStops(state: DeskState, position: Position): Order[] {
  return ordersOf(state, position.instrument).filter(
    (order) => order.ticketId === position.ticketId && isRefusedStop(order),
  );
}

/** Instant before which no further stop is tried: soon at first, then seldom, and for as long as it is held. */
function retryAt(refused: readonly Order[]): number {
  const last = Math.max(...refused.map((order) => order.updatedAt));
  return last + (refused.length < QUICK_STOP_ATTEMPTS ? PROTECTION_WAIT_MS : SLOW_RETRY_MS);
}

/** After this many refused stops in a row the next ones are tried at a distance. */
const QUICK_STOP_ATTEMPTS = 8;
const SLOW_RETRY_MS = 30_000;

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
  const isWanted = position.origin === 'ticket' && !position.isTargetWaived;
  const isDue = !position.isFirstTargetDone && isWanted;
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
 * Cancels stops beyond what is held and not `leaving` by an exit, newest first, each with the target beside it. Those on their way out
 * do not count, nor those whose entry has filled without a word of it yet. When only a part of a stop is
 * too much it goes as well, and the rest gets a new one.
 */
function trimProtection(draft: Draft, position: Position, leaving: number): void {
  const stops = workingProtection(draft.state, position.instrument)
    .filter((order) => order.role === 'stop' && order.cancelRequestedAt === null)
    .filter((order) => !isAheadOfFill(draft, order))
    .sort((a, b) => b.intendedAt - a.intendedAt);
  const standing = stops.reduce((sum, order) => sum + openQuantity(draft.state, order), 0);
  let excess = standing - Math.max(0, position.quantity - leaving);
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

/** A broker activates the child of an entry when that has filled: the word of the fill may come after it. */
function isAheadOfFill(draft: Draft, stop: Order): boolean {
  const entry = draft.state.orders[stop.parentId ?? ''];
  return entry !== undefined && mayFill(entry);
}

function mayStand(draft: Draft, order: Order): boolean {
  return draft.state.orders[order.orderId]?.cancelRequestedAt === null;
}

/** Moves the stop of a position up to `stop`; a lower or equal price changes nothing. */
export function raiseStop(draft: Draft, position: Position, stop: number, why: string): void {
  if (stop > position.stop && position.exiting === null) moveStop(draft, position, stop, why);
}

/**
 * Moves the stop of a position: at the broker where it changes prices; otherwise the standing ones are
 * canceled, and what they leave bare gets new ones at the new price, never both. Answers false when every
 * stop is in doubt or on its way somewhere else already.
 */
export function moveStop(draft: Draft, position: Position, stop: number, why: string): boolean {
  const { execution } = draft.policy;
  const { instrument } = position;
  const stops = workingProtection(draft.state, instrument).filter(
    (order) => order.role === 'stop' && openQuantity(draft.state, order) > 0,
  );
  if (execution.protection === 'watched' || !execution.hasReplace || stops.length === 0) {
    emit(draft, { type: 'watched_stop_moved', instrument, from: position.stop, stop, why });
    for (const order of stops)
      for (const each of [order, ...siblingsOf(draft, order)]) requestCancel(draft, each, 'moved');
    return true;
  }
  // naming a stop ends a waiver: what is bare gets one again
  if (position.waivedBy !== null)
    emit(draft, { type: 'watched_stop_moved', instrument, from: position.stop, stop, why });
  const isUp = stop > position.stop;
  const free = stops.filter(
    (order) =>
      order.state !== 'unknown' &&
      order.replaceTo === null &&
      order.cancelRequestedAt === null &&
      (isUp ? stop > (order.stopPrice ?? 0) : stop !== order.stopPrice),
  );
  for (const { orderId } of free)
    emit(draft, { type: 'replace_requested', orderId, stopPrice: stop, why });
  return free.length > 0 || position.waivedBy !== null;
}

/**
 * Moves a stop whose change its broker refuses for good: it is canceled, with the target beside it, and what
 * that leaves bare gets a new one at the price that was asked for.
 */
export function moveByCancel(draft: Draft, { orderId, instrument, replaceTo }: Order): void {
  const position = draft.state.positions[instrument];
  const order = draft.state.orders[orderId];
  if (position === undefined || position.exiting !== null || replaceTo === null) return;
  if (order === undefined || !mayFill(order)) return;
  if (position.stop !== replaceTo) {
    const { stop: from } = position;
    emit(draft, { type: 'watched_stop_moved', instrument, from, stop: replaceTo, why: 'trail' });
  }
  for (const each of [order, ...siblingsOf(draft, order)]) requestCancel(draft, each, 'moved');
}
