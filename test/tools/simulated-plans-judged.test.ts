import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ALLOW, OWNER, plan } from '#test/support/simulated-plan.ts';
import { play } from '../../tools/simulation/world.ts';

const SAID = { ...OWNER, agreeAfterMs: 2_000, travelMs: 50, repeats: 0 } as const;

/** Sessions in which the desk was right and the observer of the simulation was not, made small. */
suite('simulated plans that were judged wrongly', () => {
  test('ID-18 an exit by the price that was fetched for a tap is one by a price the desk was told', async () => {
    const { finding, trace } = await play({
      plan: plan(
        {
          seed: 3725,
          account: 'cn',
          days: 2,
          isHeldOvernight: true,
          brokerMs: 200,
          snapshotEvery: 5,
          sweepMs: 14_000,
          swing: [0.07, 0.09],
        },
        [
          { kind: 'signal', symbol: 0, minute: 8, distance: 0.72, day: 0 },
          { ...ALLOW, when: { seen: 'premarket_brief', nth: 1, afterMs: 56_000 } },
          {
            ...SAID,
            when: { seen: 'ticket', nth: 1, afterMs: 39_932 },
            channel: 'second',
            text: '确认 {code}',
            travelMs: 674,
          },
          {
            ...SAID,
            when: { at: 667_000 },
            text: '/confirm {code} v1',
            as: 'button',
            travelMs: 40,
          },
        ],
      ),
      isTraced: true,
    });
    assert.equal(finding, null);
    const refusedAt = trace.findIndex((line) => line.includes('act_refused confirm'));
    assert.ok(refusedAt > 0, 'the tap was refused');
    assert.match(trace[refusedAt + 1] ?? '', /exit_started/);
  });

  test('ID-10 an exit that its person reported as not done five times is given up and rings', async () => {
    const { finding, trace } = await play({
      plan: plan(
        {
          seed: 3546,
          isByHand: true,
          cancelsGroup: false,
          snapshotEvery: 500,
          sweepMs: 10_000,
          swing: [0.06, 0.08],
        },
        [
          { kind: 'signal', symbol: 1, minute: 8, distance: 2.44, day: 0 },
          { ...ALLOW, when: { seen: 'premarket_brief', nth: 1, afterMs: 40_000 } },
          {
            ...SAID,
            when: { seen: 'attest_due', nth: 1, afterMs: 16_000 },
            text: '/reconcile {holdings} cash {cash}',
          },
          {
            ...SAID,
            when: { seen: 'ticket', nth: 1, afterMs: 21_054 },
            text: '确认',
            travelMs: 8_000,
          },
          {
            ...SAID,
            when: { seen: 'manual_todo', nth: 1, afterMs: 40_000 },
            text: '/fill {todo} {limit} {left}',
          },
          ...[2, 3, 4, 5, 6, 7, 8].map((nth) => ({
            ...SAID,
            when: { seen: 'manual_todo', nth, afterMs: 10_000 } as const,
            text: '/fill {todo} none',
          })),
        ],
      ),
      isTraced: true,
    });
    assert.equal(finding, null);
    const ended = trace.filter((line) => /order_canceled .*exit-\d/.test(line));
    assert.equal(ended.length, 5);
    const calledAt = trace.findIndex((line) => /order_canceled .*exit-5/.test(line));
    assert.ok(
      trace.slice(calledAt).some((line) => line.endsWith('shows alarm_repeat')),
      'a person was called',
    );
  });

  test('ID-09 the signs of life of a leader do not wait for a clock that was set back', async () => {
    const { finding, trace } = await play({
      plan: plan({ hasStandby: true, snapshotEvery: 20, minutes: 24 }, [
        { kind: 'freeze', at: 228_726, forMs: 11_000 },
        { kind: 'clock', at: 1_018_443, byMs: -76_000 },
        { kind: 'freeze', at: 1_027_906, forMs: 10_000 },
      ]),
      isTraced: true,
    });
    assert.equal(finding, null);
    const goesOn = trace.findIndex((line) => line.endsWith('#2 goes on'));
    assert.ok(goesOn > 0);
    assert.match(trace[goesOn + 1] ?? '', /#2 dies deposed$/);
  });

  test('SP-09 a price that a desk hears right after it stood still is told, and may be sold on', async () => {
    const { finding, trace } = await play({
      plan: plan(
        {
          seed: 402_433,
          account: 'cn',
          isLive: true,
          days: 2,
          isHeldOvernight: true,
          eventDays: 'shrink',
          brokerMs: 5,
          chatMs: 600,
          feeMinor: 63,
          cancelsGroup: false,
          snapshotEvery: 5,
          sweepMs: 13_000,
          swing: [0.08, 0.02],
          tradesPerDay: 2,
        },
        [
          { kind: 'signal', symbol: 0, minute: 6, distance: 2.83, day: 0 },
          {
            ...OWNER,
            when: { seen: 'premarket_brief', nth: 1, afterMs: 35_000 },
            text: '/allow {desk} {day}',
            as: 'button',
            agreeAfterMs: 2_000,
            codes: ['right', 'right'],
            travelMs: 248,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { seen: 'ticket', nth: 1, afterMs: 36_480 },
            text: '/confirm {code} v1',
            as: 'button',
            agreeAfterMs: 18_307,
            codes: ['old', 'right'],
            travelMs: 560,
            repeats: 0,
          },
          { kind: 'freeze', at: 474_332, forMs: 7_000 },
          { kind: 'seal', symbol: 0, day: 0, fromMinute: 8, toMinute: 18, side: 'down' },
        ],
      ),
      isTraced: true,
    });
    assert.equal(finding, null);
    assert.ok(trace.some((line) => line.endsWith('#1 exit_started')));
  });

  test('CX-07 an exit of which the last of five tries never arrived was given up to a person', async () => {
    const { finding, trace } = await play({
      plan: plan(
        {
          seed: 44_355,
          account: 'cn',
          days: 2,
          isHeldOvernight: true,
          eventDays: 'shrink',
          brokerMs: 20,
          snapshotEvery: 20,
          sweepMs: 8_000,
          swing: [0.03, 0.03],
        },
        [
          { ...ALLOW, agreeAfterMs: 2_000 },
          { kind: 'signal', symbol: 1, minute: 7, distance: 0.47, day: 0 },
          {
            ...OWNER,
            when: { seen: 'ticket', nth: 1, afterMs: 20_559 },
            text: '/confirm {code} v1',
            as: 'button',
            agreeAfterMs: null,
            travelMs: 212,
            repeats: 0,
          },
          { kind: 'clock', at: 777_566, byMs: -40_000 },
          { kind: 'broker', call: 'submit', nth: 6, fault: 'timeout', ms: 301 },
        ],
      ),
      isTraced: true,
    });
    assert.equal(finding, null);
    assert.ok(trace.some((line) => /order_never_arrived .*exit-5/.test(line)));
  });
});
