import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { canonicalJson } from '#core/lib/canonical-json.ts';
import type { RunResult } from '#shell/runner/run-result.ts';
import { connectStore } from '#shell/store/client.ts';
import { createStore } from '#shell/store/store.ts';
import { runCli } from './cli.ts';
import { sharedPath } from './shared-data.ts';

export const SPY_FILE = ['data', 'us', 'minute', 'SPY_1m_2024-03-26_2025-01-31.csv.gz'] as const;

/** A data folder with the recorded SPY minutes in its store. */
export async function folderWithSpy(): Promise<{ readonly dataDir: string; remove(): void }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'centaur-e2e-'));
  const file = sharedPath(...SPY_FILE) ?? '';
  const series = ['--symbol', 'SPY', '--market', 'US', '--timeframe', '1m'];
  const form = ['--zone', 'UTC', '--label', 'start'];
  const args = ['data', 'import', 'bars', ...series, '--file', file, ...form];
  const { code, stderr } = await runCli(args, { dataDir });
  if (code !== 0) throw new Error(`import ended with ${code}: ${stderr}`);
  return { dataDir, remove: () => rmSync(dataDir, { recursive: true, force: true }) };
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

/** Events of the desk of a run, type and data only, and its visible messages. */
export async function storedRun(
  dataDir: string,
  runId: string,
): Promise<{ events: string[]; deliveries: number }> {
  const handle = await connectStore({ dataFolder: dataDir, databaseUrl: null, purpose: 'test' });
  try {
    const store = createStore(handle);
    const events = await store.events.read(`${runId}/desk/us-vwap`);
    const rows = await store.outbox.ofRun(runId);
    return {
      events: events.map(({ type, data }) => canonicalJson({ type, data })),
      // edits of one message coalesce to the newest; how many there are depends on the pace
      deliveries: rows.filter((row) => row.state === 'delivered' && row.editKey === null).length,
    };
  } finally {
    await handle.closeAndStop();
  }
}

/** Starts a command and kills it without warning after `afterMs`; answers whether it was still running. */
export function startAndKill(
  args: readonly string[],
  dataDir: string,
  afterMs: number,
): Promise<boolean> {
  const bin = join(import.meta.dirname, '..', '..', 'bin', 'centaur.mjs');
  const child = spawn(process.execPath, [bin, ...args], {
    env: { ...process.env, CENTAUR_DATA_DIR: dataDir },
    stdio: 'ignore',
  });
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
    child.on('close', (_code, signal) => {
      clearTimeout(timer);
      resolve(signal === 'SIGKILL');
    });
  });
}
