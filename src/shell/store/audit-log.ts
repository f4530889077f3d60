import type { AuditLog } from '#app/ports.ts';
import type { AuditLine } from '#core/replies/system.ts';
import type { Caller } from './sql-client.ts';

/** The audit in PostgreSQL, read by its own numbers: it only grows. */
export function createAuditLog(db: Caller): AuditLog {
  return {
    newest: (count, before) =>
      db.run('read audit', async (sql) => [
        ...(await sql<AuditLine[]>`
          select id, occurred_at as at, actor, raw_text as text, result from audit
          where ${before === null ? sql`true` : sql`id < ${before}`}
          order by id desc limit ${count}`),
      ]),
  };
}
