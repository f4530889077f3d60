import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENOUGH_TRADES } from '#core/backtest/statistics.ts';
import type { EdgeRow, MeasuredEdge } from '#core/risk/edge.ts';
import { edgeFor, precisionAt } from '#core/risk/edge.ts';
import { newYorkSession } from '#test/support/bars.ts';
import {
  confirm,
  DAY,
  FACTS,
  mode,
  ny,
  planned,
  policyOf,
  QQQM,
  ready,
  signalBar,
} from '#test/support/builders.ts';

import { given } from '#test/support/given.ts';

const row = (change: Partial<EdgeRow> = {}): EdgeRow => ({
  ...{ dayType: 'all', trades: 177, meanR: -0.169, lowR: -0.326, highR: -0.002 },
  ...change,
});
const measured = (...rows: EdgeRow[]): MeasuredEdge => ({
  ...{ id: 'first', from: '2024-03-26', to: '2025-01-31', rows },
  precision: [
    { minute: 30, dayType: 'trend_up', said: 85, right: 23 },
    { minute: 90, dayType: 'trend_up', said: 120, right: 41 },
  ],
});

const RULED_OUT = measured(row());

/** A desk that may trade, on a day that was planned with what is known of its edge. */
const on = (edge: MeasuredEdge) =>
  ready().map((input) =>
    input.kind === 'session_planned'
      ? { ...planned(input.at, newYorkSession(DAY), [], FACTS), edge }
      : input,
  );
const ticketOf = (desk: ReturnType<typeof given>['desk']) => {
  const ticket = Object.values(desk.state.tickets).at(-1);
  assert.ok(ticket !== undefined);
  return ticket;
};

test('ID-13 a ticket carries what was measured of its day type and how far its label is right at that time', () => {
  const edge = measured(row(), row({ dayType: 'trend_up', meanR: 0.2, lowR: 0.05, highR: 0.35 }));
  const { desk } = given([...on(edge), signalBar(ny('10:01'))]);
  const ticket = ticketOf(desk);
  assert.equal(ticket.dayType, 'trend_up');
  assert.deepEqual(ticket.expectancy, { meanR: 0.2, lowR: 0.05, highR: 0.35, trades: 177 });
  assert.deepEqual(ticket.label, { minute: 30, said: 85, right: 23 });
  assert.equal(ticket.isAdvice, false);
});

test('ID-13 too few trades of a day type give way to those of all days, and too few of all to nothing', () => {
  const few = row({ dayType: 'trend_up', trades: ENOUGH_TRADES - 1, highR: 0.4 });
  assert.equal(edgeFor(measured(row(), few), 'trend_up')?.dayType, 'all');
  const none = measured(row({ trades: ENOUGH_TRADES - 1 }), few);
  assert.equal(edgeFor(none, 'trend_up'), null);
  const ticket = ticketOf(given([...on(none), signalBar(ny('10:01'))]).desk);
  assert.deepEqual([ticket.expectancy, ticket.isAdvice], [null, false]);
  assert.equal(precisionAt(RULED_OUT, 'trend_up', 29), null);
  assert.equal(precisionAt(RULED_OUT, 'trend_up', 240)?.minute, 90);
});

test('ID-13 CX-08 where the interval ends at or below zero tickets are advice, and a confirm is refused with the reason', () => {
  const day = given(on(RULED_OUT));
  const after = day.when(signalBar(ny('10:01')));
  after.decidesOf(['ticket_opened', 'ticket_confirmed'], {
    type: 'ticket_opened',
    ticket: { isAdvice: true, isWithoutEdge: true },
  });
  given([...on(RULED_OUT), signalBar(ny('10:01'))])
    .when(confirm(ny('10:01:20')))
    .refuses('no_edge');
});

test('ID-13 CX-08 a desk in mode auto does not enter by itself without an edge', () => {
  const policy = policyOf({ mode: 'auto' });
  given(on(RULED_OUT), policy)
    .when(signalBar(ny('10:01')))
    .decidesOf(['ticket_opened', 'ticket_confirmed', 'order_intended'], 'ticket_opened');
});

test('ID-13 CX-08 the override takes a second confirmation, and its tickets are answered from then on', () => {
  given(on(RULED_OUT))
    .when(mode(ny('09:50'), 'semi'))
    .refuses('second_confirmation_needed');
  const day = given(on(RULED_OUT));
  day
    .when(mode(ny('09:50'), 'semi', true))
    .decides({ type: 'edge_overridden', edgeId: 'first', by: 'terminal:owner' });
  given([...on(RULED_OUT), mode(ny('09:50'), 'semi', true), signalBar(ny('10:01'))])
    .when(confirm(ny('10:01:20')))
    .decidesOf(['ticket_confirmed', 'act_refused'], 'ticket_confirmed');
});

test('ID-13 CX-08 the override ends with the mode alert and with another measurement', () => {
  const overridden = [...on(RULED_OUT), mode(ny('09:50'), 'semi', true)];
  const back = [...overridden, mode(ny('09:51'), 'alert'), mode(ny('09:52'), 'semi', true)];
  // going up again is the override again, for the question says so
  const { desk } = given([...overridden, mode(ny('09:51'), 'alert')]);
  assert.equal(desk.state.edgeOverride ?? null, null);
  assert.equal(ticketOf(given([...back, signalBar(ny('10:01'))]).desk).isAdvice, false);
  const next = planned(ny('09:00', '2026-11-23'), newYorkSession('2026-11-23'), [], FACTS);
  assert.equal(next.kind, 'session_planned');
  const anew = { ...next, edge: { ...RULED_OUT, id: 'second' } } as typeof next;
  given([...overridden, anew])
    .when(mode(ny('09:10', '2026-11-23'), 'semi'))
    .refuses('second_confirmation_needed');
  given([...overridden, { ...next, edge: RULED_OUT } as typeof next])
    .when(mode(ny('09:10', '2026-11-23'), 'semi', true))
    .refuses('already_so');
});

test('ID-13 where nothing stands in the way the same mode again is no news', () => {
  const edge = measured(row({ highR: 0.1 }));
  given(on(edge))
    .when(mode(ny('09:50'), 'semi', true))
    .refuses('already_so');
  assert.equal(ticketOf(given([...on(edge), signalBar(ny('10:01'))]).desk).instrument, QQQM);
});
