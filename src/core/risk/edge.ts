import { ENOUGH_TRADES } from '#core/backtest/statistics.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { DayType } from '#core/strategies/strategy.ts';

/** Mean result of a trade in R after costs with its 95 % interval; of one day type at entry, or of all. */
export type EdgeRow = {
  readonly dayType: DayType | 'all';
  readonly trades: number;
  readonly meanR: number;
  readonly lowR: number;
  readonly highR: number;
};

/** How often a day type told live was right by the close. */
export type LabelPrecision = {
  /** Minutes after the open at which it was told. */
  readonly minute: number;
  readonly dayType: DayType;
  readonly said: number;
  readonly right: number;
};

/** What a backtest measured of a desk's strategy under the desk's own settings, layers A and C. */
export type MeasuredEdge = {
  /** Hash of the content: an override counts for one measurement. */
  readonly id: string;
  readonly from: TradingDay;
  readonly to: TradingDay;
  readonly rows: readonly EdgeRow[];
  readonly precision: readonly LabelPrecision[];
};

/**
 * What was measured for a day type: its own row, or that of all days while its own has fewer than
 * `ENOUGH_TRADES` trades (then `dayType` is `all`). Null where neither has enough: nothing is known.
 */
export function edgeFor(edge: MeasuredEdge | null | undefined, dayType: DayType): EdgeRow | null {
  const rows = edge?.rows.filter(({ trades }) => trades >= ENOUGH_TRADES) ?? [];
  return (
    rows.find((row) => row.dayType === dayType) ?? rows.find((row) => row.dayType === 'all') ?? null
  );
}

/** True where the upper end of the interval is not above zero: an edge is then ruled out at 95 %. */
export function isEdgeRuledOut(row: EdgeRow | null): boolean {
  return row !== null && row.highR <= 0;
}

/** Rows on which tickets are advice only, as measured. */
export function ruledOutRows(edge: MeasuredEdge | null | undefined): EdgeRow[] {
  return edge?.rows.filter((row) => row.trades >= ENOUGH_TRADES && isEdgeRuledOut(row)) ?? [];
}

/** How often this label was right when told at the last measured minute up to now; null before the first. */
export function precisionAt(
  edge: MeasuredEdge | null | undefined,
  dayType: DayType,
  minute: number,
): LabelPrecision | null {
  let found: LabelPrecision | null = null;
  for (const row of edge?.precision ?? []) {
    if (row.dayType !== dayType || row.said === 0 || row.minute > minute) continue;
    if (found === null || row.minute > found.minute) found = row;
  }
  return found;
}
