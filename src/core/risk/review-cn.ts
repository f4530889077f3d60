import type { DeskState } from '#core/engine/state.ts';
import { type Reason, reason } from '#core/gates/reason.ts';
import { boardOfCn } from '#core/market/board-cn.ts';
import { priceCageCn } from '#core/market/cage-cn.ts';
import { computeFeesCn } from '#core/market/fees-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import { limitsOn } from '#core/market/limits-cn.ts';
import { judgeBuyQuantityCn, roundBuyQuantityCn } from '#core/market/lots-cn.ts';
import { canSubmitCn } from '#core/market/phases-cn.ts';
import type { Quote } from '#core/market/quote.ts';
import { tradabilityCn } from '#core/market/seal-cn.ts';

/** A purchase of A-shares as it is judged; `facts` null: nothing is known of the security today. */
export type PurchaseCn = {
  readonly state: DeskState;
  readonly instrument: InstrumentId;
  readonly facts: InstrumentDayCn | null;
  readonly quote: Quote | null;
  readonly limitPrice: number;
  readonly quantity: number;
  readonly at: number;
};

/** Shares of a wanted purchase in whole lots of its board; 0 when that is none or nothing is known. */
export function lotsOf(state: DeskState, instrument: InstrumentId, wanted: number): number {
  const board = boardOfCn(instrument);
  const tradingDay = state.day?.tradingDay;
  if (board === null || tradingDay === undefined) return 0;
  return roundBuyQuantityCn({ board, tradingDay, type: 'limit', quantity: wanted });
}

/**
 * What the exchange's rules say against a purchase now: phase, suspension, seal, price limits, price
 * cage, lots. What is not known says no. Source: the rules tables of `core/market`.
 */
export function purchaseObjectionsCn(purchase: PurchaseCn): Reason[] {
  const { state, instrument, facts, quote, limitPrice, quantity, at } = purchase;
  const board = boardOfCn(instrument);
  const { day } = state;
  if (board === null) return [reason('instrument_unsupported', { instrument })];
  if (day === null) return [reason('session_closed')];
  const { tradingDay, session } = day;
  const objections: Reason[] = [];
  const window = canSubmitCn(session, board, at);
  if (window.kind === 'shut' || window.phase !== 'continuous')
    objections.push(reason('outside_window', { phase: window.phase }));
  const lots = judgeBuyQuantityCn({ board, tradingDay, type: 'limit', quantity });
  if (lots !== null && quantity > 0)
    objections.push(reason('quantity_not_in_lots', { found: lots }));
  if (facts === null)
    return [...objections, reason('data_not_ready', { fact: 'limits of the day' })];
  const tradable = tradabilityCn('buy', facts, quote, at);
  if (tradable.kind === 'blocked') objections.push(reason('suspended', { cause: tradable.reason }));
  if (tradable.kind === 'queues') objections.push(reason('limit_up', { cause: tradable.reason }));
  if (tradable.kind === 'unknown')
    objections.push(reason('data_not_ready', { fact: tradable.reason }));
  const limits = limitsOn(facts);
  if (limits.kind === 'limits' && !(limitPrice >= limits.down && limitPrice <= limits.up))
    objections.push(
      reason('outside_price_limits', { found: limitPrice, from: limits.down, to: limits.up }),
    );
  const sight = { quote, lastPrice: null, previousClose: facts.previousClose };
  const cage = priceCageCn(board, tradingDay, sight);
  if (cage.kind === 'cage' && limitPrice > cage.buyMost)
    objections.push(reason('outside_price_cage', { found: limitPrice, most: cage.buyMost }));
  return objections;
}

/** Commission, stamp duty and transfer fee of buying and selling at one price, in fen. */
export function roundTripFeesCn(
  state: DeskState,
  instrument: InstrumentId,
  price: number,
  quantity: number,
  commission: { readonly rate: number; readonly minimumMinor: number },
): number {
  const board = boardOfCn(instrument);
  const tradedOn = state.day?.tradingDay;
  if (board === null || tradedOn === undefined || quantity <= 0) return 0;
  const terms = { board, quantity, price, tradedOn, commission };
  return (
    computeFeesCn({ ...terms, side: 'buy' }).dueMinor +
    computeFeesCn({ ...terms, side: 'sell' }).dueMinor
  );
}
