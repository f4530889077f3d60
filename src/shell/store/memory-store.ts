import { StoreError } from '#app/errors.ts';
import type {
  AppendBatch,
  AuditLog,
  BarStore,
  EventLog,
  Inbox,
  InboxRow,
  InputLog,
  JobRun,
  JobRuns,
  NewAuditRow,
  NewOutboxRow,
  OutboxRow,
  RecordedInput,
  StateSnapshots,
  StoredEvent,
} from '#app/ports.ts';
import type { Bar, BarColumns } from '#core/market/bar.ts';
import { columnsOf } from '#core/market/bar.ts';
import type { AuditLine } from '#core/replies/system.ts';
import { queuedRow } from './append-batch.ts';
import { cleanText, createEventCodec, encodeJson, type Upcasts } from './event-codec.ts';
import { createMemoryFiles } from './file-store.ts';
import { createMemoryEpochs, underEpoch } from './memory-epochs.ts';
import { createMemoryOutbox } from './memory-outbox.ts';
import type { RawSnapshot, RawSnapshots } from './snapshots.ts';
import type { Store } from './store.ts';

/** Makes of a value what comes back from a store: without what JSON cannot hold, shared with nobody. */
type Copy = <T>(value: T) => T;

const copied: Copy = <T>(value: T): T => JSON.parse(encodeJson(value)) as T;

/** For simulations of immutable values, where copying would be most of the work. */
const shared: Copy = (value) => value;

type InboxEntry = InboxRow & { isDone: boolean };

/** What the memory store holds; one transaction is one synchronous function over it. */
type Tables = {
  readonly stored: Copy;
  readonly streams: Map<string, StoredEvent[]>;
  readonly inbox: InboxEntry[];
  readonly outbox: OutboxRow[];
  readonly outboxKeys: Set<string>;
  readonly audit: NewAuditRow[];
  lastSeq: number;
};

function addOutbox(tables: Tables, rows: readonly NewOutboxRow[]): OutboxRow[] {
  const { stored } = tables;
  const added: OutboxRow[] = [];
  for (const row of rows) {
    const clean = stored({ ...row, payload: row.payload ?? null });
    if (tables.outboxKeys.has(clean.dedupeKey)) continue;
    tables.outboxKeys.add(clean.dedupeKey);
    const entry = queuedRow(clean, tables.outbox.length + 1);
    tables.outbox.push(entry);
    added.push({ ...entry });
  }
  return added;
}

function markDone(tables: Tables, id: number): void {
  const row = tables.inbox[id - 1];
  if (row !== undefined) row.isDone = true;
}

function createMemoryEventLog(tables: Tables, upcasts: Upcasts, now: () => number): EventLog {
  const { stored } = tables;
  const codec = createEventCodec(upcasts);
  const append = (batch: AppendBatch) => {
    const stream = tables.streams.get(batch.stream) ?? [];
    if (stream.length !== batch.expectedVersion) {
      return { kind: 'version_conflict', actualVersion: stream.length } as const;
    }
    for (const event of batch.events) {
      stream.push({
        ...batch.context,
        stream: batch.stream,
        version: stream.length + 1,
        seq: ++tables.lastSeq,
        type: event.type,
        data: stored(event.data),
        schemaVersion: codec.versionOf(event.type),
        recordedAt: now(),
      });
    }
    if (stream.length > 0) tables.streams.set(batch.stream, stream);
    if (batch.inboxDone !== undefined) markDone(tables, batch.inboxDone.id);
    tables.audit.push(...(batch.audit ?? []));
    const outbox = addOutbox(tables, batch.outbox);
    return { kind: 'appended', version: stream.length, outbox } as const;
  };
  const view = (event: StoredEvent): StoredEvent => ({
    ...event,
    data: codec.upcast(event.type, event.schemaVersion, stored(event.data)),
  });
  return {
    append: async (batch) => append(batch),
    read: async (stream, afterVersion = 0) =>
      (tables.streams.get(stream) ?? []).slice(afterVersion).map(view),
    newest: async (stream, type, count, tradingDay = null) =>
      (tables.streams.get(stream) ?? [])
        .filter((event) => event.type === type)
        .filter((event) => tradingDay === null || event.tradingDay === tradingDay)
        .slice(-count)
        .reverse()
        .map(view),
    streams: async (prefix) =>
      [...tables.streams]
        .filter(([stream]) => stream.startsWith(prefix))
        .map(([stream, events]) => ({ stream, version: events.length }))
        .sort((a, b) => (a.stream < b.stream ? -1 : 1)),
  };
}

function createMemoryAudit(tables: Tables): AuditLog {
  return {
    newest: async (count, before) => {
      const rows = tables.audit.map(
        ({ occurredAt: at, actor, rawText: text, result }, index): AuditLine => {
          return { id: index + 1, at, actor, text, result };
        },
      );
      return rows
        .filter(({ id }) => before === null || id < before)
        .slice(-count)
        .reverse();
    },
  };
}

function createMemoryInbox(tables: Tables): Inbox {
  const { stored } = tables;
  const listeners = new Set<() => void>();
  const keys = new Map<string, InboxEntry>();
  /** Rows before this one are done; done is for ever. */
  let firstOpen = 0;
  const view = ({ isDone: _, ...row }: InboxEntry): InboxRow => ({
    ...row,
    body: stored(row.body),
  });
  return {
    receive: async (rows) => {
      const added: InboxRow[] = [];
      for (const row of rows) {
        const clean = stored({ ...row, body: row.body ?? null });
        const key = JSON.stringify([clean.runId, clean.channel, clean.updateId]);
        if (keys.has(key)) continue;
        const entry = { ...clean, id: tables.inbox.length + 1, isDone: false };
        keys.set(key, entry);
        tables.inbox.push(entry);
        added.push(view(entry));
      }
      if (added.length > 0) for (const wake of listeners) queueMicrotask(wake);
      return added;
    },
    pending: async (runId, limit) => {
      while (tables.inbox[firstOpen]?.isDone === true) firstOpen += 1;
      return tables.inbox
        .slice(firstOpen)
        .filter((row) => row.runId === runId && !row.isDone)
        .slice(0, limit)
        .map(view);
    },
    markDone: async (id, _result, audit = []) => {
      markDone(tables, id);
      tables.audit.push(...audit);
    },
    onArrival: async (wake) => {
      listeners.add(wake);
      wake();
      return async () => {
        listeners.delete(wake);
      };
    },
  };
}

function createMemoryInputs(stored: Copy): InputLog {
  const streams = new Map<string, Map<number, RecordedInput>>();
  return {
    append: async (rows) => {
      const taken = rows.find((row) => {
        const known = streams.get(row.stream)?.get(row.ordinal);
        return known !== undefined && known.hash !== row.hash;
      });
      if (taken !== undefined) {
        throw new StoreError(
          `store: append inputs: found ordinal ${taken.ordinal} of ${taken.stream} taken by another input, expected the same hash`,
          { code: 'input_conflict', retryable: false },
        );
      }
      for (const row of rows) {
        const stream = streams.get(row.stream) ?? new Map<number, RecordedInput>();
        if (!stream.has(row.ordinal))
          stream.set(row.ordinal, stored({ ...row, data: row.data ?? null }));
        streams.set(row.stream, stream);
      }
    },
    read: async (stream, fromOrdinal = 1) =>
      [...(streams.get(stream)?.values() ?? [])]
        .filter((row) => row.ordinal >= fromOrdinal)
        .sort((a, b) => a.ordinal - b.ordinal)
        .map(stored),
  };
}

/** As the store in PostgreSQL. */
const KEPT_SNAPSHOTS = 3;

function createMemorySnapshots(tables: Tables, now: () => number): StateSnapshots {
  const kept = new Map<string, { version: number; state: unknown; recordedAt: number }[]>();
  const of = (stream: string) => kept.get(stream) ?? [];
  return {
    save: async (stream, version, state) => {
      if (of(stream).some((known) => known.version === version)) return;
      const all = [...of(stream), { version, state: tables.stored(state), recordedAt: now() }];
      kept.set(stream, all.sort((a, b) => a.version - b.version).slice(-KEPT_SNAPSHOTS));
    },
    latest: async (stream) => {
      const found = of(stream).at(-1);
      return found === undefined
        ? null
        : { version: found.version, state: tables.stored(found.state) };
    },
    removeAstray: async (stream) => {
      const log = tables.streams.get(stream) ?? [];
      const logEnd = log.at(-1)?.version ?? 0;
      const first = of(stream).findIndex(
        ({ version, recordedAt }) =>
          version > logEnd || (log[version - 1]?.recordedAt ?? 0) > recordedAt,
      );
      if (first < 0) return null;
      const version = of(stream).at(-1)?.version ?? 0;
      kept.set(stream, of(stream).slice(0, first));
      return { version, logEnd };
    },
  };
}

function createMemoryJobRuns(): JobRuns {
  const runs = new Map<string, JobRun>();
  const keyOf = (job: string, at: number) => JSON.stringify([job, at]);
  const oldestFirst = (a: JobRun, b: JobRun) =>
    a.scheduledFor - b.scheduledFor || (a.job < b.job ? -1 : 1);
  return {
    claim: async (job, scheduledFor, state, note, now) => {
      const key = keyOf(job, scheduledFor);
      if (runs.has(key)) return false;
      runs.set(key, {
        job,
        scheduledFor,
        state,
        startedAt: now,
        finishedAt: null,
        note: cleanText(note),
      });
      return true;
    },
    finish: async (job, scheduledFor, state, note, now) => {
      const run = runs.get(keyOf(job, scheduledFor));
      if (run?.state !== 'claimed') return;
      runs.set(keyOf(job, scheduledFor), { ...run, state, finishedAt: now, note: cleanText(note) });
    },
    unfinished: async () =>
      [...runs.values()].filter((r) => r.state === 'claimed').sort(oldestFirst),
    recent: async (limit) =>
      [...runs.values()]
        .sort((a, b) => b.scheduledFor - a.scheduledFor || (a.job < b.job ? -1 : 1))
        .slice(0, limit),
  };
}

function createMemoryBars(): BarStore {
  /** By instrument, timeframe and source; then by opening instant. */
  const series = new Map<string, Map<number, Bar>>();
  const keyOf = (instrument: string, timeframe: string, source: string) =>
    [instrument, timeframe, source].join('\t');
  const sorted = (bars: Iterable<Bar>) => [...bars].sort((a, b) => a.openedAt - b.openedAt);
  return {
    save: async (bars, source) => {
      let inserted = 0;
      for (const bar of bars) {
        const key = keyOf(bar.instrument, bar.timeframe, source);
        const known = series.get(key) ?? new Map<number, Bar>();
        if (!known.has(bar.openedAt)) inserted += 1;
        if (!known.has(bar.openedAt)) known.set(bar.openedAt, { ...bar });
        series.set(key, known);
      }
      return { inserted, known: bars.length - inserted };
    },
    load: async (s, fromAt, toAt, source): Promise<BarColumns> => {
      const prefix = keyOf(s.instrument, s.timeframe, source ?? '');
      const candidates = [...series]
        .filter(([key]) => (source === null ? key.startsWith(prefix) : key === prefix))
        .map(([key, bars]) => ({
          key,
          bars: sorted(bars.values()).filter((b) => b.openedAt >= fromAt && b.openedAt < toAt),
        }))
        .sort((a, b) => b.bars.length - a.bars.length || (a.key < b.key ? -1 : 1));
      return columnsOf(candidates[0]?.bars ?? []);
    },
    status: async () =>
      [...series]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, bars]) => {
          const [instrument = '', timeframe = '', source = ''] = key.split('\t');
          const openings = sorted(bars.values()).map((bar) => bar.openedAt);
          const firstOpenedAt = openings[0] ?? 0;
          const lastOpenedAt = openings.at(-1) ?? 0;
          return { instrument, timeframe, source, bars: bars.size, firstOpenedAt, lastOpenedAt };
        }),
  };
}

function createMemoryRaw(): RawSnapshots {
  let rows: (RawSnapshot & { payloadHash: string })[] = [];
  return {
    expire: async (beforeAt) => {
      const kept = rows.filter(({ ingestedAt }) => ingestedAt >= beforeAt);
      const expired = rows.length - kept.length;
      rows = kept;
      return expired;
    },
    save: async (snapshot) => {
      const payload = cleanText(snapshot.payload);
      const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(payload));
      const payloadHash = Buffer.from(bytes).toString('hex');
      rows.push({ ...snapshot, payload, payloadHash });
      return payloadHash;
    },
    latest: async (source) =>
      rows
        .filter((row) => row.source === source)
        .sort((a, b) => a.ingestedAt - b.ingestedAt)
        .at(-1) ?? null,
  };
}

/** A store in memory, and the same store as an epoch may write to it. */
export type MemoryStore = Store & { under(epoch: number): Store };

/**
 * A store in memory that answers like the one in PostgreSQL; for simulation and fast tests. With
 * `isShared` it hands out the values it was given, which nobody may change.
 */
export function createMemoryStore(
  now: () => number,
  upcasts: Upcasts = {},
  options: { readonly isShared?: boolean } = {},
): MemoryStore {
  const tables: Tables = {
    stored: options.isShared === true ? shared : copied,
    streams: new Map(),
    inbox: [],
    outbox: [],
    outboxKeys: new Set(),
    audit: [],
    lastSeq: 0,
  };
  const { check, ...epochs } = createMemoryEpochs(now);
  const store: Store = {
    events: createMemoryEventLog(tables, upcasts, now),
    inputs: createMemoryInputs(tables.stored),
    snapshots: createMemorySnapshots(tables, now),
    inbox: createMemoryInbox(tables),
    audit: createMemoryAudit(tables),
    outbox: createMemoryOutbox(tables.outbox, {
      add: (rows) => addOutbox(tables, rows),
      markDone: (id) => markDone(tables, id),
    }),
    files: createMemoryFiles(),
    epochs,
    jobs: createMemoryJobRuns(),
    bars: createMemoryBars(),
    raw: createMemoryRaw(),
  };
  return { ...store, under: (epoch) => underEpoch(store, () => check(epoch)) };
}
