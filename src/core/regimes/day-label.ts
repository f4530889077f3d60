import type { BarColumns } from '#core/market/bar.ts';
import type { Session } from '#core/market/session.ts';

/**
 * The day judged after its close, for statistics only. Its fields and values are named apart from
 * the live judgement, so code that decides cannot take one for the other.
 */
export type RegimeClose = {
  readonly kind: 'close';
  readonly label: 'trend_up' | 'trend_down' | 'range' | 'mixed';
  /** (close − open) / (high − low), signed; 0 for a day without a range. */
  readonly trendContinuation: number;
  readonly dayOpen: number;
  readonly dayHigh: number;
  readonly dayLow: number;
  readonly dayClose: number;
  /** Volume of the first hour / volume of the day; null without volume. */
  readonly firstHourShare: number | null;
};

/** From which |trendContinuation| a day is a trend, and below which it is a range. */
export type DayLabelParams = { readonly trendFrom: number; readonly rangeBelow: number };

/** Values of the specification. */
export const DEFAULT_DAY_LABEL: DayLabelParams = { trendFrom: 0.6, rangeBelow: 0.3 };

/**
 * Label of a finished day from its intraday bars within `session`: |trendContinuation| ≥ 0.6 is a
 * trend by its sign, below 0.3 a range, else mixed. Null when no bar lies in the session.
 */
export function regimeCloseOf(
  bars: BarColumns,
  session: Session,
  params: DayLabelParams = DEFAULT_DAY_LABEL,
): RegimeClose | null {
  let open = Number.NaN;
  let close = Number.NaN;
  let high = Number.NEGATIVE_INFINITY;
  let low = Number.POSITIVE_INFINITY;
  let volume = 0;
  let firstHour = 0;
  for (let i = 0; i < bars.length; i += 1) {
    if (bars.openedAt[i]! < session.openAt || bars.closedAt[i]! > session.closeAt) continue;
    if (Number.isNaN(open)) open = bars.open[i]!;
    close = bars.close[i]!;
    high = Math.max(high, bars.high[i]!);
    low = Math.min(low, bars.low[i]!);
    volume += bars.volume[i]!;
    if (bars.closedAt[i]! <= session.openAt + 3_600_000) firstHour += bars.volume[i]!;
  }
  if (Number.isNaN(open)) return null;
  const trendContinuation = high > low ? (close - open) / (high - low) : 0;
  return {
    kind: 'close',
    label: labelOf(trendContinuation, params),
    trendContinuation,
    dayOpen: open,
    dayHigh: high,
    dayLow: low,
    dayClose: close,
    firstHourShare: volume > 0 ? firstHour / volume : null,
  };
}

function labelOf(continuation: number, params: DayLabelParams): RegimeClose['label'] {
  const size = Math.abs(continuation);
  if (size >= params.trendFrom) return continuation > 0 ? 'trend_up' : 'trend_down';
  return size < params.rangeBelow ? 'range' : 'mixed';
}
