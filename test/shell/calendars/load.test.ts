import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ConfigError } from '#app/errors.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import {
  nextTradingDay,
  previousTradingDays,
  sessionOn,
  tradingDaysBetween,
} from '#core/market/calendar.ts';
import { weekdayOf } from '#core/market/trading-day.ts';
import { loadCalendar, loadEvents } from '#shell/calendars/load.ts';
import { needsShared, sharedPath } from '../../support/shared-data.ts';

const FILE = 'config/calendars/xnys.yaml';
const EVENTS = 'config/calendars/us-events.yaml';
const calendar = await loadCalendar(FILE);
const REFERENCE = ['data', 'calendars', 'xnys.csv.gz'] as const;

test('the New York calendar counts 250, 251 and 251 trading days in 2025, 2026 and 2027', () => {
  const counts = [2025, 2026, 2027].map(
    (year) => tradingDaysBetween(calendar, `${year}-01-01`, `${year}-12-31`).length,
  );
  assert.deepEqual(counts, [250, 251, 251]);
});

test(
  'the New York calendar agrees with the reference in every session',
  needsShared(...REFERENCE),
  () => {
    const text = gunzipSync(readFileSync(sharedPath(...REFERENCE)!)).toString('utf8');
    const rows = text
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));
    const known = rows.filter(([day]) => day! >= '2013-01-01');
    const ours = tradingDaysBetween(calendar, '2013-01-01', '2023-01-13');
    assert.deepEqual(
      ours,
      known.map(([day]) => day!.slice(0, 10)),
    );
    for (const [day, open, close] of known) {
      const answer = sessionOn(calendar, day!.slice(0, 10));
      assert.ok(answer.kind === 'session');
      assert.deepEqual(
        [answer.session.openAt, answer.session.closeAt],
        [Date.parse(open!), Date.parse(close!)],
        day!,
      );
    }
    assert.ok(known.length > 2500);
  },
);

test('weekends, holidays and days of mourning are closed, early closes are marked', () => {
  assert.deepEqual(sessionOn(calendar, '2026-11-21'), { kind: 'closed', reason: 'weekend' });
  assert.deepEqual(sessionOn(calendar, '2025-01-09'), { kind: 'closed', reason: 'holiday' });
  assert.deepEqual(sessionOn(calendar, '2018-12-05'), { kind: 'closed', reason: 'holiday' });
  const early = sessionOn(calendar, '2026-12-24');
  assert.ok(early.kind === 'session' && early.session.isEarlyClose);
  assert.equal(new Date(early.session.closeAt).toISOString(), '2026-12-24T18:00:00.000Z');
});

test('outside its validity the calendar knows no trading day', () => {
  const unknown = { kind: 'unknown', reason: 'outside_calendar' };
  for (const day of ['2012-12-31', '2029-01-02', 'tomorrow', '2026-02-30']) {
    assert.deepEqual(sessionOn(calendar, day), unknown, day);
  }
  assert.equal(nextTradingDay(calendar, '2028-12-31'), null);
  assert.equal(previousTradingDays(calendar, '2013-01-10', 20), null);
  assert.equal(previousTradingDays(calendar, '2029-06-01', 1), null);
});

test('the next and the previous trading days step over weekends and holidays', () => {
  assert.equal(nextTradingDay(calendar, '2026-11-25'), '2026-11-27');
  assert.equal(nextTradingDay(calendar, '2026-07-02'), '2026-07-06');
  assert.deepEqual(previousTradingDays(calendar, '2026-11-30', 3), [
    '2026-11-24',
    '2026-11-25',
    '2026-11-27',
  ]);
});

test('a break of the session is an instant pair and ends with an early close', () => {
  const noon: CalendarTable = {
    ...calendar,
    breaks: [{ from: '11:30', to: '13:30' }],
    earlyCloses: { '2026-12-24': '13:00' },
  };
  const minutes = (day: string) => {
    const answer = sessionOn(noon, day);
    assert.ok(answer.kind === 'session');
    return answer.session.breaks.map((pause) => (pause.toAt - pause.fromAt) / 60_000);
  };
  assert.deepEqual([minutes('2026-12-23'), minutes('2026-12-24')], [[120], [90]]);
});

test('ID-10 the events table holds trading-week days within its coverage', async () => {
  const { events, coverage } = await loadEvents(EVENTS);
  for (const event of events) {
    assert.ok(weekdayOf(event.day) <= 5, event.day);
    const span = coverage[event.kind];
    assert.ok(span !== undefined && event.day >= span.from && event.day <= span.through, event.day);
  }
  const days = (kind: string, year: string) =>
    events.filter((event) => event.kind === kind && event.day.startsWith(year)).length;
  assert.deepEqual([days('fomc', '2024'), days('fomc', '2026'), days('fomc', '2027')], [8, 8, 8]);
  assert.deepEqual([days('cpi', '2024'), days('cpi', '2025'), days('cpi', '2026')], [12, 11, 12]);
  assert.deepEqual([days('payrolls', '2024'), days('payrolls', '2026')], [12, 12]);
  assert.ok(events.some((event) => event.kind === 'fomc' && event.day === '2026-12-09'));
});

async function refusal(name: string, text: string, load: (file: string) => Promise<unknown>) {
  const folder = mkdtempSync(join(tmpdir(), 'calendar-'));
  const file = join(folder, name);
  writeFileSync(file, text);
  try {
    await load(file);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.message.includes('\n'), false);
    return error.message.replace(`${folder}/`, '');
  } finally {
    rmSync(folder, { recursive: true });
  }
  return assert.fail('expected a refusal');
}

test('a calendar that is not well formed is one clear line', async () => {
  const good = readFileSync(FILE, 'utf8');
  const broken: [from: string | RegExp, to: string, expected: RegExp][] = [
    ['America/New_York', 'America/Gotham', /^c\.yaml: zone: expected an IANA time zone/],
    ["'2013-01-21'", "'2013-02-30'", /^c\.yaml: holidays\.1: expected a date YYYY-MM-DD/],
    ['market: US', 'market: US\nmoon: full', /^c\.yaml: file: Unrecognized key: "moon"/],
    ["'2013-01-21'", "'2013-01-19'", /2013-01-19: found a weekend day/],
    ["'2013-01-21'", "'2013-01-01'", /holidays: found a day twice/],
    ["'2013-07-03': '13:00'", "'2013-07-04': '13:00'", /2013-07-04: found as holiday and as early/],
    ["'2013-07-03': '13:00'", "'2013-07-03': '17:00'", /2013-07-03: found a close at 17:00/],
    ["validThrough: '2028-12-31'", "validThrough: '2028-06-30'", /2028-07-04: found outside/],
    ['market: US', 'market: [', /^c\.yaml: not readable as YAML/],
  ];
  for (const [from, to, expected] of broken) {
    assert.match(await refusal('c.yaml', good.replace(from, to), loadCalendar), expected);
  }
  await assert.rejects(loadCalendar('config/calendars/none.yaml'), ConfigError);
});

test('ID-10 an events file that is not well formed is one clear line', async () => {
  const events = (row: string) => `source: x\ncoverage: {}\nevents:\n  - ${row}\n`;
  assert.match(
    await refusal('e.yaml', events("{ kind: moon, day: '2026-01-05' }"), loadEvents),
    /^e\.yaml: events\.0\.kind: /,
  );
  assert.match(
    await refusal('e.yaml', events("{ kind: earnings, day: '2026-01-05' }"), loadEvents),
    /expected a symbol with earnings/,
  );
  const twice = events("{ kind: cpi, day: '2026-01-13' }\n  - { kind: cpi, day: '2026-01-13' }");
  assert.match(await refusal('e.yaml', twice, loadEvents), /cpi 2026-01-13: found twice/);
});
