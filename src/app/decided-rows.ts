import type { Event } from '#core/engine/event.ts';
import { canonicalJson } from '#core/lib/canonical-json.ts';
import { fromStored } from './event-form.ts';
import type { EventLog } from './ports.ts';

/** Rows kept; the oldest are forgotten: a row is drained again within minutes. */
const MOST_ROWS = 1_000;

type Unheard = { readonly version: number; readonly events: readonly Event[] };

/** What a row came to. `isNews`: only the log knew of it. */
export type MetRow = { readonly events: readonly Event[]; readonly isNews: boolean };

/**
 * What a desk has decided for rows of the inbox, so that one that is drained again is not decided again: because
 * another desk of the same command met a store that failed, or because the answer to a commit was lost.
 */
export class DecidedRows {
  readonly #log: EventLog;
  readonly #stream: string;
  readonly #decided = new Map<number, readonly Event[]>();
  readonly #unheard = new Map<number, Unheard>();

  constructor(log: EventLog, stream: string) {
    this.#log = log;
    this.#stream = stream;
  }

  /** The events of a row are in the log. */
  note(row: number | null, events: readonly Event[]): void {
    if (row === null) return;
    this.#unheard.delete(row);
    this.#decided.set(row, events);
    const oldest = this.#decided.keys().next();
    if (this.#decided.size > MOST_ROWS && oldest.done !== true) this.#decided.delete(oldest.value);
  }

  /** A commit of `events` after `version` found no answer: the log may hold them. */
  lost(row: number | null, version: number, events: readonly Event[]): void {
    if (row !== null && events.length > 0) this.#unheard.set(row, { version, events });
  }

  /** False where there is nothing to ask about a row. */
  mayKnow(row: number | null): boolean {
    return row !== null && (this.#decided.has(row) || this.#unheard.has(row));
  }

  /** What a row came to before; null: it is to be decided. Throws StoreError. */
  async meet(row: number | null): Promise<MetRow | null> {
    if (row === null) return null;
    const decided = this.#decided.get(row);
    if (decided !== undefined) return { events: decided, isNews: false };
    const unheard = this.#unheard.get(row);
    if (unheard === undefined) return null;
    const { events, version } = unheard;
    const stored = await this.#log.read(this.#stream, version);
    const isStored = events.every((event, i) => {
      const found = stored[i];
      return found !== undefined && canonicalJson(fromStored(found)) === canonicalJson(event);
    });
    if (!isStored) return null;
    this.note(row, events);
    return { events, isNews: true };
  }
}
