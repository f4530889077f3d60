import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { sync as writeFileAtomic } from 'write-file-atomic';

type Side = 'paper' | 'live';

/**
 * Which side an account is on, for a process beside the desk that must know it while the store does not
 * answer: a kill. `unknown`: nobody wrote it down; `unreadable`: somebody did, and it cannot be read.
 */
export type SideMark = Side | 'unknown' | 'unreadable';

function readAll(file: string): Readonly<Record<string, unknown>> | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    return null;
  }
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === 'object' && found !== null ? (found as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Writes down the side of an account, beside those of the others. Throws when the file cannot be written. */
export function markSide(file: string, accountId: string, side: Side): void {
  const known = readAll(file) ?? {};
  if (known[accountId] === side) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileAtomic(file, `${JSON.stringify({ ...known, [accountId]: side })}\n`, { mode: 0o600 });
}

/** The side of an account as it was written down. Never throws. */
export function readSide(file: string, accountId: string): SideMark {
  const known = readAll(file);
  if (known === null) return 'unreadable';
  const found = known[accountId];
  if (found === undefined) return 'unknown';
  return found === 'paper' || found === 'live' ? found : 'unreadable';
}
