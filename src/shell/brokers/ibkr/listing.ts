import { BrokerError } from '#app/errors.ts';
import type { Clock } from '#app/ports.ts';
import type { IbkrGateway } from '#shell/lib/ibkr/gateway.ts';

type Waiting<T> = { readonly resolve: (value: T) => void; readonly reject: (error: Error) => void };

/**
 * One listing after the other: the vendor's answers to most of these do not say which question they
 * answer. So a whole answer is what came since the end of the one before it, asked for or not: after a
 * question that was given up the rest of its late answer is never taken for a short one.
 */
export class Listing<T> {
  #underWay: Promise<T[]> | null = null;
  #rows: T[] = [];
  #fault: string | null = null;
  #waiting: Waiting<T[]> | null = null;
  readonly #ask: () => Promise<void>;
  readonly #name: string;
  readonly #deps: { readonly clock: Clock; readonly gateway: IbkrGateway };

  constructor(
    name: string,
    deps: { clock: Clock; gateway: IbkrGateway },
    ask: () => Promise<void>,
  ) {
    this.#name = name;
    this.#deps = deps;
    this.#ask = ask;
  }

  add(row: T): void {
    this.#rows.push(row);
  }

  /** A row of this answer that cannot be read: without it the answer is not whole. The first one is named. */
  spoil(fault: string): void {
    this.#fault ??= fault;
  }

  /** Nothing of an answer to an earlier question or connection will come any more. */
  clear(): void {
    this.#rows = [];
    this.#fault = null;
  }

  end(): void {
    const rows = this.#rows;
    const fault = this.#fault;
    this.clear();
    if (fault !== null) return this.#reject(fault, 'unreadable');
    this.#waiting?.resolve(rows);
    this.#waiting = null;
  }

  /** A failed query is never an empty answer. */
  fail(found: string, code = 'disconnected'): void {
    this.#reject(`found ${found}, expected a complete answer`, code);
  }

  #reject(fault: string, code: string): void {
    const message = `ibkr ${this.#name}: ${fault}`;
    this.#waiting?.reject(new BrokerError(message, { code, retryable: true }));
    this.#waiting = null;
  }

  /** Callers who ask while an answer is under way share the next whole one, never half of this. */
  async rows(): Promise<T[]> {
    while (this.#underWay !== null) await this.#underWay.catch(() => undefined);
    this.#underWay = this.#run();
    try {
      return await this.#underWay;
    } finally {
      this.#underWay = null;
    }
  }

  async #run(): Promise<T[]> {
    const { clock, gateway } = this.#deps;
    const answer = new Promise<T[]>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    answer.catch(() => undefined);
    const limitMs = gateway.answerTimeoutMs();
    const timer = clock.at(clock.now() + limitMs, () =>
      this.fail(`no end within ${limitMs} ms`, 'timeout'),
    );
    try {
      await this.#ask();
      return await answer;
    } finally {
      timer.cancel();
      this.#waiting = null;
    }
  }
}
