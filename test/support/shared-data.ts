import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../../../shared');

/** Path of a file of the shared data beside the project; null when it is not there. */
export function sharedPath(...parts: readonly string[]): string | null {
  const path = join(ROOT, ...parts);
  return existsSync(path) ? path : null;
}

/** Options of a test that needs a shared file: skips, saying which file is missing. */
export function needsShared(...parts: readonly string[]): { skip: string | false } {
  return { skip: sharedPath(...parts) === null ? `needs ../shared/${parts.join('/')}` : false };
}
