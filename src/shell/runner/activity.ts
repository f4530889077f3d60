import type { Activity } from '#app/ports.ts';

/** Work under way that does not wait for the clock; a virtual clock moves on only when there is none. */
export type ActivityMeter = Activity & {
  /** Resolves once nothing is under way, after what follows from it has run too. */
  settled(): Promise<void>;
};

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Counts tracked work. */
export function createActivity(): ActivityMeter {
  let underWay = 0;
  let wake: (() => void) | null = null;
  return {
    async track(work) {
      underWay += 1;
      try {
        return await work();
      } finally {
        underWay -= 1;
        if (underWay === 0) wake?.();
      }
    },
    async settled() {
      // one turn first, so that what a timer has just started is counted
      await nextTurn();
      while (underWay > 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = null;
        await nextTurn();
      }
    },
  };
}
