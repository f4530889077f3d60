import { usFeeModel } from '#core/backtest/costs.ts';
import type { ExecutionModel } from '#core/backtest/desk.ts';
import {
  type RegimeDay,
  regimeDaysOf,
  scoreLabels,
  stabilityOf,
  yearsOf,
} from '#core/backtest/regime-days.ts';
import { type BacktestDay, type BacktestOutcome, runBacktest } from '#core/backtest/run.ts';
import {
  bootstrapMean,
  type DayResult,
  deflatedSharpe,
  edgeWords,
  figuresOf,
  foldsOf,
  sharpeOf,
  walkForward,
} from '#core/backtest/statistics.ts';
import type { Policy } from '#core/engine/policy.ts';
import { mean } from '#core/lib/stats.ts';
import type { VwapReclaimParams } from '#core/strategies/vwap-reclaim/params.ts';
import type { LayerResult, RegimeResult, SummaryRow, SweepRow } from './backtest-files.ts';
import type { SweepWalk } from './backtest-report.ts';
import type { ExecutionSettings } from './backtest-settings.ts';

/** Stretches of time a result is cut into. */
const FOLDS = 4;
/** Fewest trades from which a swept set may be chosen on the past. */
const CHOOSABLE = 30;

/** A parameter set as it is played. */
export type ParameterSet = { readonly policy: Policy; readonly params: VwapReclaimParams };

/** Next open, nothing lost: what the signals are worth before anybody trades them. */
const FRICTIONLESS: ExecutionModel = {
  fees: () => 0,
  halfSpreadBps: 0,
  slippageBps: 0,
  spreadAtrRatio: 0,
  slippageAtrRatio: 0,
  spread: 'model',
  limitFillRatio: 1,
  latencyMs: 0,
  entry: 'open',
  volumeCapRatio: Number.POSITIVE_INFINITY,
};

/** The execution of layer C. */
export function modelOf(execution: ExecutionSettings): ExecutionModel {
  const { commission, latencySeconds, ...rest } = execution;
  return { ...rest, fees: usFeeModel(commission), latencyMs: latencySeconds * 1000 };
}

/** Plays one layer. Layer B asks no cost of a trade, neither when filling nor when judging it. */
export function playLayer(
  layer: 'B' | 'C',
  days: readonly BacktestDay[],
  set: ParameterSet,
  execution: ExecutionSettings,
  onDay?: (done: number) => void,
): BacktestOutcome {
  const isFree = layer === 'B';
  const cost = { ...set.policy.cost, slippageBps: 0, commissionPerShareMinor: 0 };
  const free = { ...set.policy, cost: { ...cost, commissionMinimumMinor: 0 } };
  return runBacktest({
    days,
    params: set.params,
    policy: isFree ? free : set.policy,
    model: isFree ? FRICTIONLESS : modelOf(execution),
    ...(onDay === undefined ? {} : { onDay }),
  });
}

function resultsOf(outcome: BacktestOutcome): (DayResult & { readonly dayType: string })[] {
  return outcome.trades.map((trade) => ({
    day: trade.ticketId.slice(0, 10),
    resultR: trade.resultR,
    dayType: trade.dayTypeAtEntry,
  }));
}

function summaryRow(
  regime: string,
  results: readonly DayResult[],
  days: number,
  seed: number,
): SummaryRow {
  const figures = figuresOf(results.map(({ resultR }) => resultR));
  const interval = bootstrapMean(results, `${seed}/${regime}`);
  const frequency = days === 0 ? 0 : figures.trades / days;
  return { regime, figures, frequency, interval, words: edgeWords(figures.trades, interval) };
}

/** Everything that is said of a layer's trades. `trialSharpes` are those of the sets tried with it. */
export function describeLayer(
  layer: 'B' | 'C',
  outcome: BacktestOutcome,
  days: readonly BacktestDay[],
  facts: {
    readonly seed: number;
    readonly tried: number;
    readonly trialSharpes: readonly number[];
  },
): LayerResult {
  const results = resultsOf(outcome);
  const types = [...new Set(results.map(({ dayType }) => dayType))].sort();
  const rows = [
    summaryRow('all', results, days.length, facts.seed),
    ...types.map((type) =>
      summaryRow(
        type,
        results.filter(({ dayType }) => dayType === type),
        days.length,
        facts.seed,
      ),
    ),
  ];
  const dates = days.map(({ session }) => session.tradingDay);
  return {
    layer,
    outcome,
    rows,
    folds: walkForward(results, foldsOf(dates, FOLDS)),
    deflated: deflatedSharpe(
      results.map(({ resultR }) => resultR),
      facts.tried,
      facts.trialSharpes,
    ),
  };
}

type HandLabel = { readonly date: string; readonly symbol: string; readonly label: string };

/** Layer A, with the labels of a person where there are any. Labels of days that were not played are named. */
export function describeRegimes(
  days: readonly BacktestDay[],
  params: VwapReclaimParams,
  hand: readonly HandLabel[],
): { readonly result: RegimeResult; readonly unmatched: readonly string[] } {
  const rows = regimeDaysOf(days, params);
  const looks: readonly (readonly [string, (row: RegimeDay) => string])[] = [
    ['10:00', (row) => row.live1000 ?? 'unknown'],
    ['11:00', (row) => row.live1100 ?? 'unknown'],
  ];
  const known = new Map(rows.map((row) => [`${row.date} ${row.instrument}`, row]));
  const matched = hand.flatMap(({ date, symbol, label }) => {
    const row = known.get(`${date} ${symbol}.US`);
    return row === undefined ? [] : [{ row, label }];
  });
  const unmatched = hand
    .filter(({ date, symbol }) => !known.has(`${date} ${symbol}.US`))
    .map(({ date, symbol }) => `${date} ${symbol}`);
  const result: RegimeResult = {
    rows,
    stability: stabilityOf(days, params),
    years: yearsOf(rows),
    againstClose: looks.map(([at, said]) => ({
      at,
      scores: scoreLabels(rows.map((row) => ({ predicted: said(row), actual: row.close.label }))),
    })),
    againstHand:
      matched.length === 0
        ? []
        : looks.map(([at, said]) => ({
            at,
            scores: scoreLabels(
              matched.map(({ row, label }) => ({ predicted: said(row), actual: label })),
            ),
          })),
  };
  return { result, unmatched };
}

/** Outcome of a swept set, kept small: results with their days. */
export type TriedSet = {
  readonly values: Readonly<Record<string, number>>;
  readonly results: readonly DayResult[];
};

/** The tried sets as rows of a table. */
export function sweepRows(tried: readonly TriedSet[]): SweepRow[] {
  return tried.map(({ values, results }) => {
    const inR = results.map(({ resultR }) => resultR);
    return { values, trades: inR.length, averageR: mean(inR), sharpe: sharpeOf(inR) };
  });
}

/** For each stretch but the first: the set that was best before it, and what it came to in it. */
export function walkSweep(tried: readonly TriedSet[], days: readonly BacktestDay[]): SweepWalk[] {
  const folds = foldsOf(
    days.map(({ session }) => session.tradingDay),
    FOLDS,
  );
  return folds.slice(1).map(({ from, to }) => {
    let best: { readonly set: TriedSet; readonly averageR: number } | null = null;
    for (const set of tried) {
      const before = set.results.filter(({ day }) => day < from);
      const averageR = mean(before.map(({ resultR }) => resultR));
      if (averageR === null || before.length < CHOOSABLE) continue;
      if (best === null || averageR > best.averageR) best = { set, averageR };
    }
    const after = best?.set.results.filter(({ day }) => day >= from && day <= to) ?? [];
    const chosen =
      best === null
        ? `none had ${CHOOSABLE} trades`
        : Object.entries(best.set.values)
            .map(([key, value]) => `${key}=${value}`)
            .join(' ');
    return {
      from,
      to,
      chosen,
      trades: after.length,
      averageR: mean(after.map(({ resultR }) => resultR)),
    };
  });
}

/** The results of an outcome, for a swept set. */
export function triedSet(
  values: Readonly<Record<string, number>>,
  outcome: BacktestOutcome,
): TriedSet {
  return { values, results: resultsOf(outcome).map(({ day, resultR }) => ({ day, resultR })) };
}
