/**
 * Switches on Node's cache of compiled code (types stripped once, not at every start): four
 * times faster from the second start on. Never fails: without a writable folder it is slower.
 */
import { existsSync, mkdirSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';

const ROOT = join(import.meta.dirname, '..');

/** Folders to try, best first; a shared temporary folder is none, others could plant code there. */
function candidates() {
  const { XDG_CACHE_HOME, LOCALAPPDATA, CENTAUR_DATA_DIR } = process.env;
  const local = {
    darwin: () => join(homedir(), 'Library', 'Caches'),
    win32: () => LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'),
  };
  const cache = local[process.platform]?.() ?? (XDG_CACHE_HOME || join(homedir(), '.cache'));
  return [
    join(cache, 'centaur', 'compiled'),
    join(CENTAUR_DATA_DIR || join(ROOT, 'data'), 'cache', 'compiled'),
  ];
}

/** Creates a folder level by level: the recursive ways never return where a level always fails. */
function makeFolder(folder) {
  if (existsSync(folder)) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/** Enables the cache for this thread and returns its folder, or undefined. */
export function enableCache() {
  const { ENABLED, ALREADY_ENABLED } = module.constants.compileCacheStatus;
  const isGiven = Boolean(process.env.NODE_COMPILE_CACHE);
  for (const folder of isGiven ? [undefined] : candidates()) {
    try {
      if (folder !== undefined) makeFolder(folder);
      const { status, directory } = module.enableCompileCache(folder);
      if (status === ENABLED || status === ALREADY_ENABLED) return directory;
    } catch {
      // No home folder, for instance: the next candidate.
    }
  }
  return undefined;
}

/** Writes what is compiled so far, so that a process that is killed has not compiled for nothing. */
export function saveCache() {
  module.flushCompileCache();
}
