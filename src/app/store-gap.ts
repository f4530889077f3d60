import { invariant } from '#core/lib/assert.ts';
import { canonicalJson } from '#core/lib/canonical-json.ts';
import type {
  AppendBatch,
  EventContext,
  EventLog,
  Journal,
  NewEvent,
  NewOutboxRow,
  Outbox,
} from './ports.ts';

/** The row of the inbox that is done with a step, and what the audit says of it. */
type Answered = Pick<AppendBatch, 'inboxDone' | 'audit'>;

/** What a step answers in the inbox and the audit. */
export function answeredBy({ inboxDone, audit }: Answered): Answered {
  const done = inboxDone === undefined ? {} : { inboxDone };
  return audit === undefined ? done : { ...done, audit };
}

type Entry = {
  readonly id: string;
  readonly events: readonly NewEvent[];
  readonly context: EventContext;
  /** Messages that are stored with the events, so that the next process says what this one could not. */
  readonly messages?: readonly NewOutboxRow[];
  /** Keys of order acts that have left already and must not leave again from the store. */
  readonly acted?: readonly string[];
} & Answered;

/** Version of the stream that a kept step was decided on. */
function versionBefore(entry: Entry): number {
  return Number(entry.id.slice(entry.id.lastIndexOf(':') + 1)) - 1;
}

/**
 * What a desk decided while the store was down: kept in the journal (fsynced) before it acts, appended
 * in order once the store is back. A commit whose answer was lost is met, not written twice, and the order
 * acts it holds are dropped there: they have left from here.
 */
export class StoreGap {
  readonly #log: EventLog;
  readonly #journal: Journal;
  readonly #outbox: Pick<Outbox, 'dropActed'>;
  readonly #stream: string;
  #waiting: Entry[] = [];

  constructor(log: EventLog, journal: Journal, outbox: Pick<Outbox, 'dropActed'>, stream: string) {
    this.#log = log;
    this.#journal = journal;
    this.#outbox = outbox;
    this.#stream = stream;
  }

  /** Keeps a step that began after `version`. */
  keep(
    version: number,
    at: number,
    events: readonly NewEvent[],
    context: EventContext,
    rows: readonly NewOutboxRow[],
    answered: Answered,
  ): void {
    const id = `${this.#stream}:${version + 1}`;
    const isOrder = (row: NewOutboxRow) => row.lane.startsWith('order:');
    const messages = rows.filter((row) => !isOrder(row));
    const acted = rows.filter(isOrder).map((row) => row.dedupeKey);
    const input = { events, context, messages, acted, ...answered };
    this.#journal.append({ id, at, stream: this.#stream, input });
    this.#waiting.push({ id, ...input });
  }

  /**
   * Takes over what an earlier process left; `version` is that of the log. Answers the events to
   * apply, oldest first: those of commits that were stored all the same are in the log already. Once
   * another process has decided in their place, what is left was never part of the book: it is put
   * aside, its count answered, and what it did at the broker is found by reconciling.
   */
  async takeOver(version: number): Promise<{ events: readonly NewEvent[]; overtaken: number }> {
    const left = this.#journal
      .pending()
      .filter((entry) => entry.stream === this.#stream)
      .map((entry) => ({ id: entry.id, ...(entry.input as Omit<Entry, 'id'>) }));
    for (let entry = left[0]; entry !== undefined; entry = left[0]) {
      const before = versionBefore(entry);
      if (before === version) break;
      if (before > version || !(await this.#isStored(before, entry.events))) {
        this.#journal.markLoaded(left.map(({ id }) => id));
        return { events: [], overtaken: left.length };
      }
      await this.#settle(entry);
      left.shift();
    }
    this.#waiting = left;
    return { events: left.flatMap((entry) => entry.events), overtaken: 0 };
  }

  /** True while something decided is in the journal only. */
  isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Appends what waits; `version` is that of the state, the waiting events included. Throws StoreError while the store is down. */
  async flush(version: number): Promise<void> {
    for (let entry = this.#waiting[0]; entry !== undefined; entry = this.#waiting[0]) {
      const waiting = this.#waiting.reduce((sum, each) => sum + each.events.length, 0);
      const expectedVersion = version - waiting;
      const { events, context, messages = [] } = entry;
      const result = await this.#log.append({
        stream: this.#stream,
        expectedVersion,
        context,
        events,
        outbox: messages,
        ...answeredBy(entry),
      });
      if (result.kind === 'version_conflict') await this.#expectStored(expectedVersion, events);
      await this.#settle(entry);
      this.#waiting.shift();
    }
  }

  /** What is stored now has left from here already: its order acts must not leave again. */
  async #settle({ id, acted = [] }: Entry): Promise<void> {
    if (acted.length > 0) await this.#outbox.dropActed(acted);
    this.#journal.markLoaded([id]);
  }

  async #isStored(afterVersion: number, events: readonly NewEvent[]): Promise<boolean> {
    const stored = await this.#log.read(this.#stream, afterVersion);
    return events.every((event, i) => {
      const found = stored[i];
      return (
        found !== undefined &&
        canonicalJson({ type: found.type, data: found.data }) === canonicalJson(event)
      );
    });
  }

  async #expectStored(afterVersion: number, events: readonly NewEvent[]): Promise<void> {
    invariant(
      await this.#isStored(afterVersion, events),
      `${this.#stream}: found other events after version ${afterVersion}, expected those of the journal; another process wrote while the store was down`,
    );
  }
}
