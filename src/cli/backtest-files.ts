import type { BacktestTrade } from '#core/backtest/desk.ts';
import type { LabelScores, RegimeDay, Stability, yearsOf } from '#core/backtest/regime-days.ts';
import type { BacktestOutcome } from '#core/backtest/run.ts';
import type { deflatedSharpe, Fold, Interval, TradeFigures } from '#core/backtest/statistics.ts';

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

const fixed = (value: number | null | undefined, digits: number): string =>
  value === null || value === undefined || !Number.isFinite(value) ? '' : value.toFixed(digits);

function csv(rows: readonly (readonly (string | number)[])[]): string {
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

/** Running sum of results in R as a drawing that any reader shows; one line a layer. */
export function equitySvg(layers: readonly LayerResult[]): string {
  const [width, height, edge] = [720, 260, 36];
  const lines = layers.map(({ layer, outcome }) => {
    let sum = 0;
    return { layer, points: [0, ...outcome.trades.map(({ resultR }) => (sum += resultR))] };
  });
  const all = lines.flatMap(({ points }) => points);
  const low = Math.min(0, ...all);
  const high = Math.max(1e-9, ...all);
  const longest = Math.max(2, ...lines.map(({ points }) => points.length));
  const x = (n: number) => edge + (n / (longest - 1)) * (width - 2 * edge);
  const y = (value: number) => edge + ((high - value) / (high - low)) * (height - 2 * edge);
  const colors = ['#1f77b4', '#d62728'];
  const drawn = lines.map(({ layer, points }, n) => {
    const path = points.map((value, k) => `${x(k).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    const color = colors[n] ?? '#333333';
    return `<polyline fill="none" stroke="${color}" stroke-width="1.5" points="${path}"/>
<text x="${width - edge}" y="${16 + n * 14}" text-anchor="end" fill="${color}">layer ${layer}: ${(points.at(-1) ?? 0).toFixed(1)} R</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<rect width="${width}" height="${height}" fill="#ffffff"/>
<line x1="${edge}" y1="${y(0).toFixed(1)}" x2="${width - edge}" y2="${y(0).toFixed(1)}" stroke="#999999"/>
<text x="4" y="${y(high).toFixed(1)}">${high.toFixed(1)}</text><text x="4" y="${y(low).toFixed(1)}">${low.toFixed(1)}</text>
${drawn.join('\n')}
</svg>
`;
}
