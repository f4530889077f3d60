import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import { limitsOn } from '#core/market/limits-cn.ts';
import type { Quote } from '#core/market/quote.ts';
import { sealOfCn } from '#core/market/seal-cn.ts';
import type { Policy } from './policy.ts';
import type { DeskState, Position } from './state.ts';

/**
 * Shares of a position that may be sold on the desk's trading day: none of today's under T+1, all
 * otherwise. Shares come from one purchase day, since a held symbol is not bought again.
 */
export function sellableQuantity(state: DeskState, policy: Policy, position: Position): number {
  const isBoughtToday = position.tradingDay === state.day?.tradingDay;
  return policy.execution.sellableAfterDays === 1 && isBoughtToday ? 0 : position.quantity;
}

/** Facts of a Chinese security on the desk's day; null when they are not known. */
export function instrumentDayOf(state: DeskState, instrument: string): InstrumentDayCn | null {
  const facts = state.symbols[instrument]?.facts?.instrumentDay ?? null;
  return facts?.tradingDay === state.day?.tradingDay ? facts : null;
}

/**
 * What a share sells for by its quote: the bid. On a board sealed at limit-down nobody bids and the price is known
 * all the same: the limit. Null where there is neither.
 */
export function saleQuoteOf(state: DeskState, quote: Quote): number | null {
  if (quote.bid > 0) return quote.bid;
  const facts = instrumentDayOf(state, quote.instrument);
  return facts !== null && sealOfCn(quote, limitsOn(facts)) === 'down' ? quote.ask : null;
}

/** Second target and the shares that leave at the first one, as they stand now. */
export function planOf(
  state: DeskState,
  position: Position,
): { readonly secondTarget: number; readonly firstTargetQuantity: number } {
  if (position.exPlan !== undefined) return position.exPlan;
  const [first, second] = state.tickets[position.ticketId]?.legs ?? [];
  return {
    secondTarget: second?.target ?? first?.target ?? position.firstTarget,
    firstTargetQuantity: first?.quantity ?? position.quantity,
  };
}
