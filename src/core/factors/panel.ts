import { invariant } from '#core/lib/assert.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { TradingDay } from '#core/market/trading-day.ts';

/** Columns of a panel that factors read. */
export const FACTOR_FIELDS = ['close', 'high', 'low', 'volume', 'amount', 'floatShares'] as const;

export type FactorField = (typeof FACTOR_FIELDS)[number];

/**
 * Daily bars of many stocks, oldest day first. The cell of stock i and day d is at
 * `i * days.length + d`; NaN where there is no bar or the figure is not known. Prices on one basis,
 * volume and float in shares, amount in yuan. `indexClose` is the market's index by day.
 */
export type FactorPanel = {
  readonly days: readonly TradingDay[];
  readonly instruments: readonly InstrumentId[];
  readonly indexClose: Float64Array;
} & Readonly<Record<FactorField, Float64Array>>;

/** The days from `from` up to `until` (left out) of a panel, copied. */
export function panelDays(panel: FactorPanel, from: number, until: number): FactorPanel {
  const { days, instruments } = panel;
  const isRange = from >= 0 && from <= until && until <= days.length;
  invariant(isRange, `panel days: found ${from} to ${until}, expected within ${days.length}`);
  const width = until - from;
  const cut = (cells: Float64Array): Float64Array => {
    const kept = new Float64Array(instruments.length * width);
    for (let i = 0; i < instruments.length; i += 1) {
      const start = i * days.length;
      kept.set(cells.subarray(start + from, start + until), i * width);
    }
    return kept;
  };
  return {
    days: days.slice(from, until),
    instruments,
    indexClose: panel.indexClose.slice(from, until),
    close: cut(panel.close),
    high: cut(panel.high),
    low: cut(panel.low),
    volume: cut(panel.volume),
    amount: cut(panel.amount),
    floatShares: cut(panel.floatShares),
  };
}
