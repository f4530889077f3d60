import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Input } from '#core/engine/input.ts';
import type { KillLine } from '#core/engine/message.ts';
import { workingExits } from '#core/engine/select.ts';
import { newYorkSession } from '#test/support/bars.ts';
import {
  ack,
  bars,
  doubtful,
  fill,
  flatten,
  kill,
  mismatch,
  notFound,
  ny,
  planned,
  policyOf,
  QQQM,
  reconciled,
  report,
  resume,
  TICKET,
  tick,
  withPosition,
  withWorkingEntries,
} from '#test/support/builders.ts';
import { type Desk, step } from '#test/support/engine.ts';
import { given } from '#test/support/given.ts';

const id = (name: string) => `${TICKET}.${name}`;
const AT = ny('10:02');
const ONE_REQUEST = policyOf({ execution: { broker: 'alpaca', flatten: 'one_request' } });
const GLOBAL_CANCEL = policyOf({ execution: { broker: 'ibkr', flatten: 'global_cancel' } });

type Leg = Extract<Input, { kind: 'account_swept' }>['legs'][number];

const swept = (at: number, ...legs: Partial<Leg>[]): Input => ({
  kind: 'account_swept',
  at,
  legs: legs.map((leg) => ({
    instrument: QQQM,
    quantity: 200,
    outcome: 'sent',
    orderId: 'b1',
    reason: null,
    ...leg,
  })),
});
const sweepLost = (at: number): Input => ({ kind: 'sweep_doubtful', at, cause: 'timeout' });
const protectionGone = (at: number): Input[] =>
  ['stop-1', 'target-1', 'stop-2'].map((name) => report(at, id(name), 'canceled'));

const stage = (desk: Desk) => desk.state.kill.kind;
const lines = (events: Desk['events']): readonly KillLine[] =>
  events.flatMap((event) => (event.type === 'kill_progressed' ? event.lines : []));

test('CX-07 stage 2 at a broker with one request: the request alone, and nothing sold beside it', () => {
  const begun = given(withPosition(), ONE_REQUEST).when(flatten(AT));
  begun.decidesOf(
    ['flatten_started', 'exit_started', 'sweep_asked', 'cancel_requested', 'order_intended'],
    { type: 'flatten_started', legs: [{ instrument: QQQM, quantity: 200 }] },
    'exit_started',
    {
      type: 'sweep_asked',
      way: 'one_request',
      orderIds: [id('stop-1'), id('target-1'), id('stop-2')],
    },
  );
  assert.ok(begun.effects().includes('sweep_account'));
  const silent = begun.and(...protectionGone(AT + 200), tick(AT + 5_000));
  assert.deepEqual(
    silent.desk.events.filter((event) => event.type === 'order_intended').length,
    begun.desk.events.filter((event) => event.type === 'order_intended').length,
  );
});

test('CX-07 the closing order the broker made is an order of the desk; its fill makes flat', () => {
  const asked = given([...withPosition(), flatten(AT)], ONE_REQUEST);
  const answered = asked.and(...protectionGone(AT + 200)).when(swept(AT + 300, {}));
  answered.decidesOf(
    ['closing_order_noted', 'sweep_answered', 'order_intended'],
    {
      type: 'closing_order_noted',
      order: { orderId: 'b1', role: 'exit', quantity: 200, side: 'sell', state: 'submitted' },
    },
    { type: 'sweep_answered', legs: [{ instrument: QQQM, problem: null }] },
  );
  assert.ok(!answered.effects().includes('submit_order'));
  const sold = answered.and().when(fill(AT + 400, 'b1', 200, 99.9));
  sold.decidesOf(
    ['trade_closed', 'flatten_ended'],
    { type: 'trade_closed', trade: { exitReason: 'kill' } },
    { type: 'flatten_ended', isFlat: true },
  );
  assert.equal(stage(sold.desk), 'flat');
});

test('CX-07 a word of a closing order that overtakes the answer is no stranger', () => {
  const asked = given([...withPosition(), flatten(AT)], ONE_REQUEST);
  asked.when(fill(AT + 100, 'b1', 200, 99.9)).nothing();
  const named = asked.and(fill(AT + 100, 'b1', 200, 99.9), swept(AT + 300, {}));
  named
    .when(fill(AT + 1_300, 'b1', 200, 99.9))
    .decidesOf(['flatten_ended'], { type: 'flatten_ended', isFlat: true });
});

test('CX-07 a position the broker refused to close is sold by the desk once its protection is gone', () => {
  const refused = given([...withPosition(), flatten(AT)], ONE_REQUEST).when(
    swept(AT + 300, { outcome: 'refused', orderId: null, reason: '403 insufficient qty' }),
  );
  refused.decidesOf(['sweep_answered', 'closing_order_noted'], {
    type: 'sweep_answered',
    legs: [{ problem: { code: 'order_failed', figures: { words: '403 insufficient qty' } } }],
  });
  const free = refused.and(...protectionGone(AT + 400));
  assert.deepEqual(
    workingExits(free.desk.state, QQQM).map((order) => [order.orderId, order.quantity]),
    [[id('exit-1'), 200]],
  );
});

test('CX-07 a closing order that ends unfilled is followed by one of the desk', () => {
  const answered = given(
    [...withPosition(), flatten(AT), ...protectionGone(AT + 200), swept(AT + 300, {})],
    ONE_REQUEST,
  );
  answered
    .when(report(AT + 400, 'b1', 'rejected', { reason: 'halted' }))
    .decidesOf(['order_rejected', 'order_intended'], 'order_rejected', {
      type: 'order_intended',
      order: { orderId: id('exit-1'), quantity: 200 },
    });
});

test('CX-07 while nobody knows whether the request arrived nothing else sells', () => {
  const lost = given([...withPosition(), flatten(AT), ...protectionGone(AT + 200)], ONE_REQUEST)
    .when(sweepLost(AT + 8_000))
    .decides(
      { type: 'sweep_became_doubtful', cause: 'timeout' },
      {
        type: 'kill_progressed',
        lines: [{ state: 'asking' }],
      },
    );
  lost
    .and()
    .when(tick(AT + 30_000))
    .decidesOf(['order_intended']);
  lost
    .and()
    .when(swept(AT + 12_000, { outcome: 'refused', orderId: null, reason: 'never arrived' }))
    .decidesOf(['order_intended'], {
      type: 'order_intended',
      order: { orderId: id('exit-1'), quantity: 200 },
    });
});

test('CX-07 what the broker does not name is not sold by the desk before book and broker agree', () => {
  const missing = given(
    [...withPosition(), flatten(AT), ...protectionGone(AT + 200)],
    ONE_REQUEST,
  ).when(swept(AT + 300));
  missing.decidesOf(['sweep_answered', 'order_intended'], {
    type: 'sweep_answered',
    legs: [{ problem: { code: 'position_mismatch' } }],
  });
  assert.equal(stage(missing.desk), 'incomplete');
  const differs = missing.and(mismatch(AT + 1_000));
  differs.when(tick(AT + 5_000)).decidesOf(['order_intended']);
  differs
    .when(reconciled(AT + 6_000, missing.desk.state.cashMinor))
    .decidesOf(['reconciled', 'order_intended'], 'reconciled', {
      type: 'order_intended',
      order: { role: 'exit' },
    });
});

test('CX-07 an account that also holds what is not the desk’s is left order by order', () => {
  const external = {
    id: 'MU.US',
    kind: 'position',
    instrument: 'MU.US',
    quantity: 10,
    price: 90,
    state: 'disowned',
    since: AT - 60_000,
  } as const;
  const before = given(withPosition(), ONE_REQUEST);
  const state = { ...before.desk.state, externals: [external] };
  const { events } = step({ ...before.desk, state }, flatten(AT));
  assert.ok(!events.some((event) => event.type === 'sweep_asked'));
  assert.equal(events.filter((event) => event.type === 'cancel_requested').length, 3);
});

test('CX-07 at a broker with a global cancel the protection goes with one request and the desk sells', () => {
  const begun = given(withPosition(), GLOBAL_CANCEL).when(flatten(AT));
  begun.decidesOf(['sweep_asked', 'cancel_requested'], {
    type: 'sweep_asked',
    way: 'global_cancel',
  });
  const gone = begun.and(...protectionGone(AT + 200));
  assert.deepEqual(
    workingExits(gone.desk.state, QQQM).map((order) => order.orderId),
    [id('exit-1')],
  );
  gone.when(swept(AT + 300)).decides({ type: 'sweep_answered', legs: [] });
});

test('CX-07 a global cancel that failed is followed by cancels one by one', () => {
  const begun = given([...withPosition(), flatten(AT)], GLOBAL_CANCEL);
  begun
    .when(sweepLost(AT + 400))
    .decidesOf(
      ['sweep_became_doubtful', 'sweep_answered', 'cancel_requested'],
      'sweep_became_doubtful',
      'sweep_answered',
      { type: 'cancel_requested', orderId: id('stop-1') },
      { type: 'cancel_requested', orderId: id('target-1') },
      { type: 'cancel_requested', orderId: id('stop-2') },
    );
});

test('CX-07 with nothing at the broker no request is made', () => {
  given([...withWorkingEntries(), kill(AT)], ONE_REQUEST)
    .and(report(AT + 1, id('entry-1'), 'canceled'), report(AT + 1, id('entry-2'), 'canceled'))
    .when(flatten(AT + 2))
    .decides({ type: 'flatten_started', legs: [] }, { type: 'flatten_ended', isFlat: true });
});

test('CX-07 progress is told at most every two seconds, and only when it changed', () => {
  const begun = given([...withPosition(), flatten(AT)]);
  begun.when(tick(AT + 1_000)).nothing();
  const first = begun.when(tick(AT + 2_000));
  assert.deepEqual(
    lines(first.events).map((line) => [line.left, line.state]),
    [[200, 'canceling']],
  );
  const free = first.and(...protectionGone(AT + 2_100));
  assert.equal(lines(free.desk.events).length, 1);
  free.when(tick(AT + 3_000)).nothing();
  const second = free.when(tick(AT + 4_000));
  assert.equal(lines(second.events)[0]?.state, 'selling');
  second
    .and()
    .when(tick(AT + 6_000))
    .nothing();
});

test('CX-07 attempts are bounded: an exit refused again and again is listed with its reason', () => {
  let desk = given([...withPosition(), flatten(AT), ...protectionGone(AT + 100)]);
  for (let n = 1; n <= 5; n += 1)
    desk = desk.and(report(AT + 100 + n, id(`exit-${n}`), 'rejected', { reason: 'no way' }));
  const ends = desk.desk.events.filter((event) => event.type === 'flatten_ended');
  assert.deepEqual(
    ends.map((event) => [event.isFlat, event.left]),
    [
      [
        false,
        [
          {
            instrument: QQQM,
            quantity: 200,
            reason: { code: 'order_failed', figures: { words: 'no way' } },
          },
        ],
      ],
    ],
  );
  assert.equal(stage(desk.desk), 'incomplete');
  assert.ok(desk.desk.state.alarms.some((alarm) => alarm.kind === 'kill_incomplete'));
  assert.equal(workingExits(desk.desk.state, QQQM).length, 0);
});

test('CX-07 an exit that works without a fill is listed after a minute, works on, and ends flat', () => {
  const selling = given([...withPosition(), flatten(AT), ...protectionGone(AT + 100)]).and(
    report(AT + 200, id('exit-1'), 'accepted'),
  );
  selling.when(tick(AT + 60_199)).decidesOf(['flatten_ended']);
  const stalled = selling.when(tick(AT + 60_200));
  stalled.decidesOf(['flatten_ended'], {
    type: 'flatten_ended',
    isFlat: false,
    left: [{ instrument: QQQM, reason: { code: 'exit_not_filled' } }],
  });
  assert.equal(workingExits(stalled.desk.state, QQQM).length, 1);
  const done = stalled.and(ack(AT + 61_000)).when(fill(AT + 70_000, id('exit-1'), 200, 99));
  done.decidesOf(['flatten_ended'], { type: 'flatten_ended', isFlat: true });
  assert.equal(stage(done.desk), 'flat');
});

test('CX-07 what is left is tried again in the next session by itself', () => {
  const left = given([...withPosition(), flatten(AT), ...bars('10:02', '15:59')]).and(
    tick(ny('16:00')),
  );
  assert.equal(stage(left.desk), 'incomplete');
  const monday = '2026-11-23';
  const next = left.and(planned(ny('09:00', monday), newYorkSession(monday)));
  assert.equal(stage(next.desk), 'incomplete');
  const open = next.when(tick(ny('09:30', monday)));
  open.decidesOf(['flatten_started'], {
    type: 'flatten_started',
    legs: [{ instrument: QQQM, quantity: 200 }],
  });
  const gone = open.and(...protectionGone(ny('09:30:01', monday)));
  assert.deepEqual(
    workingExits(gone.desk.state, QQQM).map((order) => order.quantity),
    [200],
  );
});

// ── every state of the kill × what a person may say ──────────────────────────────────────────────

const HALTED = () => [...withPosition(), kill(AT)];
const FLATTENING = () => [...withPosition(), flatten(AT)];
const FLAT = () => [
  ...FLATTENING(),
  ...protectionGone(AT + 1),
  fill(AT + 2, id('exit-1'), 200, 99.9),
  reconciled(AT + 3, 9_998_000),
];
const INCOMPLETE = () => [
  ...FLATTENING(),
  ...protectionGone(AT + 1),
  ...[1, 2, 3, 4, 5].map((n) => report(AT + 1 + n, id(`exit-${n}`), 'rejected')),
];
const LATER = AT + 10_000;

test('CX-07 kill said in every state of the kill: a latch that nothing takes back', () => {
  given(withPosition()).when(kill(LATER)).decidesOf(['kill_engaged'], 'kill_engaged');
  for (const begin of [HALTED, FLATTENING, FLAT, INCOMPLETE]) {
    const before = given(begin());
    const after = before.when(kill(LATER));
    assert.equal(stage(after.desk), stage(before.desk));
    assert.ok(!after.events.some((event) => event.type === 'kill_engaged'));
  }
});

test('CX-07 flatten said in every state of the kill', () => {
  given(withPosition())
    .when(flatten(LATER))
    .decidesOf(['kill_engaged', 'flatten_started'], 'kill_engaged', 'flatten_started');
  given(HALTED())
    .when(flatten(LATER))
    .decidesOf(['kill_engaged', 'flatten_started'], 'flatten_started');
  given(FLATTENING())
    .when(flatten(AT + 1_000))
    .refuses('already_so');
  given(FLAT())
    .when(flatten(LATER))
    .decidesOf(['flatten_started', 'flatten_ended'], 'flatten_started', {
      type: 'flatten_ended',
      isFlat: true,
    });
  const again = given(INCOMPLETE()).when(flatten(LATER));
  // what was given up had got its stop back, which goes first
  again.decidesOf(
    ['flatten_started', 'exit_started', 'cancel_requested'],
    'flatten_started',
    {
      type: 'exit_started',
      quantity: 200,
    },
    { type: 'cancel_requested', orderId: id('stop-3') },
    'cancel_requested',
    'cancel_requested',
  );
});

test('CX-07 resume said in every state of the kill', () => {
  given(withPosition()).when(resume(LATER)).refuses('not_killed');
  given(HALTED()).when(resume(LATER)).decidesOf(['kill_resumed'], 'kill_resumed');
  given(FLATTENING())
    .when(resume(AT + 1_000))
    .refuses('flatten_running');
  given(FLAT()).when(resume(LATER)).decidesOf(['kill_resumed'], 'kill_resumed');
  given(INCOMPLETE()).when(resume(LATER)).decidesOf(['kill_resumed'], 'kill_resumed');
});

test('CX-07 resume is refused while the fate of an order or of the one request is not known', () => {
  given([...HALTED(), doubtful(LATER, id('stop-1'))])
    .when(resume(LATER + 1))
    .refuses('open_doubt');
  const over = given([...FLATTENING(), sweepLost(AT + 1), ...bars('10:03', '15:59')], ONE_REQUEST);
  const ended = over.and(tick(ny('16:00')));
  assert.equal(stage(ended.desk), 'incomplete');
  ended.when(resume(ny('16:01'))).decidesOf(['act_refused', 'kill_resumed'], {
    type: 'act_refused',
    reason: { code: 'open_doubt' },
  });
});

test('CX-07 an exit that never arrived is the problem of its leg until the next one works', () => {
  const lost = given([...FLATTENING(), ...protectionGone(AT + 1)]).and(
    doubtful(AT + 2, id('exit-1')),
  );
  const { kill: before } = lost.desk.state;
  assert.equal(before.kind === 'flattening' && before.legs[0]?.problem, null);
  const after = lost.when(notFound(AT + 5_000, id('exit-1')));
  after.decidesOf(['order_intended'], { type: 'order_intended', order: { orderId: id('exit-2') } });
});

test('ID-06 a stop that still works when nothing is held any more is taken back', () => {
  const sold = given(
    [...FLATTENING(), swept(AT + 1, {}), fill(AT + 2, 'b1', 200, 99.9)],
    ONE_REQUEST,
  );
  assert.equal(sold.desk.state.positions[QQQM], undefined);
  // the one request did not reach it: the broker says that it works
  const doubted = sold.and(doubtful(AT + 3, id('stop-1')));
  doubted
    .when(report(AT + 4, id('stop-1'), 'accepted'))
    .decidesOf(['cancel_requested'], { type: 'cancel_requested', orderId: id('stop-1') });
});

test('CX-07 what another process has sold is neither sold nor protected before the sides agree', () => {
  const sold = { kind: 'sold_elsewhere', at: AT, by: 'command line', updateKey: 'sold:1' } as const;
  const told = given(withPosition()).when(sold);
  told.decidesOf(
    ['kill_engaged', 'flatten_started', 'cancel_requested', 'order_intended'],
    'kill_engaged',
    'flatten_started',
  );
  const bare = told.and(...protectionGone(AT + 1));
  assert.equal(
    bare.desk.events.filter((event) => event.type === 'order_intended').length,
    told.desk.events.filter((event) => event.type === 'order_intended').length,
    'no stop is placed again',
  );
  bare.when({ ...sold, at: AT + 2 }).decidesOf(['flatten_started', 'kill_engaged']);
  bare
    .when(reconciled(AT + 3, bare.desk.state.cashMinor))
    .decidesOf(['order_intended'], { type: 'order_intended', order: { role: 'exit' } });
});

test('CX-06 CX-07 lifting a kill does not bring the permission of before it back', () => {
  const lifted = given([...withPosition(), kill(AT)]).when(resume(AT + 1_000));
  lifted.decidesOf(['kill_resumed'], 'kill_resumed');
  assert.equal(lifted.desk.state.consent.kind, 'not_given');
});
