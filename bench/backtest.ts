import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { planBacktest } from '#app/backtest-plan.ts';
import { runBacktest } from '#core/backtest/run.ts';
import type { BarColumns } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { DEFAULT_VWAP_RECLAIM } from '#core/strategies/vwap-reclaim/params.ts';
import { writeColumnCache } from '#shell/files/column-cache.ts';
import { readBarColumnsCsv } from '#shell/files/csv-bars.ts';
import { COSTLY, QUIET } from '../test/support/backtest-market.ts';
import { policyOf } from '../test/support/builders.ts';
import { sharedPath } from '../test/support/shared-data.ts';
import { BENCH_CALENDAR, BENCH_FORM, filesOf, instrumentFor } from './backtest/minutes.ts';
import {
  type Contender,
  findPeers,
  type Measured,
  measureOnce,
  type Told,
} from './backtest/peers.ts';

/*
 * Backtests on generated minutes, a year a symbol, beside what a user would pick instead, in one run. The
 * strategy is the SPEC of ../shared/bench-peers; its figures have to be the same before anything is timed. Processes
 * go in turn, medians of 5. Then engine loops alone, the command as a cold process, and vwap-reclaim with every rule
 * of the desk, which is another and much larger piece of work.
 * Run: npm run centaur -- bench backtest [symbols]
 * Peers of Node are looked up where PEER_MODULES (a package.json) says, those of Python by python3.
 */
const RUNS = 5;
/** A process that takes longer is run once. */
const SLOW_MS = 15_000;
const CHECKED: Readonly<Record<number, readonly [number, number, number, number]>> = {
  1: [161, 88, -4052.74, 5578.96],
  50: [7984, 3764, -316168.1, 235335.5],
};
const ROOT = join(import.meta.dirname, '..');

function middle(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
}

/** True when figures are those expected: counts exactly, money to two cents (ours lies on a grid of 1e-8). */
function isSame(told: Told, expected: readonly [number, number, number, number]): boolean {
  const [trades, halves, pnl, fees] = expected;
  return (
    told.trades === trades &&
    (told.halves ?? halves) === halves &&
    Math.abs(told.pnl - pnl) < 0.02 &&
    Math.abs((told.fees ?? fees) - fees) < 0.02
  );
}

const words = ({ trades, halves = Number.NaN, pnl, fees = Number.NaN }: Told) =>
  `${trades} trades, ${halves} halves, ${pnl.toFixed(2)}, fees ${fees.toFixed(2)}`;

/** Our process with the flags of the program. */
function ours(folder: string, symbols: number, ...rest: readonly string[]): string[] {
  const child = join(import.meta.dirname, 'backtest', 'child.ts');
  return [process.execPath, '--no-maglev', child, folder, String(symbols), ...rest];
}

/** Node keeps what it compiled, as the program has it do; peers of Node are given the same. */
const environmentIn = (folder: string) => ({ NODE_COMPILE_CACHE: join(folder, 'compiled') });

/** Runs contenders in turn; answers the runs of each. */
function measureAll(all: readonly Contender[], scratch: string): Map<Contender, Measured[]> {
  const runs = new Map<Contender, Measured[]>(all.map((one) => [one, []]));
  for (let round = 0; round < RUNS; round += 1) {
    for (const [one, measured] of runs) {
      if (measured.length > 0 && measured[0]!.wall > SLOW_MS) continue;
      measured.push(measureOnce(one.command, scratch, environmentIn(scratch)).measured);
    }
  }
  return runs;
}

function printTable(runs: Map<Contender, Measured[]>, symbols: number, base: Contender): void {
  const medianOf = (measured: readonly Measured[], key: keyof Measured) =>
    middle(measured.map((one) => one[key]));
  const baseRuns = runs.get(base) ?? [];
  console.log(
    `${'whole process'.padEnd(34)} ${'wall s'.padStart(8)} ${'CPU s'.padStart(8)}    MiB    × ${base.name} (CPU)`,
  );
  for (const [one, measured] of runs) {
    const scale = symbols / one.symbols;
    const wall = (medianOf(measured, 'wall') * scale) / 1000;
    const cpu = (medianOf(measured, 'cpu') * scale) / 1000;
    const ratio = wall / (medianOf(baseRuns, 'wall') / 1000);
    const cpuRatio = cpu / (medianOf(baseRuns, 'cpu') / 1000);
    const notes = [
      ...(scale === 1 ? [] : [`measured with ${one.symbols} symbols, scaled`]),
      ...(measured.length === RUNS ? [] : [`${measured.length} run`]),
      ...(one.isSimpler === true ? ['does not express all of the strategy'] : []),
    ];
    console.log(
      `${one.name.padEnd(34)} ${wall.toFixed(3).padStart(8)} ${cpu.toFixed(3).padStart(8)} ` +
        `${medianOf(measured, 'mib').toFixed(0).padStart(6)} ${ratio.toFixed(2).padStart(8)} (${cpuRatio.toFixed(2)})` +
        `${notes.length > 0 ? `  ${notes.join('; ')}` : ''}`,
    );
  }
}

/** Loops alone, data in memory, as each process times them itself. */
function printLoops(folder: string, symbols: number, loop: string): void {
  const given = [folder, String(symbols)];
  const lines = [
    ['ours, one clock over all symbols', ours(folder, symbols, 'cache', 'together', String(RUNS))],
    ['ours, each symbol by itself', ours(folder, symbols, 'cache', 'apart', String(RUNS))],
    ['JS typed loop', [process.execPath, loop, ...given, 'bin', String(RUNS)]],
    ['loop in C', [join(folder, 'loop-c'), ...given, 'bin', String(RUNS)]],
  ] as const;
  console.log('\nloops alone, median of 5 by the wall clock');
  for (const [name, [program, ...args]] of lines) {
    const { stdout } = spawnSync(program, args, { encoding: 'utf8' });
    if (stdout === null || stdout === '') continue;
    const told = JSON.parse(stdout) as {
      bars: number;
      runMs?: number;
      runCpuMs?: number;
      run_ms?: number;
    };
    const ms = told.runMs ?? told.run_ms ?? Number.NaN;
    const rate = (told.bars / ms / 1000).toFixed(1).padStart(8);
    const { runCpuMs } = told;
    const byCpu =
      runCpuMs === undefined ? '' : `, ${(told.bars / runCpuMs / 1000).toFixed(1)} by CPU`;
    console.log(`${name.padEnd(34)} ${ms.toFixed(1).padStart(8)} ms ${rate} M bars/s${byCpu}`);
  }
}

/** `centaur backtest` over one symbol as a process, with everything it writes. */
function printCommand(folder: string): void {
  const command = [
    ...[process.execPath, join(ROOT, 'bin', 'centaur.mjs'), 'backtest', 'vwap-reclaim'],
    ...['--bars', filesOf(folder, 0).csv, '--symbol', 'SAA', '--zone', BENCH_CALENDAR.zone],
    ...['--label', 'start', '--layers', 'c', '--json', '--out', join(folder, 'out')],
  ];
  const environment = { ...environmentIn(folder), CENTAUR_DATA_DIR: join(folder, 'data') };
  const once = () => measureOnce(command, folder, environment).measured;
  // the first one reads the CSV and fills the caches
  once();
  const runs = Array.from({ length: RUNS }, once);
  const seconds = (key: 'wall' | 'cpu') => (middle(runs.map((run) => run[key])) / 1000).toFixed(3);
  const mib = middle(runs.map((run) => run.mib)).toFixed(0);
  console.log(
    `\ncentaur backtest vwap-reclaim, one symbol, layer C, cold process: ${seconds('wall')} s, ` +
      `CPU ${seconds('cpu')} s, ${mib} MiB`,
  );
}

/** Reads every file, writes the caches, answers the columns. */
async function readAll(folder: string, symbols: number) {
  const series: { instrument: InstrumentId; minutes: BarColumns; daily: null }[] = [];
  for (let n = 0; n < symbols; n += 1) {
    const { csv, cache } = filesOf(folder, n);
    const instrument = instrumentFor(n);
    const bytes = readFileSync(csv);
    const { bars } = await readBarColumnsCsv({ file: csv, bytes, instrument, ...BENCH_FORM });
    writeColumnCache(cache, { bars, notes: [] });
    series.push({ instrument, minutes: bars, daily: null });
  }
  return series;
}

/** CPU of a piece of work in ms, the median; neighbours disturb it less than the clock on the wall. */
function timed<T>(work: () => T): { readonly value: T; readonly cpu: number } {
  let value = work();
  const cpus = Array.from({ length: RUNS }, () => {
    const before = process.cpuUsage();
    value = work();
    const used = process.cpuUsage(before);
    return (used.user + used.system) / 1000;
  });
  return { value, cpu: middle(cpus) };
}

function printStrategy(series: Awaited<ReturnType<typeof readAll>>): void {
  const calendar = BENCH_CALENDAR;
  const facts = { series, calendar, ...QUIET, from: '2024-01-01', to: '2026-12-31' };
  const plan = timed(() => planBacktest(facts));
  const policy = policyOf({ instruments: series.map(({ instrument }) => instrument) });
  const { days } = plan.value;
  const params = DEFAULT_VWAP_RECLAIM;
  const play = timed(() => runBacktest({ days, params, policy, model: COSTLY }));
  const { trades, decisions, bars } = play.value;
  const line = (name: string, cpu: number) => {
    const rate = (bars / cpu / 1000).toFixed(3).padStart(9);
    console.log(`${name.padEnd(34)} ${cpu.toFixed(1).padStart(8)} ms CPU ${rate} M bars/s`);
  };
  console.log(`\nvwap-reclaim in memory: ${trades.length} trades, ${decisions} decisions`);
  line('planning its days', plan.cpu);
  line('layer C', play.cpu);
}

async function measure(folder: string, scripts: string, symbols: number): Promise<void> {
  const loop = join(scripts, 'intraday', 'loop.mjs');
  const given = [folder, String(symbols)];
  const typed = (mode: string): Contender => ({
    name: `JS typed loop, ${mode}`,
    command: [process.execPath, loop, ...given, mode],
    symbols,
  });
  const [fromCsv, fromBinary] = [typed('csv'), typed('bin')];
  const mine = (from: string): Contender => ({
    name: `ours, ${from}`,
    command: ours(folder, symbols, from),
    symbols,
  });
  const peers = findPeers(scripts, folder, symbols);
  const series = await readAll(folder, symbols);
  const byCsv = [mine('csv'), fromCsv, ...peers.here.filter(({ name }) => name.endsWith('csv'))];
  const others = [mine('cache'), fromBinary, ...peers.here.filter((one) => !byCsv.includes(one))];
  const reference = measureOnce(fromCsv.command, folder).told;
  const { trades, halves = 0, pnl, fees = 0 } = reference;
  const expected = CHECKED[symbols] ?? ([trades, halves, pnl, fees] as const);
  for (const one of [...byCsv, ...others]) {
    if (one.isSimpler === true || one.symbols !== symbols) continue;
    const { told } = measureOnce(one.command, folder, environmentIn(folder));
    if (isSame(told, expected)) continue;
    console.log(`${one.name}: found ${words(told)}, expected ${expected.join(', ')}`);
    process.exitCode = 1;
    return;
  }
  console.log(`check values agree: ${words(reference)}; ${reference.bars} bars\n`);
  printTable(measureAll(byCsv, folder), symbols, fromCsv);
  console.log();
  printTable(measureAll(others, folder), symbols, fromBinary);
  for (const line of peers.absent) console.log(`not runnable here: ${line}`);
  printLoops(folder, symbols, loop);
  printCommand(folder);
  printStrategy(series);
}

const symbols = Number(process.argv[2] ?? 1);
const generator = sharedPath('bench-peers', 'gen', 'gen-intraday.mjs');
const scripts = sharedPath('bench-peers');
if (generator === null || scripts === null) {
  console.log('backtest: needs bench-peers beside the project; nothing measured');
} else {
  const folder = mkdtempSync(join(tmpdir(), 'centaur-bench-'));
  try {
    spawnSync(process.execPath, [generator, folder, String(symbols)]);
    await measure(folder, scripts, symbols);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
