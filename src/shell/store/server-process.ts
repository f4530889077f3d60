import { execFileSync, spawn } from 'node:child_process';
import {
  chownSync,
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '#app/errors.ts';
import type { ServerUser } from './server-user.ts';

/**
 * What the pid in a lock file is: no file, nobody, a process that has ended but was not reaped,
 * some other program, our server, or not to be told on this platform.
 */
export type Liveness = 'none' | 'dead' | 'zombie' | 'foreign' | 'live' | 'unclear';

/** Larger than any pid a kernel hands out, so that the server takes the file for a stale one. */
const NO_PID = 2147483647;
const LOG_LIMIT_BYTES = 4 * 1024 * 1024;

function pidIn(file: string): number | null {
  try {
    const pid = Math.abs(Number.parseInt(readFileSync(file, 'utf8'), 10));
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The same judgement where there is no /proc. */
function askPs(pid: number, dataDir: string): Liveness {
  const line = execFileSync('/bin/ps', ['-o', 'stat=,command=', '-p', String(pid)]).toString();
  if (line.trimStart().startsWith('Z')) return 'zombie';
  return line.includes(dataDir) ? 'live' : 'foreign';
}

/** Judges the process named by a lock file; `dataDir` must appear in a server's command line. */
export function liveness(file: string, dataDir: string): Liveness {
  const pid = pidIn(file);
  if (pid === null) return 'none';
  if (pid === NO_PID || !exists(pid)) return 'dead';
  if (process.platform === 'win32') return 'unclear';
  try {
    if (process.platform !== 'linux') return askPs(pid, dataDir);
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
    if (state === 'Z' || state === 'X') return 'zombie';
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words.includes(dataDir) ? 'live' : 'foreign';
  } catch {
    return exists(pid) ? 'unclear' : 'dead';
  }
}

/** Pid of the server that runs on `dataDir`, or null. */
export function serverPid(dataDir: string): number | null {
  return pidIn(join(dataDir, 'postmaster.pid'));
}

/**
 * Makes a lock file whose pid is a zombie or a foreign process look stale. The rest of the file
 * stays: it names the shared memory by which the server sees children of a killed predecessor.
 */
export function defuse(file: string): void {
  const rest = readFileSync(file, 'utf8').split('\n').slice(1);
  const { mode, uid, gid } = statSync(file);
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, [String(NO_PID), ...rest].join('\n'), { mode });
  if (process.getuid?.() === 0) chownSync(draft, uid, gid);
  renameSync(draft, file);
}

/** No inherited variable may steer the server; Windows programs need theirs to load at all. */
function environment(): NodeJS.ProcessEnv | undefined {
  return process.platform === 'win32'
    ? undefined
    : { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

function spawnOptions(user: ServerUser | null) {
  const env = environment();
  return {
    ...(env === undefined ? {} : { env }),
    ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
    cwd: process.platform === 'win32' ? undefined : '/',
    windowsHide: true,
  };
}

function spawnFailure(program: string, cause: unknown): StoreError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  return new StoreError(`${program}: could not be started (${code})`, {
    code: 'server_start_failed',
    retryable: false,
    cause,
  });
}

/** Runs a program to its end; rejects with its last line when it fails. */
export function runProgram(
  program: string,
  args: readonly string[],
  user: ServerUser | null,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], {
      ...spawnOptions(user),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text = (text + chunk).slice(-2000);
      });
    }
    child.on('error', (error) => reject(spawnFailure(program, error)));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(spawnFailure(program, new Error(text.trim().split('\n').join('; '))));
    });
  });
}

/** A server just launched: whether it has ended again and what it said last. */
export type Launched = { ended(): Promise<void>; hasEnded(): boolean; lastWords(): string };

function openLog(file: string): number {
  try {
    if (statSync(file).size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
  } catch {
    // no log yet
  }
  return openSync(file, 'a', 0o600);
}

/** Launches a server in a session of its own, so that it outlives this process. */
export function launchServer(
  program: string,
  args: readonly string[],
  user: ServerUser | null,
  logFile: string,
): Promise<Launched> {
  const log = openLog(logFile);
  const from = statSync(logFile).size;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], {
      ...spawnOptions(user),
      detached: true,
      stdio: ['ignore', log, log],
    });
    let isEnded = false;
    const ended = new Promise<void>((done) => {
      child.on('exit', () => {
        isEnded = true;
        done();
      });
    });
    child.on('error', (error) => reject(spawnFailure(program, error)));
    child.on('spawn', () => {
      child.unref();
      resolve({
        ended: () => ended,
        hasEnded: () => isEnded,
        lastWords: () => readFileSync(logFile).subarray(from).toString('utf8').trim(),
      });
    });
    closeSync(log);
  });
}

/** Asks the server on `dataDir` for a fast shutdown; a no-op when none is there. */
export function requestShutdown(dataDir: string): boolean {
  const file = join(dataDir, 'postmaster.pid');
  const pid = pidIn(file);
  const state = liveness(file, dataDir);
  if (pid === null || (state !== 'live' && state !== 'unclear')) return false;
  process.kill(pid, 'SIGINT');
  return true;
}

/** Removes a socket's lock file whose process is certainly not a server of ours. */
export function clearSocketLock(socketDir: string, port: number, dataDir: string): void {
  const file = join(socketDir, `.s.PGSQL.${port}.lock`);
  const state = liveness(file, dataDir);
  if (state === 'zombie' || state === 'foreign' || state === 'dead') rmSync(file, { force: true });
}
