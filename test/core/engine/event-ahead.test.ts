import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Blackout } from '#core/engine/state.ts';
import { newYorkSession } from '#test/support/bars.ts';
import {
  AAPL,
  bars,
  confirm,
  DAY,
  FACTS,
  ny,
  planned,
  policyOf,
  QQQM,
  ready,
  signalBar,
  tick,
} from '#test/support/builders.ts';
import { given } from '#test/support/given.ts';

const FOMC: Blackout = { fromAt: ny('10:40'), toAt: ny('12:00'), name: 'fomc', wholeDay: false };
const EARNINGS: Blackout = {
  fromAt: ny('09:30'),
  toAt: ny('16:00'),
  name: 'earnings',
  wholeDay: true,
  instruments: [AAPL],
};

/** A desk that may trade on a day with these events. */
const on = (blackouts: readonly Blackout[], upcoming: readonly Blackout[] = []) =>
  ready().map((input) =>
    input.kind === 'session_planned'
      ? { ...planned(input.at, newYorkSession(DAY), blackouts, FACTS), upcoming }
      : input,
  );
const ticketOf = (desk: ReturnType<typeof given>['desk'], instrument = QQQM) =>
  Object.values(desk.state.tickets).find((ticket) => ticket.instrument === instrument);

test('ID-10 earnings of one symbol forbid entries of that symbol and of no other', () => {
  const day = given(on([EARNINGS]));
  day
    .when(signalBar(ny('10:01'), { instrument: AAPL }))
    .decidesOf(['setup_refused', 'ticket_opened'], {
      type: 'setup_refused',
      setup: { reasons: [{ code: 'event_day', figures: { event: 'earnings' } }] },
    });
  day.when(signalBar(ny('10:01'))).decidesOf(['ticket_opened'], 'ticket_opened');
});

test('ID-10 shrink makes a trade of an event day half as large and the ticket says why', () => {
  const usual = ticketOf(given([...on([]), signalBar(ny('10:01'))]).desk);
  const policy = policyOf({ risk: { eventDays: 'shrink' } });
  const smaller = ticketOf(given([...on([FOMC]), signalBar(ny('10:01'))], policy).desk);
  assert.ok(usual !== undefined && smaller !== undefined);
  assert.equal(usual.shrink, undefined);
  assert.deepEqual(smaller.shrink, { ratio: 0.5, events: 'fomc' });
  assert.ok(smaller.riskMinor <= usual.riskMinor / 2 + 1);
  // the window itself stays shut
  const late = given([...on([FOMC]), ...bars('10:01', '10:40')], policy);
  late
    .when(signalBar(ny('10:41')))
    .decidesOf(['setup_refused', 'ticket_opened'], { type: 'setup_refused' });
});

test('ID-10 a window that begins between ticket and confirm voids the ticket', () => {
  const soon = { ...FOMC, fromAt: ny('10:01:30') };
  given([...on([soon]), signalBar(ny('10:01'))])
    .when(confirm(ny('10:01:40')))
    .decidesOf(['ticket_voided', 'ticket_confirmed'], {
      type: 'ticket_voided',
      reason: { code: 'blackout', figures: { event: 'fomc' } },
    });
});

test('ID-10 a blackout is told half an hour ahead, one of the next session a day ahead, each once', () => {
  const next: Blackout = {
    fromAt: ny('13:30', '2026-11-23') - 2 * 86_400_000,
    toAt: ny('15:00', '2026-11-23') - 2 * 86_400_000,
    name: 'cpi',
    wholeDay: false,
  };
  const day = given([...on([FOMC], [next]), ...bars('10:01', '10:09')]);
  const told = day.when(tick(ny('10:10')));
  told.decides({ type: 'event_ahead', blackout: { name: 'fomc' } });
  assert.deepEqual(told.effects(), ['push event_ahead']);
  const later = told.and(...bars('10:11', '10:20'));
  assert.equal(later.desk.events.filter((event) => event.type === 'event_ahead').length, 1);
  const all = later.and(tick(ny('13:30')), tick(ny('13:31'))).desk.events;
  assert.deepEqual(
    all.flatMap((event) => (event.type === 'event_ahead' ? [event.blackout.name] : [])),
    ['fomc', 'cpi'],
  );
});

test('ID-10 a blackout that has begun is told of no more', () => {
  const begun = { ...FOMC, fromAt: ny('09:30') };
  const { desk } = given([...on([begun]), tick(ny('10:01'))]);
  assert.equal(desk.events.filter((event) => event.type === 'event_ahead').length, 0);
});
