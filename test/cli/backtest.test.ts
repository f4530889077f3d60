import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { dailyBarsOf, splitByDay } from '#core/market/aggregate.ts';
import { sessionOn } from '#core/market/calendar.ts';
import { loadMarketCalendar } from '#shell/calendars/load.ts';
import { readEdge } from '#shell/files/edge-file.ts';
import { simulatedSeries } from '../support/backtest-market.ts';
import { copyProject, runCli } from '../support/cli.ts';
import { emptyFolder } from '../support/replays.ts';

const folder = mkdtempSync(join(tmpdir(), 'centaur-backtest-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const bars = join(folder, 'qqqm.csv');
const calendar = await loadMarketCalendar(join(import.meta.dirname, '..', '..'), 'US');
const [series] = simulatedSeries(5, ['QQQM.US'], '2026-03-02', '2026-05-08', calendar);
if (series === undefined) throw new Error('found no simulated bars');
const { minutes } = series;
const lines = ['time,open,high,low,close,volume'];
for (let i = 0; i < minutes.length; i += 1) {
  const time = new Date(minutes.openedAt[i]!).toISOString();
  const { open, high, low, close, volume } = minutes;
  lines.push([time, open[i], high[i], low[i], close[i], volume[i]].join(','));
}
writeFileSync(bars, `${lines.join('\n')}\n`);

const args = (...rest: string[]) => [
  'backtest',
  'vwap-reclaim',
  ...['--bars', bars, '--symbol', 'QQQM', '--label', 'start'],
  ...['--set', 'parameters.isMa20Required=false'],
  ...rest,
];
const cli = (...rest: string[]) => runCli(args(...rest), { dataDir: folder });
const read = (out: string, name: string) => readFileSync(join(out, name), 'utf8');
const rowsOf = (out: string, name: string) => read(out, name).trimEnd().split('\n');

test('ID-12 ID-13 ID-14 ID-15 one command writes day types, trades, figures by day type, equity and a report', async () => {
  const out = join(folder, 'all');
  const labels = join(folder, 'labels.csv');
  writeFileSync(labels, 'date,symbol,label\n2026-04-15,QQQM,range\n2026-04-18,QQQM,range\n');
  const { code, stdout, stderr } = await cli('--labels', labels, '--json', '--out', out);
  assert.equal(code, 0, stderr);
  const result = JSON.parse(stdout);
  const [header, ...trades] = rowsOf(out, 'trades.csv');
  assert.equal(
    header,
    'date,symbol,regime_at_entry,entry_time,entry_price,stop,qty,exit_time,exit_price,exit_reason,R_gross,R_net,costs,notes,layer',
  );
  const counted = result.layers.reduce((sum: number, layer: { trades: number }) => {
    return sum + layer.trades;
  }, 0);
  assert.ok(counted > 0);
  assert.equal(trades.length, counted);
  assert.match(trades[0] ?? '', /^2026-\d\d-\d\d,QQQM,\w+,2026-\d\d-\d\dT\d\d:\d\d:\d\d-04:00,/);
  assert.equal(rowsOf(out, 'regime_daily.csv').length, result.days + 1);
  assert.match(rowsOf(out, 'summary_by_regime.csv')[1] ?? '', /^all,\d+,[\d.]+,N\/A,N\/A/);
  const report = read(out, 'report.md');
  assert.match(report, /^---\ntype: backtest\nstrategy: vwap-reclaim\n/);
  assert.match(report, /N\/A: \d+ trades, \d+ more are needed/);
  assert.match(report, /Live at 11:00 against hand labels/);
  assert.match(report, /1 labels of days that were not played: 2026-04-18 QQQM/);
  const drawn = result.layers.filter((layer: { trades: number }) => layer.trades > 0);
  for (const { layer } of drawn) {
    assert.ok(report.includes(`![Equity and R](curves_${layer}.png)`));
    const png = readFileSync(join(out, `curves_${layer}.png`));
    assert.equal(png.subarray(1, 4).toString(), 'PNG');
  }
  const run = JSON.parse(read(out, 'run.json'));
  assert.equal(run.tried.count, 1);
  assert.match(
    `${run.configHash} ${run.codeHash} ${run.data[0].hash}`,
    /^[0-9a-f]{16}( [0-9a-f]{16}){2}$/,
  );
});

test('ID-15 bars read once come from the cache with the same result, and changed bars are read anew', async () => {
  const [first, second, third] = ['first', 'second', 'third'].map((name) => join(folder, name));
  const ran = async (out = '') => {
    const { code, stdout } = await cli('--layers', 'ab', '--json', '--out', out);
    assert.equal(code, 0);
    const { written, ...result } = JSON.parse(stdout);
    return { result, files: written.map((name: string) => read(out, name)) };
  };
  const before = await ran(first);
  assert.ok(readdirSync(join(folder, 'cache', 'columns')).length >= 1);
  assert.deepEqual(await ran(second), before);
  writeFileSync(bars, `${lines.slice(0, -10).join('\n')}\n`);
  const changed = await ran(third);
  writeFileSync(bars, `${lines.join('\n')}\n`);
  assert.notDeepEqual(changed.result.data, before.result.data);
  assert.match(changed.result.notes.join(), /10 bars missing on 1 days/);
});

/** Rows of the file from a day on, with prices of the days before `splitOn` doubled. */
function rowsFrom(day: string, splitOn: string | null): string {
  const kept = lines.slice(1).filter((line) => line >= day);
  const rows = kept.map((line) => {
    const [time = '', open, high, low, close, volume] = line.split(',');
    const factor = splitOn !== null && time < splitOn ? 2 : 1;
    return [
      time,
      ...[open, high, low, close].map((price) => Number(price) * factor),
      volume,
    ].join();
  });
  return [lines[0], ...rows, ''].join('\n');
}

function dailyRows(factor: number): string {
  const days = dailyBarsOf(splitByDay(minutes), (day) => {
    const answer = sessionOn(calendar, day);
    return answer.kind === 'session' ? answer.session : null;
  }).bars;
  const rows = Array.from({ length: days.length }, (_, i) => {
    const { open, high, low, close } = days;
    const prices = [open, high, low, close].map((column) => column[i]! * factor);
    return [new Date(days.openedAt[i]!).toISOString().slice(0, 10), ...prices, days.volume[i]];
  });
  return ['date,open,high,low,close,volume', ...rows, ''].join('\n');
}

test('ID-13 daily bars beside the minutes stand in for days of which there are no minutes', async () => {
  const [short, daily, other] = ['short.csv', 'daily.csv', 'other.csv'].map((name) =>
    join(folder, name),
  );
  writeFileSync(short!, rowsFrom('2026-04-20', null));
  writeFileSync(daily!, dailyRows(1));
  writeFileSync(other!, dailyRows(0.1));
  const run = (name: string, ...rest: string[]) => {
    const what = ['--bars', short!, '--symbol', 'QQQM', '--label', 'start', '--layers', 'a'];
    const out = join(folder, name);
    return runCli(['backtest', 'vwap-reclaim', ...what, ...rest, '--json', '--out', out], {
      dataDir: folder,
    });
  };
  assert.equal((await run('without')).code, 5, 'fifteen days of minutes are no history');
  const played = await run('with', '--daily', daily!);
  assert.equal(played.code, 0, played.stderr);
  assert.equal((await cli('--layers', 'a', '--out', join(folder, 'whole'))).code, 0);
  // what follows from daily bars is what it is in the whole file; the usual volume is of fewer days
  const last = (name: string) =>
    rowsOf(join(folder, name), 'regime_daily.csv').at(-1)?.split(',').toSpliced(10, 1);
  assert.equal(
    rowsOf(join(folder, 'with'), 'regime_daily.csv')[0]?.split(',')[10],
    'early_volume_ratio',
  );
  assert.equal(JSON.parse(played.stdout).days, 10);
  assert.deepEqual(last('with'), last('whole'));
  const refused = await run('other', '--daily', other!);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /found closes of 15 of 15 days .* expected daily bars adjusted as/);
  const two = await run('two', '--daily', daily!, '--daily', daily!);
  assert.match(two.stderr, /--daily: found 2 for 1 files of --bars/);
});

test('ID-13 a split that nobody accounted for is named', async () => {
  const split = join(folder, 'split.csv');
  writeFileSync(split, rowsFrom('2026-03-02', '2026-04-15'));
  const words = ['--bars', split, '--symbol', 'QQQM', '--label', 'start', '--layers', 'a'];
  const out = join(folder, 'split');
  const { code, stdout } = await runCli(['backtest', 'vwap-reclaim', ...words, '--out', out], {
    dataDir: folder,
  });
  assert.equal(code, 0);
  assert.match(stdout, /opens on 2026-04-15 at 0\.\d+ times the close before: a split/);
});

test('ID-13 a sweep over two threads writes what one thread writes', async () => {
  const swept = async (workers: string) => {
    const out = join(folder, `workers-${workers}`);
    const sweep = ['--sweep', 'parameters.stopAtrMultiple=0.1:0.4:0.1', '--workers', workers];
    const { code, stderr } = await cli('--layers', 'c', ...sweep, '--out', out);
    assert.equal(code, 0, stderr);
    return ['sweep.csv', 'trades.csv', 'report.md', 'run.json'].map((name) => read(out, name));
  };
  const one = await swept('1');
  assert.equal(one[0]?.trimEnd().split('\n').length, 5);
  assert.deepEqual(await swept('2'), one);
  const { code, stderr } = await cli('--workers', 'many', '--out', join(folder, 'none'));
  assert.deepEqual(
    [code, stderr.trim()],
    [2, 'error: --workers: found "many", expected a number from 1 to 256'],
  );
});

test('ID-13 bars of the store give what the same bars of a file give, whatever days are named', async () => {
  const home = emptyFolder();
  try {
    const store = (...words: string[]) => runCli(words, { dataDir: home.dataDir });
    const what = ['--symbol', 'QQQM', '--market', 'US', '--timeframe', '1m', '--label', 'start'];
    const brought = await store('data', 'import', 'bars', '--file', bars, ...what);
    assert.equal(brought.code, 0, brought.stderr);
    const [stored, filed] = [join(folder, 'stored'), join(folder, 'filed')];
    const same = ['--set', 'parameters.isMa20Required=false', '--layers', 'ab'];
    const from = ['backtest', 'vwap-reclaim', '--store', '--symbol', 'QQQM', ...same];
    const played = await store(...from, '--out', stored);
    assert.equal(played.code, 0, played.stderr);
    assert.equal((await cli('--layers', 'ab', '--out', filed)).code, 0);
    for (const name of ['trades.csv', 'regime_daily.csv', 'equity.csv'])
      assert.equal(read(stored, name), read(filed, name), name);
    const missing = await store(
      'backtest',
      'vwap-reclaim',
      '--store',
      '--symbol',
      'MU',
      '--out',
      stored,
    );
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /found no 1m bars of MU\.US/);
  } finally {
    home.remove();
  }
});

test('ID-13 every set that is tried on the same bars is counted, also in a later run', async () => {
  const out = join(folder, 'sweep');
  const sweep = ['--layers', 'b', '--sweep', 'exits.firstTargetR=0.5:1.5:0.5', '--out', out];
  assert.equal((await cli(...sweep)).code, 0);
  assert.equal(rowsOf(out, 'sweep.csv').length, 4);
  const before = read(out, 'sweep.csv');
  assert.equal(JSON.parse(read(out, 'run.json')).tried.count, 3);
  assert.equal((await cli(...sweep, '--set', 'risk.tradesPerDay=1')).code, 0);
  assert.equal(JSON.parse(read(out, 'run.json')).tried.count, 6);
  assert.notEqual(read(out, 'sweep.csv'), before);
  assert.match(read(out, 'report.md'), /Chosen on the past, measured on what came next/);
});

test('ID-16 anybody can have their own bars checked for look-ahead', async () => {
  const out = join(folder, 'check');
  const { code, stdout } = await cli('--layers', 'b', '--lookahead-check', '--out', out);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /look-ahead check: \d+ answers before 40 drawn moments, none depended/);
});

test('ID-15 what cannot be meant is refused in one line that names the place', async () => {
  const cases: readonly (readonly [string[], RegExp])[] = [
    [['--set', 'risk.tradesPerDy=1'], /--set: risk\.tradesPerDy: found an unknown key/],
    [
      ['--set', 'execution.entry=middle'],
      /execution\.entry: found "middle", expected open or limit/,
    ],
    [['--sweep', 'parameters.nothing=1:2:1'], /--set.*nothing/],
    [['--sweep', 'exits.firstTargetR=2:1:1'], /--sweep: found "exits\.firstTargetR=2:1:1"/],
    [['--layers', 'x'], /--layers: found "x"/],
    [['--from', '2027-01-01'], /--from: found 2027-01-01/],
    [['--store'], /expected --bars FILE or --store/],
  ];
  for (const [rest, expected] of cases) {
    const { code, stderr } = await cli(...rest, '--out', join(folder, 'refused'));
    assert.equal(code, 2, stderr);
    assert.match(stderr, expected);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  }
  const short = await cli('--to', '2026-03-10', '--out', join(folder, 'short'));
  assert.equal(short.code, 5);
  assert.match(short.stderr, /found no day .* with 20 trading days of history/);
});

test('ID-13 what is measured is kept for the desk that has these symbols and settings, and for no other', async () => {
  const out = join(folder, 'kept');
  const measure = (...rest: string[]) =>
    runCli(
      ['backtest', 'vwap-reclaim', '--bars', bars, '--symbol', 'QQQM', '--label', 'start', ...rest],
      { dataDir: folder },
    );
  const other = await measure('--for-desk', 'us-vwap', '--out', out);
  assert.equal(other.code, 2);
  assert.match(
    other.stderr,
    /^error: --for-desk us-vwap: found symbols QQQM, expected the desk's: AAPL, MU, QQQM$/m,
  );
  const short = await measure('--for-desk', 'us-vwap', '--layers', 'b', '--out', out);
  assert.match(short.stderr, /--for-desk us-vwap: found --layers b, expected a and c/);
  const own = copyProject();
  try {
    const desk = join(own.root, 'config', 'desks', 'us-vwap.yaml');
    const text = readFileSync(desk, 'utf8');
    writeFileSync(desk, text.replace(/^symbols: .*$/m, 'symbols: [QQQM]'));
    const kept = await runCli(
      [
        ...['backtest', 'vwap-reclaim', '--bars', bars, '--symbol', 'QQQM', '--label', 'start'],
        ...['--for-desk', 'us-vwap', '--layers', 'ac', '--out', out],
      ],
      { dataDir: folder, root: own.root },
    );
    assert.equal(kept.code, 0, kept.stderr);
    const file = join(folder, 'edge', 'us-vwap.json');
    assert.ok(kept.stdout.includes(`kept for us-vwap: ${file};`), kept.stdout);
    const { settings } = JSON.parse(readFileSync(file, 'utf8'));
    const known = readEdge(join(folder, 'edge'), 'us-vwap', settings);
    assert.ok(known.kind === 'measured');
    const { rows, precision } = known.edge;
    assert.equal(rows[0]?.dayType, 'all');
    const run = JSON.parse(read(out, 'run.json'));
    assert.equal(rows[0]?.trades, run.layers[0].trades);
    assert.ok(precision.length > 0 && precision.every(({ said, right }) => right <= said));
  } finally {
    own.remove();
  }
});
