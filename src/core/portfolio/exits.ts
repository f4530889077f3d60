import { roundToTick } from '#core/market/price.ts';

/** What a trail follows from; prices per share. */
export type TrailFacts = {
  readonly entryPrice: number;
  /** Lowest low of the last closed bars (5 by default). */
  readonly lowestLow: number;
  readonly vwap: number;
  readonly band: number;
  readonly tick: number;
};

/**
 * Returns where the stop of a long belongs once the first target is done:
 * max(entry, lowest low of the last bars − 1 tick, VWAP − band), rounded down to the tick. It is the
 * caller's task never to lower a stop. NaN inputs (no VWAP yet) fall back to the entry.
 *
 * Source: intraday.md "Entry", exits.
 */
export function trailLong(facts: TrailFacts): number {
  const candidates = [
    facts.entryPrice,
    facts.lowestLow - facts.tick,
    facts.vwap - facts.band,
  ].filter((price) => Number.isFinite(price));
  return roundToTick(Math.max(...candidates), facts.tick, 'down');
}
