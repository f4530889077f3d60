import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { ConfigError } from '#app/errors.ts';
import { loadDriver, loadMigrator } from './drizzle.ts';
import { ensureAppRole, grantApp } from './roles.ts';
import { type Access, applicationName, openSql, type Sql } from './sql-client.ts';
import { toStoreError } from './store-error.ts';

const FOLDER = fileURLToPath(new URL('../../../migrations', import.meta.url));
/** Only one process migrates; the others wait and find nothing to do. */
const MIGRATION_LOCK = 7_230_002;
const OLDEST_SERVER = 150_000;

/** Access of the role that owns the tables. */
export type OwnerAccess = Access;

export type SchemaStatus = {
  /** Migrations the code knows, oldest first. */
  readonly known: readonly string[];
  readonly applied: readonly string[];
  /** True when the store was migrated by newer code. */
  readonly isNewer: boolean;
};

export type Migrated = {
  readonly applied: number;
  /** `roles`: the app role may only add to append-only tables; `triggers`: the triggers alone refuse. */
  readonly protection: 'roles' | 'triggers';
};

type Journal = { readonly entries: readonly { readonly tag: string; readonly when: number }[] };

function readJournal(): Journal {
  return JSON.parse(readFileSync(`${FOLDER}/meta/_journal.json`, 'utf8')) as Journal;
}

/** Names of the migrations this code has, oldest first. */
export function knownMigrations(): string[] {
  return readJournal().entries.map((entry) => entry.tag);
}

async function lastApplied(sql: Sql): Promise<number> {
  const [table] = await sql<{ found: string | null }[]>`
    select to_regclass('drizzle.__drizzle_migrations')::text as found`;
  if (table === undefined || table.found === null) return 0;
  const [row] = await sql<{ last: number | null }[]>`
    select max(created_at)::float8 as last from drizzle.__drizzle_migrations`;
  return row?.last ?? 0;
}

async function statusOf(sql: Sql): Promise<SchemaStatus> {
  const { entries } = readJournal();
  const last = await lastApplied(sql);
  return {
    known: entries.map((entry) => entry.tag),
    applied: entries.filter((entry) => entry.when <= last).map((entry) => entry.tag),
    isNewer: last > (entries.at(-1)?.when ?? 0),
  };
}

/** Names of the migrations a store has, oldest first. */
export async function appliedMigrations(sql: Sql): Promise<readonly string[]> {
  return (await statusOf(sql)).applied;
}

/** One session as the owner, without time limits. */
export function openOwner(access: OwnerAccess): Sql {
  return openSql(access, { purpose: 'owner', max: 1, isOwner: true });
}

async function apply(access: OwnerAccess): Promise<void> {
  // a client of its own: the ORM changes the types of the one it is given
  const options = {
    max: 1,
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: applicationName('migrate') },
  };
  const client =
    'url' in access ? postgres(access.url, options) : postgres({ ...access, ...options });
  try {
    const { drizzle } = loadDriver();
    await loadMigrator().migrate(drizzle({ client }), { migrationsFolder: FOLDER });
  } finally {
    await client.end({ timeout: 2 });
  }
}

async function refuseOldServer(sql: Sql): Promise<void> {
  const [row] = await sql<{ version: number }[]>`
    select current_setting('server_version_num')::int as version`;
  const version = row?.version ?? 0;
  if (version >= OLDEST_SERVER) return;
  throw new ConfigError(
    `database server: found version ${Math.floor(version / 10_000)}, expected ${OLDEST_SERVER / 10_000} or newer`,
    { code: 'server_too_old', retryable: false },
  );
}

/** What the store's schema is, compared to the code's migrations. Throws StoreError. */
export async function readSchemaStatus(access: OwnerAccess): Promise<SchemaStatus> {
  const sql = openOwner(access);
  try {
    return await statusOf(sql);
  } catch (error) {
    throw toStoreError(error, 'schema status');
  } finally {
    await sql.end({ timeout: 2 });
  }
}

/** Applies what is missing while no other process does; answers how many there were. */
async function bringUp(
  sql: Sql,
  access: OwnerAccess,
  beforeChange: (tag: string) => Promise<void>,
): Promise<number> {
  let status = await statusOf(sql);
  if (status.isNewer) {
    throw new ConfigError(
      'store: was migrated by newer code, expected that code or a restored backup',
      { code: 'schema_newer', retryable: false },
    );
  }
  if (status.applied.length === status.known.length) return 0;
  await sql`select pg_advisory_lock(${MIGRATION_LOCK})`;
  status = await statusOf(sql);
  const next = status.known[status.applied.length];
  if (next === undefined) return 0;
  if (status.applied.length > 0) await beforeChange(next);
  await apply(access);
  return status.known.length - status.applied.length;
}

/**
 * Brings the schema to the code's state, one process at a time; `beforeChange` runs first when
 * there is something to apply to a store in use. Throws ConfigError for a store that newer code
 * has migrated and for a server that is too old, else StoreError.
 */
export async function migrateStore(
  access: OwnerAccess,
  beforeChange: (tag: string) => Promise<void>,
): Promise<Migrated> {
  const sql = openOwner(access);
  const isServer = 'url' in access;
  try {
    if (isServer) await refuseOldServer(sql);
    const applied = await bringUp(sql, access, beforeChange);
    const hasRole = isServer ? await ensureAppRole(sql) : true;
    if (hasRole && (applied > 0 || isServer)) await grantApp(sql);
    return { applied, protection: hasRole ? 'roles' : 'triggers' };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw toStoreError(error, 'migrate');
  } finally {
    await sql.end({ timeout: 2 });
  }
}

/** Empties a store: removes everything the migrations made, so that they can run again. */
export async function resetStore(access: OwnerAccess): Promise<void> {
  const sql = openOwner(access);
  try {
    await sql`select pg_advisory_lock(${MIGRATION_LOCK})`;
    await sql.begin(async (tx) => {
      const found = await tx<{ name: string }[]>`
        select tablename as name from pg_tables where schemaname = 'public'`;
      for (const { name } of found) await tx`drop table ${tx(name)} cascade`;
      await tx`drop function if exists append_batch, leads, refuse_change, refuse_raw_change, expire_raw,
        instant_of cascade`;
      await tx`drop schema if exists drizzle cascade`;
    });
  } catch (error) {
    throw toStoreError(error, 'reset');
  } finally {
    await sql.end({ timeout: 2 });
  }
}
