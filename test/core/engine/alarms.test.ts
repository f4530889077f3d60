import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event } from '#core/engine/event.ts';
import type { Alarm } from '#core/engine/state.ts';
import {
  ack,
  doubtful,
  exit,
  fill,
  kill,
  mismatch,
  notFound,
  ny,
  reconciled,
  report,
  safe,
  TICKET,
  tick,
  withEntries,
  withPosition,
  withWorkingEntries,
} from '#test/support/builders.ts';
import { type Desk, deskAfter, run } from '#test/support/engine.ts';
import { given } from '#test/support/given.ts';

const id = (name: string) => `${TICKET}.${name}`;
const AT = ny('10:01:30');

const alarm = (desk: Desk, kind: string): Alarm | undefined =>
  desk.state.alarms.find((one) => one.kind === kind);

const rings = (events: readonly Event[], kind: string) =>
  events.filter((event) => event.type === 'alarm_repeated' && event.alarmId.startsWith(kind));

test('CX-11 the alarm of an unknown order rings until its fate is known, and is listed until seen', () => {
  const doubted = given([...withWorkingEntries(), doubtful(AT, id('entry-1'))]);
  const rung = doubted.when(tick(AT + 60_000));
  assert.equal(rings(rung.events, 'order_unknown').length, 1);
  const settled = rung.and().when(report(AT + 61_000, id('entry-1'), 'canceled'));
  settled.decidesOf(['alarm_settled'], {
    type: 'alarm_settled',
    alarmId: `order_unknown:${id('entry-1')}`,
  });
  const later = run(settled.desk, [tick(AT + 600_000), tick(AT + 1_200_000)]);
  const since = later.events.slice(settled.desk.events.length);
  assert.equal(rings(since, `order_unknown:${id('entry-1')}`).length, 0);
  assert.equal(alarm(later, 'order_unknown')?.settledAt, AT + 61_000);
  const seen = run(later, [ack(AT + 1_300_000)]);
  assert.equal(alarm(seen, 'order_unknown'), undefined);
});

test('CX-11 an order that never arrived settles its alarm too', () => {
  given([...withEntries(), doubtful(AT, id('entry-1'))])
    .when(notFound(AT + 5_000, id('entry-1')))
    .decidesOf(['alarm_settled'], { type: 'alarm_settled' });
});

test('CX-11 a doubt that comes back rings anew', () => {
  const settled = given([
    ...withWorkingEntries(),
    doubtful(AT, id('entry-1')),
    report(AT + 1_000, id('entry-1'), 'accepted'),
  ]);
  const again = settled.when(doubtful(AT + 2_000, id('entry-1')));
  again.decidesOf(['alarm_raised'], { type: 'alarm_raised', alarm: { kind: 'order_unknown' } });
  assert.equal(alarm(again.desk, 'order_unknown')?.settledAt, null);
  assert.equal(rings(again.and().when(tick(AT + 62_000)).events, 'order_unknown').length, 1);
});

test('CX-11 the alarm of a difference settles with a clean account, that of SAFE_MODE with its end', () => {
  const differs = given([...withPosition(), mismatch(AT)]);
  assert.equal(alarm(differs.desk, 'recon_blocked')?.settledAt, null);
  const clean = differs.when(reconciled(AT + 1_000, differs.desk.state.cashMinor));
  assert.equal(alarm(clean.desk, 'recon_blocked')?.settledAt, AT + 1_000);
  assert.equal(alarm(clean.desk, 'safe_mode_on')?.settledAt, null);
  const left = clean.and().when(safe(AT + 2_000, false));
  assert.equal(alarm(left.desk, 'safe_mode_on')?.settledAt, AT + 2_000);
});

test('CX-11 the alarm of a bare position settles when its stop works, not when it is only intended', () => {
  let desk = deskAfter([...withPosition(), report(AT, id('stop-2'), 'canceled')]);
  const next = (state: string) =>
    Object.values(desk.state.orders).find((one) => one.role === 'stop' && one.state === state);
  desk = run(desk, [report(AT + 100, next('intended')?.orderId ?? '', 'rejected')]);
  desk = run(desk, [tick(AT + 2_200)]);
  assert.equal(alarm(desk, 'position_unprotected')?.settledAt, null);
  desk = run(desk, [report(AT + 2_300, next('intended')?.orderId ?? '', 'accepted')]);
  assert.equal(alarm(desk, 'position_unprotected')?.settledAt, AT + 2_300);
});

test('CX-11 the alarm of a bare position settles when nothing is held any more', () => {
  let desk = deskAfter([...withPosition(), report(AT, id('stop-2'), 'canceled')]);
  const bare = Object.values(desk.state.orders).find((one) => one.state === 'intended');
  desk = run(desk, [report(AT + 100, bare?.orderId ?? '', 'rejected'), exit(AT + 200)]);
  for (const name of ['stop-1', 'target-1'])
    desk = run(desk, [report(AT + 300, id(name), 'canceled')]);
  desk = run(desk, [fill(AT + 400, id('exit-1'), 200, 99.5)]);
  assert.equal(desk.state.positions['QQQM.US'], undefined);
  assert.equal(alarm(desk, 'position_unprotected')?.settledAt, AT + 400);
});

test('CX-07 the alarm of a kill rings until somebody has seen it', () => {
  const killed = deskAfter([...withWorkingEntries(), kill(AT)]);
  const later = run(killed, [tick(AT + 60_000), tick(AT + 240_000)]);
  assert.equal(rings(later.events, 'kill_stage1').length, 2);
  assert.equal(alarm(later, 'kill_stage1')?.settledAt, null);
});
