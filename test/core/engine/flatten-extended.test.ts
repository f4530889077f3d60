import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workingExits } from '#core/engine/select.ts';
import {
  closed,
  fill,
  flatten,
  ny,
  policyOf,
  QQQM,
  quote,
  report,
  TICKET,
  tick,
  withPosition,
} from '#test/support/builders.ts';
import { type Desk, deskAfter, run } from '#test/support/engine.ts';

/* Stage 2 after the close of the US market, on an account that trades in extended hours. */

const EXTENDED = policyOf({
  execution: { broker: 'alpaca', flatten: 'one_request', hasExtendedHours: true },
  exits: { flatBeforeCloseMs: null },
});
const REGULAR = policyOf({ exits: { flatBeforeCloseMs: null } });

/** 200 QQQM held over the close; what protected them was good for the day. */
function evening(policy = EXTENDED): Desk {
  return deskAfter(
    [
      ...withPosition(),
      ...['stop-1', 'target-1', 'stop-2'].map((name) =>
        report(ny('16:00'), `${TICKET}.${name}`, 'expired'),
      ),
      closed(ny('16:20')),
    ],
    policy,
  );
}

const exitsOf = (desk: Desk) =>
  workingExits(desk.state, QQQM).map(({ type, limitPrice, isExtendedHours, cancelDueAt }) => ({
    type,
    limitPrice,
    isExtendedHours,
    cancelDueAt,
  }));

test('CX-07 after the close a kill sells by a limit below a fresh bid, where the account can', () => {
  const at = ny('17:00:05');
  const desk = run(evening(), [quote(ny('17:00'), 100, 100.2), flatten(at)]);
  assert.deepEqual(exitsOf(desk), [
    { type: 'limit', limitPrice: 99.5, isExtendedHours: true, cancelDueAt: at + 15_000 },
  ]);
  assert.ok(!desk.events.some((event) => event.type === 'sweep_asked'));
  const [order] = workingExits(desk.state, QQQM);
  const sold = run(desk, [fill(ny('17:00:06'), order?.orderId ?? '', 200, 99.9)]);
  assert.equal(sold.state.kill.kind, 'flat');
});

test('CX-07 without a fresh quote nothing is sold after the close; what is left is listed', () => {
  const desk = run(evening(), [quote(ny('16:10'), 100, 100.2), flatten(ny('17:00'))]);
  assert.deepEqual(exitsOf(desk), []);
  const { kill } = desk.state;
  assert.equal(kill.kind, 'incomplete');
  assert.deepEqual(kill.kind === 'incomplete' && kill.left.map((rest) => rest.reason.code), [
    'quote_missing',
  ]);
  assert.equal(exitsOf(run(desk, [quote(ny('17:05'), 99, 99.5)])).length, 1);
});

test('CX-07 an account without extended hours keeps its positions and says that the session is over', () => {
  const desk = run(evening(REGULAR), [quote(ny('17:00'), 100, 100.2), flatten(ny('17:00:05'))]);
  assert.deepEqual(exitsOf(desk), []);
  assert.equal(desk.state.kill.kind, 'incomplete');
});

test('CX-07 a kill in extended hours is over when they are', () => {
  const begun = run(evening(), [quote(ny('19:59:50'), 100, 100.2), flatten(ny('19:59:55'))]);
  const [order] = workingExits(begun.state, QQQM);
  const desk = run(begun, [
    report(ny('19:59:56'), order?.orderId ?? '', 'accepted'),
    report(ny('20:00'), order?.orderId ?? '', 'expired'),
    tick(ny('20:00:01')),
  ]);
  assert.equal(desk.state.kill.kind, 'incomplete');
  assert.deepEqual(exitsOf(desk), []);
});
