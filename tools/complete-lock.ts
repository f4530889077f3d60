/**
 * Completes package-lock.json with the optional dependencies of other platforms.
 *
 * A registry that does not hold every platform's binaries makes `npm install` leave them out of
 * the lock file, and `npm ci` then refuses the file on a clean clone. For every optional
 * dependency that resolves to no entry, this adds one beside its parent. `--check` changes
 * nothing and fails naming what is missing. See docs/decisions/0003-lock-completion.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type LockEntry = {
  version?: string;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  dev?: boolean;
  optional?: boolean;
  link?: boolean;
  optionalDependencies?: Record<string, string>;
  [field: string]: unknown;
};

export type Lock = { packages: Record<string, LockEntry>; [field: string]: unknown };

export type MissingEntry = { readonly path: string; readonly entry: LockEntry };

const OS_OF_WORD: Readonly<Record<string, string>> = {
  aix: 'aix',
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  linuxmusl: 'linux',
  netbsd: 'netbsd',
  openbsd: 'openbsd',
  openharmony: 'openharmony',
  sunos: 'sunos',
  win32: 'win32',
  win: 'win32',
  windows: 'win32',
};

const CPU_OF_WORD: Readonly<Record<string, string>> = {
  arm: 'arm',
  arm64: 'arm64',
  ia32: 'ia32',
  loong64: 'loong64',
  mips64el: 'mips64el',
  ppc: 'ppc',
  ppc64: 'ppc64',
  ppc64le: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  wasm32: 'wasm32',
  x64: 'x64',
  x86: 'ia32',
};

const EXACT_VERSION = /^\d+\.\d+\.\d+(?:-[\w.-]+)?(?:\+[\w.-]+)?$/;

/** Reads the platform from the words of a package name such as `@esbuild/linux-x64`. */
export function platformOf(name: string): Pick<LockEntry, 'os' | 'cpu' | 'libc'> {
  const words = name.toLowerCase().split(/[^a-z0-9]+/);
  const find = (table: Readonly<Record<string, string>>) =>
    [...words].reverse().find((word) => Object.hasOwn(table, word));
  const os = find(OS_OF_WORD);
  const cpu = find(CPU_OF_WORD);
  const libc = /musl/.test(name) ? 'musl' : /gnu/.test(name) ? 'glibc' : undefined;
  return {
    ...(libc === undefined || OS_OF_WORD[os ?? ''] !== 'linux' ? {} : { libc: [libc] }),
    ...(os === undefined ? {} : { os: [OS_OF_WORD[os] as string] }),
    ...(cpu === undefined ? {} : { cpu: [CPU_OF_WORD[cpu] as string] }),
  };
}

/** Returns the path of the entry that `name` resolves to from `parent`, as Node would find it. */
function resolveEntry(lock: Lock, parent: string, name: string): string | undefined {
  let folder = parent;
  for (;;) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (lock.packages[path] !== undefined) return path;
    if (folder === '') return undefined;
    const cut = folder.lastIndexOf('/node_modules/');
    folder = cut === -1 ? '' : folder.slice(0, cut);
  }
}

/** Returns the folder a package's siblings live in: the part before its last `node_modules`. */
function holderOf(parent: string): string {
  const cut = parent.lastIndexOf('node_modules/');
  return cut === -1 ? '' : parent.slice(0, cut);
}

/** Lists the optional dependencies of a lock that have no entry; throws on an inexact version. */
export function findMissing(lock: Lock): MissingEntry[] {
  const missing = new Map<string, LockEntry>();
  for (const [parent, owner] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
      if (resolveEntry(lock, parent, name) !== undefined) continue;
      if (!EXACT_VERSION.test(version)) {
        throw new Error(
          `${parent || 'package.json'}: expected an exact version of ${name}, was ${version}`,
        );
      }
      let path = `${holderOf(parent)}node_modules/${name}`;
      const taken = missing.get(path);
      if (taken !== undefined && taken.version !== version) path = `${parent}/node_modules/${name}`;
      const isDev = owner.dev === true && missing.get(path)?.dev !== false;
      missing.set(path, { version, ...platformOf(name), dev: isDev, optional: true });
    }
  }
  return [...missing].map(([path, { dev, ...entry }]) => ({
    path,
    entry: dev === true ? { ...entry, dev } : entry,
  }));
}

/** Returns the lock with the missing entries added, paths in npm's order. */
export function completeLock(lock: Lock, missing: readonly MissingEntry[]): Lock {
  const all = { ...lock.packages };
  for (const { path, entry } of missing) all[path] = entry;
  const paths = Object.keys(all).sort((a, b) => a.localeCompare(b, 'en'));
  return {
    ...lock,
    packages: Object.fromEntries(paths.map((path) => [path, all[path] as LockEntry])),
  };
}

/** Names the entries that carry a `resolved` address: the lock must work with any registry. */
export function findAddresses(lock: Lock): string[] {
  return Object.entries(lock.packages)
    .filter(([, entry]) => /^https?:/.test(String(entry['resolved'] ?? '')))
    .map(([path]) => path);
}

/** The lock files of the project: its own, and those of processes that stand beside it. */
const LOCKS = ['package-lock.json', 'integrations/wechaty/package-lock.json'];

function main(args: readonly string[]): number {
  const isCheck = args.includes('--check');
  const isComplete = LOCKS.map((name) => treat(name, isCheck)).every((one) => one);
  if (!isComplete) console.error('run: npm run lock:complete');
  return isComplete ? 0 : 1;
}

/** Completes one lock file, or says what is missing in it; true when nothing is. */
function treat(file: string, isCheck: boolean): boolean {
  const path = join(import.meta.dirname, '..', file);
  const lock: Lock = JSON.parse(readFileSync(path, 'utf8'));
  const missing = findMissing(lock);
  const addressed = findAddresses(lock);
  if (isCheck) {
    for (const { path: name, entry } of missing)
      console.error(`${file}: expected an entry ${name} ${entry.version}, found none`);
    for (const name of addressed)
      console.error(`${file}: expected no address in ${name}, found one`);
    return missing.length + addressed.length === 0;
  }
  const completed = completeLock(lock, missing);
  for (const name of addressed) delete completed.packages[name]?.['resolved'];
  writeFileSync(path, `${JSON.stringify(completed, null, 2)}\n`);
  console.log(`${file}: added ${missing.length}, cleared ${addressed.length} addresses`);
  return true;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
