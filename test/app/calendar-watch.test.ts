import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchCalendars } from '#app/calendar-watch.ts';
import { type CalendarEnd, endsOf } from '#core/gates/calendar-end.ts';
import type { EventTable } from '#core/gates/event-window.ts';
import { renderNotice } from '#shell/chat/render.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { PULSE_CALENDAR } from '#test/support/pulse-market.ts';

const TABLE = { ...PULSE_CALENDAR, validThrough: '2026-12-31' };
const EVENTS: EventTable = {
  source: 'test',
  coverage: {
    fomc: { from: '2026-01-01', through: '2027-12-31' },
    cpi: { from: '2026-01-01', through: '2026-12-31' },
  },
  events: [],
};
const ENDS = { of: 'days', market: 'CN', through: '2026-12-31' } as const;

test('SP-12 the end of a calendar is told from thirty days before it on, and what watches no event is not told of one', () => {
  assert.deepEqual(endsOf(TABLE, null, [], '2026-12-01'), []);
  assert.deepEqual(endsOf(TABLE, null, [], '2026-12-02'), [ENDS]);
  assert.deepEqual(endsOf(TABLE, null, [], '2027-01-05'), [ENDS]);
  assert.deepEqual(endsOf(TABLE, EVENTS, ['fomc', 'cpi', 'payrolls'], '2026-12-01'), [
    { of: 'events', event: 'payrolls', through: null },
  ]);
  assert.deepEqual(endsOf(TABLE, EVENTS, ['fomc', 'cpi'], '2026-12-02'), [
    ENDS,
    { of: 'events', event: 'cpi', through: '2026-12-31' },
  ]);
});

test('SP-12 it is told once a day, not before the morning', () => {
  const clock = createVirtualClock({ startAt: Date.parse('2026-11-30T22:00:00+08:00') });
  const told: string[] = [];
  const stop = watchCalendars({
    clock,
    zone: 'Asia/Shanghai',
    endsOn: (day) => endsOf(TABLE, null, [], day),
    tell: () => told.push(new Date(clock.now() + 8 * 3_600_000).toISOString().slice(0, 16)),
  });
  const until = Date.parse('2026-12-04T12:00:00+08:00');
  for (let next = clock.nextDue(); next !== null && next <= until; next = clock.nextDue())
    clock.runNext();
  assert.deepEqual(told, ['2026-12-02T08:00', '2026-12-03T08:00', '2026-12-04T08:00']);
  stop();
  assert.equal(clock.nextDue(), null);
});

test('SP-12 the notice names the end, what follows from it and the cure, in both languages', () => {
  const ends: CalendarEnd[] = [ENDS, { of: 'events', event: 'cpi', through: null }];
  const notice = { kind: 'calendar_ending', ends } as const;
  const place = { zone: 'Asia/Shanghai', currency: 'CNY' };
  const textOf = (language: 'en' | 'zh') =>
    renderNotice(notice, language, place, { now: 0 }).lines.join('\n');
  assert.match(textOf('en'), /China: trading days known until 2026-12-31, nothing trades beyond/);
  assert.match(textOf('en'), /CPI: no dates, each day counts as one/);
  assert.match(textOf('en'), /update Centaur, or extend config\/calendars/);
  assert.match(textOf('zh'), /中国:交易日仅知至 2026-12-31,之后不交易/);
  assert.match(textOf('zh'), /通胀\(CPI\):无日期,每天都按事件日处理/);
});
