import type { EventContext, NewAuditRow, NewEvent, NewOutboxRow, OutboxRow } from '#app/ports.ts';
import { cleanText, type EventCodec, encodeJson } from './event-codec.ts';
import type { Sql } from './sql-client.ts';

/** Everything one transaction may carry; a null stream leaves the log alone. */
export type Batch = {
  readonly stream: string | null;
  readonly expectedVersion: number;
  readonly context: EventContext | null;
  readonly events: readonly NewEvent[];
  readonly outbox: readonly NewOutboxRow[];
  readonly inboxDone: { readonly id: number; readonly result: unknown } | null;
  readonly audit: readonly NewAuditRow[];
  /** Epoch the batch is written under; null: by somebody who does not lead. */
  readonly epoch: number | null;
};

type Answer =
  | { readonly conflict: number }
  | { readonly version: number; readonly outbox: readonly { id: number; key: string }[] };

/** An outbox row as it is stored first. */
export function queuedRow(row: NewOutboxRow, id: number): OutboxRow {
  return {
    ...row,
    id,
    state: 'queued',
    attempts: 0,
    externalId: null,
    deliveredAt: null,
    lastError: null,
  };
}

/** Calls the database's one transaction for a batch. Runs within `sql`, pool or transaction. Throws where its epoch is over. */
export async function appendBatch(sql: Sql, codec: EventCodec, batch: Batch): Promise<Answer> {
  const events = batch.events.map((event) => ({
    type: event.type,
    schemaVersion: codec.versionOf(event.type),
    data: event.data ?? null,
  }));
  const outbox = batch.outbox.map((row) => ({ ...row, payload: row.payload ?? null }));
  const audit = batch.audit.map((row) => ({ ...row, rawText: cleanText(row.rawText) }));
  const { inboxDone } = batch;
  const [row] = await sql<{ answer: Answer }[]>`
    select append_batch(
      ${batch.stream}::text, ${batch.expectedVersion}::int, ${encodeJson(batch.context)}::text::json,
      ${encodeJson(events)}::text::json, ${encodeJson(outbox)}::text::json,
      ${inboxDone === null ? null : inboxDone.id}::bigint,
      ${inboxDone === null ? null : encodeJson(inboxDone.result)}::text::json,
      ${encodeJson(audit)}::text::json, ${batch.epoch}::bigint
    ) as answer`;
  return (row as { answer: Answer }).answer;
}

/** The rows that were stored, as stored, in order; those ignored for their dedupe key are left out. */
export function storedRows(
  rows: readonly NewOutboxRow[],
  stored: readonly { id: number; key: string }[],
): OutboxRow[] {
  const byKey = new Map(rows.toReversed().map((row) => [cleanText(row.dedupeKey), row]));
  return stored.flatMap(({ id, key }) => {
    const row = byKey.get(key);
    return row === undefined ? [] : [queuedRow(row, id)];
  });
}
