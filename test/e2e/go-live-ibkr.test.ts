import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { connectStore, type StoreHandle } from '#shell/store/client.ts';
import { createStore, type Store } from '#shell/store/store.ts';
import { FakeIbkr } from '#test/support/fake-ibkr.ts';
import {
  type LiveProcess,
  lastWordsOf,
  projectWith,
  sayTo,
  sayWithPhrase,
  sayYes,
  startDesk,
  until,
} from '#test/support/live-process.ts';
import { makeDataFolder } from '#test/support/store-backends.ts';

/*
 * An account of Interactive Brokers goes from made-up money to real money and back by chat: two gateways
 * on the wire, one logged in to a paper account and one to a live one, tell by what they receive which of
 * them the desk is on.
 */

const STREAM = 'live/desk/us-vwap';
const dataDir = makeDataFolder();
const paper = new FakeIbkr({ account: 'DU1111111', cash: 100_000 });
const live = new FakeIbkr({ account: 'U2222222', cash: 25_000.5 });
/** A gateway at the live address that somebody logged in to another account. */
const strange = new FakeIbkr({ account: 'DU3333333' });
let project: ReturnType<typeof projectWith>;
let handle: StoreHandle;
let store: Store;
let desk: LiveProcess;
const started: LiveProcess[] = [];

before(async () => {
  await paper.listen();
  await strange.listen();
  const side = (fake: FakeIbkr, port: number, clientId: number) => ({
    host: '127.0.0.1',
    port,
    clientId,
    masterClientId: fake.masterClientId,
    accountId: fake.account,
  });
  const account = {
    id: 'ibkr-us',
    market: 'US',
    broker: 'ibkr',
    environment: 'paper',
    currency: 'USD',
    marketData: 'live',
    paper: side(paper, paper.port, 11),
    live: side(live, strange.port, 12),
  };
  project = projectWith({
    'accounts.yaml': { accounts: [account] },
    'desks/us-vwap.yaml': { account: 'ibkr-us' },
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
  for (const gateway of [paper, live, strange]) await gateway.close();
  project.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

function start(env: Readonly<Record<string, string>> = {}): void {
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
const goLive = (answer: RegExp) =>
  sayWithPhrase(desk, '/account ibkr-us live', /LIVE IBKR-US \d{4}/, answer);

/** The desk hears one gateway and is gone from the other. */
async function isOn(fake: FakeIbkr, left: FakeIbkr): Promise<void> {
  await until('the other gateway left', () => left.connections() === 0, tell);
  left.received.length = 0;
  fake.received.length = 0;
  await say('/reconcile', /book and broker agree/);
  const asked = fake.received.map(([kind]) => kind);
  // positions and all open orders were asked for here, nothing there
  assert.ok(asked.includes('61') && asked.includes('16'), asked.join(' '));
  assert.deepEqual(left.received, []);
}

test('AL-02 CX-08 a gateway at the live address that is logged in elsewhere is refused, and the desk stays on paper', async () => {
  start();
  await cleanAgain(0);
  const accounts = await say('/accounts', /ibkr-us · ibkr US USD/);
  assert.match(accounts, /\/account ibkr-us live/);
  const refused = await goLive(/does not go to LIVE.*nothing has changed/s);
  assert.match(refused, /found 1 other accounts, expected the one configured/);
  assert.equal(refused.includes(strange.account) || refused.includes(live.account), false);
  assert.equal(await countOf('environment_changed'), 0);
  await isOn(paper, strange);
});

test('AL-02 CX-08 no gateway at the live address, or one whose account holds something, is refused', async () => {
  const { port } = strange;
  await strange.close();
  await goLive(/does not go to LIVE.*ECONNREFUSED/s);
  await live.listen(port);
  live.positions.set('SPY', { quantity: 3, average: 500 });
  await goLive(/does not go to LIVE.*holds positions or orders already.*positions 1/s);
  live.positions.clear();
  assert.equal(await countOf('environment_changed'), 0);
});

test('AL-02 CX-08 CX-09 the typed phrase takes the desk to the live gateway: its money, its book, no permission', async () => {
  const before = await countOf('reconciled');
  await goLive(/ibkr-us is LIVE, REAL MONEY .*cash .*25,000\.50/);
  await cleanAgain(before);
  assert.match(await say('/status', /LIVE · us-vwap/), /reducing/);
  await isOn(live, paper);
  const sides = JSON.parse(readFileSync(join(dataDir, 'accounts.json'), 'utf8'));
  assert.deepEqual(sides, { 'ibkr-us': 'live' });
  assert.equal(await countOf('safe_mode_entered'), 0);
});

test('AL-02 CX-08 what the chat chose outlasts the process, and asks for nothing again', async () => {
  await end();
  paper.received.length = 0;
  const before = await countOf('reconciled');
  start();
  await cleanAgain(before);
  await say('/status', /LIVE · us-vwap/);
  assert.deepEqual(paper.received, []);
  assert.equal(await countOf('environment_changed'), 1);
});

test('AL-02 CX-08 back to the paper gateway it goes by one word, also while the desk is killed', async () => {
  const before = await countOf('reconciled');
  await say('kill', /KILL/);
  await say('/account ibkr-us paper', /ibkr-us is paper, no real money/);
  await cleanAgain(before);
  const status = await say('/status', /us-vwap/);
  assert.doesNotMatch(status, /LIVE · us-vwap/);
  assert.match(status, /halted/);
  await isOn(paper, live);
  await sayYes(desk, '/resume all tried', /us-vwap · reducing/);
  assert.match(await say('/status', /us-vwap/), /reducing/);
  await end();
});

test('AL-02 CX-09 with an enrolled device the live gateway takes its code, and the phrase alone is not enough', async () => {
  const secret = new Secret({ size: 20 }).base32;
  const before = await countOf('reconciled');
  start({ CENTAUR_TOTP_SECRET: secret });
  await cleanAgain(before);
  const asked = await say('/account ibkr-us live', /LIVE IBKR-US/);
  assert.doesNotMatch(asked, /LIVE IBKR-US \d/);
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
  const wrong = `${(Number(code[0]) + 1) % 10}${code.slice(1)}`;
  await say(`LIVE IBKR-US ${wrong}`, /code/);
  assert.equal(await countOf('environment_changed'), 2);
  await say(`LIVE IBKR-US ${code}`, /ibkr-us is LIVE, REAL MONEY/);
  assert.equal(await countOf('environment_changed'), 3);
  await end();
  assert.equal(`${desk.heard()}${desk.stderr()}`.includes(secret), false);
});
