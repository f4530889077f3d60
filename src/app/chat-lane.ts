import type { ChatTarget } from './fan-out.ts';
import type { OutboxRow } from './ports.ts';
import type { Bucket } from './rate-bucket.ts';

/** What waits for one chat, in the order of its delivery: its alarms, its other words, or its files. */
export type ChatLane = {
  readonly channel: string;
  readonly chatId: string;
  readonly isFiles: boolean;
  /** One rate for all lanes of a chat. */
  readonly bucket: Bucket | null;
  readonly rows: OutboxRow[];
  /** The lane of the chat's alarms, of a lane of its other words: what stands there goes first. */
  readonly ahead: ChatLane | null;
  /** The lanes that may edit the same messages, this one among them. */
  readonly family: ChatLane[];
  /** By edit key the message that shows it and the row it shows; one for the family. */
  readonly edits: Map<string, { readonly rowId: number; readonly messageId: string }>;
  /** Edit key of the row the channel is delivering now. */
  underWay: string | null;
  failures: number;
  work: Promise<void> | null;
};

/** Where the files of a chat wait, apart from its words: an upload that hangs never holds back a word. */
export function fileLane({ channel, chatId }: ChatTarget): string {
  return `chat:${channel}+files:${chatId}`;
}

/** The channel and chat of a lane, of words or of files, or null for another lane. */
export function chatOfLane(lane: string): (ChatTarget & { readonly isFiles: boolean }) | null {
  const match = /^chat:([^:+]+)(\+files)?:(.+)$/s.exec(lane);
  if (match === null) return null;
  return { channel: match[1]!, chatId: match[3]!, isFiles: match[2] !== undefined };
}

/** A lane without rows beside `ahead`, the one that goes first. */
export function laneOf(
  chat: ChatTarget & { readonly isFiles: boolean },
  bucket: Bucket | null,
  ahead: ChatLane | null,
): ChatLane {
  const family = ahead?.family ?? [];
  const edits = ahead?.edits ?? new Map();
  const now = { underWay: null, failures: 0, work: null };
  const lane: ChatLane = { ...chat, bucket, rows: [], ahead, family, edits, ...now };
  family.push(lane);
  return lane;
}

/** As they were made; rows of the journal (id 0) where they came in. */
export function put(row: OutboxRow, lane: ChatLane, isBack: boolean): void {
  const at = lane.rows.findIndex((other) => {
    if (row.id === 0 || other.id === 0) return isBack;
    return row.id < other.id;
  });
  lane.rows.splice(at === -1 ? lane.rows.length : at, 0, row);
}

/** Takes all rows of a row's message out of the queues: the newest, and those it replaces. */
export function takeNewest(
  row: OutboxRow,
  lane: ChatLane,
): { readonly newest: OutboxRow; readonly older: readonly OutboxRow[] } {
  if (row.editKey === null) return { newest: row, older: [] };
  const all = [row];
  for (const { rows } of lane.family) {
    all.push(...rows.filter((other) => other.editKey === row.editKey));
    rows.splice(0, rows.length, ...rows.filter((other) => other.editKey !== row.editKey));
  }
  const newest = all.reduce((best, other) => (other.id === 0 || other.id > best.id ? other : best));
  return { newest, older: all.filter((other) => other !== newest) };
}

/** Takes a row out of the lanes where it waits. */
export function takeOut(dedupeKey: string, lanes: Iterable<ChatLane>): OutboxRow[] {
  return [...lanes].flatMap(({ rows }) => {
    const at = rows.findIndex((row) => row.dedupeKey === dedupeKey);
    return at === -1 ? [] : rows.splice(at, 1);
  });
}

/** Notes which message shows a row, unless a newer row of it is shown already. */
export function noteShown(row: OutboxRow, messageId: string, lane: ChatLane): void {
  if (row.editKey === null || isOutdated(row, lane)) return;
  const rowId = row.id === 0 ? (lane.edits.get(row.editKey)?.rowId ?? 0) : row.id;
  lane.edits.set(row.editKey, { rowId, messageId });
}

/** True when a newer row of the same message is shown, or is under way as an alarm: it took the message over. */
export function isOutdated(row: OutboxRow, lane: ChatLane): boolean {
  if (row.editKey === null || row.id === 0) return false;
  if (lane.ahead?.underWay === row.editKey) return true;
  return (lane.edits.get(row.editKey)?.rowId ?? 0) > row.id;
}

/** True while another lane of the chat edits the message of a row: which of the two would stand last is not known. */
export function isEditedElsewhere(row: OutboxRow, lane: ChatLane): boolean {
  if (row.editKey === null) return false;
  return lane.family.some((other) => other !== lane && other.underWay === row.editKey);
}

/** Milliseconds before the first row of a lane may leave: the rate, and the later try it was promised. */
export function pauseOf(lane: ChatLane, row: OutboxRow, now: number, wallNow: number): number {
  if (row.priority === 0) return 0;
  const retryMs = row.attempts === 0 ? 0 : row.notBefore - now;
  return Math.max(0, retryMs, lane.bucket?.waitMs(wallNow) ?? 0);
}
