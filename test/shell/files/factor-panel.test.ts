import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ConfigError } from '#app/errors.ts';
import { panelDays } from '#core/factors/panel.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import { readFactorPanel } from '#shell/files/factor-panel.ts';
import { openFactorPanel } from '#shell/files/factor-panel-cache.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'factor-panel-'));
  writeFileSync(join(folder, 'index.csv'), 'date,close\n2026-06-01,3000\n2026-06-03,3030\n');
});
after(() => rmSync(folder, { recursive: true }));

const HEADER = 'date,code,open,high,low,close,volume,amount,float_shares';

function read(rows: readonly string[], name = 'daily.csv', header = HEADER) {
  const file = join(folder, name);
  const text = [header, ...rows, ''].join('\n');
  writeFileSync(file, name.endsWith('.gz') ? gzipSync(text) : text);
  return readFactorPanel(file, join(folder, 'index.csv'));
}

const row = (day: string, code: string, close: number) =>
  `${day},${code},10,12,9,${close},1000,10000,500000`;

test('DH-05 rows in any order become a panel by stock and day, with nothing where there is no row', () => {
  const rows = [
    row('2026-06-02', '600001.SH', 11),
    row('2026-06-01', '000001.SZ', 10),
    row('20260601', '600001.SH', 10.5),
    row('2026-06-03', '000001.SZ', 10.25),
  ];
  for (const { panel, read: count, dropped } of [read(rows), read(rows, 'daily.csv.gz')]) {
    assert.deepEqual(panel.days, ['2026-06-01', '2026-06-02', '2026-06-03']);
    assert.deepEqual(panel.instruments, ['000001.SZ', '600001.SH']);
    assert.deepEqual([...panel.close], [10, Number.NaN, 10.25, 10.5, 11, Number.NaN]);
    assert.deepEqual([...panel.indexClose], [3000, Number.NaN, 3030]);
    assert.deepEqual([panel.floatShares[0], panel.high[5]], [500_000, Number.NaN]);
    assert.deepEqual([count, dropped], [4, {}]);
  }
});

test('DH-05 rows that cannot be used are left out and counted under their reason', () => {
  const {
    panel,
    read: count,
    dropped,
  } = read([
    row('2026-06-01', '600001.SH', 10),
    row('2026-06-01', '600001.SH', 11), // duplicate
    row('2026-06-31', '600001.SH', 11), // bad_day
    row('2026-06-02', 'ABCDEF', 11), // unknown_code
    row('2026-06-02', '600001.SH', 13), // unusable_prices: above the high
    row('2026-06-02', '600001.SH', Number.NaN),
    '2026-06-02,600001.SH,1',
  ]);
  assert.deepEqual([...panel.close], [10]);
  assert.equal(count, 7);
  assert.deepEqual(dropped, {
    bad_day: 1,
    unknown_code: 1,
    unusable_prices: 2,
    wrong_column_count: 1,
    duplicate: 1,
  });
});

test('DH-05 a file without a column, or that is not there, is one clear line', () => {
  const refused = (run: () => unknown, pattern: RegExp) =>
    assert.throws(run, (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, pattern);
      assert.equal(error.message.includes('\n'), false);
      return true;
    });
  refused(
    () => read([], 'x.csv', 'date,code,high,low,close,volume,amount'),
    /expected a column float_shares$/,
  );
  refused(() => readFactorPanel(join(folder, 'gone.csv'), ''), /gone\.csv: not readable: ENOENT/);
  writeFileSync(join(folder, 'empty.csv'), '');
  refused(() => readFactorPanel(join(folder, 'empty.csv'), ''), /found an empty file/);
});

test('DH-05 a panel from the cache is the one that was read, its last days alone as well, and follows the bytes', () => {
  const rows = Array.from({ length: 70 }, (_, d) =>
    ['600001.SH', '000001.SZ'].map((code, n) =>
      row(addCalendarDays('2026-03-01', d), code, 10 + n / 10 + d / 100),
    ),
  ).flat();
  const whole = read([...rows, '2026-06-02,600001.SH,1'], 'cached.csv');
  const [file, index] = [join(folder, 'cached.csv'), join(folder, 'index.csv')];
  const cache = join(folder, 'cache');
  const nameOf = () => join(cache, readdirSync(cache)[0] ?? '');
  const night = { ...whole, panel: panelDays(whole.panel, 9, 70) };
  assert.deepEqual(openFactorPanel(file, index, cache, 61), night);
  assert.equal(readdirSync(cache).length, 1);
  for (let n = 0; n < 2; n += 1) {
    assert.deepEqual(openFactorPanel(file, index, cache, 61), night);
    assert.deepEqual(openFactorPanel(file, index, cache), whole);
    // harmed, it is read from the file and written anew
    const bytes = readFileSync(nameOf());
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(nameOf(), bytes);
  }
  writeFileSync(file, readFileSync(file, 'utf8').replace(',10,12,9,', ',10,13,9,'));
  const other = openFactorPanel(file, index, cache);
  assert.equal(other.panel.high[70], 13);
  assert.equal(readdirSync(cache).length, 2);
  const missing = join(folder, 'none.csv');
  assert.throws(() => openFactorPanel(missing, index, cache), /none\.csv: not readable/);
});
