import type { OutboxRow } from './ports.ts';
import type { Bucket } from './rate-bucket.ts';

/** What waits for one chat, in the order of its delivery. */
export type ChatLane = {
  readonly channel: string;
  readonly chatId: string;
  readonly bucket: Bucket | null;
  readonly rows: OutboxRow[];
  readonly edits: Map<string, string>;
  failures: number;
  work: Promise<void> | null;
  /** Ends a wait for the rate, because a P0 has come in. */
  hurry: (() => void) | null;
};

/** The channel and chat of a lane `chat:<channel>:<chatId>`, or null for another lane. */
export function chatOfLane(lane: string): { channel: string; chatId: string } | null {
  const match = /^chat:([^:]+):(.+)$/s.exec(lane);
  return match === null ? null : { channel: match[1]!, chatId: match[2]! };
}

/** P0 first, the others as they were made; rows of the journal (id 0) where they came in. */
export function put(row: OutboxRow, lane: ChatLane, isBack: boolean): void {
  const isUrgent = row.priority === 0;
  const at = lane.rows.findIndex((other) => {
    if (isUrgent !== (other.priority === 0)) return isUrgent;
    if (row.id === 0 || other.id === 0) return isBack;
    return row.id < other.id;
  });
  lane.rows.splice(at === -1 ? lane.rows.length : at, 0, row);
}

/** Milliseconds before the first row of a lane may leave: the rate, and the later try it was promised. */
export function pauseOf(lane: ChatLane, row: OutboxRow, now: number, wallNow: number): number {
  if (row.priority === 0) return 0;
  const retryMs = row.attempts === 0 ? 0 : row.notBefore - now;
  return Math.max(0, retryMs, lane.bucket?.waitMs(wallNow) ?? 0);
}
