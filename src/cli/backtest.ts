import { type BacktestPlan, type BacktestPlanFacts, planBacktest } from '#app/backtest-plan.ts';
import { checkLookahead } from '#app/lookahead-check.ts';
import { openBacktest } from '#compose-backtest';
import { openCalendar, openEvents } from '#compose-tools';
import type { CalendarTable } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { wallTimeOf } from '#core/market/session.ts';
import { instrumentOf } from './arguments.ts';
import { checkForDesk, edgeOf } from './backtest-edge.ts';
import type { LayerResult, RegimeResult } from './backtest-files.ts';
import {
  describeLayer,
  describeRegimes,
  modelOf,
  playLayer,
  sweepRows,
  type TriedSet,
  walkSweep,
} from './backtest-layers.ts';
import type { ReportFacts } from './backtest-report.ts';
import { resumeSweep } from './backtest-resume.ts';
import { setWith } from './backtest-set.ts';
import { combinationsOf, type SettingValue } from './backtest-settings.ts';
import { triedBefore } from './backtest-tried.ts';
import { drawLayers, summaryOf, writeBacktest } from './backtest-write.ts';
import { EXIT, type ExitCode, UsageError } from './exit-code.ts';
import type { Output } from './output.ts';

export type BacktestArguments = {
  readonly strategy: string;
  readonly files: readonly string[];
  /** Daily bars, none or one file a symbol. */
  readonly daily: readonly string[];
  /** Recorded quotes, symbol and file. */
  readonly quotes: readonly (readonly [string, string])[];
  readonly zone: string | undefined;
  readonly label: 'start' | 'end' | undefined;
  readonly isStore: boolean;
  readonly symbols: readonly string[];
  readonly from: string | null;
  readonly to: string | null;
  readonly layers: string;
  readonly settings: Readonly<Record<string, SettingValue>>;
  readonly sweeps: readonly (readonly [string, readonly number[]])[];
  readonly labels: string | undefined;
  readonly isLookaheadChecked: boolean;
  readonly seed: number;
  /** Threads that a sweep is played in. */
  readonly workers: number;
  /** A sweep is played by the workers on the queue. */
  readonly isQueued: boolean;
  /** The desk whose tickets show what is measured; undefined: nobody's. */
  readonly forDesk: string | undefined;
  readonly out: string;
};

type Tools = Awaited<ReturnType<typeof openBacktest>>;
type Loaded = Awaited<ReturnType<Tools['loadStored']>>;

/** Drawn moments of a look-ahead check. */
const LOOKAHEAD_CUTS = 40;
function checkArguments(given: BacktestArguments): void {
  const { strategy, files, symbols, isStore, layers } = given;
  if (strategy !== 'vwap-reclaim')
    throw new UsageError(
      `backtest: found strategy "${strategy}", expected vwap-reclaim or factor-top`,
    );
  if (!/^[abc]+$/.test(layers))
    throw new UsageError(`--layers: found "${layers}", expected some of a, b, c`);
  if (isStore === files.length > 0) {
    const found = isStore ? 'both' : 'neither';
    throw new UsageError(`backtest: found ${found}, expected --bars FILE or --store`);
  }
  if (given.isQueued && !isStore)
    throw new UsageError('--queue: found --bars, expected --store, from which every worker reads');
  if (given.isQueued && given.quotes.length > 0)
    throw new UsageError(
      '--queue: found --quotes, expected none: workers read from the store only',
    );
  if (given.daily.length > 0 && given.daily.length !== files.length)
    throw new UsageError(
      `--daily: found ${given.daily.length} for ${files.length} files of --bars, expected none or one each, in their order`,
    );
  if (!isStore && symbols.length !== files.length)
    throw new UsageError(
      `--symbol: found ${symbols.length} for ${files.length} files, expected one a file, in their order`,
    );
}

async function loadSeries(
  given: BacktestArguments,
  tools: Tools,
  calendar: CalendarTable,
  output: Output,
): Promise<Loaded> {
  const names = given.symbols.length > 0 ? given.symbols : tools.symbols;
  const instruments = names.map((symbol) => instrumentOf(symbol, 'US', '--symbol'));
  const twice = instruments.find((id, at) => instruments.indexOf(id) !== at);
  if (twice !== undefined) throw new UsageError(`--symbol: found ${twice} twice, expected it once`);
  const other = given.quotes.find(([symbol]) => !names.includes(symbol));
  if (other !== undefined)
    throw new UsageError(`--quotes: found ${other[0]}, expected one of ${names.join(', ')}`);
  const bars = given.isStore
    ? await tools.loadStored(calendar, instruments, given.from, given.to)
    : await loadFiles(given, tools, calendar, instruments, output);
  return bars.map((series) => tools.withQuotes(series, calendar, given));
}

async function loadFiles(
  given: BacktestArguments,
  tools: Tools,
  calendar: CalendarTable,
  instruments: readonly InstrumentId[],
  output: Output,
): Promise<Loaded> {
  const loaded: Loaded = [];
  for (const [at, file] of given.files.entries()) {
    output.progress(`reading ${file} …`, { stage: 'reading', done: at, of: given.files.length });
    const { zone, label } = given;
    loaded.push(
      await tools.loadFile(
        calendar,
        { ...{ file, zone, label }, instrument: instruments[at]!, daily: given.daily[at] },
        loaded.at(-1) ?? null,
      ),
    );
  }
  return loaded;
}

function planFacts(
  given: BacktestArguments,
  tools: Tools,
  series: Loaded,
  calendar: CalendarTable,
  events: BacktestPlanFacts['events'],
): BacktestPlanFacts {
  const days = series.flatMap(({ minutes }) =>
    minutes.length === 0
      ? []
      : [minutes.openedAt[0]!, minutes.openedAt[minutes.length - 1]!].map(
          (at) => wallTimeOf(at, calendar.zone).day,
        ),
  );
  days.sort();
  const [first = '', last = first] = [days[0], days.at(-1)];
  const [from, to] = [given.from ?? first, given.to ?? last];
  if (from > to) throw new UsageError(`--from: found ${from}, expected a day up to ${to}`);
  return { series, calendar, events, windows: tools.windows, from, to };
}

type Played = {
  readonly sets: readonly string[];
  readonly tried: readonly TriedSet[];
  readonly layers: readonly LayerResult[];
  /** To be called once everything is written. */
  readonly end: () => void;
};

async function play(
  given: BacktestArguments,
  tools: Tools,
  planned: { readonly plan: BacktestPlan; readonly facts: BacktestPlanFacts },
  known: readonly string[],
  output: Output,
): Promise<Played> {
  const { plan } = planned;
  const { days } = plan;
  const symbols = [
    ...new Set(days.flatMap((day) => day.symbols.map(({ instrument }) => instrument.slice(0, -3)))),
  ];
  const wanted = (['b', 'c'] as const).filter((name) => given.layers.includes(name));
  const sets = new Set(known);
  const base = setWith(tools, given.settings, symbols);
  sets.add(base.hash);
  const sweptLayer = wanted.includes('c') ? 'C' : 'B';
  const combinations = given.sweeps.length === 0 ? [] : combinationsOf(given.sweeps);
  const tasks = combinations.map((values) => {
    const { hash, ...other } = setWith(tools, { ...given.settings, ...values }, symbols);
    sets.add(hash);
    return { values, hash, ...other };
  });
  const swept = { layer: sweptLayer, plan: planned.facts } as const;
  const { tried, end } = await resumeSweep(given, tools, swept, tasks, { days, symbols, output });
  const trialSharpes = sweepRows(tried).flatMap(({ sharpe }) => sharpe ?? []);
  const facts = { seed: given.seed, tried: sets.size, trialSharpes };
  const layers = wanted.map((name) => {
    const layer = name === 'b' ? 'B' : 'C';
    const outcome = playLayer(layer, days, base.set, base.execution, (done) => {
      if (done % 10 !== 0) return;
      const step = { stage: `layer_${name}`, done, of: days.length };
      output.progress(`layer ${layer}: ${done} of ${days.length} days`, step);
    });
    return describeLayer(layer, outcome, days, facts);
  });
  return { sets: [...sets], tried, layers, end };
}

function lookaheadWords(
  given: BacktestArguments,
  facts: BacktestPlanFacts,
  base: ReturnType<typeof setWith>,
) {
  const { set, execution } = base;
  const model = modelOf(execution);
  const check = { plan: facts, ...set, model, cuts: LOOKAHEAD_CUTS, seed: given.seed };
  const finding = checkLookahead(check);
  const words =
    finding.leaks === 0
      ? `look-ahead check: ${finding.compared} answers before ${finding.cuts} drawn moments, none depended on what came later`
      : `look-ahead check: LEAK on ${finding.first?.day} before ${new Date(finding.first?.at ?? 0).toISOString()}: ${finding.first?.found.slice(0, 120)}`;
  return { finding, words };
}

/** The tools of the desk that is meant; what is measured for a desk is measured with its own settings. */
async function openTools(given: BacktestArguments): Promise<Tools> {
  const { forDesk, layers, symbols, settings } = given;
  if (forDesk === undefined) return openBacktest();
  const tools = await openBacktest({ desk: forDesk });
  checkForDesk({
    ...{ deskId: forDesk, layers, deskSymbols: tools.symbols, settings: Object.keys(settings) },
    symbols: symbols.length > 0 ? symbols : tools.symbols,
  });
  return tools;
}

function keepForDesk(
  { forDesk }: BacktestArguments,
  tools: Tools,
  edge: Parameters<Tools['keepEdge']>[0],
  output: Output,
): void {
  if (forDesk === undefined) return;
  const file = tools.keepEdge(edge);
  output.line(`kept for ${forDesk}: ${file}; its tickets show it from the next session's plan on`);
}

/** `backtest`: layers A, B and C over recorded bars, with everything written into one folder. */
export async function runBacktestCommand(
  given: BacktestArguments,
  output: Output,
): Promise<ExitCode> {
  checkArguments(given);
  const tools = await openTools(given);
  const calendar = await openCalendar('US');
  output.progress('reading bars …', { stage: 'reading', done: 0, of: 0 });
  const series = await loadSeries(given, tools, calendar, output);
  const facts = planFacts(given, tools, series, calendar, await openEvents());
  const names = series.map(({ instrument }) => instrument.slice(0, -3));
  const base = setWith(tools, given.settings, names);
  const hand = given.labels === undefined ? [] : tools.readDayLabels(given.labels);
  // what is played is drawn, and a second core loads what draws it meanwhile
  const drawing = /[bc]/.test(given.layers) ? await tools.openDrawing() : null;
  output.progress('planning days …', { stage: 'planning', done: 0, of: 0 });
  const plan = planBacktest(facts);
  if (plan.days.length === 0) {
    output.aside(
      `error: backtest: found no day from ${facts.from} to ${facts.to} with 20 trading days of history, expected one`,
    );
    return EXIT.dataNotReady;
  }
  const hashes = series.map(({ hash }) => hash);
  const played = await play(given, tools, { plan, facts }, triedBefore(given.out, hashes), output);
  const regimes = given.layers.includes('a')
    ? describeRegimes(plan.days, base.set.params, hand)
    : null;
  const checked = given.isLookaheadChecked ? lookaheadWords(given, facts, base) : null;
  const notes = [
    ...series.flatMap((entry) => entry.notes),
    ...(regimes?.unmatched.length
      ? [
          `${given.labels}: ${regimes.unmatched.length} labels of days that were not played: ${regimes.unmatched.slice(0, 5).join(', ')}`,
        ]
      : []),
  ];
  const report: ReportFacts = {
    strategy: given.strategy,
    symbols: names,
    from: facts.from,
    to: facts.to,
    days: plan.days.length,
    warmUpDays: plan.warmUp.length,
    tried: played.sets.length,
    seed: given.seed,
    configHash: base.hash,
    codeHash: tools.hashCode(),
    execution: base.execution,
    notes,
    lookahead: checked?.words ?? null,
    sweep: sweepRows(played.tried),
    walk: played.tried.length === 0 ? [] : walkSweep(played.tried, plan.days),
  };
  const data = series.map(({ instrument, source, hash }) => ({ instrument, source, hash }));
  const { layers } = played;
  const pictures = await drawLayers(given.strategy, tools, drawing, layers, output);
  const written = writeBacktest(given.out, report, data, played, regimes?.result ?? null, pictures);
  played.end();
  tell(report, layers, regimes?.result ?? null, output);
  output.line(`written to ${given.out}: ${written.join(', ')}`);
  if (regimes !== null) keepForDesk(given, tools, edgeOf(facts, layers, regimes.result), output);
  output.result({ ...summaryOf(report, layers), data, regimes: regimes?.result ?? null, written });
  return checked !== null && checked.finding.leaks > 0 ? EXIT.refused : EXIT.ok;
}

function tell(
  report: ReportFacts,
  layers: readonly LayerResult[],
  regimes: RegimeResult | null,
  output: Output,
): void {
  const { from, to, days, warmUpDays, tried } = report;
  output.line(
    `${report.symbols.join(' ')} ${from} … ${to}: ${days} days, ${warmUpDays} of warm-up`,
  );
  for (const note of report.notes) output.line(`  ${note}`);
  for (const { at, scores } of regimes?.againstClose ?? []) {
    const said = scores.classes
      .filter(({ label, predicted }) => label.startsWith('trend') && predicted > 0)
      .map(({ label, right, predicted }) => `${label} ${right} of ${predicted}`);
    output.line(`  A live at ${at}, right by the close: ${said.join(', ')}`);
  }
  for (const { layer, rows } of layers) {
    const all = rows[0];
    if (all === undefined) continue;
    const { figures, interval } = all;
    const range =
      interval === null || figures.missing > 0
        ? ''
        : `, mean ${figures.averageR?.toFixed(3)} R [${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}]`;
    output.line(`  ${layer} ${figures.trades} trades${range}: ${all.words}`);
  }
  output.line(`  parameter sets tried on these data: ${tried}`);
  if (report.lookahead !== null) output.line(`  ${report.lookahead}`);
}
