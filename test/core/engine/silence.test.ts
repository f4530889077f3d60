import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pushesOf } from '#core/engine/effects-push.ts';
import type { Input } from '#core/engine/input.ts';
import { entryObjections } from '#core/engine/permission-of.ts';
import {
  AAPL,
  actOf,
  bar,
  bars,
  beat,
  closed,
  confirm,
  exit,
  FACTS,
  halt,
  mismatch,
  ny,
  policyOf,
  QQQM,
  quote,
  ready,
  reconciled,
  report,
  safe,
  signalBar,
  started,
  stop,
  TICKET,
  tick,
  withEntries,
  withPosition,
  withTicket,
} from '#test/support/builders.ts';
import type { Desk } from '#test/support/engine.ts';
import { given, givenDesk } from '#test/support/given.ts';

const blocked = ({ state, view, policy }: Desk, instrument: typeof QQQM, at: number): string[] =>
  entryObjections(state, view, policy, instrument, at).map((one) => one.reason?.code ?? '');
const causes = ({ state }: Desk) => state.safeMode.map(({ cause, subject }) => [cause, subject]);
const seen = (inputs: readonly Input[]) => given(inputs).desk;

/** QQQM held, both symbols with a bar of 10:02. */
const held = [...withPosition(), ...bars('10:02', '10:02')];
/** QQQM is held and its quotes stand still while AAPL's go on. */
const still = [...held, quote(ny('10:02:20'), 99.98, 100, AAPL)];

test('ID-07 given a stale quote of what is held, then that symbol alone is blocked and the exit at the market is offered', () => {
  const entered = given(held).when(quote(ny('10:02:20'), 99.98, 100, AAPL));
  entered.decidesOf(['safe_mode_entered'], {
    type: 'safe_mode_entered',
    cause: 'quotes_stale',
    subject: QQQM,
    isExposed: true,
    figures: { limitMs: 30_000, reference: AAPL },
  });
  assert.ok(entered.effects().includes('push safe_mode_on'));
  assert.ok(blocked(entered.desk, QQQM, ny('10:02:20')).includes('safe_mode'));
  assert.ok(!blocked(entered.desk, AAPL, ny('10:02:20')).includes('safe_mode'));
});

test('ID-07 given a stale price below the stop, no stop is fired on it, and the offered exit leaves at the market', () => {
  const watched = given(still);
  const sold = watched.when(exit(ny('10:02:25')));
  sold.decidesOf(['exit_started'], { type: 'exit_started', reason: 'operator', quantity: 200 });
  const bare = ['stop-1', 'target-1', 'stop-2'].map((name) =>
    report(ny('10:02:26'), `${TICKET}.${name}`, 'canceled'),
  );
  const sent = given([...still, exit(ny('10:02:25')), ...bare]).desk;
  const order = Object.values(sent.state.orders).find((one) => one.role === 'exit');
  assert.equal(order?.type, 'market');
});

test('ID-07 given a ticket of another symbol, a stale one leaves it open', () => {
  const waiting = [...held, bar(ny('10:03'), { instrument: AAPL })];
  const policy = policyOf({ risk: { openRiskLimitR: 5, tradesPerDay: 5 } });
  const open = given([...waiting, signalBar(ny('10:03'), { instrument: AAPL })], policy);
  const ticket = Object.values(open.desk.state.tickets).find((one) => one.instrument === AAPL);
  assert.deepEqual(causes(open.desk), [['quotes_stale', QQQM]]);
  assert.equal(ticket?.state, 'pending');
});

test('ID-07 given a halted, a suspended or a sold symbol, then silence of it is none', () => {
  const halted = seen([...held, halt(ny('10:02:05'), true), beat(ny('10:02:50'), [AAPL])]);
  assert.deepEqual(causes(halted), []);
  const resumed = given([...held, halt(ny('10:02:05'), true), halt(ny('10:02:40'), false)]);
  resumed.when(beat(ny('10:02:41'), [AAPL])).nothing();
  resumed
    .and(beat(ny('10:02:41'), [AAPL]))
    .when(beat(ny('10:03:11'), [AAPL]))
    .decidesOf(['safe_mode_entered'], { type: 'safe_mode_entered', cause: 'quotes_stale' });
});

test('ID-07 given that the symbol is sold, then what was stale of it has passed', () => {
  const flat = given([...still, exit(ny('10:02:25'))]);
  assert.equal(flat.desk.state.safeMode[0]?.isGone, false);
  const sold = flat
    .and(
      ...['stop-1', 'target-1', 'stop-2'].map((name) =>
        report(ny('10:02:26'), `${TICKET}.${name}`, 'canceled'),
      ),
    )
    .when(
      report(ny('10:02:27'), `${TICKET}.exit-1`, 'filled', {
        filledQuantity: 200,
        lastQuantity: 200,
        lastPrice: 99.9,
      }),
    );
  sold
    .and()
    .when(tick(ny('10:02:28')))
    .decidesOf(['safe_mode_cause_passed'], { type: 'safe_mode_cause_passed', subject: QQQM });
});

test('ID-07 given a minute without a trade, quotes that go on keep it from being overdue, and entries may be confirmed', () => {
  const quiet = [
    ...withTicket(),
    bar(ny('10:02'), { instrument: AAPL }),
    beat(ny('10:02:20'), [QQQM, AAPL]),
  ];
  assert.ok(!blocked(seen(quiet), QQQM, ny('10:02:25')).includes('data_stale'));
  given(quiet)
    .when(confirm(ny('10:02:25')))
    .decidesOf(['ticket_confirmed'], 'ticket_confirmed');
  // without its quotes the same minute is missing
  const mute = seen([...withTicket(), bar(ny('10:02'), { instrument: AAPL })]);
  assert.ok(blocked(mute, QQQM, ny('10:02:25')).includes('data_stale'));
});

test('ID-07 given that no symbol has a bar, or one has none for too long, quotes do not excuse it', () => {
  const dead = given([...ready(), beat(ny('10:01:20'), [QQQM, AAPL])]);
  dead.when(tick(ny('10:01:22'))).decides({
    type: 'safe_mode_entered',
    cause: 'bar_overdue',
    subject: 'all symbols',
  });
  const inputs: Input[] = [...held];
  for (let at = ny('10:03'); at <= ny('10:07'); at += 60_000)
    inputs.push(
      bar(at, { instrument: AAPL }),
      quote(at, 99.98, 100),
      quote(at + 20_000, 99.98, 100),
      quote(at + 40_000, 99.98, 100),
    );
  assert.deepEqual(causes(seen(inputs)), []);
  const long = [
    ...inputs,
    bar(ny('10:08'), { instrument: AAPL }),
    quote(ny('10:08:10'), 99.98, 100),
  ];
  assert.deepEqual(causes(seen([...long, tick(ny('10:08:21'))])), []);
  assert.deepEqual(causes(seen([...long, tick(ny('10:08:22'))])), [['bar_overdue', QQQM]]);
});

test('ID-07 given a restart with a position and no price, the day’s result cannot be computed until one comes', () => {
  const restarted = [...held, started(ny('10:03'), true)];
  const desk = seen(restarted);
  const fresh = { ...desk, view: { symbols: {}, since: ny('10:03'), heartbeatAt: null } };
  const { when } = givenDesk(fresh);
  const entered = when(tick(ny('10:03:31')));
  entered.decidesOf(['safe_mode_entered'], {
    type: 'safe_mode_entered',
    cause: 'risk_not_computable',
    subject: QQQM,
    figures: { figure: 'day_result', missing: 'price' },
  });
  entered
    .and()
    .when(quote(ny('10:03:35'), 99.98, 100))
    .decidesOf(['safe_mode_cause_passed'], {
      type: 'safe_mode_cause_passed',
      cause: 'risk_not_computable',
    });
});

test('ID-07 given the close, what was silent in the session is awaited no more', () => {
  const ended = given(still).and(tick(ny('16:00')), closed(ny('16:01')));
  const entry = ended.desk.state.safeMode.find(({ cause }) => cause === 'quotes_stale');
  assert.equal(entry?.isGone, true);
});

test('ID-07 SAFE_MODE is left only on fresh data and a comparison made now that is clean', () => {
  const gone = [...ready(), mismatch(ny('10:00:10')), reconciled(ny('10:00:20'))];
  const off = (at: number, comparison: 'clean' | 'differs' | 'failed'): Input => ({
    ...(actOf(at, { act: 'safe', on: false }, { isConfirmed: true }) as Extract<
      Input,
      { kind: 'operator_acted' }
    >),
    comparison,
  });
  for (const comparison of ['differs', 'failed'] as const)
    given(gone)
      .when(off(ny('10:00:30'), comparison))
      .decides({
        type: 'act_refused',
        reason: { code: 'not_reconciled', figures: { comparison } },
      });
  given(gone)
    .when(off(ny('10:00:30'), 'clean'))
    .decides('safe_mode_left');
  // the clock has gone on and AAPL's bars have not: with nothing open no alarm rang, yet it is not fresh
  given([...gone, ...bars('10:01', '10:01'), bar(ny('10:02'))])
    .when(safe(ny('10:02:25'), false))
    .decidesOf(['act_refused'], {
      type: 'act_refused',
      reason: { code: 'data_stale', figures: { symbol: AAPL } },
    });
});

test('ID-05 ID-07 leaving SAFE_MODE lifts no lock of the day', () => {
  const lost = given([...withEntries(), ...lossOf('10:02')]);
  assert.ok(lost.desk.state.locks.some((lock) => lock.cause === 'day_loss_limit'));
  const after = lost.and(
    quote(ny('10:02:40'), 99.98, 100),
    reconciled(ny('10:02:41'), lost.desk.state.cashMinor),
    safe(ny('10:02:45'), false),
  ).desk;
  assert.ok(after.state.locks.some((lock) => lock.cause === 'day_loss_limit' && lock.isFirm));
  assert.ok(blocked(after, QQQM, ny('10:02:46')).includes('day_loss_limit'));
});

/** Both entries fill and the bid falls so far that the day's limit is passed. */
function lossOf(at: string): Input[] {
  const fields = (quantity: number) => ({
    filledQuantity: quantity,
    lastQuantity: quantity,
    lastPrice: 100,
  });
  return [
    report(ny('10:01:12'), `${TICKET}.entry-1`, 'filled', fields(100)),
    report(ny('10:01:12'), `${TICKET}.entry-2`, 'filled', fields(100)),
    quote(ny(at), 96, 96.02),
  ];
}

test('ID-05 the day’s loss is judged once more at the confirm, with the quotes of that moment', () => {
  const policy = policyOf({ risk: { openRiskLimitR: 5, tradesPerDay: 5 } });
  const waiting = given(
    [...held, bar(ny('10:03')), signalBar(ny('10:03'), { instrument: AAPL })],
    policy,
  );
  const code = Object.values(waiting.desk.state.tickets).find(
    (ticket) => ticket.instrument === AAPL,
  )?.code;
  assert.ok(code !== undefined);
  const fallen = { ...waiting.desk, view: { ...waiting.desk.view } };
  const qqqm = {
    instrument: QQQM,
    bid: 95,
    ask: 95.02,
    bidSize: 5,
    askSize: 5,
    at: ny('10:03:08'),
  };
  const symbols = { ...fallen.view.symbols };
  symbols[QQQM] = { ...symbols[QQQM]!, quote: qqqm };
  const after = givenDesk({ ...fallen, view: { ...fallen.view, symbols } }).when(
    confirm(ny('10:03:09'), {
      code,
      quote: { instrument: AAPL, bid: 99.98, ask: 100, bidSize: 5, askSize: 5, at: ny('10:03:09') },
    }),
  );
  after.decidesOf(
    ['ticket_voided', 'act_refused', 'ticket_confirmed'],
    { type: 'ticket_voided', reason: { code: 'day_loss_limit' } },
    { type: 'act_refused', reason: { code: 'day_loss_limit' } },
  );
});

test('ID-07 given a position taken over just now, then its first quote is awaited from that moment on', () => {
  const MSFT = 'MSFT.US' as const;
  const taken: Input = {
    kind: 'book_entered',
    at: ny('10:00:40'),
    instrument: MSFT,
    quantity: 10,
    price: 100,
    boughtOn: '2026-11-19',
    facts: { ...FACTS[0]!, instrument: MSFT },
    plan: { stop: 95, firstTarget: 105, secondTarget: 110, firstTargetQuantity: 5 },
  };
  const silent = (desk: Desk) => causes(desk).filter(([cause]) => cause !== 'order_unconfirmed');
  const entered = given([...ready(), quote(ny('10:00:39'), 99.98, 100, AAPL)]).when(taken);
  assert.deepEqual(silent(entered.desk), []);
  const later = entered.and(quote(ny('10:01:05'), 99.98, 100, AAPL));
  assert.deepEqual(silent(later.desk), []);
  const stale = later.and(tick(ny('10:01:11')));
  assert.ok(
    silent(stale.desk).some(([cause, subject]) => cause === 'quotes_stale' && subject === MSFT),
  );
});

test('ID-07 CX-04 bars of one symbol that stay away are told once, and once that they come again', () => {
  const gone = given([...ready(), bar(ny('10:01'), { instrument: AAPL })]);
  const late = gone.when(tick(ny('10:01:25')));
  const told = (one: typeof late) =>
    pushesOf(
      one.events.find(({ type }) => type === 'symbol_data_changed')!,
      one.desk.state,
      one.desk.policy,
    );
  late.decidesOf(['symbol_data_changed', 'safe_mode_entered'], {
    type: 'symbol_data_changed',
    instrument: QQQM,
    isStale: true,
    closedAt: ny('10:00'),
  });
  assert.partialDeepStrictEqual(told(late), [
    { priority: 1, message: { kind: 'data_stale', isBlocking: true } },
  ]);
  late
    .and()
    .when(tick(ny('10:01:30')))
    .decidesOf(['symbol_data_changed']);
  const back = late.and(bar(ny('10:02'), { instrument: AAPL })).when(bar(ny('10:02')));
  back.decidesOf(['symbol_data_changed'], { type: 'symbol_data_changed', isStale: false });
  assert.partialDeepStrictEqual(told(back), [{ priority: 2, message: { kind: 'data_recovered' } }]);
  // what forbids all entries anyway makes no sound of it
  const stopped = gone.and(stop(ny('10:01:10'))).when(tick(ny('10:01:25')));
  assert.partialDeepStrictEqual(told(stopped), [{ priority: 2, message: { isBlocking: false } }]);
});
