import { type Reason, reason } from '#core/gates/reason.ts';
import { mayFill } from '#core/machines/order.ts';
import { roundToTick, tickSizeOf } from '#core/market/price.ts';
import type { DeskAct } from '#core/replies/act.ts';
import { freshQuote } from './decide-externals.ts';
import { requestCancel } from './decide-orders.ts';
import { moveStop } from './decide-protection.ts';
import { type Draft, emit } from './draft.ts';
import { type OperatorInput, refuse } from './refuse.ts';
import type { DeskState, Position } from './state.ts';

/** Why a stop was moved away from the market: only by a person, asked twice. */
export const WIDENED = 'widened by the operator';

type StopAct = Extract<DeskAct, { act: 'stoploss' | 'breakeven' }>;

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
  const price = act.act === 'stoploss' ? act.price : position.entryPrice;
  const tick = tickSizeOf(position.instrument, price, position.tradingDay);
  return roundToTick(price, tick, act.act === 'stoploss' ? 'down' : 'nearest');
}

/**
 * Moves the stop of a position by a person's word: up at once, down only after a second confirmation,
 * never to where the market is (that is an exit and is asked for as one).
 */
export function onStopAct(draft: Draft, input: OperatorInput, act: StopAct): void {
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
