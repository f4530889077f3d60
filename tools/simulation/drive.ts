import type { VirtualClock } from '#shell/lib/virtual-clock.ts';

/** Steps that are queued at once; the runtime settles every promise between two of them. */
const BATCH = 64;

/**
 * Runs a virtual clock, one timer a step. Between two steps everything that follows from the first has
 * run: all promises that can settle have settled. `afterStep` is called then. Ends at `endAt`, when no
 * timer is left, or when `isOver` says so.
 */
export function drive(
  clock: VirtualClock,
  endAt: number,
  isOver: () => boolean,
  afterStep: () => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let isDone = false;
    const step = (): void => {
      if (isDone) return;
      try {
        afterStep();
        const due = clock.nextDue();
        isDone = isOver() || due === null || due > endAt;
        if (!isDone) clock.runNext();
      } catch (error) {
        isDone = true;
        reject(error);
      }
    };
    const batch = (): void => {
      if (isDone) return resolve();
      for (let left = BATCH; left > 0; left -= 1) setImmediate(step);
      setImmediate(batch);
    };
    batch();
  });
}
