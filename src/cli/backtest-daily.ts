import { checkDailyLookahead, type DailyLookaheadFinding } from '#app/daily-lookahead.ts';
import { type LoadedMarket, openDailyBacktest } from '#compose-daily';
import { openCalendar } from '#compose-tools';
import { factorInputsOf, historyOf } from '#core/backtest/daily/factor-inputs.ts';
import { type DailyMarketCn, dailyMarketOf } from '#core/backtest/daily/market.ts';
import { type DailyOutcome, runDaily } from '#core/backtest/daily/run.ts';
import { FACTORS, type Factor } from '#core/factors/registry.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { createFactorTop } from '#core/strategies/factor-top/factor-top.ts';
import { instrumentOf } from './arguments.ts';
import { checkFields, type DailyArguments, filesOf } from './backtest-daily-arguments.ts';
import { type DailyResult, describeDaily, type TriedDaily } from './backtest-daily-figures.ts';
import { tellDaily, writeDaily } from './backtest-daily-report.ts';
import { combinationsOf } from './backtest-settings.ts';
import { triedBefore } from './backtest-tried.ts';
import { EXIT, type ExitCode, UsageError } from './exit-code.ts';
import type { Output } from './output.ts';

type Tools = Awaited<ReturnType<typeof openDailyBacktest>>;
type Settings = ReturnType<Tools['settingsWith']>;

/** Drawn days of a look-ahead check; each plays the whole backtest again. */
const LOOKAHEAD_CUTS = 6;

/** The factors that settings name, in the registry's order. */
const factorsOf = ({ parameters }: Settings): Factor[] =>
  FACTORS.filter(({ name }) => parameters.factors.includes(name));

/** Plays one set of settings over a market; scores of the same factors are computed once. */
function playerOf(market: DailyMarketCn, index: Float64Array | null, range: DayRange) {
  const scored = new Map<string, ReturnType<typeof factorInputsOf>>();
  return (settings: Settings): DailyOutcome => {
    const { parameters, execution, account } = settings;
    const factors = factorsOf(settings);
    const key = factors.map(({ name }) => name).join();
    const inputs = scored.get(key) ?? factorInputsOf(market, index, factors, range.firstDay);
    scored.set(key, inputs);
    const { mostWeightRatio } = account;
    return runDaily({
      market,
      strategy: createFactorTop(inputs, { ...parameters, mostWeightRatio }),
      execution: {
        fillAt: execution.fillAt,
        commission: {
          rate: execution.commissionRate,
          minimumMinor: Math.round(execution.commissionMinimum * 100),
        },
        slippageBps: execution.slippageBps,
        volumeCapRatio: execution.volumeCapRatio,
        dividendTaxRatio: execution.dividendTaxRatio,
      },
      limits: { mostPositions: account.mostPositions ?? parameters.top, mostWeightRatio },
      cashMinor: Math.round(account.cash * 100),
      ...range,
    });
  };
}

type DayRange = { readonly firstDay: number; readonly lastDay: number };

/** The days that are played; null when there is none with enough history. */
function rangeOf(days: readonly string[], history: number, given: DailyArguments): DayRange | null {
  const { from, to } = given;
  if (from !== null && to !== null && from > to)
    throw new UsageError(`--from: found ${from}, expected a day up to ${to}`);
  const asked = from === null ? 0 : days.findIndex((day) => day >= from);
  const firstDay = asked < 0 ? days.length : Math.max(asked, history - 1);
  const lastDay = to === null ? days.length - 1 : days.findLastIndex((day) => day <= to);
  return firstDay >= lastDay ? null : { firstDay, lastDay };
}

/** The market with rows of some symbols only; all of them where none are named. */
function checkSymbols(given: DailyArguments, loaded: LoadedMarket): void {
  const known = new Set<string>(loaded.facts.panel.instruments);
  const other = given.symbols
    .map((symbol) => instrumentOf(symbol, 'CN', '--symbol'))
    .find((id) => !known.has(id));
  if (other !== undefined)
    throw new UsageError(`--symbol: found ${other}, of which there is no bar`);
}

async function load(given: DailyArguments, tools: Tools): Promise<LoadedMarket> {
  const calendar = await openCalendar('CN');
  if (!given.isStore) return tools.loadFiles(filesOf(given), calendar);
  const ids = given.symbols.map((symbol) => instrumentOf(symbol, 'CN', '--symbol'));
  const { from, to } = given;
  const benchmark: InstrumentId | null =
    given.benchmark === undefined ? null : instrumentOf(given.benchmark, 'CN', '--benchmark');
  return tools.loadStored(calendar, ids.length > 0 ? ids : null, { from, to }, benchmark);
}

function lookaheadWords(finding: DailyLookaheadFinding): string {
  const { first, compared, cuts } = finding;
  return first === null
    ? `look-ahead check: ${compared} days before ${cuts} drawn ones, none depended on what came later`
    : `look-ahead check: LEAK on ${first.day}, which knew what came after ${first.cut}`;
}

/** Plays every set of a sweep, one after the other. */
function sweep(
  given: DailyArguments,
  tools: Tools,
  play: (settings: Settings) => DailyOutcome,
  output: Output,
): TriedDaily[] {
  const sets = given.sweeps.length === 0 ? [] : combinationsOf(given.sweeps);
  return sets.map((values, done) => {
    output.progress(`set ${done} of ${sets.length}`, { stage: 'sweep', done, of: sets.length });
    const settings = tools.settingsWith({ ...given.settings, ...values });
    return { values, hash: tools.hashConfig(settings), outcome: play(settings) };
  });
}

/** `backtest` of a daily strategy: A-shares, decisions at a close, orders at the next auction. */
export async function runDailyBacktest(given: DailyArguments, output: Output): Promise<ExitCode> {
  const tools = await openDailyBacktest();
  const settings = tools.settingsWith(given.settings);
  output.progress('reading bars …', { stage: 'reading', done: 0, of: 0 });
  const loaded = await load(given, tools);
  const { panel } = loaded.facts;
  checkSymbols(given, loaded);
  checkFields(factorsOf(settings), loaded.facts);
  const history = historyOf(factorsOf(settings));
  const range = rangeOf(panel.days, history, given);
  if (range === null) {
    output.aside(
      `error: backtest: found ${panel.days.length} days of bars, expected two of ${given.from ?? 'the first'} … ${given.to ?? 'the last'} with ${history - 1} days of history`,
    );
    return EXIT.dataNotReady;
  }
  output.progress('scoring …', { stage: 'scoring', done: 0, of: 0 });
  const market = dailyMarketOf(loaded.facts);
  const play = playerOf(market, loaded.index, range);
  const outcome = play(settings);
  const tried = sweep(given, tools, play, output);
  const known = triedBefore(
    given.out,
    loaded.data.map(({ hash }) => hash),
  );
  const configHash = tools.hashConfig(settings);
  const sets = [...new Set([...known, configHash, ...tried.map(({ hash }) => hash)])];
  const finding = given.isLookaheadChecked
    ? checkDailyLookahead({
        inputs: { facts: loaded.facts, index: loaded.index },
        play: (other, index) => playerOf(other, index, range)(settings),
        ...{ cuts: LOOKAHEAD_CUTS, seed: given.seed },
      })
    : null;
  const result: DailyResult = describeDaily({
    ...{ given, settings, loaded, market, outcome, tried, sets, configHash },
    codeHash: tools.hashCode(),
    lookahead: finding === null ? null : lookaheadWords(finding),
  });
  const written = await writeDaily(given.out, result, tools, output);
  tellDaily(result, output);
  output.line(`written to ${given.out}: ${written.join(', ')}`);
  output.result({ ...result.summary, written });
  return finding !== null && finding.leaks > 0 ? EXIT.refused : EXIT.ok;
}
