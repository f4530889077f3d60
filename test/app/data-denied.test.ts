import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FeedListener } from '#app/ports.ts';
import type { Input } from '#core/engine/input.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { followAccount } from '../../src/compose-live-data.ts';

const QQQM = 'QQQM.US';

/** Prices of an account that a desk follows: what the feed says, and what the desk is told of it. */
async function followed() {
  const clock = createVirtualClock({ startAt: 0 });
  const posted: Input[] = [];
  const safeMode: { cause: string; subject: string }[] = [];
  const logged: unknown[] = [];
  let listener: FeedListener | null = null;
  const feed = {
    name: 'fake',
    subscribe: (_: unknown, on: FeedListener) => {
      listener = on;
      return { stop: () => undefined };
    },
    fetchQuote: async () => null,
  };
  const live = {
    desk: {
      policy: { instruments: [QQQM], accountId: 'alpaca-us' },
      state: () => ({ safeMode, day: null }),
      post: (input: Input) => void posted.push(input),
    },
    onTrouble: () => undefined,
  };
  const bars = { load: async () => ({ openedAt: [], length: 0 }), save: async () => undefined };
  const log = { warn: (fields: unknown) => void logged.push(fields) };
  const house = { clock, deps: { deskStore: { store: { bars } }, log } };
  const data = { feed, history: { bars: async () => [] } };
  type Given = Parameters<typeof followAccount>;
  const market = followAccount(
    live as unknown as Given[0],
    house as unknown as Given[1],
    data as unknown as Given[2],
  );
  market.start();
  while (listener === null) await new Promise((resolve) => setImmediate(resolve));
  const deny = (missing: readonly 'quotes'[], cause = '354 not subscribed') =>
    (listener as FeedListener).denied?.({ instrument: QQQM, missing, cause });
  const wait = (ms: number): void => {
    const until = clock.now() + ms;
    for (let next = clock.nextDue(); next !== null && next <= until; next = clock.nextDue())
      clock.runNext();
    clock.advanceTo(until);
  };
  return { market, deny, wait, posted, safeMode, logged };
}

test('ID-07 prices that stay refused put the desk in doubt of their symbol, in the newest words', async (t) => {
  const { market, deny, wait, posted, logged } = await followed();
  t.after(() => market.stop());
  deny(['quotes']);
  wait(20_000);
  deny(['quotes'], '10197 another session');
  wait(24_000);
  assert.deepEqual(posted, []);
  wait(2_000);
  const [doubt] = posted;
  assert.partialDeepStrictEqual(doubt, {
    kind: 'doubt_noticed',
    cause: 'data_denied',
    subject: QQQM,
    figures: { missing: 'quotes', cause: '10197 another session' },
  });
  assert.equal(posted.length, 1);
  assert.equal(logged.length, 2);
});

test('ID-07 prices that are given again soon are a line in the log, and nobody has to release anything', async (t) => {
  const { market, deny, wait, posted, logged } = await followed();
  t.after(() => market.stop());
  deny(['quotes']);
  wait(40_000);
  deny([]);
  wait(600_000);
  assert.deepEqual(posted, []);
  assert.equal(logged.length, 1);
});

test('ID-07 a doubt of before a restart passes once the prices are given', async (t) => {
  const { market, deny, posted, safeMode } = await followed();
  t.after(() => market.stop());
  deny([]);
  assert.deepEqual(posted, []);
  safeMode.push({ cause: 'data_denied', subject: QQQM });
  deny([]);
  assert.partialDeepStrictEqual(posted, [
    { kind: 'doubt_passed', cause: 'data_denied', subject: QQQM },
  ]);
});
