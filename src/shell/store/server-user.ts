import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** The operating-system user a database server runs as when this process is root. */
export type ServerUser = { readonly uid: number; readonly gid: number };

/** Accounts that exist on common distributions for this purpose, best first. */
const CANDIDATES = ['postgres', 'nobody'];

/** The first unprivileged account found in a passwd file's text, or null. */
export function findServerUser(passwd: string): ServerUser | null {
  const rows = passwd.split('\n').map((line) => line.split(':'));
  for (const name of CANDIDATES) {
    const row = rows.find((fields) => fields[0] === name);
    const uid = Number(row?.[2]);
    const gid = Number(row?.[3]);
    if (Number.isInteger(uid) && uid > 0 && Number.isInteger(gid)) return { uid, gid };
  }
  return null;
}

/** As {@link findServerUser} over this machine's own file. */
export function systemServerUser(): ServerUser | null {
  try {
    return findServerUser(readFileSync('/etc/passwd', 'utf8'));
  } catch {
    return null;
  }
}

function allows(path: string, user: ServerUser, wanted: number): boolean {
  const { mode, uid, gid } = statSync(path);
  const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
  return ((mode >> shift) & wanted) === wanted;
}

/**
 * Whether `user`, with no other group than its own, can walk down to `path` and, for a file, read
 * it. Judged by mode bits alone; a path that does not exist cannot be reached.
 */
export function canReach(path: string, user: ServerUser): boolean {
  try {
    const real = realpathSync(path);
    if (!allows(real, user, statSync(real).isDirectory() ? 5 : 4)) return false;
    for (let dir = dirname(real); ; dir = dirname(dir)) {
      if (!allows(dir, user, 1)) return false;
      if (dir === dirname(dir)) return true;
    }
  } catch {
    return false;
  }
}

/** As {@link canReach}, but only walking through: the directory itself need not be listable. */
export function canTraverse(path: string, user: ServerUser): boolean {
  try {
    for (let dir = realpathSync(path); ; dir = dirname(dir)) {
      if (!allows(dir, user, 1)) return false;
      if (dir === dirname(dir)) return true;
    }
  } catch {
    return false;
  }
}
