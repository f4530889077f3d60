import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { loadMarketCalendar } from '#shell/calendars/load.ts';
import { csvOf, simulatedSeries } from '../test/support/backtest-market.ts';

/*
 * A sweep on the queue by one worker process and by two, in turn: how long from the command to its files, with one lane a
 * worker. Workers are up before the clock starts and have played a sweep of the same bars, as a pool that stands does.
 * The files of all runs must be the same. Run: npm run centaur -- bench sweep-queue [sets]
 */
const ROOT = join(import.meta.dirname, '..');
const PROGRAM = join(ROOT, 'bin', 'centaur.mjs');
const ROUNDS = 2;
const sets = Number(process.argv[2] ?? 200);
const folder = mkdtempSync(join(tmpdir(), 'centaur-bench-queue-'));
const env = { ...process.env, CENTAUR_DATA_DIR: join(folder, 'data') };

async function centaur(...words: string[]): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`bench: centaur ${words[0]} ended with ${code}, expected 0`);
}

async function startWorker(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [PROGRAM, 'worker', '--workers', '1'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

async function sweep(name: string, count: number, ...how: string[]): Promise<number> {
  const out = join(folder, name);
  const last = (0.1 + (count - 1) * 0.001).toFixed(3);
  const startedAt = performance.now();
  await centaur(
    ...['backtest', 'vwap-reclaim', '--store', '--symbol', 'QQQM', '--layers', 'c', '--out', out],
    ...['--set', 'parameters.isMa20Required=false'],
    ...['--sweep', `parameters.stopAtrMultiple=0.1:${last}:0.001`, ...how],
  );
  return performance.now() - startedAt;
}

async function byWorkers(count: number): Promise<number> {
  const workers: ChildProcess[] = [];
  for (let n = 0; n < count; n += 1) workers.push(await startWorker());
  try {
    await sweep('warm', 8 * count, '--queue');
    return await sweep(`by-${count}`, sets, '--queue');
  } finally {
    for (const worker of workers) {
      worker.kill('SIGTERM');
      await once(worker, 'exit');
    }
  }
}

function line(name: string, ms: number): void {
  const load = loadavg()[0]!.toFixed(1);
  console.log(`${name.padEnd(28)} ${(ms / 1000).toFixed(1).padStart(7)} s   (load ${load})`);
}

try {
  const calendar = await loadMarketCalendar(ROOT, 'US');
  const [series] = simulatedSeries(5, ['QQQM.US'], '2026-01-05', '2026-08-28', calendar);
  const file = join(folder, 'qqqm.csv');
  writeFileSync(file, csvOf(series!.minutes));
  const what = ['--symbol', 'QQQM', '--market', 'US', '--timeframe', '1m', '--label', 'start'];
  await centaur('data', 'import', 'bars', '--file', file, ...what);
  const alone = await sweep('alone', sets, '--workers', '1');
  line(`${sets} sets, one process`, alone);
  const best = { 1: Number.POSITIVE_INFINITY, 2: Number.POSITIVE_INFINITY };
  for (let round = 0; round < ROUNDS; round += 1)
    for (const count of [1, 2] as const) {
      const ms = await byWorkers(count);
      best[count] = Math.min(best[count], ms);
      line(`queue, ${count} worker${count === 1 ? '' : 's'}`, ms);
    }
  for (const name of ['sweep.csv', 'run.json']) {
    const text = (out: string) => readFileSync(join(folder, out, name), 'utf8');
    const isSame = ['by-1', 'by-2'].every((out) => text(out) === text('alone'));
    if (!isSame) throw new Error(`bench: found another ${name}, expected that of one process`);
  }
  console.log(`two against one: ${(best[1] / best[2]).toFixed(2)} ×, files the same`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
