import type { StoreError } from '#app/errors.ts';
import type { Epochs } from '#app/ports.ts';
import { createEpochs } from './epochs.ts';
import { type Access, type Caller, createCaller, openSql } from './sql-client.ts';

/** One desk process per database, so also one per data folder. */
const LEAD_LOCK = 7_230_003;
/** A call that takes longer leaves the lease to run out. */
const CALL_TIMEOUT_MS = 1_500;

/** The one session whose end frees the lock; every call fails in time. Throws StoreError. */
export type LeadSession = {
  readonly epochs: Epochs;
  tryLock(): Promise<boolean>;
  holdsLock(): Promise<boolean>;
  unlock(): Promise<void>;
  /** The process that holds the lock, as people are told. */
  lockHolder(): Promise<string>;
  end(): Promise<void>;
};

async function isTrue(question: Promise<{ ok: boolean }[]>): Promise<boolean> {
  const [row] = await question;
  return row?.ok === true;
}

/**
 * Opens it. A session that failed once is given up for a new one: what a process that was stopped
 * finds at the other end of its connection may neither answer nor break. `onAway` is told each time.
 */
export function openLeadSession(
  access: Access,
  purpose: 'desk' | 'standby' | 'look',
  onAway: (error: StoreError | null) => void,
): LeadSession {
  let isEnded = false;
  const open = (): Caller => {
    const sql = openSql(access, { purpose, max: 1, onClose: () => onAway(null) });
    return createCaller(sql, CALL_TIMEOUT_MS, () => {});
  };
  let caller = open();
  const run: Caller['run'] = async (place, work, limitMs) => {
    const used = caller;
    try {
      return await used.run(place, work, limitMs);
    } catch (error) {
      onAway(error as StoreError);
      if (used === caller && !isEnded) {
        caller = open();
        void used.sql.end({ timeout: 0 }).catch(() => {});
      }
      throw error;
    }
  };
  const current: Caller = {
    get sql() {
      return caller.sql;
    },
    run,
  };
  return {
    epochs: createEpochs(current),
    tryLock: () =>
      run('desk lock', (sql) =>
        isTrue(sql<{ ok: boolean }[]>`select pg_try_advisory_lock(${LEAD_LOCK}) as ok`),
      ),
    holdsLock: () =>
      run('desk lock', (sql) =>
        isTrue(
          sql<{ ok: boolean }[]>`
            select exists (select 1 from pg_locks where locktype = 'advisory'
              and objid = ${LEAD_LOCK} and pid = pg_backend_pid() and granted) as ok`,
        ),
      ),
    unlock: () =>
      run('desk lock', async (sql) => {
        await sql`select pg_advisory_unlock(${LEAD_LOCK})`;
      }),
    lockHolder: () =>
      run('desk lock', async (sql) => {
        const [row] = await sql<{ name: string }[]>`
          select a.application_name as name from pg_locks l join pg_stat_activity a using (pid)
          where l.locktype = 'advisory' and l.objid = ${LEAD_LOCK} and l.granted and l.database =
            (select oid from pg_database where datname = current_database())`;
        const [, , host, pid] = /^centaur:(.*)@(.*):(\d+)$/.exec(row?.name ?? '') ?? [];
        return pid === undefined ? 'another session' : `pid ${pid} on ${host}`;
      }),
    end: async () => {
      isEnded = true;
      await caller.sql.end({ timeout: 1 });
    },
  };
}

/** The process that leads a store by its lock; null when none does. Asks nothing of the schema. */
export async function whoLeads(access: Access): Promise<string | null> {
  const session = openLeadSession(access, 'look', () => {});
  try {
    return (await session.tryLock()) ? null : await session.lockHolder();
  } finally {
    await session.end();
  }
}
