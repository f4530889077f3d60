import { invariant } from '#core/lib/assert.ts';
import { fileLane } from './chat-lane.ts';
import type { NamedFile } from './chat-payload.ts';
import type { ChatTarget } from './fan-out.ts';
import type { Card, FileStore, NewOutboxRow, OutgoingFile } from './ports.ts';

/** Largest file of a message: Telegram takes photos up to 10 MB (documents up to 50). */
export const LARGEST_FILE_BYTES = 10_000_000;
const LONGEST_NAME = 80;
/** Of one UTF-16 unit in UTF-8. */
const LONGEST_LETTER_BYTES = 3;

/** A name every channel and file system takes: what else stands in it becomes `-`. */
export function fileNameOf(...parts: readonly string[]): string {
  const name = parts
    .join('-')
    .normalize('NFKC')
    .replace(/[^A-Za-z0-9._-]+/gu, '-')
    .replace(/^[.-]+/, '');
  return name === '' ? 'file' : name.slice(-LONGEST_NAME);
}

/** A file before it is kept; text is UTF-8. */
export type NewFile = Omit<OutgoingFile, 'content'> & { readonly content: Uint8Array | string };

/** A document of text; what is too large for a message is cut at its end. */
export function textFile(name: string, text: string, mediaType = 'text/plain'): NewFile {
  const content = text.slice(0, LARGEST_FILE_BYTES / LONGEST_LETTER_BYTES);
  return { kind: 'document', name, mediaType, content };
}

/** Keeps a file's content, so that rows may name it. Throws StoreError. */
export async function keepFile(file: NewFile, files: FileStore, at: number): Promise<NamedFile> {
  const { kind, name, mediaType, content } = file;
  invariant(content.length > 0 && content.length <= LARGEST_FILE_BYTES, `file ${name}: size`);
  invariant(name === fileNameOf(name), `file ${name}: name`);
  return { kind, name, mediaType, hash: await files.save(content, at) };
}

export type FileRow = {
  readonly runId: string;
  readonly kind: string;
  readonly dedupeKey: string;
  readonly file: NamedFile;
  /** What stands under the file; its buttons too. */
  readonly caption: Card;
  readonly replyTo: string | null;
  readonly at: number;
  readonly expiresAt: number | null;
};

/**
 * The row of one file for one chat: silent, in a lane of its own. It leaves at least once and in order
 * among the chat's files, and never holds back a word.
 */
export function fileRow(row: FileRow, target: ChatTarget): NewOutboxRow {
  const { runId, kind, dedupeKey, at, expiresAt, file, caption, replyTo } = row;
  return {
    runId,
    kind,
    dedupeKey,
    expiresAt,
    lane: fileLane(target),
    priority: 2,
    editKey: null,
    payload: { card: caption, file, replyTo },
    createdAt: at,
    notBefore: at,
  };
}
