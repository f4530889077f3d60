import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { RefusedError, StoreError } from '#app/errors.ts';
import { appliedMigrations, knownMigrations, type OwnerAccess, openOwner } from './migrate.ts';
import type { Sql } from './sql-client.ts';
import { toStoreError } from './store-error.ts';

const FORMAT = 1;
const NEWLINE = 10;

type TableFile = {
  readonly rows: number;
  readonly sha256: string;
  readonly columns: readonly string[];
};

/** What a backup holds: one file of COPY text a table, hashed before compression. */
export type BackupManifest = {
  readonly format: number;
  readonly createdAt: number;
  /** Last migration of the store when it was backed up. */
  readonly migration: string;
  readonly tables: Readonly<Record<string, TableFile>>;
};

function damaged(folder: string, found: string, expected: string): StoreError {
  return new StoreError(`backup ${folder}: found ${found}, expected ${expected}`, {
    code: 'backup_damaged',
    retryable: false,
  });
}

/** Passes bytes on while it hashes them and counts lines; a row of COPY text is one line. */
function createMeter() {
  const hash = createHash('sha256');
  let rows = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1))
        rows += 1;
      done(null, chunk);
    },
  });
  return { stream, read: () => ({ rows, sha256: hash.digest('hex') }) };
}

async function tableColumns(sql: Sql): Promise<Map<string, string[]>> {
  const found = await sql<{ name: string; columns: string[] }[]>`
    select c.table_name as name, json_agg(c.column_name order by c.ordinal_position) as columns
    from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
    where table_schema = 'public' and t.table_type = 'BASE TABLE' group by 1 order by 1`;
  return new Map(found.map((row) => [row.name, row.columns]));
}

function target(sql: Sql, table: string, columns: readonly string[]) {
  return sql`${sql(table)} (${sql([...columns])})`;
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r');
  await handle.sync();
  await handle.close();
}

async function writeFileDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  await handle.writeFile(text);
  await handle.sync();
  await handle.close();
}

async function saveTable(tx: Sql, folder: string, table: string, columns: readonly string[]) {
  const file = join(folder, `${table}.copy.gz`);
  const meter = createMeter();
  const source = await tx`copy ${target(tx, table, columns)} to stdout`.readable();
  await pipeline(
    source,
    meter.stream,
    createGzip({ level: 4 }),
    createWriteStream(file, { mode: 0o600 }),
  );
  // The driver pauses its socket when the last rows fill the stream and nothing asks for more then:
  // the end of the command would stay unread and the next query would wait for ever.
  source._read(0);
  await syncFile(file);
  return { ...meter.read(), columns };
}

async function saveAll(tx: Sql, folder: string): Promise<BackupManifest> {
  const tables: Record<string, TableFile> = {};
  for (const [table, columns] of await tableColumns(tx)) {
    tables[table] = await saveTable(tx, folder, table, columns);
  }
  const [row] = await tx<{ now: number }[]>`select now() as now`;
  const migration = (await appliedMigrations(tx)).at(-1) ?? '';
  return { format: FORMAT, createdAt: row?.now ?? 0, migration, tables };
}

/**
 * Copies every table as of one moment into `folder`, which must not exist; it appears whole or not
 * at all. Throws StoreError.
 */
export async function backUp(access: OwnerAccess, folder: string): Promise<BackupManifest> {
  const sql = openOwner(access);
  const draft = `${folder}.partial`;
  try {
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { recursive: true, mode: 0o700 });
    const manifest = await sql.begin('isolation level repeatable read read only', (tx) =>
      saveAll(tx as unknown as Sql, draft),
    );
    await writeFileDurably(join(draft, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    await rename(draft, folder);
    return manifest as BackupManifest;
  } catch (error) {
    await rm(draft, { recursive: true, force: true }).catch(() => {});
    throw toStoreError(error, 'backup');
  } finally {
    await sql.end({ timeout: 2 });
  }
}

async function readManifest(folder: string): Promise<BackupManifest> {
  let manifest: BackupManifest;
  try {
    manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as BackupManifest;
  } catch {
    throw damaged(folder, 'no readable manifest.json', 'a finished backup');
  }
  if (manifest.format !== FORMAT) {
    throw damaged(folder, `format ${String(manifest.format)}`, `format ${FORMAT}`);
  }
  return manifest;
}

/** Reads a backup through and compares every table with the manifest. Throws StoreError. */
export async function verifyBackup(folder: string): Promise<BackupManifest> {
  const manifest = await readManifest(folder);
  for (const [table, expected] of Object.entries(manifest.tables)) {
    const meter = createMeter();
    meter.stream.resume();
    try {
      await pipeline(
        createReadStream(join(folder, `${table}.copy.gz`)),
        createGunzip(),
        meter.stream,
      );
    } catch (error) {
      throw damaged(folder, `${table} unreadable (${(error as Error).message})`, 'a whole file');
    }
    const { rows, sha256 } = meter.read();
    if (rows !== expected.rows || sha256 !== expected.sha256) {
      throw damaged(folder, `${rows} rows of another content in ${table}`, `${expected.rows} rows`);
    }
  }
  return manifest;
}

async function refuseFullStore(tx: Sql, tables: Iterable<string>): Promise<void> {
  for (const table of tables) {
    const [row] = await tx<{ isUsed: boolean }[]>`
      select exists (select 1 from ${tx(table)}) as "isUsed"`;
    if (row?.isUsed !== true) continue;
    throw new RefusedError(
      `restore: found rows in ${table}, expected an empty store; reset it first`,
      {
        code: 'store_not_empty',
        retryable: false,
      },
    );
  }
}

async function continueIdentities(tx: Sql): Promise<void> {
  const found = await tx<{ table: string; column: string }[]>`
    select table_name as table, column_name as column from information_schema.columns
    where table_schema = 'public' and is_identity = 'YES'`;
  for (const { table, column } of found) {
    await tx`select setval(pg_get_serial_sequence(${table}, ${column}),
      coalesce((select max(${tx(column)}) from ${tx(table)}), 0) + 1, false)`;
  }
}

async function loadAll(tx: Sql, folder: string, manifest: BackupManifest): Promise<void> {
  const known = await tableColumns(tx);
  await refuseFullStore(tx, known.keys());
  for (const [table, { columns, rows }] of Object.entries(manifest.tables)) {
    if (!known.has(table)) {
      throw damaged(folder, `table ${table}`, 'tables this code knows');
    }
    const sink = await tx`copy ${target(tx, table, columns)} from stdin`.writable();
    await pipeline(createReadStream(join(folder, `${table}.copy.gz`)), createGunzip(), sink);
    const [row] = await tx<{ count: number }[]>`select count(*)::int as count from ${tx(table)}`;
    if (row?.count !== rows) {
      throw damaged(folder, `${row?.count} rows restored in ${table}`, `${rows} rows`);
    }
  }
  await continueIdentities(tx);
}

/**
 * Loads a backup into an empty, migrated store: verified first, then all in one transaction.
 * Throws RefusedError when the store holds rows, StoreError when the backup is damaged or of newer
 * code.
 */
export async function restore(access: OwnerAccess, folder: string): Promise<BackupManifest> {
  const manifest = await verifyBackup(folder);
  if (!knownMigrations().includes(manifest.migration)) {
    throw damaged(folder, `migration ${manifest.migration}`, 'one this code knows');
  }
  const sql = openOwner(access);
  try {
    await sql.begin((tx) => loadAll(tx as unknown as Sql, folder, manifest));
    await sql`analyze`;
    return manifest;
  } catch (error) {
    if (error instanceof RefusedError) throw error;
    throw toStoreError(error, 'restore');
  } finally {
    await sql.end({ timeout: 2 });
  }
}
