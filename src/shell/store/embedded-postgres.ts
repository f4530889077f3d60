import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { StoreError } from '#app/errors.ts';
import { prepareBinaries, programOf, type ServerBinaries } from './server-binaries.ts';
import {
  draftCluster,
  readCredentials,
  SERVER_PORT,
  type ServerHome,
  settleHome,
} from './server-home.ts';
import {
  clearSocketLock,
  defuse,
  type Launched,
  launchServer,
  liveness,
  requestShutdown,
  runProgram,
  serverPid,
} from './server-process.ts';

export const OWNER_ROLE = 'centaur_owner';
export const APP_ROLE = 'centaur_app';
export const DATABASE = 'centaur';
/** Lets concurrent starters create database and role one after the other. */
const BOOTSTRAP_LOCK = 7_230_001;
const POLL_MS = 8;
const SLOWEST_POLL_MS = 150;
const START_TIMEOUT_MS = 60_000;
/** Children of a killed server hold its shared memory until they notice; then it may start. */
const RETRYABLE_EXIT = /lock file|shared memory|in use|could not bind|starting up|shutting down/i;

/** One role's way into the server, as the driver takes it. */
export type ServerAccess = {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
};

export type EmbeddedPostgres = {
  readonly owner: ServerAccess;
  readonly app: ServerAccess;
  /** True when a running server was found instead of started. */
  readonly wasAdopted: boolean;
  readonly place: ServerHome;
  pid(): number | null;
  /** Ends the server unless another centaur process is connected to it. */
  stop(): Promise<'stopped' | 'in_use' | 'not_running'>;
};

type Probe = 'ready' | 'absent' | 'busy' | 'no_database';

function settings(place: ServerHome, port: number): string[] {
  const isSocket = process.platform !== 'win32';
  const values: Record<string, string> = {
    listen_addresses: isSocket ? '' : '127.0.0.1',
    port: String(port),
    ...(isSocket
      ? { unix_socket_directories: place.socketDir, unix_socket_permissions: '0700' }
      : {}),
    max_connections: '40',
    shared_buffers: '32MB',
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_logical_replication_workers: '0',
    max_worker_processes: '2',
    autovacuum_max_workers: '1',
    io_method: 'sync',
    jit: 'off',
    max_wal_size: '256MB',
    checkpoint_timeout: '15min',
    log_checkpoints: 'off',
    log_timezone: 'UTC',
    timezone: 'UTC',
    fsync: 'on',
    synchronous_commit: 'on',
    scram_iterations: '16',
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function hostOf(place: ServerHome): string {
  return process.platform === 'win32' ? '127.0.0.1' : place.socketDir;
}

/** Windows has no socket file: a random loopback port, kept beside the cluster. */
function portOf(place: ServerHome): number {
  if (process.platform !== 'win32') return SERVER_PORT;
  const file = join(place.home, 'port');
  if (!existsSync(file)) writeFileSync(file, String(20_000 + Math.floor(Math.random() * 20_000)));
  return Number(readFileSync(file, 'utf8'));
}

function accessOf(place: ServerHome, role: 'owner' | 'app', database: string): ServerAccess {
  const credentials = readCredentials(place.cluster);
  return {
    host: hostOf(place),
    port: portOf(place),
    database,
    username: role === 'owner' ? OWNER_ROLE : APP_ROLE,
    password: credentials[role],
  };
}

/** One short-lived connection; the name tells sessions of the desk from a person's. */
function openOnce(access: ServerAccess): postgres.Sql {
  return postgres({
    ...access,
    max: 1,
    connect_timeout: 5,
    // asking for array types in the background would reject unhandled when the server ends
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: `centaur:supervisor:${process.pid}` },
  });
}

function judge(error: unknown): Probe {
  const code = (error as { code?: string }).code ?? '';
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return 'absent';
  if (code === '3D000') return 'no_database';
  if (code === '28P01' || code === '28000') {
    throw new StoreError(
      'embedded database: refused its own password, expected the server of this data folder',
      {
        code: 'foreign_server',
        retryable: false,
        cause: error,
      },
    );
  }
  return 'busy';
}

async function probe(place: ServerHome): Promise<Probe> {
  if (!existsSync(place.dataDir)) return 'absent';
  if (
    process.platform !== 'win32' &&
    !existsSync(join(place.socketDir, `.s.PGSQL.${SERVER_PORT}`))
  ) {
    return 'absent';
  }
  const sql = openOnce(accessOf(place, 'owner', DATABASE));
  try {
    await sql`select 1`;
    return 'ready';
  } catch (error) {
    return judge(error);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function createCluster(place: ServerHome, binaries: ServerBinaries): Promise<void> {
  const draft = draftCluster(place);
  try {
    await runProgram(
      programOf(binaries, 'initdb'),
      [
        ...['-D', draft.dataDir, '-U', OWNER_ROLE, '--pwfile', draft.passwordFile],
        ...['--auth=scram-sha-256', '--encoding=UTF8', '--locale-provider=builtin'],
        ...['--locale=C.UTF-8', '-c', 'scram_iterations=16'],
      ],
      place.user,
    );
    draft.finish();
  } catch (error) {
    draft.discard();
    throw error;
  }
}

async function createDatabase(place: ServerHome): Promise<void> {
  const sql = openOnce(accessOf(place, 'owner', 'postgres'));
  const app = readCredentials(place.cluster).app;
  try {
    await sql`select pg_advisory_lock(${BOOTSTRAP_LOCK})`;
    const [role] = await sql`select 1 from pg_roles where rolname = ${APP_ROLE}`;
    if (role === undefined) {
      await sql.unsafe(`create role ${APP_ROLE} login password '${app}'`);
    }
    const [database] = await sql`select 1 from pg_database where datname = ${DATABASE}`;
    if (database === undefined) await sql.unsafe(`create database ${DATABASE}`);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Makes lock files of zombies and strangers harmless. */
function clearWay(place: ServerHome): void {
  const pidFile = join(place.dataDir, 'postmaster.pid');
  const state = liveness(pidFile, place.dataDir);
  if (state === 'zombie' || state === 'foreign') defuse(pidFile);
  if (process.platform !== 'win32') clearSocketLock(place.socketDir, SERVER_PORT, place.dataDir);
}

async function launch(place: ServerHome, binaries: ServerBinaries): Promise<Launched> {
  const args = ['-D', place.dataDir, ...settings(place, portOf(place))];
  if (process.platform !== 'win32') {
    return launchServer(programOf(binaries, 'postgres'), args, place.user, place.logFile);
  }
  // postgres.exe refuses an administrator; pg_ctl drops the rights first
  const options = settings(place, portOf(place)).join(' ');
  await runProgram(
    programOf(binaries, 'pg_ctl'),
    ['start', '-w', '-D', place.dataDir, '-l', place.logFile, '-o', options],
    null,
  );
  return { ended: () => new Promise(() => {}), hasEnded: () => false, lastWords: () => '' };
}

function startFailure(words: string, place: ServerHome): StoreError {
  const lines = words.split('\n').filter((line) => /FATAL|PANIC|error/i.test(line));
  const said = lines.at(-1) ?? words.split('\n').at(-1) ?? '';
  return new StoreError(`embedded database: did not start, it said "${said}" (${place.logFile})`, {
    code: /No space left/i.test(words) ? 'disk_full' : 'server_start_failed',
    retryable: false,
  });
}

/** Starts or waits until the server answers. Answers whether this call started it. */
async function raise(place: ServerHome, binaries: () => ServerBinaries): Promise<boolean> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  let launched: Launched | null = null;
  let hasStarted = false;
  let pause = POLL_MS;
  for (;;) {
    const found = await probe(place);
    if (found === 'ready') return hasStarted;
    if (found === 'no_database') await createDatabase(place);
    if (performance.now() > deadline) {
      throw new StoreError(
        `embedded database: pid ${serverPid(place.dataDir)} does not answer after ${START_TIMEOUT_MS} ms (${place.logFile})`,
        { code: 'server_not_answering', retryable: true },
      );
    }
    if (launched?.hasEnded() === true) {
      const words = launched.lastWords();
      if (!RETRYABLE_EXIT.test(words)) throw startFailure(words, place);
      launched = null;
      await sleep(100);
    }
    if (found === 'absent' && launched === null && !isRunning(place)) {
      clearWay(place);
      launched = await launch(place, binaries());
      hasStarted = true;
    }
    if (found !== 'no_database') await sleep(pause);
    // a long recovery is not asked a hundred times a second
    pause = Math.min(pause * 1.3, SLOWEST_POLL_MS);
  }
}

function isRunning(place: ServerHome): boolean {
  return liveness(join(place.dataDir, 'postmaster.pid'), place.dataDir) === 'live';
}

/** Runs `work` while no other process of this machine starts the same database. */
async function alone<T>(place: ServerHome, work: () => Promise<T>): Promise<T> {
  if (process.platform !== 'linux') return work();
  // an abstract socket is a lock that the kernel frees when its process dies
  const lock = createServer();
  const name = `\0centaur-start:${place.home}`.slice(0, 100);
  for (;;) {
    const isHeld = await new Promise<boolean>((resolve) => {
      lock.removeAllListeners();
      lock.once('error', () => resolve(false));
      lock.listen(name, () => resolve(true));
    });
    if (isHeld) break;
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    lock.close();
  }
}

async function countOthers(place: ServerHome): Promise<number> {
  const sql = openOnce(accessOf(place, 'owner', DATABASE));
  try {
    const [row] = await sql<{ others: number }[]>`
      select count(*)::int as others from pg_stat_activity
      where backend_type = 'client backend' and application_name like 'centaur:%'
        and application_name not like ${`centaur:%:${process.pid}`}`;
    return row?.others ?? 0;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function stopServer(place: ServerHome): Promise<'stopped' | 'in_use' | 'not_running'> {
  if ((await probe(place)) === 'absent') return 'not_running';
  // a session that has just closed is listed for a moment longer
  for (let i = 0; (await countOthers(place)) > 0; i++) {
    if (i >= 4) return 'in_use';
    await sleep(20);
  }
  if (!requestShutdown(place.dataDir)) return 'not_running';
  const pidFile = join(place.dataDir, 'postmaster.pid');
  const deadline = performance.now() + 30_000;
  while (existsSync(pidFile) && isRunning(place) && performance.now() < deadline)
    await sleep(POLL_MS);
  return 'stopped';
}

/**
 * Finds, starts or creates the database of a data folder and answers when it takes connections.
 * Rejects with StoreError or ConfigError; never leaves an error unhandled.
 */
export async function startEmbeddedPostgres(dataFolder: string): Promise<EmbeddedPostgres> {
  const place = settleHome(dataFolder);
  let wasAdopted = (await probe(place)) === 'ready';
  if (!wasAdopted) {
    let prepared: ServerBinaries | null = null;
    const shelf = place.user === null ? place.home : '/var/lib/centaur';
    const binaries = () => {
      prepared ??= prepareBinaries(place.user, shelf);
      return prepared;
    };
    wasAdopted = await alone(place, async () => {
      if (!existsSync(place.dataDir)) await createCluster(place, binaries());
      return !(await raise(place, binaries));
    });
  }
  return {
    owner: accessOf(place, 'owner', DATABASE),
    app: accessOf(place, 'app', DATABASE),
    wasAdopted,
    place,
    pid: () => serverPid(place.dataDir),
    stop: () => stopServer(place),
  };
}
