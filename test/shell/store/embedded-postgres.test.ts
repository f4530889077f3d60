import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { Failure, StoreError } from '#app/errors.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#shell/store/embedded-postgres.ts';
import { liveness, runProgram } from '#shell/store/server-process.ts';
import { canReach, canTraverse, findServerUser } from '#shell/store/server-user.ts';
import { makeDataFolder } from '#test/support/store-backends.ts';
import { runChild } from '#test/support/store-process.ts';

const isRoot = process.getuid?.() === 0;
const isLinux = process.platform === 'linux';
const folders: string[] = [];

function freshFolder(mode = 0o755): string {
  const folder = makeDataFolder(mode);
  folders.push(folder);
  return folder;
}

async function answers(server: EmbeddedPostgres): Promise<Record<string, string>> {
  const sql = postgres({ ...server.owner, max: 1, fetch_types: false });
  try {
    const rows = await sql<{ name: string; setting: string }[]>`
      select name, setting from pg_settings
      where name in ('fsync', 'synchronous_commit', 'listen_addresses')`;
    return Object.fromEntries(rows.map((row) => [row.name, row.setting]));
  } finally {
    await sql.end();
  }
}

/** Writes over the pid in a lock file, as a reboot or a crash would leave it. */
function forgePid(file: string, pid: number): void {
  const rest = readFileSync(file, 'utf8').split('\n').slice(1);
  writeFileSync(file, [String(pid), ...rest].join('\n'));
}

/** A process that has ended and that its parent never reaps. */
async function makeZombie(): Promise<{ pid: number; end: () => void }> {
  // it ends only once its parent is another program: a shell would reap it before that
  const child = 'while read -r name </proc/$$/comm && [ "$name" != sleep ]; do :; done';
  const parent = spawn('/bin/sh', ['-c', `{ ${child}; } & echo $!; exec sleep 60`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const pid = Number(await new Promise<Buffer>((done) => parent.stdout.once('data', done)));
  while (!readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z')) await sleep(5);
  return { pid, end: () => parent.kill() };
}

after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

test('SP-11 a server is created, adopted, stopped and started again, durable and unreachable from outside', async () => {
  const folder = freshFolder();
  const first = await startEmbeddedPostgres(folder);
  assert.equal(first.wasAdopted, false);
  const settings = { fsync: 'on', synchronous_commit: 'on', listen_addresses: '' };
  assert.deepEqual(await answers(first), settings);
  const second = await startEmbeddedPostgres(folder);
  assert.deepEqual([second.wasAdopted, second.pid()], [true, first.pid()]);
  assert.equal(await second.stop(), 'stopped');
  assert.equal(await first.stop(), 'not_running');
  const third = await startEmbeddedPostgres(folder);
  assert.equal(third.wasAdopted, false);
  assert.equal(await third.stop(), 'stopped');
});

test('passwords are kept from other users and a wrong one is refused', async () => {
  const folder = freshFolder();
  const server = await startEmbeddedPostgres(folder);
  const { mode } = statSync(join(server.place.cluster, 'credentials.json'));
  assert.equal(mode & 0o777, 0o600);
  assert.equal(statSync(server.place.socketDir).mode & 0o777, 0o700);
  const sql = postgres({ ...server.app, password: 'guess', max: 1, fetch_types: false });
  await assert.rejects(sql`select 1`, { code: '28P01' });
  await sql.end();
  await server.stop();
});

test('a lock file with the pid of a stranger is seen through', { skip: !isLinux }, async () => {
  const folder = freshFolder();
  const server = await startEmbeddedPostgres(folder);
  const { dataDir, socketDir, user } = server.place;
  const pidFile = join(dataDir, 'postmaster.pid');
  const lockFile = join(socketDir, '.s.PGSQL.5432.lock');
  const files = [pidFile, lockFile].map((file) => [file, readFileSync(file)] as const);
  await server.stop();
  for (const [file, content] of files) {
    writeFileSync(file, content, { mode: 0o600 });
    if (user !== null) chownSync(file, user.uid, user.gid);
  }
  // a program of the same user, so that the server itself would believe the file
  const stranger = spawn(
    '/bin/sleep',
    ['60'],
    user === null ? {} : { uid: user.uid, gid: user.gid },
  );
  for (const [file] of files) forgePid(file, stranger.pid ?? 0);
  assert.equal(liveness(pidFile, dataDir), 'foreign');
  const again = await startEmbeddedPostgres(folder);
  assert.equal(again.wasAdopted, false);
  assert.equal(liveness(pidFile, dataDir), 'live');
  stranger.kill();
  assert.equal(await again.stop(), 'stopped');
});

test('a lock file with the pid of a zombie is seen through', { skip: !isLinux }, async () => {
  const folder = freshFolder();
  const server = await startEmbeddedPostgres(folder);
  const { dataDir, user } = server.place;
  const pidFile = join(dataDir, 'postmaster.pid');
  const content = readFileSync(pidFile);
  await server.stop();
  const zombie = await makeZombie();
  writeFileSync(pidFile, content, { mode: 0o600 });
  if (user !== null) chownSync(pidFile, user.uid, user.gid);
  forgePid(pidFile, zombie.pid);
  assert.equal(liveness(pidFile, dataDir), 'zombie');
  const again = await startEmbeddedPostgres(folder);
  assert.equal(liveness(pidFile, dataDir), 'live');
  zombie.end();
  assert.equal(await again.stop(), 'stopped');
});

test('a server killed at once is started again on the same data', async () => {
  const folder = freshFolder();
  const server = await startEmbeddedPostgres(folder);
  const pid = server.pid() ?? 0;
  process.kill(pid, 'SIGKILL');
  const again = await startEmbeddedPostgres(folder);
  assert.notEqual(again.pid(), pid);
  assert.equal((await answers(again))['fsync'], 'on');
  assert.equal(await again.stop(), 'stopped');
});

test('the server is not stopped under another process that uses it', async () => {
  const folder = freshFolder();
  const child = runChild(folder, 'hold');
  assert.equal((await child.next())['wasAdopted'], false);
  const server = await startEmbeddedPostgres(folder);
  assert.equal(server.wasAdopted, true);
  assert.equal(await server.stop(), 'in_use');
  await child.finish();
  assert.equal(await server.stop(), 'not_running');
});

test('four processes on one empty folder make one database and migrate it once', async () => {
  const folder = freshFolder();
  const children = Array.from({ length: 4 }, () => runChild(folder, 'append'));
  const ready = await Promise.all(children.map((child) => child.next()));
  assert.deepEqual(
    ready.map((line) => line['error']),
    [undefined, undefined, undefined, undefined],
  );
  const applied = ready.map((line) => Number(line['migrationsApplied'])).sort();
  assert.deepEqual(applied.slice(0, 3), [0, 0, 0]);
  assert.ok((applied[3] ?? 0) > 0);
  await Promise.all(children.map((child) => child.finish()));
  const server = await startEmbeddedPostgres(folder);
  const sql = postgres({ ...server.owner, max: 1, fetch_types: false });
  const rows = await sql`select stream, count(*)::int as events from events group by 1`;
  assert.deepEqual(
    rows.map((row) => row['events']),
    [20, 20, 20, 20],
  );
  await sql.end();
  await server.stop();
});

test('a path too long for a socket gets a short folder of its own', async () => {
  const folder = join(freshFolder(), 'x'.repeat(90));
  const server = await startEmbeddedPostgres(folder);
  assert.ok(Buffer.byteLength(join(server.place.socketDir, '.s.PGSQL.5432')) <= 103);
  assert.equal(server.place.isElsewhere, false);
  await server.stop();
  rmSync(server.place.socketDir, { recursive: true, force: true });
});

test('root under a 0755 folder: the server runs as another user, in the folder', {
  skip: isRoot ? false : 'not root',
}, async () => {
  const folder = freshFolder(0o755);
  const server = await startEmbeddedPostgres(folder);
  assert.equal(server.place.isElsewhere, false);
  assert.notEqual(server.place.user?.uid ?? 0, 0);
  const status = readFileSync(`/proc/${server.pid()}/status`, 'utf8');
  assert.match(status, new RegExp(`Uid:\\t${server.place.user?.uid}\\t`));
  await server.stop();
});

test('root under a 0700 folder: the database lives under /var/lib/centaur and is found again', {
  skip: isRoot ? false : 'not root',
}, async () => {
  const parent = freshFolder(0o700);
  const folder = join(parent, 'data');
  const server = await startEmbeddedPostgres(folder);
  assert.equal(server.place.isElsewhere, true);
  assert.match(server.place.home, /^\/var\/lib\/centaur\/[0-9a-f]{12}$/);
  await server.stop();
  chmodSync(parent, 0o755);
  const again = await startEmbeddedPostgres(folder);
  assert.equal(again.place.home, server.place.home);
  await again.stop();
  rmSync(server.place.home, { recursive: true, force: true });
  await assert.rejects(
    startEmbeddedPostgres(folder),
    (error) => error instanceof Failure && error.code === 'database_missing',
  );
});

test('a normal user runs the server as itself; root then joins it', {
  skip: isRoot ? false : 'not root: every other test here runs as a normal user',
}, async () => {
  const folder = join(freshFolder(), 'data');
  const nobody = findServerUser('nobody:x:65534:65534::/:/bin/false')?.uid ?? 0;
  mkdirSync(folder);
  chownSync(folder, nobody, nobody);
  const child = runChild(folder, 'hold', nobody);
  const ready = await child.next();
  assert.deepEqual([ready['error'], ready['uid'], ready['isElsewhere']], [undefined, null, false]);
  const server = await startEmbeddedPostgres(folder);
  assert.deepEqual([server.wasAdopted, server.place.user?.uid], [true, nobody]);
  await child.finish();
  await server.stop();
  const stranger = runChild(folder, 'hold', 65533);
  assert.match(String((await stranger.next())['error']), /expected the user that made it/);
  await stranger.finish();
});

test('a program that cannot be started is a rejection, not a crash', async () => {
  await assert.rejects(
    runProgram('/nowhere/initdb', [], null),
    (error) => error instanceof StoreError && error.code === 'server_start_failed',
  );
  await assert.rejects(runProgram('/bin/sh', ['-c', 'echo broken >&2; exit 3'], null), StoreError);
});

test('an unfinished cluster of a dead process is cleared away', async () => {
  const folder = freshFolder();
  mkdirSync(join(folder, 'pg', 'cluster.999999999.tmp', 'data'), { recursive: true });
  const server = await startEmbeddedPostgres(folder);
  assert.deepEqual(
    readdirSync(join(folder, 'pg')).filter((name) => name.endsWith('.tmp')),
    [],
  );
  assert.ok(existsSync(join(server.place.cluster, 'credentials.json')));
  await server.stop();
});

test('an unprivileged account is found and its reach is judged by mode bits', () => {
  assert.equal(findServerUser('root:x:0:0::/:/bin/sh\n'), null);
  const passwd = 'nobody:x:65534:65534::/:/bin/false\npostgres:x:101:104::/:/bin/sh\n';
  assert.deepEqual(findServerUser(passwd), { uid: 101, gid: 104 });
  const stranger = { uid: 54321, gid: 54321 };
  const folder = freshFolder(0o711);
  writeFileSync(join(folder, 'secret'), '', { mode: 0o600 });
  assert.deepEqual([canTraverse(folder, stranger), canReach(folder, stranger)], [true, false]);
  assert.equal(canReach(join(folder, 'secret'), stranger), false);
  chmodSync(join(folder, 'secret'), 0o644);
  assert.equal(canReach(join(folder, 'secret'), stranger), true);
  chmodSync(folder, 0o700);
  assert.equal(canTraverse(folder, stranger), false);
  assert.equal(canTraverse(join(folder, 'none'), stranger), false);
});
