import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { ConfigError } from '#app/errors.ts';
import { loadDriver, loadMigrator } from './drizzle.ts';
import type { ServerAccess } from './embedded-postgres.ts';
import { ensureAppRole, grantApp } from './roles.ts';
import { applicationName, openSql } from './sql-client.ts';
import { toStoreError } from './store-error.ts';

const FOLDER = fileURLToPath(new URL('../../../migrations', import.meta.url));
/** Only one process migrates; the others wait and find nothing to do. */
const MIGRATION_LOCK = 7_230_002;

type OwnerAccess = ServerAccess | { readonly url: string };

export type SchemaStatus = {
  /** Migrations the code knows, oldest first. */
  readonly known: readonly string[];
  readonly applied: number;
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

type Sql = ReturnType<typeof openSql>;

async function statusOf(sql: Sql): Promise<SchemaStatus> {
  const { entries } = readJournal();
  const known = entries.map((entry) => entry.tag);
  const [table] = await sql<{ found: string | null }[]>`
    select to_regclass('drizzle.__drizzle_migrations')::text as found`;
  if (table?.found == null) return { known, applied: 0, isNewer: false };
  const [row] = await sql<{ last: number | null }[]>`
    select max(created_at)::float8 as last from drizzle.__drizzle_migrations`;
  const last = row?.last ?? 0;
  return {
    known,
    applied: entries.filter((entry) => entry.when <= last).length,
    isNewer: last > (entries.at(-1)?.when ?? 0),
  };
}

function openOwner(access: OwnerAccess): Sql {
  const options = { purpose: 'migrate', max: 1, isOwner: true };
  return openSql('url' in access ? { ...access, role: null } : access, options);
}

async function apply(access: OwnerAccess): Promise<void> {
  // a client of its own: the ORM changes the types of the one it is given
  const options = {
    max: 1,
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
  if (version >= 150_000) return;
  throw new ConfigError(
    `database server: found version ${Math.floor(version / 10_000)}, expected 15 or newer`,
    { code: 'server_too_old', retryable: false },
  );
}

/** What the store's schema is, compared to the code's migrations. */
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

/**
 * Brings the schema to the code's state, one process at a time; `beforeChange` runs first when
 * there is something to apply to a store in use. Refuses a store that newer code has migrated.
 */
export async function migrateStore(
  access: OwnerAccess,
  beforeChange: (tag: string) => Promise<void> = async () => {},
): Promise<Migrated> {
  const sql = openOwner(access);
  const isServer = 'url' in access;
  try {
    if (isServer) await refuseOldServer(sql);
    let status = await statusOf(sql);
    let applied = 0;
    if (status.applied < status.known.length) {
      await sql`select pg_advisory_lock(${MIGRATION_LOCK})`;
      status = await statusOf(sql);
      applied = status.known.length - status.applied;
      if (applied > 0) {
        if (status.applied > 0) await beforeChange(status.known[status.applied] ?? 'next');
        await apply(access);
      }
    }
    if (status.isNewer) {
      throw new ConfigError(
        'store: was migrated by newer code, expected that code or a restored backup',
        {
          code: 'schema_newer',
          retryable: false,
        },
      );
    }
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
