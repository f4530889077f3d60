import type { Market } from '#core/market/instrument.ts';
import { roundToTick, tickSize } from '#core/market/price.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { VwapReclaimParams } from './params.ts';

/** Where the stop goes; `isWidened` when the minimum distance moved it. */
export type StopPlacement = { price: number; isWidened: boolean; distance: number };

/**
 * Writes the stop of a setup into `out`. For a long (`sign` 1): pullback low − max(1 tick,
 * stopAtrMultiple × ATR(14,1m)), rounded down to a tick; nearer to the reference price than
 * stopMinFraction it becomes reference × (1 − stopMinFraction), rounded down. Shorts mirrored, up.
 * `distance` is |reference − stop|. Before the ATR is known (NaN) the tick alone counts; such a setup is
 * refused for the missing ATR.
 */
export function placeStop(
  out: StopPlacement,
  sign: number,
  reference: number,
  pullbackExtreme: number,
  atr: number,
  market: Market,
  day: TradingDay,
  params: VwapReclaimParams,
): void {
  const tick = tickSize(reference, market, day);
  const outward = sign > 0 ? 'down' : 'up';
  const byAtr = Number.isNaN(atr) ? 0 : params.stopAtrMultiple * atr;
  const room = Math.max(tick, byAtr);
  out.price = roundToTick(pullbackExtreme - sign * room, tick, outward);
  out.isWidened = (reference - out.price) * sign < reference * params.stopMinFraction;
  if (out.isWidened) {
    out.price = roundToTick(reference * (1 - sign * params.stopMinFraction), tick, outward);
  }
  out.distance = (reference - out.price) * sign;
}
