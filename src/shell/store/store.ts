import type {
  BarStore,
  EventLog,
  Inbox,
  InputLog,
  JobRuns,
  Outbox,
  StateSnapshots,
} from '#app/ports.ts';
import { createBarStore } from './bar-store.ts';
import { createEventCodec, type Upcasts } from './event-codec.ts';
import { createEventLog } from './event-log.ts';
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
  readonly outbox: Outbox;
  readonly jobs: JobRuns;
  readonly bars: BarStore;
  readonly raw: RawSnapshots;
};

/** The store in PostgreSQL, over an open handle. */
export function createStore(db: Caller, upcasts: Upcasts = {}): Store {
  const codec = createEventCodec(upcasts);
  return {
    events: createEventLog(db, codec),
    inputs: createInputLog(db),
    snapshots: createStateSnapshots(db),
    inbox: createInbox(db, codec),
    outbox: createOutbox(db, codec),
    jobs: createJobRuns(db),
    bars: createBarStore(db),
    raw: createRawSnapshots(db),
  };
}
