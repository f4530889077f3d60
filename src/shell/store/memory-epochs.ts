import { StoreError } from '#app/errors.ts';
import type { Epochs, Leader } from '#app/ports.ts';
import type { Store } from './store.ts';

type Row = { epoch: number; holder: string; seenAt: number };

/** Epochs in memory, and the check that stands before every fenced write. */
export function createMemoryEpochs(now: () => number): Epochs & { check(epoch: number): void } {
  let row: Row | null = null;
  const take = (holder: string): number => {
    const epoch = Math.max((row?.epoch ?? 0) + 1, now());
    row = { epoch, holder, seenAt: now() };
    return epoch;
  };
  const leader = (): Leader | null =>
    row === null ? null : { ...row, silentMs: now() - row.seenAt };
  return {
    raise: async (holder) => take(holder),
    raiseOver: async (epoch, silentMs, holder) => {
      const isSilent = row?.epoch === epoch && now() - row.seenAt >= silentMs;
      return isSilent ? take(holder) : null;
    },
    renew: async (epoch) => {
      if (row?.epoch !== epoch) return false;
      row = { ...row, seenAt: now() };
      return true;
    },
    resign: async (epoch) => {
      if (row?.epoch === epoch) row = { ...row, seenAt: 0 };
    },
    current: async () => leader(),
    check: (epoch) => {
      if (row?.epoch === epoch) return;
      throw new StoreError(`store: epoch ${epoch} is over: another process leads`, {
        code: 'deposed',
        retryable: false,
      });
    },
  };
}

/** The same store as one epoch may write to it: what is decided or sent is refused once it is over. */
export function underEpoch(store: Store, check: () => void): Store {
  const { events, inputs, snapshots, outbox } = store;
  const fenced =
    <A extends unknown[], R>(call: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      check();
      return call(...given);
    };
  return {
    ...store,
    events: { ...events, append: fenced(events.append) },
    inputs: { ...inputs, append: fenced(inputs.append) },
    snapshots: { ...snapshots, save: fenced(snapshots.save) },
    outbox: {
      ...outbox,
      markAttempting: fenced(outbox.markAttempting),
      markDropped: fenced(outbox.markDropped),
      dropActed: fenced(outbox.dropActed),
      settleInterrupted: fenced(outbox.settleInterrupted),
    },
  };
}
