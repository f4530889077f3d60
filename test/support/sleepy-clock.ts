import type { Clock } from '#app/ports.ts';

/** A clock that moves when told to, and can sleep: then timers run late, all at the same instant. */
export function createSleepyClock(startAt: number): Clock & {
  /** Awake: every timer runs at its own instant. */
  advanceTo(instant: number): void;
  /** Asleep until `instant`: what became due meanwhile runs then. */
  sleepUntil(instant: number): void;
} {
  type Entry = { readonly at: number; readonly run: () => void };
  let entries: Entry[] = [];
  let now = startAt;
  const takeDue = (instant: number): Entry | undefined => {
    const [first] = entries.filter((entry) => entry.at <= instant).sort((a, b) => a.at - b.at);
    entries = entries.filter((entry) => entry !== first);
    return first;
  };
  return {
    now: () => now,
    at(instant, run) {
      const entry = { at: Math.max(instant, now), run };
      entries.push(entry);
      return {
        cancel: () => {
          entries = entries.filter((other) => other !== entry);
        },
      };
    },
    advanceTo(instant) {
      for (let due = takeDue(instant); due !== undefined; due = takeDue(instant)) {
        now = Math.max(now, due.at);
        due.run();
      }
      now = instant;
    },
    sleepUntil(instant) {
      now = instant;
      for (let due = takeDue(instant); due !== undefined; due = takeDue(instant)) due.run();
    },
  };
}
