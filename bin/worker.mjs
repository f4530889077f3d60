/**
 * Entry of a worker thread: the compile cache, then the TypeScript.
 *
 * Which module to run is `workerData.script`, a path inside the project such as `jobs/us-close.ts`;
 * run by hand it is the first argument. The thread ends when the module has nothing left to do.
 */
import { isAbsolute, join, relative } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { isMainThread, workerData } from 'node:worker_threads';
import { enableCache } from './compile-cache.mjs';

const ROOT = join(import.meta.dirname, '..');

enableCache();

const script = isMainThread ? process.argv[2] : workerData?.script;
if (typeof script !== 'string') {
  throw new TypeError(`worker: expected workerData.script, was ${typeof script}`);
}
const path = join(ROOT, script);
const place = relative(ROOT, path);
if (isAbsolute(script) || place.startsWith('..')) {
  throw new TypeError(`worker: expected a path inside the project, was ${script}`);
}
await import(pathToFileURL(path).href);
