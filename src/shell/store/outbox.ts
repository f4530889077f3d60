import type { Outbox, OutboxRow } from '#app/ports.ts';
import { appendBatch, storedRows } from './append-batch.ts';
import { cleanText, type EventCodec } from './event-codec.ts';
import type { Caller, Sql } from './sql-client.ts';

/** Why a row was dropped that the journal had carried out. */
export const ACTED = 'acted on from the journal';

/** Rows of this kind of lane leave at most once; all others at least once. */
export const ORDER_LANE = 'order:';

const ERROR_LIMIT = 500;

function columns(sql: Sql) {
  return sql`id, run_id as "runId", lane, kind, priority, dedupe_key as "dedupeKey",
    edit_key as "editKey", payload, created_at as "createdAt", not_before as "notBefore",
    expires_at as "expiresAt", state, attempts, external_id as "externalId",
    delivered_at as "deliveredAt", last_error as "lastError"`;
}

function selectDue(sql: Sql, runId: string, now: number, limit: number, lanes: string) {
  // a row that waits for its retry holds back what was written after it, except priority 0; what a lane holds in
  // plenty takes no place from another one
  return sql<OutboxRow[]>`
    with held as (
      select lane, min(id) as first from outbox
      where run_id = ${runId} and priority > 0 and (state = 'attempting'
        or state = 'queued' and attempts > 0 and not_before > ${now}::timestamptz)
      group by lane)
    select ${columns(sql)} from outbox o left join held using (lane)
    where run_id = ${runId} and state = 'queued' and not_before <= ${now}::timestamptz
      and starts_with(lane, ${lanes}) and (priority = 0 or first is null or id <= first)
    order by priority > 0, row_number() over (partition by lane order by id), lane limit ${limit}`;
}

function selectWaiting(sql: Sql, keys: string) {
  return sql<
    OutboxRow[]
  >`select ${columns(sql)} from outbox where state = 'queued' and dedupe_key in
    (select json_array_elements_text(${keys}::text::json)) order by id`;
}

async function settle(sql: Sql, runId: string, epoch: number | null) {
  const found = await sql<OutboxRow[]>`
    with settled as (
      update outbox set
        state = case when starts_with(lane, ${ORDER_LANE}) then 'unknown' else 'queued' end
      where run_id = ${runId} and state = 'attempting' and leads(${epoch}::bigint) returning *
    )
    select ${columns(sql)} from settled order by id`;
  const unknown = found.filter((row) => row.state === 'unknown');
  return { unknown, requeued: found.length - unknown.length };
}

/** Pushes that made a sound since an instant, in the chat that had most of them; edits of one message count once. */
export async function soundingSince(sql: Sql, runId: string, since: number): Promise<number> {
  const [row] = await sql<{ most: number }[]>`
    select coalesce(max(heard), 0)::int as most from (
      select count(distinct coalesce(edit_key, dedupe_key)) as heard from outbox
      where run_id = ${runId} and state = 'delivered' and priority <= 1
        and delivered_at >= ${since}::timestamptz and lane not like 'chat:terminal:%'
        and starts_with(lane, 'chat:') and payload::json -> 'message' is not null
      group by lane) as lanes`;
  return row?.most ?? 0;
}

/** The outbox in PostgreSQL; attempts begin, and are settled after a crash, under `epoch`. */
export function createOutbox(db: Caller, codec: EventCodec, epoch: number | null): Outbox {
  return {
    enqueue: (rows, inboxDone) =>
      db.run('enqueue', async (sql) => {
        const answer = await appendBatch(sql, codec, {
          stream: null,
          expectedVersion: 0,
          context: null,
          events: [],
          outbox: rows,
          inboxDone: inboxDone ?? null,
          audit: [],
          epoch: null,
        });
        const added = 'outbox' in answer ? storedRows(rows, answer.outbox) : [];
        if (added.length === rows.length) return added;
        const keys = JSON.stringify(rows.map(({ dedupeKey }) => cleanText(dedupeKey)));
        return [...(await selectWaiting(sql, keys))];
      }),
    due: (runId, now, limit, lanes) =>
      db.run('read outbox', async (sql) => [
        ...(await selectDue(sql, runId, now, limit, lanes ?? '')),
      ]),
    markAttempting: (id) =>
      db.run('mark attempting', async (sql) => {
        const { count } = await sql`
          update outbox set state = 'attempting', attempts = attempts + 1
          where id = ${id} and state = 'queued' and leads(${epoch}::bigint)`;
        return count === 1;
      }),
    markDelivered: (id, externalId, at) =>
      db.run('mark delivered', async (sql) => {
        await sql`update outbox set state = 'delivered', external_id = ${externalId},
          delivered_at = ${at}, last_error = null where id = ${id} and state <> 'dropped'`;
      }),
    markFailed: (id, error, retryAt) =>
      db.run('mark failed', async (sql) => {
        await sql`update outbox set state = ${retryAt === null ? 'failed' : 'queued'},
          last_error = ${cleanText(error).slice(0, ERROR_LIMIT)},
          not_before = coalesce(${retryAt}::timestamptz, not_before)
          where id = ${id} and state in ('queued', 'attempting', 'unknown')`;
      }),
    markDropped: (id, reason) =>
      db.run('mark dropped', async (sql) => {
        await sql`update outbox set state = 'dropped',
          last_error = ${cleanText(reason).slice(0, ERROR_LIMIT)}
          where id = ${id} and state in ('queued', 'attempting') and leads(${epoch}::bigint)`;
      }),
    dropActed: (dedupeKeys) =>
      db.run('drop acted', async (sql) => {
        await sql`update outbox set state = 'dropped', last_error = ${ACTED}
          where state in ('queued', 'attempting') and leads(${epoch}::bigint) and dedupe_key in
            (select json_array_elements_text(${JSON.stringify(dedupeKeys)}::text::json))`;
      }),
    settleInterrupted: (runId) => db.run('settle outbox', (sql) => settle(sql, runId, epoch)),
    ofRun: (runId) =>
      db.run('read outbox', async (sql) => [
        ...(await sql<OutboxRow[]>`
          select ${columns(sql)} from outbox where run_id = ${runId} order by id`),
      ]),
    statesOf: (dedupeKeys) =>
      db.run('read outbox', async (sql) => {
        const rows = await sql<Pick<OutboxRow, 'dedupeKey' | 'state'>[]>`
          select dedupe_key as "dedupeKey", state from outbox where dedupe_key in
            (select json_array_elements_text(${JSON.stringify(dedupeKeys)}::text::json))`;
        return new Map(rows.map(({ dedupeKey, state }) => [dedupeKey, state]));
      }),
    lastDelivered: (lane, editKey) =>
      db.run('read outbox', async (sql) => {
        const [row] = await sql<OutboxRow[]>`
          select ${columns(sql)} from outbox
          where lane = ${lane} and edit_key = ${editKey} and state = 'delivered'
          order by id desc limit 1`;
        return row ?? null;
      }),
  };
}
