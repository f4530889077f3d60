import { StoreError } from '#app/errors.ts';
import type { Epochs, Fence } from '#app/ports.ts';

/** A leader whose last sign of life is younger than this may send; see `STALLED_MS`. */
export const LEASE_MS = 2_500;
/**
 * A leader that has been silent this long is stalled, and a standby may take over. Longer than the
 * lease by more than two clocks drift apart meanwhile, so whoever is taken over from sends no more.
 */
export const STALLED_MS = 5_000;

/** Time since an instant; the larger of two clocks, since each of them stands still in some kind of sleep. */
export type Elapsed = () => number;

/** Starts a stopwatch on the wall clock and the monotonic one. */
export function startWatch(): Elapsed {
  const wall = Date.now();
  const steady = performance.now();
  return () => Math.max(Date.now() - wall, performance.now() - steady);
}

export type LeaseState = 'leading' | 'unsure' | 'deposed';

/** What one process knows of its own leadership. */
export type Lease = {
  /** `leading` for a lease's time after a sign of life was begun that the store took. */
  state(): LeaseState;
  /** Gives a sign of life now; answers the state after it. Never throws: no answer leaves it unsure. */
  renew(): Promise<LeaseState>;
  /** Ends it for good: another epoch leads, or this process has let go. */
  end(): void;
};

/** A lease over an epoch whose raise was begun when `begun` was started. `watch` is for tests. */
export function createLease(
  epochs: Epochs,
  epoch: number,
  begun: Elapsed,
  watch = startWatch,
): Lease {
  let sinceRenewal = begun;
  let isOver = false;
  const state = (): LeaseState => {
    if (isOver) return 'deposed';
    return sinceRenewal() < LEASE_MS ? 'leading' : 'unsure';
  };
  return {
    state,
    end: () => {
      isOver = true;
    },
    renew: async () => {
      // counted from before the store was asked: its answer may have waited for this process to wake
      const asked = watch();
      try {
        if (!(await epochs.renew(epoch))) isOver = true;
        else if (asked() < sinceRenewal()) sinceRenewal = asked;
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
      }
      return state();
    },
  };
}

/** The fence of a lease; `renew` is how it asks again when it is unsure. */
export function fenceOf(lease: Lease, renew: () => Promise<unknown> = () => lease.renew()): Fence {
  return {
    mayLeave: async (raisesRisk) => {
      if (lease.state() === 'unsure') await renew();
      const state = lease.state();
      return state === 'leading' || (state === 'unsure' && !raisesRisk);
    },
  };
}
