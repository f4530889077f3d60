import type { Notice } from '#core/replies/notice.ts';
import type { Access, Clock, Outbox, OutboxRow } from './ports.ts';
import type { Speaker } from './reply-rows.ts';

export type AnnounceDeps = {
  readonly runId: string;
  readonly clock: Clock;
  readonly access: Access;
  readonly outbox: Outbox;
  readonly speaker: Speaker;
  /** True for a channel that runs; others hear nothing. */
  readonly isSpoken: (channel: string) => boolean;
  readonly handOver: (rows: readonly OutboxRow[]) => void;
};

const ANNOUNCEMENT_LIFE_MS = 60 * 60_000;

/**
 * Says a notice to all operators on every running channel but one: a channel in trouble is told of
 * on the others. Throws StoreError.
 */
export function createAnnouncer(
  deps: AnnounceDeps,
): (notice: Notice, exceptChannel: string | null) => Promise<void> {
  let count = 0;
  return async (notice, exceptChannel) => {
    const now = deps.clock.now();
    count += 1;
    const rows = deps.access
      .chats('operator')
      .filter((chat) => chat.channel !== exceptChannel && deps.isSpoken(chat.channel))
      .map((chat) => ({
        runId: deps.runId,
        lane: `chat:${chat.channel}:${chat.chatId}`,
        kind: notice.kind,
        priority: 1 as const,
        dedupeKey: `${deps.runId}:${notice.kind}:${now}:${count}:${chat.channel}:${chat.chatId}`,
        editKey: null,
        payload: { card: deps.speaker.notice(notice, chat.channel, chat.chatId) },
        createdAt: now,
        notBefore: now,
        expiresAt: now + ANNOUNCEMENT_LIFE_MS,
      }));
    if (rows.length > 0) deps.handOver(await deps.outbox.enqueue(rows));
  };
}
