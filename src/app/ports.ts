import type { Agenda } from '#core/gates/agenda.ts';
import type { Reason } from '#core/gates/reason.ts';
import type { Bar, BarColumns, Timeframe } from '#core/market/bar.ts';
import type { DailyTableCn, PriceBasisCn } from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { DailyPanelCn, DailySeriesCn, IntradayPanelCn } from '#core/market/panel-cn.ts';
import type { Quote } from '#core/market/quote.ts';
import type { MarketLookCn, QuoteCn } from '#core/market/quote-cn.ts';
import type {
  AdjustmentCn,
  CorporateActionCn,
  DailyBarCn,
  LimitPoolCn,
  MarginDayCn,
  MinuteBarCn,
  PoolKindCn,
  PriceLimitCn,
  SectorCn,
  SecurityCn,
  SuspensionCn,
} from '#core/market/records-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { CurvesPicture, Picture } from '#core/pictures/picture.ts';
import type { ReadCharge } from '#core/portfolio/account-reading.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import type { FetchNote } from '#core/quality/note.ts';
import type { Actor, BacktestAsk, ReportFormat } from '#core/replies/act.ts';
import type { ChatChoice } from '#core/replies/chat-choice.ts';
import type { CommandRole } from '#core/replies/command-table.ts';
import type { ChatHearing } from '#core/replies/hearing.ts';
import type { BacktestResult, BacktestStep, CodeRefusal } from '#core/replies/notice.ts';
import type {
  AuditLine,
  CheckLine,
  ExportFormat,
  ExportKind,
  ModelSpent,
  SecretMark,
  SettingChange,
  SettingLine,
} from '#core/replies/system.ts';
import type { DayRecord } from '#core/reports/day-record.ts';
import type { FullReport } from '#core/reports/period.ts';

/*
 * Ports: what the middle ring asks of the outer one. Adapters implement them, tests fake them.
 * Instants are epoch milliseconds, trading days are 'YYYY-MM-DD'. Every method may throw the failure
 * class named in its comment; an answer of the domain is a value.
 */

// ── time ────────────────────────────────────────────────────────────────────────────────────────

/** A handle of a pending timer. */
export interface Timer {
  /** Idempotent; a timer that has fired is left alone. */
  cancel(): void;
}

/** Wall clock or virtual clock; the only source of "now" in app and shell. */
export interface Clock {
  now(): number;
  /** Runs `run` once, at `instant` or as soon as possible when that has passed. */
  at(instant: number, run: () => void): Timer;
}

// ── store: event log ────────────────────────────────────────────────────────────────────────────

/** Envelope fields that are the same for all events of one step. */
export type EventContext = {
  readonly market: 'US' | 'CN' | null;
  readonly tradingDay: string | null;
  /** Domain time of the input that caused the events. */
  readonly occurredAt: number;
  readonly runId: string;
  readonly correlationId: string | null;
  readonly causationId: string | null;
  readonly configHash: string;
  readonly codeVersion: string;
};

/** An event before it is stored: the type string and JSON-safe data. */
export type NewEvent = { readonly type: string; readonly data: unknown };

/** An event as stored. `seq` orders the whole log, `version` counts from 1 within its stream. */
export type StoredEvent = NewEvent &
  EventContext & {
    readonly seq: number;
    readonly stream: string;
    readonly version: number;
    readonly schemaVersion: number;
    readonly recordedAt: number;
  };

/** Something to be performed after the commit: a message, an order act, a file. */
export type NewOutboxRow = {
  readonly runId: string;
  /** One lane per destination, delivered in order within a lane: `chat:telegram:123`, `order:paper-us`. */
  readonly lane: string;
  readonly kind: string;
  /** 0 overtakes everything in its lane, 3 goes last; order within 1–3 is by id. */
  readonly priority: 0 | 1 | 2 | 3;
  /** Unique over all rows; a second row with the same key is ignored. */
  readonly dedupeKey: string;
  /** Rows of one edit key in one lane describe one visible message; a newer row edits the older's message. */
  readonly editKey: string | null;
  readonly payload: unknown;
  readonly createdAt: number;
  readonly notBefore: number;
  /** After this instant an undelivered row is dropped, never delivered as alive; null lives for ever. */
  readonly expiresAt: number | null;
};

export type OutboxState = 'queued' | 'attempting' | 'delivered' | 'failed' | 'dropped' | 'unknown';

export type OutboxRow = NewOutboxRow & {
  readonly id: number;
  readonly state: OutboxState;
  readonly attempts: number;
  /** The destination's own id, e.g. a chat message id. */
  readonly externalId: string | null;
  readonly deliveredAt: number | null;
  readonly lastError: string | null;
};

/** One input as recorded, apart from events: what the desk was told, in its order. */
export type RecordedInput = {
  readonly runId: string;
  readonly stream: string;
  /** Position in the stream's input order, from 1. */
  readonly ordinal: number;
  readonly type: string;
  readonly hash: string;
  readonly receivedAt: number;
  readonly data: unknown;
};

export type AppendBatch = {
  readonly stream: string;
  /** Version of the last event the decision saw; 0 for an empty stream. */
  readonly expectedVersion: number;
  readonly context: EventContext;
  readonly events: readonly NewEvent[];
  readonly outbox: readonly NewOutboxRow[];
  /** Marks this inbox row done in the same transaction. */
  readonly inboxDone?: { readonly id: number; readonly result: unknown };
  readonly audit?: readonly NewAuditRow[];
};

export type AppendResult =
  | {
      readonly kind: 'appended';
      readonly version: number;
      /** Rows as stored, in order; rows ignored for their dedupe key are left out. */
      readonly outbox: readonly OutboxRow[];
    }
  | { readonly kind: 'version_conflict'; readonly actualVersion: number };

/** The append-only log. Throws StoreError. */
export interface EventLog {
  /** One transaction for events, outbox rows, inbox mark and audit rows; all or nothing. Empty `events` is allowed. */
  append(batch: AppendBatch): Promise<AppendResult>;
  /** Events of one stream after `afterVersion`, oldest first. */
  read(stream: string, afterVersion?: number): Promise<StoredEvent[]>;
  /** Newest events of one type in a stream, newest first, at most `count`; of one trading day where given. */
  newest(
    stream: string,
    type: string,
    count: number,
    tradingDay?: string | null,
  ): Promise<StoredEvent[]>;
  /** Streams whose name starts with `prefix`, with their last version. */
  streams(prefix: string): Promise<{ stream: string; version: number }[]>;
}

/** Inputs apart from events; append-only. Buffered by the caller, written in batches. Throws StoreError. */
export interface InputLog {
  append(rows: readonly RecordedInput[]): Promise<void>;
  read(stream: string, fromOrdinal?: number): Promise<RecordedInput[]>;
}

/** A state snapshot; start = newest snapshot + tail of events. Throws StoreError. */
export interface StateSnapshots {
  save(stream: string, version: number, state: unknown): Promise<void>;
  latest(stream: string): Promise<{ version: number; state: unknown } | null>;
  /**
   * Removes the snapshots that the stream's log did not lead to, ahead of its end or older than the event of
   * their version, and those after them, which may be built on them; answers the newest of them and where the
   * log ends, null when there is none.
   */
  removeAstray(stream: string): Promise<{ version: number; logEnd: number } | null>;
}

// ── store: inbox, outbox, jobs, bars ────────────────────────────────────────────────────────────

export type NewAuditRow = {
  readonly occurredAt: number;
  readonly channel: string;
  readonly actor: string;
  readonly messageId: string | null;
  readonly updateId: string | null;
  readonly rawText: string;
  readonly parsedAct: unknown;
  readonly ticketVersion: number | null;
  readonly result: string;
  readonly latencyMs: number;
};

/** Who did what, as it is read again. Throws StoreError. */
export interface AuditLog {
  /** The newest rows, or the newest before the row with this number; newest first. */
  newest(count: number, before: number | null): Promise<readonly AuditLine[]>;
}

export type InboxRow = {
  readonly id: number;
  readonly runId: string;
  /** `telegram`, `terminal`, `job`, `cli`. */
  readonly channel: string;
  readonly updateId: string;
  readonly body: unknown;
  readonly receivedAt: number;
};

/** What came in from outside, exactly once by (runId, channel, updateId). Throws StoreError. */
export interface Inbox {
  /** Commits the rows; answers the new ones only (a duplicate is silently known). Wakes `onArrival`. */
  receive(rows: readonly Omit<InboxRow, 'id'>[]): Promise<InboxRow[]>;
  /** Rows of a run that are not done, oldest first. */
  pending(runId: string, limit: number): Promise<InboxRow[]>;
  /** Marks a row done outside an event append (e.g. refused without any event). */
  markDone(id: number, result: unknown, audit?: readonly NewAuditRow[]): Promise<void>;
  /** Calls `wake` when another process or thread delivered rows. Answers a stop function. */
  onArrival(wake: () => void): Promise<() => Promise<void>>;
}

/** Rows to perform. Throws StoreError. */
export interface Outbox {
  /**
   * Adds rows outside an event append (replies to questions). Answers those that wait, oldest first: the new ones, and
   * those that an earlier call added whose answer was lost.
   */
  enqueue(
    rows: readonly NewOutboxRow[],
    inboxDone?: { id: number; result: unknown },
  ): Promise<OutboxRow[]>;
  /**
   * Undelivered rows of a run, by lane in delivery order; used at start and as the polling net. Only
   * lanes that begin with `lanes`, so that no lane of one kind waits behind a full one of the other.
   */
  due(runId: string, now: number, limit: number, lanes?: 'chat:' | 'order:'): Promise<OutboxRow[]>;
  /** Commits that an attempt begins, before the first byte. False when another process has it. */
  markAttempting(id: number): Promise<boolean>;
  markDelivered(id: number, externalId: string | null, at: number): Promise<void>;
  markFailed(id: number, error: string, retryAt: number | null): Promise<void>;
  markDropped(id: number, reason: string): Promise<void>;
  /**
   * Drops what still waits under these dedupe keys: it was acted on from the journal, because the answer
   * to the commit that holds it was lost.
   */
  dropActed(dedupeKeys: readonly string[]): Promise<void>;
  /** At recovery: order rows left `attempting` become `unknown`; chat rows become `queued` again. */
  settleInterrupted(runId: string): Promise<{ unknown: OutboxRow[]; requeued: number }>;
  /** All rows of a run, oldest first; for meeting an interrupted run again. */
  ofRun(runId: string): Promise<OutboxRow[]>;
  /** States of rows by their dedupe keys; keys without a row are left out. */
  statesOf(dedupeKeys: readonly string[]): Promise<ReadonlyMap<string, OutboxState>>;
  /** Newest delivered row of an edit key in a lane: whose message is to be edited. */
  lastDelivered(lane: string, editKey: string): Promise<OutboxRow | null>;
}

/** Contents of files that outbox rows name. Rows are added, never changed. Throws StoreError. */
export interface FileStore {
  /** Keeps the bytes (text as UTF-8) once however often they are given; answers their SHA-256 in hex. */
  save(content: Uint8Array | string, at: number): Promise<string>;
  /** Null: nothing was kept under this hash. */
  load(hash: string): Promise<Uint8Array | null>;
}

/** Who leads a store, as its row says. */
export type Leader = {
  readonly epoch: number;
  /** `pid 4711 on desk-a`. */
  readonly holder: string;
  /** Its last sign of life, and the time since then, by the store's own clock. */
  readonly seenAt: number;
  readonly silentMs: number;
};

/**
 * Who may write: one epoch leads a store, and what is written under an older one is refused with
 * StoreError `deposed`. Throws StoreError.
 */
export interface Epochs {
  /** Raises the epoch in the name of `holder`; waits until what was let in under the last one is stored. */
  raise(holder: string): Promise<number>;
  /** As `raise`, but only while `epoch` still leads and has been silent for `silentMs`; else null. */
  raiseOver(epoch: number, silentMs: number, holder: string): Promise<number | null>;
  /** A sign of life; false when another epoch leads. */
  renew(epoch: number): Promise<boolean>;
  /** Says that this epoch is let go: its silence is endless from now on. */
  resign(epoch: number): Promise<void>;
  /** Null when nobody has led this store yet. */
  current(): Promise<Leader | null>;
}

/** Whether this process leads: asked right before the first byte of an order act. */
export interface Fence {
  /**
   * True when the act may leave. What raises risk leaves only while leadership is certain; what
   * lowers it leaves also when the store cannot be asked, and never once another process leads.
   */
  mayLeave(raisesRisk: boolean): Promise<boolean>;
}

export type JobRun = {
  readonly job: string;
  readonly scheduledFor: number;
  readonly state: 'claimed' | 'done' | 'failed' | 'missed' | 'crashed';
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly note: string | null;
};

/** The table that decides whether a due job runs: unique by (job, scheduledFor). Throws StoreError. */
export interface JobRuns {
  /** True for exactly one caller over all processes. */
  claim(
    job: string,
    scheduledFor: number,
    state: 'claimed' | 'missed',
    note: string,
    now: number,
  ): Promise<boolean>;
  finish(
    job: string,
    scheduledFor: number,
    state: 'done' | 'failed' | 'crashed',
    note: string,
    now: number,
  ): Promise<void>;
  /** Rows left `claimed`, e.g. by a process that died. */
  unfinished(): Promise<JobRun[]>;
  recent(limit: number): Promise<JobRun[]>;
}

export type BarSource = { readonly instrument: InstrumentId; readonly timeframe: Timeframe };

/** Stored bars. Throws StoreError. */
export interface BarStore {
  /** COPY into staging, then insert what is new; answers how many rows were new. */
  save(bars: readonly Bar[], source: string): Promise<{ inserted: number; known: number }>;
  /** Bars with fromAt ≤ openedAt < toAt, oldest first, of one source (the one with most bars when null). */
  load(series: BarSource, fromAt: number, toAt: number, source: string | null): Promise<BarColumns>;
  status(): Promise<
    {
      instrument: string;
      timeframe: string;
      source: string;
      bars: number;
      firstOpenedAt: number;
      lastOpenedAt: number;
    }[]
  >;
}

/** Local fsynced journal for acts that reduce risk while the store is down. Never throws for a torn tail. */
export interface Journal {
  /** Durable before it returns; synchronous, so that a kill needs no event loop turn. */
  append(entry: {
    readonly id: string;
    readonly at: number;
    readonly stream: string;
    readonly input: unknown;
  }): void;
  /** Entries not yet loaded into the store, oldest first. */
  pending(): { id: string; at: number; stream: string; input: unknown }[];
  /** Marks entries as loaded. */
  markLoaded(ids: readonly string[]): void;
}

/** The kill file: seen by every process, re-read before the first byte of every submission. */
export interface KillFile {
  /**
   * Durable before it returns; synchronous. Throws nothing: a file that cannot be written is logged by the
   * adapter. `updateKey` names the message that killed, so that it is known when its channel gives it again.
   * `at` is when it was said: a file that is there keeps its note and takes the later instant.
   */
  write(by: string, scope: string, at: number, updateKey?: string): void;
  /** Ends the kills said up to `upTo`; one said later stays. Null: all. */
  remove(upTo: number | null): void;
  /** `unreadable` counts as present. */
  read(): 'absent' | 'present' | 'unreadable';
}

/** Counts work in progress that is not waiting for the clock, so that a virtual clock knows when to move on. */
export interface Activity {
  /** Runs `work` and counts it until it settles. */
  track<T>(work: () => Promise<T>): Promise<T>;
}

// ── market and broker ───────────────────────────────────────────────────────────────────────────

/**
 * How much of the tape a source sees. `partial` is one venue or a sample: its volume is a small part of
 * the market's and its VWAP another one, so it is told with every signal and good for no automatic entry.
 */
export type FeedQuality = 'consolidated' | 'partial';

/** Trading in an instrument was halted or resumed by its exchange. */
export type Halt = {
  readonly instrument: InstrumentId;
  readonly kind: 'halted' | 'resumed';
  readonly at: number;
  /** The exchange's codes and words, in one line. */
  readonly cause: string;
};

/** Who listens to a feed. What is optional is told by live feeds only. */
export type FeedListener = {
  /** A closed bar; each minute once, oldest first. */
  bar(bar: Bar, receivedAt: number): void;
  quote(quote: Quote): void;
  /** A minute given out once more after late trades. To be recorded; decisions stand on the first. */
  revised?(bar: Bar, receivedAt: number): void;
  halt?(halt: Halt): void;
  /** `restored` comes after the bars that were missed. */
  connection?(change: ConnectionChange): void;
  /** The connection has shown that it lives, also when the market is silent. */
  heartbeat?(at: number): void;
  /** The source refuses something that was asked for, or gives it after all. */
  denied?(denial: DataDenial): void;
};

/** What a source does not give of an instrument although it was asked for it. */
export type DataDenial = {
  readonly instrument: InstrumentId;
  /** Empty: it gives everything. */
  readonly missing: readonly ('bars' | 'quotes' | 'halts')[];
  /** In the source's words; empty when nothing is missing. */
  readonly cause: string;
};

/** A source of live or replayed market data for given instruments. Throws FeedError. */
export interface MarketFeed {
  readonly name: string;
  readonly quality: FeedQuality;
  /** Milliseconds after a bar's close at which this source usually delivers it. */
  readonly usualDelayMs: number;
  /** Calls back for closed bars and quotes, in time order, until stopped. */
  subscribe(instruments: readonly InstrumentId[], on: FeedListener): { stop(): void };
  /** A fresh quote, stamped with its own instant; null when there is none. Rejects after `timeoutMs`. */
  fetchQuote(instrument: InstrumentId, timeoutMs: number): Promise<Quote | null>;
}

export type OrderSide = 'buy' | 'sell';
/** `trailing_stop` follows the best price at `trailOffset`; `stop_limit` rests at `limitPrice` once triggered. */
export type OrderType = 'limit' | 'market' | 'stop' | 'stop_limit' | 'trailing_stop';

/** An order as told to a broker. `orderId` is the client order id and deterministic. */
export type OrderRequest = {
  readonly orderId: string;
  readonly instrument: InstrumentId;
  readonly side: OrderSide;
  readonly type: OrderType;
  readonly quantity: number;
  readonly limitPrice: number | null;
  readonly stopPrice: number | null;
  /** Children the broker activates by itself when this order is filled completely; one cancels the other. */
  readonly bracket: null | {
    readonly stop: { readonly orderId: string; readonly stopPrice: number };
    readonly target: null | { readonly orderId: string; readonly limitPrice: number };
  };
  /** Orders of one group cancel each other when one fills. */
  readonly ocoGroup: string | null;
  /**
   * A target that leaves together with this protective stop as one one-cancels-other request; null:
   * it leaves alone. Only where `capabilities.hasOco`.
   */
  readonly pair: null | { readonly orderId: string; readonly limitPrice: number };
  /** Distance of a trailing stop from the best price, in price units; null for other types. */
  readonly trailOffset: number | null;
  readonly timeInForce: 'day' | 'gtc';
  /** May also work outside regular hours; limit orders only. */
  readonly isExtendedHours: boolean;
};

/** Who stands behind an account. */
export type BrokerKind = 'paper' | 'manual' | 'file' | 'alpaca' | 'ibkr';

/** What a broker can do by itself; what it cannot, the desk does for it. */
export type BrokerCapabilities = {
  readonly kind: BrokerKind;
  /** An entry and its stop and target leave as one request, and the broker activates the children. */
  readonly hasBracket: boolean;
  /** A stop and a target over the same shares leave as one request (`pair`). */
  readonly hasOco: boolean;
  /** Prices of working orders can be changed; otherwise cancel, then send anew. */
  readonly hasReplace: boolean;
  readonly orderTypes: readonly OrderType[];
  readonly hasExtendedHours: boolean;
  /** Fractions of a share are never sent; lots are the market's rules. */
  readonly sellableAfterDays: 0 | 1;
  /** A person executes: answers take minutes and come by chat. */
  readonly isPerson: boolean;
  /** How everything is left at once: one request, a global cancel and market orders, or order by order. */
  readonly flatten: 'one_request' | 'global_cancel' | 'each';
};

/** An execution as the broker lists it, also of orders that are not ours. */
export type BrokerFill = {
  /** The broker's execution id, unique; corrections have been applied. */
  readonly fillId: string;
  /** Client order id; null for an order entered elsewhere. */
  readonly orderId: string | null;
  readonly instrument: InstrumentId;
  readonly side: OrderSide;
  readonly quantity: number;
  readonly price: number;
  readonly feesMinor: number;
  readonly at: number;
};

/** What became of one position when everything was to be left. `sent` is not yet filled. */
export type FlattenOutcome = {
  readonly instrument: InstrumentId;
  readonly quantity: number;
  readonly outcome: 'sent' | 'refused';
  /** Client order id of the closing order where one is known. */
  readonly orderId: string | null;
  readonly reason: string | null;
};

export type ConnectionChange = {
  readonly kind: 'lost' | 'restored';
  readonly at: number;
  /** What the broker said or what was seen, in one line without secrets. */
  readonly cause: string;
};

export type BrokerReportKind =
  | 'accepted'
  | 'rejected'
  | 'partially_filled'
  | 'filled'
  | 'canceled'
  | 'cancel_rejected'
  | 'replaced'
  | 'replace_rejected'
  | 'expired';

/** What a broker says of an order. `filledQuantity` is cumulative; `lastQuantity`/`lastPrice` belong to this fill. */
export type BrokerReport = {
  readonly reportId: string;
  readonly orderId: string;
  readonly kind: BrokerReportKind;
  readonly at: number;
  readonly filledQuantity: number;
  readonly lastQuantity: number;
  readonly lastPrice: number | null;
  /** Fees of this fill in minor units, positive. */
  readonly feesMinor: number;
  readonly reason: string | null;
  /** New prices after `replaced`. */
  readonly stopPrice: number | null;
  readonly limitPrice: number | null;
};

export type BrokerOrder = {
  readonly request: OrderRequest;
  readonly state:
    | 'held'
    | 'accepted'
    | 'partially_filled'
    | 'filled'
    | 'canceled'
    | 'rejected'
    | 'expired';
  readonly filledQuantity: number;
  readonly averagePrice: number | null;
};

export type BrokerPosition = {
  readonly instrument: InstrumentId;
  readonly quantity: number;
  readonly sellableQuantity: number;
  readonly averagePrice: number;
};

/** A broker account. Throws BrokerError; a timeout means unknown, never rejected and never sent. */
export interface Broker {
  readonly accountId: string;
  readonly environment: 'paper' | 'live';
  readonly capabilities: BrokerCapabilities;
  /** Connects and begins to listen; resolves when orders could be sent. Throws BrokerError. */
  start(): Promise<void>;
  /** Closes the connection; working orders stay. Calls under way never settle or reject. */
  stop(): Promise<void>;
  /** Lost and restored connections. After `restored` the caller reconciles: nothing is replayed. */
  onConnection(listen: (change: ConnectionChange) => void): void;
  /** Refuses, before anything is sent, what the broker would refuse; null: it may be sent. Synchronous. */
  canSubmit(order: OrderRequest): Reason | null;
  /** Reports arrive through `onReport`, also those of bracket children. */
  onReport(listen: (report: BrokerReport) => void): void;
  submit(order: OrderRequest): Promise<void>;
  cancel(orderId: string): Promise<void>;
  /** Changes the price of a working order; the new price arrives as `replaced`. */
  replace(
    orderId: string,
    price: { readonly stopPrice?: number; readonly limitPrice?: number },
  ): Promise<void>;
  /** By client order id; null when the broker does not know it. */
  find(orderId: string): Promise<BrokerOrder | null>;
  openOrders(): Promise<BrokerOrder[]>;
  positions(): Promise<BrokerPosition[]>;
  cashMinor(): Promise<number>;
  /** Executions since an instant, oldest first, own and foreign ones. */
  fills(sinceAt: number): Promise<BrokerFill[]>;
  /**
   * What the account was charged or paid apart from executions (fees of the end of the day, interest) since
   * an instant. Null, or no such method: the broker tells it in executions, or not at all.
   */
  charges?(sinceAt: number): Promise<readonly ReadCharge[] | null>;
  /** Cancels every open order of the account, protection too (stage 2 of a kill). */
  cancelAll(): Promise<void>;
  /** Cancels everything and closes every position in the way of `capabilities.flatten`; read position by position. */
  flattenAll(): Promise<FlattenOutcome[]>;
}

/** An account as the person who executes it attests it. */
export type AttestedAccount = {
  readonly holdings: readonly {
    readonly instrument: InstrumentId;
    readonly quantity: number;
    readonly averagePrice: number | null;
  }[];
  readonly cashMinor: number;
};

/** The person's side of a broker that is a person. */
export interface ByHand {
  /** Books an execution and reports it. Throws BrokerError for one that cannot be. */
  report(reported: {
    readonly orderId: string;
    readonly quantity: number;
    readonly price: number;
    /** What the account is charged for it, minor units. */
    readonly feesMinor: number;
    readonly at: number;
  }): void;
  /** The order was not executed, or its rest is void; one that is not open is left alone. */
  close(orderId: string, why: string): void;
  /** What the account holds now; until it was said, every question about it fails. */
  attest(account: AttestedAccount): void;
  /**
   * An ex-date restated a holding. A holding that stands as it was before it follows, with the dividend; one that
   * was attested on the new basis already, or not at all, is left alone.
   */
  restate(change: {
    readonly instrument: InstrumentId;
    readonly fromQuantity: number;
    readonly toQuantity: number;
    readonly averagePrice: number;
    readonly cashMinor: number;
  }): void;
  /** Orders that stand with the person, from the desk's log after a restart. */
  restore(orders: readonly BrokerOrder[]): void;
}

// ── chat ────────────────────────────────────────────────────────────────────────────────────────

/** What a channel received, before it is understood. */
export type Incoming = {
  readonly channel: string;
  /** Unique per channel; makes handling exactly once. */
  readonly updateId: string;
  readonly chatId: string;
  /** Numeric or stable id of the sender; null fails closed. */
  readonly userId: string | null;
  readonly userName: string | null;
  readonly chatKind: 'private' | 'group' | 'terminal';
  readonly messageId: string;
  readonly text: string;
  /** Signed data of a tapped button; null for text. */
  readonly callback: { readonly id: string; readonly data: string } | null;
  /** The message this one replies to. */
  readonly replyTo: string | null;
  /** The message's own instant; for a callback the instant of receipt. */
  readonly sentAt: number;
  readonly receivedAt: number;
};

/** A button of a card: its label and what it does when tapped, as chat text (`/confirm K7QD v1`). */
export type CardButton = { readonly label: string; readonly command: string };

/** A message as rendered for one language, still free of any channel's mark-up. */
export type Card = {
  readonly lines: readonly string[];
  /** Rows of buttons. */
  readonly buttons: readonly (readonly CardButton[])[];
};

/** A picture or a file. `photo` is PNG or JPEG and is shown in the chat, `document` is one to take away. */
export type FileKind = 'photo' | 'document';

/** A file as a channel is given it. At most 10 MB; a name of letters, digits, `.`, `_` and `-` only. */
export type OutgoingFile = {
  readonly kind: FileKind;
  readonly name: string;
  /** `image/png`, `text/markdown`, … */
  readonly mediaType: string;
  readonly content: Uint8Array;
};

/** What goes to a channel. */
export type Outgoing = {
  readonly chatId: string;
  /** Names the row: a channel that keeps what it took never shows the same one twice. Left out: it has no row. */
  readonly key?: string;
  /** With a file its caption: a channel cuts it to 1,024 characters. */
  readonly card: Card;
  /** Sent under the card; never edited, always a message of its own. */
  readonly file?: OutgoingFile;
  readonly silent: boolean;
  /** Channel message id to edit instead of sending anew. */
  readonly edit: string | null;
  readonly replyTo: string | null;
};

/** A chat that waits for something. */
export type WaitingChat = { readonly channel: string; readonly chatId: string };

/** Plays backtests beside the desk, one at a time, in a process of its own. */
export interface Backtests {
  /** What is played now; null: nothing. */
  running(): BacktestAsk | null;
  /**
   * Plays one for a chat; null while another is played. `cause`: what went wrong in a line. `stopped`:
   * this process ends, and the next one tells of it. Never rejects.
   */
  play(
    ask: BacktestAsk,
    chat: WaitingChat,
    onStep: (step: BacktestStep) => void,
  ): Promise<
    | {
        readonly kind: 'done';
        readonly result: BacktestResult;
        /** Left out or null: nothing to draw. */
        readonly curves?: CurvesPicture | null;
      }
    | { readonly kind: 'failed'; readonly cause: string }
    | { readonly kind: 'stopped' }
  > | null;
  /** What an earlier process was playing when it ended, and for whom; told once. */
  left(): { readonly ask: BacktestAsk; readonly chat: WaitingChat } | null;
  /** Ends what is played. */
  stop(): Promise<void>;
}

/** A report as a file, before it is kept. */
export type ReportFile = {
  readonly name: string;
  readonly mediaType: string;
  readonly content: string;
};

/** Writes reports as files, in the words of a language where a person reads them. */
export interface ReportWriter {
  /** `curves`: a PNG that stands in formats that show pictures; null: none. */
  write(
    reports: readonly FullReport[],
    format: ReportFormat,
    language: 'zh' | 'en',
    curves: Uint8Array | null,
  ): ReportFile;
  /** One table of recorded days, or of the audit, as a file; null: it would have no row. */
  export(
    what: ExportKind,
    format: ExportFormat,
    rows: { readonly records: readonly DayRecord[]; readonly audit: readonly AuditLine[] },
  ): ReportFile | null;
  /** What lies ahead as a calendar file. */
  calendar(agendas: readonly Agenda[], language: 'zh' | 'en', at: number): ReportFile;
}

/** Puts recorded facts into words. Never throws: null when it could not, and somebody was told why. */
export interface Narrator {
  /** Who speaks, as the endpoint names it. */
  readonly model: string;
  /** Words that have no number and no name which the facts have not. */
  tell(facts: readonly string[], language: 'zh' | 'en'): Promise<string | null>;
  /** What it was asked today and what that took. */
  spent(): ModelSpent;
}

/** Draws beside the desk. Never throws: null when it could not, and somebody was told why. */
export interface Pictures {
  /** A PNG in the words of a language. */
  draw(picture: Picture, language: 'zh' | 'en'): Promise<Uint8Array | null>;
  stop(): Promise<void>;
}

/** Whose menu it is: a private chat; `role` null: somebody who may do nothing any more. */
export type MenuPerson = {
  readonly chatId: string;
  readonly role: CommandRole | null;
  readonly language: 'zh' | 'en';
};

/** The settings files as a chat may see and change them. Throws ConfigError with one line: place, found, expected. */
export interface ChatSettings {
  list(): {
    readonly settings: readonly SettingLine[];
    readonly secrets: readonly SecretMark[];
  };
  /** What setting a key would change; nothing is written. */
  judge(key: string, value: string): SettingChange;
  /** Sets it, and takes it over where it counts at once; all of it or nothing. */
  set(key: string, value: string): { readonly change: SettingChange; readonly file: string };
  /** Reads all files again: what may count at once does, nothing if one of them is bad. */
  reload(): readonly SettingChange[];
}

/** Work beside the desk that a chat may ask for, each in a thread or process of its own. */
export interface Upkeep {
  /** Jobs that a person may run, any number of times; null: none from this run. */
  jobs(): readonly string[] | null;
  /** Null: it may run now. Otherwise when it is due, before which it would know too little. */
  dueAt(job: string): number | null;
  /** Rejects with one line, as the others do. */
  runJob(job: string): Promise<{ readonly tookMs: number }>;
  /** Copies the store. */
  backUp(): Promise<{
    readonly folder: string;
    readonly tables: number;
    readonly rows: number;
    readonly tookMs: number;
  }>;
  /** The smoke test. */
  check(): Promise<{ readonly checks: readonly CheckLine[]; readonly tookMs: number }>;
  /** Jobs by name, `backup` and `selftest`, as far as they are under way. */
  running(): readonly string[];
  /** Ends what runs. */
  stop(): Promise<void>;
}

/** A chat channel. Throws ChannelError with `retryable` and, for a rate limit, context.retryAfterMs. */
export interface Channel {
  readonly name: string;
  /** False: an edit is told as a message of its own, so what only counts down is left out. */
  readonly hasEdits?: false;
  /** Starts intake; `receive` commits before it resolves and the channel's offset moves only then. */
  start(receive: (rows: readonly Incoming[]) => Promise<void>): Promise<void>;
  /** Answers the channel's message id. */
  deliver(message: Outgoing): Promise<string>;
  /**
   * Resolves when somebody could read what would be delivered now; left out where only a delivery shows it.
   * Throws ChannelError.
   */
  probe?(): Promise<void>;
  /** The message of its own that the channel has pinned in a chat, null for none; with `pin`. May throw. */
  pinned?(chatId: string): Promise<string | null>;
  /** Pins a message without a sound; left out where a channel cannot. May throw. */
  pin?(chatId: string, messageId: string): Promise<void>;
  /** Shows a person's commands in the channel's own menu; left out where it has none. Never throws. */
  showMenu?(person: MenuPerson): Promise<void>;
  /** Acknowledges a tap; failures are swallowed by the adapter (a late answer must not stop the act). */
  acknowledge(callbackId: string, text: string | null, alert: boolean): Promise<void>;
  stop(): Promise<void>;
}

/** Who a sender is. `canAct` is false in a group that is not listed: such a chat may only read. */
export type Identity =
  | {
      readonly kind: 'known';
      readonly actor: Actor;
      readonly language: 'zh' | 'en';
      readonly canAct: boolean;
    }
  | { readonly kind: 'stranger' };

/** What became of a one-time code. */
export type CodeAnswer = { readonly kind: 'right' } | CodeRefusal;

/** One-time codes of an app on a person's own device; enrolled at the terminal, never through chat. */
export interface OneTimeCodes {
  /** Judges six digits at an instant; a right code counts once, also over restarts. */
  check(code: string, at: number): CodeAnswer;
}

/** Who may speak, in memory and synchronous, so that a kill word is authorised without the store. */
export interface Access {
  /** Judges sender and chat together; a missing sender is a stranger. */
  identify(row: Incoming): Identity;
  /** Language of a chat; the default language for an unknown one. */
  languageOf(channel: string, chatId: string): 'zh' | 'en';
  setLanguage(row: Incoming, language: 'zh' | 'en'): Promise<void>;
  /** Everybody who may speak, but for the terminal. */
  users(): readonly {
    readonly channel: string;
    readonly userId: string;
    readonly name: string;
    readonly role: 'viewer' | 'operator' | 'owner';
    readonly person?: string | undefined;
  }[];
  /** Gives a user (`telegram:4711`) another role, or takes all away (null); an owner remains always. */
  setRole(
    user: string,
    role: 'viewer' | 'operator' | 'owner' | null,
  ): Promise<
    { readonly kind: 'set'; readonly name: string } | { readonly kind: 'unknown' | 'last_owner' }
  >;
  /** Whose clock a chat shows; null: it never said. */
  zoneOf(channel: string, chatId: string): string | null;
  setZone(row: Incoming, zone: string | null): Promise<void>;
  /** What a chat wants to hear; everything for one that never said. */
  hearingOf(channel: string, chatId: string): ChatHearing;
  setHearing(row: Incoming, hearing: ChatHearing): Promise<void>;
  /** What a chat has chosen to look at. */
  choiceOf(channel: string, chatId: string): ChatChoice;
  setChoice(row: Incoming, choice: ChatChoice): Promise<void>;
  /** Tries a pairing code. `ignored`: no code is out, or the sender is banned; nothing is answered. */
  pair(
    row: Incoming,
    pairingCode: string,
  ): Promise<
    | { readonly kind: 'paired'; readonly actor: Actor; readonly language: 'zh' | 'en' }
    | { readonly kind: 'refused' | 'ignored' }
  >;
  /** Counts a stranger's message; answers the count when a notice to the owners is due (once an hour), else null. */
  noteStranger(row: Incoming): number | null;
  /** Chats that hear the desk: private chats of users with at least `role`, listed groups, the terminal. */
  chats(role: 'viewer' | 'operator' | 'owner'): readonly {
    readonly channel: string;
    readonly chatId: string;
    /** The same for all chats of one person. */
    readonly person: string;
  }[];
}

// ── market data of China ────────────────────────────────────────────────────────────────────────

/** An AbortSignal by its shape: this ring knows no types of the platform. */
export type Cancellation = {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
};

/** How long an answer may take and how old it may be. */
export type FetchAsk = {
  /** Instant by which there is an answer, whatever the sources do; a checkpoint plus its budget. */
  readonly deadlineAt: number;
  /** Ends the work early; the answer then has no data. */
  readonly signal?: Cancellation;
  /** An answer fetched this long ago may be given again; 0 or absent: only one under way is shared. */
  readonly maxAgeMs?: number;
};

/**
 * What came of asking for data. `data` null: no source had it, and `note` says what each of them
 * did; null is never to be read as "none". `degraded` is true whenever the answer is less than the
 * first source of the list would have given: a fallback, a cache, rows or fields missing.
 */
export type FetchResult<T> = {
  readonly data: T | null;
  /** Name of the source that answered; `none` without data. */
  readonly source: string;
  readonly fetchedAt: number;
  /** Instant the data is true for: of quotes the oldest one used, of daily data the last close. */
  readonly asOf: number;
  readonly degraded: boolean;
  /** What failed, was left out or is to be known, in the order it happened; empty: nothing. */
  readonly note: readonly FetchNote[];
};

/**
 * The one way in for Chinese market data. Asks the sources of the profile in their order until one
 * has the data, within the deadline; every answer is kept raw before it is read, rows that cannot
 * be true are quarantined, days that cannot be true are refused. Volumes in shares, money in yuan.
 * Never rejects for what a source does; rejects with InvariantError only.
 */
export interface MarketDataCn {
  /** A look at `universe` (at least its ids; others are left out), one quote a stock. */
  snapshot(universe: readonly InstrumentId[], ask: FetchAsk): Promise<FetchResult<MarketLookCn>>;
  /** Quotes of a few names, stocks and indexes alike. A name without an answer is absent. */
  quotes(
    instruments: readonly InstrumentId[],
    ask: FetchAsk,
  ): Promise<FetchResult<readonly QuoteCn[]>>;
  /** A pool of `day`; no pool at all is no data, an empty one was checked against the look. */
  limitPool(kind: PoolKindCn, day: TradingDay, ask: FetchAsk): Promise<FetchResult<LimitPoolCn>>;
  /** Closed bars of one minute of a day, oldest first. */
  minuteBars(
    instrument: InstrumentId,
    day: TradingDay,
    ask: FetchAsk,
  ): Promise<FetchResult<readonly MinuteBarCn[]>>;
  /** Bars of all stocks on one day, as traded. Final only after 15:30. */
  dailyBarsOn(day: TradingDay, ask: FetchAsk): Promise<FetchResult<readonly DailyBarCn[]>>;
  /** Bars of one stock, both days included, oldest first, as traded. */
  dailyBarsOf(
    instrument: InstrumentId,
    from: TradingDay,
    through: TradingDay,
    ask: FetchAsk,
  ): Promise<FetchResult<readonly DailyBarCn[]>>;
  /** Days of an index, both included, oldest first. */
  indexDaily(
    index: InstrumentId,
    from: TradingDay,
    through: TradingDay,
    ask: FetchAsk,
  ): Promise<FetchResult<readonly DailyBarCn[]>>;
  /** Margin trading of `day` by exchange. An exchange without a row is absent and noted, never 0. */
  margin(day: TradingDay, ask: FetchAsk): Promise<FetchResult<readonly MarginDayCn[]>>;
  /** Industry boards with their members. */
  sectors(ask: FetchAsk): Promise<FetchResult<readonly SectorCn[]>>;
  /** Listed shares of all boards. */
  securities(ask: FetchAsk): Promise<FetchResult<readonly SecurityCn[]>>;
  /** Ex-dates of `day` with their terms. */
  corporateActions(
    day: TradingDay,
    ask: FetchAsk,
  ): Promise<FetchResult<readonly CorporateActionCn[]>>;
  /** Adjustment factors of all shares on `day`. */
  adjustments(day: TradingDay, ask: FetchAsk): Promise<FetchResult<readonly AdjustmentCn[]>>;
  /** Who is suspended on `day`; an empty list says nobody. */
  suspensions(day: TradingDay, ask: FetchAsk): Promise<FetchResult<readonly SuspensionCn[]>>;
  /** Limit prices of `day`, known before its open. */
  priceLimits(day: TradingDay, ask: FetchAsk): Promise<FetchResult<readonly PriceLimitCn[]>>;
  /** Trading days from `from` through `through`, for a check of the calendar on file. */
  tradingDays(
    from: TradingDay,
    through: TradingDay,
    ask: FetchAsk,
  ): Promise<FetchResult<readonly TradingDay[]>>;
}

/** What became of rows: new, known, and how many of the known ones say something else. */
export type SavedRows = {
  readonly inserted: number;
  readonly known: number;
  readonly differing: number;
};

/** Which daily bars to read. */
export type DailyPanelAsk = {
  readonly kind: DailySeriesCn['kind'];
  readonly basis: PriceBasisCn;
  /** Null: the source that reaches nearest to `through`; of equal ones the fullest. */
  readonly source: string | null;
  /** Rows of the panel, in this order; null: everything the series has, sorted. */
  readonly instruments: readonly InstrumentId[] | null;
  readonly from: TradingDay;
  readonly through: TradingDay;
};

/** Which intraday bars to read. */
export type IntradayPanelAsk = {
  readonly instruments: readonly InstrumentId[];
  readonly timeframe: '1m' | '5m' | '15m';
  /** Null: the source with most bars of these instruments in the range. */
  readonly source: string | null;
  /** Bars with fromAt ≤ openedAt < toAt. */
  readonly fromAt: number;
  readonly toAt: number;
};

/** A figure of any kind by name. `instrument` null: of the market. */
export type FigureCn = {
  readonly instrument: InstrumentId | null;
  readonly day: TradingDay;
  readonly field: string;
  readonly value: number;
};

/** How much of one kind of data is stored, and until when it reaches. */
export type StoredKindCn = {
  /** `daily share raw`, `daily index raw`, `margin`, `pool limit_up`, `figures moneyflow`, … */
  readonly what: string;
  readonly source: string;
  readonly rows: number;
  readonly firstDay: TradingDay;
  readonly lastDay: TradingDay;
  readonly savedAt: number;
};

/** How one source did for one kind of data: its newest answer and its newest failure. */
export type SourceHealthCn = {
  readonly source: string;
  readonly kind: string;
  readonly answeredAt: number | null;
  readonly failedAt: number | null;
  readonly failure: string | null;
  /** Tries and answers since `sinceAt` of the call. */
  readonly tries: number;
  readonly answers: number;
};

/** Recorded Chinese market data. Rows are added, never changed; throws StoreError. */
export interface MarketStoreCn {
  /** Adds daily bars to a series; a known bar stays as it is. */
  saveDaily(table: DailyTableCn, series: DailySeriesCn, at: number): Promise<SavedRows>;
  /** Takes days of a series (anomalies without instrument) or single rows out of every later read. */
  refuseDaily(series: DailySeriesCn, anomalies: readonly Anomaly[], at: number): Promise<number>;
  /** Daily bars as a panel, refused days and rows left out. */
  loadDaily(ask: DailyPanelAsk): Promise<DailyPanelCn>;
  /** Intraday bars as a panel. */
  loadIntraday(ask: IntradayPanelAsk): Promise<IntradayPanelCn>;
  saveMargin(rows: readonly MarginDayCn[], source: string, at: number): Promise<SavedRows>;
  /** Margin rows of the days from `from` through `through`, of one source a day: the first saved. */
  margin(
    from: TradingDay,
    through: TradingDay,
  ): Promise<(MarginDayCn & { readonly source: string; readonly fetchedAt: number })[]>;
  saveSectors(
    sectors: readonly SectorCn[],
    source: string,
    asOf: TradingDay,
    at: number,
  ): Promise<SavedRows>;
  /** Boards of the newest list that is not later than `day`; null when there is none. */
  sectors(
    day: TradingDay,
    source: string | null,
  ): Promise<{
    readonly source: string;
    readonly asOf: TradingDay;
    readonly fetchedAt: number;
    readonly sectors: SectorCn[];
  } | null>;
  savePool(pool: LimitPoolCn, source: string, at: number): Promise<SavedRows>;
  /** A stored pool; null when none of that day is stored. */
  pool(
    kind: PoolKindCn,
    day: TradingDay,
  ): Promise<(LimitPoolCn & { readonly source: string; readonly fetchedAt: number }) | null>;
  saveSecurities(
    securities: readonly SecurityCn[],
    source: string,
    asOf: TradingDay,
    at: number,
  ): Promise<SavedRows>;
  /** Shares of the newest list that is not later than `day`; null when there is none. */
  securities(day: TradingDay): Promise<{
    readonly source: string;
    readonly asOf: TradingDay;
    readonly fetchedAt: number;
    readonly securities: SecurityCn[];
  } | null>;
  saveCorporateActions(
    actions: readonly CorporateActionCn[],
    source: string,
    at: number,
  ): Promise<SavedRows>;
  /** Ex-dates from `from` through `through`, oldest first. */
  corporateActions(from: TradingDay, through: TradingDay): Promise<CorporateActionCn[]>;
  saveFigures(
    dataset: string,
    source: string,
    figures: readonly FigureCn[],
    at: number,
  ): Promise<SavedRows>;
  /** Figures of a dataset, oldest first; of one field and one instrument where given. */
  figures(ask: {
    readonly dataset: string;
    readonly from: TradingDay;
    readonly through: TradingDay;
    readonly field?: string;
    /** Null: figures of the market only; absent: of everything. */
    readonly instrument?: InstrumentId | null;
  }): Promise<(FigureCn & { readonly source: string; readonly fetchedAt: number })[]>;
  quarantine(kind: string, anomalies: readonly Anomaly[], runId: string, at: number): Promise<void>;
  /** Quarantined rows and days since an instant, newest first. */
  quarantined(
    sinceAt: number,
    limit: number,
  ): Promise<(Anomaly & { readonly kind: string; readonly quarantinedAt: number })[]>;
  /** What is stored, by kind and source. */
  stored(): Promise<StoredKindCn[]>;
  /** How the sources did since an instant. */
  sourceHealth(sinceAt: number): Promise<SourceHealthCn[]>;
}
