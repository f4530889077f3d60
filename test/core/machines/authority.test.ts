import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event } from '#core/engine/event.ts';
import { deskPermission, permissionSources } from '#core/engine/permission-of.ts';
import { mostRestrictive, type Permission, strictest } from '#core/risk/permission.ts';
import {
  ack,
  actOf,
  allow,
  bar,
  bars,
  cancel,
  closed,
  confirm,
  doubtful,
  exit,
  fill,
  flatten,
  kill,
  mismatch,
  mode,
  notFound,
  ny,
  planned,
  policyOf,
  QQQM,
  quote,
  ready,
  reconciled,
  report,
  resume,
  safe,
  signalBar,
  started,
  stop,
  TICKET,
  tick,
  withEntries,
  withPosition,
  withTicket,
  withWorkingEntries,
} from '#test/support/builders.ts';
import { given } from '#test/support/given.ts';

const id = (name: string) => `${TICKET}.${name}`;
const AT = ny('10:01:20');
const morning = () => [started(ny('09:00')), reconciled(ny('09:00')), planned(ny('09:00'))];

test('CX-06 permission is not given until it is given, and never survives the day', () => {
  const desk = given(morning()).desk;
  assert.equal(deskPermission(desk.state, ny('09:40')), 'reducing');
  const closedDay = given([...ready(), closed(ny('16:01'))]).desk;
  assert.equal(closedDay.state.consent.kind, 'ended');
});

test('CX-06 ALLOW before 9:45 is held until then and says so', () => {
  const held = given(morning()).when(allow(ny('09:20')));
  held.decides({ type: 'consent_given', heldUntilAt: ny('09:45'), untilAt: ny('16:00') });
  const { state } = held.desk;
  assert.equal(deskPermission(state, ny('09:44:59')), 'reducing');
  assert.equal(deskPermission(state, ny('09:45')), 'active');
});

test('CX-06 ALLOW until a time ends then; a time gone by or not a time is refused', () => {
  given(ready())
    .when(allow(AT, '11:00'))
    .decides({ type: 'consent_given', untilAt: ny('11:00') });
  given(ready())
    .when(allow(AT, '23:00'))
    .decides({ type: 'consent_given', untilAt: ny('16:00') });
  for (const until of ['10:00', '25:00', '9:5', 'noon'])
    given(ready()).when(allow(AT, until)).refuses('unknown_time');
  given([...ready(), allow(ny('10:00:10'), '10:02')])
    .when(tick(ny('10:02')))
    .decidesOf(['consent_ended'], 'consent_ended');
  given([...withWorkingEntries(), allow(AT, '10:02')])
    .when(tick(ny('10:02')))
    .decidesOf(['cancel_requested'], 'cancel_requested', 'cancel_requested');
});

test('CX-06 STOP takes it back at once, ALLOW gives it again', () => {
  const stopped = given(withWorkingEntries()).when(stop(AT, 'lunch'));
  stopped.decides(
    { type: 'consent_withdrawn', reason: 'lunch' },
    { type: 'cancel_requested', orderId: id('entry-1') },
    { type: 'cancel_requested', orderId: id('entry-2') },
  );
  assert.equal(deskPermission(stopped.desk.state, AT), 'reducing');
  stopped
    .and()
    .when(allow(AT + 1))
    .decides('consent_given');
  given([...ready(), stop(ny('10:00:10'))])
    .when(signalBar(ny('10:01')))
    .decides({ type: 'setup_refused', setup: { reasons: [{ code: 'stopped_by_operator' }] } });
});

test('CX-06 ALLOW is refused without a session, after it and while killed', () => {
  given([started(ny('09:00'))])
    .when(allow(ny('09:20')))
    .refuses('session_closed');
  given([...ready(), closed(ny('16:01'))])
    .when(allow(ny('16:02')))
    .refuses('session_closed');
  given([...ready(), kill(ny('10:00:10'))])
    .when(allow(ny('10:00:20')))
    .refuses('killed');
});

test('CX-07 kill cancels every entry, keeps protection, writes the file and is a latch', () => {
  const killed = given([...withWorkingEntries(), fill(AT, id('entry-1'), 100, 100)]).when(kill(AT));
  killed.decides(
    { type: 'kill_engaged', entriesToCancel: [id('entry-2')], protectionKept: 2 },
    { type: 'cancel_requested', orderId: id('entry-2') },
    { type: 'alarm_raised', alarm: { kind: 'kill_stage1' } },
  );
  assert.deepEqual(killed.effects().slice(0, 2), ['write_kill_file', 'push kill_stage1']);
  assert.equal(deskPermission(killed.desk.state, AT), 'halted');
  const again = killed
    .and(report(AT + 1, id('entry-2'), 'canceled'), report(AT + 1, id('stop-1'), 'accepted'))
    .when(kill(AT + 2));
  again.nothing();
  again
    .and()
    .when(signalBar(AT + 5_000))
    .nothing();
});

test('CX-07 the kill file halts, and its going does not resume', () => {
  const file = (at: number, isPresent: boolean) =>
    ({ kind: 'kill_file_seen', at, isPresent, by: 'file' }) as const;
  const seen = given(withTicket()).when(file(AT, true));
  seen.decidesOf(['kill_file_noticed', 'kill_engaged'], 'kill_file_noticed', 'kill_engaged');
  seen
    .and()
    .when(file(AT + 1, true))
    .nothing();
  const gone = seen
    .and()
    .when(file(AT + 1, false))
    .decides('kill_file_noticed');
  assert.equal(deskPermission(gone.desk.state, AT + 2), 'halted');
});

test('CX-07 flatten and resume ask a second time; resume is refused while in doubt', () => {
  given(withPosition()).when(flatten(AT, false)).refuses('second_confirmation_needed');
  const killed = given([...withWorkingEntries(), kill(AT)]);
  killed.when(resume(AT, false)).refuses('second_confirmation_needed');
  given(ready()).when(resume(AT)).refuses('not_killed');
  const doubted = killed.when(doubtful(AT, id('entry-1'))).and();
  doubted.when(resume(AT + 1)).refuses('open_doubt');
  const unclean = given([...ready(), kill(ny('10:00:10')), mismatch(ny('10:00:20'))]);
  unclean.when(resume(ny('10:00:30'))).refuses('not_reconciled');
  killed
    .when(resume(AT + 1))
    .decides('kill_resumed', { type: 'alarm_seen', alarmId: 'kill_stage1:us-vwap' });
});

test('CX-07 flatten cancels protection first, sells at the market and says flat', () => {
  const begun = given(withPosition()).when(flatten(AT));
  begun.decidesOf(
    ['kill_engaged', 'flatten_started', 'exit_started', 'cancel_requested', 'order_intended'],
    'kill_engaged',
    'flatten_started',
    { type: 'exit_started', reason: 'kill', quantity: 200 },
    { type: 'cancel_requested', orderId: id('stop-1') },
    { type: 'cancel_requested', orderId: id('target-1') },
    { type: 'cancel_requested', orderId: id('stop-2') },
  );
  const free = begun.and(
    report(AT + 1, id('stop-1'), 'canceled'),
    report(AT + 1, id('target-1'), 'canceled'),
  );
  const sold = free.when(report(AT + 2, id('stop-2'), 'canceled'));
  sold.decides('order_canceled', {
    type: 'order_intended',
    order: { orderId: id('exit-1'), type: 'market', quantity: 200, side: 'sell' },
  });
  sold
    .and()
    .when(fill(AT + 3, id('exit-1'), 200, 99.9))
    .decidesOf(['trade_closed', 'flatten_ended'], 'trade_closed', {
      type: 'flatten_ended',
      isFlat: true,
    });
  given([...withPosition(), flatten(AT), ...bars('10:02', '15:59')])
    .when(tick(ny('16:00')))
    .decidesOf(['flatten_ended'], {
      type: 'flatten_ended',
      isFlat: false,
      left: [{ instrument: QQQM, quantity: 200, reason: { code: 'session_closed' } }],
    });
});

test('ID-07 safe mode: silence of the feed, late bars, stale quotes and silent orders bring it', () => {
  const beat = { kind: 'heartbeat_seen', at: ny('10:00:01') } as const;
  given([...ready(), beat])
    .when(tick(ny('10:00:17')))
    .decides({ type: 'safe_mode_entered', cause: 'heartbeat_lost', isExposed: false });
  given([...ready(), beat, tick(ny('10:00:17'))])
    .when({ kind: 'heartbeat_seen', at: ny('10:00:18') })
    .decides({ type: 'safe_mode_cause_passed', cause: 'heartbeat_lost' });
  given(ready())
    .when(tick(ny('10:01:21')))
    .nothing();
  given(ready())
    .when(tick(ny('10:01:22')))
    .decides({ type: 'safe_mode_entered', cause: 'bar_overdue', subject: 'all symbols' });
  given(withEntries())
    .when(tick(ny('10:01:20')))
    .decidesOf(
      ['order_became_unknown', 'safe_mode_entered'],
      { type: 'order_became_unknown', orderId: id('entry-1') },
      { type: 'safe_mode_entered', cause: 'order_unconfirmed', isExposed: true },
      { type: 'order_became_unknown', orderId: id('entry-2') },
      { type: 'safe_mode_entered', cause: 'order_unconfirmed', isExposed: true },
    );
});

test('ID-07 stale quotes of what is held count only while another symbol moves', () => {
  const held = [...withPosition(), ...bars('10:02', '10:02')];
  given(held)
    .when(tick(ny('10:02:10')))
    .nothing();
  const doubted = given([...held, quote(ny('10:02:20'), 99.98, 100, 'AAPL.US')]);
  const entered = doubted.desk.events.filter((event) => event.type === 'safe_mode_entered');
  assert.deepEqual(
    entered.map((event) => [event.cause, event.subject]),
    [['quotes_stale', QQQM]],
  );
  doubted.when(quote(ny('10:02:21'), 99.98, 100)).decidesOf(['safe_mode_cause_passed'], {
    type: 'safe_mode_cause_passed',
    cause: 'quotes_stale',
  });
});

test('ID-07 only a person ends safe mode, and only once every cause is gone', () => {
  const entered = given([...ready(), mismatch(ny('10:00:10'))]);
  entered.when(safe(ny('10:00:20'), false)).refuses('cause_persists');
  const clean = entered.when(reconciled(ny('10:00:20')));
  clean.decides('reconciled', 'safe_mode_cause_passed');
  assert.equal(clean.desk.state.safeMode.length, 1);
  clean
    .and()
    .when(safe(ny('10:00:30'), false, false))
    .refuses('second_confirmation_needed');
  clean
    .and()
    .when(safe(ny('10:00:30'), false))
    .decides('safe_mode_left');
  given(ready()).when(safe(AT, false)).refuses('already_so');
  given([...ready(), safe(ny('10:00:05'), true)])
    .when(safe(ny('10:00:06'), true))
    .nothing();
  given([...ready(), safe(ny('10:00:05'), true)])
    .when(safe(ny('10:00:06'), false))
    .decides('safe_mode_cause_passed', 'safe_mode_left');
});

test('ID-07 a cause that comes back counts anew, and doubts reported from outside count', () => {
  const figures = {};
  const doubt = (at: number) =>
    ({ kind: 'doubt_noticed', at, cause: 'internal_error', subject: 'desk', figures }) as const;
  const passed = (at: number) =>
    ({ kind: 'doubt_passed', at, cause: 'internal_error', subject: 'desk' }) as const;
  const entered = given(ready())
    .when(doubt(ny('10:00:10')))
    .decides('safe_mode_entered');
  entered
    .and()
    .when(doubt(ny('10:00:11')))
    .nothing();
  const gone = entered
    .and()
    .when(passed(ny('10:00:12')))
    .decides('safe_mode_cause_passed');
  gone
    .and()
    .when(passed(ny('10:00:13')))
    .nothing();
  gone
    .and()
    .when(doubt(ny('10:00:14')))
    .decides('safe_mode_entered');
});

test('ID-07 safe mode keeps protection and cancels entries', () => {
  given([...withWorkingEntries(), fill(AT, id('entry-1'), 100, 100)])
    .when(safe(AT, true))
    .decidesOf(
      ['cancel_requested', 'alarm_raised'],
      { type: 'cancel_requested', orderId: id('entry-2') },
      { type: 'alarm_raised', alarm: { kind: 'safe_mode_on' } },
    );
});

test('CX-08 the mode changes; towards auto it asks a second time', () => {
  given(ready()).when(mode(AT, 'semi')).refuses('already_so');
  given(ready()).when(mode(AT, 'auto')).refuses('second_confirmation_needed');
  given(ready())
    .when(mode(AT, 'auto', true))
    .decides({ type: 'mode_changed', to: 'auto' });
  given(ready()).when(mode(AT, 'alert')).decides({ type: 'mode_changed', to: 'alert' });
});

test('an alarm repeats after 1, 3, 10 and every 15 minutes until somebody says seen', () => {
  let desk = given([...withPosition(), kill(AT)]);
  let at = AT;
  for (const [n, minutes] of [1, 3, 10, 15, 15].entries()) {
    const due = at + minutes * 60_000;
    const quiet = desk.when(tick(due - 1)).and();
    const rung = quiet.when(tick(due));
    const ours = rung.events.filter(
      (event) => event.type === 'alarm_repeated' && event.alarmId === 'kill_stage1:us-vwap',
    );
    assert.deepEqual(
      ours.map((event) => event.type === 'alarm_repeated' && event.repeats),
      [n + 1],
    );
    desk = rung.and();
    at = due;
  }
  const seen = desk.when(ack(at + 1, 'kill_stage1:us-vwap'));
  seen.decidesOf(['alarm_seen'], 'alarm_seen');
  seen
    .and()
    .when(ack(at + 2, 'kill_stage1:us-vwap'))
    .refuses('already_so');
});

test('CX-07 /cancel takes entries by id, symbol, code or all, and never protection', () => {
  const working = given(withWorkingEntries());
  const code = working.desk.state.tickets[TICKET]?.code ?? '';
  for (const target of ['all', 'QQQM', 'QQQM.US', code])
    working.when(cancel(AT, target)).decides('cancel_requested', 'cancel_requested');
  working.when(cancel(AT, id('entry-1'))).decides('cancel_requested');
  working.when(cancel(AT, 'TSLA')).refuses('unknown_order');
  given(withPosition())
    .when(cancel(AT, id('stop-1')))
    .refuses('protection_kept');
});

test('an exit of what is not held, or outside the session, is refused', () => {
  given(ready()).when(exit(AT)).refuses('unknown_position');
  const code = given(withPosition()).desk.state.tickets[TICKET]?.code ?? '';
  given(withPosition()).when(exit(AT, code)).decidesOf(['exit_started'], 'exit_started');
  const overnight = policyOf({ exits: { flatBeforeCloseMs: null } });
  const late = given([...withPosition(), tick(ny('16:00'))], overnight).when(exit(ny('16:00:01')));
  late.decidesOf(['act_refused'], { type: 'act_refused', reason: { code: 'session_closed' } });
});

test('CX-06 the strictest source wins; nothing that vouches means reducing', () => {
  const levels: readonly Permission[] = ['active', 'reducing', 'halted'];
  for (const [i, a] of levels.entries())
    for (const [j, b] of levels.entries()) {
      assert.equal(strictest(a, b), levels[Math.max(i, j)]);
      const sources = [a, b].map((allows) => ({ source: 'lock', allows, reason: null }) as const);
      assert.equal(mostRestrictive(sources), levels[Math.max(i, j)]);
    }
  assert.equal(mostRestrictive([]), 'reducing');
});

test('CX-06 every source of permission speaks for itself', () => {
  const says = (events: readonly string[], at: number, inputs: Parameters<typeof given>[0]) => {
    const { state } = given(inputs).desk;
    const codes = permissionSources(state, at).flatMap((s) =>
      s.reason === null ? [] : [s.reason.code],
    );
    assert.deepEqual(codes, events);
  };
  says(['session_closed', 'permission_not_given', 'not_reconciled'], AT, []);
  says([], AT, ready());
  says(['not_reconciled'], AT, [...ready(), started(AT, true)]);
  says(['session_closed', 'permission_not_given'], ny('16:00'), ready());
  says(['killed'], AT, [...ready(), kill(AT)]);
  const file = { kind: 'kill_file_seen', at: AT, isPresent: true, by: 'f' } as const;
  says(['killed', 'kill_file'], AT, [...ready(), file]);
});

test('a start is a recovery: nothing is allowed until the account is reconciled', () => {
  const back = given([...withTicket()]).when(started(AT, true));
  back.decides({ type: 'desk_recovered', openOrders: 0, positions: 0 });
  const code = back.desk.state.tickets[TICKET]?.code ?? '';
  back
    .and()
    .when(confirm(AT + 1, { code }))
    .decides(
      { type: 'ticket_voided', reason: { code: 'not_reconciled' } },
      { type: 'act_refused', reason: { code: 'not_reconciled' } },
    );
  assert.deepEqual(back.effects(), ['push recovered']);
});

test('ID-05 locks: an abnormal minute pauses its symbol for five minutes', () => {
  const abnormal = { rangeOverAtr: 6, volumeOverUsual: 11 };
  const locked = given(ready()).when(bar(ny('10:01'), { abnormal }));
  locked.decides({
    type: 'lock_set',
    lock: { cause: 'abnormal_range', scope: QQQM, untilAt: ny('10:06') },
  });
  const later = locked.and(...bars('10:02', '10:05'));
  later.when(tick(ny('10:06'))).decides('lock_released');
  const refused = locked.and(...bars('10:02', '10:02')).when(signalBar(ny('10:03')));
  refused.decides({ type: 'setup_refused', setup: { reasons: [{ code: 'abnormal_range' }] } });
});

test('ID-05 locks: trades of the day, losses in a row and the day loss lock until the close', () => {
  const stopped = (price: number) => [
    ...withPosition(),
    fill(AT, id('stop-1'), 100, price),
    fill(AT, id('stop-2'), 100, price),
  ];
  const locks = (events: readonly Event[]) =>
    events.flatMap((event) => (event.type === 'lock_set' ? [event.lock.cause] : []));
  const lost = given(stopped(99)).desk;
  assert.deepEqual(locks(lost.events), []);
  assert.equal(lost.state.day?.trades[0]?.resultR, -1);
  assert.equal(lost.state.day?.consecutiveLosses, 1);
  assert.equal(lost.state.day?.unitRMinor, 20_000);
  const worse = given(stopped(98)).desk;
  assert.deepEqual(locks(worse.events), ['day_loss_limit']);
  assert.equal(worse.state.safeMode[0]?.cause, 'day_loss');
  assert.equal(worse.state.symbols[QQQM]?.phase, 'locked');
});

test('an order that was never sent for or is unknown to the desk changes nothing, or is a doubt', () => {
  given(ready()).when(notFound(AT, 'x')).nothing();
  given(ready()).when(doubtful(AT, 'x')).nothing();
  given(ready())
    .when(actOf(AT, { act: 'ack', id: null }))
    .refuses('already_so');
});
