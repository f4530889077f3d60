import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ALLOW, OWNER, plan } from '#test/support/simulated-plan.ts';
import { PLANTED } from '../../tools/simulation/planted.ts';
import { play } from '../../tools/simulation/world.ts';

/** Sessions that once broke an invariant, made small. Each holds for good. */
suite('simulated plans', () => {
  test('CX-06 what was said from the journal keeps its place when the store takes it later', async () => {
    const { finding } = await play({
      plan: plan({ seed: 4207, account: 'cn', days: 2 }, [
        {
          ...OWNER,
          when: { at: 756_427 },
          text: '/status',
          agreeAfterMs: null,
          travelMs: 270,
          repeats: 1,
        },
        { kind: 'outage', at: 758_321, forMs: 119_000 },
        { kind: 'kill_file', at: 401_382 },
        { kind: 'silence', at: 70_555, forMs: 1_080_000 },
        {
          ...OWNER,
          when: { at: 761_000 },
          text: '/switch {other} {symbol}',
          agreeAfterMs: 17_125,
          travelMs: 64,
          repeats: 0,
        },
      ]),
    });
    assert.equal(finding, null);
  });

  test('CX-10 half of a position that is sold in a halt leaves the other half under its stop', async () => {
    const { finding, trace } = await play({
      plan: plan({ seed: 257_443, days: 1 }, [
        ALLOW,
        { kind: 'signal', symbol: 1, minute: 12, distance: 2.04, day: 0 },
        {
          ...OWNER,
          when: { seen: 'ticket', nth: 1, afterMs: 5_000 },
          text: '确认 {code}',
          agreeAfterMs: 2_000,
          travelMs: 123,
          repeats: 0,
        },
        { kind: 'halt', at: 762_000, forMs: 238_000, symbol: 1 },
        {
          ...OWNER,
          when: { at: 801_751 },
          text: '/exit {other} 50',
          agreeAfterMs: 1_926,
          travelMs: 568,
          repeats: 0,
        },
      ]),
      isTraced: true,
    });
    assert.equal(finding, null);
    assert.ok(
      trace.some((line) => /→ submit .*exit-1/.test(line)),
      trace.slice(-50).join('\n'),
    );
  });

  test('SP-11 a desk that forgets what it did with the store down is found by what its journal held', async () => {
    const stopped = plan({}, [
      ALLOW,
      { kind: 'outage', at: 400_000, forMs: 60_000 },
      {
        ...OWNER,
        when: { at: 410_000 },
        text: 'STOP',
        agreeAfterMs: null,
        travelMs: 50,
        repeats: 0,
      },
      { kind: 'die_at', at: 420_000, downMs: 50_000 },
    ]);
    const honest = await play({ plan: stopped, isTraced: true });
    assert.equal(honest.finding, null);
    const kept = honest.trace.filter((line) => line.includes('kept in the journal'));
    assert.ok(kept.length > 0, 'the journal held something');
    const bug = PLANTED.find(({ id }) => id === 'journal_forgotten');
    assert.ok(bug !== undefined);
    const { finding } = await play({ plan: stopped, tamper: bug.plant() });
    assert.equal(finding?.invariant, 9);
    assert.match(finding?.words ?? '', /acted from the journal and the log does not know it/);
  });

  test('ID-09 SP-11 the standby takes over from a leader whose newest step is in its journal alone', async () => {
    const { finding, trace } = await play({
      plan: plan({ hasStandby: true, snapshotEvery: 5 }, [
        ALLOW,
        { kind: 'store', site: 'events.append', nth: 5, fault: 'fail', ms: 5_808 },
        { kind: 'freeze', at: 24_535, forMs: 11_000 },
      ]),
      isTraced: true,
    });
    assert.equal(finding, null);
    assert.ok(trace.some((line) => line.endsWith('#2 has recovered')));
  });

  test('CX-11 a chat that falls silent right after a message is missed within the time of one probe', async () => {
    const { finding } = await play({
      plan: plan(
        {
          seed: 11_146,
          minutes: 32,
          mode: 'auto',
          chatMs: 150,
          feeMinor: 30,
          cancelsGroup: false,
          snapshotEvery: 5,
          sweepMs: 2_000,
          hasStandby: true,
          quoteMs: 10_000,
          swing: [0.06, 0.08],
        },
        [
          { kind: 'signal', symbol: 0, minute: 14, distance: 1, day: 0 },
          {
            ...OWNER,
            when: { seen: 'premarket_brief', nth: 1, afterMs: 21_000 },
            text: '/allow',
            agreeAfterMs: 2_000,
            travelMs: 868,
            repeats: 1,
          },
          { kind: 'silence', at: 136_947, forMs: 1_320_000 },
          { kind: 'freeze', at: 55_777, forMs: 6_000 },
        ],
      ),
    });
    assert.equal(finding, null);
  });

  test('CX-06 CX-10 a day that was planned while the inbox failed is planned once it answers', async () => {
    const { finding } = await play({
      plan: plan(
        {
          seed: 5377,
          account: 'cn',
          days: 2,
          brokerMs: 20,
          snapshotEvery: 500,
          sweepMs: 12_000,
          swing: [0.07, 0.01],
        },
        [
          { kind: 'signal', symbol: 0, minute: 6, distance: 2.26, day: 0 },
          {
            ...OWNER,
            when: { seen: 'safe_mode_on', nth: 1, afterMs: 139_000 },
            text: '/safe off',
            agreeAfterMs: null,
            travelMs: 50,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { seen: 'kill_stage1', nth: 1, afterMs: 95_000 },
            channel: 'second',
            text: '/resume looked at it',
            agreeAfterMs: 12_760,
            travelMs: 50,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { seen: 'consent_withdrawn', nth: 1, afterMs: 181_000 },
            text: '/allow',
            agreeAfterMs: 10_433,
            travelMs: 50,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { seen: 'recon_blocked', nth: 1, afterMs: 10_000 },
            text: '/reconcile accept {symbol}',
            agreeAfterMs: 10_474,
            travelMs: 50,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { seen: 'recon_blocked', nth: 1, afterMs: 10_000 },
            text: '/reconcile accept cash',
            agreeAfterMs: 17_127,
            travelMs: 50,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { seen: 'alarm_repeat', nth: 1, afterMs: 26_000 },
            text: '/ack',
            agreeAfterMs: 9080,
            travelMs: 564,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { at: 32_426 },
            text: '/kill',
            agreeAfterMs: 3526,
            travelMs: 487,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { at: 10_885 },
            text: '/mode auto',
            agreeAfterMs: 17_741,
            travelMs: 220,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { at: 11_026 },
            channel: 'second',
            text: '/stop',
            agreeAfterMs: 15_866,
            travelMs: 30,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { at: 1_154_783 },
            text: '/switch {symbol} {other}',
            agreeAfterMs: 2493,
            travelMs: 704,
            repeats: 0,
          },
          { kind: 'external', at: 577_714, symbol: 0, what: 'buy' },
          { kind: 'store', site: 'inbox.pending', nth: 55, fault: 'fail', ms: 759 },
        ],
      ),
    });
    assert.equal(finding, null);
  });

  test('CX-06 CX-07 a STOP said while killed outlives the resume and the ALLOW that was asked for before it', async () => {
    const { finding } = await play({
      plan: plan(
        {
          seed: 29_539,
          account: 'cn',
          days: 2,
          storeMs: 39,
          brokerMs: 200,
          feeMinor: 16,
          snapshotEvery: 20,
          sweepMs: 2000,
          swing: [0.03, 0.03],
        },
        [
          { kind: 'signal', symbol: 0, minute: 8, distance: 0.92, day: 0 },
          {
            ...OWNER,
            when: { seen: 'ticket', nth: 1, afterMs: 11_760 },
            text: '/confirm {code} v1',
            as: 'button',
            agreeAfterMs: 13_448,
            travelMs: 895,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { seen: 'kill_stage1', nth: 1, afterMs: 40_000 },
            text: '/resume looked at it',
            agreeAfterMs: 11_309,
            travelMs: 50,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { seen: 'consent_withdrawn', nth: 1, afterMs: 197_000 },
            text: '/allow',
            agreeAfterMs: 19_672,
            travelMs: 50,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { at: 164_311 },
            text: 'kill',
            agreeAfterMs: null,
            travelMs: 820,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { at: 9523 },
            channel: 'second',
            text: '/stop',
            agreeAfterMs: 11_488,
            travelMs: 30,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { seen: 'second_confirm', nth: 2, afterMs: 3747 },
            channel: 'second',
            text: 'STOP',
            agreeAfterMs: 13_467,
            travelMs: 40,
            repeats: 0,
          },
        ],
      ),
    });
    assert.equal(finding, null);
  });

  test('CX-05 a confirm that replies to a card of the process before confirms no other ticket', async () => {
    const { finding } = await play({
      plan: plan(
        {
          seed: 38_586,
          account: 'cn',
          days: 2,
          storeMs: 28,
          chatMs: 150,
          cancelsGroup: false,
          snapshotEvery: 20,
          sweepMs: 13_000,
          swing: [0.06, 0.01],
        },
        [
          { kind: 'signal', symbol: 1, minute: 8, distance: 0.61, day: 0 },
          {
            ...OWNER,
            when: { seen: 'premarket_brief', nth: 1, afterMs: 30_000 },
            channel: 'second',
            text: '/allow',
            agreeAfterMs: 2000,
            travelMs: 512,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { seen: 'ticket', nth: 2, afterMs: 25_000 },
            text: '/confirm',
            as: 'reply',
            agreeAfterMs: 11_576,
            travelMs: 10_000,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { seen: 'consent_withdrawn', nth: 1, afterMs: 194_000 },
            text: '/allow',
            agreeAfterMs: 17_067,
            travelMs: 50,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { at: 134_119 },
            channel: 'second',
            text: 'STOP',
            agreeAfterMs: 19_407,
            travelMs: 30,
            repeats: 0,
          },
          { kind: 'die', site: 'outbox.markDelivered', nth: 28, moment: 'after', downMs: 7603 },
          { kind: 'signal', symbol: 0, minute: 8, distance: 2.04, day: 0 },
          {
            ...OWNER,
            when: { at: 485_000 },
            text: '/confirm {code} v1',
            as: 'button',
            agreeAfterMs: null,
            travelMs: 40,
            repeats: 0,
          },
        ],
      ),
    });
    assert.equal(finding, null);
  });

  test('CX-06 a card behind a rate limit is not shown as open when its confirmation was stored without an answer', async () => {
    const { finding, trace } = await play({
      plan: plan(
        {
          seed: 41_655,
          account: 'cn',
          days: 2,
          storeMs: 4,
          brokerMs: 200,
          chatMs: 150,
          sweepMs: 7_000,
        },
        [
          { kind: 'signal', symbol: 1, minute: 8, distance: 1.95, day: 0 },
          { kind: 'signal', symbol: 0, minute: 6, distance: 0.7, day: 0 },
          { ...ALLOW, channel: 'second', agreeAfterMs: 2_000 },
          {
            ...OWNER,
            when: { seen: 'ticket', nth: 1, afterMs: 6_335 },
            text: '/half {code} v1',
            agreeAfterMs: 8_494,
            travelMs: 216,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { seen: 'ticket', nth: 2, afterMs: 12_624 },
            text: '/confirm {code}',
            agreeAfterMs: null,
            travelMs: 773,
            repeats: 0,
          },
          {
            ...OWNER,
            who: 'stranger',
            when: { seen: 'ticket', nth: 1, afterMs: 5_000 },
            text: '/confirm {code}',
            agreeAfterMs: 14_875,
            travelMs: 301,
            repeats: 0,
          },
          {
            ...OWNER,
            when: { at: 213_323 },
            text: '/status',
            agreeAfterMs: 1_442,
            travelMs: 92,
            repeats: 0,
          },
          { kind: 'store', site: 'outbox.markAttempting', nth: 25, fault: 'lost_ack', ms: 5_973 },
          { kind: 'channel', channel: 'telegram', nth: 16, fault: 'rate', ms: 18_000 },
          { kind: 'die_at', at: -22_867, downMs: 120_357 },
          { kind: 'store', site: 'events.append', nth: 28, fault: 'lost_ack', ms: 4_195 },
        ],
      ),
      isTraced: true,
    });
    assert.equal(finding, null);
    assert.ok(
      trace.some((line) => line.includes('ticket_confirmed')),
      'it was confirmed',
    );
    assert.ok(trace.some((line) => line.includes('events.append: found no answer')));
  });

  test('CX-06 an ALLOW tapped before a STOP of the same instant does not undo it', async () => {
    const { finding, trace } = await play({
      plan: plan({ seed: 33_103, minutes: 23, storeMs: 35, chatMs: 150, quoteMs: 10_000 }, [
        { kind: 'signal', symbol: 0, minute: 15, distance: 0.96, day: 0 },
        {
          ...OWNER,
          when: { seen: 'ticket', nth: 1, afterMs: 9_109 },
          text: 'confirm {code}',
          agreeAfterMs: 6_537,
          travelMs: 817,
          repeats: 0,
        },
        { ...ALLOW, when: { at: 877_016 }, travelMs: 59 },
        {
          ...OWNER,
          when: { at: 877_045 },
          channel: 'second',
          text: 'STOP',
          agreeAfterMs: null,
          travelMs: 30,
          repeats: 0,
        },
      ]),
      isTraced: true,
    });
    assert.equal(finding, null);
    assert.ok(trace.some((line) => line.includes('act_refused allow stopped_by_operator')));
  });
});
