import type { Journal, KillFile, NewEvent } from '#app/ports.ts';
import type { Life } from './life.ts';

type Entry = {
  readonly id: string;
  readonly at: number;
  readonly stream: string;
  readonly input: unknown;
};

/** A step that the journal holds: its events, and the version of the log they were decided on. */
export type Kept = { readonly after: number; readonly events: readonly NewEvent[] };

/** When a kill was said, and by which message; left out: by none of a channel. */
export type KillSaid = { readonly at: number; readonly updateKey?: string };

/** The files that outlive a process: the journal of store outages and the kill file. */
export class Disk {
  #entries: Entry[] = [];
  /** The kill in the file, as it was said last; null: there is no file. */
  #kill: KillSaid | null = null;
  #seenAt: number | null = null;
  readonly #onKillFile: (isPresent: boolean) => void;
  readonly #onKept: (life: Life, kept: Kept) => void;

  /**
   * `onKillFile` is told of every change of the kill file, whoever makes it; `onKept` of every step that a
   * process has put into the journal.
   */
  constructor(onKillFile: (isPresent: boolean) => void, onKept: (life: Life, kept: Kept) => void) {
    this.#onKillFile = onKillFile;
    this.#onKept = onKept;
  }

  /** Writes the kill file, as any process of the machine can; said again, it takes the later instant. */
  kill(at: number, updateKey?: string): void {
    const before = this.#kill;
    const isSameMessage = updateKey !== undefined && updateKey === before?.updateKey;
    if (before !== null && (isSameMessage || (updateKey === undefined && at === before.at))) return;
    const key = updateKey === undefined ? {} : { updateKey };
    this.#kill = { at: before === null ? at : Math.max(at, before.at + 1), ...key };
    this.#onKillFile(true);
  }

  /** What the watch shows the desk of the file. */
  see(): KillSaid | null {
    return this.#kill;
  }

  /** The desk has decided on what it was shown. */
  seen(at: number | null): void {
    if (at === (this.#kill?.at ?? null)) this.#seenAt = at;
  }

  /** A resume ends what was said up to an instant, or was known. */
  resume(upTo: number | null): void {
    const at = this.#kill?.at ?? null;
    if (at === null || (upTo !== null && at > upTo && at !== this.#seenAt)) return;
    this.#kill = null;
    this.#onKillFile(false);
  }

  journalOf(life: Life): Journal {
    return {
      append: (entry) =>
        life.touch('journal.append', () => {
          if (this.#entries.some((known) => known.id === entry.id)) return;
          const written = JSON.parse(JSON.stringify(entry)) as Entry;
          this.#entries.push(written);
          this.#onKept(life, keptOf(written));
        }),
      pending: () => [...this.#entries],
      markLoaded: (ids) =>
        life.touch('journal.markLoaded', () => {
          this.#entries = this.#entries.filter((entry) => !ids.includes(entry.id));
        }),
    };
  }

  killFileOf(life: Life): KillFile {
    return {
      write: (_by, _scope, at, updateKey) =>
        life.touch('kill_file.write', () => this.kill(at, updateKey)),
      remove: (upTo) => life.touch('kill_file.remove', () => this.resume(upTo)),
      read: () => (this.#kill === null ? 'absent' : 'present'),
    };
  }
}

/** Reads a step as it lies in the file; its id ends with the version of its first event. */
function keptOf({ id, input }: Entry): Kept {
  const { events } = input as { events: readonly NewEvent[] };
  return { after: Number(id.slice(id.lastIndexOf(':') + 1)) - 1, events };
}
