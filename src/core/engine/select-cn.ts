import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
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
