import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { canonicalJson } from '#core/lib/canonical-json.ts';
import type { RunResult } from '#shell/runner/run-result.ts';
import { connectStore } from '#shell/store/client.ts';
import { createStore } from '#shell/store/store.ts';
import { runCli } from './cli.ts';
import { sharedPath } from './shared-data.ts';
import { makeDataFolder } from './store-backends.ts';

export const SPY_FILE = ['data', 'us', 'minute', 'SPY_1m_2024-03-26_2025-01-31.csv.gz'] as const;

/** A data folder the database's own user can enter; `remove` leaves nothing of it, its cluster included. */
export function emptyFolder(): { readonly dataDir: string; remove(): void } {
  const dataDir = makeDataFolder();
  return { dataDir, remove: () => rmSync(dataDir, { recursive: true, force: true }) };
}

/** Imports recorded minutes of SPY from a file with labels at the start, in UTC. */
export async function importSpy(dataDir: string, file: string): Promise<void> {
  const series = ['--symbol', 'SPY', '--market', 'US', '--timeframe', '1m'];
  const form = ['--zone', 'UTC', '--label', 'start'];
  const args = ['data', 'import', 'bars', ...series, '--file', file, ...form];
  const { code, stderr } = await runCli(args, { dataDir });
  if (code !== 0) throw new Error(`import ended with ${code}: ${stderr}`);
}

/** A data folder with the recorded SPY minutes in its store. */
export async function folderWithSpy(): Promise<{ readonly dataDir: string; remove(): void }> {
  const folder = emptyFolder();
  await importSpy(folder.dataDir, sharedPath(...SPY_FILE) ?? '');
  return folder;
}

/** Arguments of a replay of SPY at full speed. */
export function replayArgs(days: string, operator: string): string[] {
  const what = ['start', '--desk', 'us-vwap', '--symbols', 'SPY', '--replay', days];
  return [...what, '--speed', 'max', '--operator', operator, '--exit', '--json'];
}

export async function replay(dataDir: string, days: string, operator: string): Promise<RunResult> {
  const { code, stdout, stderr } = await runCli(replayArgs(days, operator), { dataDir });
  if (code !== 0) throw new Error(`replay ended with ${code}: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout) as RunResult;
}

/** What a run came to, without what names the run itself. */
export function essence(result: RunResult): string {
  const { runId: _runId, startupMs: _startupMs, messages: _messages, ...rest } = result;
  return canonicalJson(rest);
}

/** An event as stored: its instant, and type and data as one text. */
export type StoredEvent = { readonly occurredAt: number; readonly text: string };

/** Events of the desk of a run, type and data only, and its visible messages. */
export async function storedRun(
  dataDir: string,
  runId: string,
  desk = 'us-vwap',
): Promise<{ events: string[]; stored: StoredEvent[]; deliveries: number }> {
  const handle = await connectStore({ dataFolder: dataDir, databaseUrl: null, purpose: 'test' });
  try {
    const store = createStore(handle);
    const events = await store.events.read(`${runId}/desk/${desk}`);
    const rows = await store.outbox.ofRun(runId);
    const stored = events.map(({ type, data, occurredAt }) => ({
      occurredAt,
      text: canonicalJson({ type, data }),
    }));
    return {
      events: stored.map((event) => event.text),
      stored,
      // edits of one message coalesce to the newest; how many there are depends on the pace
      deliveries: rows.filter((row) => row.state === 'delivered' && row.editKey === null).length,
    };
  } finally {
    await handle.closeAndStop();
  }
}

function procText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Kills the server of a data folder and its children, without warning; Linux only, elsewhere none. */
export function killDatabase(dataDir: string): void {
  const [first = ''] = procText(join(dataDir, 'pg', 'cluster', 'data', 'postmaster.pid')).split(
    '\n',
  );
  const server = Number(first);
  if (!(server > 1) || !procText(`/proc/${server}/cmdline`).includes(dataDir)) return;
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => /^\d+ \(.*\) \S (\d+)/.exec(procText(`/proc/${pid}/stat`))?.[1] === first);
  for (const pid of [server, ...children.map(Number)]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // gone already
    }
  }
}

/** Starts a command and calls `kill` on it after `afterMs`; answers whether it was still running. */
export function startAndKill(
  args: readonly string[],
  dataDir: string,
  afterMs: number,
  withDatabase = false,
): Promise<boolean> {
  const bin = join(import.meta.dirname, '..', '..', 'bin', 'centaur.mjs');
  const child = spawn(process.execPath, [bin, ...args], {
    env: { ...process.env, CENTAUR_DATA_DIR: dataDir },
    stdio: 'ignore',
  });
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      if (withDatabase) killDatabase(dataDir);
    }, afterMs);
    child.on('close', (_code, signal) => {
      clearTimeout(timer);
      resolve(signal === 'SIGKILL');
    });
  });
}
