import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agendaOf } from '#core/gates/agenda.ts';
import type { EventTable } from '#core/gates/event-window.ts';
import type { CalendarTable } from '#core/market/calendar.ts';

const CALENDAR: CalendarTable = {
  market: 'US',
  zone: 'America/New_York',
  validFrom: '2026-01-01',
  validThrough: '2026-12-31',
  regularOpen: '09:30',
  regularClose: '16:00',
  holidays: ['2026-11-26', '2026-12-24', '2026-12-25', '2026-12-28'],
  earlyCloses: { '2026-11-27': '13:00' },
  breaks: [],
  source: 'rules',
};

const EVENTS: EventTable = {
  source: 'publishers',
  coverage: {
    fomc: { from: '2026-01-01', through: '2027-12-31' },
    cpi: { from: '2026-01-01', through: '2026-11-30' },
    payrolls: { from: '2027-01-01', through: '2027-12-31' },
  },
  events: [
    { kind: 'fomc', day: '2026-12-09', time: null },
    { kind: 'earnings', day: '2026-11-27', time: null, symbol: 'MU', timing: 'after_close' },
    { kind: 'cpi', day: '2026-11-27', time: '08:30' },
    { kind: 'cpi', day: '2026-11-26', time: '08:30' },
    { kind: 'cpi', day: '2026-12-10', time: '08:30' },
  ],
};

test('ID-10 the agenda has both of its ends, closures before events, events by time of day', () => {
  const agenda = agendaOf({ calendar: CALENDAR, events: EVENTS, from: '2026-11-27', days: 13 });
  assert.equal(agenda.through, '2026-12-09');
  assert.equal(agenda.sessions, 9);
  assert.deepEqual(agenda.items, [
    { kind: 'early_close', day: '2026-11-27', time: '13:00' },
    { kind: 'event', day: '2026-11-27', time: '08:30', event: 'cpi', symbol: null, timing: null },
    {
      kind: 'event',
      day: '2026-11-27',
      time: null,
      event: 'earnings',
      symbol: 'MU',
      timing: 'after_close',
    },
    // at its usual time, as the blackout takes it
    { kind: 'event', day: '2026-12-09', time: '14:00', event: 'fomc', symbol: null, timing: null },
  ]);
});

test('ID-10 the agenda says of each kind until when its dates are known, and of which none are', () => {
  const { events } = agendaOf({
    calendar: CALENDAR,
    events: EVENTS,
    from: '2026-11-27',
    days: 13,
  });
  assert.deepEqual(events?.reach, [
    { event: 'fomc', through: '2027-12-31' },
    { event: 'cpi', through: '2026-11-30' },
    { event: 'payrolls', through: null },
    { event: 'release_10', through: null },
    { event: 'earnings', through: null },
  ]);
});

test('SP-12 holidays without a session between them are one stretch, over a weekend, too', () => {
  const { items, sessions } = agendaOf({
    calendar: CALENDAR,
    events: null,
    from: '2026-12-23',
    days: 7,
  });
  assert.deepEqual(items, [{ kind: 'closed', day: '2026-12-24', through: '2026-12-28' }]);
  assert.equal(sessions, 2);
});

test('SP-12 days beyond the calendar are no sessions and no holidays', () => {
  const agenda = agendaOf({ calendar: CALENDAR, events: null, from: '2026-12-31', days: 20 });
  assert.equal(agenda.sessions, 1);
  assert.deepEqual(agenda.items, []);
  assert.deepEqual(agenda.calendar, { source: 'rules', through: '2026-12-31' });
});
