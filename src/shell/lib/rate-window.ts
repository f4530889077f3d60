/** At most so many within a sliding time, as a vendor counts: each that went makes room again after that time. */
export class RateWindow {
  readonly #most: number;
  readonly #spanMs: number;
  readonly #wentAt: number[] = [];

  constructor(most: number, spanMs: number) {
    this.#most = most;
    this.#spanMs = spanMs;
  }

  /** Null when one may go at `now`, which counts as gone; else the instant at which there is room. */
  take(now: number): number | null {
    while (this.#wentAt[0] !== undefined && this.#wentAt[0] <= now - this.#spanMs)
      this.#wentAt.shift();
    const [oldest] = this.#wentAt;
    if (this.#wentAt.length >= this.#most && oldest !== undefined) return oldest + this.#spanMs;
    this.#wentAt.push(now);
    return null;
  }
}
