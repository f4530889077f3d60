import { StoreError } from '#app/errors.ts';
import type { InputLog, RecordedInput } from '#app/ports.ts';
import { encodeJson } from './event-codec.ts';
import type { Caller, Sql } from './sql-client.ts';

/** Rows of one statement; keeps its text well below the server's limit. */
const CHUNK = 2_000;

async function appendChunk(sql: Sql, rows: readonly RecordedInput[]): Promise<void> {
  const text = encodeJson(rows.map((row) => ({ ...row, data: row.data ?? null })));
  const [result] = await sql<{ mismatched: number }[]>`
    with given as (
      select r->>'stream' as stream, (r->>'ordinal')::int as ordinal, r->>'runId' as run_id,
        r->>'type' as type, r->>'hash' as hash, instant_of((r->>'receivedAt')::float8) as received_at,
        r->'data' as data
      from json_array_elements(${text}::text::json) as r
    ), added as (
      insert into inputs (stream, ordinal, run_id, type, hash, received_at, data)
      select stream, ordinal, run_id, type, hash, received_at, data from given
      on conflict do nothing
    )
    select count(*)::int as mismatched from given
    join inputs using (stream, ordinal) where inputs.hash <> given.hash`;
  if ((result?.mismatched ?? 0) === 0) return;
  throw new StoreError(
    `store: append inputs: found ${result?.mismatched} ordinals of ${rows[0]?.stream} taken by other inputs, expected the same hash`,
    { code: 'input_conflict', retryable: false },
  );
}

/** Inputs in PostgreSQL. A row written twice is known; another row on its ordinal is refused. */
export function createInputLog(db: Caller, epoch: number | null): InputLog {
  return {
    append: (rows) =>
      db.run('append inputs', async () => {
        if (rows.length === 0) return;
        await db.sql.begin(async (tx) => {
          await tx`select leads(${epoch}::bigint)`;
          for (let i = 0; i < rows.length; i += CHUNK) {
            await appendChunk(tx as unknown as Sql, rows.slice(i, i + CHUNK));
          }
        });
      }),
    read: (stream, fromOrdinal = 1) =>
      db.run('read inputs', async (sql) => [
        ...(await sql<RecordedInput[]>`
          select run_id as "runId", stream, ordinal, type, hash, received_at as "receivedAt", data
          from inputs where stream = ${stream} and ordinal >= ${fromOrdinal} order by ordinal`),
      ]),
  };
}
