import type { BarColumns } from '#core/market/bar.ts';

/** Running session VWAP. Make a new one per session: it starts at the open and knows no yesterday. */
export type Vwap = {
  priceVolume: number;
  volume: number;
  /** Σ typical × volume / Σ volume; NaN until a bar with volume has been seen. */
  value: number;
};

/** Accumulator before the first bar of a session. */
export function createVwap(): Vwap {
  return { priceVolume: 0, volume: 0, value: Number.NaN };
}

/**
 * Takes bar `i` in and returns the session VWAP at its close:
 * Σ typical × volume / Σ volume with typical = (high + low + close) / 3. A bar without volume
 * changes nothing; before any volume the answer is NaN, which no comparison passes.
 */
export function stepVwap(acc: Vwap, bars: BarColumns, i: number): number {
  const volume = bars.volume[i]!;
  if (volume > 0) {
    const typical = (bars.high[i]! + bars.low[i]! + bars.close[i]!) / 3;
    acc.priceVolume += typical * volume;
    acc.volume += volume;
    acc.value = acc.priceVolume / acc.volume;
  }
  return acc.value;
}

/** How wide the band around VWAP is. `atrMultiple` 0 makes it a fixed share of VWAP. */
export type BandParams = { readonly fraction: number; readonly atrMultiple: number };

/**
 * Half width of the band in price: max(fraction × VWAP, atrMultiple × ATR(14,1m)). Before the ATR
 * is known (NaN) the share of VWAP alone.
 */
export function bandWidth(vwap: number, atr: number, params: BandParams): number {
  const fixed = vwap * params.fraction;
  const byAtr = atr * params.atrMultiple;
  if (byAtr > fixed) return byAtr;
  return fixed;
}
