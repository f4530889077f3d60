import type { NewOutboxRow, Outbox, OutboxRow } from '#app/ports.ts';
import { ORDER_LANE } from './outbox.ts';

type Writes = {
  add(rows: readonly NewOutboxRow[]): OutboxRow[];
  markDone(inboxId: number): void;
};

function inDeliveryOrder(a: OutboxRow, b: OutboxRow): number {
  if (a.lane !== b.lane) return a.lane < b.lane ? -1 : 1;
  return Number(a.priority > 0) - Number(b.priority > 0) || a.id - b.id;
}

function isHeldBack(row: OutboxRow, rows: readonly OutboxRow[], now: number): boolean {
  if (row.priority === 0) return false;
  return rows.some(
    (other) =>
      other.runId === row.runId &&
      other.lane === row.lane &&
      other.id < row.id &&
      other.priority > 0 &&
      (other.state === 'attempting' ||
        (other.state === 'queued' && other.attempts > 0 && other.notBefore > now)),
  );
}

/** The outbox over an array whose row `id` is at index `id - 1`. */
export function createMemoryOutbox(rows: OutboxRow[], writes: Writes): Outbox {
  /** Rows that can still change; delivered ones never come back. */
  const open = () => rows.filter((row) => row.state === 'queued' || row.state === 'attempting');
  const change = (id: number, from: readonly string[], to: Partial<OutboxRow>): boolean => {
    const row = rows[id - 1];
    if (row === undefined || !from.includes(row.state)) return false;
    rows[id - 1] = { ...row, ...to };
    return true;
  };
  return {
    enqueue: async (added, inboxDone) => {
      if (inboxDone !== undefined) writes.markDone(inboxDone.id);
      return writes.add(added);
    },
    ofRun: async (runId) => rows.filter((row) => row.runId === runId),
    due: async (runId, now, limit) => {
      const candidates = open().filter((row) => row.runId === runId);
      return candidates
        .filter((row) => row.state === 'queued' && row.notBefore <= now)
        .filter((row) => !isHeldBack(row, candidates, now))
        .sort(inDeliveryOrder)
        .slice(0, limit);
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
    settleInterrupted: async (runId) => {
      const left = rows.filter((row) => row.runId === runId && row.state === 'attempting');
      for (const row of left) {
        const state = row.lane.startsWith(ORDER_LANE) ? 'unknown' : 'queued';
        rows[row.id - 1] = { ...row, state };
      }
      const settled = left.map((row) => rows[row.id - 1] as OutboxRow);
      const unknown = settled.filter((row) => row.state === 'unknown');
      return { unknown, requeued: settled.length - unknown.length };
    },
    lastDelivered: async (lane, editKey) =>
      rows.findLast(
        (row) => row.lane === lane && row.editKey === editKey && row.state === 'delivered',
      ) ?? null,
  };
}
