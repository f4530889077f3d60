import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ALLOW, OWNER, plan } from '#test/support/simulated-plan.ts';
import type { Item } from '../../tools/simulation/plan.ts';
import { PLANTED } from '../../tools/simulation/planted.ts';
import { play } from '../../tools/simulation/world.ts';

/** Open of the second day, in seconds after that of the first. */
const SECOND_OPEN_S = 38 * 60;

const HELD: readonly Item[] = [
  ALLOW,
  { kind: 'signal', symbol: 0, minute: 8, distance: 3, day: 0 },
  {
    ...OWNER,
    when: { seen: 'ticket', nth: 1, afterMs: 5_000 },
    text: '/confirm {code}',
    agreeAfterMs: 2_000,
    travelMs: 50,
    repeats: 0,
  },
];

/** Shares bought on the first day and held over the night; `items` are what comes then. */
function heldOver(...items: readonly Item[]) {
  return plan({ account: 'cn', days: 2, isHeldOvernight: true }, [...HELD, ...items]);
}

function exitAt(seconds: number): Item {
  return {
    ...OWNER,
    when: { at: seconds * 1_000 },
    text: '/exit {symbol}',
    agreeAfterMs: 2_000,
    travelMs: 50,
    repeats: 0,
  };
}

/** Seconds of the first line that says this; fails where none does. */
function secondsOf(trace: readonly string[], what: RegExp): number {
  const line = trace.find((one) => what.test(one));
  assert.ok(line !== undefined, `${what} is in the trace`);
  return Number(line.split(' ')[0]);
}

async function finds(id: string, items: readonly Item[]) {
  const bug = PLANTED.find((planted) => planted.id === id);
  assert.ok(bug !== undefined);
  const { finding } = await play({ plan: heldOver(...items), tamper: bug.plant() });
  return finding;
}

suite('simulated plans of A-shares that do not trade', () => {
  test('ID-18 a board sealed at limit-down from the open: the sale queues there, is told, and fills when it opens', async () => {
    const sealed: Item = {
      kind: 'seal',
      symbol: 0,
      side: 'down',
      day: 1,
      fromMinute: 0,
      toMinute: 6,
    };
    const { finding, trace } = await play({ plan: heldOver(sealed), isTraced: true });
    assert.equal(finding, null);
    const leftAt = secondsOf(trace, /submit .*exit-1 \d+ limit/);
    assert.ok(leftAt >= SECOND_OPEN_S && leftAt < SECOND_OPEN_S + 10, `left at ${leftAt}`);
    assert.ok(secondsOf(trace, /shows limit_locked/) > SECOND_OPEN_S);
    const soldAt = secondsOf(trace, /order_filled .*exit-1/);
    assert.ok(soldAt >= SECOND_OPEN_S + 360 && soldAt < SECOND_OPEN_S + 370, `sold at ${soldAt}`);
    const missed = await finds('seal_is_no_price', [sealed]);
    assert.match(missed?.words ?? '', /the exit of \d+ 600036.SH has not left/);
  });

  test('ID-18 a share suspended for some minutes: an exit asked for meanwhile is told to wait and leaves afterwards', async () => {
    const items: readonly Item[] = [
      { kind: 'suspension', symbol: 0, day: 1, fromMinute: 2, toMinute: 6, isWholeDay: false },
      exitAt(SECOND_OPEN_S + 180),
    ];
    const { finding, trace } = await play({ plan: heldOver(...items), isTraced: true });
    assert.equal(finding, null);
    const askedAt = SECOND_OPEN_S + 180;
    assert.ok(secondsOf(trace, /exit_started/) >= askedAt);
    assert.ok(secondsOf(trace, /shows limit_locked/) >= askedAt);
    const leftAt = secondsOf(trace, /submit .*exit-1/);
    assert.ok(leftAt >= SECOND_OPEN_S + 360 && leftAt < SECOND_OPEN_S + 370, `left at ${leftAt}`);
    secondsOf(trace, /order_filled .*exit-1/);
    const sent = await finds('suspension_ignored', items);
    assert.match(sent?.words ?? '', /exit-1 left while 600036.SH was suspended/);
  });

  test('SP-08 a purchase whose price ran away is taken back before the auction before the close, where no cancel is taken', async () => {
    const late: readonly Item[] = [
      ALLOW,
      { kind: 'signal', symbol: 0, minute: 14, distance: 2, day: 0 },
      {
        ...OWNER,
        when: { seen: 'ticket', nth: 1, afterMs: 5_000 },
        text: '/confirm {code}',
        agreeAfterMs: 2_000,
        travelMs: 50,
        repeats: 0,
      },
      // after the confirm, before the order is at the exchange
      { kind: 'jump', at: 846_100, symbol: 0, by: 1.5 },
      // and back in the auction, where it would buy
      { kind: 'jump', at: 1_080_000, symbol: 0, by: -2.5 },
    ];
    const quiet = plan({ account: 'cn', isHeldOvernight: true, brokerMs: 200 }, late);
    const { finding, trace } = await play({ plan: quiet, isTraced: true });
    assert.equal(finding, null);
    const backAt = secondsOf(trace, /← canceled .*entry-1/);
    assert.ok(backAt < 17 * 60, `back at ${backAt}`);
    assert.ok(!trace.some((line) => /order_filled .*entry-1/.test(line)), 'nothing was bought');
    const bug = PLANTED.find(({ id }) => id === 'purchase_waits_on');
    assert.ok(bug !== undefined);
    const kept = await play({ plan: quiet, tamper: bug.plant() });
    assert.match(kept.finding?.words ?? '', /entry-1 was not taken back/);
  });

  test('ID-18 a share suspended all day: nothing of it is sent, and a person hears why it stays', async () => {
    const suspended: Item = {
      kind: 'suspension',
      symbol: 0,
      day: 1,
      fromMinute: -15,
      toMinute: 21,
      isWholeDay: true,
    };
    const { finding, trace } = await play({
      plan: heldOver(suspended, exitAt(SECOND_OPEN_S + 60)),
      isTraced: true,
    });
    assert.equal(finding, null);
    secondsOf(trace, /exit_waits/);
    secondsOf(trace, /shows limit_locked/);
    assert.ok(!trace.some((line) => /submit .*exit/.test(line)), 'nothing was sent');
  });

  test('SP-09 terms that come in the moment in which a sealed name is sold leave its new shares to be sold', async () => {
    const { finding, trace } = await play({
      plan: plan(
        {
          seed: 25_430,
          account: 'cn',
          days: 2,
          isHeldOvernight: true,
          storeMs: 17,
          feeMinor: 99,
          sweepMs: 12_000,
          swing: [0.07, 0.07],
        },
        [
          { ...ALLOW, agreeAfterMs: 2_000 },
          { kind: 'signal', symbol: 1, minute: 9, distance: 0.5, day: 0 },
          {
            ...OWNER,
            when: { seen: 'ticket', nth: 1, afterMs: 8_104 },
            text: '/confirm {code} v1',
            as: 'button',
            agreeAfterMs: null,
            travelMs: 801,
            repeats: 0,
          },
          { kind: 'ex_date', symbol: 1, cash: 0, newShares: 0.3, terms: 'late' },
          { kind: 'seal', symbol: 1, day: 1, fromMinute: 0, toMinute: 2, side: 'down' },
        ],
      ),
      isTraced: true,
    });
    assert.equal(finding, null);
    assert.ok(trace.some((line) => /submit .*exit-2 60 /.test(line)));
  });

  test('ID-18 a desk whose clock is slow tells that an exit waits for a suspension at its own open', async () => {
    const { finding, trace } = await play({
      plan: plan({ seed: 37_172, account: 'cn', days: 2, isHeldOvernight: true, chatMs: 600 }, [
        { ...ALLOW, agreeAfterMs: 2_000 },
        {
          ...OWNER,
          when: { seen: 'ticket', nth: 1, afterMs: 5_000 },
          text: '/confirm {code} v1',
          as: 'button',
          agreeAfterMs: null,
          travelMs: 457,
          repeats: 0,
        },
        { kind: 'signal', symbol: 0, minute: 7, distance: 1.11, day: 0 },
        { kind: 'clock', at: 605_579, byMs: -76_000 },
        {
          ...OWNER,
          when: { at: 700_000 },
          text: '/exit {symbol}',
          agreeAfterMs: 2_000,
          travelMs: 50,
          repeats: 0,
        },
        { kind: 'suspension', symbol: 0, day: 1, fromMinute: -15, toMinute: 21, isWholeDay: true },
      ]),
      isTraced: true,
    });
    assert.equal(finding, null);
    assert.ok(trace.filter((line) => line.includes('exit_waits')).length > 1);
  });
});
