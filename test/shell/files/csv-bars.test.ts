import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ConfigError } from '#app/errors.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import { loadCalendar } from '#shell/calendars/load.ts';
import type { ReadBarsCsvOptions } from '#shell/files/csv-bars.ts';
import { readBarsCsv } from '#shell/files/csv-bars.ts';
import { needsShared, sharedPath } from '../../support/shared-data.ts';

let folder = '';
let calendar: CalendarTable;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'csv-bars-'));
  calendar = await loadCalendar('config/calendars/xnys.yaml');
});
after(() => rmSync(folder, { recursive: true }));

type Change = Partial<Omit<ReadBarsCsvOptions, 'file' | 'calendar'>>;

async function read(text: string | Buffer, change: Change = {}, name = 'bars.csv') {
  const file = join(folder, name);
  writeFileSync(file, text);
  return readBarsCsv({ file, instrument: 'SPY.US', timeframe: '1m', calendar, ...change });
}

function csv(...rows: string[]): string {
  return ['timestamp,open,high,low,close,volume', ...rows, ''].join('\n');
}

function openedAt(iso: string): number {
  return Date.parse(iso);
}

const start = { label: 'start', zone: 'UTC' } as const;
const GOOD = '2026-06-01 13:30:00,100,101,99,100.5,1000';

async function refusal(run: Promise<unknown>): Promise<string> {
  const error = await run.then(
    () => assert.fail('expected a refusal'),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof ConfigError, String(error));
  assert.equal(error.message.includes('\n'), false);
  return error.message.replace(folder, '');
}

test('ID-01 the four time conventions give the same bar', async () => {
  const expected = openedAt('2026-06-01T13:30:00Z');
  const cases: [time: string, change: Change][] = [
    ['2026-06-01 13:30:00+00:00', { label: 'start' }],
    ['2026-06-01 13:30:00', { label: 'start', zone: 'UTC' }],
    ['2026-06-01 09:30:00', { label: 'start', zone: 'America/New_York' }],
    ['2026-06-01 09:31:00', { label: 'end', zone: 'America/New_York' }],
    ['2026-06-01T09:30:00-04:00', { label: 'start' }],
    ['1780320600', { label: 'start' }],
    ['1780320600000', { label: 'start' }],
  ];
  for (const [time, change] of cases) {
    const { bars } = await read(csv(`${time},100,101,99,100.5,1000`), change);
    assert.equal(bars[0]?.openedAt, expected, time);
    assert.equal(bars[0]?.closedAt, expected + 60_000);
  }
});

test('ID-01 winter and summer of New York are told apart', async () => {
  const { bars } = await read(
    csv('2026-03-06 09:30:00,1,1,1,1,1', '2026-03-09 09:30:00,1,1,1,1,1'),
    { label: 'start', zone: 'America/New_York' },
  );
  assert.deepEqual(
    bars.map((bar) => bar.openedAt),
    [openedAt('2026-03-06T14:30:00Z'), openedAt('2026-03-09T13:30:00Z')],
  );
});

test('zone and label must be told where the file does not tell them', async () => {
  assert.equal(
    await refusal(read(csv(GOOD))),
    '/bars.csv: the file does not tell what its times mean, give --zone and --label start|end',
  );
  assert.match(await refusal(read(csv(GOOD), { zone: 'UTC' })), /give --label start\|end$/);
  assert.match(await refusal(read(csv(GOOD), { label: 'start' })), /give --zone$/);
  assert.match(await refusal(read(csv(GOOD), { ...start, zone: 'Mars/Base' })), /"Mars\/Base"/);
  const told = csv(GOOD).replace('timestamp', 'opened_at');
  assert.equal((await read(told, { zone: 'UTC' })).bars.length, 1);
  assert.match(await refusal(read(told, { ...start, label: 'end' })), /names the start of a bar/);
});

test('columns are found by name in any order, and missing ones are named', async () => {
  const shuffled =
    'Volume,symbol,Close,Time,Low,High,Open\n1000,spy,100.5,2026-06-01 13:30,99,101,100\n';
  const { bars } = await read(shuffled, start);
  const { open, high, low, close, volume } = bars[0]!;
  assert.deepEqual([open, high, low, close, volume], [100, 101, 99, 100.5, 1000]);
  assert.equal(
    await refusal(read('timestamp,open,close\n', start)),
    '/bars.csv: line 1: found header "timestamp,open,close", expected columns for high, low, volume',
  );
  assert.match(await refusal(read(`${GOOD}\n`, start)), /expected columns for time, open/);
  assert.match(await refusal(read('', start)), /found an empty file, expected a header row/);
  const odd = csv(GOOD).replace('volume', 'size');
  assert.equal((await read(odd, { ...start, columns: { volume: 'Size' } })).bars.length, 1);
  assert.match(await refusal(read(odd, { ...start, columns: { volume: 'x' } })), /no column "x"/);
  assert.match(
    await refusal(read(csv(GOOD).replace('low', 'high'), start)),
    /"high" twice|for low/,
  );
});

test('a file that is not there or not gzip is one clear line', async () => {
  const options = { instrument: 'SPY.US', timeframe: '1m', calendar, ...start } as const;
  const gone = readBarsCsv({ ...options, file: join(folder, 'gone.csv') });
  assert.match(await refusal(gone), /^\/gone\.csv: not readable: ENOENT/);
  assert.match(
    await refusal(read(csv(GOOD), start, 'plain.csv.gz')),
    /not readable: incorrect header/,
  );
  const packed = gzipSync(csv(GOOD));
  assert.equal((await read(packed, start, 'bars.csv.gz')).bars.length, 1);
  const cut = packed.subarray(0, packed.length - 12);
  assert.match(
    await refusal(read(cut, start, 'cut.csv.gz')),
    /not readable: unexpected end of file/,
  );
});

test('every row that is not used is counted under its reason', async () => {
  const rows = [
    GOOD,
    '2026-06-01 13:31:00,100,101,99,100.5', // wrong_column_count
    '2026-06-01 13:32:00,100,101,99,abc,1000', // not_a_number
    '2026-06-01 13:33:00,100,101,99,,1000', // not_a_number
    '2026-06-01 13:34:00,100,101,0,100.5,1000', // non_positive
    '2026-06-01 13:35:00,100,101,99,100.5,-1', // non_positive
    '2026-06-01 13:36:00,100,100.2,99,100.5,1000', // high_low_inconsistent
    '2026-06-01 13:37:00,100,101,100.2,100.5,1000', // high_low_inconsistent
    '2026-06-01 13:29:00,100,101,99,100.5,1000', // outside_session
    '2026-06-01 20:00:00,100,101,99,100.5,1000', // outside_session: the extra bar at the close
    '2026-06-06 13:30:00,100,101,99,100.5,1000', // not_a_trading_day: Saturday
    '2026-06-19 13:30:00,100,101,99,100.5,1000', // not_a_trading_day: holiday
    '2030-06-03 13:30:00,100,101,99,100.5,1000', // outside_calendar
    '2026-06-31 13:30:00,100,101,99,100.5,1000', // bad_time
    'yesterday,100,101,99,100.5,1000', // bad_time
    '2026-06-01 13:38:30,100,101,99,100.5,1000', // off_grid
    '2026-06-01 19:59:00,100,101,99,100.5,0',
  ];
  const { bars, report } = await read(csv(...rows), start);
  assert.deepEqual(report.dropped, {
    wrong_column_count: 1,
    not_a_number: 2,
    non_positive: 2,
    high_low_inconsistent: 2,
    outside_session: 2,
    not_a_trading_day: 2,
    outside_calendar: 1,
    bad_time: 2,
    off_grid: 1,
  });
  assert.deepEqual([report.read, report.kept, report.zeroVolume, bars.length], [17, 2, 1, 2]);
  assert.deepEqual(report.samples[0], {
    line: 3,
    reason: 'wrong_column_count',
    text: '2026-06-01 13:31:00,100,101,99,100.5',
  });
  assert.deepEqual(report.gaps, {
    days: 1,
    firstDay: '2026-06-01',
    lastDay: '2026-06-01',
    missingDays: [],
    incompleteDays: 1,
    missingBars: 388,
  });
});

test('the hour after an early close lies outside the session', async () => {
  const rows = ['2026-11-27 12:59:00,1,1,1,1,1', '2026-11-27 13:00:00,1,1,1,1,1'];
  const { report } = await read(csv(...rows), { label: 'start', zone: 'America/New_York' });
  assert.deepEqual([report.kept, report.dropped], [1, { outside_session: 1 }]);
});

test('a file that runs backwards is turned round, true disorder is sorted in and counted', async () => {
  const minute = (n: number) => `2026-06-01 13:${30 + n}:00,100,101,99,100,${n}`;
  const backward = await read(csv(minute(3), minute(2), minute(1), minute(0)), start);
  assert.deepEqual([backward.report.isNewestFirst, backward.report.outOfOrder], [true, 0]);
  assert.deepEqual(
    backward.bars.map((bar) => bar.volume),
    [0, 1, 2, 3],
  );
  const mixed = await read(csv(minute(0), minute(2), minute(1), minute(3)), start);
  assert.deepEqual([mixed.report.isNewestFirst, mixed.report.outOfOrder], [false, 1]);
  assert.deepEqual(
    mixed.bars.map((bar) => bar.volume),
    [0, 1, 2, 3],
  );
});

test('of two rows for one minute the first stays, and a contradiction is called one', async () => {
  const other = GOOD.replace('100.5', '100.7');
  const { bars, report } = await read(csv(GOOD, GOOD, other), start);
  assert.deepEqual(report.dropped, { duplicate: 1, duplicate_conflicting: 1 });
  assert.equal(bars[0]?.close, 100.5);
});

test('rows of another symbol are left out and lots become shares', async () => {
  const text =
    'symbol,dt,open,close,high,low,vol\nSPY,2026-06-01 13:30:00,1,1,1,1,7\nQQQ,2026-06-01 13:31:00,1,1,1,1,7\n';
  const { bars, report } = await read(text, { ...start, volume: 'lots' });
  assert.deepEqual([bars[0]?.volume, report.dropped], [700, { other_symbol: 1 }]);
});

test('daily bars take the session of their date whatever clock the file adds', async () => {
  const text = csv(
    '2026-06-01,1,2,1,2,5',
    '2026-06-02 00:00:00+00:00,1,2,1,2,5',
    '20261127,1,2,1,2,5',
  );
  const { bars, report } = await read(text, { timeframe: '1d' });
  assert.deepEqual(
    bars.map((bar) => new Date(bar.openedAt).toISOString()),
    ['2026-06-01T13:30:00.000Z', '2026-06-02T13:30:00.000Z', '2026-11-27T14:30:00.000Z'],
  );
  assert.equal(bars[2]?.closedAt, openedAt('2026-11-27T18:00:00Z'));
  assert.equal(report.gaps.missingDays.length, 123);
  assert.match(
    await refusal(read(csv('2026-06-01,1,2,1,2,5'), start)),
    /found dates without a time, expected 1m bars/,
  );
});

const SPY = ['data', 'us', 'minute', 'SPY_1m_2024-03-26_2025-01-31.csv.gz'] as const;

test(
  'ID-01 the SPY file loses its bars after the close and nothing else',
  needsShared(...SPY),
  async () => {
    const file = sharedPath(...SPY)!;
    const { report } = await readBarsCsv({
      file,
      instrument: 'SPY.US',
      timeframe: '1m',
      calendar,
      ...start,
    });
    assert.deepEqual(report.dropped, { outside_session: 607 });
    assert.deepEqual([report.read, report.kept, report.gaps.days], [83_527, 82_920, 214]);
    assert.deepEqual([report.gaps.missingBars, report.gaps.missingDays], [0, []]);
  },
);

const US = ['data', 'us'] as const;

test('ID-01 every other US file reads with its own convention', needsShared(...US), async () => {
  const ny = 'America/New_York';
  const files: [path: string, symbol: string, change: Change, kept: number, dropped: object][] = [
    ['minute/ibkr/QQQ_1min_2025-11-06_2025-12-05.csv.gz', 'QQQ', { label: 'start' }, 8010, {}],
    [
      'minute/windows/NVDA_1min_ext_2022-01_2022-07.csv.gz',
      'NVDA',
      start,
      3900,
      { outside_session: 6100 },
    ],
    [
      'minute/windows/QQQ_1min_2022-01_2022-07_2023-01_2023-07.csv.gz',
      'QQQ',
      start,
      19_999,
      { outside_session: 1 },
    ],
    ['minute/yfinance/AAPL_1m_2026-03-12_2026-03-20.csv.gz', 'AAPL', { label: 'start' }, 2730, {}],
    ['minute/alphavantage_2019-02/QQQ_1min.csv.gz', 'QQQ', { label: 'end', zone: ny }, 1948, {}],
    [
      'minute/illiquid/DBB_1min_2023-07-10_2025-07-08.csv.gz',
      'DBB',
      start,
      38_485,
      { outside_session: 479 },
    ],
    ['5m/AAPL_5m_2025-12.csv.gz', 'AAPL', { label: 'start', zone: ny, timeframe: '5m' }, 432, {}],
    ['minute/alphavantage_2019-02/QQQ_daily.csv.gz', 'QQQ', { timeframe: '1d' }, 283, {}],
    ['daily/QQQ_1d_tiingo_2024-04_2026-03.csv.gz', 'QQQ', { timeframe: '1d' }, 502, {}],
  ];
  for (const [path, symbol, change, kept, dropped] of files) {
    const file = sharedPath(...US, path)!;
    const instrument = `${symbol}.US` as const;
    const { report } = await readBarsCsv({
      file,
      instrument,
      timeframe: '1m',
      calendar,
      ...change,
    });
    assert.deepEqual([report.kept, report.dropped], [kept, dropped], path);
  }
});
