import type { BacktestTrade } from '#core/backtest/desk.ts';
import type { LabelScores, RegimeDay, Stability, yearsOf } from '#core/backtest/regime-days.ts';
import type { BacktestOutcome } from '#core/backtest/run.ts';
import type { deflatedSharpe, Fold, Interval, TradeFigures } from '#core/backtest/statistics.ts';
import type { CurvesPicture } from '#core/pictures/picture.ts';

/** Figures of the trades of one day type, or of all. */
export type SummaryRow = {
  readonly regime: string;
  readonly figures: TradeFigures;
  /** Trades a day played. */
  readonly frequency: number;
  readonly interval: Interval | null;
  readonly words: string;
};

/** One layer with everything that is said of it. */
export type LayerResult = {
  readonly layer: 'B' | 'C';
  readonly outcome: BacktestOutcome;
  readonly rows: readonly SummaryRow[];
  readonly folds: readonly Fold[];
  readonly deflated: ReturnType<typeof deflatedSharpe>;
};

/** Layer A with everything that is said of it. */
export type RegimeResult = {
  readonly rows: readonly RegimeDay[];
  readonly stability: readonly Stability[];
  readonly years: ReturnType<typeof yearsOf>;
  readonly againstClose: readonly { readonly at: string; readonly scores: LabelScores }[];
  readonly againstHand: readonly { readonly at: string; readonly scores: LabelScores }[];
};

/** What was tried with other values. */
export type SweepRow = {
  readonly values: Readonly<Record<string, number>>;
  readonly trades: number;
  readonly averageR: number | null;
  readonly sharpe: number | null;
};

/** A number with so many decimals; nothing where there is none. */
export const fixed = (value: number | null | undefined, digits: number): string =>
  value === null || value === undefined || !Number.isFinite(value) ? '' : value.toFixed(digits);

/** Rows as CSV. */
export function csv(rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number) => {
    const text = String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${rows.map((row) => row.map(cell).join(',')).join('\n')}\n`;
}

const symbolOf = (instrument: string) => instrument.slice(0, instrument.lastIndexOf('.'));

/** An instant as New York shows it, with its offset. */
function wall(at: number, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at)
    .toZonedDateTimeISO(zone)
    .toString({ smallestUnit: 'second', timeZoneName: 'never' });
}

/** regime_daily.csv: evidence as known at 11:00, both live labels, and the close's. */
export function regimeCsv(rows: readonly RegimeDay[]): string {
  const header =
    'date,symbol,regime_live_1000,regime_live_1100,regime_close,vwap_cross_count,pct_time_above_vwap,or_width,or_width_atr,range_atr,early_volume_ratio,first_hour_share,or_breaks,trend_continuation';
  return csv([
    header.split(','),
    ...rows.map(({ date, instrument, live1000, live1100, close, evidence }) => [
      date,
      symbolOf(instrument),
      live1000 ?? '',
      live1100 ?? '',
      close.label,
      evidence?.vwapCrossCount ?? '',
      fixed(evidence?.pctTimeAboveVwap, 4),
      fixed(evidence?.orWidth, 4),
      fixed(evidence?.orWidthAtr, 4),
      fixed(evidence?.rangeAtr, 4),
      fixed(evidence?.earlyVolumeRatio, 4),
      fixed(close.firstHourShare, 4),
      evidence === null ? '' : evidence.orBreaksUp + evidence.orBreaksDown,
      fixed(close.trendContinuation, 4),
    ]),
  ]);
}

function tradeRow(layer: string, trade: BacktestTrade, zone: string): (string | number)[] {
  return [
    trade.ticketId.slice(0, 10),
    symbolOf(trade.instrument),
    trade.dayTypeAtEntry,
    wall(trade.openedAt, zone),
    fixed(trade.entryPrice, 4),
    fixed(trade.stop, 4),
    trade.quantity,
    wall(trade.closedAt, zone),
    fixed(trade.exitPrice, 4),
    trade.exitReason,
    fixed(trade.grossR, 4),
    fixed(trade.resultR, 4),
    fixed((trade.feesMinor + trade.frictionMinor) / 100, 2),
    trade.notes.join(' '),
    layer,
  ];
}

/** trades.csv: a whole record a trade, of every layer that trades. */
export function tradesCsv(layers: readonly LayerResult[], zone: string): string {
  const header =
    'date,symbol,regime_at_entry,entry_time,entry_price,stop,qty,exit_time,exit_price,exit_reason,R_gross,R_net,costs,notes,layer';
  const rows = layers.flatMap(({ layer, outcome }) =>
    outcome.trades.map((trade) => tradeRow(layer, trade, zone)),
  );
  return csv([header.split(','), ...rows]);
}

/** A figure, or N/A while there are too few trades for it to mean something. */
export function figure(row: SummaryRow, value: number | null, digits = 3): string {
  return row.figures.missing > 0 || value === null ? 'N/A' : value.toFixed(digits);
}

/** summary_by_regime.csv: day types at entry, and all of them together. */
export function summaryCsv(layers: readonly LayerResult[]): string {
  const header =
    'regime,n_trades,frequency,win_rate,avg_R,median_R,max_loss_R,max_dd_R,expectancy,profit_factor,ci_low,ci_high,trades_needed,verdict,layer';
  const rows = layers.flatMap(({ layer, rows: summary }) =>
    summary.map((row) => {
      const { figures } = row;
      return [
        row.regime,
        figures.trades,
        row.frequency.toFixed(4),
        figure(row, figures.winRate),
        figure(row, figures.averageR),
        figure(row, figures.medianR),
        figure(row, figures.worstR),
        figure(row, figures.deepestFallR),
        figure(row, figures.expectancyR),
        figure(row, figures.profitFactor),
        figure(row, row.interval?.low ?? null),
        figure(row, row.interval?.high ?? null),
        figures.missing,
        row.words,
        layer,
      ];
    }),
  );
  return csv([header.split(','), ...rows]);
}

/** equity.csv: cash at the end of each day with a decision. */
export function equityCsv(layers: readonly LayerResult[]): string {
  const rows = layers.flatMap(({ layer, outcome }) =>
    outcome.equity.map(({ day, cashMinor }) => [day, (cashMinor / 100).toFixed(2), layer]),
  );
  return csv([['date', 'equity', 'layer'], ...rows]);
}

/** sweep.csv: every set that was tried. */
export function sweepCsv(rows: readonly SweepRow[]): string {
  const keys = Object.keys(rows[0]?.values ?? {});
  return csv([
    [...keys, 'n_trades', 'avg_R', 'sharpe'],
    ...rows.map(({ values, trades, averageR, sharpe }) => [
      ...keys.map((key) => values[key] ?? ''),
      trades,
      fixed(averageR, 4),
      fixed(sharpe, 4),
    ]),
  ]);
}

/** The curves of a layer as a picture shows them. */
export function curvesOfLayer({ layer, outcome }: LayerResult, strategy: string): CurvesPicture {
  return {
    kind: 'curves',
    subject: `${strategy} · ${layer}`,
    currency: 'USD',
    equity: outcome.equity.map(({ day, cashMinor }) => ({
      tradingDay: day,
      valueMinor: cashMinor,
    })),
    trades: outcome.trades.map(({ ticketId, resultR }) => {
      return { tradingDay: ticketId.slice(0, 10), resultR };
    }),
  };
}
