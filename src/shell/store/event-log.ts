import type { AppendBatch, AppendResult, EventLog, StoredEvent } from '#app/ports.ts';
import { appendBatch, storedRows } from './append-batch.ts';
import type { EventCodec } from './event-codec.ts';
import type { Caller, Sql } from './sql-client.ts';

type EventRow = StoredEvent;

/** More events than this are read in several queries. */
const READ_PAGE = 5_000;

function isStaleVersion(error: unknown): boolean {
  const found = error as { code?: string; constraint_name?: string };
  return found.code === '23505' && found.constraint_name === 'events_stream_version';
}

async function versionOf(sql: Sql, stream: string): Promise<number> {
  const [row] = await sql<{ version: number }[]>`
    select coalesce(max(version), 0)::int as version from events where stream = ${stream}`;
  return row?.version ?? 0;
}

async function append(
  sql: Sql,
  codec: EventCodec,
  batch: AppendBatch,
  epoch: number | null,
): Promise<AppendResult> {
  try {
    const answer = await appendBatch(sql, codec, {
      stream: batch.stream,
      expectedVersion: batch.expectedVersion,
      context: batch.context,
      events: batch.events,
      outbox: batch.outbox,
      inboxDone: batch.inboxDone ?? null,
      audit: batch.audit ?? [],
      epoch,
    });
    return 'conflict' in answer
      ? { kind: 'version_conflict', actualVersion: answer.conflict }
      : {
          kind: 'appended',
          version: answer.version,
          outbox: storedRows(batch.outbox, answer.outbox),
        };
  } catch (error) {
    if (!isStaleVersion(error)) throw error;
    return { kind: 'version_conflict', actualVersion: await versionOf(sql, batch.stream) };
  }
}

function columnsOf(sql: Sql) {
  return sql`seq, stream, version, type, schema_version as "schemaVersion", market,
      trading_day as "tradingDay", occurred_at as "occurredAt", recorded_at as "recordedAt",
      run_id as "runId", correlation_id as "correlationId", causation_id as "causationId",
      config_hash as "configHash", code_version as "codeVersion", data`;
}

async function readPage(sql: Sql, stream: string, after: number): Promise<EventRow[]> {
  return await sql<EventRow[]>`
    select ${columnsOf(sql)} from events where stream = ${stream} and version > ${after}
    order by version limit ${READ_PAGE}`;
}

async function readNewest(
  sql: Sql,
  stream: string,
  type: string,
  count: number,
  tradingDay: string | null,
): Promise<EventRow[]> {
  const ofDay = tradingDay === null ? sql`` : sql`and trading_day = ${tradingDay}`;
  return await sql<EventRow[]>`
    select ${columnsOf(sql)} from events where stream = ${stream} and type = ${type} ${ofDay}
    order by version desc limit ${count}`;
}

/** The log in PostgreSQL, appended to under `epoch`. */
export function createEventLog(db: Caller, codec: EventCodec, epoch: number | null): EventLog {
  return {
    append: (batch) => db.run('append', (sql) => append(sql, codec, batch, epoch)),
    read: (stream, afterVersion = 0) =>
      db.run('read events', async (sql) => {
        const found: StoredEvent[] = [];
        for (let after = afterVersion; ; ) {
          const page = await readPage(sql, stream, after);
          for (const row of page) {
            found.push({ ...row, data: codec.upcast(row.type, row.schemaVersion, row.data) });
          }
          if (page.length < READ_PAGE) return found;
          after = page.at(-1)?.version ?? after;
        }
      }),
    newest: (stream, type, count, tradingDay = null) =>
      db.run('read newest events', async (sql) =>
        (await readNewest(sql, stream, type, count, tradingDay)).map((row) => ({
          ...row,
          data: codec.upcast(row.type, row.schemaVersion, row.data),
        })),
      ),
    streams: (prefix) =>
      db.run('list streams', async (sql) => [
        ...(await sql<{ stream: string; version: number }[]>`
          select stream, max(version)::int as version from events
          where starts_with(stream, ${prefix}) group by stream order by stream`),
      ]),
  };
}
