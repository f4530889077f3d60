import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { connectStore, type StoreHandle } from '#shell/store/client.ts';
import { createStore, type Store } from '#shell/store/store.ts';
import { alpacaSide, type BrokerSide, ibkrSide } from '#test/support/broker-sides.ts';
import { FAKE_KEYS, OTHER_KEYS } from '#test/support/fake-alpaca.ts';
import {
  deskLike,
  type LiveProcess,
  lastWordsOf,
  projectWith,
  sayTo,
  sayWithPhrase,
  sayYes,
  startDesk,
  until,
} from '#test/support/live-process.ts';
import { LiveSession } from '#test/support/live-session.ts';
import { makeDataFolder } from '#test/support/store-backends.ts';

/*
 * One process, two desks, two accounts: one of made-up money and one of real money. Each is followed from its
 * signal to its orders, and the fake of the other account tells that nothing of it came there.
 */

const PAPER = 'us-vwap';
const LIVE = 'us-second';
const SYMBOLS = ['QQQM', 'AAPL'];
const LIVE_ID = { accountId: 'real-us', environment: 'live' } as const;
const PAPER_ID = { accountId: 'made-up-us', environment: 'paper' } as const;

type Pair = { readonly paper: BrokerSide; readonly live: BrokerSide };

/** Nothing is overdue while a test speaks: no job says a minute by itself here. */
const patient = (text: string): string =>
  text.replace('barOverdueSeconds: 20', 'barOverdueSeconds: 300');

const filesOf = ({ paper, live }: Pair) => ({
  'accounts.yaml': { accounts: [paper.settings, live.settings] },
  'desks/us-vwap.yaml': patient(deskLike(PAPER, paper.accountId, SYMBOLS, 100_000)),
  'desks/us-second.yaml': patient(deskLike(LIVE, live.accountId, SYMBOLS, 50_000)),
  'profiles/paper.yaml': { desks: [PAPER, LIVE] },
  // no job plans a session, so that the hour at which the test runs decides nothing
  'schedule.yaml': {
    jobs: [{ job: 'sync-calendar', market: 'US', at: '06:00', graceMinutes: 720 }],
  },
});

/** The second account is the first one under another name: the settings alone do not tell. */
const sameKeys = async (): Promise<Pair> => {
  const [one, two] = [
    { ...LIVE_ID, accountId: 'one' },
    { ...LIVE_ID, accountId: 'two' },
  ];
  const paper = await alpacaSide(one, OTHER_KEYS, 'ALPACA_ONE');
  const live = await alpacaSide(two, OTHER_KEYS, 'ALPACA_TWO');
  const settings = { ...live.settings, live: { ...Object(live.settings['live']) } };
  settings.live.tradingUrl = Object(paper.settings['live']).tradingUrl;
  return { paper, live: { ...live, settings } };
};

test('AL-02 two desks on one account are refused, also where its key has two names', async () => {
  const pair = await sameKeys();
  const dataDir = makeDataFolder();
  const project = projectWith(filesOf(pair));
  const env = { CENTAUR_PROFILE: 'paper', CENTAUR_DATA_DIR: dataDir };
  const desk = startDesk(project.root, { ...env, ...pair.paper.env, ...pair.live.env });
  try {
    assert.equal(await desk.ended, 2, desk.stderr());
    assert.match(
      desk.stderr(),
      /^error: desk us-second: account: found two on its live side, the same one at the broker as that of us-vwap, expected an account of its own$/m,
    );
    assert.equal(`${desk.heard()}${desk.stderr()}`.includes(OTHER_KEYS.keyId), false);
    assert.equal(pair.paper.sent() + pair.live.sent(), 0);
  } finally {
    desk.child.kill('SIGKILL');
    await pair.paper.close();
    await pair.live.close();
    project.remove();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

const PAIRS: readonly { readonly name: string; readonly open: () => Promise<Pair> }[] = [
  {
    name: 'Alpaca and Alpaca',
    open: async () => ({
      paper: await alpacaSide(PAPER_ID, FAKE_KEYS, 'ALPACA_PAPER'),
      live: await alpacaSide(LIVE_ID, OTHER_KEYS, 'ALPACA_LIVE'),
    }),
  },
  {
    name: 'Alpaca and Interactive Brokers',
    open: async () => ({
      paper: await alpacaSide(PAPER_ID, FAKE_KEYS, 'ALPACA_PAPER'),
      live: await ibkrSide(LIVE_ID, 'U2222222'),
    }),
  },
];

for (const { name, open } of PAIRS) {
  describe(name, () => {
    const dataDir = makeDataFolder();
    let pair: Pair;
    let project: ReturnType<typeof projectWith>;
    let handle: StoreHandle;
    let store: Store;
    let session: LiveSession;
    let desk: LiveProcess;
    const started: LiveProcess[] = [];

    before(async () => {
      pair = await open();
      project = projectWith(filesOf(pair));
      handle = await connectStore({ dataFolder: dataDir, databaseUrl: null, purpose: 'test' });
      store = createStore(handle);
      session = new LiveSession(store.inbox);
    });

    after(async () => {
      for (const { child } of started) child.kill('SIGKILL');
      await handle.closeAndStop();
      await pair.paper.close();
      await pair.live.close();
      project.remove();
      rmSync(dataDir, { recursive: true, force: true });
    });

    function start(env: Readonly<Record<string, string>> = {}): void {
      const { paper, live } = pair;
      const keys = { ...paper.env, ...live.env, ...env };
      const home = { CENTAUR_PROFILE: 'paper', CENTAUR_DATA_DIR: dataDir };
      desk = startDesk(project.root, { ...home, ...keys });
      started.push(desk);
    }

    const tell = () => lastWordsOf(desk);
    const say = (text: string, answer: RegExp) => sayTo(desk, text, answer);
    const eventsOf = (deskId: string) => store.events.read(`live/desk/${deskId}`);
    const countOf = async (deskId: string, type: string) =>
      (await eventsOf(deskId)).filter((event) => event.type === type).length;
    const isOf = (deskId: string) => (id: string) => id.includes(`.${deskId}.`);

    /** A signal becomes a ticket, the ticket a confirmation, and the entries lie at the account. */
    async function enter(deskId: string, side: BrokerSide, symbol: string): Promise<void> {
      side.offer(symbol);
      const before = await countOf(deskId, 'ticket_opened');
      await session.minute(deskId, `${symbol}.US`, true);
      await until('a ticket', async () => (await countOf(deskId, 'ticket_opened')) > before, tell);
      const opened = (await eventsOf(deskId)).findLast(({ type }) => type === 'ticket_opened');
      assert.ok(opened !== undefined);
      const { ticket } = opened.data as { ticket: { code: string } };
      await until('its card', () => desk.heard().includes(ticket.code), tell);
      side.offer(symbol);
      desk.say(`/confirm ${ticket.code}`);
      const entries = () =>
        side.working().filter((id) => /\.entry-\d$/.test(id) && id.includes(symbol));
      await until('two entries', () => entries().length === 2, tell);
    }

    /** Every share that the desk holds has a stop that works, in its own book. */
    async function protectedIn(deskId: string): Promise<boolean> {
      const accepted = (await eventsOf(deskId)).filter(({ type }) => type === 'order_accepted');
      return (
        accepted.filter(({ data }) => /stop/.test((data as { orderId: string }).orderId)).length >=
        2
      );
    }

    test('AL-02 CX-09 each desk is allowed by its own word: real money takes the phrase with its account', async () => {
      start();
      for (const id of [PAPER, LIVE])
        await until('a clean account', async () => (await countOf(id, 'reconciled')) > 0, tell);
      for (const id of [PAPER, LIVE]) {
        await session.open(id);
        await until('a plan', async () => (await countOf(id, 'session_planned')) === 1, tell);
      }
      await sayYes(desk, `/allow ${PAPER}`, /us-vwap · active/);
      assert.equal(await countOf(LIVE, 'consent_given'), 0);
      const asked = await say(`/allow ${LIVE}`, /ALLOW REAL-US \d{4}/);
      assert.match(asked, /LIVE, REAL MONEY/);
      // the other account's name is not this one's phrase
      const [phrase = ''] = /ALLOW REAL-US \d{4}/.exec(asked) ?? [];
      await say(phrase.replace('REAL-US', 'MADE-UP-US'), /./);
      assert.equal(await countOf(LIVE, 'consent_given'), 0);
      await say(phrase, /us-second · active/);
    });

    test('AL-02 ID-18 a signal at each becomes orders at its own account and nowhere else', async () => {
      const { paper, live } = pair;
      await enter(PAPER, paper, 'QQQM');
      assert.equal(live.sent(), 0);
      await enter(LIVE, live, 'QQQM');
      assert.equal(paper.orderIds().every(isOf(PAPER)), true, paper.orderIds().join(' '));
      assert.equal(live.orderIds().every(isOf(LIVE)), true, live.orderIds().join(' '));
    });

    test('CX-07 AL-02 a kill of the live desk takes its entries and leaves the other desk alone', async () => {
      const { paper, live } = pair;
      const standing = paper.working();
      await say(`/kill ${LIVE}`, /KILL/);
      await until('no entry', () => live.working().length === 0, tell);
      assert.deepEqual(paper.working(), standing);
      const status = await say('/status', /us-second · halted/);
      assert.match(status, /us-vwap · active/);
      assert.equal(await countOf(PAPER, 'killed'), 0);
      // and it goes on: what it bought is held under its stops, the live account hears nothing of it
      const sent = live.sent();
      paper.trade('QQQM', 99.98, 100);
      await until('a position', () => paper.held('QQQM') > 0, tell);
      await until('its stops', () => protectedIn(PAPER), tell);
      assert.equal(live.sent(), sent);
    });

    test('CX-07 CX-09 stage 2 of the live desk takes its phrase and sells at its account only', async () => {
      const { paper, live } = pair;
      await sayWithPhrase(
        desk,
        `/resume ${LIVE} tried`,
        /RESUME REAL-US \d{4}/,
        /us-second · reducing/,
      );
      await sayWithPhrase(desk, `/allow ${LIVE}`, /ALLOW REAL-US \d{4}/, /us-second · active/);
      await enter(LIVE, live, 'AAPL');
      live.trade('AAPL', 99.98, 100);
      await until('its stops', () => protectedIn(LIVE), tell);
      const held = paper.held('QQQM');
      const protection = paper.working();
      const asked = await say(`/flatten ${LIVE}`, /KILL REAL-US \d{4}/);
      // the question alone: what the desk says of itself in the same moment may stand before and after it
      const [question = ''] = /Sell everything[\s\S]*?KILL REAL-US \d{4}/.exec(asked) ?? [];
      assert.match(question, /AAPL/);
      assert.doesNotMatch(question, /QQQM/);
      const [phrase = ''] = /KILL REAL-US \d{4}/.exec(asked) ?? [];
      desk.say(phrase);
      const isFlat = () => {
        live.trade('AAPL', 99.97, 99.99);
        return live.held('AAPL') === 0;
      };
      await until('a flat account', isFlat, tell);
      assert.equal(paper.held('QQQM'), held);
      assert.deepEqual(paper.working(), protection);
      const said = desk.heard() + desk.stderr();
      for (const value of Object.values({ ...paper.env, ...live.env }))
        assert.equal(said.includes(value), false);
    });
  });
}
