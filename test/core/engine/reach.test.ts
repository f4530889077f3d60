import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Input } from '#core/engine/input.ts';
import { entryObjections } from '#core/engine/permission-of.ts';
import {
  ack,
  allow,
  bars,
  mismatch,
  ny,
  QQQM,
  quote,
  reach,
  ready,
  reconciled,
  started,
  tick,
  withPosition,
  withTicket,
  withWorkingEntries,
} from '#test/support/builders.ts';
import { type Desk, run } from '#test/support/engine.ts';
import { given } from '#test/support/given.ts';

const codes = ({ state, view, policy }: Desk, at: number) =>
  entryObjections(state, view, policy, QQQM, at).map((one) => one.reason?.code);
const goneOf = (desk: Desk) => desk.events.filter((event) => event.type === 'operator_gone');

test('CX-11 given that no channel delivers for 10 min in session, then the desk is reducing and says so', () => {
  const lost = given([...ready(), reach(ny('10:00:10'), true)]).when(reach(ny('10:00:30'), false));
  lost.decides({ type: 'reach_lost', since: ny('10:00:30') });
  const minutes = lost.and(...bars('10:01', '10:10'));
  minutes.when(tick(ny('10:10:29'))).nothing();
  const gone = minutes.when(tick(ny('10:10:30')));
  gone.decides({ type: 'operator_gone', why: 'no_channel', since: ny('10:00:30') });
  assert.deepEqual(gone.effects(), ['push operator_gone']);
  assert.ok(codes(gone.desk, ny('10:10:31')).includes('operator_unreachable'));
});

test('CX-11 given an absence, tickets are void and entries leave; protection and positions stay', () => {
  const lost = [reach(ny('09:59:59'), false)];
  const early = [...lost, ...withTicket()];
  const voided = given([...early, ...bars('10:02', '10:09'), tick(ny('10:09:59'))]);
  assert.equal(goneOf(voided.desk).length, 1);
  const working = given([...lost, ...withWorkingEntries(), tick(ny('10:09:59'))]).desk;
  assert.ok(
    Object.values(working.state.orders)
      .filter((order) => order.role === 'entry')
      .every((order) => order.cancelRequestedAt !== null),
  );
  const held = given([...lost, ...withPosition(), tick(ny('10:09:59'))]).desk;
  assert.ok(
    Object.values(held.state.orders)
      .filter((order) => order.role === 'stop')
      .every((order) => order.cancelRequestedAt === null),
  );
});

test('CX-11 given that a card arrives again, only ALLOW brings entries back; before, it is refused with what stands', () => {
  const lost = [...ready(), reach(ny('10:00:30'), false), ...bars('10:01', '10:10')];
  const gone = given([...lost, tick(ny('10:10:30'))]);
  gone.when(allow(ny('10:10:40'))).refuses('operator_unreachable');
  const back = gone.and(...bars('10:11', '10:11')).when(reach(ny('10:11:01'), true));
  back.decides({ type: 'reach_restored', channel: 'telegram' });
  assert.ok(codes(back.desk, ny('10:11:02')).includes('operator_unreachable'));
  const allowed = back.and().when(allow(ny('10:11:05')));
  allowed.decides('consent_given');
  assert.deepEqual(codes(allowed.desk, ny('10:11:06')), []);
});

test('CX-11 given that nobody tells of a card any more, that is an absence too', () => {
  const told = given([...ready(), reach(ny('10:00:10'), true)]);
  told
    .and(...bars('10:01', '10:10'))
    .when(tick(ny('10:10:10')))
    .decides({ type: 'operator_gone', why: 'no_channel' });
});

test('CX-11 given an alarm that waits 10 min for an answer, then the same; Seen and ALLOW bring it back', () => {
  const rings = given([...withPosition(), mismatch(ny('10:02')), reach(ny('10:02'), true)]);
  const gone = rings.and(reach(ny('10:11'), true)).when(tick(ny('10:12')));
  gone.decidesOf(['operator_gone'], {
    type: 'operator_gone',
    why: 'alarm_unanswered',
    since: ny('10:02'),
  });
  gone
    .and()
    .when(allow(ny('10:12:10')))
    .refuses('alarm_unanswered');
  gone
    .and(ack(ny('10:12:20')), reconciled(ny('10:12:21'), rings.desk.state.cashMinor))
    .when(allow(ny('10:12:30')))
    .decides('consent_given');
});

test('CX-11 time before the open does not count, and outside the session nobody is absent', () => {
  const early = given([started(ny('08:00')), reach(ny('08:00'), false), ...ready().slice(1)]);
  assert.equal(goneOf(early.desk).length, 1);
  const quiet = given([...ready(), reach(ny('10:00:10'), true), tick(ny('16:00'))]).desk;
  const evening = run(quiet, [reach(ny('17:00'), false), tick(ny('18:00'))]);
  assert.equal(goneOf(evening).length, goneOf(quiet).length);
});

test('CX-11 a restart counts on from when the last card failed, and improves nothing', () => {
  const lost = [...ready(), reach(ny('10:00:30'), false)];
  const restarted = given([...lost, started(ny('10:05'), true), reconciled(ny('10:05:10'))]);
  restarted
    .and(...bars('10:06', '10:10'))
    .when(tick(ny('10:10:30')))
    .decides({ type: 'operator_gone', since: ny('10:00:30') });
  const gone = given([...lost, tick(ny('10:10:30')), started(ny('10:11'), true)]).desk;
  assert.ok(codes(gone, ny('10:11:01')).includes('operator_unreachable'));
});

test('CX-11 property: while the operator is absent no entry is ever intended, and exits go on', () => {
  const step = fc.record({
    what: fc.constantFrom('card', 'no_card', 'quote', 'allow', 'tick'),
    wait: fc.integer({ min: 1, max: 200 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 3, maxLength: 40 }), (steps) => {
      let at = ny('10:01:20');
      let { desk } = given(withPosition());
      for (const { what, wait } of steps) {
        at += wait * 1_000;
        const input: Input =
          what === 'quote'
            ? quote(at, 99.98, 100)
            : what === 'allow'
              ? allow(at)
              : what === 'tick'
                ? tick(at)
                : reach(at, what === 'card');
        const before = desk;
        desk = run(desk, [input]);
        const decided = desk.events.slice(before.events.length);
        if ((before.state.deadMan ?? null) !== null && what !== 'allow')
          assert.ok((desk.state.deadMan ?? null) !== null);
        if ((desk.state.deadMan ?? null) === null) continue;
        assert.ok(
          !decided.some((event) => event.type === 'order_intended' && event.order.role === 'entry'),
        );
      }
      const late = run(desk, [tick(ny('15:55'))]);
      assert.ok(late.events.some((event) => event.type === 'exit_started'));
    }),
    { numRuns: 200 },
  );
});
