import { accessSync, constants, existsSync, mkdirSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';

/** One line of the smoke test. `cure` says what to do; null when nothing is. */
export type Finding = {
  readonly name: string;
  /** `skipped`: nobody was asked. */
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly found: string;
  readonly cure: string | null;
};

const NEEDED_NODE = 26;
const LEAST_FREE_BYTES = 200 * 1024 * 1024;
const COMFORTABLE_FREE_BYTES = 1024 * 1024 * 1024;
const MEGABYTE = 1024 * 1024;
const READABLE_BY_OTHERS = 0o077;

export function ok(name: string, found: string): Finding {
  return { name, state: 'ok', found, cure: null };
}

/** What nobody was asked about; it neither passed nor failed. */
export function skipped(name: string, found: string): Finding {
  return { name, state: 'skipped', found, cure: null };
}

export function warning(name: string, found: string, cure: string): Finding {
  return { name, state: 'warning', found, cure };
}

export function failed(name: string, found: string, cure: string): Finding {
  return { name, state: 'failed', found, cure };
}

export function checkNode(): Finding {
  const { node } = process.versions;
  return Number.parseInt(node, 10) >= NEEDED_NODE
    ? ok('node', node)
    : failed('node', node, `run npm ci: it brings Node ${NEEDED_NODE}`);
}

function existingParent(folder: string): string {
  return existsSync(folder) ? folder : existingParent(dirname(folder));
}

export function checkDataFolder(folder: string): Finding {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return ok('data folder', folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const cure = 'give this user the right to write it, or name another by CENTAUR_DATA_DIR';
    return failed('data folder', `${folder} cannot be written (${code})`, cure);
  }
}

export function checkDisk(folder: string): Finding {
  const { bavail, bsize } = statfsSync(existingParent(folder));
  const free = bavail * bsize;
  const found = `${Math.floor(free / MEGABYTE)} MB free`;
  if (free < LEAST_FREE_BYTES) return failed('disk', found, 'free 200 MB or more');
  if (free < COMFORTABLE_FREE_BYTES) return warning('disk', found, 'free 1 GB for some weeks');
  return ok('disk', found);
}

/** Secrets must be readable by their owner only. */
export function checkSecretFile(name: string, file: string): Finding {
  if (!existsSync(file)) return ok(name, 'none, nothing to protect');
  if (process.platform === 'win32') return ok(name, 'present');
  const { mode } = statSync(file);
  const text = (mode & 0o777).toString(8).padStart(4, '0');
  return (mode & READABLE_BY_OTHERS) === 0
    ? ok(name, `mode ${text}`)
    : failed(name, `mode ${text}: others can read it`, `chmod 600 ${file}`);
}

const MOST_DRIFT_MS = 3000;

/** Compared with a server's clock where one answered; its own stamp is cut to whole seconds. */
export function checkClock(now: number, serverTimeAt: number | null): Finding {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const here = `${new Date(now).toISOString()}, zone ${zone}`;
  if (serverTimeAt === null) return skipped('clock', `${here}; nothing reached to compare it with`);
  const drift = now - serverTimeAt;
  return Math.abs(drift) <= MOST_DRIFT_MS
    ? ok('clock', `${here}, agrees with Telegram`)
    : failed('clock', `${here}, ${drift} ms from Telegram's`, 'switch on time synchronisation');
}
