import { hasEnded, mayFill, type Order, type OrderRole } from '#core/machines/order.ts';
import type { Ticket, TicketLeg } from '#core/machines/ticket.ts';
import { mid, type Quote } from '#core/market/quote.ts';
import { legsOf } from '#core/risk/review.ts';
import { type Draft, emit } from './draft.ts';
import { exitTerms, lifeDueAtCn, orderDueAtCn } from './exit-terms.ts';
import { ordersOf } from './order-index.ts';
import { isHeldBack, openEntries, workingExits, workingProtection } from './select.ts';
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
    replaceRequestedAt: null,
    cancelRefusedAt: null,
    cancelRefusals: 0,
    nags: 0,
    why: role,
    midAtIntent: null,
  };
}

/** Instant of the first bar close after `at` plus the life an entry has beyond it. */
function entryCancelDue(draft: Draft): number {
  if (draft.policy.market === 'CN') {
    // a person is asked at the edge whether it is withdrawn
    const dueAt = draft.policy.execution.isPerson ? lifeDueAtCn : orderDueAtCn;
    return dueAt(draft, CN_ORDER_LIFE_MS);
  }
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
export function cancelEntries(draft: Draft, why: string, only: string | null = null): string[] {
  const entries = openEntries(draft.state).filter(
    (order) => only === null || order.instrument === only,
  );
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

/** Orders of a role that a ticket has had so far; the next one's number counts on. */
export function orderCount(draft: Draft, ticketId: string, role: OrderRole): number {
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
    if (deniedUntil(draft.state, position) > draft.at) continue;
    for (const entry of openEntries(draft.state)) {
      if (entry.instrument === position.instrument) requestCancel(draft, entry, 'exit');
    }
    const isSelling =
      draft.policy.execution.protection === 'broker' &&
      workingExits(draft.state, position.instrument).length > 0;
    // the rest keeps its stop until the sale before it has ended: in a halt that may take long
    if (isSelling && position.exiting.reason !== 'kill') continue;
    const protection = workingProtection(draft.state, position.instrument);
    for (const order of protection) requestCancel(draft, order, 'exit');
    // that a purchase was withdrawn a person may never say: their silence holds up no exit
    const isEntryOpen =
      !draft.policy.execution.isPerson &&
      openEntries(draft.state).some((order) => order.instrument === position.instrument);
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

/** A denied exit is tried again after this long: what forbade it, e.g. a lost connection, takes its time. */
const DENIED_WAIT_MS = 2_000;

/** Instant before which an exit that the desk itself denied is not tried again; 0 when there is none. */
function deniedUntil(state: DeskState, position: Position): number {
  return ordersOf(state, position.instrument)
    .filter((order) => order.role === 'exit' && order.state === 'denied')
    .reduce((latest, order) => Math.max(latest, order.updatedAt + DENIED_WAIT_MS), 0);
}

/** Instants at which a denied exit is tried again. */
export function exitDeadlines(state: DeskState): number[] {
  return Object.values(state.positions)
    .filter((position) => position.exiting !== null)
    .map((position) => deniedUntil(state, position));
}

/** True when the running exit was given up only because the desk could not send it, e.g. without a connection. */
export function wasOnlyDenied(state: DeskState, position: Position): boolean {
  const { exiting } = position;
  if (exiting === null || !isExitExhausted(state, position)) return false;
  return ordersOf(state, position.instrument).every(
    (order) => order.role !== 'exit' || order.intendedAt < exiting.at || order.state === 'denied',
  );
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
