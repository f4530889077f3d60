import type { Inbox, InboxRow } from '#app/ports.ts';
import { appendBatch } from './append-batch.ts';
import { cleanText, type EventCodec, encodeJson } from './event-codec.ts';
import type { Caller } from './sql-client.ts';

const CHANNEL = 'centaur_inbox';

/** The inbox in PostgreSQL. */
export function createInbox(db: Caller, codec: EventCodec): Inbox {
  return {
    receive: (rows) =>
      db.run('receive', async (sql) => {
        if (rows.length === 0) return [];
        const text = encodeJson(
          rows.map((row) => ({
            ...row,
            updateId: cleanText(row.updateId),
            body: row.body ?? null,
          })),
        );
        const found = await sql<(InboxRow & { woke: unknown })[]>`
          with given as (
            select r, n from json_array_elements(${text}::text::json) with ordinality as e(r, n)
          ), added as (
            insert into inbox (run_id, channel, update_id, body, received_at)
            select r->>'runId', r->>'channel', r->>'updateId', r->'body',
              instant_of((r->>'receivedAt')::float8)
            from given order by n
            on conflict (run_id, channel, update_id) do nothing
            returning id, run_id as "runId", channel, update_id as "updateId", body,
              received_at as "receivedAt"
          )
          select added.*, pg_notify(${CHANNEL}, "runId") as woke from added order by id`;
        return found.map(({ woke: _, ...row }) => row);
      }),
    pending: (runId, limit) =>
      db.run('read inbox', async (sql) => [
        ...(await sql<InboxRow[]>`
          select id, run_id as "runId", channel, update_id as "updateId", body,
            received_at as "receivedAt"
          from inbox where run_id = ${runId} and done_at is null order by id limit ${limit}`),
      ]),
    markDone: (id, result, audit = []) =>
      db.run('mark inbox', async (sql) => {
        await appendBatch(sql, codec, {
          stream: null,
          expectedVersion: 0,
          context: null,
          events: [],
          outbox: [],
          inboxDone: { id, result },
          audit,
          epoch: null,
        });
      }),
    // also after each reconnect: what arrived meanwhile was announced to nobody
    onArrival: (wake) =>
      db.run('listen', async (sql) => {
        const listener = await sql.listen(CHANNEL, () => wake(), wake);
        return () => listener.unlisten();
      }),
  };
}
