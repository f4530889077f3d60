import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { collectList, MONEY, parseDay, parseOneOf, parseSeed, VOLUME } from './arguments.ts';
import type { BacktestArguments } from './backtest.ts';
import {
  BASIS_NAMES,
  checkDailyArguments,
  DAILY_STRATEGIES,
  type DailyArguments,
} from './backtest-daily-arguments.ts';
import { parseSetting, parseSweep } from './backtest-settings.ts';
import type { Runner } from './command.ts';
import { jsonOption } from './command.ts';
import { UsageError } from './exit-code.ts';
import { createOutput } from './output.ts';

type BacktestFlags = {
  bars?: string[];
  basis?: string;
  volume?: string;
  amount: string;
  index?: string;
  benchmark?: string;
  exDates?: string;
  per?: string;
  securities?: string;
  daily?: string[];
  quotes?: string[];
  zone?: string;
  label?: string;
  store: boolean;
  symbol?: string[];
  from?: string;
  to?: string;
  layers?: string;
  set?: string[];
  sweep?: string[];
  labels?: string;
  lookaheadCheck: boolean;
  seed: string;
  workers: string;
  queue: boolean;
  forDesk?: string;
  out: string;
  json: boolean;
};

const EXAMPLES = `
Examples:
  $ centaur backtest vwap-reclaim --bars spy.csv.gz --symbol SPY --zone UTC --label start --out results/spy
  $ centaur backtest vwap-reclaim --store --symbol SPY,QQQM --from 2024-05-01 --layers c --out results/store
  $ centaur backtest vwap-reclaim --store --symbol SPY --set risk.tradesPerDay=1 --set execution.commission=ibkr_tiered --out results/ibkr
  $ centaur backtest vwap-reclaim --store --symbol SPY --sweep parameters.stopAtrMultiple=0.1:0.5:0.1 --out results/sweep
  $ centaur backtest factor-top --bars daily.csv.gz --basis raw --volume lots --index csi1000.csv --out results/top
  $ centaur backtest factor-top --store --benchmark 000852.SH --set parameters.top=30 --out results/top30
Settings are the keys of the desk's file, and execution.commission (alpaca, ibkr_fixed, ibkr_tiered),
execution.halfSpreadBps, slippageBps, spreadAtrRatio, slippageAtrRatio, spread (recorded, model),
latencySeconds, entry (open, limit), limitFillRatio, volumeCapRatio.
Of factor-top: parameters.top, bufferRatio, everyDays, leastPrice, leastAmount, boards, factors; execution.fillAt
(open, close), commissionRate, commissionMinimum, slippageBps, volumeCapRatio, dividendTaxRatio; account.cash,
mostPositions, mostWeightRatio.
Layers: a day types, b signals without friction, c execution. docs/backtesting.md explains the figures.`;

const MOST_WORKERS = 256;

function parseWorkers(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= MOST_WORKERS) return count;
  throw new UsageError(`--workers: found "${text}", expected a number from 1 to ${MOST_WORKERS}`);
}

function parseQuotes(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at > 0 && at < text.length - 1) return [text.slice(0, at).toUpperCase(), text.slice(at + 1)];
  throw new UsageError(`--quotes: found "${text}", expected SYMBOL=FILE`);
}

const oneMore = (value: string, before: readonly string[] = []): string[] => [...before, value];

const oneOfOr = <const T extends string>(
  flag: string,
  value: string | undefined,
  all: readonly T[],
) => (value === undefined ? undefined : parseOneOf(flag, value, all));

async function daily(strategy: string, flags: BacktestFlags) {
  const given: DailyArguments = {
    ...{ strategy, files: flags.bars ?? [], isStore: flags.store, symbols: flags.symbol ?? [] },
    basis: oneOfOr('--basis', flags.basis, BASIS_NAMES),
    volume: oneOfOr('--volume', flags.volume, VOLUME),
    amount: parseOneOf('--amount', flags.amount, MONEY),
    ...{ exDates: flags.exDates, per: oneOfOr('--per', flags.per, ['share', 'ten']) },
    ...{ securities: flags.securities, index: flags.index, benchmark: flags.benchmark },
    from: flags.from === undefined ? null : parseDay(flags.from, '--from'),
    to: flags.to === undefined ? null : parseDay(flags.to, '--to'),
    settings: Object.fromEntries((flags.set ?? []).map(parseSetting)),
    sweeps: (flags.sweep ?? []).map(parseSweep),
    ...{ isLookaheadChecked: flags.lookaheadCheck, seed: parseSeed(flags.seed), out: flags.out },
  };
  const { zone, label, quotes, labels, layers, queue, forDesk } = flags;
  const others = { zone, label, daily: flags.daily, quotes, labels, layers, 'for-desk': forDesk };
  const unused = Object.entries(others).map(
    ([name, value]) => [`--${name}`, value !== undefined] as const,
  );
  checkDailyArguments(given, [...unused, ['--queue', queue]]);
  const { runDailyBacktest } = await import('./backtest-daily.ts');
  return runDailyBacktest(given, createOutput(flags.json));
}

/** Flags of daily strategies alone. */
const DAILY_FLAGS = [
  'basis',
  'volume',
  'index',
  'benchmark',
  'exDates',
  'per',
  'securities',
] as const;

async function backtest(strategy: string, flags: BacktestFlags) {
  if (DAILY_STRATEGIES.some((name) => name === strategy)) return daily(strategy, flags);
  const stray = DAILY_FLAGS.find((name) => flags[name] !== undefined);
  if (stray !== undefined) {
    const flag = stray === 'exDates' ? 'ex-dates' : stray;
    const known = DAILY_STRATEGIES.join(', ');
    throw new UsageError(`--${flag}: found with ${strategy}, expected only with ${known}`);
  }
  const { runBacktestCommand } = await import('./backtest.ts');
  const { openProgressBar } = await import('#compose-backtest');
  const bar = openProgressBar();
  const output = createOutput(flags.json, bar);
  // a bar that stands keeps the process alive
  return runBacktestCommand(argumentsOf(strategy, flags), output).finally(bar.clear);
}

function argumentsOf(strategy: string, flags: BacktestFlags): BacktestArguments {
  return {
    strategy,
    files: flags.bars ?? [],
    daily: flags.daily ?? [],
    quotes: (flags.quotes ?? []).map(parseQuotes),
    zone: flags.zone,
    label:
      flags.label === undefined ? undefined : parseOneOf('--label', flags.label, ['start', 'end']),
    isStore: flags.store,
    symbols: flags.symbol ?? [],
    from: flags.from === undefined ? null : parseDay(flags.from, '--from'),
    to: flags.to === undefined ? null : parseDay(flags.to, '--to'),
    layers: (flags.layers ?? 'abc').toLowerCase(),
    settings: Object.fromEntries((flags.set ?? []).map(parseSetting)),
    sweeps: (flags.sweep ?? []).map(parseSweep),
    labels: flags.labels,
    isLookaheadChecked: flags.lookaheadCheck,
    seed: parseSeed(flags.seed),
    workers: parseWorkers(flags.workers),
    isQueued: flags.queue,
    forDesk: flags.forDesk,
    out: flags.out,
  };
}

/** `centaur backtest`: a strategy over recorded bars. */
export function addBacktestCommand(program: Command, run: Runner): void {
  program
    .command('backtest')
    .description('a strategy over recorded bars: day types, signals, execution, with intervals')
    .argument('<strategy>', 'vwap-reclaim, or of daily A-shares factor-top')
    .option(
      '--bars <file>',
      'a CSV file: 1-minute bars of a symbol, or daily ones of any number of shares; may be repeated',
      oneMore,
    )
    .option(
      '--daily <file>',
      'daily bars of a symbol, in the order of --bars; without them days are made of minutes',
      oneMore,
    )
    .option(
      '--quotes <symbol=file>',
      'recorded bid and ask minutes of a symbol; repeat it for more files',
      oneMore,
    )
    .option('--zone <zone>', 'IANA zone of times without an offset')
    .option('--label <edge>', 'start or end: which edge of a bar its time names')
    .option('--basis <basis>', 'factor-top: raw, qfq or hfq, what prices of files are')
    .option('--volume <unit>', 'factor-top: shares or lots, unit of the volume of files')
    .option('--amount <unit>', 'factor-top: yuan, thousand, wan or yi', 'yuan')
    .option('--index <file>', 'factor-top: closes of the index by day, which is the benchmark too')
    .option('--ex-dates <file>', 'factor-top: ex-dates and their terms')
    .option('--per <count>', 'factor-top: share or ten, what the terms of --ex-dates are for')
    .option('--securities <file>', 'factor-top: names or status of shares, and from which day on')
    .option('--benchmark <index>', 'factor-top with --store: an index of the store, as 000852.SH')
    .option('--store', 'bars of the store in place of files', false)
    .option(
      '--symbol <symbols>',
      'one a file, in their order; with --store which ones',
      collectList,
    )
    .option('--from <day>', 'first day; default the first of the bars')
    .option('--to <day>', 'last day; default the last of the bars')
    .option('--layers <letters>', 'some of a, b, c; default abc')
    .option(
      '--set <key=value>',
      'a setting of the desk, the strategy or the execution; may be repeated',
      oneMore,
    )
    .option('--sweep <key=a:b:step>', 'tries every value; several make every combination', oneMore)
    .option('--labels <file>', "a person's day types: date,symbol,label")
    .option('--lookahead-check', 'plays drawn days again with their future changed', false)
    .option('--seed <number>', 'of the intervals and of what is drawn', '1')
    .option(
      '--workers <count>',
      'threads a sweep is played in; the results do not depend on them',
      String(availableParallelism()),
    )
    .option('--queue', 'a sweep is played by every `centaur worker` of the store', false)
    .option('--for-desk <desk>', "keeps what is measured for the desk's tickets")
    .requiredOption('--out <folder>', 'where the results are written')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action((strategy: string, flags: BacktestFlags) => run(() => backtest(strategy, flags)));
}

type WorkerFlags = { workers: string; json: boolean };

async function worker(flags: WorkerFlags) {
  const { runWorker } = await import('./worker.ts');
  return runWorker(parseWorkers(flags.workers), createOutput(flags.json));
}

/** `centaur worker`: plays what others put on the store's queue. */
export function addWorkerCommand(program: Command, run: Runner): void {
  program
    .command('worker')
    .description(
      "plays the sets of sweeps (backtest --queue) from the store's queue until interrupted",
    )
    .option('--workers <count>', 'sets played at a time', String(availableParallelism()))
    .addOption(jsonOption())
    .action((flags: WorkerFlags) => run(() => worker(flags)));
}
