import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';
import { loadMarketCalendar } from '#shell/calendars/load.ts';
import { csvOf, simulatedSeries } from '../support/backtest-market.ts';
import { runCli } from '../support/cli.ts';
import { emptyFolder } from '../support/replays.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'centaur-sweep-queue-'));
const home = emptyFolder();
after(() => {
  home.remove();
  rmSync(folder, { recursive: true, force: true });
});

const cli = (...words: string[]) => runCli(words, { dataDir: home.dataDir });

/** A worker process that is up and waiting. */
async function startWorker(): Promise<ChildProcess> {
  const words = [join(ROOT, 'bin', 'centaur.mjs'), 'worker', '--workers', '1'];
  const env = { ...process.env, CENTAUR_DATA_DIR: home.dataDir };
  const child = spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  assert.match(String(line), /^worker: 1 at a time, waiting for sweeps/);
  return child;
}

async function bringBars(): Promise<void> {
  const calendar = await loadMarketCalendar(ROOT, 'US');
  const [series] = simulatedSeries(5, ['QQQM.US'], '2026-03-02', '2026-05-08', calendar);
  const file = join(folder, 'qqqm.csv');
  writeFileSync(file, csvOf(series!.minutes));
  const what = ['--symbol', 'QQQM', '--market', 'US', '--timeframe', '1m', '--label', 'start'];
  const brought = await cli('data', 'import', 'bars', '--file', file, ...what);
  assert.equal(brought.code, 0, brought.stderr);
}

async function sweep(name: string, ...how: string[]): Promise<string[]> {
  const out = join(folder, name);
  const { code, stderr } = await cli(
    ...['backtest', 'vwap-reclaim', '--store', '--symbol', 'QQQM', '--layers', 'c'],
    ...['--set', 'parameters.isMa20Required=false', '--out', out],
    ...['--sweep', 'parameters.stopAtrMultiple=0.1:0.6:0.1', ...how],
  );
  assert.equal(code, 0, stderr);
  return ['sweep.csv', 'report.md', 'run.json'].map((file) =>
    readFileSync(join(out, file), 'utf8'),
  );
}

test('ID-13 a sweep over two worker processes, one of them killed in the middle, writes what one process writes', async () => {
  await bringBars();
  const alone = await sweep('alone', '--workers', '1');
  assert.equal(alone[0]?.trimEnd().split('\n').length, 7);
  const [first, second] = [await startWorker(), await startWorker()];
  try {
    const queued = sweep('queued', '--queue');
    // while sets are played or waited for; whichever it is in, the other worker takes over
    setTimeout(() => first.kill('SIGKILL'), 3000);
    assert.deepEqual(await queued, alone);
  } finally {
    first.kill('SIGKILL');
    second.kill('SIGTERM');
    const [code] = await once(second, 'exit');
    assert.equal(code, 0);
  }
});

test('ID-13 a sweep on the queue needs the store', async () => {
  const words = ['--bars', 'x.csv', '--symbol', 'QQQM', '--queue', '--out', folder];
  const { code, stderr } = await cli('backtest', 'vwap-reclaim', ...words);
  assert.deepEqual(
    [code, stderr.trim()],
    [2, 'error: --queue: found --bars, expected --store, from which every worker reads'],
  );
});
