import { hasEnded, mayFill, type Order, type OrderRole } from '#core/machines/order.ts';
import type { Ticket, TicketLeg } from '#core/machines/ticket.ts';
import { roundToTick, tickSize } from '#core/market/price.ts';
import { mid, type Quote } from '#core/market/quote.ts';
import { legsOf } from '#core/risk/review.ts';
import { type Draft, emit } from './draft.ts';
import { exitTerms, lifeDueAtCn } from './exit-terms.ts';
import { ordersOf } from './order-index.ts';
import {
  coveredQuantity,
  isHeldBack,
  openEntries,
  openQuantity,
  workingExits,
  workingProtection,
} from './select.ts';
import type { DeskState, ExitReason, Position } from './state.ts';
import { seenOf } from './view.ts';

const MINUTE_MS = 60_000;

/** An order of a ticket with nothing set but who it belongs to. */
export function blank(
  draft: Draft,
  ticket: { id: string; instrument: Order['instrument'] },
  role: OrderRole,
  leg: 1 | 2,
): Order {
  return {
    orderId: `${ticket.id}.${role}-${leg}`,
    ticketId: ticket.id,
    leg,
    role,
    instrument: ticket.instrument,
    side: role === 'entry' ? 'buy' : 'sell',
    type: role === 'stop' ? 'stop' : role === 'exit' ? 'market' : 'limit',
    quantity: 0,
    limitPrice: null,
    stopPrice: null,
    stopOrderId: null,
    targetOrderId: null,
    ocoGroup: null,
    parentId: null,
    pairId: null,
    state: 'intended',
    filledQuantity: 0,
    filledMinor: 0,
    averagePrice: null,
    feesMinor: 0,
    intendedAt: draft.at,
    submittedAt: null,
    updatedAt: draft.at,
    cancelDueAt: null,
    cancelRequestedAt: null,
    replaceTo: null,
    nags: 0,
    why: role,
    midAtIntent: null,
  };
}

/** Instant of the first bar close after `at` plus the life an entry has beyond it. */
function entryCancelDue(draft: Draft): number {
  if (draft.policy.market === 'CN') return lifeDueAtCn(draft, CN_ORDER_LIFE_MS);
  const openAt = draft.state.day?.session.openAt ?? 0;
  const minutes = Math.floor((draft.at - openAt) / MINUTE_MS) + 1;
  return openAt + minutes * MINUTE_MS + draft.policy.ticket.entryLifeAfterBarMs;
}

/** How long a purchase of A-shares may wait for its fill, in trading time. Source: centaur.md. */
const CN_ORDER_LIFE_MS = 10 * MINUTE_MS;

/** What is watched is bought in one order: its targets are the desk's, not the broker's. */
function entryLegs(draft: Draft, ticket: Ticket, quantity: number): readonly TicketLeg[] {
  if (draft.policy.execution.protection === 'watched') return [{ leg: 1, quantity, target: null }];
  return legsOf(quantity, ticket.firstTarget, draft.policy.exits.firstTargetRatio);
}

/** Intends the brackets of a confirmed ticket: each leg an entry with its own stop and target as held children. */
export function intendEntry(
  draft: Draft,
  ticket: Ticket,
  quantity: number,
  entryLimit: number,
  quote: Quote,
): void {
  const cancelDueAt = entryCancelDue(draft);
  for (const leg of entryLegs(draft, ticket, quantity)) {
    const entry = blank(draft, ticket, 'entry', leg.leg);
    const stop = {
      ...blank(draft, ticket, 'stop', leg.leg),
      quantity: leg.quantity,
      stopPrice: ticket.stop,
    };
    const target = {
      ...blank(draft, ticket, 'target', leg.leg),
      quantity: leg.quantity,
      limitPrice: leg.target,
    };
    const { hasBracket } = draft.policy.execution;
    const child = {
      parentId: entry.orderId,
      state: 'held' as const,
      ocoGroup: `${ticket.id}.oco-${leg.leg}`,
    };
    // without brackets what is bought gets its protection right after the fill
    if (hasBracket) emit(draft, { type: 'order_intended', order: { ...stop, ...child } });
    if (hasBracket && leg.target !== null)
      emit(draft, { type: 'order_intended', order: { ...target, ...child } });
    emit(draft, {
      type: 'order_intended',
      order: {
        ...entry,
        quantity: leg.quantity,
        limitPrice: entryLimit,
        stopOrderId: hasBracket ? stop.orderId : null,
        targetOrderId: hasBracket && leg.target !== null ? target.orderId : null,
        cancelDueAt,
        midAtIntent: mid(quote),
      },
    });
  }
}

/** Asks once for the cancel of an order that may still fill. */
export function requestCancel(draft: Draft, order: Order, why: string): void {
  if (!mayFill(order) || order.cancelRequestedAt !== null || order.state === 'held') return;
  emit(draft, { type: 'cancel_requested', orderId: order.orderId, why });
}

/** Asks for the cancel of every entry that may still open risk; answers their ids. */
export function cancelEntries(draft: Draft, why: string): string[] {
  const entries = openEntries(draft.state);
  for (const order of entries) requestCancel(draft, order, why);
  return entries.map((order) => order.orderId);
}

/** Starts to leave a position (or part of it). A running exit only grows; one that was given up starts again when `isRetry`. */
export function startExit(
  draft: Draft,
  position: Position,
  reason: ExitReason,
  by: string,
  quantity: number,
  isRetry = false,
): void {
  if (quantity <= 0) return;
  const isRunning = position.exiting !== null && position.exiting.quantity >= quantity;
  if (isRunning && !(isRetry && isExitExhausted(draft.state, position))) return;
  emit(draft, { type: 'exit_started', instrument: position.instrument, reason, by, quantity });
}

function orderCount(draft: Draft, ticketId: string, role: OrderRole): number {
  return Object.keys(draft.state.orders).filter((id) => id.startsWith(`${ticketId}.${role}-`))
    .length;
}

/**
 * Moves exits on: first the protection that would sell the same shares is canceled, then, when none
 * of it can fill any more, the rest leaves at the market. Never two sellers of one share.
 */
export function advanceExits(draft: Draft): void {
  for (const position of Object.values(draft.state.positions)) {
    if (position.exiting === null || position.quantity <= 0) continue;
    if (isHeldBack(draft.state, position)) continue;
    const terms = exitTerms(draft, position);
    if (terms === null || isExitExhausted(draft.state, position)) continue;
    for (const entry of openEntries(draft.state)) {
      if (entry.instrument === position.instrument) requestCancel(draft, entry, 'exit');
    }
    const protection = workingProtection(draft.state, position.instrument);
    for (const order of protection) requestCancel(draft, order, 'exit');
    const isEntryOpen = openEntries(draft.state).some(
      (order) => order.instrument === position.instrument,
    );
    const isSelling =
      draft.policy.execution.protection === 'broker' &&
      workingExits(draft.state, position.instrument).length > 0;
    if (protection.length > 0 || isEntryOpen || isSelling || terms.quantity <= 0) continue;
    const attempt = orderCount(draft, position.ticketId, 'exit') + 1;
    const { quote } = seenOf(draft.view, position.instrument);
    emit(draft, {
      type: 'order_intended',
      order: {
        ...blank(draft, { id: position.ticketId, instrument: position.instrument }, 'exit', 1),
        orderId: `${position.ticketId}.exit-${attempt}`,
        ...terms,
        why: position.exiting.reason,
        midAtIntent: quote === null ? null : mid(quote),
      },
    });
  }
}

/** After this many exit orders that ended without a fill a person is called instead of trying on. */
const MAX_EXIT_ATTEMPTS = 5;

/** True when the exit that runs was given up: it had its attempts, and none filled or works. */
export function isExitExhausted(state: DeskState, position: Position): boolean {
  const { exiting } = position;
  if (exiting === null) return false;
  const attempts = ordersOf(state, position.instrument).filter(
    (order) =>
      order.ticketId === position.ticketId &&
      order.role === 'exit' &&
      order.intendedAt >= exiting.at,
  );
  const failed = attempts.filter((order) => hasEnded(order) && order.state !== 'filled');
  return failed.length >= MAX_EXIT_ATTEMPTS && failed.length === attempts.length;
}

/** True in the regular session, breaks included. */
export function isSessionOpen(draft: Draft): boolean {
  const session = draft.state.day?.session;
  return session !== undefined && draft.at >= session.openAt && draft.at < session.closeAt;
}

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
