import type { LoadedMarket } from '#compose-daily';
import type { DailyMarketCn } from '#core/backtest/daily/market.ts';
import {
  type DailyFigures,
  type DailyTrade,
  dailyReturns,
  figuresOfDays,
  tradesOf,
  yearsOfDays,
} from '#core/backtest/daily/results.ts';
import type { DailyOutcome } from '#core/backtest/daily/run.ts';
import {
  bootstrapMean,
  deflatedSharpe,
  edgeWords,
  type Fold,
  foldsOf,
  type Interval,
  sharpeOf,
  type TradeFigures,
  figuresOf as tradeFiguresOf,
  walkForward,
} from '#core/backtest/statistics.ts';
import type { DailyArguments } from './backtest-daily-arguments.ts';

/** Trading days of a year, for a ratio of daily returns. */
const YEAR_DAYS = 244;
const FOLDS = 4;

/** A set of a sweep with what came of it. */
export type TriedDaily = {
  readonly values: Readonly<Record<string, number>>;
  readonly hash: string;
  readonly outcome: DailyOutcome;
};

export type TriedRow = {
  readonly values: Readonly<Record<string, number>>;
  readonly trades: number;
  readonly returnRatio: number;
  readonly fallRatio: number;
  readonly sharpe: number | null;
};

export type DailyGiven = {
  readonly given: DailyArguments;
  readonly settings: unknown;
  readonly loaded: LoadedMarket;
  readonly market: DailyMarketCn;
  readonly outcome: DailyOutcome;
  readonly tried: readonly TriedDaily[];
  readonly sets: readonly string[];
  readonly configHash: string;
  readonly codeHash: string;
  readonly lookahead: string | null;
};

/** Everything that is said of a run. */
export type DailyResult = DailyGiven & {
  readonly trades: readonly DailyTrade[];
  readonly benchmark: Float64Array | null;
  readonly summary: {
    readonly strategy: string;
    readonly from: string;
    readonly to: string;
    readonly days: number;
    readonly stocks: number;
    readonly cashMinor: number;
    readonly endMinor: number;
    readonly all: DailyFigures;
    readonly years: readonly DailyFigures[];
    /** Sharpe ratio of a year, from daily returns without a riskless rate. */
    readonly sharpe: number | null;
    readonly deflated: ReturnType<typeof deflatedSharpe>;
    /** Figures over finished trades; results are fractions of what was paid. */
    readonly trades: TradeFigures;
    readonly open: number;
    readonly interval: Interval | null;
    readonly words: string;
    readonly folds: readonly Fold[];
    readonly unfilled: Readonly<Record<string, number>>;
    readonly exDates: Readonly<Record<string, number>>;
    readonly fees: { readonly commissionMinor: number; stampMinor: number; transferMinor: number };
    readonly sweep: readonly TriedRow[];
    readonly tried: number;
    readonly seed: number;
    readonly settings: unknown;
    readonly configHash: string;
    readonly codeHash: string;
    readonly data: LoadedMarket['data'];
    readonly lookahead: string | null;
    readonly notes: readonly string[];
  };
};

function counted<T extends string>(names: readonly T[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

const whole = (outcome: DailyOutcome) => [0, outcome.days.length] as const;

function triedRow({ values, outcome }: TriedDaily, cashMinor: number): TriedRow {
  const all = figuresOfDays(outcome, 'all', whole(outcome), cashMinor, null);
  const trades = tradesOf(outcome).filter(({ closedOn }) => closedOn !== null).length;
  const { returnRatio, fall } = all;
  const sharpe = sharpeOf(dailyReturns(outcome));
  return { values, trades, returnRatio, fallRatio: fall.ratio, sharpe };
}

/** Notes on what the run itself did that a reader should know. */
function runNotes({ market, outcome, loaded }: DailyGiven, open: number): string[] {
  const exDates = counted(outcome.exDates.map(({ kind }) => kind));
  const stranded = outcome.held.filter(
    ({ row }) => market.lastBar[row * market.days + market.days - 1]! < market.days - 20,
  ).length;
  const isRaw = loaded.facts.panel.basis === 'raw';
  return [
    ...(isRaw
      ? []
      : [
          'prices are adjusted: limits, lots and fees are reckoned from them and are not those of the day; results are no evidence of what could be traded',
        ]),
    ...(loaded.index === null
      ? [
          'no index given: beta60 and idio60 are against the mean return of all stocks, and there is no benchmark',
        ]
      : []),
    ...(exDates['inferred'] === undefined
      ? []
      : [
          `${exDates['inferred']} falls of a previous close that no known terms explain were booked as cash`,
        ]),
    ...(exDates['unexplained'] === undefined
      ? []
      : [
          `${exDates['unexplained']} previous closes of holdings that nothing explains: nothing was booked`,
        ]),
    ...(open === 0 ? [] : [`${open} trades still open at the end, valued at the last close`]),
    ...(stranded === 0
      ? []
      : [`${stranded} of them have no bar on the last 20 days, and may be worth nothing`]),
  ];
}

/** Figures of a run and of what was tried beside it. */
export function describeDaily(run: DailyGiven): DailyResult {
  const { given, outcome, loaded, tried, sets, market } = run;
  const cashMinor = outcome.cashMinor[0]!;
  const benchmark = loaded.index;
  const trades = tradesOf(outcome);
  const closed = trades.filter(({ closedOn }) => closedOn !== null);
  // days are drawn whole: trades that ended together hang together
  const results = closed.map(({ closedOn, resultRatio }) => {
    return { day: closedOn ?? '', resultR: resultRatio };
  });
  const interval = bootstrapMean(results, given.seed);
  const returns = dailyReturns(outcome);
  const sharpe = sharpeOf(returns);
  const rows = tried.map((one) => triedRow(one, cashMinor));
  const sum = (name: 'commissionMinor' | 'stampMinor' | 'transferMinor') =>
    outcome.fills.reduce((total, fill) => total + fill[name], 0);
  const open = trades.length - closed.length;
  const summary = {
    strategy: given.strategy,
    ...{ from: outcome.days[0]!, to: outcome.days.at(-1)! },
    ...{ days: outcome.days.length, stocks: market.stocks },
    ...{ cashMinor, endMinor: outcome.equityMinor.at(-1)! },
    all: figuresOfDays(outcome, 'all', whole(outcome), cashMinor, benchmark),
    years: yearsOfDays(outcome, cashMinor, benchmark),
    sharpe: sharpe === null ? null : sharpe * Math.sqrt(YEAR_DAYS),
    deflated: deflatedSharpe(
      returns,
      sets.length,
      rows.flatMap((row) => row.sharpe ?? []),
    ),
    trades: tradeFiguresOf(closed.map(({ resultRatio }) => resultRatio)),
    ...{ open, interval, words: edgeWords(closed.length, interval) },
    folds: walkForward(results, foldsOf(outcome.days, FOLDS)),
    unfilled: counted(outcome.unfilled.map(({ side, reason }) => `${side} ${reason}`)),
    exDates: counted(outcome.exDates.map(({ kind }) => kind)),
    fees: {
      commissionMinor: sum('commissionMinor'),
      stampMinor: sum('stampMinor'),
      transferMinor: sum('transferMinor'),
    },
    ...{ sweep: rows, tried: sets.length, seed: given.seed, settings: run.settings },
    ...{ configHash: run.configHash, codeHash: run.codeHash, data: loaded.data },
    lookahead: run.lookahead,
    notes: [...runNotes(run, open), ...loaded.notes],
  };
  return { ...run, trades, benchmark, summary };
}
