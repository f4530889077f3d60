import { setTimeout as sleep } from 'node:timers/promises';

/** Wall time, simulated seconds a second, or as fast as possible. */
type Speed = 'realtime' | 'max' | number;

import type { VirtualClock } from '#shell/lib/virtual-clock.ts';
import type { ActivityMeter } from './activity.ts';

export type VirtualDriverOptions = {
  readonly clock: VirtualClock;
  readonly activity: ActivityMeter;
  readonly speed: Speed;
  /** True while the clock is to run in real time (a ticket waits for a person). */
  readonly isRealtime: () => boolean;
  /** True while an interrupted run is being caught up: no pacing. */
  readonly isCatchingUp: () => boolean;
};

/** Drives a virtual clock: as fast as possible, or paced against the wall clock. */
export type VirtualDriver = {
  /** Runs timers until none is left, `until` answers true, or `stop` is called. */
  run(until: () => boolean): Promise<void>;
  /** Brings the clock up to the wall clock's place; called when something comes in from outside. */
  sync(): void;
  stop(): void;
};

/** Longest nap between looks at the pace, so that a change of speed is felt at once. */
const NAP_MS = 40;

export function createVirtualDriver(options: VirtualDriverOptions): VirtualDriver {
  const { clock, activity } = options;
  let isStopped = false;
  let anchorReal = performance.now();
  let anchorVirtual = clock.now();

  const speedNow = (): number => {
    if (options.speed === 'max' || options.isCatchingUp()) return Number.POSITIVE_INFINITY;
    if (options.speed === 'realtime' || options.isRealtime()) return 1;
    return options.speed;
  };
  const anchor = (): void => {
    anchorReal = performance.now();
    anchorVirtual = clock.now();
  };
  /** Where the clock should stand by the wall clock. */
  const place = (speed: number): number => anchorVirtual + (performance.now() - anchorReal) * speed;

  /** The clock came to where it is at that pace. Being late is forgotten: it would be made up for in real time. */
  const reached = (speed: number): void => {
    const from = anchorReal + (clock.now() - anchorVirtual) / Math.min(speed, 1e9);
    anchor();
    if (Number.isFinite(speed)) anchorReal = Math.max(from, anchorReal - NAP_MS);
  };

  const sync = (): void => {
    const speed = speedNow();
    const due = clock.nextDue();
    if (!Number.isFinite(speed)) return;
    const to = Math.floor(place(speed));
    const limit = due === null ? to : Math.min(to, due - 1);
    if (limit > clock.now()) clock.advanceTo(limit);
    anchor();
  };

  const waitFor = async (due: number): Promise<void> => {
    for (;;) {
      const speed = speedNow();
      if (isStopped || !Number.isFinite(speed)) return;
      // what came in meanwhile may have set an earlier timer: in real time the old one may be far off
      if ((clock.nextDue() ?? due) < due) return;
      const leftMs = (due - place(speed)) / speed;
      if (leftMs <= 0) return;
      await sleep(Math.min(leftMs, NAP_MS));
      if (speedNow() !== speed) sync();
    }
  };

  return {
    async run(until) {
      anchor();
      await activity.settled();
      for (;;) {
        const due = clock.nextDue();
        if (isStopped || due === null || until()) return;
        await waitFor(due);
        if (isStopped) return;
        const next = clock.nextDue();
        if (next !== null && next < due) continue;
        // the pace of the way to here; what runs now may change it
        const speed = speedNow();
        clock.runNext();
        reached(speed);
        await activity.settled();
      }
    },
    sync,
    stop() {
      isStopped = true;
    },
  };
}
