import type { Clock, Timer } from '#app/ports.ts';

/** `urgent` is for cancels and kills, `order` for what makes or asks about one order, `poll` for the rest. */
export type BudgetLane = 'urgent' | 'order' | 'poll';

export type RateBudgetOptions = {
  readonly clock: Clock;
  /** Calls a minute until the other side has said its own number. */
  readonly perMinute: number;
};

/** Parts of the budget that a lane leaves to the lanes above it. */
const LEFT_FREE: Readonly<Record<BudgetLane, number>> = { urgent: 0, order: 0.35, poll: 0.5 };
const MINUTE_MS = 60_000;
/** A lower limit than any plan has is a wrong header; kept, it would leave no call to the lower lanes. */
const LEAST_PER_MINUTE = 10;
/** Longest pause a wrong or malicious header can cause. */
const LONGEST_PAUSE_MS = 90_000;

type Waiter = { readonly lane: BudgetLane; readonly go: () => void };

/**
 * A token bucket for calls a minute, with room that ordinary traffic never uses: polls stop at half
 * of it, orders at a third, and an urgent call goes at once whatever was spent. Only the other side's
 * own word (429, or nothing remaining) holds an urgent call back, since it would be refused.
 */
export class RateBudget {
  readonly #clock: Clock;
  readonly #waiting: Waiter[] = [];
  #perMinute: number;
  #tokens: number;
  #filledAt: number;
  #closedUntil = 0;
  #timer: Timer | null = null;

  constructor(options: RateBudgetOptions) {
    this.#clock = options.clock;
    this.#perMinute = options.perMinute;
    this.#tokens = options.perMinute;
    this.#filledAt = options.clock.now();
  }

  /** Null when the call may go now; else resolves when it may. Never rejects. */
  take(lane: BudgetLane): Promise<void> | null {
    const isQueued = this.#waiting.some((waiter) => LEFT_FREE[waiter.lane] <= LEFT_FREE[lane]);
    if (!isQueued && this.#waitMs(lane) === 0) {
      this.#tokens -= 1;
      return null;
    }
    return new Promise((resolve) => {
      this.#waiting.push({ lane, go: resolve });
      this.#schedule();
    });
  }

  /** What the other side says it allows, and how much of it is left until `resetAt`. */
  note(limit: number | null, remaining: number | null, resetAt: number | null): void {
    this.#fill();
    if (limit !== null && limit >= LEAST_PER_MINUTE) this.#perMinute = limit;
    if (remaining === null || remaining < 0) return;
    this.#tokens = Math.min(this.#tokens, remaining);
    if (remaining === 0 && resetAt !== null) this.pause(resetAt);
  }

  /** Nothing goes before `until`: the other side said no. */
  pause(until: number): void {
    const latest = this.#clock.now() + LONGEST_PAUSE_MS;
    this.#closedUntil = Math.max(this.#closedUntil, Math.min(until, latest));
    this.#schedule();
  }

  /** Lets nobody go any more; who waits keeps waiting. */
  close(): void {
    this.#timer?.cancel();
    this.#waiting.length = 0;
  }

  #fill(): void {
    const now = this.#clock.now();
    const gained = (Math.max(0, now - this.#filledAt) / MINUTE_MS) * this.#perMinute;
    this.#tokens = Math.min(this.#perMinute, this.#tokens + gained);
    this.#filledAt = now;
  }

  #waitMs(lane: BudgetLane): number {
    this.#fill();
    const closedMs = Math.max(0, this.#closedUntil - this.#clock.now());
    if (lane === 'urgent') return closedMs;
    const missing = 1 + this.#perMinute * LEFT_FREE[lane] - this.#tokens;
    return Math.max(closedMs, Math.ceil((Math.max(0, missing) / this.#perMinute) * MINUTE_MS));
  }

  /** Lets go whoever may, the most urgent first, and looks again when the next one may. */
  #schedule(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#waiting.sort((a, b) => LEFT_FREE[a.lane] - LEFT_FREE[b.lane]);
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined) return;
      const waitMs = this.#waitMs(first.lane);
      if (waitMs > 0) {
        this.#timer = this.#clock.at(this.#clock.now() + waitMs, () => this.#schedule());
        return;
      }
      this.#waiting.shift();
      this.#tokens -= 1;
      first.go();
    }
  }
}
