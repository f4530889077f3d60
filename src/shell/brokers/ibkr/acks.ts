import type { BrokerError } from '#app/errors.ts';
import type { BrokerReport, BrokerReportKind, Clock, Timer } from '#app/ports.ts';

export type Call = 'submit' | 'cancel' | 'replace';

const ENDS: readonly BrokerReportKind[] = ['canceled', 'filled', 'rejected', 'expired'];

/** Words that answer a call about an order. */
const ANSWERS: Readonly<Record<Call, ReadonlySet<BrokerReportKind>>> = {
  submit: new Set([...ENDS, 'accepted', 'partially_filled', 'replaced']),
  cancel: new Set([...ENDS, 'cancel_rejected']),
  replace: new Set([...ENDS, 'replaced', 'replace_rejected']),
};

type Waiting = {
  readonly resolve: () => void;
  readonly reject: (error: BrokerError) => void;
  readonly timer: Timer;
};

/** Calls that were written and wait for the vendor's word; silence is a doubt, never a no. */
export class Acks {
  readonly #waiting = new Map<string, Set<Waiting>>();
  readonly #deps: {
    readonly clock: Clock;
    readonly limitMs: number;
    readonly failure: (code: string, orderId: string, found: string) => BrokerError;
  };

  constructor(deps: {
    clock: Clock;
    limitMs: number;
    failure: (code: string, orderId: string, found: string) => BrokerError;
  }) {
    this.#deps = deps;
  }

  /** Writes, then waits for a word. Rejects with what writing threw, `timeout` or `disconnected`. */
  async await(call: Call, orderId: string, write: () => Promise<void>): Promise<void> {
    const { clock, limitMs, failure } = this.#deps;
    const key = `${call}:${orderId}`;
    const group = this.#waiting.get(key) ?? new Set<Waiting>();
    this.#waiting.set(key, group);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => undefined);
    const timer = clock.at(clock.now() + limitMs, () =>
      reject(failure('timeout', orderId, `no word on ${call} within ${limitMs} ms`)),
    );
    const waiting: Waiting = { resolve, reject, timer };
    group.add(waiting);
    try {
      await write();
      await promise;
    } finally {
      timer.cancel();
      group.delete(waiting);
      if (group.size === 0) this.#waiting.delete(key);
    }
  }

  hear(report: BrokerReport): void {
    for (const call of ['submit', 'cancel', 'replace'] as const) {
      if (!ANSWERS[call].has(report.kind)) continue;
      for (const waiting of this.#waiting.get(`${call}:${report.orderId}`) ?? []) waiting.resolve();
    }
  }

  failAll(code: string, found: string): void {
    const { failure } = this.#deps;
    for (const [key, group] of this.#waiting) {
      const orderId = key.slice(key.indexOf(':') + 1);
      for (const waiting of group) waiting.reject(failure(code, orderId, found));
    }
  }
}
