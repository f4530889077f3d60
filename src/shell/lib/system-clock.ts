import type { Clock, Timer } from '#app/ports.ts';

/**
 * Longest single wait. Timers of the runtime stop while the machine sleeps and overflow beyond
 * 2^31 ms; a wait in slices looks at the wall clock again and fires what has become due.
 */
const LONGEST_WAIT_MS = 30_000;

/** The wall clock. A pending timer keeps the process alive. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    at(instant: number, run: () => void): Timer {
      let pending: NodeJS.Timeout | null = null;
      const wait = (): void => {
        const left = instant - Date.now();
        pending = setTimeout(left <= LONGEST_WAIT_MS ? fire : wait, clampWait(left));
      };
      const fire = (): void => {
        // A runtime timer may fire up to 1 ms early against the wall clock.
        if (Date.now() < instant) {
          wait();
          return;
        }
        pending = null;
        run();
      };
      wait();
      return {
        cancel() {
          if (pending !== null) clearTimeout(pending);
          pending = null;
        },
      };
    },
  };
}

function clampWait(leftMs: number): number {
  return Math.max(0, Math.min(LONGEST_WAIT_MS, leftMs));
}
