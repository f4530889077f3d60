import type { Journal, KillFile } from '#app/ports.ts';
import type { Life } from './life.ts';

type Entry = {
  readonly id: string;
  readonly at: number;
  readonly stream: string;
  readonly input: unknown;
};

/** The files that outlive a process: the journal of store outages and the kill file. */
export class Disk {
  #entries: Entry[] = [];
  #isKilled = false;
  readonly #onKillFile: (isPresent: boolean) => void;

  /** `onKillFile` is told of every change of the kill file, whoever makes it. */
  constructor(onKillFile: (isPresent: boolean) => void) {
    this.#onKillFile = onKillFile;
  }

  isKilled(): boolean {
    return this.#isKilled;
  }

  /** Writes or removes the kill file, as any process of the machine can. */
  setKilled(isKilled: boolean): void {
    if (this.#isKilled === isKilled) return;
    this.#isKilled = isKilled;
    this.#onKillFile(isKilled);
  }

  journalOf(life: Life): Journal {
    return {
      append: (entry) =>
        life.touch('journal.append', () => {
          if (this.#entries.some((known) => known.id === entry.id)) return;
          this.#entries.push(JSON.parse(JSON.stringify(entry)) as Entry);
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
      write: () => life.touch('kill_file.write', () => this.setKilled(true)),
      remove: () => life.touch('kill_file.remove', () => this.setKilled(false)),
      read: () => (this.#isKilled ? 'present' : 'absent'),
    };
  }
}
