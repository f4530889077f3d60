import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { loadMarketCalendar } from '#shell/calendars/load.ts';
import { readQuotes } from '#shell/files/csv-quotes.ts';
import { needsShared, sharedPath } from '../../support/shared-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'centaur-quotes-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const calendar = await loadMarketCalendar('.', 'US');
const zone = 'America/New_York';

function read(name: string, text: string | Buffer, label: 'start' | 'end' | undefined = 'start') {
  const file = join(folder, name);
  writeFileSync(file, text);
  return readQuotes([{ file, calendar, zone, label }]);
}

const HEAD = 'time,bid,ask,bid_open,ask_open';
const at = (time: string) => Date.parse(`2026-03-02T${time}-05:00`);

test('ID-14 minutes of quotes become spreads of their open and close, in order, whatever the file’s order', () => {
  const rows = [
    '2026-03-02 09:31,99.98,100.02,99.99,100.01',
    '2026-03-02 09:30,99.99,100.01,99.95,100.05',
  ];
  for (const [name, bytes] of [
    ['plain.csv', [HEAD, ...rows].join('\n')],
    ['packed.csv.gz', gzipSync([HEAD, ...rows].join('\n'))],
  ] as const) {
    const { spreads, notes } = read(name, bytes);
    assert.deepEqual([...spreads.openedAt], [at('09:30:00'), at('09:31:00')]);
    assert.deepEqual([...spreads.openBps].map(Math.round), [5, 1]);
    assert.deepEqual([...spreads.closeBps].map(Math.round), [1, 2]);
    assert.deepEqual(notes, []);
  }
  const ends = read('ends.csv', [HEAD, rows[0]].join('\n'), 'end');
  assert.deepEqual([...ends.spreads.openedAt], [at('09:30:00')]);
});

test('ID-14 quotes that cannot be used are counted by reason and never repaired', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['2026-03-02 09:30,99,100', 'kept'],
    ['2026-03-02 09:30,98,100', 'duplicate'],
    ['2026-03-02 09:31,100.02,100.01', 'crossed'],
    ['2026-03-02 09:32,0,100.01', 'one sided'],
    ['2026-03-02 09:33,NaN,100.01', 'not a number'],
    ['2026-03-02 09:34,99', 'wrong column count'],
    ['2026-03-02 09:35:20,99,100', 'off grid'],
    ['2026-03-02 08:00,99,100', 'outside session'],
    ['2026-03-01 10:00,99,100', 'not a trading day'],
    ['yesterday,99,100', 'bad time'],
  ];
  const text = ['time,bid,ask', ...rows.map(([row]) => row)].join('\n');
  const { spreads, notes } = read('bad.csv', text);
  assert.equal(spreads.length, 1);
  for (const [row, reason] of rows.slice(1))
    assert.ok(
      notes.some((note) => note.endsWith(`dropped 1 quotes, ${reason}`)),
      `${row}: ${notes.join('; ')}`,
    );
  assert.equal(notes.length, rows.length - 1);
});

test('ID-14 a file of quotes that cannot be meant is refused in one line', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['empty.csv', '', /found an empty file/],
    ['header.csv', 'time,price\n2026-03-02 09:30,1', /found header "time,price"/],
    ['nothing.zip', 'no archive', /found no zip archive of one file/],
    ['packed.csv.gz', 'no gzip', /not readable/],
    ['20260302_quote.csv.bak', `${Array(11).fill('x').join(',')}\n`, /found header "x,x/],
    ['quote.csv', `${Array(11).fill('1').join(',')}\n`, /found no date in its name/],
  ];
  for (const [name, text, expected] of cases) assert.throws(() => read(name, text), expected, name);
  const file = join(folder, 'none.csv');
  writeFileSync(file, 'time,bid,ask\n2026-03-02 09:30,1,2\n');
  const without = { file, calendar, zone: undefined, label: undefined };
  assert.throws(() => readQuotes([without]), /give --label/);
  assert.throws(() => readQuotes([{ ...without, label: 'start' }]), /give --zone/);
  assert.throws(() => readQuotes([{ ...without, file: join(folder, 'gone.csv') }]), /not readable/);
});

const LEAN = ['data', 'us', 'minute', 'lean', 'spy', '20131011_quote.zip'] as const;
test(
  'ID-14 a day of SPY as Lean packs it has a spread for every minute of the session',
  needsShared(...LEAN),
  () => {
    const file = sharedPath(...LEAN)!;
    const { spreads, notes } = readQuotes([{ file, calendar, zone: undefined, label: undefined }]);
    assert.equal(spreads.length, 390);
    const mean = spreads.closeBps.reduce((sum, value) => sum + value, 0) / 390;
    // a cent of 170 dollars is 0.59 bp: half of it, and a little
    assert.ok(mean > 0.29 && mean < 0.6, String(mean));
    assert.match(notes.join(), /dropped \d+ quotes, outside session$/);
  },
);
