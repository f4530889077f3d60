import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CalendarTable } from '#core/market/calendar.ts';
import type { JobPlan } from '#shell/scheduler/timetable.ts';
import { nextDueAt, plansOf, slotsBetween, slotsOf } from '#shell/scheduler/timetable.ts';

const NEW_YORK: CalendarTable = {
  market: 'US',
  zone: 'America/New_York',
  validFrom: '2026-01-01',
  validThrough: '2026-12-31',
  regularOpen: '09:30',
  regularClose: '16:00',
  holidays: ['2026-07-03', '2026-11-26', '2026-12-25'],
  earlyCloses: { '2026-11-27': '13:00' },
  breaks: [],
  source: 'test',
};

const SHANGHAI: CalendarTable = {
  ...NEW_YORK,
  market: 'CN',
  zone: 'Asia/Shanghai',
  regularClose: '15:00',
  holidays: [],
  earlyCloses: {},
};

const at = (iso: string): number => Date.parse(iso);
const isoOf = (instants: number[]): string[] =>
  instants.map((instant) => new Date(instant).toISOString().slice(0, 16));

function wall(job: string, calendar: CalendarTable, time: string): JobPlan {
  return { job, calendar, rule: { kind: 'wall_time', time }, graceMs: 60_000 };
}

test('SP-12 keeps exchange wall time over the spring change in both zones', () => {
  const from = at('2026-03-05T00:00Z');
  const through = at('2026-03-11T00:00Z');
  assert.deepEqual(isoOf(slotsOf(wall('a', NEW_YORK, '09:45'), from, through)), [
    '2026-03-05T14:45',
    '2026-03-06T14:45',
    '2026-03-09T13:45',
    '2026-03-10T13:45',
  ]);
  assert.deepEqual(isoOf(slotsOf(wall('b', SHANGHAI, '10:00'), from, through)), [
    '2026-03-05T02:00',
    '2026-03-06T02:00',
    '2026-03-09T02:00',
    '2026-03-10T02:00',
  ]);
});

test('SP-12 keeps exchange wall time over the autumn change in both zones, each day once', () => {
  const from = at('2026-10-29T00:00Z');
  const through = at('2026-11-04T00:00Z');
  assert.deepEqual(isoOf(slotsOf(wall('a', NEW_YORK, '09:45'), from, through)), [
    '2026-10-29T13:45',
    '2026-10-30T13:45',
    '2026-11-02T14:45',
    '2026-11-03T14:45',
  ]);
  assert.deepEqual(isoOf(slotsOf(wall('b', SHANGHAI, '10:00'), from, through)), [
    '2026-10-29T02:00',
    '2026-10-30T02:00',
    '2026-11-02T02:00',
    '2026-11-03T02:00',
  ]);
});

test('SP-12 leaves out weekends, holidays and days the calendar does not know', () => {
  const plan = wall('a', NEW_YORK, '09:00');
  const slots = slotsOf(plan, at('2026-11-25T00:00Z'), at('2026-11-30T23:00Z'));
  assert.deepEqual(isoOf(slots), ['2026-11-25T14:00', '2026-11-27T14:00', '2026-11-30T14:00']);
  assert.deepEqual(slotsOf(plan, at('2027-01-01T00:00Z'), at('2027-02-01T00:00Z')), []);
  assert.equal(nextDueAt([plan], at('2027-01-01T00:00Z')), null);
});

test('SP-12 counts from the close of the day, early closes included', () => {
  const plan: JobPlan = {
    job: 'us-close',
    calendar: NEW_YORK,
    rule: { kind: 'after_close', offsetMs: 20 * 60_000 },
    graceMs: 60_000,
  };
  const slots = slotsOf(plan, at('2026-11-25T00:00Z'), at('2026-11-28T00:00Z'));
  assert.deepEqual(isoOf(slots), ['2026-11-25T21:20', '2026-11-27T18:20']);
  const late: JobPlan = { ...plan, rule: { kind: 'after_close', offsetMs: 9 * 3_600_000 } };
  assert.deepEqual(isoOf(slotsOf(late, at('2026-11-26T00:00Z'), at('2026-11-28T12:00Z'))), [
    '2026-11-26T06:00',
    '2026-11-28T03:00',
  ]);
});

test('a slot lies after the first instant and not after the last', () => {
  const plan = wall('a', NEW_YORK, '09:00');
  const due = at('2026-11-25T14:00Z');
  assert.deepEqual(slotsOf(plan, due, due + 1), []);
  assert.deepEqual(slotsOf(plan, due - 1, due), [due]);
});

test('slots of several jobs come in order of time', () => {
  const plans = plansOf(
    [
      { job: 'us-close', market: 'US', afterCloseMinutes: 20, graceMinutes: 5 },
      { job: 'us-premarket', market: 'US', at: '09:00', graceMinutes: 30 },
    ],
    { US: NEW_YORK },
  );
  const slots = slotsBetween(plans, at('2026-11-27T00:00Z'), at('2026-11-28T00:00Z'));
  assert.deepEqual(
    slots.map((slot) => slot.plan.job),
    ['us-premarket', 'us-close'],
  );
  assert.equal(plans[1]?.graceMs, 1_800_000);
  assert.throws(
    () => plansOf([{ job: 'x', market: 'CN', at: '09:00', graceMinutes: 1 }], { US: NEW_YORK }),
    /x: found market CN, expected one with a calendar/,
  );
});
