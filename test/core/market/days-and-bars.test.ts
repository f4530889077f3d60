import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvariantError } from '#core/lib/assert.ts';
import { dailyBarOf, dailyBarsOf, splitByDay } from '#core/market/aggregate.ts';
import { columnsOf, createBarColumns, pushBar } from '#core/market/bar.ts';
import { marketOf, parseInstrumentId, symbolOf } from '#core/market/instrument.ts';
import { instantAt, sessionMinutes, wallTimeOf } from '#core/market/session.ts';
import {
  addCalendarDays,
  dayNumber,
  dayOfNumber,
  isTradingDayText,
  weekdayOf,
} from '#core/market/trading-day.ts';
import { minutesFrom, newYorkSession } from '../../support/bars.ts';

test('an instrument id needs its place and the shape of that place', () => {
  assert.equal(parseInstrumentId('aapl.us'), 'AAPL.US');
  assert.equal(parseInstrumentId('BRK.B.US'), 'BRK.B.US');
  assert.equal(parseInstrumentId('600519.sh'), '600519.SH');
  for (const text of ['AAPL', '.US', '60051.SH', 'AAPL.XX', '600519', "A';--.US", '']) {
    assert.equal(parseInstrumentId(text), null, text);
  }
  assert.equal(marketOf('AAPL.US'), 'US');
  assert.equal(marketOf('000001.SZ'), 'CN');
  assert.equal(symbolOf('BRK.B.US'), 'BRK.B');
});

test('days count from 1970 and know their weekday', () => {
  assert.equal(dayNumber('1970-01-01'), 0);
  assert.equal(dayOfNumber(dayNumber('2024-02-29')), '2024-02-29');
  assert.equal(addCalendarDays('2024-02-28', 2), '2024-03-01');
  assert.equal(weekdayOf('2026-11-20'), 5);
  assert.equal(weekdayOf('1969-12-28'), 7);
  assert.equal(isTradingDayText('2026-02-30'), false);
  assert.equal(isTradingDayText('2026-2-3'), false);
});

test('day numbers are those of the calendar, from the year 0 to 9999, and what is no date is refused', () => {
  const first = dayNumber('0000-01-01');
  const last = dayNumber('9999-12-31');
  fc.assert(
    fc.property(fc.integer({ min: first, max: last }), (number) => {
      const day = Temporal.PlainDate.from('1970-01-01').add({ days: number }).toString();
      assert.equal(dayOfNumber(number), day);
      assert.equal(dayNumber(day), number);
    }),
    { numRuns: 500 },
  );
  const wrong = [
    '2026-02-29',
    '2100-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-04-31',
    '2026-01-00',
  ];
  for (const text of [...wrong, '2026-1-01', '20260101', '2026-01-01T', '2026/01/01', ' 026-01-01'])
    assert.throws(() => dayNumber(text), InvariantError, text);
  for (const number of [first - 1, last + 1, Number.NaN])
    assert.throws(() => dayOfNumber(number), InvariantError, String(number));
});

test('9:30 in New York is 13:30 UTC in summer and 14:30 in winter', () => {
  const zone = 'America/New_York';
  assert.equal(
    new Date(instantAt('2026-06-01', '09:30', zone)).toISOString().slice(11, 16),
    '13:30',
  );
  assert.equal(
    new Date(instantAt('2026-12-01', '09:30', zone)).toISOString().slice(11, 16),
    '14:30',
  );
  // The clocks change on Sunday 2026-11-01: the same wall time moves an hour in UTC.
  const friday = instantAt('2026-10-30', '09:30', zone);
  const monday = instantAt('2026-11-02', '09:30', zone);
  assert.equal((monday - friday) / 3_600_000, 73);
  assert.deepEqual(wallTimeOf(monday, zone), {
    day: '2026-11-02',
    time: '09:30',
    minuteOfDay: 570,
  });
  assert.equal(wallTimeOf(monday, 'Asia/Shanghai').time, '22:30');
});

test('a session counts its minutes without its breaks', () => {
  assert.equal(sessionMinutes(newYorkSession('2026-06-01')), 390);
  assert.equal(sessionMinutes(newYorkSession('2026-11-27', '13:00')), 210);
  const session = newYorkSession('2026-06-01');
  const breaks = [{ fromAt: session.openAt, toAt: session.openAt + 90 * 60_000 }];
  assert.equal(sessionMinutes({ ...session, breaks }), 300);
});

test('bar columns grow, keep their order and refuse a bar from the past', () => {
  const columns = createBarColumns(1);
  const bar = { openedAt: 0, closedAt: 60_000, open: 1, high: 2, low: 1, close: 2, volume: 5 };
  for (let n = 0; n < 40; n += 1) {
    pushBar(columns, { ...bar, openedAt: n * 60_000, closedAt: (n + 1) * 60_000, close: n });
  }
  assert.equal(columns.length, 40);
  assert.equal(columns.close[39], 39);
  assert.throws(() => pushBar(columns, bar), InvariantError);
});

test('minutes of a day make its daily bar, whole days only', () => {
  const session = newYorkSession('2026-06-01');
  const minutes = Array.from({ length: 390 }, (_, n) => [101 + n, 99 + n, 100 + n, 10] as const);
  const bars = minutesFrom(session, minutes);
  assert.deepEqual(dailyBarOf(bars, session), {
    openedAt: session.openAt,
    closedAt: session.closeAt,
    open: 100,
    high: 490,
    low: 99,
    close: 489,
    volume: 3900,
  });
  assert.equal(dailyBarOf(minutesFrom(session, minutes.slice(0, 374)), session), null);
  assert.notEqual(dailyBarOf(minutesFrom(session, minutes.slice(0, 375)), session), null);
  assert.equal(dailyBarOf(createBarColumns(0), session), null);
});

test('bars of many days are cut at the days and incomplete ones are named', () => {
  const first = newYorkSession('2026-06-01');
  const second = newYorkSession('2026-06-02');
  const minute = [2, 1, 2, 1] as const;
  const rows = [first, second].flatMap((session, n) => {
    const bars = minutesFrom(session, new Array(n === 0 ? 390 : 10).fill(minute));
    return Array.from({ length: bars.length }, (_, i) => ({
      openedAt: bars.openedAt[i]!,
      closedAt: bars.closedAt[i]!,
      open: 2,
      high: 2,
      low: 1,
      close: 2,
      volume: 1,
    }));
  });
  const days = splitByDay(columnsOf(rows));
  assert.deepEqual([...days.keys()], ['2026-06-01', '2026-06-02']);
  const daily = dailyBarsOf(days, (day) => newYorkSession(day));
  assert.equal(daily.bars.length, 1);
  assert.deepEqual(daily.skipped, ['2026-06-02']);
});

test('a bar pushed to one day of a cut series leaves the next day and the series alone', () => {
  const minute = [2, 1, 2, 1] as const;
  const days = ['2026-06-01', '2026-06-02'].map((day) =>
    minutesFrom(newYorkSession(day), new Array(3).fill(minute)),
  );
  const all = createBarColumns(8);
  for (const bars of days)
    for (let i = 0; i < bars.length; i += 1)
      pushBar(all, { ...barOf(bars, i), openedAt: bars.openedAt[i]!, closedAt: bars.closedAt[i]! });
  const cut = splitByDay(all);
  const first = cut.get('2026-06-01')!;
  const after = first.closedAt[2]!;
  pushBar(first, { ...barOf(first, 0), openedAt: after, closedAt: after + 60_000, close: 9 });
  assert.deepEqual([first.length, first.close[3]], [4, 9]);
  assert.equal(cut.get('2026-06-02')?.openedAt[0], days[1]?.openedAt[0]);
  assert.equal(all.openedAt[3], days[1]?.openedAt[0]);
});

function barOf(bars: ReturnType<typeof createBarColumns>, i: number) {
  const { open, high, low, close, volume } = bars;
  return { open: open[i]!, high: high[i]!, low: low[i]!, close: close[i]!, volume: volume[i]! };
}
