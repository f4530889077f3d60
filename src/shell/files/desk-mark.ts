import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { sync as writeFileAtomic } from 'write-file-atomic';

/** Which process is the desk of a data folder; for people and commands beside it, never a lock. */
export type DeskMark = {
  readonly pid: number;
  readonly startedAt: number;
  readonly runId: string;
  readonly profile: string;
  readonly desks: readonly string[];
  readonly environment: 'paper' | 'live';
};

export type DeskPresence =
  | { readonly kind: 'none' }
  | { readonly kind: 'running'; readonly mark: DeskMark }
  /** Its process is gone; the next start recovers. */
  | { readonly kind: 'ended'; readonly mark: DeskMark };

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Leaves the mark; answers a function that takes it away. */
export function leaveDeskMark(file: string, mark: Omit<DeskMark, 'pid'>): () => void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileAtomic(file, `${JSON.stringify({ ...mark, pid: process.pid })}\n`, { mode: 0o600 });
  return () => {
    const presence = findDesk(file);
    if (presence.kind === 'running' && presence.mark.pid === process.pid) {
      rmSync(file, { force: true });
    }
  };
}

/** Whether a desk runs on the data folder, as far as its mark and its process tell. */
export function findDesk(file: string): DeskPresence {
  let mark: DeskMark;
  try {
    mark = JSON.parse(readFileSync(file, 'utf8')) as DeskMark;
  } catch {
    return { kind: 'none' };
  }
  if (!Number.isInteger(mark.pid) || mark.pid <= 0) return { kind: 'none' };
  return { kind: isAlive(mark.pid) ? 'running' : 'ended', mark };
}
