import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeIbkr } from '#test/support/fake-ibkr.ts';
import { projectWith } from '#test/support/live-process.ts';
import {
  makeDataFolder,
  type OpenStore,
  openEmbedded,
  openOnServer,
} from '#test/support/store-backends.ts';

const gateway = new FakeIbkr();
const running: Started[] = [];
let project: ReturnType<typeof projectWith>;
let store: OpenStore;
/** Where the desks find their server. */
let server: Record<string, string>;

before(async () => {
  await gateway.listen();
  const side = {
    host: '127.0.0.1',
    port: gateway.port,
    clientId: 11,
    masterClientId: gateway.masterClientId,
    accountId: gateway.account,
  };
  const account = {
    id: 'ibkr-us',
    market: 'US',
    broker: 'ibkr',
    environment: 'paper',
    currency: 'USD',
    marketData: 'live',
    paper: side,
    live: null,
  };
  project = projectWith({
    'accounts.yaml': { accounts: [account] },
    'desks/us-vwap.yaml': { account: 'ibkr-us' },
    // no job plans a session, so that the hour at which the test runs decides nothing
    'schedule.yaml': {
      jobs: [{ job: 'sync-calendar', market: 'US', at: '06:00', graceMinutes: 720 }],
    },
  });
  const url = process.env['CENTAUR_TEST_DATABASE_URL'];
  if (url !== undefined) {
    const opened = await openOnServer(url);
    store = opened;
    server = { DATABASE_URL: opened.url };
    return;
  }
  const embedded = await openEmbedded();
  store = embedded;
  // the embedded server as one that is somebody else's: two desks may wait for each other on it
  const { host, database, username, password } = embedded.handle.embedded!.owner;
  server = {
    DATABASE_URL: `postgres:///${database}`,
    PGHOST: host,
    PGUSER: username,
    PGPASSWORD: password,
  };
});

after(async () => {
  for (const { child } of running) child.kill('SIGKILL');
  await store.close();
  await gateway.close();
  project.remove();
});

type Started = {
  readonly child: ChildProcess;
  readonly dataDir: string;
  stderr(): string;
  ended: Promise<number | null>;
};

/** `centaur start` on the clock, with a data folder of its own, as on a machine of its own. */
function start(): Started {
  const dataDir = makeDataFolder();
  const args = [join(project.root, 'bin', 'centaur.mjs'), 'start', '--profile', 'paper'];
  const child = spawn(process.execPath, args, {
    env: {
      ...process.env,
      CENTAUR_DATA_DIR: dataDir,
      CENTAUR_CHANNELS: 'terminal',
      ...server,
    },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const started = { child, dataDir, stderr: () => stderr, ended };
  running.push(started);
  return started;
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<number> {
  const from = performance.now();
  while (!(await isSo())) {
    assert.ok(
      performance.now() - from < 30_000,
      `waited 30 s for: ${what}; ${running.map((each) => each.stderr()).join('; ')}`,
    );
    await sleep(20);
  }
  return Math.round(performance.now() - from);
}

/** How often the desk has come to an end of its recovery: the account was compared. */
async function recoveries(): Promise<number> {
  const events = await store.store.events.read('live/desk/us-vwap');
  return events.filter(({ type }) => type === 'desk_opened' || type === 'desk_recovered').length;
}

/** How often book and account were found to agree. */
async function comparisons(): Promise<number> {
  const events = await store.store.events.read('live/desk/us-vwap');
  return events.filter(({ type }) => type === 'reconciled').length;
}

test('ID-09 a second desk waits on the same server and takes over within 10 s of kill -9, or of a freeze that keeps its client id at the broker', async (t) => {
  const leader = start();
  await until('the first desk', async () => (await comparisons()) === 1);
  assert.deepEqual(gateway.clientIds(), [11]);
  const standby = start();
  await until('the standby', async () => standby.stderr().includes('standby: pid'));
  assert.match(standby.stderr(), /^standby: pid \d+ on \S+ leads; this process waits/m);
  assert.equal(await recoveries(), 1);
  leader.child.kill('SIGKILL');
  const ms = await until('the takeover', async () => (await recoveries()) === 2);
  t.diagnostic(`kill -9 of the leader: the standby had its book after ${ms} ms`);
  assert.ok(ms <= 10_000, `took ${ms} ms`);
  await until('a comparison', async () => (await comparisons()) === 2);
  assert.deepEqual(gateway.clientIds(), [11], 'a dead one left it');
  await until('the line', async () => standby.stderr().includes('standby: leads now in place of'));

  const third = start();
  await until('another standby', async () => third.stderr().includes('standby: pid'));
  standby.child.kill('SIGSTOP');
  const stalledMs = await until('the takeover', async () => (await recoveries()) === 3);
  assert.deepEqual(gateway.clientIds(), [11, gateway.masterClientId]);
  t.diagnostic(`SIGSTOP of the leader: the standby had its book after ${stalledMs} ms`);
  assert.ok(stalledMs <= 10_000, `took ${stalledMs} ms`);
  standby.child.kill('SIGCONT');
  assert.equal(await standby.ended, 1);
  await until('a comparison', async () => (await comparisons()) === 3);
  await until('its connection ended', async () => !gateway.clientIds().includes(11));
  assert.match(standby.stderr(), /another process leads now \(pid \d+ on \S+\)/);
  third.child.kill('SIGINT');
  assert.equal(await third.ended, 0);
  for (const { dataDir } of running) rmSync(dataDir, { recursive: true, force: true });
});

test('ID-09 a standby that is told to end while it waits ends', async () => {
  const leader = start();
  await until(
    'a leader',
    async () => ((await store.store.epochs.current())?.silentMs ?? 9e9) < 2_000,
  );
  const standby = start();
  await until('the standby', async () => standby.stderr().includes('standby: pid'));
  standby.child.kill('SIGTERM');
  assert.equal(await standby.ended, 0);
  leader.child.kill('SIGTERM');
  assert.equal(await leader.ended, 0);
});
