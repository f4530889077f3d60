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
    setImmediate(() => this.#next());
    return null;
  }

  #next(): void {
    const due = this.#waiting.splice(0, this.#perTurn);
    this.#isTaken = due.length > 0;
    for (const go of due) go();
    if (this.#isTaken) setImmediate(() => this.#next());
  }
}
