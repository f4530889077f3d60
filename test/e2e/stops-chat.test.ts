import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { connectStore, type StoreHandle } from '#shell/store/client.ts';
import { createStore, type Store } from '#shell/store/store.ts';
import { alpacaSide, type BrokerSide, ibkrSide } from '#test/support/broker-sides.ts';
import { OTHER_KEYS } from '#test/support/fake-alpaca.ts';
import {
  deskLike,
  type LiveProcess,
  lastWordsOf,
  projectWith,
  sayTo,
  sayWithPhrase,
  startDesk,
  until,
} from '#test/support/live-process.ts';
import { LiveSession } from '#test/support/live-session.ts';
import { makeDataFolder } from '#test/support/store-backends.ts';

/*
 * Stops of a position on a live account, moved by what a person types: tried first, all at once, one of them
 * lower, and one where the market is. The fake of the broker tells what its stops became.
 */

const DESK = 'us-vwap';
const LIVE = { accountId: 'real-us', environment: 'live' } as const;

const SIDES: readonly { readonly name: string; readonly open: () => Promise<BrokerSide> }[] = [
  { name: 'Alpaca', open: () => alpacaSide(LIVE, OTHER_KEYS, 'ALPACA_LIVE') },
  { name: 'Interactive Brokers', open: () => ibkrSide(LIVE, 'U2222222') },
];

for (const { name, open } of SIDES) {
  describe(`stops by chat at ${name}`, () => {
    const dataDir = makeDataFolder();
    let side: BrokerSide;
    let project: ReturnType<typeof projectWith>;
    let handle: StoreHandle;
    let store: Store;
    let session: LiveSession;
    let desk: LiveProcess;

    before(async () => {
      side = await open();
      // nothing is overdue while a test speaks: no job says a minute by itself here
      const text = deskLike(DESK, side.accountId, ['QQQM', 'AAPL'], 50_000);
      project = projectWith({
        'accounts.yaml': { accounts: [side.settings] },
        'desks/us-vwap.yaml': text.replace('barOverdueSeconds: 20', 'barOverdueSeconds: 300'),
        // no job plans a session, so that the hour at which the test runs decides nothing
        'schedule.yaml': {
          jobs: [{ job: 'sync-calendar', market: 'US', at: '06:00', graceMinutes: 720 }],
        },
      });
      handle = await connectStore({ dataFolder: dataDir, databaseUrl: null, purpose: 'test' });
      store = createStore(handle);
      session = new LiveSession(store.inbox);
      desk = startDesk(project.root, {
        CENTAUR_PROFILE: 'paper',
        CENTAUR_DATA_DIR: dataDir,
        ...side.env,
      });
    });

    after(async () => {
      desk.child.kill('SIGKILL');
      await handle.closeAndStop();
      await side.close();
      project.remove();
      rmSync(dataDir, { recursive: true, force: true });
    });

    const tell = () => lastWordsOf(desk);
    const eventsOf = () => store.events.read(`live/desk/${DESK}`);
    const countOf = async (type: string) =>
      (await eventsOf()).filter((event) => event.type === type).length;
    const areAt = (price: number) => () => {
      const stops = side.stops('QQQM');
      return stops.length > 0 && stops.every((stop) => stop === price);
    };
    /** Says a text while prices are fresh. */
    const say = (text: string, answer: RegExp) => {
      side.offer('QQQM');
      return sayTo(desk, text, answer);
    };

    test('AL-07 a position with its stops at the broker', async () => {
      await until('a clean account', async () => (await countOf('reconciled')) > 0, tell);
      await session.open(DESK);
      await until('a plan', async () => (await countOf('session_planned')) === 1, tell);
      await sayWithPhrase(desk, '/allow', /ALLOW REAL-US \d{4}/, /us-vwap · active/);
      side.offer('QQQM');
      await session.minute(DESK, 'QQQM.US', true);
      await until('a ticket', async () => (await countOf('ticket_opened')) > 0, tell);
      const [opened] = (await eventsOf()).filter(({ type }) => type === 'ticket_opened');
      assert.ok(opened !== undefined);
      const { ticket } = opened.data as { ticket: { code: string } };
      await until('its card', () => desk.heard().includes(ticket.code), tell);
      side.offer('QQQM');
      desk.say(`/confirm ${ticket.code}`);
      await until('two entries', () => side.working().length >= 2, tell);
      side.trade('QQQM', 99.98, 100);
      await until('a position', () => side.held('QQQM') > 0, tell);
      await until('its stops', areAt(99), tell);
      // in the desk's book, too
      await until('accepted stops', async () => {
        const accepted = (await eventsOf()).filter(({ type }) => type === 'order_accepted');
        const ids = accepted.map(({ data }) => (data as { orderId: string }).orderId);
        return ids.filter((id) => /stop/.test(id)).length >= 2;
      });
    });

    test('AL-07 tried, nothing moves', async () => {
      const all = await say('/stoploss all 0.5% --dry', /99\.00 → 99\.50 · moved up/);
      assert.match(all, /nothing is changed/);
      await say('/stoploss QQQM 98 --dry', /99\.00 → 98\.00 · lower: left alone/);
      await say('/stoploss QQQM 120 --dry', /99\.00 → 120\.00 · at or beyond the market/);
      await say('/stoploss all 5', /\/stoploss.*percent/);
      assert.equal(await countOf('replace_requested'), 0);
      assert.ok(areAt(99)());
    });

    test('AL-07 all at once they go up, and a second time there is nothing to do', async () => {
      await say('/stoploss all 0.5%', /✓ \/stoploss[\s\S]*99\.00 → 99\.50 · moved up/);
      await until('stops at 99.50', areAt(99.5), tell);
      await until('the book', async () => (await countOf('order_replaced')) >= 2, tell);
      await say('/stoploss all 0.5%', /99\.50 → 99\.50 · there already/);
      assert.ok(areAt(99.5)());
    });

    test('AL-07 CX-09 lower it goes with the phrase of the live account only', async () => {
      side.offer('QQQM');
      const asked = await sayTo(desk, '/stoploss QQQM 98.8', /LIVE REAL-US \d{4}/);
      assert.match(asked, /Lower the stop of QQQM/);
      assert.ok(areAt(99.5)());
      const [phrase = ''] = /LIVE REAL-US \d{4}/.exec(asked) ?? [];
      await say(phrase, /✓ \/stoploss QQQM/);
      await until('stops at 98.80', areAt(98.8), tell);
    });

    test('AL-07 where the market is it is an exit, and asked for as one', async () => {
      await say('/stoploss QQQM 150', /Sell QQQM 100 .* at the market/);
      assert.ok(areAt(98.8)());
      assert.ok(side.held('QQQM') > 0);
    });
  });
}
