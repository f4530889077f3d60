import { type Reason, reason } from '#core/gates/reason.ts';
import { mayFill, type Order } from '#core/machines/order.ts';
import { blank, cancelEntries } from './decide-orders.ts';
import { type Draft, emit } from './draft.ts';
import type { Input } from './input.ts';
import { isSweepPending, workingExits } from './select.ts';
import type { DeskState, Position } from './state.ts';

type SweptLeg = Extract<Input, { kind: 'account_swept' }>['legs'][number];

/**
 * Begins stage 2 in the broker's own way, once in a kill: one request, after which the desk goes on order
 * by order. Only the orders the broker has said to work are its business; the others are taken back one
 * by one.
 */
export function beginSweep(draft: Draft): void {
  const { externals, kill, orders, positions } = draft.state;
  const way = draft.policy.execution.flatten;
  if (way === 'each' || kill.kind === 'clear' || kill.sweep !== null) return;
  // the request would take what is not the desk's as well
  if (externals.length > 0) return;
  const working = Object.values(orders).filter(
    (order) => order.state === 'accepted' || order.state === 'partially_filled',
  );
  const isAnything = working.length > 0 || Object.keys(positions).length > 0;
  if (!isAnything) return;
  emit(draft, { type: 'sweep_asked', way, orderIds: working.map((order) => order.orderId) });
}

/**
 * Takes the broker's answer, position by position: a closing order becomes an order of the desk, a refusal
 * the problem of its leg. What the broker does not name is not sold by the desk before book and broker agree.
 */
export function onSwept(draft: Draft, legs: readonly SweptLeg[]): void {
  const { kill } = draft.state;
  if (kill.kind === 'clear' || !isSweepPending(draft.state)) return;
  const isByBroker = kill.sweep?.way === 'one_request';
  const named = isByBroker ? legs : [];
  for (const leg of named) {
    const position = draft.state.positions[leg.instrument];
    if (leg.outcome === 'sent' && leg.orderId !== null && position !== undefined)
      noteClosingOrder(draft, position, leg.orderId, leg.quantity);
  }
  const judged = isByBroker ? judgeLegs(draft, named) : [];
  const askedAt = kill.sweep?.at ?? draft.at;
  emit(draft, { type: 'sweep_answered', legs: judged });
  for (const { instrument, problem } of judged) {
    if (problem !== null) askAgain(draft, askedAt, 'the request did not reach it', instrument);
  }
}

function noteClosingOrder(
  draft: Draft,
  position: Position,
  orderId: string,
  quantity: number,
): void {
  if (draft.state.orders[orderId] !== undefined) return;
  const subject = { id: position.ticketId, instrument: position.instrument };
  const order: Order = {
    ...blank(draft, subject, 'exit', 1),
    orderId,
    quantity: quantity > 0 ? quantity : position.quantity,
    state: 'submitted',
    submittedAt: draft.at,
    why: 'kill',
  };
  emit(draft, { type: 'closing_order_noted', order });
}

function judgeLegs(
  draft: Draft,
  named: readonly SweptLeg[],
): { instrument: Position['instrument']; problem: Reason | null }[] {
  return Object.values(draft.state.positions)
    .filter((position) => position.quantity > 0)
    .map(({ instrument, quantity }) => {
      const leg = named.find((one) => one.instrument === instrument);
      if (leg?.outcome === 'refused') {
        const words = (leg.reason ?? 'no reason given').slice(0, 120);
        return { instrument, problem: reason('order_failed', { words }) };
      }
      const isSelling = leg !== undefined || exitsLeft(draft.state, instrument).length > 0;
      const problem = reason('position_mismatch', { ours: quantity, theirs: 'none to close' });
      return { instrument, problem: isSelling ? null : problem };
    });
}

/** Exits that go on selling: those which the request takes back sell nothing any more. */
function exitsLeft(state: DeskState, instrument: string): Order[] {
  return workingExits(state, instrument).filter((order) => order.cancelRequestedAt === null);
}

/** Nobody knows whether the request arrived. Orders are then taken back one by one; closing ones are asked about first. */
export function onSweepDoubtful(draft: Draft, cause: string): void {
  const { kill } = draft.state;
  if (kill.kind === 'clear' || kill.sweep?.state !== 'asked') return;
  const { at, way } = kill.sweep;
  emit(draft, { type: 'sweep_became_doubtful', cause });
  if (way === 'one_request') return;
  askAgain(draft, at, cause, null);
  emit(draft, { type: 'sweep_answered', legs: [] });
  cancelEntries(draft, 'kill');
}

/** Orders that only the one request was to take back, and that still work, count as not asked. */
function askAgain(draft: Draft, askedAt: number, cause: string, instrument: string | null): void {
  for (const order of Object.values(draft.state.orders)) {
    const isMeant = instrument === null || order.instrument === instrument;
    if (isMeant && mayFill(order) && order.cancelRequestedAt === askedAt)
      emit(draft, { type: 'order_cancel_failed', orderId: order.orderId, reason: cause });
  }
}
