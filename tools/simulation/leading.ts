import type { Fence } from '#app/ports.ts';
import { createLease, type Elapsed, type LeaseState, STALLED_MS } from '#shell/store/lease.ts';
import type { Life } from './life.ts';
import type { Stage } from './stage.ts';
import { storeDown } from './store-wire.ts';

/** As the product does it, in milliseconds; signs of life are rarer, still well within a lease. */
const RENEW_EVERY_MS = 1_000;
const POLL_MS = 250;
/** A leader is seen to be silent this often before it is taken over from. */
const LOOKS = 3;

/**
 * Leads the store under an epoch: gives signs of life while the process runs, answers whether an act may
 * leave, and ends the process once another one leads. The lease is the product's.
 */
export function leadUnder(stage: Stage, life: Life, epoch: number): Fence {
  const { epochs } = stage.store;
  const reached = {
    ...epochs,
    renew: (mine: number) =>
      life.reach('epoch.renew', async () => {
        if (stage.now.isStoreDown) throw storeDown('epoch.renew');
        return epochs.renew(mine);
      }),
  };
  const watch = (): Elapsed => {
    const begun = stage.time.now();
    return () => stage.time.now() - begun;
  };
  const lease = createLease(reached, epoch, watch(), watch);
  const renew = async (): Promise<LeaseState> => {
    const state = await lease.renew();
    if (state === 'deposed') life.die('deposed');
    return state;
  };
  // by a timer of the runtime, which runs on when the machine's clock is set
  const keep = (): void => {
    stage.time.at(stage.time.now() + RENEW_EVERY_MS, () =>
      life.run(() => {
        void renew().then((state) => {
          if (state !== 'deposed') keep();
        });
      }),
    );
  };
  keep();
  return {
    mayLeave: async (raisesRisk) => {
      const state = lease.state() === 'unsure' ? await renew() : lease.state();
      return state === 'leading' || (state === 'unsure' && !raisesRisk);
    },
  };
}

/**
 * A second machine waits beside the first one and takes over when it is silent for too long. `onTurn` is
 * called with the epoch it raised. Looks only while a leader is stopped: nothing else makes one silent.
 */
export function standBy(stage: Stage, onTurn: (epoch: number) => void): void {
  const { time, store, now } = stage;
  let silentLooks = 0;
  const look = async (): Promise<void> => {
    const leader = now.isStoreDown ? null : await store.epochs.current();
    const isSilent = leader !== null && leader.silentMs >= STALLED_MS;
    silentLooks = isSilent ? silentLooks + 1 : 0;
    if (leader !== null && silentLooks >= LOOKS) {
      const epoch = await store.epochs.raiseOver(leader.epoch, STALLED_MS, 'standby');
      if (epoch !== null) return onTurn(epoch);
      silentLooks = 0;
    }
    if (now.stopped?.isAlive === true) time.at(time.now() + POLL_MS, () => void look());
  };
  void look();
}
