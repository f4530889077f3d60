import type { Clock, Timer } from '#app/ports.ts';

type Entry = { readonly at: number; readonly order: number; run: (() => void) | null };

/** A clock that moves only when told to. Real time plays no part in it. */
export type VirtualClock = Clock & {
  /** Instant of the next timer, not before now; null when none is pending. */
  nextDue(): number | null;
  /** Moves now to the next timer and runs it; false when none is pending. */
  runNext(): boolean;
  /** Runs every timer due up to and including `instant` in order, then stands there. Never moves back. */
  advanceTo(instant: number): void;
};

function comesBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Binary heap over (instant, order of insertion). */
function createHeap(): { push(entry: Entry): void; peek(): Entry | null; pop(): void } {
  const heap: Entry[] = [];
  const at = (i: number): Entry => heap[i] as Entry;
  return {
    push(entry) {
      let i = heap.length;
      heap.push(entry);
      while (i > 0) {
        const parent = (i - 1) >> 1;
        if (!comesBefore(entry, at(parent))) break;
        heap[i] = at(parent);
        i = parent;
      }
      heap[i] = entry;
    },
    peek: () => heap[0] ?? null,
    pop() {
      const last = heap.pop();
      if (last === undefined || heap.length === 0) return;
      let i = 0;
      for (;;) {
        let child = i * 2 + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && comesBefore(at(child + 1), at(child))) child += 1;
        if (!comesBefore(at(child), last)) break;
        heap[i] = at(child);
        i = child;
      }
      heap[i] = last;
    },
  };
}

/**
 * A virtual clock standing at `startAt`. Timers of one instant run in the order in which they
 * were set; one set for the past runs at now. A timer that throws has been taken off before.
 */
export function createVirtualClock(options: { readonly startAt: number }): VirtualClock {
  const heap = createHeap();
  let now = options.startAt;
  let order = 0;
  const head = (): Entry | null => {
    for (;;) {
      const entry = heap.peek();
      if (entry === null || entry.run !== null) return entry;
      heap.pop();
    }
  };
  const runNext = (): boolean => {
    const entry = head();
    if (entry === null) return false;
    heap.pop();
    now = Math.max(now, entry.at);
    const { run } = entry;
    entry.run = null;
    run?.();
    return true;
  };
  return {
    now: () => now,
    at(instant: number, run: () => void): Timer {
      const entry: Entry = { at: Math.max(instant, now), order, run };
      order += 1;
      heap.push(entry);
      return {
        cancel() {
          entry.run = null;
        },
      };
    },
    nextDue: () => head()?.at ?? null,
    runNext,
    advanceTo(instant) {
      for (let next = head(); next !== null && next.at <= instant; next = head()) runNext();
      now = Math.max(now, instant);
    },
  };
}
