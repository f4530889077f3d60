import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connectStore, type StoreHandle } from '#shell/store/client.ts';
import { createStore, type Store } from '#shell/store/store.ts';
import { FAKE_KEYS, FakeAlpaca } from '#test/support/fake-alpaca.ts';
import { FakeAlpacaData } from '#test/support/fake-alpaca-data.ts';
import { type LiveProcess, projectWith, startDesk, until } from '#test/support/live-process.ts';
import { makeDataFolder } from '#test/support/store-backends.ts';

const STREAM = 'live/desk/us-vwap';
const dataDir = makeDataFolder();
const keys = { ALPACA_PAPER_KEY_ID: FAKE_KEYS.keyId, ALPACA_PAPER_SECRET_KEY: FAKE_KEYS.secretKey };
const broker = new FakeAlpaca();
const prices = new FakeAlpacaData();
let project: ReturnType<typeof projectWith>;
let handle: StoreHandle;
let store: Store;
let running: LiveProcess | null = null;
let tradingUrl: string;

before(async () => {
  tradingUrl = await broker.listen();
  const { dataUrl, dataStreamUrl } = await prices.listen();
  const side = { credentials: 'ALPACA_PAPER', tradingUrl };
  const alpaca = {
    id: 'alpaca-us',
    market: 'US',
    broker: 'alpaca',
    environment: 'paper',
    currency: 'USD',
    feed: 'iex',
    dataUrl,
    dataStreamUrl,
    paper: side,
    live: null,
  };
  project = projectWith({
    'accounts.yaml': { accounts: [alpaca] },
    'desks/us-vwap.yaml': { account: 'alpaca-us' },
  });
  handle = await connectStore({ dataFolder: dataDir, databaseUrl: null, purpose: 'test' });
  store = createStore(handle);
});

after(async () => {
  running?.child.kill('SIGKILL');
  await handle.closeAndStop();
  await broker.close();
  await prices.close();
  project.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

function start(env: Readonly<Record<string, string>>): LiveProcess {
  running = startDesk(project.root, {
    CENTAUR_PROFILE: 'paper',
    CENTAUR_DATA_DIR: dataDir,
    ...env,
  });
  return running;
}

const eventsOf = async () => store.events.read(STREAM);
const types = async () => (await eventsOf()).map(({ type }) => type);

test('AL-02 a desk whose keys are missing names the variable and does not start', async () => {
  const desk = start({});
  assert.equal(await desk.ended, 2);
  assert.match(
    desk.stderr(),
    /^error: ALPACA_PAPER_KEY_ID: found nothing, expected a key of alpaca-us \(paper\) in \.env$/m,
  );
});

test('AL-01 AL-02 a desk on an Alpaca account takes its cash from there and compares its book', async () => {
  broker.exchange.cash = 54_321.5;
  const desk = start(keys);
  await until('a clean account', async () => (await types()).includes('reconciled'), desk.stderr);
  const [opened] = await eventsOf();
  assert.partialDeepStrictEqual(opened, { type: 'desk_opened', data: { cashMinor: 5_432_150 } });
  // what its sessions are planned from is asked of the vendor
  await until('stored bars', () => prices.calls.some(({ pathname }) => /bars$/.test(pathname)));
  desk.say('/status');
  await until('the status', () => /us-vwap/.test(desk.heard()));
  desk.child.kill('SIGTERM');
  assert.equal(await desk.ended, 0);
  const said = desk.heard() + desk.stderr();
  assert.equal(said.includes(FAKE_KEYS.secretKey) || said.includes(FAKE_KEYS.keyId), false);
});

test('ID-07 a broker that cannot be reached leaves the desk up and in doubt until it can', async () => {
  await broker.close();
  const desk = start(keys);
  const isInDoubt = async (): Promise<boolean> =>
    (await eventsOf()).some(
      ({ type, data }) =>
        type === 'safe_mode_entered' && (data as { cause: string }).cause === 'heartbeat_lost',
    );
  await until('the doubt', isInDoubt, desk.stderr);
  desk.say('/ping');
  await until('an answer', () => /pong|uptime/i.test(desk.heard()), desk.heard);
  const before = (await types()).length;
  await broker.listen(Number(new URL(tradingUrl).port));
  await until(
    'the end of the doubt',
    async () => (await types()).slice(before).includes('safe_mode_cause_passed'),
    () => readFileSync(join(dataDir, 'logs', 'desk.log'), 'utf8').slice(-3_000),
  );
  desk.child.kill('SIGTERM');
  assert.equal(await desk.ended, 0);
});
