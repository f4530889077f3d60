import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { StoreError } from '#app/errors.ts';
import type { Journal } from '#app/ports.ts';
import { encodeJson } from './event-codec.ts';

type Entry = { id: string; at: number; stream: string; input: unknown };
type Line = Entry | { loaded: string[] };

function readLines(file: string): Line[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((text) => {
      try {
        return text === '' ? [] : [JSON.parse(text) as Line];
      } catch {
        // torn by a crash while it was written: it was never acknowledged
        return [];
      }
    });
}

function openDurably(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  const isNew = !existsSync(file);
  const handle = openSync(file, 'a', 0o600);
  if (isNew && process.platform !== 'win32') {
    const folder = openSync(dirname(file), 'r');
    fsyncSync(folder);
    closeSync(folder);
  }
  return handle;
}

function failure(error: unknown, file: string): StoreError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  return new StoreError(`journal: ${file}: could not be written (${code})`, {
    code: code === 'ENOSPC' ? 'disk_full' : 'journal_failed',
    retryable: true,
    cause: error,
  });
}

function pendingOf(lines: readonly Line[]): Entry[] {
  const byId = new Map<string, Entry>();
  for (const line of lines) {
    if ('loaded' in line) for (const id of line.loaded) byId.delete(id);
    else if (!byId.has(line.id)) byId.set(line.id, line);
  }
  return [...byId.values()];
}

/**
 * A journal of JSON lines in `file`. An entry is on disk when `append` returns; a line torn by a
 * crash is skipped and the next entry begins on a line of its own. The file only grows: another
 * process may append at any moment. Loading is exactly once because an entry's id becomes an inbox
 * update id.
 */
export function openJournal(file: string): Journal {
  const write = (line: Line) => {
    try {
      const handle = openDurably(file);
      try {
        // a leading newline ends a torn line, whoever left it
        writeSync(handle, `\n${encodeJson(line)}\n`);
        fdatasyncSync(handle);
      } finally {
        closeSync(handle);
      }
    } catch (error) {
      throw failure(error, file);
    }
  };
  return {
    append: (entry) =>
      write({ id: entry.id, at: entry.at, stream: entry.stream, input: entry.input }),
    pending: () => pendingOf(readLines(file)),
    markLoaded: (ids) => {
      if (ids.length > 0) write({ loaded: [...ids] });
    },
  };
}
