import type { Update } from 'grammy/types';
import type { Incoming } from '#app/ports.ts';
import type { CallbackData } from './callback-data.ts';

export type { Update } from 'grammy/types';

type Sender = {
  readonly first_name?: string;
  readonly last_name?: string;
  readonly username?: string;
};

function nameOf(from: Sender): string {
  const full = [from.first_name, from.last_name].filter((part) => part !== undefined).join(' ');
  return (full === '' ? (from.username ?? '') : full).slice(0, 64);
}

/** A chat, and in a group with topics the topic, as one name: `-100123/45`. */
function chatIdOf(message: {
  readonly chat: { readonly id: number };
  readonly is_topic_message?: boolean;
  readonly message_thread_id?: number;
}): string {
  const { chat, is_topic_message: isTopic, message_thread_id: thread } = message;
  return isTopic === true && thread !== undefined ? `${chat.id}/${thread}` : String(chat.id);
}

/** Where a message goes: chat and topic of its name. */
export function placeOf(chatId: string): {
  readonly chat: string;
  readonly topic: { readonly message_thread_id?: number };
} {
  const [chat = '', thread] = chatId.split('/');
  return { chat, topic: thread === undefined ? {} : { message_thread_id: Number(thread) } };
}

/** Now on the desk's clock and on the wall; they differ where the market is played. */
export type Now = { readonly domain: number; readonly wall: number };

/**
 * An update as a row, or null for kinds that are not asked for. Telegram dates a message by the
 * wall; its age is what counts, so `sentAt` is that long before now on the desk's clock. A button whose data does not
 * verify has an empty text: it is recorded and does nothing.
 */
export function incomingOf(update: Update, now: Now, data: CallbackData): Incoming | null {
  const common = {
    channel: 'telegram',
    updateId: String(update.update_id),
    receivedAt: now.domain,
  } as const;
  const { message, callback_query: tap } = update;
  if (message !== undefined) {
    // The type promises a sender; a group's anonymous admin and a forged update have none.
    const from = message.from as typeof message.from | undefined;
    return {
      ...common,
      chatId: chatIdOf(message),
      userId: from === undefined ? null : String(from.id),
      userName: from === undefined ? null : nameOf(from),
      chatKind: message.chat.type === 'private' ? 'private' : 'group',
      messageId: String(message.message_id),
      text: message.text ?? '',
      callback: null,
      replyTo:
        message.reply_to_message === undefined ? null : String(message.reply_to_message.message_id),
      sentAt: now.domain - Math.max(0, now.wall - message.date * 1000),
    };
  }
  if (tap?.message === undefined) return null;
  const chatId = chatIdOf(tap.message as Parameters<typeof chatIdOf>[0]);
  const from = tap.from as typeof tap.from | undefined;
  return {
    ...common,
    chatId,
    userId: from === undefined ? null : String(from.id),
    userName: from === undefined ? null : nameOf(from),
    chatKind: tap.message.chat.type === 'private' ? 'private' : 'group',
    messageId: String(tap.message.message_id),
    text: data.decode(tap.data ?? '', chatId) ?? '',
    callback: { id: tap.id, data: tap.data ?? '' },
    replyTo: null,
    sentAt: now.domain,
  };
}
