import type { NewOutboxRow, Outbox, OutboxRow } from '#app/ports.ts';
import { ACTED, ORDER_LANE } from './outbox.ts';

type Writes = {
  add(rows: readonly NewOutboxRow[]): OutboxRow[];
  markDone(inboxId: number): void;
};

/** Priority 0 first, then the first row of each lane, then the second; no lane keeps another one waiting. */
function inDeliveryOrder(rows: readonly OutboxRow[]): OutboxRow[] {
  const places = new Map<number, number>();
  const counts = new Map<string, number>();
  for (const { id, lane } of rows) {
    const place = (counts.get(lane) ?? 0) + 1;
    counts.set(lane, place);
    places.set(id, place);
  }
  const byLane = (a: OutboxRow, b: OutboxRow): number => (a.lane < b.lane ? -1 : 1);
  return rows.toSorted(
    (a, b) =>
      Number(a.priority > 0) - Number(b.priority > 0) ||
      (places.get(a.id) ?? 0) - (places.get(b.id) ?? 0) ||
      byLane(a, b),
  );
}

/** By lane the first row that waits for its retry or is under way: what was written after it is held back. */
function heldBy(rows: readonly OutboxRow[], now: number): ReadonlyMap<string, number> {
  const held = new Map<string, number>();
  for (const { id, lane, priority, state, attempts, notBefore } of rows) {
    const waits = state === 'queued' && attempts > 0 && notBefore > now;
    if (priority > 0 && (state === 'attempting' || waits))
      held.set(lane, Math.min(id, held.get(lane) ?? id));
  }
  return held;
}

function dueOf(rows: readonly OutboxRow[], now: number): OutboxRow[] {
  const held = heldBy(rows, now);
  const isFree = ({ id, lane, priority }: OutboxRow): boolean =>
    priority === 0 || id <= (held.get(lane) ?? id);
  return rows.filter((row) => row.state === 'queued' && row.notBefore <= now && isFree(row));
}

function isOpen(row: OutboxRow | undefined): row is OutboxRow {
  return row?.state === 'queued' || row?.state === 'attempting';
}

/** Knows which rows wait or are under way, so that nobody looks through all of them. */
function indexOf(rows: readonly OutboxRow[]): { open(): OutboxRow[]; reopen(id: number): void } {
  const ids = new Set<number>();
  let looked = 0;
  return {
    /** Rows that wait or are under way. */
    open() {
      for (; looked < rows.length; looked += 1) ids.add(looked + 1);
      const found: OutboxRow[] = [];
      for (const id of ids) {
        const row = rows[id - 1];
        if (isOpen(row)) found.push(row);
        else ids.delete(id);
      }
      return found;
    },
    reopen(id) {
      if (isOpen(rows[id - 1])) ids.add(id);
    },
  };
}

/** The outbox over an array whose row `id` is at index `id - 1`. */
export function createMemoryOutbox(rows: OutboxRow[], writes: Writes): Outbox {
  const { open, reopen } = indexOf(rows);
  const change = (id: number, from: readonly string[], to: Partial<OutboxRow>): boolean => {
    const row = rows[id - 1];
    if (row === undefined || !from.includes(row.state)) return false;
    rows[id - 1] = { ...row, ...to };
    reopen(id);
    return true;
  };
  return {
    enqueue: async (added, inboxDone) => {
      if (inboxDone !== undefined) writes.markDone(inboxDone.id);
      const made = writes.add(added);
      if (made.length === added.length) return made;
      const keys = new Set(added.map(({ dedupeKey }) => dedupeKey));
      return open().filter((row) => row.state === 'queued' && keys.has(row.dedupeKey));
    },
    ofRun: async (runId) => rows.filter((row) => row.runId === runId),
    due: async (runId, now, limit, lanes) => {
      const candidates = open().filter(
        (row) => row.runId === runId && row.lane.startsWith(lanes ?? ''),
      );
      return inDeliveryOrder(dueOf(candidates, now)).slice(0, limit);
    },
    markAttempting: async (id) => {
      const attempts = (rows[id - 1]?.attempts ?? 0) + 1;
      return change(id, ['queued'], { state: 'attempting', attempts });
    },
    markDelivered: async (id, externalId, at) => {
      const from = ['queued', 'attempting', 'unknown', 'failed', 'delivered'];
      change(id, from, { state: 'delivered', externalId, deliveredAt: at, lastError: null });
    },
    markFailed: async (id, error, retryAt) => {
      const lastError = error.slice(0, 500);
      const to: Partial<OutboxRow> =
        retryAt === null
          ? { state: 'failed', lastError }
          : { state: 'queued', lastError, notBefore: retryAt };
      change(id, ['queued', 'attempting', 'unknown'], to);
    },
    markDropped: async (id, reason) => {
      change(id, ['queued', 'attempting'], { state: 'dropped', lastError: reason.slice(0, 500) });
    },
    dropActed: async (dedupeKeys) => {
      const keys = new Set(dedupeKeys);
      for (const row of open())
        if (keys.has(row.dedupeKey))
          change(row.id, ['queued', 'attempting'], { state: 'dropped', lastError: ACTED });
    },
    settleInterrupted: async (runId) => {
      const left = rows.filter((row) => row.runId === runId && row.state === 'attempting');
      for (const row of left) {
        const state = row.lane.startsWith(ORDER_LANE) ? 'unknown' : 'queued';
        rows[row.id - 1] = { ...row, state };
        reopen(row.id);
      }
      const settled = left.map((row) => rows[row.id - 1] as OutboxRow);
      const unknown = settled.filter((row) => row.state === 'unknown');
      return { unknown, requeued: settled.length - unknown.length };
    },
    statesOf: async (dedupeKeys) => {
      const keys = new Set(dedupeKeys);
      const found = rows.filter((row) => keys.has(row.dedupeKey));
      return new Map(found.map(({ dedupeKey, state }) => [dedupeKey, state]));
    },
    lastDelivered: async (lane, editKey) =>
      rows.findLast(
        (row) => row.lane === lane && row.editKey === editKey && row.state === 'delivered',
      ) ?? null,
  };
}
