import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeDataFolder } from '../test/support/store-backends.ts';

/*
 * Start of the assistant: first chat message on a fresh data folder (initdb and migrations included),
 * warm start to ready as the desk writes it into its log, and memory of desk and database. Linux only
 * (reads /proc). Run: npm run centaur -- bench start
 */
const BIN = join(import.meta.dirname, '..', 'bin', 'centaur.mjs');
const RUNS = 5;

type Started = { firstMessageMs: number; pid: number; end(): Promise<void> };

async function start(dataDir: string): Promise<Started> {
  const startedAt = performance.now();
  const child = spawn(
    process.execPath,
    [BIN, 'start', '--profile', 'paper', '--channels', 'terminal'],
    {
      // a start of its own: `centaur bench` has set the instant of the command line's own start
      env: { ...process.env, CENTAUR_STARTED_AT: undefined, CENTAUR_DATA_DIR: dataDir },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const first = Promise.withResolvers<number>();
  child.stdout.once('data', () => first.resolve(performance.now() - startedAt));
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return {
    firstMessageMs: await first.promise,
    pid: child.pid ?? 0,
    end: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function readyMs(dataDir: string): number {
  const lines = readFileSync(join(dataDir, 'logs', 'desk.log'), 'utf8')
    .trim()
    .split('\n');
  const ready = lines.findLast((line) => line.includes('"phase":"ready"'));
  return ready === undefined ? Number.NaN : (JSON.parse(ready) as { ms: number }).ms;
}

function kilobytes(file: string, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'));
  return Number(found?.[1] ?? Number.NaN);
}

/** Proportional memory of the database's processes that belong to a data folder. */
function databaseKilobytes(dataDir: string): number {
  let total = 0;
  const servers = new Set<string>();
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const read = (pid: string, file: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8');
    } catch {
      return '';
    }
  };
  for (const pid of pids)
    if (read(pid, 'cmdline').includes(`${dataDir}/`) && read(pid, 'cmdline').includes('postgres'))
      servers.add(pid);
  for (const pid of pids) {
    const parent = /^\d+ \(.*\) \S (\d+)/.exec(read(pid, 'stat'))?.[1] ?? '';
    if (servers.has(pid) || servers.has(parent))
      total += kilobytes(`/proc/${pid}/smaps_rollup`, 'Pss');
  }
  return total;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const dataDir = makeDataFolder();
const cold: number[] = [];
for (let n = 0; n < RUNS; n += 1) {
  rmSync(dataDir, { recursive: true, force: true });
  mkdirSync(dataDir, { mode: 0o755 });
  const assistant = await start(dataDir);
  cold.push(assistant.firstMessageMs);
  await sleep(2_500);
  await assistant.end();
}
const warm: number[] = [];
let resident = 0;
let shared = 0;
let database = 0;
for (let n = 0; n < RUNS; n += 1) {
  const assistant = await start(dataDir);
  await sleep(2_000);
  warm.push(readyMs(dataDir));
  resident = Math.max(resident, kilobytes(`/proc/${assistant.pid}/status`, 'VmRSS'));
  shared = Math.max(shared, kilobytes(`/proc/${assistant.pid}/smaps_rollup`, 'Pss'));
  database = Math.max(database, databaseKilobytes(dataDir));
  await assistant.end();
}
rmSync(dataDir, { recursive: true, force: true });
const mb = (kb: number): string => (kb / 1024).toFixed(0);
console.log(
  `first chat message, fresh data folder   median ${(median(cold) / 1000).toFixed(2)} s   goal at most 5 s`,
);
console.log(
  `warm start to ready                     median ${(median(warm) / 1000).toFixed(2)} s   goal at most 0.6 s`,
);
console.log(
  `desk process, resident, warm            worst ${mb(resident)} MB   goal at most 130 MB`,
);
console.log(
  `desk and database, proportional         worst ${mb(shared + database)} MB (database ${mb(database)} MB)   goal at most 200 MB`,
);
