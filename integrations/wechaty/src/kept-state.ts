import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Written } from './desk-line.ts';

/** What outlives this process. */
type Content = {
  /** Parts sent by the id of their message, the newest last. */
  readonly sent: readonly (readonly [string, number])[];
  /** What people wrote and the desk has not taken yet, oldest first. */
  readonly written: readonly Written[];
  readonly heard: readonly (readonly [string, Heard])[];
};

/** When a chat's person wrote last, and how much was sent since. */
type Heard = { readonly at: number; readonly sends: number };

/** Messages remembered as sent: the desk asks for none of them again once it knows. */
const MOST_SENT = 2000;

/** A file of JSON, replaced whole and on the disk before a call returns. */
export type KeptState = {
  /** How many parts of a message have left. */
  partsSent(id: string): number;
  noteSent(id: string, parts: number, chatId: string): void;
  /** Keeps what a person wrote until the desk has it. */
  addWritten(message: Written, at: number): void;
  written(): readonly Written[];
  dropWritten(ids: readonly string[]): void;
  heard(): ReadonlyMap<string, Heard>;
};

/** Throws when the file is there and cannot be read. */
export function openKeptState(file: string): KeptState {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const content = read(file);
  const sent = new Map(content.sent);
  const heard = new Map(content.heard);
  let waiting = content.written;
  const save = (): void => write(file, { sent: [...sent], written: waiting, heard: [...heard] });
  return {
    partsSent: (id) => sent.get(id) ?? 0,
    noteSent(id, parts, chatId) {
      sent.delete(id);
      sent.set(id, parts);
      const oldest = sent.keys().next();
      if (sent.size > MOST_SENT && oldest.done !== true) sent.delete(oldest.value);
      const chat = heard.get(chatId);
      if (chat !== undefined) heard.set(chatId, { ...chat, sends: chat.sends + 1 });
      save();
    },
    addWritten(message, at) {
      if (!waiting.some(({ id }) => id === message.id)) waiting = [...waiting, message];
      heard.set(message.chatId, { at, sends: 0 });
      save();
    },
    written: () => waiting,
    dropWritten(ids) {
      waiting = waiting.filter(({ id }) => !ids.includes(id));
      save();
    },
    heard: () => heard,
  };
}

function read(file: string): Content {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Content;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return { sent: [], written: [], heard: [] };
    throw new Error(`${file}: found no state that can be read, expected the one written here`, {
      cause: error,
    });
  }
}

function write(file: string, content: Content): void {
  const made = `${file}.new`;
  const handle = openSync(made, 'w', 0o600);
  try {
    writeSync(handle, JSON.stringify(content));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(made, file);
}
