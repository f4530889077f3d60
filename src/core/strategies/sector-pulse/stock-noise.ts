import { atrOver } from '#core/indicators/atr.ts';
import type { Figure, Origin } from '#core/indicators/figure.ts';
import { figure, noFigure, note } from '#core/indicators/figure.ts';
import { quantile } from '#core/lib/stats.ts';
import { createBarColumns } from '#core/market/bar.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { DailyHistory } from '#core/market/whole-market.ts';
import { daysBefore } from '#core/market/whole-market.ts';
import type { EntryParams } from './params.ts';

/** Most daily bars the average true range is run over, so that it does not depend on older ones. */
const ATR_RUN_IN_DAYS = 250;

/** How much one stock moves: what its stop and its night have to stand. */
export type StockNoise = {
  /** Wilder ATR over daily bars up to the day before, yuan per share. */
  readonly atr: Figure;
  /** Overnight return that was undercut on one day in twenty (quantile 0.05); a fraction. */
  readonly overnightGap: Figure;
};

/**
 * ATR and overnight gap of stock `row` from days before `tradingDay` that have a bar. The gap is
 * the adverse quantile of open / previous close − 1 over up to `gapDays` days; fewer make it
 * degraded.
 */
export function stockNoise(
  history: DailyHistory,
  row: number,
  tradingDay: TradingDay,
  params: EntryParams,
): StockNoise {
  const days = daysBefore(history.days, tradingDay);
  const base = row * history.days.length;
  const origin: Origin = { ...history, asOf: history.fetchedAt };
  const bars = createBarColumns(days);
  const gaps: number[] = [];
  for (let day = 0; day < days; day += 1) {
    const cell = base + day;
    const { open, high, low, close, volume } = history;
    if (day > 0 && open[cell]! > 0 && close[cell - 1]! > 0) {
      gaps.push(open[cell]! / close[cell - 1]! - 1);
    }
    if (!(high[cell]! > 0 && low[cell]! > 0 && close[cell]! > 0 && volume[cell]! > 0)) continue;
    bars.high[bars.length] = high[cell]!;
    bars.low[bars.length] = low[cell]!;
    bars.close[bars.length] = close[cell]!;
    bars.length += 1;
  }
  const from = Math.max(0, bars.length - ATR_RUN_IN_DAYS);
  const atr = atrOver(bars, from, bars.length, params.noiseAtrDays);
  const used = gaps.slice(-params.gapDays);
  const gap = quantile(used, 1 - params.gapQuantile);
  const short = note('history_short', { days: used.length, needed: params.gapDays });
  const isShort = used.length < params.gapDays;
  return {
    atr:
      atr === null
        ? noFigure(
            'atr_20d',
            'cny',
            origin,
            note('history_short', { days: bars.length, needed: params.noiseAtrDays }),
          )
        : figure('atr_20d', atr, 'cny', origin),
    overnightGap:
      gap === null
        ? noFigure('overnight_gap_95', 'fraction', origin, short)
        : figure(
            'overnight_gap_95',
            gap,
            'fraction',
            { ...origin, degraded: origin.degraded || isShort },
            isShort ? short : null,
          ),
  };
}
