/**
 * Turns of the event loop until a request that was made now has been written to a connection that stands:
 * the HTTP client first looks, for one turn, whether an idle connection was closed.
 */
const WRITTEN_AFTER = 2;

function after(turns: number, go: () => void): void {
  if (turns === 0) go();
  else setImmediate(() => after(turns - 1, go));
}

/** Resolves when what was handed to HTTP clients and sockets so far has been written, where they were connected. */
export function written(): Promise<void> {
  return new Promise((resolve) => after(WRITTEN_AFTER, resolve));
}

/**
 * Spreads calls that come all at once over turns of the event loop: the first one goes at once and alone,
 * so that its bytes are out before the next ones cost time; those after it a few a turn, in order.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  readonly #perTurn: number;
  #isTaken = false;

  constructor(perTurn = 4) {
    this.#perTurn = perTurn;
  }

  /** Null when the call may go now; else resolves when it may. Never rejects. */
  take(): Promise<void> | null {
    if (this.#isTaken) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#isTaken = true;
    after(WRITTEN_AFTER, () => this.#next());
    return null;
  }

  #next(): void {
    const due = this.#waiting.splice(0, this.#perTurn);
    this.#isTaken = due.length > 0;
    for (const go of due) go();
    if (this.#isTaken) setImmediate(() => this.#next());
  }
}
