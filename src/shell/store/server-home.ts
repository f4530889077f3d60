import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ConfigError, StoreError } from '#app/errors.ts';
import { canTraverse, type ServerUser, systemServerUser } from './server-user.ts';

/** Bytes a Unix socket's path may have on Linux and macOS, with the closing zero left out. */
const SOCKET_PATH_LIMIT = 103;
/** Where a database lives when its unprivileged user cannot reach the data folder. */
const SHARED_HOME = '/var/lib/centaur';
export const SERVER_PORT = 5432;

/** Passwords of the two roles. */
export type Credentials = { readonly owner: string; readonly app: string };

/** Where a data folder's database is and as whom it runs. */
export type ServerHome = {
  /** Folder of everything below; not always inside the data folder. */
  readonly home: string;
  /** Credentials and the database files proper; appears whole or not at all. */
  readonly cluster: string;
  readonly dataDir: string;
  readonly socketDir: string;
  readonly logFile: string;
  /** Null: the server runs as this process' own user. */
  readonly user: ServerUser | null;
  /** True when the home had to be outside the data folder. */
  readonly isElsewhere: boolean;
};

function hashOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 12);
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function writeDurably(file: string, text: string): void {
  const draft = `${file}.${process.pid}.tmp`;
  writeFileSync(draft, text, { mode: 0o600 });
  const handle = openSync(draft, 'r');
  fsyncSync(handle);
  closeSync(handle);
  renameSync(draft, file);
}

/** The home a data folder was given when its database was made, or null. */
function recordedHome(dataFolder: string): string | null {
  try {
    const text = readFileSync(join(dataFolder, 'pg-location.json'), 'utf8');
    return (JSON.parse(text) as { home: string }).home;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new ConfigError(
      `${dataFolder}/pg-location.json: not readable, expected the user that made it`,
      {
        code: 'data_folder_unreadable',
        retryable: false,
        cause: error,
      },
    );
  }
}

function chooseHome(dataFolder: string, user: ServerUser | null): string {
  const inside = join(dataFolder, 'pg');
  const recorded = recordedHome(dataFolder);
  if (recorded !== null && recorded !== inside) {
    if (existsSync(join(recorded, 'cluster'))) return recorded;
    throw new ConfigError(
      `${dataFolder}: its database was at ${recorded} and is gone, expected it there or a restore into a new folder`,
      { code: 'database_missing', retryable: false },
    );
  }
  if (recorded !== null || user === null || canTraverse(dataFolder, user)) return inside;
  return join(SHARED_HOME, hashOf(dataFolder));
}

/** User the server runs as: null for our own; as root the cluster's owner or an unprivileged one. */
function chooseUser(clusterData: string): ServerUser | null {
  const owner = existsSync(clusterData) ? statSync(clusterData) : null;
  if (!isRoot()) {
    const self = process.getuid?.();
    if (owner !== null && self !== undefined && owner.uid !== self) {
      throw new ConfigError(
        `${clusterData}: belongs to uid ${owner.uid}, expected uid ${self}; start as the user that made it`,
        { code: 'data_folder_owner', retryable: false },
      );
    }
    return null;
  }
  if (owner !== null && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const user = systemServerUser();
  if (user !== null) return user;
  throw new ConfigError(
    'embedded database: started as root and found no user postgres or nobody, expected one of them or DATABASE_URL',
    { code: 'no_server_user', retryable: false },
  );
}

/** Makes a folder only its user may enter; refuses one that somebody else has put there. */
function ownFolder(path: string, user: ServerUser | null): void {
  const uid = user?.uid ?? process.getuid?.();
  try {
    mkdirSync(path, { mode: 0o700 });
    if (user !== null) chownSync(path, user.uid, user.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const found = lstatSync(path);
  if (!found.isDirectory() || (uid !== undefined && found.uid !== uid)) {
    throw new ConfigError(`${path}: belongs to uid ${found.uid}, expected a folder of uid ${uid}`, {
      code: 'socket_folder_owner',
      retryable: false,
    });
  }
  chmodSync(path, 0o700);
}

function socketFolder(home: string): string {
  const near = join(home, 's');
  const length = Buffer.byteLength(join(near, `.s.PGSQL.${SERVER_PORT}`));
  return length <= SOCKET_PATH_LIMIT ? near : join(tmpdir(), `centaur-${hashOf(home)}`);
}

/** Settles home, user and socket folder of a data folder, creating the folders that are missing. */
export function settleHome(dataFolderGiven: string): ServerHome {
  mkdirSync(dataFolderGiven, { recursive: true, mode: isRoot() ? 0o755 : 0o700 });
  const dataFolder = realpathSync(dataFolderGiven);
  const known = recordedHome(dataFolder) ?? join(dataFolder, 'pg');
  const user = chooseUser(join(known, 'cluster', 'data'));
  const home = chooseHome(dataFolder, user);
  mkdirSync(dirname(home), { recursive: true, mode: 0o755 });
  mkdirSync(home, { recursive: true, mode: user === null ? 0o700 : 0o711 });
  if (user !== null && !canTraverse(home, user)) {
    throw new ConfigError(
      `${home}: uid ${user.uid} of the database server cannot enter it, expected mode 0711 on it and its parents`,
      { code: 'data_folder_unreachable', retryable: false },
    );
  }
  if (recordedHome(dataFolder) === null) {
    writeDurably(join(dataFolder, 'pg-location.json'), `${JSON.stringify({ home })}\n`);
  }
  const cluster = join(home, 'cluster');
  const socketDir = socketFolder(home);
  ownFolder(socketDir, user);
  return {
    home,
    cluster,
    dataDir: join(cluster, 'data'),
    socketDir,
    logFile: join(home, 'postgres.log'),
    user,
    isElsewhere: home !== join(dataFolder, 'pg'),
  };
}

/** Passwords of an existing cluster; throws StoreError when they cannot be read. */
export function readCredentials(cluster: string): Credentials {
  try {
    return JSON.parse(readFileSync(join(cluster, 'credentials.json'), 'utf8')) as Credentials;
  } catch (cause) {
    throw new StoreError(
      `${cluster}/credentials.json: not readable, expected the user that made it`,
      {
        code: 'credentials_unreadable',
        retryable: false,
        cause,
      },
    );
  }
}

/** An unfinished cluster beside the final place; `finish` moves it there whole. */
export type ClusterDraft = {
  readonly dataDir: string;
  readonly passwordFile: string;
  /** False when another process has put its cluster there first; the draft is then discarded. */
  finish(): boolean;
  discard(): void;
};

function removeOldDrafts(home: string): void {
  for (const name of readdirSync(home)) {
    const pid = Number(/^cluster\.(\d+)\.tmp$/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(pid)) continue;
    try {
      process.kill(pid, 0);
    } catch {
      rmSync(join(home, name), { recursive: true, force: true });
    }
  }
}

function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(path, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

/** Starts a draft: folder, credentials of 256 random bits each, password file for initdb. */
export function draftCluster(place: ServerHome): ClusterDraft {
  removeOldDrafts(place.home);
  const draft = join(place.home, `cluster.${process.pid}.tmp`);
  const dataDir = join(draft, 'data');
  const passwordFile = join(draft, 'password');
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(dataDir, { recursive: true });
  chmodSync(draft, place.user === null ? 0o700 : 0o711);
  chmodSync(dataDir, 0o700);
  const credentials: Credentials = {
    owner: randomBytes(32).toString('base64url'),
    app: randomBytes(32).toString('base64url'),
  };
  writeDurably(join(draft, 'credentials.json'), `${JSON.stringify(credentials)}\n`);
  writeFileSync(passwordFile, credentials.owner, { mode: 0o600 });
  if (place.user !== null) {
    for (const path of [dataDir, passwordFile]) chownSync(path, place.user.uid, place.user.gid);
  }
  const discard = () => rmSync(draft, { recursive: true, force: true });
  return {
    dataDir,
    passwordFile,
    finish: () => {
      rmSync(passwordFile);
      try {
        renameSync(draft, place.cluster);
        syncFolder(place.home);
        return true;
      } catch (error) {
        discard();
        if (existsSync(place.dataDir)) return false;
        throw error;
      }
    },
    discard,
  };
}
