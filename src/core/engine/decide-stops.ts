import { type Reason, reason } from '#core/gates/reason.ts';
import { mayFill } from '#core/machines/order.ts';
import { roundToTick, tickSizeOf } from '#core/market/price.ts';
import type { DeskAct, StopAct } from '#core/replies/act.ts';
import { freshQuote } from './decide-externals.ts';
import { requestCancel } from './decide-orders.ts';
import { moveStop } from './decide-protection.ts';
import { type Draft, emit } from './draft.ts';
import { type OperatorInput, refuse } from './refuse.ts';
import type { DeskState, Position } from './state.ts';

/** Why a stop was moved away from the market: only by a person, asked twice. */
export const WIDENED = 'widened by the operator';

type OneStopAct = Exclude<StopAct, { act: 'stops' }>;

/** What a new stop is to a position; `at_market`: at or beyond the bid, where it would be an exit. */
export type StopChange = 'tighten' | 'widen' | 'same' | 'at_market' | 'no_price' | 'leaving';

/** The position a symbol, an instrument or a ticket code names; undefined when none is held. */
export function heldAs(state: DeskState, target: string): Position | undefined {
  const wanted = target.toUpperCase();
  return Object.values(state.positions).find(
    (held) =>
      held.instrument === wanted ||
      held.instrument.startsWith(`${wanted}.`) ||
      state.tickets[held.ticketId]?.code === wanted,
  );
}

/** The stop an act asks for, on the tick: for a long rounded down, the entry price to the nearest. */
export function wantedStop(position: Position, act: StopAct): number {
  const price = namedPrice(position, act);
  const tick = tickSizeOf(position.instrument, price, position.tradingDay);
  return roundToTick(price, tick, act.act === 'breakeven' ? 'nearest' : 'down');
}

function namedPrice({ entryPrice }: Position, act: StopAct): number {
  if (act.act === 'stops') return entryPrice * (1 - act.percent / 100);
  return act.act === 'stoploss' ? act.price : entryPrice;
}

/** What it would be to have the stop there, with a bid as fresh as an act needs it; null: there is none. */
export function stopChange(position: Position, stop: number, bid: number | null): StopChange {
  if (position.exiting !== null) return 'leaving';
  if (stop === position.stop) return 'same';
  if (bid !== null && stop >= bid) return 'at_market';
  if (stop < position.stop) return 'widen';
  return bid === null ? 'no_price' : 'tighten';
}

/** Moves up every stop that may go up without a question; the rest is left as it is. */
export function onStopsAct(
  draft: Draft,
  input: OperatorInput,
  act: Extract<DeskAct, { act: 'stops' }>,
): void {
  let moved = 0;
  for (const position of Object.values(draft.state.positions)) {
    const stop = wantedStop(position, act);
    const bid = freshQuote(draft, input, position.instrument)?.bid ?? null;
    if (!(stop > 0) || stopChange(position, stop, bid) !== 'tighten') continue;
    moved += moveStop(draft, position, stop, 'operator') ? 1 : 0;
  }
  if (moved === 0) refuse(draft, input, reason('already_so', { percent: act.percent, moved }));
}

/**
 * Moves the stop of a position by a person's word: up at once, down only after a second confirmation,
 * never to where the market is (that is an exit and is asked for as one).
 */
export function onStopAct(draft: Draft, input: OperatorInput, act: OneStopAct): void {
  const position = heldAs(draft.state, act.target);
  if (position === undefined)
    return refuse(draft, input, reason('unknown_position', { found: act.target }));
  const why = objection(draft, input, position, wantedStop(position, act));
  if (why !== null) refuse(draft, input, why);
}

function objection(
  draft: Draft,
  input: OperatorInput,
  position: Position,
  stop: number,
): Reason | null {
  if (!(stop > 0)) return reason('price_out_of_range', { found: stop });
  if (position.exiting !== null)
    return reason('already_so', { exiting: position.exiting.quantity });
  const isAsked = position.waivedBy !== null || position.exDateOpen != null;
  if (stop === position.stop && !isAsked) return reason('already_so', { stop });
  const quote = freshQuote(draft, input, position.instrument);
  // lower is safe to say without a price; higher may be where the market is
  if (stop > position.stop && quote === null) return reason('quote_missing');
  if (quote !== null && stop >= quote.bid)
    return reason('stop_beyond_market', { stop, bid: quote.bid });
  if (stop > position.stop) {
    const isMoved = moveStop(draft, position, stop, 'operator');
    return isMoved ? null : reason('open_doubt', { stop });
  }
  if (!input.isConfirmed)
    return reason('second_confirmation_needed', { from: position.stop, to: stop });
  const isMoved = moveStop(draft, position, stop, WIDENED);
  return isMoved ? null : reason('open_doubt', { stop });
}

/**
 * Cancels a stop or target by a person's word, given twice: the position then stands without it. Never by
 * a symbol or `all`, and an exit that is under way is not taken back.
 */
export function cancelProtection(
  draft: Draft,
  input: OperatorInput,
  act: Extract<DeskAct, { act: 'cancel' }>,
): void {
  const wanted = act.target.toUpperCase();
  const order = Object.values(draft.state.orders).find(
    (one) => one.role !== 'entry' && one.orderId.toUpperCase() === wanted && mayFill(one),
  );
  const found = { found: act.target };
  if (order === undefined) return refuse(draft, input, reason('unknown_order', found));
  if (!act.isProtectionMeant || (order.role !== 'stop' && order.role !== 'target'))
    return refuse(draft, input, reason('protection_kept', found));
  if (!input.isConfirmed) return refuse(draft, input, reason('second_confirmation_needed', found));
  const { instrument, orderId, role: what } = order;
  emit(draft, { type: 'protection_waived', instrument, orderId, what, by: input.actor.id });
  requestCancel(draft, order, 'operator');
}
