import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { createAlpacaFeed } from '#shell/feeds/us/alpaca.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { connectStore, type StoreHandle } from '#shell/store/client.ts';
import { createStore, type Store } from '#shell/store/store.ts';
import { FAKE_KEYS, FakeAlpaca } from '#test/support/fake-alpaca.ts';
import { FakeAlpacaData } from '#test/support/fake-alpaca-data.ts';
import {
  type LiveProcess,
  lastWordsOf,
  projectWith,
  sayTo,
  sayYes,
  startDesk,
  until,
} from '#test/support/live-process.ts';
import { makeDataFolder } from '#test/support/store-backends.ts';

/*
 * A desk process whose prices are refused: another session holds the only connection to the stream, as a
 * frozen leader does whose place the desk took, and then a symbol is left out of what is given.
 */

const STREAM = 'live/desk/us-vwap';
const dataDir = makeDataFolder();
const { keyId, secretKey } = FAKE_KEYS;
const broker = new FakeAlpaca();
const prices = new FakeAlpacaData();
let urls: Awaited<ReturnType<FakeAlpacaData['listen']>>;
let project: ReturnType<typeof projectWith>;
let handle: StoreHandle;
let store: Store;
let desk: LiveProcess;
let holder: { stop(): void };

before(async () => {
  urls = await prices.listen();
  const common = { feed: 'sip', ...urls, keys: FAKE_KEYS, clock: createSystemClock() } as const;
  const nothing = () => undefined;
  holder = createAlpacaFeed(common).subscribe(['SPY.US'], { bar: nothing, quote: nothing });
  const alpaca = {
    id: 'alpaca-us',
    market: 'US',
    broker: 'alpaca',
    environment: 'paper',
    currency: 'USD',
    feed: 'sip',
    ...urls,
    paper: { credentials: 'ALPACA_PAPER', tradingUrl: await broker.listen() },
    live: null,
  };
  project = projectWith({
    'accounts.yaml': { accounts: [alpaca] },
    'desks/us-vwap.yaml': { account: 'alpaca-us' },
    // no job plans a session, so that the hour at which the test runs decides nothing
    'schedule.yaml': {
      jobs: [{ job: 'sync-calendar', market: 'US', at: '06:00', graceMinutes: 720 }],
    },
  });
  handle = await connectStore({ dataFolder: dataDir, databaseUrl: null, purpose: 'test' });
  store = createStore(handle);
  await until('the other session', () => prices.sessionCount === 1);
});

after(async () => {
  desk.child.kill('SIGKILL');
  holder.stop();
  await handle.closeAndStop();
  for (const server of [broker, prices]) await server.close();
  project.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

const tell = () => lastWordsOf(desk);

/** Symbols whose prices are refused as the log has it, and those given again that nobody released. */
async function refused() {
  const names = { refused: new Set<string>(), gone: new Set<string>() };
  for (const { type, data } of await store.events.read(STREAM)) {
    const { cause, subject = '' } = data as { cause?: string; subject?: string };
    if (type === 'safe_mode_left') names.gone.clear();
    if (cause !== 'data_denied') continue;
    if (type === 'safe_mode_entered') names.refused.add(subject);
    if (type !== 'safe_mode_cause_passed' || !names.refused.delete(subject)) continue;
    names.gone.add(subject);
  }
  return { refused: [...names.refused].sort(), gone: [...names.gone].sort() };
}

test('ID-07 ID-09 prices that another session keeps away are said in the chat, and come once it lets go', async () => {
  desk = startDesk(project.root, {
    CENTAUR_PROFILE: 'paper',
    CENTAUR_DATA_DIR: dataDir,
    ALPACA_PAPER_KEY_ID: keyId,
    ALPACA_PAPER_SECRET_KEY: secretKey,
  });
  const all = ['AAPL.US', 'MU.US', 'QQQM.US'];
  await until('a refusal of all', async () => (await refused()).refused.length === 3, tell);
  await until('its words', () => /406 connection limit/.test(desk.heard()), tell);
  assert.match(desk.heard(), /SAFE_MODE us-vwap: the source refuses prices/);
  assert.deepEqual((await refused()).refused, all);
  holder.stop();
  await until('prices of all', async () => (await refused()).gone.length === 3, tell);
  assert.deepEqual(prices.symbolsOf('bars'), ['AAPL', 'MU', 'QQQM']);
  await sayYes(desk, '/safe off', /SAFE_MODE left/);
});

test('ID-07 a symbol that is left out of what is given is named and blocked, the others are not', async () => {
  prices.withheld.set('quotes', 'AAPL');
  prices.dropStreams();
  await until('a refusal', async () => (await refused()).refused.length === 1, tell);
  assert.deepEqual((await refused()).refused, ['AAPL.US']);
  const health = await sayTo(desk, '/health', /the source refuses prices AAPL\.US .*quotes/);
  assert.doesNotMatch(health, /refuses prices MU/);
  prices.withheld.clear();
  prices.dropStreams();
  await until('its prices', async () => (await refused()).gone.length === 1, tell);
  await sayYes(desk, '/safe off', /SAFE_MODE left/);
});
