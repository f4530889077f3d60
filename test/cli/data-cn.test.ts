import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { runCli } from '#test/support/cli.ts';
import { needsShared, sharedPath } from '#test/support/shared-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'centaur-datacn-'));
const dataDir = join(folder, 'data');
after(() => rmSync(folder, { recursive: true, force: true }));

type Report = {
  readonly read: number;
  readonly kept: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly named: readonly string[];
  readonly saved: { readonly inserted: number; readonly known: number; readonly differing: number };
  readonly figures: Readonly<Record<string, unknown>>;
};

async function importing(...args: string[]): Promise<Report> {
  const done = await runCli(['data', 'import', ...args, '--json'], { dataDir });
  assert.equal(done.code, 0, done.stderr);
  const report = JSON.parse(done.stdout) as Report;
  const lost = Object.values(report.dropped).reduce((sum, rows) => sum + rows, 0);
  assert.equal(report.read, report.kept + lost);
  return report;
}

const shared = (...parts: string[]) => sharedPath('data', 'cn', ...parts) ?? '';

suite('Chinese files from the command line', () => {
  chmodSync(folder, 0o755);
  mkdirSync(dataDir, { mode: 0o755 });
  const file = join(folder, 'daily.csv');
  writeFileSync(
    file,
    'code,date,open,high,low,close,volume\n' +
      '600519,2026-06-01,10,11,9,10,100\n' +
      '600519,2026-06-02,10,11,9,10.5,100\n' +
      '600519,2026-06-06,10,11,9,10,100\n',
  );
  const bars = ['bars', '--market', 'CN', '--timeframe', '1d', '--file'];

  test('RL-01 what a daily file does not tell is asked for in one line', async () => {
    const refused = async (...flags: string[]) => {
      const { code, stderr } = await runCli(['data', 'import', ...bars, file, ...flags], {
        dataDir,
      });
      assert.equal(code, 2);
      return stderr;
    };
    assert.match(await refused(), /^error: --basis: found nothing, expected raw, qfq or hfq.*\n$/);
    assert.match(
      await refused('--basis', 'raw'),
      /^error: --volume: found nothing, expected shares/,
    );
    assert.match(await refused('--basis', 'no'), /^error: --basis: found "no", expected one of/);
  });

  test('RL-01 daily bars are stored once, and what another file says is counted and not taken', async () => {
    const flags = [...bars, file, '--basis', 'raw', '--volume', 'shares'];
    const first = await importing(...flags);
    assert.deepEqual(first.saved, { inserted: 2, known: 0, differing: 0 });
    assert.deepEqual(first.dropped, { day_refused: 1 });
    assert.match(first.named[0] ?? '', /2026-06-06: not_a_trading_day/);
    assert.deepEqual((await importing(...flags)).saved, { inserted: 0, known: 2, differing: 0 });
    const lots = await importing(...bars, file, '--basis', 'raw', '--volume', 'lots');
    assert.deepEqual(lots.saved, { inserted: 0, known: 2, differing: 2 });
  });

  test('RL-01 a file of which nothing can be kept ends with an error', async () => {
    const bad = join(folder, 'bad.csv');
    writeFileSync(bad, 'code,name\nabc,x\n');
    const args = ['data', 'import', 'securities', '--file', bad, '--as-of', '2026-06-01'];
    const { code, stderr, stdout } = await runCli(args, { dataDir });
    assert.equal(code, 1);
    assert.match(stdout, /dropped 1: not a symbol/);
    assert.match(stderr, /^error: .*bad\.csv: found 1 rows and kept none, expected some\n$/);
  });

  test(
    'SP-10 the two corrupt days of the recorded half year are refused and named, ex-dates are not',
    needsShared('data', 'cn', 'daily_raw_2026_h1.csv.gz'),
    async () => {
      const source = shared('daily_raw_2026_h1.csv.gz');
      const flags = ['--volume', 'lots', '--basis', 'raw', '--source', 'recorded'];
      const report = await importing(...bars, source, ...flags);
      assert.deepEqual(report.figures['refusedDays'], ['2026-01-28', '2026-03-20']);
      assert.equal(report.read, 103_258);
      assert.equal(report.kept, 100_848);
      assert.match(report.named[0] ?? '', /2026-01-28: too_many_disagree: found 352 of 918 rows/);
      assert.match(report.named[1] ?? '', /2026-03-20: too_many_disagree: found 296 of 920 rows/);
      assert.ok(!report.named.some((line) => /2026-06-(09|11): too_many/.test(line)));
      assert.equal(report.dropped['minus_100_percent'], 1);
      assert.equal(report.dropped['suspended_padding'], 29);
    },
  );

  test(
    'SP-10 a pool with the label of another day is refused by its own file time and by known closes',
    needsShared('data', 'cn', 'limit_pool'),
    async () => {
      const pool = ['pools', '--kind', 'limit_up', '--file'];
      const good = await importing(
        ...pool,
        shared('limit_pool', 'ztboard_20260428.json'),
        '--seen-at',
        '2026-04-28T16:07+08:00',
      );
      assert.equal(good.saved.inserted, 42);
      const stale = shared('limit_pool', 'ztboard_20260430.json');
      const args = ['data', 'import', ...pool, stale];
      const early = await runCli([...args, '--seen-at', '2026-04-30T07:35+08:00'], { dataDir });
      assert.equal(early.code, 1);
      assert.match(early.stdout, /2026-04-30: label_before_open/);
      const wrong = await runCli(args, { dataDir });
      assert.equal(wrong.code, 1);
      assert.match(wrong.stdout, /wrong_day: found 6 of 30 rows .* they fit 2026-04-29/);
    },
  );

  test(
    'RL-01 bars of a quarter hour are read by their symbol column, with turnover',
    needsShared('data', 'cn', 'bars_15m'),
    async () => {
      const names = ['600036', '601059', '601112'];
      const files = names.map((name) => shared('bars_15m', `${name}.csv.gz`));
      const flags = ['--market', 'CN', '--timeframe', '15m', '--zone', 'Asia/Shanghai'];
      const args = [
        'data',
        'import',
        'bars',
        ...flags,
        '--label',
        'end',
        '--json',
        '--file',
        ...files,
      ];
      const done = await runCli(args, { dataDir });
      assert.equal(done.code, 0, done.stderr);
      const { files: reports } = JSON.parse(done.stdout) as {
        files: { kept: number; inserted: number; dropped: Record<string, number> }[];
      };
      assert.deepEqual(
        reports.map(({ inserted }) => inserted),
        [3888, 3568, 0],
      );
      assert.deepEqual(reports[1]?.dropped, { suspended_padding: 320 });
    },
  );

  test(
    'RL-01 indexes, margin, boards and figures are imported and the status says how far they reach',
    needsShared('data', 'cn', 'tushare'),
    async () => {
      const index = await importing(
        'index',
        '--volume',
        'lots',
        '--file',
        shared('index_daily', 'sh000300_to_2025-12-31.csv.gz'),
      );
      assert.equal(index.saved.inserted, 5101);
      const margin = await importing(
        'margin',
        '--file',
        shared('tushare', 'market_margin_to_20250331.csv.gz'),
      );
      assert.deepEqual(margin.figures, { days: 363, repaidUnknown: 2, incompleteDays: 0 });
      assert.match(margin.named.join('\n'), /2025-01-13: balance_disagrees: found SZSE repaid 705/);
      const sectors = await importing(
        'sectors',
        '--as-of',
        '2016-01-04',
        '--file',
        shared('boards', 'stock_industry_map_2016.csv.gz'),
      );
      assert.equal(sectors.figures['sectors'], 49);
      const figures = await importing(
        'figures',
        '--dataset',
        'money_flow',
        '--file',
        shared('tushare', 'market_moneyflow_to_20250331.csv.gz'),
      );
      assert.equal(figures.figures['figures'], 5082);
      const status = await runCli(['data', 'status', '--json'], { dataDir });
      const { stored } = JSON.parse(status.stdout) as {
        stored: { what: string; lastDay: string }[];
      };
      const reach = Object.fromEntries(stored.map(({ what, lastDay }) => [what, lastDay]));
      assert.equal(reach['daily index raw'], '2025-12-31');
      assert.equal(reach['margin'], '2025-03-31');
      assert.equal(reach['sectors'], '2016-01-04');
      assert.equal(reach['figures money_flow'], '2025-03-31');
    },
  );

  test('RL-01 SP-09 ex-dates are imported per share or per ten, and each bad row is told in its line', async () => {
    const exDates = join(folder, 'ex-dates.csv');
    const rows = [
      '股票代码,除权除息日,股权登记日,派息,送转',
      '600519,2026-11-19,2026-11-18,238.76,',
      '000001.SZ,20261120,20261119,3.6,5',
      '600519,2026-11-19,2026-11-18,238.76,',
      '600519,2026-11-19,2026-11-18,100,',
      '300750,2026-11-21,2026-11-20,10,',
      '300750,2026-11-20,2026-11-20,10,',
      '300750,2026-11-20,2026-11-19,0,0',
      '300750,2026-11-20,2026-11-19,-1,',
      '300750,2026-11-20,2026-11-19,10,80',
      '300750,2026-11-20,2026-11-19,ten,',
      '300750,,2026-11-19,10,',
      '300750,2026-11-20,soon,10,',
      'ABC,2026-11-20,2026-11-19,10,',
      '300750,2026-11-20',
    ];
    writeFileSync(exDates, rows.join('\n'));
    const refused = await runCli(['data', 'import', 'ex-dates', '--file', exDates], { dataDir });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /--per <count>/);
    const flags = ['ex-dates', '--file', exDates, '--per', 'ten'];
    const report = await importing(...flags);
    assert.deepEqual([report.read, report.kept, report.saved.inserted], [14, 2, 2]);
    const lines = [
      [4, 'duplicate: found the same terms again'],
      [5, 'duplicate_conflicting: found other terms'],
      [6, 'not_a_trading_day: found 2026-11-21'],
      [7, 'wrong_day: found record date 2026-11-20, expected one before 2026-11-20'],
      [8, 'non_positive: found cash 0, new shares 0 a share'],
      [9, 'non_positive: found cash -0.1, new shares 0 a share'],
      [10, 'outside_limits: found cash 1, new shares 8 a share'],
      [11, 'not_a_number: found ten'],
      [12, 'not_a_day: found no ex-date'],
      [13, 'not_a_day: found record date soon'],
      [14, 'not_a_symbol: found ABC'],
      [15, 'wrong_column_count: found 2 columns, expected 5'],
    ] as const;
    for (const [line, says] of lines) {
      const told = report.named.filter((one) => one.startsWith(`line ${line}: `));
      assert.equal(told.length, 1, `line ${line}: ${report.named.join(' | ')}`);
      assert.ok(
        told.some((one) => one.includes(says)),
        `${line}: ${told.join()}`,
      );
    }
    assert.equal(report.named.length, lines.length);
    const again = await importing(...flags);
    assert.deepEqual(again.saved, { inserted: 0, known: 2, differing: 0 });
    const { stdout } = await runCli(['data', 'status'], { dataDir });
    assert.match(stdout, /corporate actions\s+csv\s+2\s+2026-11-19\s+2026-11-20/);
  });

  test('SP-10 RL-01 HTML, a file cut off, dashes and padded days are told by reason at the import', async () => {
    const bad = join(folder, 'bad-rows.csv');
    const importOf = (...args: readonly string[]) =>
      runCli(['data', 'import', ...bars, bad, ...args, '--source', 'bad', '--json'], { dataDir });
    const flags = ['--basis', 'raw', '--volume', 'shares'];
    writeFileSync(bad, '<html><body>服务暂时不可用</body></html>');
    const html = await importOf(...flags);
    assert.equal(html.code, 2);
    assert.match(
      html.stderr,
      /bad-rows\.csv: line 1: found header "<html>.*expected columns for day/,
    );
    const header = 'ts_code,trade_date,open,high,low,close,pre_close,vol,amount';
    writeFileSync(
      bad,
      [
        header,
        '600519.SH,20261118,10,10.2,9.9,10.1,10,1000,10100',
        '600520.SH,20261118,-,-,-,-,10,-,-',
        '600521.SH,20261118,0,0,0,0,,0,0',
        '600522.SH,20261118,10,10,10,10,10,0,0',
        '600523.SH,20261118,10,10.2,0,0,10,1000,10100',
        '600524.SH,20261118,10,10.2,9.',
      ].join('\n'),
    );
    const { code, stdout } = await importOf(...flags);
    assert.equal(code, 0);
    const report = JSON.parse(stdout) as { kept: number; dropped: Record<string, number> };
    assert.equal(report.kept, 1);
    assert.deepEqual(report.dropped, {
      not_a_number: 1,
      wrong_column_count: 1,
      suspended_padding: 2,
      minus_100_percent: 1,
    });
  });
});
