import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { backUp } from './backup.ts';
import { APP_ROLE, type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { type Migrated, migrateStore } from './migrate.ts';
import { type Access, type Caller, createCaller, openSql, type Sql } from './sql-client.ts';
import { isStoreDown, toStoreError } from './store-error.ts';

export type StoreOptions = {
  /** Folder of the embedded database; used as its identity even when a server is named. */
  readonly dataFolder: string;
  /** Address of a server of version 15 or newer; null: the embedded one. */
  readonly databaseUrl: string | null;
  /** What the sessions are for: `desk`, `cli`, `job:…`. */
  readonly purpose: string;
  readonly maxConnections?: number;
  /** False in workers: the main process has migrated already. */
  readonly shouldMigrate?: boolean;
  readonly callTimeoutMs?: number;
  /** False: a lost embedded server is not started again by this handle. */
  readonly shouldRevive?: boolean;
};

export type StoreHandle = Caller & {
  readonly kind: 'embedded' | 'server';
  readonly access: Access;
  readonly ownerAccess: Access;
  readonly embedded: EmbeddedPostgres | null;
  readonly protection: 'roles' | 'triggers';
  readonly migrationsApplied: number;
  /** Closes this handle's sessions; the server goes on. */
  close(): Promise<void>;
  /** Closes, then ends an embedded server that nobody else uses. */
  closeAndStop(): Promise<'stopped' | 'in_use' | 'not_running' | 'not_ours'>;
};

const CALL_TIMEOUT_MS = 12_000;
const POOL_SIZE = 3;
const ATTEMPTS = 4;

/** Starts a lost embedded server again, one attempt at a time, in the background. */
function createReviver(dataFolder: string): () => void {
  let isRunning = false;
  return () => {
    if (isRunning) return;
    isRunning = true;
    const finish = () => {
      // still down: the next failing call tries again
      isRunning = false;
    };
    startEmbeddedPostgres(dataFolder).then(finish, finish);
  };
}

/** A store in use is never migrated without a backup; a second try keeps the first one's. */
async function backUpBefore(dataFolder: string, tag: string, owner: Access): Promise<void> {
  const folder = join(dataFolder, 'backups', `before-${tag}`);
  if (!existsSync(folder)) await backUp(owner, folder);
}

type Server = { embedded: EmbeddedPostgres | null; owner: Access; app: Access };

async function findServer(options: StoreOptions): Promise<Server> {
  if (options.databaseUrl !== null) {
    const owner = { url: options.databaseUrl, role: null };
    return { embedded: null, owner, app: { url: options.databaseUrl, role: APP_ROLE } };
  }
  const embedded = await startEmbeddedPostgres(options.dataFolder);
  return { embedded, owner: embedded.owner, app: embedded.app };
}

type Opened = { server: Server; migrated: Migrated; access: Access; sql: Sql };

async function open(options: StoreOptions): Promise<Opened> {
  const server = await findServer(options);
  const migrated: Migrated =
    options.shouldMigrate === false && server.embedded !== null
      ? { applied: 0, protection: 'roles' }
      : await migrateStore(server.owner, (tag) =>
          backUpBefore(options.dataFolder, tag, server.owner),
        );
  const access = migrated.protection === 'roles' ? server.app : server.owner;
  const max = options.maxConnections ?? POOL_SIZE;
  const sql = openSql(access, { purpose: options.purpose, max });
  try {
    // shows from now on that the server is in use
    await sql`select 1`;
    return { server, migrated, access, sql };
  } catch (error) {
    await sql.end({ timeout: 1 });
    throw toStoreError(error, 'connect');
  }
}

/** A server that its last user ends in this very moment is simply started again. */
async function openPatiently(options: StoreOptions): Promise<Opened> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open(options);
    } catch (error) {
      const mayRepeat = options.databaseUrl === null && isStoreDown(error) && attempt < ATTEMPTS;
      if (!mayRepeat) throw error;
    }
  }
}

/**
 * Opens the store: finds or starts the server, migrates, and answers a handle whose sessions run
 * as the app role. Throws StoreError or ConfigError; a later loss of the server fails single
 * calls within their time limit and heals by itself.
 */
export async function connectStore(options: StoreOptions): Promise<StoreHandle> {
  const { server, migrated, access, sql } = await openPatiently(options);
  const { embedded } = server;
  const revive =
    embedded === null || options.shouldRevive === false
      ? () => {}
      : createReviver(options.dataFolder);
  let isOpen = true;
  const caller = createCaller(sql, options.callTimeoutMs ?? CALL_TIMEOUT_MS, () => {
    if (isOpen) revive();
  });
  const close = async () => {
    isOpen = false;
    await sql.end({ timeout: 0.5 });
  };
  return {
    ...caller,
    kind: embedded === null ? 'server' : 'embedded',
    access,
    ownerAccess: server.owner,
    embedded,
    protection: migrated.protection,
    migrationsApplied: migrated.applied,
    close,
    closeAndStop: async () => {
      await close();
      return embedded === null ? 'not_ours' : embedded.stop();
    },
  };
}
