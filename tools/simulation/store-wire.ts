import { StoreError } from '#app/errors.ts';
import type { EventLog, FileStore, Inbox, InputLog, Outbox, StateSnapshots } from '#app/ports.ts';
import type { VirtualClock } from '#shell/lib/virtual-clock.ts';
import type { Faults } from './faults.ts';
import type { Life } from './life.ts';
import type { Site } from './plan.ts';

/** The part of a store that a desk's process uses. */
export type DeskTables = {
  readonly events: EventLog;
  readonly inputs: InputLog;
  readonly snapshots: StateSnapshots;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly files: FileStore;
};

export type StoreWire = {
  readonly life: Life;
  readonly time: VirtualClock;
  readonly faults: Faults;
  /** Usual time of a call there and back; 0: at once. */
  readonly usualMs: number;
  readonly isDown: () => boolean;
  readonly onTrouble: () => void;
};

/** The failure of a call that found no answer. */
export function storeDown(site: string): StoreError {
  return new StoreError(`simulated store: ${site}: found no answer`, {
    code: 'down',
    retryable: true,
  });
}

function wait(time: VirtualClock, ms: number): Promise<void> {
  return new Promise((resolve) => void time.at(time.now() + ms, resolve));
}

/** One call over the wire: it may be late, fail before it took effect, or lose its answer after it did. */
async function travel<T>(wire: StoreWire, site: Site, run: () => Promise<T>): Promise<T> {
  const { time, usualMs } = wire;
  const fault = wire.faults.store(site);
  if (fault !== null || wire.isDown()) wire.onTrouble();
  const ms = fault?.fault === 'slow' ? fault.ms : usualMs;
  if (ms > 0) await wait(time, Math.ceil(ms / 2));
  if (wire.isDown() || fault?.fault === 'fail') throw storeDown(site);
  const answer = await run();
  if (ms > 0) await wait(time, Math.ceil(ms / 2));
  if (fault?.fault === 'lost_ack') throw storeDown(site);
  return answer;
}

/** A process's way to the tables: every call can be late, fail, lose its answer, or be the process's last. */
export function wireStore(tables: DeskTables, wire: StoreWire): DeskTables {
  const call = <T>(site: Site, run: () => Promise<T>): Promise<T> =>
    wire.life.reach(site, () => travel(wire, site, run));
  const { events, inputs, snapshots, inbox, outbox, files } = tables;
  return {
    events: {
      append: (batch) => call('events.append', () => events.append(batch)),
      read: (stream, after) => call('events.read', () => events.read(stream, after)),
      newest: (stream, type, count, day) =>
        call('events.read', () => events.newest(stream, type, count, day)),
      streams: (prefix) => call('events.read', () => events.streams(prefix)),
    },
    inputs: {
      append: (rows) => call('inputs.append', () => inputs.append(rows)),
      read: (stream, from) => call('inputs.read', () => inputs.read(stream, from)),
    },
    snapshots: {
      save: (stream, version, state) =>
        call('snapshots.save', () => snapshots.save(stream, version, state)),
      latest: (stream) => call('snapshots.latest', () => snapshots.latest(stream)),
      removeAstray: (stream) => snapshots.removeAstray(stream),
    },
    inbox: {
      receive: (rows) => call('inbox.receive', () => inbox.receive(rows)),
      pending: (runId, limit) => call('inbox.pending', () => inbox.pending(runId, limit)),
      markDone: (id, result, audit) =>
        call('inbox.markDone', () => inbox.markDone(id, result, audit)),
      onArrival: (wake) => inbox.onArrival(() => wire.life.run(wake)),
    },
    outbox: {
      enqueue: (rows, done) => call('outbox.enqueue', () => outbox.enqueue(rows, done)),
      due: (...which) => call('outbox.due', () => outbox.due(...which)),
      markAttempting: (id) => call('outbox.markAttempting', () => outbox.markAttempting(id)),
      markDelivered: (id, externalId, at) =>
        call('outbox.markDelivered', () => outbox.markDelivered(id, externalId, at)),
      markFailed: (id, error, retryAt) =>
        call('outbox.markFailed', () => outbox.markFailed(id, error, retryAt)),
      markDropped: (id, reason) => call('outbox.markDropped', () => outbox.markDropped(id, reason)),
      dropActed: (keys) => call('outbox.markDropped', () => outbox.dropActed(keys)),
      settleInterrupted: (runId) =>
        call('outbox.settleInterrupted', () => outbox.settleInterrupted(runId)),
      ofRun: (runId) => outbox.ofRun(runId),
      statesOf: (keys) => call('outbox.lastDelivered', () => outbox.statesOf(keys)),
      lastDelivered: (lane, editKey) =>
        call('outbox.lastDelivered', () => outbox.lastDelivered(lane, editKey)),
    },
    files: {
      save: (content, at) => call('outbox.enqueue', () => files.save(content, at)),
      load: (hash) => call('outbox.due', () => files.load(hash)),
    },
  };
}
