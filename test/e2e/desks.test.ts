import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { connectStore, type StoreHandle } from '#shell/store/client.ts';
import { createStore, type Store } from '#shell/store/store.ts';
import { runCli } from '#test/support/cli.ts';
import {
  deskLike,
  type LiveProcess,
  projectWith,
  startDesk,
  until,
} from '#test/support/live-process.ts';
import { makeDataFolder } from '#test/support/store-backends.ts';

const DESKS = ['us-vwap', 'us-second'];
const dataDir = makeDataFolder();
const env = { CENTAUR_PROFILE: 'paper', CENTAUR_DATA_DIR: dataDir };
const ACCOUNT = { market: 'US', broker: 'paper', environment: 'paper', currency: 'USD' };
const { root, remove } = projectWith({
  'accounts.yaml': {
    accounts: [
      { id: 'paper-us', ...ACCOUNT, cash: 100_000 },
      { id: 'paper-second', ...ACCOUNT, cash: 50_000 },
    ],
  },
  'desks/us-second.yaml': deskLike('us-second', 'paper-second', ['SPY'], 50_000),
  'profiles/paper.yaml': { desks: DESKS },
});
let handle: StoreHandle;
let store: Store;
let running: LiveProcess | null = null;

before(async () => {
  handle = await connectStore({ dataFolder: dataDir, databaseUrl: null, purpose: 'test' });
  store = createStore(handle);
});

after(async () => {
  running?.child.kill('SIGKILL');
  await handle.closeAndStop();
  rmSync(dataDir, { recursive: true, force: true });
  remove();
});

function start(): LiveProcess {
  running = startDesk(root, env);
  return running;
}

async function eventsOf(deskId: string): Promise<string[]> {
  return (await store.events.read(`live/desk/${deskId}`)).map(({ type }) => type);
}

const haveBoth = async (type: string): Promise<boolean> =>
  (await Promise.all(DESKS.map(eventsOf))).every((types) => types.includes(type));

test('AL-02 two desks run in one process, each on its own account, and one chat speaks to both', async () => {
  const desk = start();
  await until('both desks', () => haveBoth('reconciled'));
  desk.say('/status');
  await until('both in the status', () => DESKS.every((id) => desk.heard().includes(id)));
  desk.say('/allow');
  await until('the question which desk', () => /Which desk\?.*us-second/.test(desk.heard()));
  desk.say('/stop us-second');
  await until('the stop', async () => (await eventsOf('us-second')).includes('consent_withdrawn'));
  assert.equal((await eventsOf('us-vwap')).includes('consent_withdrawn'), false);

  const refused = await runCli(['start', '--profile', 'paper'], { root, dataDir, env });
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /desk: already running as pid \d+/);
  running?.child.kill('SIGTERM');
  assert.equal(await desk.ended, 0);
});

test('AL-02 after a crash both desks come back, each with its own book', async () => {
  const first = start();
  await until('the first start', async () => (await eventsOf('us-vwap')).length > 3);
  await until('the terminal', () => first.heard() !== '');
  running?.child.kill('SIGKILL');
  await first.ended;
  const again = start();
  await until('both recovered', () => haveBoth('desk_recovered'));
  const [opened] = await store.events.read('live/desk/us-second');
  assert.partialDeepStrictEqual(opened, { type: 'desk_opened', data: { cashMinor: 5_000_000 } });
  const day = new Date().toISOString();
  const job = await runCli(['job', 'us-premarket', '--at', day, '--json'], { root, dataDir, env });
  assert.ok(job.code === 0 || job.code === 4, job.stderr);
  await until('the day at both', async () => {
    const types = await Promise.all(DESKS.map(eventsOf));
    return types.every(
      (one) => one.includes('session_planned') || one.includes('verdict_declared'),
    );
  });
  running?.child.kill('SIGTERM');
  assert.equal(await again.ended, 0);
});
