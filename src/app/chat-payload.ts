import type { Message } from '#core/engine/message.ts';
import { ChannelError, StoreError } from './errors.ts';
import type { ChatTarget } from './fan-out.ts';
import type { Card, FileKind, FileStore, OutboxRow, Outgoing, OutgoingFile } from './ports.ts';

/** A file as an outbox row names it: its content is kept once under its hash. */
export type NamedFile = {
  readonly kind: FileKind;
  readonly name: string;
  readonly mediaType: string;
  readonly hash: string;
};

/** Payload of a chat row: a desk's message, rendered at delivery, or a card ready-made; a file under either. */
export type ChatPayload = {
  readonly message?: Message;
  readonly card?: Card;
  readonly file?: NamedFile;
  readonly replyTo?: string | null;
  /** Said with the others of its chat in one silent message. */
  readonly digest?: true;
  /** Tells that this channel does not deliver: nothing to say once it does. */
  readonly downOf?: string;
  /** The row of the person's leading chat: this one is said only where that one is not delivered. */
  readonly behind?: ChatTarget & { readonly key: string };
};

type PayloadDeps = {
  readonly files: FileStore;
  readonly render: (message: Message, channel: string, chatId: string) => Card;
};

/** True for an edit that says nothing new but the time left. */
export function isCountdown({ payload }: Pick<OutboxRow, 'payload'>): boolean {
  const { message } = payload as ChatPayload;
  return message !== undefined && 'isCountdown' in message;
}

/** True for a row that waits for its chat's digest. */
export function isOfDigest(row: OutboxRow): boolean {
  return (row.payload as ChatPayload).digest === true;
}

/** First lines of rows as one card, oldest first. */
function digestOf(rows: readonly OutboxRow[], chat: ChatTarget, deps: PayloadDeps): Card {
  const lines = rows.flatMap((row) => {
    const { message } = row.payload as ChatPayload;
    const shown =
      message === undefined ? [] : deps.render(message, chat.channel, chat.chatId).lines;
    return shown.slice(0, 1);
  });
  return { lines, buttons: [] };
}

/** What is delivered for a row, with `others` of its digest. Throws ChannelError, retryable while the store cannot give a file. */
export async function outgoingOf(
  row: OutboxRow,
  chat: ChatTarget,
  edit: string | null,
  deps: PayloadDeps,
  others: readonly OutboxRow[] = [],
): Promise<Outgoing> {
  const { card, message, file, replyTo } = row.payload as ChatPayload;
  const shown =
    card ?? (message === undefined ? null : deps.render(message, chat.channel, chat.chatId));
  if (shown === null) {
    throw new ChannelError(`outbox row ${row.id}: neither card nor message`, {
      code: 'bad_payload',
      retryable: false,
    });
  }
  return {
    chatId: chat.chatId,
    key: row.dedupeKey,
    card: others.length === 0 ? shown : digestOf([row, ...others], chat, deps),
    silent: row.priority >= 2,
    edit,
    replyTo: replyTo ?? null,
    ...(file === undefined ? {} : { file: await contentOf(file, row, deps.files) }),
  };
}

async function contentOf(file: NamedFile, row: OutboxRow, files: FileStore): Promise<OutgoingFile> {
  const { hash, ...named } = file;
  let content: Uint8Array | null;
  try {
    content = await files.load(hash);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const options = { code: 'file_not_read', retryable: true, cause: error };
    throw new ChannelError(`outbox row ${row.id}: the store did not give the file`, options);
  }
  if (content === null) {
    throw new ChannelError(`outbox row ${row.id}: no file is kept under ${hash.slice(0, 12)}`, {
      code: 'file_missing',
      retryable: false,
    });
  }
  return { ...named, content };
}
