import type {
  AuditLog,
  BarStore,
  Epochs,
  EventLog,
  FileStore,
  Inbox,
  InputLog,
  JobRuns,
  Outbox,
  StateSnapshots,
} from '#app/ports.ts';
import { createAuditLog } from './audit-log.ts';
import { createBarStore } from './bar-store.ts';
import { createEpochs } from './epochs.ts';
import { createEventCodec, type Upcasts } from './event-codec.ts';
import { createEventLog } from './event-log.ts';
import { createFileStore } from './file-store.ts';
import { createInbox } from './inbox.ts';
import { createInputLog } from './input-log.ts';
import { createJobRuns } from './job-runs.ts';
import { createOutbox } from './outbox.ts';
import { createRawSnapshots, createStateSnapshots, type RawSnapshots } from './snapshots.ts';
import type { Caller } from './sql-client.ts';

/** All of the store's ports over one set of sessions. */
export type Store = {
  readonly events: EventLog;
  readonly inputs: InputLog;
  readonly snapshots: StateSnapshots;
  readonly inbox: Inbox;
  readonly audit: AuditLog;
  readonly outbox: Outbox;
  readonly files: FileStore;
  readonly epochs: Epochs;
  readonly jobs: JobRuns;
  readonly bars: BarStore;
  readonly raw: RawSnapshots;
};

export type StoreSettings = {
  readonly upcasts?: Upcasts;
  /** Epoch a desk writes under; null or left out for commands and jobs, which only hand in. */
  readonly epoch?: number | null;
};

/** The store in PostgreSQL, over an open handle. */
export function createStore(db: Caller, settings: StoreSettings = {}): Store {
  const codec = createEventCodec(settings.upcasts);
  const epoch = settings.epoch ?? null;
  return {
    events: createEventLog(db, codec, epoch),
    inputs: createInputLog(db, epoch),
    snapshots: createStateSnapshots(db, epoch),
    inbox: createInbox(db, codec),
    audit: createAuditLog(db),
    outbox: createOutbox(db, codec, epoch),
    files: createFileStore(db),
    epochs: createEpochs(db),
    jobs: createJobRuns(db),
    bars: createBarStore(db),
    raw: createRawSnapshots(db),
  };
}
