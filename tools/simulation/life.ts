import type { Clock, Timer } from '#app/ports.ts';
import type { VirtualClock } from '#shell/lib/virtual-clock.ts';
import type { Site } from './plan.ts';

/** A promise that never settles: what a dead process waits for. Each is its own: a shared one would keep all who wait. */
function never(): Promise<never> {
  return new Promise<never>(() => undefined);
}

/** Thrown out of a synchronous call in which the process dies: nothing after it runs. */
export class Died extends Error {}

/** What is to happen at a call: nothing, or the end of the process before or after it. */
export type Strike = 'before' | 'after' | null;

/**
 * One process from its start to its death. Everything it does to the outside goes through `reach` or
 * `touch`, where it can die; afterwards its timers, answers and effects are void, as if the machine had
 * lost power at that very await.
 */
export class Life {
  readonly number: number;
  /** The machine it runs on: files are shared with the processes of that machine only. */
  readonly machine: string;
  isAlive = true;
  /** What waits for a process that was stopped to go on; null while it runs. */
  #held: (() => void)[] | null = null;
  readonly #strikeAt: (site: Site) => Strike;
  readonly #onDeath: (life: Life, where: string) => void;

  constructor(
    number: number,
    machine: string,
    strikeAt: (site: Site) => Strike,
    onDeath: (life: Life, where: string) => void,
  ) {
    this.number = number;
    this.machine = machine;
    this.#strikeAt = strikeAt;
    this.#onDeath = onDeath;
  }

  die(where: string): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.#onDeath(this, where);
  }

  /** Stops the process as a machine does that is out of memory or suspended: nothing of it runs. */
  freeze(): void {
    if (this.isAlive) this.#held ??= [];
  }

  /** Lets it go on: everything that came meanwhile comes now, in its order. */
  thaw(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const work of held) this.run(work);
  }

  /** Runs work of the process, now or when it goes on; never after its death. */
  run(work: () => void): void {
    if (!this.isAlive) return;
    if (this.#held === null) guarded(work);
    else this.#held.push(work);
  }

  /** Calls the outside and waits for it. A dead process reaches nothing and hears nothing. */
  reach<T>(site: Site, run: () => Promise<T>): Promise<T> {
    if (!this.isAlive) return never();
    const strike = this.#strikeAt(site);
    if (strike === 'before') {
      this.die(`before ${site}`);
      return never();
    }
    const answer = run();
    if (strike === 'after') {
      answer.catch(() => undefined);
      this.die(`after ${site}`);
      return never();
    }
    return answer.then(
      (value) => (this.isRunning() ? value : this.#later(() => value)),
      (error: unknown) => {
        if (this.isRunning()) throw error;
        return this.#later(() => {
          throw error;
        });
      },
    );
  }

  /** True while it lives and is not stopped. */
  isRunning(): boolean {
    return this.isAlive && this.#held === null;
  }

  /** An answer that comes once the process goes on; never for a dead one. */
  #later<T>(answer: () => T): Promise<T> {
    if (!this.isAlive) return never();
    return new Promise((resolve, reject) =>
      this.run(() => {
        try {
          resolve(answer());
        } catch (error) {
          reject(error);
        }
      }),
    );
  }

  /** Touches the outside synchronously (a file). Throws Died where the process ends. */
  touch<T>(site: Site, run: () => T): T {
    if (!this.isAlive) throw new Died(site);
    const strike = this.#strikeAt(site);
    if (strike === 'before') {
      this.die(`before ${site}`);
      throw new Died(site);
    }
    const answer = run();
    if (strike === 'after') {
      this.die(`after ${site}`);
      throw new Died(site);
    }
    return answer;
  }
}

/** Runs work of a process on the simulation's own stack; a death within it ends the work, nothing else. */
export function guarded(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Died)) throw error;
  }
}

/** Longest single wait, as the wall clock of the product does it. */
const LONGEST_WAIT_MS = 30_000;

/**
 * The wall clock of a process: true time plus the skew of its machine, which can jump. Timers wait for
 * a span and then look at the clock again; those of a dead process never fire.
 */
export function clockOf(life: Life, time: VirtualClock, skewMs: () => number): Clock {
  const now = () => time.now() + skewMs();
  return {
    now,
    at(instant, run): Timer {
      let pending: Timer | null = null;
      let isOff = false;
      const wait = (): void => {
        // a machine's clock shows whole milliseconds
        const left = Math.max(0, Math.ceil(instant - now()));
        pending = time.at(time.now() + Math.min(left, LONGEST_WAIT_MS), () => {
          life.run(() => {
            if (isOff) return;
            if (now() < instant) wait();
            else run();
          });
        });
      };
      wait();
      return {
        cancel() {
          isOff = true;
          pending?.cancel();
        },
      };
    },
  };
}
