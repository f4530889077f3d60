import { setTimeout as sleep } from 'node:timers/promises';
import { RefusedError } from '#app/errors.ts';
import type { Epochs, Fence, Leader } from '#app/ports.ts';
import { type LeadSession, openLeadSession } from './lead-session.ts';
import { createLease, type Elapsed, fenceOf, type Lease, STALLED_MS, startWatch } from './lease.ts';
import { type Access, openSql, processName } from './sql-client.ts';
import { toStoreError } from './store-error.ts';

/*
 * Who leads. The epoch in the store is the truth: what is written under an older one is refused. The
 * advisory lock of a session only makes the death of a leader known at once, its lease keeps a leader
 * that was stopped and goes on from sending what it had in its hands.
 */

/** How long a leader that was just killed may still seem to hold the lock. */
const PATIENCE_MS = 600;
const RETRY_MS = 40;
const RENEW_EVERY_MS = 500;
/** Longer than a leader needs for its next sign of life. */
const LISTEN_MS = 700;
const STANDBY_POLL_MS = 250;
/** After the store itself was away the leader that was there comes back first. */
const STANDBY_SHY_MS = 2_000;
/** A stalled leader is seen to be silent this often before it is taken over from. */
const LOOKS = 3;

export type Lead = Fence & {
  readonly epoch: number;
  /** The one this process took over from; null where it did not have to wait. */
  readonly before: Leader | null;
  /** True while leadership is certain. */
  isHeld(): boolean;
  release(): Promise<void>;
};

export type LeadOptions = {
  readonly access: Access;
  /** May end the sessions of a stalled leader. */
  readonly ownerAccess: Access;
  /** Called once when another process leads: this one must end. */
  readonly onLost: (error: RefusedError) => void;
  /** How to wait for leadership; null: refused while another process leads. */
  readonly standby: null | {
    readonly onWaiting: (leader: string) => void;
    readonly signal: AbortSignal;
  };
};

function refusal(holder: string): RefusedError {
  return new RefusedError(
    `desk: already running as ${holder} on this data folder, expected one desk at a time`,
    { code: 'desk_running', retryable: false },
  );
}

/**
 * With the lock in hand: whether somebody leads all the same. A leader is without its lock for a moment
 * after the server came back, and as long as one that it took over from still holds it; it then gives
 * signs of life, while one that was killed gives no more and one that ended said so.
 */
async function isLedWithoutLock(epochs: Epochs): Promise<boolean> {
  const before = await epochs.current();
  if (before === null || before.silentMs >= STALLED_MS) return false;
  const waited = startWatch();
  while (waited() < LISTEN_MS) {
    await sleep(RETRY_MS);
    const now = await epochs.current();
    if (now?.epoch !== before.epoch || now.seenAt !== before.seenAt) return true;
  }
  return false;
}

async function lockOrRefuse(session: LeadSession): Promise<void> {
  const { epochs } = session;
  const waited = startWatch();
  while (!(await session.tryLock())) {
    if (waited() > PATIENCE_MS) throw refusal(await session.lockHolder());
    await sleep(RETRY_MS);
  }
  if (await isLedWithoutLock(epochs))
    throw refusal((await epochs.current())?.holder ?? 'another process');
}

/** Ends the sessions of a process that does not answer, so that its locks are free. Best effort. */
async function endSessionsOf(holder: string, access: Access): Promise<void> {
  const [, pid, host] = /^pid (\d+) on (.+)$/.exec(holder) ?? [];
  if (pid === undefined) return;
  const owner = openSql(access, { purpose: 'takeover', max: 1 });
  try {
    await owner`select pg_terminate_backend(pid) from pg_stat_activity
      where application_name like 'centaur:%' and datname = current_database()
        and right(application_name, ${`@${host}:${pid}`.length}) = ${`@${host}:${pid}`}`;
  } catch {
    // not allowed to: its epoch is over all the same
  } finally {
    await owner.end({ timeout: 1 });
  }
}

type Taken = {
  readonly epoch: number;
  readonly before: Leader | null;
  /** Since before the epoch was raised. */
  readonly begun: Elapsed;
};

/** Raises the epoch with the lock in hand. */
async function lead(epochs: Epochs, before: Leader | null): Promise<Taken> {
  const begun = startWatch();
  return { epoch: await epochs.raise(processName()), before, begun };
}

/** Takes over from a leader that gives no sign of life; null when it has given one meanwhile. */
async function takeOver(
  epochs: Epochs,
  leader: Leader,
  ownerAccess: Access,
): Promise<Taken | null> {
  const begun = startWatch();
  const epoch = await epochs.raiseOver(leader.epoch, STALLED_MS, processName());
  if (epoch === null) return null;
  await endSessionsOf(leader.holder, ownerAccess);
  return { epoch, before: leader, begun };
}

type Wait = {
  readonly session: LeadSession;
  readonly ownerAccess: Access;
  readonly standby: NonNullable<LeadOptions['standby']>;
  /** Since the store was away for this process. */
  readonly sinceAway: () => number;
};

/** Waits until the leader is gone or stalled. Null when the wait was ended. */
async function waitForTurn(wait: Wait): Promise<Taken | null> {
  const { session } = wait;
  const { epochs } = session;
  const { signal, onWaiting } = wait.standby;
  let silentLooks = 0;
  let isTold = false;
  while (!signal.aborted) {
    try {
      const leader = await epochs.current();
      const isShy = isTold && wait.sinceAway() < STANDBY_SHY_MS;
      if (!isShy && (await session.tryLock())) {
        if (!(await isLedWithoutLock(epochs))) return await lead(epochs, isTold ? leader : null);
        await session.unlock();
      }
      if (!isTold) onWaiting(leader?.holder ?? (await session.lockHolder()));
      isTold = true;
      silentLooks = !isShy && (leader?.silentMs ?? 0) >= STALLED_MS ? silentLooks + 1 : 0;
      if (leader !== null && silentLooks >= LOOKS) {
        const taken = await takeOver(epochs, leader, wait.ownerAccess);
        if (taken !== null) return taken;
      }
    } catch (error) {
      if (!isTold) throw error;
      // the store is away: nobody can lead, and this one asks again
      silentLooks = 0;
    }
    await sleep(STANDBY_POLL_MS, undefined, { signal }).catch(() => {});
  }
  return null;
}

/** Keeps what was taken: signs of life, the lock where it was lost, and the news that it is over. */
function keepLead(
  session: LeadSession,
  lease: Lease,
  taken: Taken,
  onLost: LeadOptions['onLost'],
): { fence: Fence; stop: () => void } {
  let isBusy = false;
  let isOver = false;
  const renew = async (): Promise<void> => {
    const state = await lease.renew();
    if (state !== 'deposed' || isOver) return;
    isOver = true;
    const leader = await session.epochs.current().catch(() => null);
    onLost(
      new RefusedError(
        `desk: another process leads now (${leader?.holder ?? 'unknown'}), expected this one (epoch ${taken.epoch}); nothing more is sent from here`,
        { code: 'deposed', retryable: false },
      ),
    );
  };
  const keep = async (): Promise<void> => {
    if (isBusy || isOver) return;
    isBusy = true;
    try {
      await renew();
      if (!isOver && !(await session.holdsLock())) await session.tryLock();
    } catch {
      // the store is away: the lease runs out by itself
    } finally {
      isBusy = false;
    }
  };
  const timer = setInterval(() => void keep(), RENEW_EVERY_MS);
  timer.unref();
  return {
    fence: fenceOf(lease, renew),
    stop: () => {
      isOver = true;
      clearInterval(timer);
    },
  };
}

/**
 * Takes the lead over a store by a session of its own, or waits for it. Null when the wait was ended.
 * Throws RefusedError with the holder's pid and host, StoreError.
 */
export async function takeLead(options: LeadOptions): Promise<Lead | null> {
  const { access, ownerAccess, onLost, standby } = options;
  let sinceAway = startWatch();
  const session = openLeadSession(access, standby === null ? 'desk' : 'standby', () => {
    sinceAway = startWatch();
  });
  const { epochs } = session;
  let taken: Taken | null;
  try {
    if (standby === null) {
      await lockOrRefuse(session);
      taken = await lead(epochs, null);
    } else {
      taken = await waitForTurn({ session, ownerAccess, standby, sinceAway: () => sinceAway() });
    }
  } catch (error) {
    await session.end();
    throw error instanceof RefusedError ? error : toStoreError(error, 'desk lock');
  }
  if (taken === null) {
    await session.end();
    return null;
  }
  const { epoch, before, begun } = taken;
  const lease = createLease(epochs, epoch, begun);
  const { fence, stop } = keepLead(session, lease, taken, onLost);
  return {
    ...fence,
    epoch,
    before,
    isHeld: () => lease.state() === 'leading',
    release: async () => {
      stop();
      lease.end();
      await epochs.resign(epoch).catch(() => {});
      await session.end();
    },
  };
}
