import { loadOrm, loadPgCore } from './drizzle.ts';

/*
 * Tables as the migrations make them. Payloads are `json`, not `jsonb`: the text comes back byte
 * for byte, keys in their order, and a NUL inside a hostile message is stored instead of refused.
 */
const {
  bigint,
  check,
  customType,
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
const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
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

/** Contents of files that outbox rows name, once each by their SHA-256. Rows are added, never changed. */
export const files = pgTable('files', {
  hash: text('hash').primaryKey(),
  content: bytes('content').notNull(),
  savedAt: instant('saved_at').notNull(),
});

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
    /** Turnover in the currency of the prices, where the source has it. */
    amount: doublePrecision('amount'),
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

/** Raw answers that were taken out because they were older than they are kept: how many, of which sources. */
export const rawExpiries = pgTable('raw_expiries', {
  id: serial('id'),
  expiredAt: instant('expired_at').notNull(),
  /** Answers that came before this instant are gone. */
  before: instant('before').notNull(),
  source: text('source').notNull(),
  answers: integer('answers').notNull(),
  bytes: whole('bytes').notNull(),
});

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
 * Chinese market data as recorded: rows are added, never changed. The first row of a source for a
 * thing and day stays; what contradicts it is counted, and a day that is proven wrong later is
 * refused by a row of its own.
 */

/** Daily series by what they hold (`share`, `index`), source and price basis. */
export const seriesCn = pgTable(
  'series_cn',
  {
    id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
    kind: text('kind').notNull(),
    source: text('source').notNull(),
    basis: text('basis').notNull(),
  },
  (t) => [unique('series_cn_name').on(t.kind, t.source, t.basis)],
);

/**
 * Daily bars in parts, a row a part: lists of its days and instruments, and its columns as bytes in
 * network order, NaN where nothing is known. No two parts of a series hold the same bar.
 */
export const dailyPartsCn = pgTable(
  'daily_parts_cn',
  {
    id: serial('id'),
    seriesId: integer('series_id').notNull(),
    firstDay: date('first_day').notNull(),
    lastDay: date('last_day').notNull(),
    firstInstrument: text('first_instrument').notNull(),
    lastInstrument: text('last_instrument').notNull(),
    days: text('days').notNull(),
    instruments: text('instruments').notNull(),
    /** Place of each bar's day in `days`, and of its instrument in `instruments`. */
    dayOf: bytes('day_of').notNull(),
    instrumentOf: bytes('instrument_of').notNull(),
    open: bytes('open').notNull(),
    high: bytes('high').notNull(),
    low: bytes('low').notNull(),
    close: bytes('close').notNull(),
    previousClose: bytes('previous_close').notNull(),
    volume: bytes('volume').notNull(),
    amount: bytes('amount').notNull(),
  },
  (t) => [index('daily_parts_cn_days').on(t.seriesId, t.lastDay)],
);

/** Which days were saved when: the age of a series. */
export const dailyBatchesCn = pgTable(
  'daily_batches_cn',
  {
    id: serial('id'),
    seriesId: integer('series_id').notNull(),
    firstDay: date('first_day').notNull(),
    lastDay: date('last_day').notNull(),
    rows: integer('rows').notNull(),
    savedAt: instant('saved_at').notNull(),
  },
  (t) => [index('daily_batches_cn_series').on(t.seriesId, t.lastDay)],
);

/** Days of a series, or one instrument's row of a day, that are not to be used. */
export const dailyRefusalsCn = pgTable(
  'daily_refusals_cn',
  {
    seriesId: integer('series_id').notNull(),
    day: date('day').notNull(),
    /** Empty: the whole day. */
    instrument: text('instrument').notNull(),
    code: text('code').notNull(),
    found: text('found').notNull(),
    expected: text('expected').notNull(),
    refusedAt: instant('refused_at').notNull(),
  },
  (t) => [primaryKey({ name: 'daily_refusals_cn_pk', columns: [t.seriesId, t.day, t.instrument] })],
);

/** Margin trading by exchange and day, yuan. */
export const marginCn = pgTable(
  'margin_cn',
  {
    source: text('source').notNull(),
    day: date('day').notNull(),
    exchange: text('exchange').notNull(),
    balance: doublePrecision('balance'),
    bought: doublePrecision('bought'),
    repaid: doublePrecision('repaid'),
    lent: doublePrecision('lent'),
    fetchedAt: instant('fetched_at').notNull(),
  },
  (t) => [primaryKey({ name: 'margin_cn_pk', columns: [t.source, t.day, t.exchange] })],
);

/** Members of boards, as of a day. */
export const sectorsCn = pgTable(
  'sectors_cn',
  {
    source: text('source').notNull(),
    asOf: date('as_of').notNull(),
    code: text('code').notNull(),
    name: text('name').notNull(),
    instrument: text('instrument').notNull(),
    fetchedAt: instant('fetched_at').notNull(),
  },
  (t) => [primaryKey({ name: 'sectors_cn_pk', columns: [t.source, t.asOf, t.code, t.instrument] })],
);

/** Limit-up, limit-down and broken pools after the close. */
export const poolsCn = pgTable(
  'pools_cn',
  {
    source: text('source').notNull(),
    kind: text('kind').notNull(),
    day: date('day').notNull(),
    instrument: text('instrument').notNull(),
    name: text('name'),
    price: doublePrecision('price'),
    amount: doublePrecision('amount'),
    firstSealedAt: instant('first_sealed_at'),
    lastSealedAt: instant('last_sealed_at'),
    openCount: integer('open_count'),
    boardsInRow: integer('boards_in_row'),
    sealedAmount: doublePrecision('sealed_amount'),
    sector: text('sector'),
    fetchedAt: instant('fetched_at').notNull(),
  },
  (t) => [primaryKey({ name: 'pools_cn_pk', columns: [t.source, t.kind, t.day, t.instrument] })],
);

/** Listed shares with their names, as of a day: a name says ST for its own day only. */
export const securitiesCn = pgTable(
  'securities_cn',
  {
    source: text('source').notNull(),
    asOf: date('as_of').notNull(),
    instrument: text('instrument').notNull(),
    name: text('name').notNull(),
    listedOn: date('listed_on'),
    delistedOn: date('delisted_on'),
    fetchedAt: instant('fetched_at').notNull(),
  },
  (t) => [primaryKey({ name: 'securities_cn_pk', columns: [t.source, t.asOf, t.instrument] })],
);

/** Ex-dates with their terms per share held. */
export const corporateActionsCn = pgTable(
  'corporate_actions_cn',
  {
    source: text('source').notNull(),
    exDate: date('ex_date').notNull(),
    instrument: text('instrument').notNull(),
    recordDate: date('record_date'),
    cashPerShare: doublePrecision('cash_per_share').notNull(),
    newSharesPerShare: doublePrecision('new_shares_per_share').notNull(),
    fetchedAt: instant('fetched_at').notNull(),
  },
  (t) => [
    primaryKey({ name: 'corporate_actions_cn_pk', columns: [t.source, t.exDate, t.instrument] }),
  ],
);

/** Figures of any other kind by name: adjustment factors, limit prices, suspensions, money flow. */
export const figuresCn = pgTable(
  'figures_cn',
  {
    dataset: text('dataset').notNull(),
    source: text('source').notNull(),
    day: date('day').notNull(),
    /** Empty: of the market. */
    instrument: text('instrument').notNull(),
    field: text('field').notNull(),
    value: doublePrecision('value').notNull(),
    fetchedAt: instant('fetched_at').notNull(),
  },
  (t) => [
    primaryKey({
      name: 'figures_cn_pk',
      columns: [t.dataset, t.source, t.day, t.instrument, t.field],
    }),
  ],
);

/** Rows, days and answers that cannot be true, with what was found and expected. Append-only. */
export const quarantine = pgTable(
  'quarantine',
  {
    id: serial('id'),
    runId: text('run_id').notNull(),
    quarantinedAt: instant('quarantined_at').notNull(),
    source: text('source').notNull(),
    kind: text('kind').notNull(),
    code: text('code').notNull(),
    instrument: text('instrument'),
    day: date('day'),
    found: text('found').notNull(),
    expected: text('expected').notNull(),
  },
  (t) => [index('quarantine_at').on(t.quarantinedAt)],
);

/** Every try of a source, with its outcome. Append-only. */
export const feedAttempts = pgTable(
  'feed_attempts',
  {
    id: serial('id'),
    runId: text('run_id').notNull(),
    attemptedAt: instant('attempted_at').notNull(),
    source: text('source').notNull(),
    kind: text('kind').notNull(),
    outcome: text('outcome').notNull(),
    ms: integer('ms').notNull(),
    quarantined: integer('quarantined').notNull(),
  },
  (t) => [index('feed_attempts_source').on(t.source, t.kind, t.attemptedAt)],
);

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
