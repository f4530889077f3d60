import type { Event } from '#core/engine/event.ts';
import type { BothSides } from '#core/replies/answer.ts';
import type { Desk } from './desk.ts';
import type { Activity, Broker, Clock, Timer } from './ports.ts';
import { reconcileAccount } from './reconcile-account.ts';

export type ReconcilerDeps = {
  readonly desk: Desk;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly activity: Activity;
  readonly onTrouble: (place: string, error: unknown) => void;
  /** Distance of the slow poll; left out, five minutes. */
  readonly pollMs?: number;
};

/** Compares one desk's book with its account whenever there is a reason to, never twice at once. */
export type Reconciler = {
  /** Compares now, or right after the comparison that runs; answers both sides. Throws StoreError. */
  now(by?: string): Promise<BothSides>;
  /** Begins to follow trade updates and restored connections, and the slow poll. */
  start(): void;
  stop(): void;
};

/** Trade updates cause a comparison at most this often. Milliseconds; centaur.md, "Reconciliation". */
const APART_MS = 3_000;
/** A slow poll beside all else. Milliseconds. */
const POLL_MS = 5 * 60_000;
/** After an account that could not be read: the first wait, doubled up to the poll. Milliseconds. */
const RETRY_MS = 5_000;

/** Readings in a row that may fail before the desk counts as unreconciled. */
const TOLERATED_FAILURES = 2;

/** Events after which book and broker are worth comparing: trades, ends of orders, a person's decisions. */
const CAUSES: ReadonlySet<Event['type']> = new Set([
  'order_filled',
  'order_canceled',
  'order_rejected',
  'order_expired',
  'order_never_arrived',
  'external_disowned',
  'position_adopted',
  'account_attested',
  'position_corrected',
  'cash_corrected',
]);

/** Makes the reconciler of one account. */
export function createReconciler(deps: ReconcilerDeps): Reconciler {
  return new Loop(deps);
}

class Loop implements Reconciler {
  readonly #deps: ReconcilerDeps;
  readonly #pollMs: number;
  #chain: Promise<unknown> = Promise.resolve();
  #timer: Timer | null = null;
  #dueAt: number | null = null;
  #beganAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #isStopped = true;

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
    this.#pollMs = deps.pollMs ?? POLL_MS;
  }

  now(by?: string): Promise<BothSides> {
    const run = this.#chain.then(() => this.#compare(by));
    this.#chain = run.catch(() => undefined);
    return run;
  }

  start(): void {
    const { desk, broker } = this.#deps;
    this.#isStopped = false;
    desk.onEvents((events, input) => {
      // a comparison's own corrections are not worth another one
      if (input.kind !== 'account_read' && events.some((event) => CAUSES.has(event.type)))
        this.#dueWithin(APART_MS);
    });
    broker.onConnection((change) => {
      if (change.kind === 'restored') this.#dueWithin(0);
    });
    this.#dueWithin(this.#pollMs);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = null;
  }

  async #compare(by: string | undefined): Promise<BothSides> {
    const { activity, desk, broker, clock } = this.#deps;
    this.#beganAt = clock.now();
    const sides = await reconcileAccount(desk, broker, () => clock.now(), {
      track: (work) => activity.track(work),
      // one answer that does not come is no verdict while the last one was clean
      tellsFailure: !desk.state().isReconciled || this.#failures >= TOLERATED_FAILURES,
      pause: (ms) => new Promise((resolve) => void clock.at(clock.now() + ms, resolve)),
      by: by ?? null,
    });
    this.#failures = sides.failure === null ? 0 : this.#failures + 1;
    const isOpen = !sides.isClean;
    const wait = RETRY_MS * 2 ** Math.min(this.#failures, 6);
    // an account that could not be read, or a desk that waits for a clean book, is looked at again soon
    this.#dueWithin(isOpen ? Math.min(wait, this.#pollMs) : this.#pollMs);
    return sides;
  }

  /** Sets the next comparison at most `ms` from now, and not before the distance to the last one has passed. */
  #dueWithin(ms: number): void {
    if (this.#isStopped) return;
    const { clock } = this.#deps;
    const at = Math.max(clock.now() + ms, this.#beganAt + APART_MS);
    if (this.#timer !== null && this.#dueAt !== null && this.#dueAt <= at) return;
    this.#timer?.cancel();
    this.#dueAt = at;
    this.#timer = clock.at(at, () => this.#run());
  }

  #run(): void {
    this.#timer = null;
    this.#dueAt = null;
    this.now().catch((error: unknown) => {
      this.#deps.onTrouble('reconcile', error);
      this.#dueWithin(RETRY_MS);
    });
  }
}
