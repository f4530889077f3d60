import { type Reason, reason } from '#core/gates/reason.ts';
import { hasEnded, mayFill, type Order } from '#core/machines/order.ts';
import { boardOfCn } from '#core/market/board-cn.ts';
import { computeFeesUs } from '#core/market/fees.ts';
import { computeFeesCn } from '#core/market/fees-cn.ts';
import { limitsOn } from '#core/market/limits-cn.ts';
import { instantAt } from '#core/market/session.ts';
import type { DeskAct } from '#core/replies/act.ts';
import { onReport } from './decide-reports.ts';
import { raiseAlarm } from './decide-safety.ts';
import { type Draft, emit } from './draft.ts';
import type { Policy } from './policy.ts';
import { isPrice, isShares } from './report-check.ts';
import { openQuantity } from './select.ts';
import { instrumentDayOf } from './select-cn.ts';
import type { DeskState } from './state.ts';

type FillAct = Extract<DeskAct, { act: 'fill' }>;

const MINUTE_MS = 60_000;
/** A person is reminded this long after an order became a to-do, the last wait repeats. Source: chat.md. */
const NAG_AFTER_MS: readonly number[] = [2 * MINUTE_MS, 5 * MINUTE_MS, 10 * MINUTE_MS];
const NAG_AGAIN_MS = 10 * MINUTE_MS;
const LEAST_USUAL_SHARES_CN = 100;

/** Orders that a person has to execute or withdraw, oldest first. */
export function openTodos(state: DeskState): Order[] {
  return Object.values(state.orders)
    .filter((order) => mayFill(order) && order.state !== 'held')
    .sort((a, b) => a.intendedAt - b.intendedAt);
}

/** When the person is next reminded of an order; null when it is reported or ended. */
export function nagDueAt(order: Order): number | null {
  if (hasEnded(order) || order.state === 'held') return null;
  const last = NAG_AFTER_MS.at(-1) ?? NAG_AGAIN_MS;
  const wait = NAG_AFTER_MS[order.nags] ?? last + (order.nags - 2) * NAG_AGAIN_MS;
  // being asked to withdraw begins the count anew
  return (order.cancelRequestedAt ?? order.intendedAt) + wait;
}

/** Reminds of orders a person has not reported; one whose life is over is to be withdrawn. */
export function nagPerson(draft: Draft): void {
  if (!draft.policy.execution.isPerson) return;
  for (const order of openTodos(draft.state)) {
    const due = nagDueAt(order);
    if (due === null || due > draft.at) continue;
    const isLifeOver = order.cancelRequestedAt !== null;
    emit(draft, {
      type: 'manual_nagged',
      orderId: order.orderId,
      nags: order.nags + 1,
      isLifeOver,
    });
  }
}

/** Exits that a person has to execute ring until they are reported. */
export function ringForExits(draft: Draft): void {
  if (!draft.policy.execution.isPerson) return;
  for (const order of openTodos(draft.state)) {
    if (order.role !== 'exit') continue;
    const quantity = order.quantity - order.filledQuantity;
    raiseAlarm(draft, 'manual_todo', order.orderId, { instrument: order.instrument, quantity });
  }
}

/** The order a report is about: an exit before an entry, the oldest first; by ticket code, symbol or order id. */
export function todoOf(state: DeskState, target: string): Order | null {
  const wanted = target.toUpperCase();
  const meant = openTodos(state).filter((order) => {
    const code = state.tickets[order.ticketId]?.code;
    return (
      code === wanted ||
      order.orderId.toUpperCase() === wanted ||
      order.instrument === wanted ||
      order.instrument.startsWith(`${wanted}.`)
    );
  });
  return meant.find((order) => order.role === 'exit') ?? meant[0] ?? null;
}

/**
 * What is odd about a reported execution and is asked once more: fewer shares than a lot, or a price
 * outside the day's limits (A-shares) or further than a tenth from the order's. Null: nothing is.
 */
export function oddFill(state: DeskState, policy: Policy, act: FillAct): Reason | null {
  const order = todoOf(state, act.target);
  if (order === null || act.price === null || act.quantity === null) return null;
  const { price, quantity } = act;
  if (policy.market === 'CN') {
    if (quantity < LEAST_USUAL_SHARES_CN)
      return reason('quantity_not_in_lots', { found: quantity, expected: LEAST_USUAL_SHARES_CN });
    const facts = instrumentDayOf(state, order.instrument);
    const limits = facts === null ? null : limitsOn(facts);
    if (limits?.kind === 'limits' && !(price >= limits.down && price <= limits.up))
      return reason('outside_price_limits', { found: price, from: limits.down, to: limits.up });
  }
  const expected = order.limitPrice ?? order.midAtIntent;
  if (expected === null || Math.abs(price / expected - 1) <= 0.1) return null;
  return reason('price_out_of_range', { found: price, from: expected * 0.9, to: expected * 1.1 });
}

/** Fees of a reported execution as the account would be charged, minor units: the person reports none. */
function feesOf(draft: Draft, order: Order, quantity: number, price: number): number {
  const { cost } = draft.policy;
  const tradedOn = draft.state.day?.tradingDay ?? '';
  const filled = order.filledQuantity + quantity;
  const average = ((order.averagePrice ?? 0) * order.filledQuantity + price * quantity) / filled;
  const base = { side: order.side, quantity: filled, price: average, tradedOn };
  const already = { alreadyChargedMinor: order.feesMinor };
  const board = draft.policy.market === 'CN' ? boardOfCn(order.instrument) : null;
  if (board !== null) {
    const commission = { rate: cost.commissionRate, minimumMinor: cost.commissionMinimumMinor };
    return computeFeesCn({ ...base, ...already, board, commission }).totalMinor;
  }
  return computeFeesUs({ ...base, ...already, model: 'alpaca' }).totalMinor;
}

/** Books what a person reports of an order they execute. Answers why not, or null. */
export function onFillAct(
  draft: Draft,
  act: FillAct,
  by: string,
  isConfirmed: boolean,
): Reason | null {
  if (!draft.policy.execution.isPerson) return reason('not_by_hand', { desk: draft.policy.deskId });
  const order = todoOf(draft.state, act.target);
  if (order === null) return reason('unknown_order', { found: act.target });
  if (act.verb !== 'fill') return close(draft, order, act.verb, by);
  const { price, quantity } = act;
  if (price === null || quantity === null || !isPrice(price, quantity) || !isShares(quantity)) {
    const found = `${String(quantity).slice(0, 40)} @ ${String(price).slice(0, 40)}`;
    return reason('quantity_out_of_range', { found, expected: 'price and shares' });
  }
  const open = openQuantity(draft.state, order);
  if (quantity <= 0 || quantity > open)
    return reason('quantity_out_of_range', { found: quantity, largest: open });
  const odd = oddFill(draft.state, draft.policy, act);
  if (odd !== null && !isConfirmed) return reason('second_confirmation_needed', odd.figures);
  const executedAt = executedAtOf(draft, act);
  if (executedAt === null) return reason('unknown_time', { found: act.time ?? '' });
  const filledQuantity = order.filledQuantity + quantity;
  onReport(draft, {
    reportId: `${order.orderId}:by-hand:${filledQuantity}`,
    orderId: order.orderId,
    kind: filledQuantity >= order.quantity ? 'filled' : 'partially_filled',
    at: executedAt,
    filledQuantity,
    lastQuantity: quantity,
    lastPrice: price,
    feesMinor: feesOf(draft, order, quantity, price),
    reason: `reported by ${by}`,
    stopPrice: null,
    limitPrice: null,
  });
  return null;
}

/** The wall time of a report as an instant of today; null for one that is none or still to come. */
function executedAtOf(draft: Draft, act: FillAct): number | null {
  if (act.time === null) return draft.at;
  const { day } = draft.state;
  if (day === null || !/^([01]\d|2[0-3]):[0-5]\d$/.test(act.time)) return null;
  const at = instantAt(day.tradingDay, act.time, draft.policy.zone);
  return at <= draft.at ? at : null;
}

/** `none`: it was not executed. `done`: what is reported is all. Either way the rest is void. */
function close(draft: Draft, order: Order, verb: 'none' | 'done', by: string): Reason | null {
  if (verb === 'none' && order.filledQuantity > 0)
    return reason('already_answered', { filled: order.filledQuantity });
  emit(draft, {
    type: 'order_canceled',
    orderId: order.orderId,
    reason: verb === 'none' ? `not executed, said ${by}` : `rest void, said ${by}`,
  });
  return null;
}

/** Notes that the conditional order for a position stands at the broker. Answers why not, or null. */
export function onProtectedAct(draft: Draft, target: string, by: string): Reason | null {
  const wanted = target.toUpperCase();
  const position = Object.values(draft.state.positions).find(
    (held) =>
      held.instrument === wanted ||
      held.instrument.startsWith(`${wanted}.`) ||
      draft.state.tickets[held.ticketId]?.code === wanted,
  );
  if (position === undefined) return reason('unknown_position', { found: target });
  if (position.conditionalStop === position.stop) return reason('already_so');
  const { instrument, stop } = position;
  emit(draft, { type: 'conditional_order_set', instrument, stop, by });
  return null;
}
