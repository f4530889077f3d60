import type { Clock, Timer } from './ports.ts';

/** Wakes a desk at the next instant at which time alone changes something; the newest instant counts. */
export class DeskTimer {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #timer: Timer | null = null;
  #at: number | null = null;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** Null: nothing changes by time. */
  set(at: number | null): void {
    if (at === this.#at && this.#timer !== null) return;
    this.#timer?.cancel();
    this.#at = at;
    this.#timer =
      at === null
        ? null
        : this.#clock.at(at, () => {
            this.#timer = null;
            this.#at = null;
            this.#wake();
          });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}
