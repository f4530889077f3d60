import type { DailyFigures } from '#core/backtest/daily/results.ts';
import type { Picture } from '#core/pictures/picture.ts';
import type { DailyResult } from './backtest-daily-figures.ts';
import { csv, fixed } from './backtest-files.ts';
import { percent, table } from './backtest-report.ts';
import { writeFiles } from './backtest-write.ts';
import type { Output } from './output.ts';

/** What draws pictures as PNG; null where one could not be drawn. */
type Drawing = {
  readonly draw: (
    pictures: readonly Picture[],
    onTrouble: (cause: string) => void,
  ) => Promise<(Uint8Array | null)[]>;
};

const yuan = (minor: number) => (minor / 100).toFixed(2);
const round = (minor: number) => Math.round(minor / 100).toLocaleString('en-US');
const YEAR_DAYS = 244;

const symbolAt = ({ market }: DailyResult, row: number) => market.panel.instruments[row]!;
const symbolOf = (result: DailyResult, row: number) => symbolAt(result, row).slice(0, 6);

/** trades.csv: a row a share from its first purchase to its last sale; what is still held has no exit. */
function tradesCsv(result: DailyResult): string {
  const header =
    'date,symbol,exit_date,days,qty,entry_price,exit_price,dividends,fees,slippage,result,result_pct,open';
  const rows = result.trades.map((trade) => [
    trade.openedOn,
    symbolAt(result, trade.row),
    trade.closedOn ?? '',
    trade.days,
    trade.bought,
    fixed(trade.averageEntry, 4),
    fixed(trade.averageExit, 4),
    yuan(trade.dividendsMinor),
    yuan(trade.feesMinor),
    yuan(trade.slippageMinor),
    yuan(trade.resultMinor),
    fixed(trade.resultRatio * 100, 3),
    trade.closedOn === null ? 'true' : 'false',
  ]);
  return csv([header.split(','), ...rows]);
}

/** orders.csv: every order, filled, cut or not, in the order of the days. */
function ordersCsv(result: DailyResult): string {
  const { outcome, market } = result;
  const dayOf = (day: number) => market.panel.days[day]!;
  const fills = outcome.fills.map((fill) => ({
    day: fill.day,
    cells: [
      ...[dayOf(fill.day), symbolAt(result, fill.row), fill.side, 'filled', '', fill.quantity],
      ...[fixed(fill.price, 3), fixed(fill.auctionPrice, 3), yuan(fill.commissionMinor)],
      ...[yuan(fill.stampMinor), yuan(fill.transferMinor)],
    ],
  }));
  const others = outcome.unfilled.map((one) => ({
    day: one.day,
    cells: [
      ...[dayOf(one.day), symbolAt(result, one.row), one.side, 'not_filled', one.reason],
      ...[one.quantity, '', '', '', '', ''],
    ],
  }));
  const rows = [...fills, ...others].sort((a, b) => a.day - b.day).map(({ cells }) => cells);
  const header =
    'date,symbol,side,outcome,reason,qty,price,auction_price,commission,stamp_tax,transfer_fee';
  return csv([header.split(','), ...rows]);
}

/** The benchmark as money, worth the account's cash at the first close; null: none. */
function benchmarkMinor({ benchmark, outcome, summary }: DailyResult): Float64Array | null {
  if (benchmark === null) return null;
  const { firstDay, days } = outcome;
  const start = benchmark[firstDay]!;
  return Float64Array.from(days, (_, at) =>
    Math.round((summary.cashMinor * benchmark[firstDay + at]!) / start),
  );
}

/** equity.csv: cash and worth at each close, with the benchmark where there is one. */
function equityCsv(result: DailyResult): string {
  const { outcome } = result;
  const other = benchmarkMinor(result);
  const rows = outcome.days.map((day, at) => {
    const index = other?.[at] ?? Number.NaN;
    return [
      ...[day, yuan(outcome.equityMinor[at]!), yuan(outcome.cashMinor[at]!)],
      ...[outcome.positions[at]!, Number.isFinite(index) ? yuan(index) : ''],
    ];
  });
  return csv([['date', 'equity', 'cash', 'positions', 'benchmark'], ...rows]);
}

/** Equity, benchmark and falls as a picture shows them. */
function pictureOf(result: DailyResult): Picture {
  const { outcome, summary } = result;
  const points = (values: Float64Array) =>
    outcome.days.flatMap((tradingDay, at) => {
      const valueMinor = values[at]!;
      return Number.isFinite(valueMinor) ? [{ tradingDay, valueMinor }] : [];
    });
  const other = benchmarkMinor(result);
  return {
    ...{ kind: 'curves', subject: summary.strategy, currency: 'CNY', trades: [] },
    equity: points(outcome.equityMinor),
    hasFalls: true,
    ...(other === null ? {} : { benchmark: points(other) }),
  };
}

function figuresTable(figures: readonly DailyFigures[]): string {
  const header = [
    ...['', 'days', 'return', 'benchmark', 'deepest fall', 'turnover', 'fees', 'slippage'],
    ...['cost drag', 'dividends', 'fills', 'invested'],
  ];
  return table(
    header,
    figures.map((one) => [
      ...[one.name, one.days, percent(one.returnRatio), percent(one.benchmarkRatio)],
      ...[percent(one.fall.ratio), `${one.turnover.toFixed(2)} ×`, round(one.feesMinor)],
      ...[round(one.slippageMinor), percent(one.costRatio), round(one.dividendsMinor)],
      ...[one.fills, percent(one.invested)],
    ]),
  );
}

function frontMatter({ summary }: DailyResult): string {
  return `---
type: backtest
strategy: ${summary.strategy}
from: ${summary.from}
to: ${summary.to}
days: ${summary.days}
stocks: ${summary.stocks}
tried_sets: ${summary.tried}
seed: ${summary.seed}
config: ${summary.configHash}
code: ${summary.codeHash}
tags: [backtest]
---`;
}

function headLines({ summary }: DailyResult): string[] {
  const { all, trades, interval, words, sharpe } = summary;
  const span = all.fall.from === null ? '' : ` (${all.fall.from} … ${all.fall.to})`;
  const perYear = YEAR_DAYS / summary.days;
  const range =
    interval === null || trades.missing > 0
      ? ''
      : `: mean ${percent(trades.averageR)} a trade, 95 % interval ${percent(interval.low)} … ${percent(interval.high)}`;
  return [
    `- ${words}${range}`,
    `- return ${percent(all.returnRatio)}${all.benchmarkRatio === null ? '' : `, benchmark ${percent(all.benchmarkRatio)}`}; ${round(summary.cashMinor)} yuan became ${round(summary.endMinor)}`,
    `- deepest fall ${percent(all.fall.ratio)}${span}; Sharpe ratio ${sharpe === null ? 'N/A' : sharpe.toFixed(2)} a year`,
    `- turnover ${(all.turnover * perYear).toFixed(1)} × the equity a year; fees and slippage cost ${percent(all.costRatio * perYear)} of it a year`,
  ];
}

function tradeSection({ summary, trades }: DailyResult): string {
  const { trades: figures, folds } = summary;
  const shown = (value: number | null) =>
    figures.missing > 0 || value === null ? 'N/A' : percent(value);
  const days = trades.map((trade) => trade.days);
  const meanDays = days.length === 0 ? 0 : days.reduce((a, b) => a + b, 0) / days.length;
  const rows = [
    ['finished trades', figures.trades],
    ['still open', summary.open],
    ['won', shown(figures.winRate)],
    ['mean result', shown(figures.averageR)],
    ['median result', shown(figures.medianR)],
    ['worst result', shown(figures.worstR)],
    ['profit factor', figures.missing > 0 ? 'N/A' : (figures.profitFactor?.toFixed(2) ?? '–')],
    ['trading days held', meanDays.toFixed(1)],
  ];
  return `## Trades

Results are after fees and slippage, of what was paid for the shares; trades that are still open count in the money alone.

${table(['figure', 'value'], rows)}

### Stretches of time, oldest first

${table(
  ['from', 'to', 'trades ended', 'mean result'],
  folds.map((fold) => [fold.from, fold.to, fold.trades, percent(fold.averageR)]),
)}`;
}

function orderSection({ summary, outcome }: DailyResult): string {
  const { fees, unfilled, exDates } = summary;
  const reasons = Object.entries(unfilled).sort((a, b) => b[1] - a[1]);
  return `## Orders

${outcome.fills.length} fills. Commission ${round(fees.commissionMinor)}, stamp tax ${round(fees.stampMinor)}, transfer fee ${round(fees.transferMinor)} yuan.

${reasons.length === 0 ? 'Every order was filled whole.' : table(['not filled, or cut, because', 'orders'], reasons)}

${Object.keys(exDates).length === 0 ? 'Nothing that was held went ex.' : table(['ex-dates of holdings', 'times'], Object.entries(exDates))}`;
}

function sweepSection({ summary }: DailyResult): string {
  const { sweep, deflated, tried } = summary;
  const luck =
    deflated === null
      ? 'Deflated Sharpe: N/A.'
      : `Sharpe a day ${deflated.sharpe.toFixed(4)}; by luck alone the best of ${tried} tried sets would show ${deflated.luck.toFixed(4)}; probability that the true value is above that: ${percent(deflated.probability)}.`;
  if (sweep.length === 0) return `## Luck\n\n${luck}`;
  const best = [...sweep].sort((a, b) => (b.sharpe ?? -9) - (a.sharpe ?? -9)).slice(0, 10);
  const text = (values: Readonly<Record<string, number>>) =>
    Object.entries(values)
      .map(([key, value]) => `${key}=${value}`)
      .join(' ');
  return `## Luck

${luck}

## Sweep

${sweep.length} sets, all in sweep.csv. The ten best, which luck has chosen among the rest:

${table(
  ['set', 'trades', 'return', 'deepest fall', 'Sharpe a day'],
  best.map((row) => [
    ...[text(row.values), row.trades, percent(row.returnRatio), percent(row.fallRatio)],
    fixed(row.sharpe, 4),
  ]),
)}`;
}

function sweepCsv({ summary }: DailyResult): string | null {
  const { sweep } = summary;
  const keys = Object.keys(sweep[0]?.values ?? {});
  if (sweep.length === 0) return null;
  return csv([
    [...keys, 'n_trades', 'return', 'deepest_fall', 'sharpe'],
    ...sweep.map((row) => [
      ...keys.map((key) => row.values[key] ?? ''),
      ...[row.trades, fixed(row.returnRatio, 6), fixed(row.fallRatio, 6), fixed(row.sharpe, 4)],
    ]),
  ]);
}

function settingLines({ settings }: DailyResult): string[] {
  return Object.entries(settings as Record<string, Record<string, unknown>>).map(
    ([name, section]) =>
      `- ${name}: ${Object.entries(section)
        .map(([key, value]) => {
          // null: as many as the strategy holds
          const text = value === null ? 'as parameters.top' : String(value);
          return `${key} ${Array.isArray(value) ? value.join(' ') : text}`;
        })
        .join(', ')}`,
  );
}

function heldSection(result: DailyResult): string {
  const { outcome } = result;
  if (outcome.held.length === 0) return 'Nothing is held at the end.';
  const rows = outcome.held.map(({ row, quantity, worth }) => [
    ...[symbolOf(result, row), quantity, worth.toFixed(2), round(worth * quantity * 100)],
  ]);
  return table(['held at the end', 'shares', 'worth of one', 'yuan'], rows);
}

/** report.md, readable in Obsidian. */
function reportText(result: DailyResult, pictures: readonly string[]): string {
  const { summary } = result;
  return [
    frontMatter(result),
    '',
    `# Backtest ${summary.strategy} ${summary.from} … ${summary.to}`,
    '',
    ...headLines(result),
    '',
    ...pictures.flatMap((file) => [`![Equity and falls](${file})`, '']),
    `- ${summary.days} days played over ${summary.stocks} shares`,
    `- ${summary.tried} parameter sets tried on these data so far`,
    ...(summary.lookahead === null ? [] : [`- ${summary.lookahead}`]),
    ...summary.notes.map((note) => `- ${note}`),
    '',
    '## By year',
    '',
    figuresTable([...summary.years, summary.all]),
    '',
    tradeSection(result),
    '',
    orderSection(result),
    '',
    heldSection(result),
    '',
    sweepSection(result),
    '',
    '## Settings',
    '',
    ...settingLines(result),
    '',
  ].join('\n');
}

/** Writes everything into a folder; answers the names of the files. */
export async function writeDaily(
  out: string,
  result: DailyResult,
  drawing: Drawing,
  output: Output,
): Promise<string[]> {
  const [png = null] = await drawing.draw([pictureOf(result)], (cause) =>
    output.aside(`curves not drawn: ${cause}`),
  );
  const pictures = png === null ? {} : { 'curves.png': png };
  const { sets, summary } = result;
  const run = { ...summary, tried: { count: sets.length, sets } };
  return writeFiles(out, {
    'trades.csv': tradesCsv(result),
    'orders.csv': ordersCsv(result),
    'equity.csv': equityCsv(result),
    'sweep.csv': sweepCsv(result),
    ...pictures,
    'report.md': reportText(result, Object.keys(pictures)),
    'run.json': `${JSON.stringify(run, null, 2)}\n`,
  });
}

/** Notes told on the terminal; the report has all of them. */
const MOST_TOLD = 12;

/** The answer for a person. */
export function tellDaily(result: DailyResult, output: Output): void {
  const { summary } = result;
  const { strategy, from, to, days, stocks, notes } = summary;
  output.line(`${strategy} ${from} … ${to}: ${days} days, ${stocks} shares`);
  for (const note of notes.slice(0, MOST_TOLD)) output.line(`  ${note}`);
  if (notes.length > MOST_TOLD)
    output.line(`  ${notes.length - MOST_TOLD} more notes in report.md`);
  for (const line of headLines(result)) output.line(`  ${line.slice(2)}`);
  const reasons = Object.entries(summary.unfilled).sort((a, b) => b[1] - a[1]);
  const told = reasons.map(([reason, count]) => `${reason.replaceAll('_', ' ')} ${count}`);
  if (told.length > 0) output.line(`  not filled, or cut: ${told.join(', ')}`);
  output.line(`  parameter sets tried on these data: ${summary.tried}`);
  if (summary.lookahead !== null) output.line(`  ${summary.lookahead}`);
}
