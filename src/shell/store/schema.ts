import { loadOrm, loadPgCore } from './drizzle.ts';

/*
 * Tables as the migrations make them. Payloads are `json`, not `jsonb`: the text comes back byte
 * for byte, keys in their order, and a NUL inside a hostile message is stored instead of refused.
 */
const {
  bigint,
  check,
  date,
  doublePrecision,
  index,
  integer,
  json,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  unique,
} = loadPgCore();
const { sql } = loadOrm();

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
const serial = (name: string) =>
  bigint(name, { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity();
const whole = (name: string) => bigint(name, { mode: 'number' });

/** The log. `seq` orders replay; `version` counts from 1 within a stream. Append-only. */
export const events = pgTable(
  'events',
  {
    seq: serial('seq'),
    stream: text('stream').notNull(),
    version: integer('version').notNull(),
    type: text('type').notNull(),
    schemaVersion: smallint('schema_version').notNull(),
    market: text('market'),
    tradingDay: date('trading_day'),
    occurredAt: instant('occurred_at').notNull(),
    recordedAt: instant('recorded_at').notNull(),
    runId: text('run_id').notNull(),
    correlationId: text('correlation_id'),
    causationId: text('causation_id'),
    configHash: text('config_hash').notNull(),
    codeVersion: text('code_version').notNull(),
    data: json('data').notNull(),
  },
  (t) => [unique('events_stream_version').on(t.stream, t.version)],
);

/** What the desk was told, in its order. Append-only. */
export const inputs = pgTable(
  'inputs',
  {
    stream: text('stream').notNull(),
    ordinal: integer('ordinal').notNull(),
    runId: text('run_id').notNull(),
    type: text('type').notNull(),
    hash: text('hash').notNull(),
    receivedAt: instant('received_at').notNull(),
    data: json('data').notNull(),
  },
  (t) => [primaryKey({ name: 'inputs_pk', columns: [t.stream, t.ordinal] })],
);

export const inbox = pgTable(
  'inbox',
  {
    id: serial('id'),
    runId: text('run_id').notNull(),
    channel: text('channel').notNull(),
    updateId: text('update_id').notNull(),
    body: json('body').notNull(),
    receivedAt: instant('received_at').notNull(),
    doneAt: instant('done_at'),
    result: json('result'),
  },
  (t) => [
    unique('inbox_update').on(t.runId, t.channel, t.updateId),
    index('inbox_pending').on(t.runId, t.id).where(sql`done_at is null`),
  ],
);

export const outbox = pgTable(
  'outbox',
  {
    id: serial('id'),
    runId: text('run_id').notNull(),
    lane: text('lane').notNull(),
    kind: text('kind').notNull(),
    priority: smallint('priority').notNull(),
    dedupeKey: text('dedupe_key').notNull(),
    editKey: text('edit_key'),
    payload: json('payload').notNull(),
    createdAt: instant('created_at').notNull(),
    notBefore: instant('not_before').notNull(),
    expiresAt: instant('expires_at'),
    state: text('state').notNull().default('queued'),
    attempts: integer('attempts').notNull().default(0),
    externalId: text('external_id'),
    deliveredAt: instant('delivered_at'),
    lastError: text('last_error'),
  },
  (t) => [
    unique('outbox_dedupe').on(t.dedupeKey),
    index('outbox_open').on(t.runId, t.id).where(sql`state in ('queued', 'attempting')`),
    index('outbox_edit').on(t.lane, t.editKey, t.id),
  ],
);

/**
 * Who may write: at most one row. `epoch` is a key, so that raising it waits for every statement that
 * was let in under the one before; signs of life change other columns and wait for nobody.
 */
export const leadership = pgTable(
  'leadership',
  {
    id: smallint('id').primaryKey(),
    epoch: whole('epoch').notNull().unique('leadership_epoch'),
    holder: text('holder').notNull(),
    takenAt: instant('taken_at').notNull(),
    seenAt: instant('seen_at').notNull(),
  },
  (t) => [check('leadership_one', sql`${t.id} = 1`)],
);

/** Decides whether a due job runs: one row a slot over all processes. */
export const jobRun = pgTable(
  'job_run',
  {
    job: text('job').notNull(),
    scheduledFor: instant('scheduled_for').notNull(),
    state: text('state').notNull(),
    startedAt: instant('started_at').notNull(),
    finishedAt: instant('finished_at'),
    note: text('note'),
  },
  (t) => [primaryKey({ name: 'job_run_pk', columns: [t.job, t.scheduledFor] })],
);

/** Closed bars. Prices are doubles: what a kernel reads is bit for bit what was imported. */
export const bars = pgTable(
  'bars',
  {
    instrument: text('instrument').notNull(),
    timeframe: text('timeframe').notNull(),
    source: text('source').notNull(),
    openedAt: instant('opened_at').notNull(),
    closedAt: instant('closed_at').notNull(),
    open: doublePrecision('open').notNull(),
    high: doublePrecision('high').notNull(),
    low: doublePrecision('low').notNull(),
    close: doublePrecision('close').notNull(),
    volume: doublePrecision('volume').notNull(),
  },
  (t) => [
    primaryKey({ name: 'bars_pk', columns: [t.instrument, t.timeframe, t.source, t.openedAt] }),
  ],
);

/** Answers of sources as they came, secrets masked in the address. Append-only. */
export const snapshotRaw = pgTable(
  'snapshot_raw',
  {
    id: serial('id'),
    source: text('source').notNull(),
    url: text('url').notNull(),
    ingestedAt: instant('ingested_at').notNull(),
    runId: text('run_id').notNull(),
    payloadHash: text('payload_hash').notNull(),
    payload: text('payload').notNull(),
  },
  (t) => [index('snapshot_raw_source').on(t.source, t.ingestedAt)],
);

export const stateSnapshots = pgTable(
  'state_snapshots',
  {
    stream: text('stream').notNull(),
    version: integer('version').notNull(),
    state: json('state').notNull(),
    recordedAt: instant('recorded_at').notNull(),
  },
  (t) => [primaryKey({ name: 'state_snapshots_pk', columns: [t.stream, t.version] })],
);

/** Who did what by which message, and what came of it. Append-only. */
export const audit = pgTable('audit', {
  id: serial('id'),
  stream: text('stream'),
  occurredAt: instant('occurred_at').notNull(),
  channel: text('channel').notNull(),
  actor: text('actor').notNull(),
  messageId: text('message_id'),
  updateId: text('update_id'),
  rawText: text('raw_text').notNull(),
  parsedAct: json('parsed_act'),
  ticketVersion: integer('ticket_version'),
  result: text('result').notNull(),
  latencyMs: doublePrecision('latency_ms').notNull(),
});

/** Files that were imported and what became of their rows. Append-only. */
export const imports = pgTable('imports', {
  id: serial('id'),
  kind: text('kind').notNull(),
  file: text('file').notNull(),
  fileHash: text('file_hash').notNull(),
  importedAt: instant('imported_at').notNull(),
  report: json('report').notNull(),
});

/*
 * Read models: folded from events at any time, so they may be changed and emptied.
 */

/** Money of a desk's book. */
export const accounts = pgTable('accounts', {
  stream: text('stream').primaryKey(),
  deskId: text('desk_id').notNull(),
  currency: text('currency').notNull(),
  cashMinor: whole('cash_minor').notNull(),
  feesMinor: whole('fees_minor').notNull(),
  realizedMinor: whole('realized_minor').notNull(),
  updatedAt: instant('updated_at').notNull(),
});

/** Positions that are open. */
export const positions = pgTable(
  'positions',
  {
    stream: text('stream').notNull(),
    instrument: text('instrument').notNull(),
    ticketId: text('ticket_id').notNull(),
    side: text('side').notNull(),
    quantity: whole('quantity').notNull(),
    entryPrice: doublePrecision('entry_price').notNull(),
    stop: doublePrecision('stop').notNull(),
    feesMinor: whole('fees_minor').notNull(),
    openedAt: instant('opened_at').notNull(),
  },
  (t) => [primaryKey({ name: 'positions_pk', columns: [t.stream, t.instrument] })],
);

/** Finished round trips. */
export const trades = pgTable(
  'trades',
  {
    stream: text('stream').notNull(),
    ticketId: text('ticket_id').notNull(),
    code: text('code').notNull(),
    instrument: text('instrument').notNull(),
    side: text('side').notNull(),
    quantity: whole('quantity').notNull(),
    entryPrice: doublePrecision('entry_price').notNull(),
    exitPrice: doublePrecision('exit_price').notNull(),
    stop: doublePrecision('stop').notNull(),
    feesMinor: whole('fees_minor').notNull(),
    pnlMinor: whole('pnl_minor').notNull(),
    riskMinor: whole('risk_minor').notNull(),
    resultR: doublePrecision('result_r').notNull(),
    exitReason: text('exit_reason').notNull(),
    openedAt: instant('opened_at').notNull(),
    closedAt: instant('closed_at').notNull(),
  },
  (t) => [primaryKey({ name: 'trades_pk', columns: [t.stream, t.ticketId, t.closedAt] })],
);

/** What strategies saw; `version` is that of the event. */
export const signals = pgTable(
  'signals',
  {
    stream: text('stream').notNull(),
    version: integer('version').notNull(),
    strategy: text('strategy').notNull(),
    instrument: text('instrument').notNull(),
    side: text('side').notNull(),
    referencePrice: doublePrecision('reference_price').notNull(),
    stop: doublePrecision('stop').notNull(),
    raisedAt: instant('raised_at').notNull(),
    inputHash: text('input_hash').notNull(),
  },
  (t) => [primaryKey({ name: 'signals_pk', columns: [t.stream, t.version] })],
);

/** Orders the desk decided to place, with what became of them. */
export const intents = pgTable(
  'intents',
  {
    stream: text('stream').notNull(),
    orderId: text('order_id').notNull(),
    ticketId: text('ticket_id').notNull(),
    role: text('role').notNull(),
    instrument: text('instrument').notNull(),
    side: text('side').notNull(),
    state: text('state').notNull(),
    quantity: whole('quantity').notNull(),
    filledQuantity: whole('filled_quantity').notNull(),
    averagePrice: doublePrecision('average_price'),
    feesMinor: whole('fees_minor').notNull(),
    intendedAt: instant('intended_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [primaryKey({ name: 'intents_pk', columns: [t.stream, t.orderId] })],
);
