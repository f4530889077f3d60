import { createRequire } from 'node:module';
import type * as Orm from 'drizzle-orm';
import type * as PgCore from 'drizzle-orm/pg-core';
import type * as Driver from 'drizzle-orm/postgres-js';
import type * as Migrator from 'drizzle-orm/postgres-js/migrator';

/*
 * The only place that loads drizzle. Its ESM entry costs 0.4 s and 200 MB, its CommonJS one 51 ms
 * and 13 MB; each part is loaded when it is first asked for.
 */
const require = createRequire(import.meta.url);

/** The table builders; needed by whoever declares or queries with the ORM, not by plain SQL. */
export function loadPgCore(): typeof PgCore {
  return require('drizzle-orm/pg-core') as typeof PgCore;
}

/** Always called as `drizzle({ client })`: a positional client is taken for options by the next major. */
export function loadDriver(): typeof Driver {
  return require('drizzle-orm/postgres-js') as typeof Driver;
}

export function loadMigrator(): typeof Migrator {
  return require('drizzle-orm/postgres-js/migrator') as typeof Migrator;
}

export function loadOrm(): typeof Orm {
  return require('drizzle-orm') as typeof Orm;
}
