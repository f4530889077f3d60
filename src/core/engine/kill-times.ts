import { boardOfCn } from '#core/market/board-cn.ts';
import { afterHoursFromCn, auctionFromCn, dayEndsAtCn } from '#core/market/phases-cn.ts';
import { postMarketEndsAt } from '#core/market/sale-ways-us.ts';
import type { Policy } from './policy.ts';
import type { DeskState } from './state.ts';

/**
 * Instant of the planned day from which what stage 2 left is tried again: the opening auction of A-shares
 * at 9:15, the open elsewhere; null without a day. Source: centaur.md, "Kill".
 */
export function killRetryAt(state: DeskState, policy: Policy): number | null {
  const session = state.day?.session;
  if (session === undefined) return null;
  return policy.market === 'CN' ? auctionFromCn(session) : session.openAt;
}

/**
 * Instant after which nothing held can be sold on the planned day any more: the close, the end of trading
 * after it where the board has that, or of extended hours where the account trades in them; 0 without a day.
 */
export function saleEndsAt(state: DeskState, policy: Policy): number {
  const session = state.day?.session;
  if (session === undefined) return 0;
  if (policy.market === 'US')
    return policy.execution.hasExtendedHours ? postMarketEndsAt(session) : session.closeAt;
  const ends = Object.values(state.positions).map(({ instrument }) => {
    const board = boardOfCn(instrument);
    return board === null ? session.closeAt : dayEndsAtCn(session, board);
  });
  return Math.max(session.closeAt, ...ends);
}

/** Instants at which a way of selling begins or ends, beside open, break and close. */
export function saleEdges(state: DeskState, policy: Policy): number[] {
  const session = state.day?.session;
  if (session === undefined) return [];
  const ends = saleEndsAt(state, policy);
  if (policy.market === 'US') return [ends];
  return [auctionFromCn(session), afterHoursFromCn(session), ends];
}
