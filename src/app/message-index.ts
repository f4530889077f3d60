import type { Message } from '#core/engine/message.ts';

/** Which ticket a delivered chat message shows, for replies to it. In memory, the newest thousand. */
export type MessageIndex = {
  note(channel: string, chatId: string, messageId: string, message: Message | null): void;
  codeOf(channel: string, chatId: string, messageId: string): string | null;
};

const MOST_MESSAGES = 1000;

export function createMessageIndex(): MessageIndex {
  const codes = new Map<string, string>();
  const keyOf = (channel: string, chatId: string, messageId: string) =>
    JSON.stringify([channel, chatId, messageId]);
  return {
    note(channel, chatId, messageId, message) {
      if (message?.kind !== 'signal_entry' && message?.kind !== 'signal_reminder') return;
      codes.set(keyOf(channel, chatId, messageId), message.ticket.code);
      const oldest = codes.keys().next();
      if (codes.size > MOST_MESSAGES && oldest.done !== true) codes.delete(oldest.value);
    },
    codeOf: (channel, chatId, messageId) => codes.get(keyOf(channel, chatId, messageId)) ?? null,
  };
}
