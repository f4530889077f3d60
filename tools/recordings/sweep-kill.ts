import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { loadMarketCalendar } from '#shell/calendars/load.ts';
import { csvOf, simulatedSeries } from '../../test/support/backtest-market.ts';
import { eventually } from '../../test/support/eventually.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PROGRAM = join(ROOT, 'bin', 'centaur.mjs');
const LONG_MS = 300_000;
/** Sets that are done when a worker is killed. */
const KILLED_AFTER = 6;

const SWEEP = [
  ...['backtest', 'vwap-reclaim', '--store', '--symbol', 'QQQM', '--layers', 'c'],
  ...[
    '--sweep',
    'parameters.stopAtrMultiple=0.1:0.55:0.05',
    '--set',
    'parameters.isMa20Required=false',
  ],
];

/**
 * A sweep in one process, and the same on the queue with two worker processes of which one is killed (SIGKILL) while it
 * plays. What `diff` says of the two folders is the last word.
 */
export async function sweepKill(): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'centaur-sweep-kill-'));
  const lines: string[] = [];
  const env = { ...process.env, CENTAUR_DATA_DIR: join(folder, 'data') };
  const running: ChildProcess[] = [];
  /** Starts a program in the folder; its lines are written down under `who`. */
  const start = (program: string, args: readonly string[], who: string): ChildProcess => {
    const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    running.push(child);
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(`${who.padEnd(8)} ${line}`);
      });
    return child;
  };
  const centaur = (who: string, ...words: string[]): ChildProcess => {
    lines.push(`${who.padEnd(8)} $ centaur ${words.join(' ')}`);
    return start(process.execPath, [PROGRAM, ...words], who);
  };
  const worker = async (who: string): Promise<ChildProcess> => {
    const child = centaur(who, 'worker', '--workers', '1');
    await eventually(
      () => lines.some((line) => line.startsWith(`${who.padEnd(8)} worker:`)),
      LONG_MS,
    );
    return child;
  };
  try {
    const calendar = await loadMarketCalendar(ROOT, 'US');
    const [series] = simulatedSeries(5, ['QQQM.US'], '2026-01-05', '2026-06-26', calendar);
    writeFileSync(join(folder, 'qqqm.csv'), csvOf(series!.minutes));
    const bars = ['data', 'import', 'bars', '--file', 'qqqm.csv', '--symbol', 'QQQM'];
    await once(
      centaur('one', ...bars, '--market', 'US', '--timeframe', '1m', '--label', 'start'),
      'close',
    );
    await once(centaur('one', ...SWEEP, '--workers', '1', '--out', 'alone'), 'close');
    const [first, second] = [await worker('worker 1'), await worker('worker 2')];
    const asked = centaur('one', ...SWEEP, '--queue', '--out', 'queued');
    const kept = join(folder, 'queued', 'unfinished.jsonl');
    await eventually(
      () => existsSync(kept) && readFileSync(kept, 'utf8').split('\n').length >= KILLED_AFTER + 2,
      LONG_MS,
    );
    first.kill('SIGKILL');
    await once(first, 'close');
    lines.push('·        kill -9 of worker 1, with a set under its hands');
    await once(asked, 'close');
    second.kill('SIGINT');
    await once(second, 'close');
    lines.push('one      $ diff -r alone queued');
    const [code] = await once(start('diff', ['-r', 'alone', 'queued'], 'one'), 'close');
    lines.push(
      `·        diff ended with ${code}: ${code === 0 ? 'every file is the same' : 'they differ'}`,
    );
    return lines;
  } finally {
    for (const child of running) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}
