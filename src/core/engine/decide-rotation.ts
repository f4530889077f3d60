import { type ReasonCode, reason } from '#core/gates/reason.ts';
import { isRunning, nextMove, type Rotation, type RotationFacts } from '#core/machines/rotation.ts';
import { freeCashMinor } from '#core/risk/review.ts';
import { lotsOf } from '#core/risk/review-cn.ts';
import { confirmObjection } from './confirm-objection.ts';
import { isExitExhausted, requestCancel, startExit } from './decide-orders.ts';
import { confirmAs, lastPrice } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import { ordersOf } from './order-index.ts';
import { openEntries, workingExits } from './select.ts';
import { sellableQuantity } from './select-cn.ts';
import type { DeskState } from './state.ts';
import { seenOf } from './view.ts';

function factsOf(draft: Draft, rotation: Rotation): RotationFacts {
  const { state, policy } = draft;
  const { from, to, ticketId } = rotation;
  const ticket = state.tickets[ticketId];
  const isOver =
    ticket === undefined || (ticket.state !== 'pending' && ticket.state !== 'confirmed');
  const position = state.positions[from];
  const entries = openEntries(state).filter((order) => order.instrument === from);
  const bought = ordersOf(state, to).filter(
    (order) => order.ticketId === ticketId && order.role === 'entry',
  );
  return {
    ticket: isOver ? 'over' : ticket.state === 'confirmed' ? 'confirmed' : 'pending',
    overBecause: isOver ? overBecause(ticket) : null,
    isKilled: state.kill.kind !== 'clear' || state.isKillFilePresent,
    isAnswerOver: draft.at >= rotation.answerBy,
    isWorking: entries.length > 0,
    isInDoubt: entries.some((order) => order.state === 'unknown' || order.cancelRefusedAt !== null),
    heldQuantity: position?.quantity ?? 0,
    isLeaving: (position?.exiting ?? null) !== null || workingExits(state, from).length > 0,
    isExitGivenUp: position !== undefined && isExitExhausted(state, position),
    sellableQuantity: position === undefined ? 0 : sellableQuantity(state, policy, position),
    isBuying: openEntries(state).some((order) => order.ticketId === ticketId),
    boughtQuantity: bought.reduce((sum, order) => sum + order.filledQuantity, 0),
  };
}

function overBecause(ticket: DeskState['tickets'][string] | undefined) {
  if (ticket === undefined) return reason('window_ended');
  if (ticket.state === 'skipped') return reason('skipped', { by: ticket.closed?.by ?? '' });
  return ticket.closed?.reason ?? reason('window_ended');
}

/** A switch passes a few steps at once at most; what is left over goes on with the next input. */
const MOST_MOVES = 4;

/** Moves a switch on as far as the book allows, and does what its new step asks for. */
export function advanceRotation(draft: Draft): void {
  for (let moves = 0; moves < MOST_MOVES; moves += 1) {
    const { rotation } = draft.state;
    if (!isRunning(rotation)) return;
    const facts = factsOf(draft, rotation);
    const move = nextMove(rotation, facts);
    if (move === null) return;
    const { ticketId, from, to, step } = rotation;
    const beyond = facts.heldQuantity - rotation.heldQuantity;
    const filledQuantity = Math.max(rotation.filledQuantity, beyond);
    if (move.to === 'ended') {
      endTicket(draft, ticketId, to, move.reason ?? reason('switch_kept'));
      const { outcome, reason: why } = move;
      const { boughtQuantity } = facts;
      emit(draft, {
        type: 'rotation_ended',
        ticketId,
        outcome: outcome ?? 'stopped',
        by: null,
        filledQuantity,
        boughtQuantity,
        reason: why,
      });
      return;
    }
    if (move.to === 'proposed') return;
    const freedMinor = move.to === 'freed' ? freeCashMinor(draft.state) : rotation.freedMinor;
    const { sellQuantity } = rotation;
    emit(draft, {
      type: 'rotation_moved',
      ticketId,
      from: step,
      to: move.to,
      by: null,
      filledQuantity,
      sellQuantity,
      freedMinor,
    });
    if (move.to === 'canceling') {
      for (const order of openEntries(draft.state))
        if (order.instrument === from) requestCancel(draft, order, 'switch');
    }
    if (move.to === 'selling') {
      const position = draft.state.positions[from];
      const quantity = facts.heldQuantity - rotation.keepQuantity;
      if (position !== undefined)
        startExit(draft, position, 'operator', rotation.by, quantity, true);
    }
  }
}

/** The ticket of a switch that ended without it never trades. */
function endTicket(
  draft: Draft,
  ticketId: string,
  instrument: string,
  why: ReturnType<typeof reason>,
): void {
  if (draft.state.tickets[ticketId]?.state !== 'pending') return;
  emit(draft, {
    type: 'ticket_voided',
    ticketId,
    reason: why,
    price: lastPrice(draft, instrument),
  });
}

/** What may be over within the life of the ticket: the purchase waits for it. */
const WAITS_FOR: ReadonlySet<ReasonCode> = new Set([
  'quote_missing',
  'quote_stale',
  'spread_too_wide',
  'not_reconciled',
  'not_attested',
  'data_stale',
]);

/**
 * Buys the second name once the first is gone: every rule again, at a fresh price, with the cash that is
 * really free. In a step of its own: a purchase is refused while the store is down, and nothing that
 * protects money may be refused with it.
 */
export function buyFreed(draft: Draft): void {
  const { state, view, policy, at, events } = draft;
  const { rotation } = state;
  if (!isRunning(rotation) || rotation.step !== 'freed' || events.length > 0) return;
  if (nextMove(rotation, factsOf(draft, rotation)) !== null) return;
  const { ticketId, to, limit } = rotation;
  const ticket = state.tickets[ticketId];
  if (ticket === undefined) return;
  const { quote } = seenOf(view, to);
  const quantity = affordable(draft, rotation);
  const found = confirmObjection({ state, view, policy, quote, at }, ticket, quantity, limit);
  if (found === null && quote !== null && quantity >= policy.risk.minQuantity)
    return confirmAs(draft, ticket, rotation.by, quantity, limit, quote);
  if (found !== null && WAITS_FOR.has(found.why.code)) return;
  const cashMinor = freeCashMinor(state);
  const why = found?.why ?? reason('cash_short', { quantity, cashMinor });
  emit(draft, { type: 'ticket_voided', ticketId, reason: why, price: lastPrice(draft, to) });
}

/** At most what was agreed to, and what the free cash pays for at the limit. */
function affordable(draft: Draft, rotation: Rotation): number {
  const { state, policy } = draft;
  const cashMinor = freeCashMinor(state);
  const most = Math.floor(cashMinor / 100 / rotation.limit);
  const quantity = Math.min(rotation.quantity, most);
  if (quantity >= rotation.quantity || policy.market !== 'CN') return quantity;
  return lotsOf(state, rotation.to, quantity);
}

/** When time alone moves a switch: nobody agreed to it, or its cash is free and a price is there. */
export function rotationDeadline(state: DeskState): number | null {
  const { rotation } = state;
  if (!isRunning(rotation)) return null;
  if (rotation.step === 'proposed') return rotation.answerBy;
  return rotation.step === 'freed' ? rotation.stepAt + 1 : null;
}
