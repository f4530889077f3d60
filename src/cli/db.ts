import { join, resolve } from 'node:path';
import { RefusedError } from '#app/errors.ts';
import {
  openKillTools,
  openReadModels,
  openSettings,
  openStoreAccess,
  openStoreAdmin,
} from '#compose-tools';
import { EXIT, type ExitCode, UsageError } from './exit-code.ts';
import type { Output } from './output.ts';

type Access = Awaited<ReturnType<typeof openStoreAccess>>;
type Admin = Awaited<ReturnType<typeof openStoreAdmin>>;

/** `2026-11-20T094500Z`, a folder name on every platform. */
function stamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replaceAll(':', '')}Z`;
}

async function withStore(
  run: (tools: {
    readonly access: Access;
    readonly admin: Admin;
    readonly dataDir: string;
  }) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { dataDir, databaseUrl, ...rest } = await openSettings();
  const access = await openStoreAccess({ ...rest, dataDir, databaseUrl });
  const admin = await openStoreAdmin();
  try {
    return await run({ access, admin, dataDir });
  } finally {
    await access.stop();
  }
}

/** Emptying or replacing the store under a running desk would leave it without its past. */
async function refuseWhileDeskRuns(what: string): Promise<void> {
  const presence = (await openKillTools()).findDesk();
  if (presence.kind !== 'running') return;
  throw new RefusedError(
    `db ${what}: found a desk running, pid ${presence.mark.pid}, expected none`,
    {
      code: 'desk_running',
      retryable: true,
    },
  );
}

function backupFolder(dataDir: string, prefix: string): string {
  return join(dataDir, 'backups', `${prefix}${stamp(Date.now())}`);
}

export function runMigrate(output: Output): Promise<ExitCode> {
  return withStore(async ({ access, admin, dataDir }) => {
    let backup: string | null = null;
    const migrated = await admin.migrate(access.owner, async (tag) => {
      backup = backupFolder(dataDir, `before-${tag}-`);
      output.progress(`backing up to ${backup} …`);
      await admin.backUp(access.owner, backup);
    });
    output.line(
      migrated.applied === 0
        ? 'the store is up to date'
        : `${migrated.applied} migration(s) applied`,
    );
    if (backup !== null) output.line(`backup before it: ${backup}`);
    output.result({ ...migrated, backup });
    return EXIT.ok;
  });
}

export function runDbStatus(output: Output): Promise<ExitCode> {
  return withStore(async ({ access, admin }) => {
    const status = await admin.status(access.owner);
    const missing = status.known.filter((tag) => !status.applied.includes(tag));
    const place = access.embedded === null ? 'server named by DATABASE_URL' : 'embedded';
    const folder = access.embedded?.place.home ?? null;
    output.line(`store: ${place}${folder === null ? '' : `, ${folder}`}`);
    output.line(`migrations: ${status.applied.length} of ${status.known.length} applied`);
    for (const tag of missing) output.line(`  missing: ${tag}; centaur db migrate applies it`);
    if (status.isNewer) output.line('  migrated by newer code: use that code or restore a backup');
    output.result({ place, folder, ...status, missing });
    return missing.length === 0 && !status.isNewer ? EXIT.ok : EXIT.failed;
  });
}

export async function runReset(isSure: boolean, output: Output): Promise<ExitCode> {
  if (!isSure) throw new UsageError('db reset: found no --yes, expected it: everything is removed');
  await refuseWhileDeskRuns('reset');
  return withStore(async ({ access, admin, dataDir }) => {
    const status = await admin.status(access.owner);
    let backup: string | null = null;
    if (status.applied.length > 0) {
      backup = backupFolder(dataDir, 'before-reset-');
      await admin.backUp(access.owner, backup);
    }
    await admin.reset(access.owner);
    await admin.migrate(access.owner, async () => {});
    output.line(`the store is empty${backup === null ? '' : `; backup before it: ${backup}`}`);
    output.result({ reset: true, backup });
    return EXIT.ok;
  });
}

export function runBackup(to: string | undefined, output: Output): Promise<ExitCode> {
  return withStore(async ({ access, admin, dataDir }) => {
    const folder = to === undefined ? backupFolder(dataDir, '') : resolve(to);
    output.progress(`backing up to ${folder} …`);
    const manifest = await admin.backUp(access.owner, folder);
    const tables = Object.entries(manifest.tables);
    const rows = tables.reduce((sum, [, table]) => sum + table.rows, 0);
    output.line(`backup: ${folder}, ${tables.length} tables, ${rows} rows`);
    output.result({ folder, ...manifest });
    return EXIT.ok;
  });
}

export async function runRestore(from: string, output: Output): Promise<ExitCode> {
  await refuseWhileDeskRuns('restore');
  return withStore(async ({ access, admin }) => {
    await admin.migrate(access.owner, async () => {});
    const manifest = await admin.restore(access.owner, resolve(from));
    const rows = Object.values(manifest.tables).reduce((sum, table) => sum + table.rows, 0);
    output.line(`restored ${rows} rows of ${new Date(manifest.createdAt).toISOString()}`);
    output.result({ folder: resolve(from), ...manifest });
    return EXIT.ok;
  });
}

/** Tables of accounts, positions, trades, signals and intents, anew from the log of every desk. */
export async function runRebuild(output: Output): Promise<ExitCode> {
  const { rebuild, close } = await openReadModels(await openSettings(), 'db');
  try {
    const streams = await rebuild((stream) => output.progress(`rebuilding ${stream} …`));
    output.line(`rebuilt the tables of ${streams} desk stream(s) from their events`);
    output.result({ streams });
    return EXIT.ok;
  } finally {
    await close();
  }
}
