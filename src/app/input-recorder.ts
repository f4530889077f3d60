import type { Input } from '#core/engine/input.ts';
import { canonicalJson } from '#core/lib/canonical-json.ts';
import { stableHash } from '#core/lib/hash.ts';
import type { Activity, InputLog, RecordedInput } from './ports.ts';

export type InputRecorderDeps = {
  readonly runId: string;
  readonly stream: string;
  readonly inputs: InputLog;
  readonly activity: Activity;
  readonly onTrouble: (place: string, error: unknown) => void;
};

const BATCH = 400;

/**
 * Records what a desk was told, in its order, apart from its events. Written in batches; a store that
 * is down keeps the batch in memory for the next try.
 */
export class InputRecorder {
  readonly #deps: InputRecorderDeps;
  #ordinal = 0;
  #known = 0;
  #waiting: RecordedInput[] = [];
  #flushing: Promise<void> = Promise.resolve();

  constructor(deps: InputRecorderDeps) {
    this.#deps = deps;
  }

  /** Position of the newest input. */
  ordinal(): number {
    return this.#ordinal;
  }

  /** Goes on counting after the last recorded input; `hint` is a position known to be recorded. */
  async goOn(hint: number): Promise<void> {
    const rows = await this.#deps.inputs.read(this.#deps.stream, hint + 1);
    this.#ordinal = rows.at(-1)?.ordinal ?? hint;
  }

  /** The first `count` inputs are recorded already: they are told again, not written again. */
  meet(count: number): void {
    this.#known = count;
  }

  record(input: Input, inboxId: number | null): void {
    this.#ordinal += 1;
    if (this.#ordinal <= this.#known) return;
    this.#waiting.push({
      runId: this.#deps.runId,
      stream: this.#deps.stream,
      ordinal: this.#ordinal,
      type: input.kind,
      hash: stableHash(canonicalJson(input)),
      receivedAt: input.at,
      data: { input, inboxId },
    });
    if (this.#waiting.length >= BATCH) void this.#deps.activity.track(() => this.flush());
  }

  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(async () => {
      const batch = this.#waiting;
      if (batch.length === 0) return;
      this.#waiting = [];
      try {
        await this.#deps.inputs.append(batch);
      } catch (error) {
        this.#waiting = [...batch, ...this.#waiting];
        this.#deps.onTrouble('record inputs', error);
      }
    });
    return this.#flushing;
  }
}
