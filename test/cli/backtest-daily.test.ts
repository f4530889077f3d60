import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { tradingDaysBetween } from '#core/market/calendar.ts';
import { loadMarketCalendar } from '#shell/calendars/load.ts';
import { runCli } from '../support/cli.ts';
import { randomMarket } from '../support/daily-market.ts';
import { needsShared, sharedPath } from '../support/shared-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'centaur-daily-'));
chmodSync(folder, 0o755);
const dataDir = join(folder, 'data');
mkdirSync(dataDir, { mode: 0o755 });
after(() => rmSync(folder, { recursive: true, force: true }));

const calendar = await loadMarketCalendar(join(import.meta.dirname, '..', '..'), 'CN');
const DAYS = tradingDaysBetween(calendar, '2024-01-01', '2024-06-14');
const market = randomMarket(5, 60, DAYS.length, DAYS, 0.003);
const HEAD = 'date,code,open,high,low,close,pre_close,volume,amount,float_shares';
const ROWS: string[] = [];
for (let d = 0; d < market.days; d += 1) {
  for (let row = 0; row < market.stocks; row += 1) {
    const { open, high, low, close, previousClose, volume, amount } = market.panel;
    const cell = row * market.days + d;
    if (!(close[cell]! > 0)) continue;
    // many times the volume: what is played is worth millions
    const shares = volume[cell]! * 100;
    const prices = [open, high, low, close, previousClose].map((column) => column[cell]);
    const code = market.panel.instruments[row];
    ROWS.push([DAYS[d], code, ...prices, shares, amount[cell]! * 100, 5e8].join(','));
  }
}
const exFile = join(folder, 'ex.csv');
writeFileSync(
  exFile,
  `code,ex_date,cash_div_tax,stk_div\n${market.actions
    .map((one) => [one.instrument, one.exDate, one.cashPerShare, one.newSharesPerShare].join(','))
    .join('\n')}\n`,
);
const indexFile = join(folder, 'index.csv');
writeFileSync(
  indexFile,
  `date,close\n${DAYS.map((day, d) => `${day},${3000 + 10 * Math.sin(d)}`).join('\n')}\n`,
);
const namesFile = join(folder, 'names.csv');
writeFileSync(
  namesFile,
  `code,name,as_of\n${market.standings
    .map(
      ({ instrument, status }) =>
        `${instrument},${status === 'st' ? '*ST某某' : '某某'},2024-01-02`,
    )
    .join('\n')}\n`,
);

let files = 0;
function fileOf(rows: readonly string[], head = HEAD): string {
  files += 1;
  const file = join(folder, `${files}.csv`);
  writeFileSync(file, `${[head, ...rows].join('\n')}\n`);
  return file;
}
const goodFile = fileOf(ROWS);
const FILES = ['--index', indexFile, '--ex-dates', exFile, '--per', 'share'];
const HOW = ['--basis', 'raw', '--volume', 'shares', '--securities', namesFile];
const SET = ['--set', 'parameters.top=8', '--set', 'parameters.everyDays=2'];

async function play(bars: readonly string[], ...more: readonly string[]) {
  files += 1;
  const out = join(folder, `out-${files}`);
  const args = ['backtest', 'factor-top', ...bars, ...SET, ...more, '--out', out];
  const ran = await runCli(args, { dataDir });
  return { ...ran, out, read: (name: string) => readFileSync(join(out, name), 'utf8') };
}
const playFile = (file: string, ...more: readonly string[]) =>
  play(['--bars', file, ...HOW, ...FILES], ...more);
/** What the good bars give, played once. */
let good: Promise<string[]> | null = null;
const goodTables = () => (good ??= playFile(goodFile).then(tablesOf));
const TABLES = ['trades.csv', 'orders.csv', 'equity.csv'];
const tablesOf = ({ read }: Awaited<ReturnType<typeof play>>) => TABLES.map(read);

suite('a daily strategy from the command line', { concurrency: false }, () => {
  test('RL-04 ID-15 a run over files leaves trades, orders, equity, a picture, a report and everything as JSON', async () => {
    const run = await playFile(goodFile);
    assert.equal(run.code, 0, run.stderr);
    const report = run.read('report.md');
    for (const part of [
      /^---\ntype: backtest\nstrategy: factor-top\n/,
      /## By year\n\n.*turnover.*cost drag/,
      /\| 2024 \| /,
      /## Orders\n\n\d+ fills\. Commission/,
      /\| buy limit_up \| |\| buy one_price_limit_up \| /,
      /deepest fall -/,
      /!\[Equity and falls\]\(curves\.png\)/,
    ])
      assert.match(report, part);
    const summary = JSON.parse(run.read('run.json'));
    const equity = run.read('equity.csv').trimEnd().split('\n');
    assert.equal(equity.length, summary.days + 1);
    const last = equity.at(-1)?.split(',') ?? [];
    assert.equal(Math.round(Number(last[1]) * 100), summary.endMinor);
    assert.ok(Number(last[4]) > 0, 'the benchmark stands beside');
    const trades = run.read('trades.csv').trimEnd().split('\n').slice(1);
    assert.ok(trades.length > 20);
    const results = trades.reduce((sum, row) => sum + Number(row.split(',')[10]) * 100, 0);
    assert.equal(Math.round(results), summary.endMinor - summary.cashMinor);
    assert.deepEqual([...readFileSync(join(run.out, 'curves.png')).subarray(1, 4)], [80, 78, 71]);
  });

  test('RL-04 the same bars give the same files: from the cache, in another order, in two files, as one JSON object', async () => {
    const first = await goodTables();
    assert.deepEqual(tablesOf(await playFile(goodFile)), first);
    assert.deepEqual(tablesOf(await playFile(fileOf(ROWS.toReversed()))), first);
    const half = ROWS.length >> 1;
    const parts = [ROWS.slice(0, half), ROWS.slice(half)].map((rows) => fileOf(rows));
    const two = ['--bars', parts[0]!, '--bars', parts[1]!, ...HOW, ...FILES];
    assert.deepEqual(tablesOf(await play(two)), first);
    const json = await playFile(goodFile, '--json');
    const { all, written } = JSON.parse(json.stdout);
    assert.ok(all.fills > 0 && written.includes('report.md'));
  });

  test('RL-04 the store plays as the file it was filled from', async () => {
    const source = ['--source', 'test'];
    const imports = [
      ['bars', '--market', 'CN', '--timeframe', '1d', '--basis', 'raw', '--volume', 'shares'],
      ['index', '--symbol', '000852.SH', '--volume', 'shares'],
      ['ex-dates', '--per', 'share'],
      ['securities', '--as-of', '2024-01-02'],
    ];
    const closes = join(folder, 'index-bars.csv');
    const rows = readFileSync(indexFile, 'utf8').trimEnd().split('\n').slice(1);
    const bars = rows.map((row) => {
      const [day, close] = row.split(',');
      return [day, close, close, close, close, 1000].join(',');
    });
    writeFileSync(closes, `date,open,high,low,close,volume\n${bars.join('\n')}\n`);
    // ex-dates first: bars are judged against them
    const order = [2, 0, 1, 3];
    const sources = [goodFile, closes, exFile, namesFile];
    for (const at of order) {
      const args = ['data', 'import', ...imports[at]!, '--file', sources[at]!, ...source];
      const { code, stderr } = await runCli(args, { dataDir });
      assert.equal(code, 0, stderr);
    }
    const without = ['--set', `parameters.factors=${WITHOUT_FLOAT}`];
    const stored = await play(['--store', '--benchmark', '000852.SH'], ...without);
    assert.equal(stored.code, 0, stored.stderr);
    assert.deepEqual(tablesOf(stored), tablesOf(await playFile(goodFile, ...without)));
  });

  test('ID-16 RL-04 the look-ahead check of the command finds none, and sweeps count what was tried', async () => {
    const sweep = ['--sweep', 'parameters.top=4:8:2', '--lookahead-check'];
    const run = await playFile(goodFile, ...sweep);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stdout, /look-ahead check: \d+ days before 6 drawn ones, none depended/);
    // 4, 6 and 8, of which 8 is what is set
    assert.match(run.stdout, /parameter sets tried on these data: 3\n/);
    assert.equal(run.read('sweep.csv').trimEnd().split('\n').length, 4);
  });
});

const WITHOUT_FLOAT =
  'mom5,mom20,mom60,vol20,vol60,amihud20,rev1,rev5,rsi14,bias20,bias60,volratio,beta60,idio60,high20,low20,range20,logamt20';
const withCell = (row: string, cell: number, value: string) =>
  row
    .split(',')
    .map((text, n) => (n === cell ? value : text))
    .join(',');
const LATE = ROWS.length - 400;

/** What is wrong with bars, how it is told, and whether the result is that of the good ones. */
const CASES: readonly (readonly [string, () => readonly string[], RegExp, boolean])[] = [
  ['a row twice', () => [...ROWS, ROWS[50]!], /dropped 1 rows, duplicate\n/, true],
  [
    'a row twice with other figures',
    () => [...ROWS, withCell(ROWS[50]!, 7, '1')],
    /dropped 1 rows, duplicate conflicting\n/,
    true,
  ],
  [
    'a day on which nobody traded',
    () => [...ROWS, withCell(ROWS[50]!, 0, '2024-01-06')],
    /2024-01-06: not_a_trading_day: .*\n(.*\n)*.*dropped 1 rows, day refused/,
    true,
  ],
  [
    'a code of no exchange',
    () => [...ROWS, withCell(ROWS[50]!, 1, 'QQQM')],
    /dropped 1 rows, not a symbol\n.*line \d+: .*found QQQM, expected a symbol/,
    true,
  ],
  [
    'a NaN',
    () => ROWS.with(LATE, withCell(ROWS[LATE]!, 5, 'NaN')),
    /dropped 1 rows, not a number/,
    false,
  ],
  [
    'a row that is cut',
    () => [...ROWS, '2024-03-01,600000.SH,10'],
    /dropped 1 rows, wrong column count/,
    true,
  ],
  [
    'zeros for a suspended day',
    () => [...ROWS, ['2024-06-14', '605999.SH', 0, 0, 0, 0, 0, 0, 0, 5e8].join(',')],
    /dropped 1 rows, suspended padding/,
    true,
  ],
  [
    'a trading day that is missing',
    () => ROWS.filter((row) => !row.startsWith('2024-05-20')),
    /1 trading days missing: 2024-05-20/,
    false,
  ],
];

suite('bad daily bars are named, counted or refused', { concurrency: false }, () => {
  for (const [name, rows, said, isSame] of CASES) {
    test(`RL-04 ${name}`, async () => {
      const run = await playFile(fileOf(rows()));
      assert.equal(run.code, 0, run.stderr);
      assert.match(run.read('report.md'), said);
      if (isSame) assert.deepEqual(tablesOf(run), await goodTables());
    });
  }

  test('RL-04 what cannot be played is one line that names place, found and expected', async () => {
    const refused = async (args: readonly string[], pattern: RegExp, code = 2) => {
      const run = await runCli(['backtest', ...args, '--out', join(folder, 'none')], { dataDir });
      assert.equal(run.code, code, run.stdout);
      assert.match(run.stderr, pattern);
      assert.equal(run.stderr.trimEnd().includes('\n'), false, run.stderr);
    };
    const bars = ['factor-top', '--bars', goodFile];
    const whole = [...bars, ...HOW];
    await refused(
      ['factor-bottom', ...whole.slice(1)],
      /found with factor-bottom, expected only with/,
    );
    await refused(
      ['factor-top'],
      /^error: backtest: found neither, expected --bars FILE or --store/,
    );
    await refused(bars, /^error: --basis: found nothing, expected raw, qfq or hfq/);
    await refused([...bars, '--basis', 'raw'], /^error: --volume: found nothing, expected shares/);
    await refused(
      [...whole, '--zone', 'UTC'],
      /^error: --zone: found with factor-top, expected only/,
    );
    await refused([...whole, '--ex-dates', exFile], /^error: --per: found nothing, expected share/);
    await refused([...whole, '--index', join(folder, 'no.csv')], /no\.csv: found .*, expected CSV/);
    await refused(
      [...whole, '--set', 'parameters.tops=3'],
      /parameters\.tops: found an unknown key/,
    );
    await refused([...whole, '--set', 'parameters.factors=mom6'], /factors.*expected one of mom5/);
    await refused(
      [...whole, '--from', '2030-01-01'],
      /^error: backtest: found \d+ days of bars/,
      5,
    );
    await refused(
      ['vwap-reclaim', '--bars', goodFile, '--basis', 'raw', '--symbol', 'SPY'],
      /^error: --basis: found with vwap-reclaim, expected only with factor-top/,
    );
    const columns = HEAD.replace(',float_shares', '');
    const bare = fileOf(
      ROWS.map((row) => row.slice(0, row.lastIndexOf(','))),
      columns,
    );
    await refused(
      ['factor-top', '--bars', bare, ...HOW],
      /found no float shares or turnover rate in the bars, which turn20, turn5_20 need; expected the column, or --set parameters\.factors=mom5,/,
    );
  });
});

test(
  'RL-04 a recorded half year is played without its two corrupt days, which are named',
  needsShared('data', 'cn', 'daily_raw_2026_h1.csv.gz'),
  async () => {
    const file = sharedPath('data', 'cn', 'daily_raw_2026_h1.csv.gz') ?? '';
    const run = await play(['--bars', file, '--basis', 'raw', '--volume', 'lots']);
    assert.equal(run.code, 0, run.stderr);
    const report = run.read('report.md');
    assert.match(report, /rows 2026-01-28: too_many_disagree/);
    assert.match(report, /rows 2026-03-20: too_many_disagree/);
    assert.match(report, /2 trading days missing: 2026-01-28, 2026-03-20/);
    assert.doesNotMatch(run.read('orders.csv'), /2026-01-28|2026-03-20/);
    assert.ok(run.read('trades.csv').split('\n').length > 20);
  },
);
