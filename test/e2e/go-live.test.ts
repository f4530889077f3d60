import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connectStore, type StoreHandle } from '#shell/store/client.ts';
import { createStore, type Store } from '#shell/store/store.ts';
import { FAKE_KEYS, FakeAlpaca } from '#test/support/fake-alpaca.ts';
import { FakeAlpacaData } from '#test/support/fake-alpaca-data.ts';
import {
  type LiveProcess,
  lastWordsOf,
  projectWith,
  sayTo,
  startDesk,
  until,
} from '#test/support/live-process.ts';
import { makeDataFolder } from '#test/support/store-backends.ts';

/*
 * An account goes from made-up money to real money and back by chat, while its desk runs: two fakes of
 * Alpaca, one at each address, tell by their own calls which of them the desk is on.
 */

const STREAM = 'live/desk/us-vwap';
const dataDir = makeDataFolder();
const { keyId, secretKey } = FAKE_KEYS;
const PAPER_KEYS = { ALPACA_PAPER_KEY_ID: keyId, ALPACA_PAPER_SECRET_KEY: secretKey };
const BOTH = { ...PAPER_KEYS, ALPACA_LIVE_KEY_ID: keyId, ALPACA_LIVE_SECRET_KEY: secretKey };
const paper = new FakeAlpaca();
const live = new FakeAlpaca();
const prices = new FakeAlpacaData();
let project: ReturnType<typeof projectWith>;
let handle: StoreHandle;
let store: Store;
let desk: LiveProcess;
const started: LiveProcess[] = [];

before(async () => {
  const { dataUrl, dataStreamUrl } = await prices.listen();
  const side = async (credentials: string, broker: FakeAlpaca) => ({
    credentials,
    tradingUrl: await broker.listen(),
  });
  paper.exchange.cash = 100_000;
  live.exchange.cash = 25_000.5;
  const alpaca = {
    id: 'alpaca-us',
    market: 'US',
    broker: 'alpaca',
    environment: 'paper',
    currency: 'USD',
    feed: 'sip', // on one venue's prices alone no desk enters by itself
    dataUrl,
    dataStreamUrl,
    paper: await side('ALPACA_PAPER', paper),
    live: await side('ALPACA_LIVE', live),
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
});

after(async () => {
  for (const { child } of started) child.kill('SIGKILL');
  await handle.closeAndStop();
  for (const server of [paper, live, prices]) await server.close();
  project.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

function start(env: Readonly<Record<string, string>>): void {
  // one that a failed test left behind would keep the folder
  for (const { child } of started) child.kill('SIGKILL');
  desk = startDesk(project.root, { CENTAUR_PROFILE: 'paper', CENTAUR_DATA_DIR: dataDir, ...env });
  started.push(desk);
}

async function end(): Promise<void> {
  desk.child.kill('SIGTERM');
  assert.equal(await desk.ended, 0, desk.stderr());
}

const tell = () => lastWordsOf(desk);
const say = (text: string, answer: RegExp) => sayTo(desk, text, answer);
const eventsOf = async () => store.events.read(STREAM);
const countOf = async (type: string) =>
  (await eventsOf()).filter((event) => event.type === type).length;

async function cleanAgain(before: number): Promise<void> {
  await until('a clean account', async () => (await countOf('reconciled')) > before, tell);
}

/** Asks for the live side and answers the question with the phrase it shows. */
async function goLive(answer: RegExp): Promise<string> {
  const asked = await say('/account alpaca-us live', /type within .*: LIVE ALPACA-US \d{4}/);
  assert.match(asked, /LIVE, REAL MONEY/);
  const [phrase = ''] = /LIVE ALPACA-US \d{4}/.exec(asked) ?? [];
  return say(phrase, answer);
}

test('AL-02 CX-08 an account is not taken live without its keys, and the chat names them', async () => {
  start(PAPER_KEYS);
  await cleanAgain(0);
  const accounts = await say('/accounts', /alpaca-us · alpaca US USD/);
  assert.match(accounts, /live needs ALPACA_LIVE_KEY_ID, ALPACA_LIVE_SECRET_KEY/);
  assert.match(accounts, /desk us-vwap · .*\/account alpaca-us live/);
  await goLive(/does not go to LIVE.*keys are not set.*ALPACA_LIVE_KEY_ID/s);
  assert.equal(live.calls.length, 0);
  await end();
});

test('AL-02 CX-08 an account with holdings of its own is not taken live by chat', async () => {
  start(BOTH);
  await cleanAgain(await countOf('reconciled'));
  live.exchange.positions.set('SPY', { quantity: 3, cost: 1_500 });
  await goLive(/does not go to LIVE.*holds positions or orders already.*positions 1/s);
  live.exchange.positions.delete('SPY');
  assert.equal(await countOf('environment_changed'), 0);
});

test('AL-02 CX-08 CX-09 the typed phrase takes the account live: its money, its book, no permission', async () => {
  const before = await countOf('reconciled');
  await goLive(/alpaca-us is LIVE, REAL MONEY .*cash .*25,000\.50/);
  await cleanAgain(before);
  const changed = (await eventsOf()).find(({ type }) => type === 'environment_changed');
  assert.partialDeepStrictEqual(changed?.data, { from: 'paper', to: 'live', cashMinor: 2_500_050 });
  const status = await say('/status', /LIVE · us-vwap/);
  assert.match(status, /reducing/);
  paper.calls.length = 0;
  live.calls.length = 0;
  await say('/reconcile', /alpaca-us/);
  assert.ok(
    live.calls.some((call) => /positions/.test(call)),
    live.calls.join(' '),
  );
  assert.deepEqual(paper.calls, []);
  const sides = JSON.parse(readFileSync(join(dataDir, 'accounts.json'), 'utf8'));
  assert.deepEqual(sides, { 'alpaca-us': 'live' });
});

test('AL-02 CX-08 what the chat chose outlasts the process, and asks for nothing again', async () => {
  await end();
  paper.calls.length = 0;
  const before = await countOf('reconciled');
  start(BOTH);
  await cleanAgain(before);
  await say('/status', /LIVE · us-vwap/);
  assert.deepEqual(paper.calls, []);
  assert.equal(await countOf('environment_changed'), 1);
});

test('CX-09 AL-02 on the live account mode auto takes a phrase of its own', async () => {
  const asked = await say('/mode auto', /type within .*: AUTO ALPACA-US \d{4}/);
  const [phrase = ''] = /AUTO ALPACA-US \d{4}/.exec(asked) ?? [];
  await say(phrase, /Mode semi → auto/);
});

test('AL-02 CX-08 back to paper it goes by one word, also while the desk is killed', async () => {
  const before = await countOf('reconciled');
  await say('kill', /KILL/);
  live.calls.length = 0;
  await say('/account alpaca-us paper', /alpaca-us is paper, no real money/);
  await cleanAgain(before);
  live.calls.length = 0;
  const status = await say('/status', /us-vwap/);
  assert.doesNotMatch(status, /LIVE · us-vwap/);
  assert.match(status, /halted/);
  await say('/reconcile', /alpaca-us/);
  assert.deepEqual(live.calls, []);
  const said = desk.heard() + desk.stderr();
  assert.equal(said.includes(secretKey) || said.includes(keyId), false);
  await end();
});

test('AL-02 CX-08 a killed desk is not taken live', async () => {
  start(BOTH);
  await until('the desk', () => /us-vwap/.test(desk.heard()), tell);
  const asked = await say('/account alpaca-us live', /type within .*: LIVE ALPACA-US \d{4}/);
  const [phrase = ''] = /LIVE ALPACA-US \d{4}/.exec(asked) ?? [];
  await say(phrase, /account refused: killed/);
  assert.equal(await countOf('environment_changed'), 2);
  await end();
});
