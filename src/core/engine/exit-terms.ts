import { type Reason, reason } from '#core/gates/reason.ts';
import type { Order } from '#core/machines/order.ts';
import { boardOfCn } from '#core/market/board-cn.ts';
import { exitPriceCn } from '#core/market/exit-price-cn.ts';
import { roundSellQuantityCn } from '#core/market/lots-cn.ts';
import { canCancelCn, canSubmitCn, lifeEndsAtCn, orderEndsAtCn } from '#core/market/phases-cn.ts';
import { extendedSalePrice, phaseAtUs } from '#core/market/sale-ways-us.ts';
import { tradabilityCn } from '#core/market/seal-cn.ts';
import type { Session } from '#core/market/session.ts';
import type { Draft } from './draft.ts';
import { emit } from './draft.ts';
import { protectable, workingExits } from './select.ts';
import { instrumentDayOf, sellableQuantity } from './select-cn.ts';
import type { DeskState, Position } from './state.ts';
import { seenOf } from './view.ts';

/** What an exit order carries beside its names. */
export type ExitTerms = Pick<
  Order,
  'type' | 'limitPrice' | 'quantity' | 'cancelDueAt' | 'isExtendedHours'
>;

/** A sale of A-shares, or one outside regular hours, is priced anew after this time. Source: centaur.md "Kill". */
const REPRICE_MS = 15_000;

/** End of `millis` of trading from now, never across the break or 14:57; now where none begins. */
export function lifeDueAtCn(draft: Draft, millis: number): number {
  const session = draft.state.day?.session;
  return (session === undefined ? null : lifeEndsAtCn(session, draft.at, millis)) ?? draft.at;
}

/** As `lifeDueAtCn`, for an order of a broker: while it can still be taken back. */
export function orderDueAtCn(draft: Draft, millis: number): number {
  const session = draft.state.day?.session;
  return (session === undefined ? null : orderEndsAtCn(session, draft.at, millis)) ?? draft.at;
}

/** True when the market lets an order be taken back now. */
export function canTakeBack(draft: Draft, order: Order): boolean {
  const session = draft.state.day?.session;
  const board = draft.policy.market === 'CN' ? boardOfCn(order.instrument) : null;
  if (board === null || session === undefined) return true;
  return canCancelCn(session, board, draft.at).kind === 'open';
}

/**
 * How the rest of a running exit is sold now; null while it cannot be: outside trading, under T+1,
 * suspended. What it waits for is said once. US: at the market; in extended hours a kill sells by a limit
 * below a fresh bid, where the account can. A-shares: a limit that can fill, repriced every 15 s, at
 * limit-down in an auction, behind a seal and after the close.
 */
export function exitTerms(draft: Draft, position: Position): ExitTerms | null {
  const { exiting } = position;
  const session = draft.state.day?.session;
  if (exiting === null || session === undefined) return null;
  const due = Math.min(position.quantity, exiting.quantity) - underWay(draft, position);
  if (due <= 0) return null;
  const wanted = Math.min(due, protectable(draft.state, position) - underWay(draft, position));
  if (wanted <= 0) return doubted(draft, position, due);
  if (draft.policy.market === 'US') {
    const isOpen = draft.at >= session.openAt && draft.at < session.closeAt;
    return isOpen
      ? { type: 'market', limitPrice: null, quantity: wanted, cancelDueAt: null }
      : termsExtended(draft, position, session, wanted);
  }
  const sellable = Math.min(
    wanted,
    sellableQuantity(draft.state, draft.policy, position) - underWay(draft, position),
  );
  if (sellable <= 0) return waits(draft, position, reason('not_sellable_today', { wanted }));
  return termsCn(draft, position, sellable);
}

/** A kill sells outside regular hours too, where the account does; whatever else exits waits for the open. */
function termsExtended(
  draft: Draft,
  position: Position,
  session: Session,
  wanted: number,
): ExitTerms | null {
  const { execution } = draft.policy;
  const isKill = position.exiting?.reason === 'kill';
  if (!isKill || !execution.hasExtendedHours) return null;
  if (phaseAtUs(session, draft.at) === 'closed') return null;
  const { quote } = seenOf(draft.view, position.instrument);
  const price = extendedSalePrice(quote, draft.at, attemptsOf(draft.state, position) + 1);
  if (price === null) return waits(draft, position, reason('quote_missing'));
  const { limitPrice, isRepriced } = price;
  return {
    type: 'limit',
    limitPrice,
    quantity: wanted,
    cancelDueAt: isRepriced ? draft.at + REPRICE_MS : null,
    isExtendedHours: true,
  };
}

/** Shares that exit orders under way may still sell. */
function underWay(draft: Draft, position: Position): number {
  return workingExits(draft.state, position.instrument).reduce(
    (sum, order) => sum + order.quantity - order.filledQuantity,
    0,
  );
}

function waits(draft: Draft, position: Position, why: Reason): null {
  if (position.exiting !== null && position.exiting.waitsFor !== why.code) {
    const { instrument, quantity } = position;
    emit(draft, { type: 'exit_waits', instrument, quantity, reason: why });
  }
  return null;
}

/**
 * Shares that the last reading did not show are not sold: they may be gone, and a broker that allows it
 * would open a short. While readings have yet to agree the next one tells; then it is a person's to settle.
 */
function doubted(draft: Draft, position: Position, wanted: number): null {
  return draft.state.isReconciled
    ? null
    : waits(draft, position, reason('position_mismatch', { wanted }));
}

function termsCn(draft: Draft, position: Position, wanted: number): ExitTerms | null {
  const { instrument } = position;
  const { day } = draft.state;
  const board = boardOfCn(instrument);
  if (day === null || board === null)
    return { type: 'market', limitPrice: null, quantity: wanted, cancelDueAt: null };
  const window = canSubmitCn(day.session, board, draft.at);
  if (window.kind === 'shut') return null;
  const facts = instrumentDayOf(draft.state, instrument);
  const { quote } = seenOf(draft.view, instrument);
  const tradable = facts === null ? null : tradabilityCn('sell', facts, quote, draft.at);
  if (tradable?.kind === 'blocked')
    return waits(draft, position, reason('suspended', { cause: tradable.reason }));
  const { tradingDay } = day;
  const attempt = attemptsOf(draft.state, position) + 1;
  const { limitPrice, isRepriced } = exitPriceCn({
    board,
    tradingDay,
    phase: window.phase,
    facts,
    quote,
    attempt,
  });
  if (tradable?.kind === 'queues' && limitPrice !== null)
    waits(draft, position, reason('sealed_down', { limitPrice }));
  const type = limitPrice === null ? 'market' : 'limit';
  const sellable =
    sellableQuantity(draft.state, draft.policy, position) - underWay(draft, position);
  const quantity = roundSellQuantityCn({ board, tradingDay, type, quantity: wanted, sellable });
  if (quantity <= 0) return waits(draft, position, reason('quantity_not_in_lots', { wanted }));
  const isWatchedOn = isRepriced && !draft.policy.execution.isPerson;
  const isAfterClose = window.phase === 'after_close' || window.phase === 'after_hours';
  return {
    type,
    limitPrice,
    quantity,
    cancelDueAt: isWatchedOn ? draft.at + REPRICE_MS : null,
    ...(isAfterClose ? { isExtendedHours: true } : {}),
  };
}

/** Exit orders of the running exit so far. */
function attemptsOf(state: DeskState, position: Position): number {
  const since = position.exiting?.at ?? 0;
  return Object.values(state.orders).filter(
    (order) =>
      order.ticketId === position.ticketId && order.role === 'exit' && order.intendedAt >= since,
  ).length;
}
