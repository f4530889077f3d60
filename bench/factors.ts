import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { sharedPath } from '../test/support/shared-data.ts';

/*
 * The factor job over 5,400 stocks and 250 days, 20 factors, winsorized ranks, score and the best 200 of
 * every day, and of the last day alone: whole processes from CSV and from our panel cache (named by the
 * hash of the CSV, which is read for it each time), beside the typed-array script of ../shared/bench-peers
 * from CSV and from its own binary file, in turn.
 * The last day's score sum must be the peers' within 1e-4 before anything is said of time. CPU is user
 * and system time, which neighbours on the machine disturb less than the clock.
 * Run: npm run centaur -- bench factors [repeats]
 */
const CHECK = -18.2958;
const TOLERANCE = 1e-4;
const repeats = Number(process.argv[2] ?? 3);

type Run = {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly mb: number;
  readonly out: string;
};

/** Prints what a process used when it ends. */
const USAGE = `data:text/javascript,process.on('exit',()=>console.error(JSON.stringify(process.resourceUsage())))`;

function run(script: string, rest: readonly string[]): Run {
  const startedAt = performance.now();
  const flags = ['--no-maglev', '--import', USAGE];
  const child = spawnSync(process.execPath, [...flags, script, ...rest]);
  const wallMs = performance.now() - startedAt;
  if (child.status !== 0) throw new Error(`${script}: ${child.stderr.toString().slice(0, 300)}`);
  const used = JSON.parse(child.stderr.toString().trim().split('\n').at(-1) ?? '{}');
  const cpuMs = (used.userCPUTime + used.systemCPUTime) / 1000;
  return { cpuMs, wallMs, mb: used.maxRSS / 1024, out: child.stdout.toString() };
}

function middle(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function say(name: string, runs: readonly Run[]): number {
  const cpu = middle(runs.map(({ cpuMs }) => cpuMs));
  const wall = middle(runs.map(({ wallMs }) => wallMs));
  const mb = Math.max(...runs.map((one) => one.mb));
  console.log(
    `${name.padEnd(40)} ${cpu.toFixed(0).padStart(7)} ms CPU ${wall.toFixed(0).padStart(7)} ms wall ${mb.toFixed(0).padStart(5)} MB`,
  );
  return cpu;
}

function measure(folder: string, peer: string): boolean {
  const child = join(import.meta.dirname, 'factors-child.ts');
  const files = [join(folder, 'daily.csv'), join(folder, 'index.csv')];
  const cache = join(folder, 'cache');
  const jobs: Readonly<Record<string, readonly [string, readonly string[]]>> = {
    peer: [peer, [folder, 'csv', 'full']],
    full: [child, [...files, 'full']],
    peerNight: [peer, [folder, 'csv', 'night']],
    night: [child, [...files, 'night']],
    peerBin: [peer, [folder, 'bin', 'full']],
    cached: [child, [...files, 'full', cache]],
    peerBinNight: [peer, [folder, 'bin', 'night']],
    cachedNight: [child, [...files, 'night', cache]],
  };
  // writes the cache and warms the compile cache
  run(child, [...files, 'full', cache]);
  const figures: Record<string, Run[]> = {};
  for (let n = 0; n < repeats; n += 1)
    for (const [name, [script, rest]] of Object.entries(jobs))
      figures[name] = [...(figures[name] ?? []), run(script, rest)];
  const ours = ['full', 'night', 'cached', 'cachedNight'].flatMap((name) => figures[name] ?? []);
  for (const { out } of ours) {
    const { check, first } = JSON.parse(out) as { check: number; first: string };
    if (Math.abs(check - CHECK) <= TOLERANCE) continue;
    console.log(`factors: found ${check} (first ${first}), expected ${CHECK}`);
    return false;
  }
  const { check, first } = JSON.parse(figures['full']?.[0]?.out ?? '{}');
  console.log(`check values agree: ${check.toFixed(6)}, first ${first}`);
  const compare = (what: string, theirs: string, own: string) => {
    const peerMs = say(`typed-array script, ${what}`, figures[theirs] ?? []);
    const ownMs = say(`ours, ${what}`, figures[own] ?? []);
    console.log(`  ${(ownMs / peerMs).toFixed(2)} × the script's CPU`);
  };
  compare('CSV, every day', 'peer', 'full');
  compare('CSV, last day', 'peerNight', 'night');
  compare('binary or cache, every day', 'peerBin', 'cached');
  compare('binary or cache, last day', 'peerBinNight', 'cachedNight');
  const nights = (figures['cachedNight'] ?? []).map(
    ({ out }) => (JSON.parse(out) as { scoreCpuMs: number }).scoreCpuMs,
  );
  console.log(`  of which scoring 61 days in memory ${middle(nights).toFixed(0)} ms CPU`);
  return true;
}

const generator = sharedPath('bench-peers', 'gen', 'gen-daily.mjs');
const script = sharedPath('bench-peers', 'factors', 'js.mjs');
if (generator === null || script === null) {
  console.log('factors: needs bench-peers beside the project; nothing measured');
} else {
  const folder = mkdtempSync(join(tmpdir(), 'centaur-bench-'));
  try {
    spawnSync(process.execPath, [generator, folder]);
    if (!measure(folder, script)) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
