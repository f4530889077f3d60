import { APP_ROLE } from './embedded-postgres.ts';
import type { Sql } from './sql-client.ts';

/** Tables of which no row is ever changed: by privilege for the app role, by trigger for everybody. */
const APPEND_ONLY = ['events', 'inputs', 'snapshot_raw', 'audit', 'imports'] as const;

/** Recorded market data and files of messages: rows are added, never changed. */
const RECORDED = [
  'bars',
  'series_cn',
  'daily_parts_cn',
  'daily_batches_cn',
  'daily_refusals_cn',
  'margin_cn',
  'sectors_cn',
  'pools_cn',
  'securities_cn',
  'corporate_actions_cn',
  'figures_cn',
  'quarantine',
  'feed_attempts',
  'files',
] as const;

/** Tables rebuilt from events. */
const READ_MODELS = ['accounts', 'positions', 'trades', 'signals', 'intents'] as const;

/** What the app role may do. The owner's own rights are curbed by triggers only. */
function grants(): string {
  return [
    `grant usage on schema public to ${APP_ROLE}`,
    `grant select on raw_expiries to ${APP_ROLE}`,
    `grant execute on function expire_raw(timestamptz, integer) to ${APP_ROLE}`,
    `grant select, insert on ${[...APPEND_ONLY, ...RECORDED].join(', ')} to ${APP_ROLE}`,
    `grant select, insert, update (done_at, result) on inbox to ${APP_ROLE}`,
    `grant select, insert, update on outbox, job_run, leadership to ${APP_ROLE}`,
    `grant select, insert, update, delete on state_snapshots, ${READ_MODELS.join(', ')} to ${APP_ROLE}`,
  ].join(';\n');
}

/** Gives the app role its rights on the tables as they are now. */
export async function grantApp(owner: Sql): Promise<void> {
  await owner.unsafe(grants());
}

/**
 * On a server that is not ours: makes the app role if this user may, and answers whether sessions
 * can run as it. When not, they run as the given user and triggers alone protect the log.
 */
export async function ensureAppRole(owner: Sql): Promise<boolean> {
  try {
    const [found] = await owner`select 1 from pg_roles where rolname = ${APP_ROLE}`;
    if (found === undefined) await owner.unsafe(`create role ${APP_ROLE} nologin`);
    const [member] = await owner<{ ok: boolean }[]>`
      select pg_has_role(current_user, ${APP_ROLE}, 'MEMBER') as ok`;
    if (member?.ok !== true || found === undefined) {
      await owner.unsafe(`grant ${APP_ROLE} to current_user`);
    }
    await owner.unsafe(`set role ${APP_ROLE}; reset role`);
    return true;
  } catch (error) {
    const code = (error as { code?: string }).code;
    // not allowed to, or another desk on this server did it in this moment
    if (code === '42501' || code === '0LP01') return false;
    if (code === '42710' || code === '23505' || code === 'XX000') return ensureAppRole(owner);
    throw error;
  }
}
