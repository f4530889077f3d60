import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { nextTradingDay, sessionOn, tradingDaysBetween } from '#core/market/calendar.ts';
import { sessionMinutes } from '#core/market/session.ts';
import { weekdayOf } from '#core/market/trading-day.ts';
import { loadMarketCalendar } from '#shell/calendars/load.ts';
import { checkCalendar } from '#shell/doctor/calendar-reach.ts';
import { needsShared, sharedPath } from '../../support/shared-data.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const calendar = await loadMarketCalendar(ROOT, 'CN');
const XSHG = ['data', 'calendars', 'xshg.csv.gz'] as const;
const AKSHARE = ['data', 'calendars', 'cn_trade_days_1990_2026_akshare.json.gz'] as const;
const TUSHARE = ['data', 'calendars', 'tushare_trade_cal_2023-09-25_2025-10-23.csv'] as const;

test('SP-12 the Shanghai calendar counts 243 trading days in 2025 and 242 in 2026', () => {
  const counts = [2005, 2019, 2024, 2025, 2026].map(
    (year) => tradingDaysBetween(calendar, `${year}-01-01`, `${year}-12-31`).length,
  );
  assert.deepEqual(counts, [242, 244, 242, 243, 242]);
});

test(
  'SP-12 the Shanghai calendar agrees with a reference in every session',
  needsShared(...XSHG),
  () => {
    const text = gunzipSync(readFileSync(sharedPath(...XSHG)!)).toString('utf8');
    const rows = text
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','))
      .filter(([day]) => day! >= '2005-01-01');
    assert.deepEqual(
      tradingDaysBetween(calendar, '2005-01-01', '2026-12-31'),
      rows.map(([day]) => day!.slice(0, 10)),
    );
    for (const [day, ...times] of rows) {
      const answer = sessionOn(calendar, day!.slice(0, 10));
      assert.ok(answer.kind === 'session');
      const { openAt, closeAt, breaks } = answer.session;
      assert.deepEqual(
        [openAt, closeAt, breaks[0]?.fromAt, breaks[0]?.toAt, breaks.length],
        [...times.map((time) => Date.parse(time)), 1],
      );
      assert.equal(sessionMinutes(answer.session), 240);
    }
    assert.equal(rows.length, 5_343);
  },
);

test('SP-12 the Shanghai calendar agrees with two vendors day by day', {
  skip: needsShared(...AKSHARE).skip || needsShared(...TUSHARE).skip,
}, () => {
  const listed = JSON.parse(
    gunzipSync(readFileSync(sharedPath(...AKSHARE)!)).toString('utf8'),
  ) as string[];
  const dashed = (day: string) => `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
  assert.deepEqual(
    tradingDaysBetween(calendar, '2005-01-01', '2026-12-31'),
    listed.map(dashed).filter((day) => day >= '2005-01-01'),
  );
  const rows = readFileSync(sharedPath(...TUSHARE)!, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => dashed(line.slice(0, 8)));
  assert.deepEqual(tradingDaysBetween(calendar, '2023-09-25', '2025-10-23'), rows);
});

test('SP-12 a weekend on which the country works is no trading day', () => {
  // Worked to make up for holidays: 2025-01-26, 2025-10-11, 2026-02-14, 2026-02-28.
  for (const day of ['2025-01-26', '2025-10-11', '2026-02-14', '2026-02-28']) {
    assert.ok(weekdayOf(day) > 5);
    assert.deepEqual(sessionOn(calendar, day), { kind: 'closed', reason: 'weekend' }, day);
  }
  assert.deepEqual(sessionOn(calendar, '2026-02-23'), { kind: 'closed', reason: 'holiday' });
  assert.equal(nextTradingDay(calendar, '2026-09-30'), '2026-10-08');
});

test('SP-12 beyond the last announced year the Shanghai calendar knows no trading day', () => {
  const unknown = { kind: 'unknown', reason: 'outside_calendar' };
  for (const day of ['2004-12-31', '2027-01-04']) {
    assert.deepEqual(sessionOn(calendar, day), unknown, day);
  }
  assert.equal(nextTradingDay(calendar, '2026-12-31'), null);
});

test('SP-12 doctor fails on a calendar that has ended where a desk trades, else warns', () => {
  const of = (time: string, isTraded: boolean) =>
    checkCalendar(calendar, Date.parse(time), isTraded).state;
  assert.equal(of('2026-06-01T00:00:00Z', true), 'ok');
  assert.equal(of('2026-12-01T00:00:00Z', true), 'warning');
  assert.equal(of('2027-01-05T00:00:00Z', true), 'failed');
  assert.equal(of('2027-01-05T00:00:00Z', false), 'warning');
});

test('SP-12 a calendar file of another market is refused by name', async () => {
  const root = mkdtempSync(join(tmpdir(), 'calendars-'));
  try {
    mkdirSync(join(root, 'config', 'calendars'), { recursive: true });
    const text = readFileSync(join(ROOT, 'config', 'calendars', 'xnys.yaml'), 'utf8');
    writeFileSync(join(root, 'config', 'calendars', 'xshg.yaml'), text);
    await assert.rejects(loadMarketCalendar(root, 'CN'), {
      name: 'ConfigError',
      message: /xshg\.yaml: market: found US, expected CN$/,
    });
  } finally {
    rmSync(root, { recursive: true });
  }
});
