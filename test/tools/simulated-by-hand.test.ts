import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ALLOW, OWNER, plan } from '#test/support/simulated-plan.ts';
import type { Item } from '../../tools/simulation/plan.ts';
import { play } from '../../tools/simulation/world.ts';

/** The list of the account as it is, sent some time after the desk has asked for it that often. */
const list = (nth: number, afterMs: number, text = '/reconcile {holdings} cash {cash}'): Item => ({
  ...OWNER,
  when: { seen: 'attest_due', nth, afterMs },
  text,
  agreeAfterMs: 2_000,
  travelMs: 50,
  repeats: 0,
});

/** What is done with the ticket once it is seen, with the button of its card. */
const tap = (text: string, afterMs: number): Item => ({
  ...OWNER,
  when: { seen: 'ticket', nth: 1, afterMs },
  text,
  as: 'button',
  agreeAfterMs: null,
  travelMs: 50,
  repeats: 0,
});

/** Sessions that once broke an invariant on an account executed by hand, made small. Each holds for good. */
suite('simulated plans by hand', () => {
  test('ID-09 SP-09 shares that the evening list did not show are not offered the next morning', async () => {
    const { finding, trace } = await play({
      plan: plan({ seed: 5_092, account: 'cn', isByHand: true, days: 2, quoteMs: 5_000 }, [
        { ...ALLOW, agreeAfterMs: 2_000 },
        list(1, 20_000),
        { kind: 'signal', symbol: 1, minute: 9, distance: 1.25, day: 0 },
        tap('/confirm {code} v1', 4_000),
        {
          ...OWNER,
          when: { seen: 'manual_todo', nth: 1, afterMs: 13_000 },
          text: '/fill {todo} {limit} {left}',
          agreeAfterMs: 13_896,
          travelMs: 216,
          repeats: 0,
        },
        list(2, 28_000, '/reconcile cash {cash}'),
      ]),
      isTraced: true,
    });
    assert.equal(finding, null);
    assert.ok(trace.some((line) => line.includes('safe_mode_entered position_mismatch')));
    assert.ok(trace.some((line) => line.includes('exit_waits')));
  });

  test('ID-18 an exit that a person says was not executed goes on in the trading after the close', async () => {
    const said = { ...OWNER, as: 'text', travelMs: 50, repeats: 0 } as const;
    const closeS = (38 + 20) * 60;
    const { finding, trace } = await play({
      plan: plan({ seed: 150_088, account: 'cn', isByHand: true, days: 2 }, [
        { ...ALLOW, agreeAfterMs: 2_000 },
        list(1, 7_000),
        { kind: 'signal', symbol: 1, minute: 8, distance: 1.72, day: 0 },
        tap('/confirm {code} v1', 4_000),
        {
          ...said,
          when: { seen: 'manual_todo', nth: 1, afterMs: 13_000 },
          text: '/fill {todo} {limit} {left}',
          agreeAfterMs: 2_000,
        },
        {
          ...said,
          when: { seen: 'manual_overdue', nth: 4, afterMs: 300_000 },
          text: '/fill {todo} none',
          agreeAfterMs: 2_000,
        },
      ]),
      isTraced: true,
    });
    assert.equal(finding, null);
    const sent = trace.filter((line) => /→ submit .*exit-\d/.test(line));
    assert.ok(
      sent.some((line) => Number(line.split(' ')[0]) > closeS),
      trace.slice(-60).join('\n'),
    );
  });

  test('CX-10 a list agreed to while the inbox answers late counts once', async () => {
    const { finding, trace } = await play({
      plan: plan({ seed: 3_787, account: 'cn', isByHand: true, days: 2, brokerMs: 5 }, [
        { kind: 'store', site: 'inbox.receive', nth: 2, fault: 'slow', ms: 2_431 },
        list(1, 25_000),
      ]),
      isTraced: true,
    });
    assert.equal(finding, null);
    assert.equal(trace.filter((line) => line.includes('account_attested')).length, 1);
  });

  test('CX-10 a list that counts from the journal while the store fails counts once', async () => {
    const { finding, trace } = await play({
      plan: plan({ seed: 4_830, isByHand: true, storeMs: 5, chatMs: 150 }, [
        { kind: 'store', site: 'events.append', nth: 2, fault: 'fail', ms: 3_713 },
        list(1, 40_000),
      ]),
      isTraced: true,
    });
    assert.equal(finding, null);
    assert.ok(trace.some((line) => line.includes('kept in the journal')));
    assert.equal(trace.filter((line) => line.includes('account_attested')).length, 1);
  });

  test('ID-09 an entry confirmed before a restart is denied after it, nobody has spoken for the account', async () => {
    const { finding, trace } = await play({
      plan: plan(
        { seed: 4_412, isByHand: true, minutes: 31, storeMs: 25, sweepMs: 14_000, isCopied: true },
        [
          { ...ALLOW, agreeAfterMs: 2_000 },
          list(1, 13_000),
          { kind: 'signal', symbol: 0, minute: 7, distance: 1.92, day: 0 },
          tap('/half {code} v1', 13_000),
          { kind: 'die', site: 'outbox.markAttempting', nth: 19, moment: 'after', downMs: 490 },
        ],
      ),
      isTraced: true,
    });
    assert.equal(finding, null);
    assert.ok(trace.some((line) => line.includes('order_denied')));
  });

  test('SP-09 a purchase that is told when the next trading day has begun is of the day of its order', async () => {
    const { finding, trace } = await play({
      plan: plan(
        {
          seed: 24_186,
          account: 'cn',
          isByHand: true,
          days: 2,
          isHeldOvernight: true,
          mode: 'auto',
        },
        [
          { ...ALLOW, agreeAfterMs: 2_000 },
          list(1, 50_000),
          { kind: 'signal', symbol: 0, minute: 9, distance: 2.15, day: 0 },
          {
            ...OWNER,
            when: { seen: 'manual_overdue', nth: 5, afterMs: 10_000 },
            text: '/fill {todo} {limit} {left}',
            agreeAfterMs: null,
            travelMs: 346,
            repeats: 0,
          },
          { kind: 'seal', symbol: 0, day: 1, fromMinute: 0, toMinute: 8, side: 'down' },
        ],
      ),
      isTraced: true,
    });
    assert.equal(finding, null);
    assert.ok(trace.some((line) => /submit .*exit-1/.test(line)));
  });
});
