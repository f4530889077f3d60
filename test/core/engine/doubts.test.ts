import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deskHealth } from '#app/desk-health.ts';
import type { Input } from '#core/engine/input.ts';
import { entryObjections } from '#core/engine/permission-of.ts';
import { toldCauses } from '#core/engine/safe-scope.ts';
import { newYorkSession } from '#test/support/bars.ts';
import {
  AAPL,
  ack,
  actOf,
  allow,
  bar,
  bars,
  CASH_MINOR,
  closed,
  confirm,
  doubtful,
  exit,
  fill,
  flatten,
  kill,
  mismatch,
  notFound,
  ny,
  planned,
  policyOf,
  QQQM,
  quote,
  quoteOf,
  ready,
  reconciled,
  report,
  signalBar,
  started,
  stop,
  TICKET,
  tick,
  withEntries,
  withFirstTarget,
  withPosition,
  withTicket,
  withWorkingEntries,
} from '#test/support/builders.ts';
import { type Desk, deskAfter, run } from '#test/support/engine.ts';
import { given } from '#test/support/given.ts';

const id = (name: string) => `${TICKET}.${name}`;
const orderOf = (desk: Desk, name: string) => {
  const order = desk.state.orders[id(name)];
  assert.ok(order !== undefined, `no order ${name}`);
  return order;
};

/** Protection canceled, exit-1 … exit-`count` refused one after the other. */
function refusedExits(count: number, from: string, first = 1): Input[] {
  const at = ny(from);
  const inputs: Input[] = [];
  for (let n = 0; n < count; n += 1)
    inputs.push(report(at + n * 100, id(`exit-${first + n}`), 'rejected', { reason: 'no' }));
  return inputs;
}

const unprotected = (from: string): Input[] => [
  report(ny(from), id('stop-1'), 'canceled'),
  report(ny(from), id('target-1'), 'canceled'),
  report(ny(from), id('stop-2'), 'canceled'),
];

test('a stop that its sibling had shrunk is done when the broker says filled', () => {
  const desk = deskAfter([
    ...withPosition(),
    fill(ny('10:01:20'), id('target-1'), 40, 101, { isPartial: true }),
    fill(ny('10:01:30'), id('stop-1'), 60, 99),
  ]);
  assert.equal(orderOf(desk, 'stop-1').state, 'filled');
  assert.equal(desk.state.positions[QQQM]?.quantity, 100);
});

test('ID-06 a late partial fill of a canceled entry is held, protected and does not block the exit', () => {
  const fresh = given([
    ...withEntries(),
    report(ny('10:01:20'), id('entry-1'), 'canceled'),
    report(ny('10:01:20'), id('entry-2'), 'canceled'),
  ]).when(fill(ny('10:01:21'), id('entry-1'), 30, 100, { isPartial: true }));
  assert.equal(orderOf(fresh.desk, 'entry-1').state, 'canceled');
  assert.equal(fresh.desk.state.positions[QQQM]?.quantity, 30);
  fresh.decidesOf(
    ['order_intended'],
    { type: 'order_intended', order: { role: 'stop', quantity: 15, stopPrice: 99 } },
    { type: 'order_intended', order: { role: 'target', quantity: 15 } },
    { type: 'order_intended', order: { role: 'stop', quantity: 15, stopPrice: 99 } },
  );
});

test('an exit refused five times calls a person once, places the protection again and can be asked for anew', () => {
  const before = given([
    ...withPosition(),
    exit(ny('10:01:40')),
    ...unprotected('10:01:41'),
    ...refusedExits(4, '10:01:42'),
  ]);
  const last = before.when(report(ny('10:01:43'), id('exit-5'), 'rejected'));
  last.decidesOf(
    ['order_intended', 'alarm_raised'],
    { type: 'order_intended', order: { role: 'stop', quantity: 100 } },
    { type: 'order_intended', order: { role: 'target', quantity: 100 } },
    { type: 'order_intended', order: { role: 'stop', quantity: 100 } },
    { type: 'alarm_raised', alarm: { kind: 'exit_failed' } },
  );
  assert.ok(last.effects().includes('push alarm_repeat'));
  const again = last.and(ack(ny('10:01:44'))).when(exit(ny('10:01:45')));
  again.decidesOf(['exit_started'], { type: 'exit_started', by: 'terminal:owner' });
  const canceled = again.desk.events.filter(
    (event) => event.type === 'cancel_requested' && event.at === ny('10:01:45'),
  );
  assert.equal(canceled.length, 3);
});

test('parts that left before do not use up the attempts of the last exit', () => {
  let desk = deskAfter(withPosition());
  let at = ny('10:01:40');
  let left = 200;
  for (let n = 1; n <= 6; n += 1) {
    desk = run(desk, [exit(at, 'QQQM', 0.1)]);
    for (const order of Object.values(desk.state.orders))
      if (order.cancelRequestedAt !== null)
        desk = run(desk, [report(at + 10, order.orderId, 'canceled')]);
    const part = desk.state.positions[QQQM]?.exiting?.quantity ?? 0;
    left -= part;
    desk = run(desk, [fill(at + 20, id(`exit-${n}`), part, 100.5)]);
    for (const order of Object.values(desk.state.orders))
      if (order.state === 'intended')
        desk = run(desk, [report(at + 30, order.orderId, 'accepted')]);
    assert.equal(desk.state.positions[QQQM]?.quantity, left);
    assert.equal(desk.state.positions[QQQM]?.unprotectedSince, null);
    at += 1_000;
  }
  const working = Object.values(desk.state.orders).filter(
    (order) => order.role === 'stop' && order.state === 'accepted',
  );
  assert.equal(
    working.reduce((sum, order) => sum + order.quantity, 0),
    left,
  );
});

test('CX-07 a kill said again while flattening takes nothing back', () => {
  const desk = deskAfter([
    ...withEntries(),
    fill(ny('10:01:20'), id('entry-1'), 100, 100),
    flatten(ny('10:01:30')),
    kill(ny('10:01:31')),
  ]);
  assert.equal(desk.state.kill.kind, 'flattening');
});

test('CX-07 AL-02 a flatten of one desk kills that desk, one without a name everything', () => {
  const scopeAfter = (scope: string | null) => {
    const said = actOf(ny('10:01:30'), { act: 'flatten', scope }, { isConfirmed: true });
    const { events } = deskAfter([...withEntries(), said]);
    return events.findLast((event) => event.type === 'kill_engaged')?.scope;
  };
  assert.equal(scopeAfter('us-vwap'), 'us-vwap');
  assert.equal(scopeAfter('paper-us'), 'paper-us');
  assert.equal(scopeAfter(null), 'all');
});

test('CX-07 a flatten waits for entries that may still fill and sells what they bring', () => {
  const begun = given([...withEntries(), flatten(ny('10:01:30'))]);
  assert.equal(begun.desk.state.kill.kind, 'flattening');
  const late = begun.when(fill(ny('10:01:31'), id('entry-1'), 100, 100));
  late.decidesOf(['exit_started'], { type: 'exit_started', reason: 'kill', quantity: 100 });
  assert.equal(late.desk.state.kill.kind, 'flattening');
  const end = late
    .and(
      report(ny('10:01:32'), id('entry-2'), 'canceled'),
      report(ny('10:01:32'), id('stop-1'), 'canceled'),
      report(ny('10:01:32'), id('target-1'), 'canceled'),
    )
    .when(fill(ny('10:01:33'), id('exit-1'), 100, 99.9));
  end.decidesOf(['flatten_ended'], { type: 'flatten_ended', isFlat: true, left: [] });
});

test('CX-07 an incomplete flatten is said once and tried again in the next session only', () => {
  const failed = given([
    ...withPosition(),
    flatten(ny('10:01:40')),
    ...unprotected('10:01:41'),
    ...refusedExits(4, '10:01:42'),
  ]).when(report(ny('10:01:43'), id('exit-5'), 'rejected'));
  failed.decidesOf(['flatten_ended'], {
    type: 'flatten_ended',
    isFlat: false,
    left: [{ instrument: QQQM, quantity: 200, reason: { code: 'order_failed' } }],
  });
  const later = failed.and(quote(ny('10:01:44'), 99.9, 99.92));
  assert.equal(later.desk.state.kill.kind, 'incomplete');
  assert.equal(later.desk.events.filter((event) => event.type === 'flatten_started').length, 1);
  const next = '2026-11-23';
  const retried = run(later.desk, [
    closed(ny('16:01')),
    planned(ny('09:00', next), newYorkSession(next)),
    tick(ny('09:30', next)),
    tick(ny('09:30:01', next)),
  ]);
  assert.equal(retried.state.kill.kind, 'flattening');
  assert.equal(retried.events.filter((event) => event.type === 'flatten_started').length, 2);
});

test('ID-07 a sale with nothing held is a mismatch and enters safe mode', () => {
  const sold = given([
    ...withPosition(),
    fill(ny('10:01:20'), id('stop-1'), 100, 99),
    fill(ny('10:01:20'), id('stop-2'), 100, 99),
  ]).when(fill(ny('10:01:21'), id('target-1'), 100, 101));
  sold.decidesOf(['safe_mode_entered'], {
    type: 'safe_mode_entered',
    cause: 'position_mismatch',
    subject: QQQM,
  });
});

test('ID-09 a clean reconciliation settles every mismatch, also one of an unknown order', () => {
  const doubted = given([...ready(), report(ny('10:01'), 'stranger', 'accepted')]);
  assert.equal(doubted.desk.state.safeMode[0]?.isGone, false);
  doubted
    .when(reconciled(ny('10:01:10')))
    .decides({ type: 'safe_mode_cause_passed', subject: 'stranger' });
});

test('ID-09 an entry in doubt that turns out to work is canceled again', () => {
  const found = given([
    ...withEntries(),
    stop(ny('10:01:11')),
    doubtful(ny('10:01:14'), id('entry-1')),
  ]).when(report(ny('10:01:15'), id('entry-1'), 'accepted'));
  found.decidesOf(
    ['order_accepted', 'cancel_requested'],
    { type: 'order_accepted', orderId: id('entry-1') },
    { type: 'cancel_requested', orderId: id('entry-1') },
  );
});

test('a repeated report of a moved stop changes nothing', () => {
  const desk = deskAfter(withFirstTarget());
  assert.equal(desk.state.positions[QQQM]?.stop, 100);
  given(withFirstTarget())
    .when(report(ny('10:01:40'), id('stop-2'), 'replaced', { stopPrice: 99.5 }))
    .nothing();
});

test('a moved stop that was in doubt works again, and can be moved again', () => {
  const desk = deskAfter([
    ...withPosition(),
    fill(ny('10:01:30'), id('target-1'), 100, 101),
    doubtful(ny('10:01:33'), id('stop-2')),
    report(ny('10:01:34'), id('stop-2'), 'replaced', { stopPrice: 100 }),
  ]);
  assert.equal(orderOf(desk, 'stop-2').state, 'accepted');
  const lost = deskAfter([
    ...withPosition(),
    fill(ny('10:01:30'), id('target-1'), 100, 101),
    doubtful(ny('10:01:33'), id('stop-2')),
    report(ny('10:01:34'), id('stop-2'), 'accepted'),
  ]);
  assert.equal(orderOf(lost, 'stop-2').replaceTo, null);
});

test('ID-05 a working entry forbids a second ticket of its symbol', () => {
  const before = given(withWorkingEntries());
  before.when(signalBar(ny('10:02'))).nothing();
  const { state, view, policy } = before.desk;
  const objections = entryObjections(state, view, policy, QQQM, ny('10:01:20'));
  assert.deepEqual(
    objections.map((source) => source.reason?.code),
    ['not_flat'],
  );
});

/** QQQM is quoted until just before 10:02, so that its silence is no doubt. */
const quoted = () => [...withWorkingEntries(), quote(ny('10:01:55'), 99.98, 100)];

test('ID-05 entries in flight count against the trades of the day', () => {
  const policy = policyOf({ risk: { tradesPerDay: 1 } });
  given(quoted(), policy)
    .when(signalBar(ny('10:02'), { instrument: AAPL }))
    .decidesOf(['setup_refused', 'ticket_opened'], {
      type: 'setup_refused',
      setup: { reasons: [{ code: 'trades_per_day' }] },
    });
});

test('ID-05 cash that a working entry may take is not spent twice', () => {
  const poor = quoted().map((input) =>
    input.kind === 'desk_started' || input.kind === 'account_reconciled'
      ? { ...input, cashMinor: 2_500_000 }
      : input,
  );
  const desk = deskAfter([...poor, signalBar(ny('10:02'), { instrument: AAPL })]);
  const second = Object.values(desk.state.tickets).find((ticket) => ticket.instrument === AAPL);
  assert.equal(second?.quantity, 50);
});

test('ID-08 a quote from the future or of another symbol never confirms', () => {
  const before = given(withTicket());
  const at = ny('10:01:10');
  before.when(confirm(at, { quote: quoteOf(at + 1, 99.98, 100) })).refuses('quote_stale');
  before.when(confirm(at, { quote: quoteOf(at, 99.98, 100, AAPL) })).refuses('quote_missing');
});

test('a bar from the future is no fresh data', () => {
  given(ready())
    .when({ ...signalBar(ny('10:01')), at: ny('10:00:30') } as Input)
    .decidesOf(['setup_refused', 'ticket_opened'], {
      type: 'setup_refused',
      setup: { reasons: [{ code: 'data_stale' }, { code: 'quote_stale' }] },
    });
});

test('a late bar decides nothing that newer ones have overtaken', () => {
  const late = { ...signalBar(ny('10:01')), at: ny('10:03:01') } as Input;
  given([...ready(), ...bars('10:02', '10:03')])
    .when(late)
    .nothing();
});

test('ID-04 the phase of the very instant counts: no entry at five minutes before the close', () => {
  const policy = policyOf({ mode: 'auto' });
  const before = given([...ready(), ...bars('10:01', '15:54')], policy);
  before
    .when(signalBar(ny('15:55')))
    .decidesOf(['setup_refused', 'ticket_opened', 'order_intended'], {
      type: 'setup_refused',
      setup: { reasons: [{ code: 'session_done' }] },
    });
});

test('a partly filled entry gets its own protection two seconds after its first fill, whatever else is heard', () => {
  const before = given([
    ...withEntries(),
    fill(ny('10:01:20'), id('entry-1'), 30, 100, { isPartial: true }),
    { ...report(ny('10:01:20'), id('entry-2'), 'accepted'), at: ny('10:01:20') + 1_500 } as Input,
    {
      ...fill(ny('10:01:20'), id('entry-1'), 40, 100, { isPartial: true }),
      at: ny('10:01:20') + 1_900,
    } as Input,
  ]);
  before
    .when(tick(ny('10:01:22')))
    .decidesOf(
      ['order_intended'],
      { type: 'order_intended', order: { role: 'stop', quantity: 20 } },
      { type: 'order_intended', order: { role: 'target', quantity: 20 } },
      { type: 'order_intended', order: { role: 'stop', quantity: 20 } },
    );
});

test('seen is seen: an alarm of a bare position does not ring again by itself', () => {
  let desk = deskAfter(withPosition());
  desk = run(desk, unprotected('10:01:30'));
  let at = ny('10:01:31');
  for (let n = 0; n < 20 && desk.state.alarms.length === 0; n += 1) {
    const waiting = Object.values(desk.state.orders).filter(
      (order) => order.role !== 'entry' && order.state === 'intended',
    );
    for (const order of waiting) desk = run(desk, [report(at, order.orderId, 'rejected')]);
    at += 200;
  }
  assert.equal(desk.state.alarms[0]?.kind, 'position_unprotected');
  desk = run(desk, [ack(at), tick(at + 1_000)]);
  assert.deepEqual(desk.state.alarms, []);
  assert.notEqual(desk.state.positions[QQQM]?.unprotectedSince, null);
});

test('events survive JSON, also those of a one-sided quote', () => {
  const at = ny('10:01');
  const refused = given(ready()).when(signalBar(at, {}, quoteOf(at, 0, 100)));
  assert.deepEqual(JSON.parse(JSON.stringify(refused.events)), refused.events);
  refused.decidesOf(['setup_refused'], {
    type: 'setup_refused',
    setup: { reasons: [{ code: 'spread_too_wide' }] },
  });
});

test('a one-sided quote is no day loss: the last close values the position', () => {
  given(withPosition())
    .when(quote(ny('10:01:20'), 0, 100))
    .decidesOf(['lock_set', 'safe_mode_entered']);
});

test('ID-03 the trailed stop lies on the tick grid', () => {
  const moved = given([...withFirstTarget(), ...bars('10:02', '10:02')]).when(
    bar(ny('10:03'), {
      bar: { open: 100, high: 100.2, low: 100, close: 100.1, volume: 1 },
      lowestLow5: 100.3,
      vwap: 99.8,
    }),
  );
  moved.decidesOf(['replace_requested'], { type: 'replace_requested', stopPrice: 100.09 });
});

test('CX-06 waiting tickets are void when the permission ends', () => {
  given([...withTicket(), allow(ny('10:01:05'), '10:02')])
    .when(tick(ny('10:02')))
    .decides('consent_ended', {
      type: 'ticket_voided',
      reason: { code: 'permission_not_given' },
    });
});

test('the plan of a trade is over with its position: what is left of the entry is canceled', () => {
  given([...withWorkingEntries(), fill(ny('10:01:20'), id('entry-1'), 100, 100)])
    .when(fill(ny('10:01:21'), id('stop-1'), 100, 98.99))
    .decidesOf(
      ['cancel_requested', 'trade_closed'],
      { type: 'cancel_requested', orderId: id('target-1') },
      { type: 'cancel_requested', orderId: id('entry-2') },
      'trade_closed',
    );
});

test('an exit asked for twice is answered', () => {
  given([...withPosition(), exit(ny('10:01:20'))])
    .when(exit(ny('10:01:21')))
    .refuses('already_so');
});

test('the same differences are reported once, not with every poll', () => {
  given([...ready(), mismatch(ny('10:00:10'))])
    .when(mismatch(ny('10:00:20')))
    .nothing();
});

test('CX-04 a restart after the last bar does not turn the day into one without data', () => {
  const desk = deskAfter([...ready(), ...bars('10:01', '15:59')]);
  const restarted = run({ ...desk, view: { symbols: {}, since: null, heartbeatAt: null } }, [
    started(ny('15:59:30'), true),
    closed(ny('16:00:05')),
  ]);
  assert.equal(restarted.state.day?.verdict?.kind, 'no_trade');
});

test('an order that never arrived leaves no trace in cash', () => {
  const desk = deskAfter([
    ...withEntries(),
    doubtful(ny('10:01:12'), id('entry-1')),
    notFound(ny('10:01:16'), id('entry-1')),
  ]);
  assert.equal(orderOf(desk, 'entry-1').state, 'canceled');
  assert.equal(orderOf(desk, 'stop-1').state, 'canceled');
  assert.equal(desk.state.cashMinor, CASH_MINOR);
});

test('ID-10 SAFE_MODE tells reports of unknown orders as one line with their number, and other causes apart', () => {
  const strangers = Array.from({ length: 40 }, (_, i) =>
    report(ny('10:02') + i, `X-${i + 1}`, 'accepted'),
  );
  const desk = deskAfter([...withPosition(), ...strangers, mismatch(ny('10:03'))]);
  const doubts = desk.state.safeMode.filter((entry) => entry.cause === 'position_mismatch');
  assert.equal(doubts.length, 41);
  assert.deepEqual(
    toldCauses(doubts).map(({ subject, others }) => [subject, others]),
    [
      ['X-1', 39],
      ['paper-us', undefined],
    ],
  );
  const named = deskHealth(desk.state, 1).filter(
    (line) => line.of === 'safe_mode' && line.entry?.subject.startsWith('X-') === true,
  );
  assert.equal(named.length, 40);
});
