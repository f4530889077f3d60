import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** What a process tells of one run. Money to the cent; peers without a figure leave it out. */
export type Told = {
  readonly trades: number;
  readonly halves?: number;
  readonly pnl: number;
  readonly fees?: number;
  readonly bars: number;
};

/** One way to do the work, as a process. */
export type Contender = {
  readonly name: string;
  readonly command: readonly string[];
  /** Symbols it is given; fewer than asked for where it is too slow, and its time is scaled. */
  readonly symbols: number;
  /** It cannot express the strategy whole, so that its figures are others. */
  readonly isSimpler?: boolean;
};

/** Wall time and CPU in ms, peak memory in MiB; of /usr/bin/time where there is one. */
export type Measured = { readonly wall: number; readonly cpu: number; readonly mib: number };

const TIME = '/usr/bin/time';

/** Runs a process once. Throws with its last words when it fails. */
export function measureOnce(
  command: readonly string[],
  scratch: string,
  environment: Readonly<Record<string, string>> = {},
): { readonly told: Told; readonly measured: Measured } {
  const file = join(scratch, 'time.txt');
  const isTimed = existsSync(TIME);
  const whole = isTimed ? [TIME, '-o', file, '-f', '%U %S %M', ...command] : command;
  const [program = '', ...rest] = whole;
  const startedAt = performance.now();
  const done = spawnSync(program, rest, {
    env: { ...process.env, ...environment },
    ...{ encoding: 'utf8', maxBuffer: 1 << 26 },
  });
  const wall = performance.now() - startedAt;
  if (done.status !== 0) {
    const words = `${done.error?.message ?? ''} ${done.stderr ?? ''}`.trim().split('\n').at(-1);
    throw new Error(words ?? `ended with ${done.status}`);
  }
  const told = JSON.parse(done.stdout.trim().split('\n').at(-1) ?? '') as Told;
  if (!isTimed) return { told, measured: { wall, cpu: Number.NaN, mib: Number.NaN } };
  const [user = 0, system = 0, kib = 0] = readFileSync(file, 'utf8').trim().split(' ').map(Number);
  rmSync(file);
  return { told, measured: { wall, cpu: (user + system) * 1000, mib: kib / 1024 } };
}

/** Why a program of Python cannot run here; null when it can. */
function lackOf(modules: readonly string[]): string | null {
  for (const name of modules) {
    const { status } = spawnSync('python3', ['-c', `import ${name}`]);
    if (status === null) return 'there is no python3';
    if (status !== 0) return `python3 has no module ${name}`;
  }
  return null;
}

/** Why a package of Node cannot be loaded from where `PEER_MODULES` says; null when it can. */
function lackOfPackages(names: readonly string[]): string | null {
  const { PEER_MODULES: place } = process.env;
  if (place === undefined) return `PEER_MODULES is not set, it needs ${names.join(', ')}`;
  for (const name of names) {
    const code = `require('node:module').createRequire(${JSON.stringify(place)}).resolve('${name}')`;
    if (spawnSync(process.execPath, ['-e', code]).status !== 0)
      return `PEER_MODULES has no ${name}`;
  }
  return null;
}

/** Builds a native peer; answers its path, or why there is none. */
function built(compiler: string, args: readonly string[], out: string): string | null {
  return spawnSync(compiler, [...args, '-o', out]).status === 0 ? out : null;
}

/** A peer in Python; `most`: symbols that it plays in less than a minute or two. */
type Script = {
  readonly name: string;
  readonly file: string;
  readonly modules: readonly string[];
  readonly most: number;
  readonly isSimpler?: boolean;
};

/** The peers that run here, and the others with the reason. */
export function findPeers(
  scripts: string,
  folder: string,
  symbols: number,
): { readonly here: readonly Contender[]; readonly absent: readonly string[] } {
  const here: Contender[] = [];
  const absent: string[] = [];
  const script = (file: string) => join(scripts, 'intraday', file);
  const given = [folder, String(symbols)];
  const add = (lack: string | null, contender: Contender) => {
    if (lack === null) here.push(contender);
    else absent.push(`${contender.name}: ${lack}`);
  };
  const native = join(folder, 'loop-c');
  const isBuilt = built('cc', ['-O3', '-march=native', script('loop.c'), '-lm'], native) !== null;
  for (const mode of ['csv', 'bin']) {
    const command = [native, ...given, mode];
    const lack = isBuilt ? null : 'no C compiler built it';
    add(lack, { name: `loop in C, ${mode}`, command, symbols });
  }
  add(lackOfPackages(['trading-signals']), {
    name: 'events in JS, one clock, bin',
    command: [process.execPath, script('peer_oo_events.mjs'), ...given, 'clock'],
    symbols,
  });
  add(lackOfPackages(['grademark', 'data-forge', 'chai']), {
    name: 'grademark, csv',
    command: [process.execPath, script('peer_grademark.mjs'), ...given],
    symbols,
    isSimpler: true,
  });
  const few = (most: number) => Math.min(symbols, most);
  const python: readonly Script[] = [
    { name: 'numba loop, csv', file: 'peer_numba.py', modules: ['pandas', 'numba'], most: symbols },
    { name: 'vectorbt, csv', file: 'peer_vectorbt.py', modules: ['vectorbt'], most: symbols },
    {
      ...{ name: 'backtesting.py, csv', file: 'peer_backtestingpy.py', modules: ['backtesting'] },
      // it fills a limit and then the stop within one bar
      ...{ most: few(5), isSimpler: true },
    },
    {
      ...{ name: 'backtrader, csv', file: 'peer_backtrader.py', modules: ['backtrader'] },
      most: few(2),
    },
  ];
  for (const { name, file, modules, most, isSimpler = false } of python) {
    const command = ['python3', script(file), folder, String(most)];
    add(lackOf(modules), { name, command, symbols: most, isSimpler });
  }
  return { here, absent };
}
