import type { LabelScores } from '#core/backtest/regime-days.ts';
import type { LayerResult, RegimeResult, SweepRow } from './backtest-files.ts';
import { figure } from './backtest-files.ts';

/** What the report tells of a run beside its layers. */
export type ReportFacts = {
  readonly strategy: string;
  readonly symbols: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly days: number;
  readonly warmUpDays: number;
  readonly tried: number;
  readonly seed: number;
  readonly configHash: string;
  readonly codeHash: string;
  readonly execution: Readonly<Record<string, string | number>>;
  readonly notes: readonly string[];
  readonly lookahead: string | null;
  readonly sweep: readonly SweepRow[];
  readonly walk: readonly SweepWalk[];
};

/** One step of a walk-forward over swept sets: chosen on the past, measured on what came next. */
export type SweepWalk = {
  readonly from: string;
  readonly to: string;
  readonly chosen: string;
  readonly trades: number;
  readonly averageR: number | null;
};

/** A fraction in percent; a dash where there is none. */
export const percent = (value: number | null) =>
  value === null ? '–' : `${(value * 100).toFixed(1)} %`;
const inR = (value: number | null) => (value === null ? '–' : value.toFixed(3));

/** A table in Markdown. */
export function table(
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

function frontMatter(facts: ReportFacts): string {
  return `---
type: backtest
strategy: ${facts.strategy}
symbols: [${facts.symbols.join(', ')}]
from: ${facts.from}
to: ${facts.to}
days: ${facts.days}
tried_sets: ${facts.tried}
seed: ${facts.seed}
config: ${facts.configHash}
code: ${facts.codeHash}
tags: [backtest]
---`;
}

function scoreTables(name: string, scores: LabelScores): string {
  const classes = table(
    ['label', 'said', 'were', 'right', 'precision', 'recall'],
    scores.classes.map((row) => [
      row.label,
      row.predicted,
      row.actual,
      row.right,
      percent(row.precision),
      percent(row.recall),
    ]),
  );
  const confusion = table(
    ['was', 'said', 'days'],
    scores.confusion.map((row) => [row.actual, row.predicted, row.days]),
  );
  return `### ${name}

The two errors that cost most: a range taken for a trend ${scores.rangeTakenForTrend} times, a trend taken for a range ${scores.trendTakenForRange} times. Accuracy ${percent(scores.accuracy)} over ${scores.days} days.

${classes}

${confusion}`;
}

function regimeSection(result: RegimeResult): string {
  const years = table(
    ['year', 'judged', 'label', 'days'],
    result.years.map((row) => [row.year, row.judged, row.label, row.days]),
  );
  const stability = table(
    ['threshold', 'times', 'value', 'labels changed at 10:00', 'at 11:00'],
    result.stability.map((row) => [
      row.threshold,
      row.factor,
      Number(row.value.toPrecision(6)),
      percent(row.changed1000),
      percent(row.changed1100),
    ]),
  );
  const scores = [
    ...result.againstHand.map(({ at, scores: found }) =>
      scoreTables(`Live at ${at} against hand labels`, found),
    ),
    ...result.againstClose.map(({ at, scores: found }) =>
      scoreTables(`Live at ${at} against the close`, found),
    ),
  ];
  return `## A · Day types

${scores.join('\n\n')}

### By year

${years}

### Each threshold moved by ±10 %

${stability}`;
}

function layerSection(result: LayerResult): string {
  const { layer, outcome, rows, folds, deflated } = result;
  const summary = table(
    [
      'day type at entry',
      'trades',
      'a day',
      'win rate',
      'mean R',
      'median R',
      'worst R',
      'deepest fall R',
      'profit factor',
      '95 % interval',
      'verdict',
    ],
    rows.map((row) => [
      row.regime,
      row.figures.trades,
      row.frequency.toFixed(3),
      figure(row, row.figures.winRate),
      figure(row, row.figures.averageR),
      figure(row, row.figures.medianR),
      figure(row, row.figures.worstR),
      figure(row, row.figures.deepestFallR),
      figure(row, row.figures.profitFactor),
      row.interval === null || row.figures.missing > 0
        ? 'N/A'
        : `${row.interval.low.toFixed(3)} … ${row.interval.high.toFixed(3)}`,
      row.words,
    ]),
  );
  const walked = table(
    ['from', 'to', 'trades', 'mean R'],
    folds.map((fold) => [fold.from, fold.to, fold.trades, inR(fold.averageR)]),
  );
  const refusals = table(
    ['refused because', 'times'],
    Object.entries(outcome.refusals).sort((a, b) => b[1] - a[1]),
  );
  const luck =
    deflated === null
      ? 'Deflated Sharpe: N/A.'
      : `Sharpe a trade ${deflated.sharpe.toFixed(3)}; by luck alone the best of the tried sets would show ${deflated.luck.toFixed(3)}; probability that the true value is above that: ${percent(deflated.probability)}.`;
  return `## ${layer} · ${layer === 'B' ? 'Signals, next open, no friction' : 'Execution'}

${outcome.signals} signal bars, ${outcome.refusedBars} bars with a setup the strategy refused, ${outcome.trades.length} trades.

${summary}

${luck}

### Stretches of time, oldest first

${walked}

### Why signals became no trade

${refusals}`;
}

function sweepSection(facts: ReportFacts): string {
  if (facts.sweep.length === 0) return '';
  const best = [...facts.sweep]
    .sort((a, b) => (b.averageR ?? -Infinity) - (a.averageR ?? -Infinity))
    .slice(0, 10);
  const text = (values: Readonly<Record<string, number>>) =>
    Object.entries(values)
      .map(([key, value]) => `${key}=${value}`)
      .join(' ');
  return `
## Sweep

${facts.sweep.length} sets, all in sweep.csv. The ten best, which luck has chosen among the rest:

${table(
  ['set', 'trades', 'mean R'],
  best.map((row) => [text(row.values), row.trades, inR(row.averageR)]),
)}

Chosen on the past, measured on what came next:

${table(
  ['from', 'to', 'chosen before', 'trades', 'mean R'],
  facts.walk.map((row) => [row.from, row.to, row.chosen, row.trades, inR(row.averageR)]),
)}
`;
}

/** report.md, readable in Obsidian. */
export function reportText(
  facts: ReportFacts,
  regimes: RegimeResult | null,
  layers: readonly LayerResult[],
  pictures: readonly string[],
): string {
  const verdicts = layers.map(({ layer, rows }) => {
    const all = rows.find(({ regime }) => regime === 'all');
    const interval = all?.interval;
    const range =
      all === undefined || interval === null || interval === undefined || all.figures.missing > 0
        ? ''
        : `: mean ${inR(all.figures.averageR)} R, 95 % interval ${interval.low.toFixed(3)} … ${interval.high.toFixed(3)} R`;
    return `- Layer ${layer}: ${all?.words ?? 'N/A'}${range}`;
  });
  const execution = Object.entries(facts.execution).map(([key, value]) => `${key} ${value}`);
  const notes = [
    `${facts.days} days played, ${facts.warmUpDays} symbol days of warm-up left out`,
    `${facts.tried} parameter sets tried on these data so far`,
    `execution: ${execution.join(', ')}`,
    ...(facts.lookahead === null ? [] : [facts.lookahead]),
    ...facts.notes,
  ];
  return [
    frontMatter(facts),
    '',
    `# Backtest ${facts.strategy} ${facts.from} … ${facts.to}`,
    '',
    ...verdicts,
    '',
    ...pictures.flatMap((file) => [`![Equity and R](${file})`, '']),
    ...notes.map((line) => `- ${line}`),
    '',
    ...(regimes === null ? [] : [regimeSection(regimes), '']),
    ...layers.flatMap((layer) => [layerSection(layer), '']),
    sweepSection(facts),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}
