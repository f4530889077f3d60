import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventTable } from '#core/gates/event-window.ts';
import { blackoutAt, blackoutsOn, DEFAULT_EVENT_WINDOWS } from '#core/gates/event-window.ts';
import { instantAt, wallTimeOf } from '#core/market/session.ts';
import { newYorkSession } from '../../support/bars.ts';

const always = { from: '2020-01-01', through: '2030-12-31' };
const covered = { fomc: always, cpi: always, payrolls: always };
const table: EventTable = {
  source: 'test',
  coverage: covered,
  events: [
    { kind: 'fomc', day: '2026-06-17', time: null },
    { kind: 'cpi', day: '2026-06-10', time: null },
    { kind: 'payrolls', day: '2026-06-05', time: null },
    { kind: 'release_10', day: '2026-06-01', time: null },
    { kind: 'earnings', day: '2026-06-24', time: null, symbol: 'MU', timing: 'after_close' },
  ],
};

function on(day: string, change: Partial<Parameters<typeof blackoutsOn>[0]> = {}) {
  const session = change.session ?? newYorkSession(day);
  const blackouts = blackoutsOn({
    session,
    previousDay: null,
    instrument: 'MU.US',
    table,
    params: DEFAULT_EVENT_WINDOWS,
    ...change,
  });
  return blackouts.map(
    ({ name, fromAt, toAt, wholeDay }) =>
      `${name} ${wallTimeOf(fromAt, session.zone).time}-${wallTimeOf(toAt, session.zone).time}${wholeDay ? ' day' : ''}`,
  );
}

test('ID-10 FOMC blacks out from 30 minutes before to 60 after the decision', () => {
  assert.deepEqual(on('2026-06-17'), ['fomc 13:30-15:00']);
});

test('ID-10 CPI and payrolls black out until half an hour after the open', () => {
  assert.deepEqual(on('2026-06-10'), ['cpi 08:30-10:00']);
  assert.deepEqual(on('2026-06-05'), ['payrolls 08:30-10:00']);
});

test('ID-10 a day without events has no blackout', () => {
  assert.deepEqual(on('2026-06-02'), []);
});

test('ID-10 a half day is an event all day unless the setting says otherwise', () => {
  const session = newYorkSession('2026-11-27', '13:00');
  assert.deepEqual(on('2026-11-27', { session }), ['half_day 09:30-13:00 day']);
  const params = { ...DEFAULT_EVENT_WINDOWS, isHalfDayEvent: false };
  assert.deepEqual(on('2026-11-27', { session, params }), []);
});

test('ID-10 earnings black out their day and the day after an evening report, for their symbol', () => {
  const params = { ...DEFAULT_EVENT_WINDOWS, kinds: ['earnings'] as const };
  const tableOf = { ...table, coverage: { ...covered, earnings: always } };
  const change = { params, table: tableOf };
  assert.deepEqual(on('2026-06-24', change), ['earnings 09:30-16:00 day']);
  const next = { ...change, previousDay: '2026-06-24' };
  assert.deepEqual(on('2026-06-25', next), ['earnings 09:30-16:00 day']);
  assert.deepEqual(on('2026-06-25', { ...next, instrument: 'AAPL.US' }), []);
  const early = tableOf.events.map((event) =>
    event.kind === 'earnings' ? { ...event, timing: 'before_open' as const } : event,
  );
  assert.deepEqual(on('2026-06-25', { ...next, table: { ...tableOf, events: early } }), []);
});

test('ID-10 10:00 releases black out from 2 minutes before to 10 after', () => {
  const params = { ...DEFAULT_EVENT_WINDOWS, kinds: ['release_10'] as const };
  const change = { params, table: { ...table, coverage: { release_10: always } } };
  assert.deepEqual(on('2026-06-01', change), ['release_10 09:58-10:10']);
});

test('ID-10 a kind whose dates are not known for the day is taken as happening', () => {
  const blind = { ...table, coverage: { fomc: { from: '2020-01-01', through: '2026-06-01' } } };
  assert.deepEqual(on('2026-06-02', { table: blind }), [
    'cpi_dates_unknown 08:30-10:00',
    'payrolls_dates_unknown 08:30-10:00',
    'fomc_dates_unknown 13:30-15:00',
  ]);
});

test('ID-10 a blackout holds its first instant and not its last, and minutes come before the day', () => {
  const at = (time: string) => instantAt('2026-06-17', time, 'America/New_York');
  const fomc = { fromAt: at('13:30'), toAt: at('15:00'), name: 'fomc', wholeDay: false };
  const day = { fromAt: at('09:30'), toAt: at('16:00'), name: 'half_day', wholeDay: true };
  assert.equal(blackoutAt([fomc], at('13:29')), null);
  assert.equal(blackoutAt([fomc], at('13:30'))?.name, 'fomc');
  assert.equal(blackoutAt([fomc], at('15:00')), null);
  assert.equal(blackoutAt([day, fomc], at('14:00'))?.name, 'fomc');
  assert.equal(blackoutAt([day, fomc], at('15:30'))?.name, 'half_day');
});
