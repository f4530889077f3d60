import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventTable } from '#core/gates/event-window.ts';
import { checkCalendar, checkEvents } from '#shell/doctor/calendar-reach.ts';
import { checkClock } from '#shell/doctor/machine.ts';
import { PULSE_CALENDAR } from '#test/support/pulse-market.ts';

const ZONE = 'America/New_York';
const at = (day: string) => Date.parse(`${day}T12:00:00-05:00`);
const EVENTS: EventTable = {
  source: 'test',
  coverage: { cpi: { from: '2026-01-01', through: '2026-12-31' } },
  events: [],
};

test('SP-12 the doctor warns well before event dates end, and says what follows', () => {
  assert.equal(checkEvents(EVENTS, ['cpi'], at('2026-12-01'), ZONE).state, 'ok');
  const soon = checkEvents(EVENTS, ['cpi'], at('2026-12-02'), ZONE);
  assert.equal(soon.state, 'warning');
  assert.match(soon.found, /cpi until 2026-12-31: from then on taken as happening each day/);
  assert.match(soon.cure ?? '', /us-events\.yaml/);
  assert.equal(checkEvents(EVENTS, ['cpi'], at('2027-01-01'), ZONE).state, 'warning');
});

test('SP-12 the doctor warns before the trading days end, and fails beyond for a market that is traded', () => {
  const table = { ...PULSE_CALENDAR, validThrough: '2026-12-31' };
  const state = (day: string, isTraded: boolean) => checkCalendar(table, at(day), isTraded).state;
  assert.deepEqual(
    [state('2026-10-01', true), state('2026-12-02', true), state('2027-01-04', true)],
    ['ok', 'warning', 'failed'],
  );
  assert.equal(state('2027-01-04', false), 'warning');
});

test('AL-01 a clock that nothing was compared with is no ok', () => {
  assert.equal(checkClock(1_000_000, null).state, 'skipped');
  assert.equal(checkClock(1_000_000, 1_000_000).state, 'ok');
  assert.equal(checkClock(1_000_000, 900_000).state, 'failed');
});
