import { setTimeout as sleep } from 'node:timers/promises';
import { RefusedError } from '#app/errors.ts';
import type { Access, Sql } from './sql-client.ts';
import { openSql } from './sql-client.ts';
import { toStoreError } from './store-error.ts';

/** One desk per database, so also one per data folder. */
const DESK_LOCK = 7_230_003;
/** How long a desk that was just killed may still seem to hold the lock. */
const PATIENCE_MS = 600;
const RETRY_MS = 40;

export type DeskLock = {
  /** False after the session broke and until it is held again. */
  isHeld(): boolean;
  release(): Promise<void>;
};

async function holder(sql: Sql): Promise<string> {
  const [row] = await sql<{ name: string }[]>`
    select a.application_name as name from pg_locks l join pg_stat_activity a using (pid)
    where l.locktype = 'advisory' and l.objid = ${DESK_LOCK} and l.granted and l.database =
      (select oid from pg_database where datname = current_database())`;
  const [, , host, pid] = /^centaur:(.*)@(.*):(\d+)$/.exec(row?.name ?? '') ?? [];
  return pid === undefined ? 'another session' : `pid ${pid} on ${host}`;
}

async function tryLock(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ ok: boolean }[]>`select pg_try_advisory_lock(${DESK_LOCK}) as ok`;
  return row?.ok === true;
}

async function lockOrRefuse(sql: Sql): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await tryLock(sql))) {
    if (performance.now() > deadline) {
      throw new RefusedError(
        `desk: already running as ${await holder(sql)} on this data folder, expected one desk at a time`,
        { code: 'desk_running', retryable: false },
      );
    }
    await sleep(RETRY_MS);
  }
}

/**
 * Takes the lock that lets one desk run on a database, held by a session of its own. Throws
 * RefusedError with the holder's pid and host. When the server goes away the lock is taken again
 * at its return; `onTaken` is told if another desk was faster: this one must then stop.
 */
export async function takeDeskLock(
  access: Access,
  onTaken: (error: Error) => void,
): Promise<DeskLock> {
  let isHeld = false;
  const onClose = () => {
    isHeld = false;
  };
  const sql = openSql(access, { purpose: 'desk', max: 1, onClose });
  let isReleased = false;
  try {
    await lockOrRefuse(sql);
    isHeld = true;
  } catch (error) {
    await sql.end({ timeout: 1 });
    throw error instanceof RefusedError ? error : toStoreError(error, 'desk lock');
  }
  const watch = setInterval(() => {
    void keep();
  }, 500);
  watch.unref();
  let isBusy = false;
  async function keep(): Promise<void> {
    if (isBusy || isReleased) return;
    isBusy = true;
    try {
      const [row] = await sql<{ ok: boolean }[]>`
        select exists (select 1 from pg_locks where locktype = 'advisory' and objid = ${DESK_LOCK}
          and pid = pg_backend_pid()) as ok`;
      if (row?.ok !== true) await lockOrRefuse(sql);
      isHeld = true;
    } catch (error) {
      isHeld = false;
      if (error instanceof RefusedError && !isReleased) onTaken(error);
    } finally {
      isBusy = false;
    }
  }
  return {
    isHeld: () => isHeld,
    release: async () => {
      isReleased = true;
      isHeld = false;
      clearInterval(watch);
      await sql.end({ timeout: 1 });
    },
  };
}
