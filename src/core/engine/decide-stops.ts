import { type Reason, reason } from '#core/gates/reason.ts';
import { roundToTick, tickSizeOf } from '#core/market/price.ts';
import type { DeskAct } from '#core/replies/act.ts';
import { freshQuote } from './decide-externals.ts';
import { raiseStop } from './decide-protection.ts';
import { type Draft, emit } from './draft.ts';
import { type OperatorInput, refuse } from './refuse.ts';
import { openQuantity, workingProtection } from './select.ts';
import type { DeskState, Position } from './state.ts';

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
  if (stop === position.stop) return reason('already_so', { stop });
  const quote = freshQuote(draft, input, position.instrument);
  // lower is safe to say without a price; higher may be where the market is
  if (stop > position.stop && quote === null) return reason('quote_missing');
  if (quote !== null && stop >= quote.bid)
    return reason('stop_beyond_market', { stop, bid: quote.bid });
  if (stop > position.stop) {
    const before = draft.events.length;
    raiseStop(draft, position, stop, 'operator');
    return draft.events.length > before ? null : reason('open_doubt', { stop });
  }
  if (!input.isConfirmed)
    return reason('second_confirmation_needed', { from: position.stop, to: stop });
  return lower(draft, position, stop);
}

function lower(draft: Draft, position: Position, stop: number): Reason | null {
  const { instrument } = position;
  if (draft.policy.execution.protection === 'watched') {
    const why = 'widened by the operator';
    emit(draft, { type: 'watched_stop_moved', instrument, from: position.stop, stop, why });
    return null;
  }
  const stops = workingProtection(draft.state, instrument).filter(
    (order) => order.role === 'stop' && openQuantity(draft.state, order) > 0,
  );
  if (stops.length === 0 || stops.some((order) => order.state === 'unknown'))
    return reason('open_doubt', { stop });
  for (const { orderId } of stops)
    emit(draft, {
      type: 'replace_requested',
      orderId,
      stopPrice: stop,
      why: 'widened by the operator',
    });
  return null;
}
