import type { Notice } from '#core/replies/notice.ts';
import type { ChatTarget } from './fan-out.ts';
import type { Access, Clock, Outbox, OutboxRow } from './ports.ts';
import type { Speaker } from './reply-rows.ts';

export type AnnounceDeps = {
  readonly runId: string;
  readonly clock: Clock;
  readonly access: Access;
  readonly outbox: Outbox;
  readonly speaker: Speaker;
  /** Chats nobody answers in that hear of a channel in trouble all the same. */
  readonly mirrors: readonly ChatTarget[];
  /** True for a channel that runs; others hear nothing. */
  readonly isSpoken: (channel: string) => boolean;
  readonly handOver: (rows: readonly OutboxRow[]) => void;
};

const ANNOUNCEMENT_LIFE_MS = 60 * 60_000;

/** A channel that only does not deliver: whether it still does not is seen. */
function isSilence(notice: Notice): notice is Notice & { readonly kind: 'channel_degraded' } {
  return notice.kind === 'channel_degraded' && notice.cause === null;
}

/**
 * Says a notice to all operators on every running channel but one: a channel in trouble is told of
 * on the others. With `once` only the first time under that name, over restarts too. Throws StoreError.
 */
export function createAnnouncer(
  deps: AnnounceDeps,
): (notice: Notice, exceptChannel: string | null, once?: string) => Promise<void> {
  let count = 0;
  return async (notice, exceptChannel, once) => {
    const now = deps.clock.now();
    count += 1;
    const name = once ?? `${now}:${count}`;
    const mirrors = notice.kind === 'channel_degraded' ? deps.mirrors : [];
    const rows = [...deps.access.chats('operator'), ...mirrors]
      .filter((chat) => chat.channel !== exceptChannel && deps.isSpoken(chat.channel))
      .map((chat) => ({
        runId: deps.runId,
        lane: `chat:${chat.channel}:${chat.chatId}`,
        kind: notice.kind,
        priority: 1 as const,
        dedupeKey: `${deps.runId}:${notice.kind}:${name}:${chat.channel}:${chat.chatId}`,
        editKey: null,
        payload: {
          card: deps.speaker.notice(notice, chat.channel, chat.chatId),
          ...(isSilence(notice) ? { downOf: notice.channel } : {}),
        },
        createdAt: now,
        notBefore: now,
        expiresAt: now + ANNOUNCEMENT_LIFE_MS,
      }));
    if (rows.length > 0) deps.handOver(await deps.outbox.enqueue(rows));
  };
}
