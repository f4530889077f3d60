import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadMarketCalendar } from '#shell/calendars/load.ts';
import { csvOf, simulatedSeries } from '../support/backtest-market.ts';
import { runCli } from '../support/cli.ts';
import { emptyFolder } from '../support/replays.ts';

/* What is wrong with bars is named and counted, or refused; a result is never different without a word. */

const folder = mkdtempSync(join(tmpdir(), 'centaur-bad-input-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const calendar = await loadMarketCalendar(join(import.meta.dirname, '..', '..'), 'US');
const [series] = simulatedSeries(5, ['QQQM.US'], '2026-03-02', '2026-04-17', calendar);
const [HEAD = '', ...ROWS] = csvOf(series!.minutes).trimEnd().split('\n');

let files = 0;
async function play(rows: readonly string[], ...more: string[]) {
  files += 1;
  const [file, out] = [join(folder, `${files}.csv`), join(folder, `out-${files}`)];
  writeFileSync(file, `${[HEAD, ...rows].join('\n')}\n`);
  const how = ['--bars', file, '--symbol', 'QQQM', '--label', 'start', '--layers', 'ab'];
  const set = ['--set', 'parameters.isMa20Required=false', '--out', out];
  const ran = await runCli(['backtest', 'vwap-reclaim', ...how, ...set, ...more], {
    dataDir: folder,
  });
  const read = (name: string) => readFileSync(join(out, name), 'utf8');
  return { ...ran, read };
}
const TABLES = ['trades.csv', 'regime_daily.csv', 'summary_by_regime.csv', 'equity.csv'] as const;
const good = await play(ROWS);
const goodTables = TABLES.map(good.read);

/** A row with one cell replaced. */
const withCell = (row: string, cell: number, value: string) =>
  row
    .split(',')
    .map((text, n) => (n === cell ? value : text))
    .join(',');
/** Rows of a day before the last: what follows is judged on it. */
const LATE = ROWS.length - 1_000;

type Case = {
  readonly name: string;
  readonly rows: () => readonly string[];
  readonly said: RegExp;
  /** The files are those of the good bars. */
  readonly isSame: boolean;
};

const CASES: readonly Case[] = [
  {
    name: 'rows out of order',
    rows: () => [...ROWS.slice(0, 50), ROWS[60]!, ...ROWS.slice(50, 60), ...ROWS.slice(61)],
    said: /1 rows stood out of order and were sorted in/,
    isSame: true,
  },
  {
    name: 'newest first',
    rows: () => ROWS.toReversed(),
    said: /ran from newest to oldest and were turned round/,
    isSame: true,
  },
  {
    name: 'a row twice',
    rows: () => [...ROWS.slice(0, 51), ROWS[50]!, ...ROWS.slice(51)],
    said: /dropped 1 rows, duplicate/,
    isSame: true,
  },
  {
    name: 'a row twice with other figures',
    rows: () => [...ROWS.slice(0, 51), withCell(ROWS[50]!, 5, '1'), ...ROWS.slice(51)],
    said: /dropped 1 rows, duplicate conflicting/,
    isSame: true,
  },
  {
    name: 'minutes that are missing',
    rows: () => [...ROWS.slice(0, LATE), ...ROWS.slice(LATE + 5)],
    said: /5 bars missing on 1 days/,
    isSame: false,
  },
  {
    name: 'a day that is missing',
    rows: () => ROWS.filter((row) => !row.startsWith('2026-04-08')),
    said: /1 trading days missing/,
    isSame: false,
  },
  {
    name: 'a price that is no number',
    rows: () => ROWS.with(LATE, withCell(ROWS[LATE]!, 4, 'NaN')),
    said: /dropped 1 rows, not a number/,
    isSame: false,
  },
  {
    name: 'a price below zero',
    rows: () => ROWS.with(LATE, withCell(ROWS[LATE]!, 3, '-1')),
    said: /dropped 1 rows, non positive/,
    isSame: false,
  },
  {
    name: 'a high below its low',
    rows: () => ROWS.with(LATE, withCell(ROWS[LATE]!, 2, '1')),
    said: /dropped 1 rows, high low inconsistent/,
    isSame: false,
  },
  {
    name: 'a minute without volume',
    rows: () => ROWS.with(LATE, withCell(ROWS[LATE]!, 5, '0')),
    said: /1 bars without volume/,
    isSame: false,
  },
  {
    name: 'a split nobody accounted for',
    rows: () =>
      ROWS.map((row) => {
        if (row < '2026-04-08') return row;
        const [time, open, high, low, close, volume] = row.split(',');
        const half = [open, high, low, close].map((price) => (Number(price) / 2).toFixed(2));
        return [time, ...half, Number(volume) * 2].join(',');
      }),
    said: /opens on 2026-04-08 at 0\.\d+ times the close before: a split/,
    isSame: false,
  },
];

for (const { name, rows, said, isSame } of CASES)
  test(`ID-15 of ${name} a backtest says so in its answer and its report`, async () => {
    assert.equal(good.code, 0, good.stderr);
    const { code, stdout, stderr, read } = await play(rows());
    assert.equal(code, 0, stderr);
    assert.match(stdout, said);
    assert.match(read('report.md'), said);
    if (isSame) assert.deepEqual(TABLES.map(read), goodTables);
  });

test('ID-15 a symbol with three days is refused with what is missing, and nothing is written', async () => {
  const { code, stderr, read } = await play(ROWS.slice(0, 3 * 390));
  assert.equal(code, 5);
  assert.match(stderr, /^error: backtest: found no day .* with 20 trading days of history/m);
  assert.throws(() => read('report.md'));
});

test('ID-15 a sweep key that does not exist, and labels of days that do not, are named', async () => {
  const sweep = await play(ROWS, '--sweep', 'parameters.nothing=1:2:1');
  assert.equal(sweep.code, 2);
  assert.match(sweep.stderr, /^error: .*nothing/m);
  assert.throws(() => sweep.read('report.md'));
  const labels = join(folder, 'labels.csv');
  writeFileSync(labels, 'date,symbol,label\n2026-04-11,QQQM,range\n2026-04-15,MU,range\n');
  const unmatched = await play(ROWS, '--labels', labels);
  assert.equal(unmatched.code, 0, unmatched.stderr);
  assert.match(
    unmatched.stdout,
    /2 labels of days that were not played: 2026-04-11 QQQM, 2026-04-15 MU/,
  );
  writeFileSync(labels, 'date,symbol,label\n2026-02-30,QQQM,range\n');
  const noDay = await play(ROWS, '--labels', labels);
  assert.equal(noDay.code, 2);
  assert.match(noDay.stderr, /line 2: found "2026-02-30", expected a date/);
});

test('ID-15 gaps and splits in bars of the store are named as those of a file are', async () => {
  const home = emptyFolder();
  try {
    const cli = (...words: string[]) => runCli(words, { dataDir: home.dataDir });
    const file = join(folder, 'gap.csv');
    const late = ROWS.slice(LATE + 5).map((row) => {
      const [time, ...rest] = row.split(',');
      const [open, high, low, close, volume] = rest.map(Number);
      const tripled = [open, high, low, close].map((price) => ((price ?? 0) * 3).toFixed(2));
      return row < '2026-04-16' ? row : [time, ...tripled, volume].join(',');
    });
    writeFileSync(file, `${[HEAD, ...ROWS.slice(0, LATE), ...late].join('\n')}\n`);
    const what = ['--symbol', 'QQQM', '--market', 'US', '--timeframe', '1m', '--label', 'start'];
    const brought = await cli('data', 'import', 'bars', '--file', file, ...what);
    assert.equal(brought.code, 0, brought.stderr);
    const out = join(folder, 'out-stored');
    const words = ['backtest', 'vwap-reclaim', '--store', '--symbol', 'QQQM', '--layers', 'b'];
    const set = ['--set', 'parameters.isMa20Required=false', '--out', out];
    const { code, stdout, stderr } = await cli(...words, ...set);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /QQQM\.US: 5 bars missing on 1 days/);
    assert.match(
      stdout,
      /QQQM\.US: opens on 2026-04-16 at \d\.\d+ times the close before: a split/,
    );
    assert.match(readFileSync(join(out, 'report.md'), 'utf8'), /QQQM\.US: 5 bars missing/);
  } finally {
    home.remove();
  }
});
