import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ConfigError } from '#app/errors.ts';
import { dailyBarAt } from '#core/market/daily-table-cn.ts';
import { checkBasis, readDailyFile } from '#shell/lib/cn-files/daily.ts';
import {
  poolInstant,
  poolsOf,
  readFiguresFile,
  readMarginFile,
  readPoolFile,
  readSectorsFile,
  readSecuritiesFile,
} from '#shell/lib/cn-files/records.ts';
import { openTable } from '#shell/lib/cn-files/table-file.ts';
import { at } from '#test/support/cn.ts';

const folder = mkdtempSync(join(tmpdir(), 'cn-files-'));
after(() => rmSync(folder, { recursive: true }));

let count = 0;
function fileOf(content: string | Buffer, ending = '.csv'): string {
  count += 1;
  const file = join(folder, `${count}${ending}`);
  writeFileSync(file, content);
  return file;
}

async function refusal(run: Promise<unknown>): Promise<string> {
  const error = await run.then(
    () => assert.fail('expected a refusal'),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof ConfigError, String(error));
  assert.ok(!error.message.includes('\n'));
  return error.message.replace(folder, '');
}

async function rowsOf(file: string, wanted: string[] = []): Promise<string[][]> {
  const table = await openTable(file, { wanted });
  const rows: string[][] = [];
  for await (const batch of table.batches) for (const { cells } of batch) rows.push([...cells]);
  return [[...table.header], ...rows];
}

const daily = (file: string, change = {}) =>
  readDailyFile({
    file,
    source: 'test',
    instrument: null,
    volume: 'lots',
    amount: 'yuan',
    ...change,
  });

test('RL-01 CSV, gzip, JSON lists, JSON by key and JSON lines are one table', async () => {
  const csv = '\uFEFFcode,name\n000001,平安银行\n';
  const expected = [
    ['code', 'name'],
    ['000001', '平安银行'],
  ];
  assert.deepEqual(await rowsOf(fileOf(csv)), expected);
  assert.deepEqual(await rowsOf(fileOf(gzipSync(csv), '.csv.gz')), expected);
  const list = [{ code: '000001', name: '平安银行' }];
  assert.deepEqual(await rowsOf(fileOf(JSON.stringify(list), '.json')), expected);
  assert.deepEqual(await rowsOf(fileOf(JSON.stringify({ rows: list }), '.json')), expected);
  assert.deepEqual(await rowsOf(fileOf(`${JSON.stringify(list[0])}\n\n`, '.jsonl')), expected);
  const byKey = { '000001': { name: '平安银行' }, '000002': '万科' };
  assert.deepEqual(await rowsOf(fileOf(JSON.stringify(byKey), '.json')), [
    ['key', 'name', 'value'],
    ['000001', '平安银行', ''],
    ['000002', '', '万科'],
  ]);
});

test('RL-01 a path into lists gives a row for each of their members', async () => {
  const file = fileOf(
    JSON.stringify({
      '000001': {
        boards: [
          { name: 'a', code: 'B1' },
          { name: 'b', code: 'B2' },
        ],
      },
    }),
    '.json',
  );
  assert.deepEqual(await rowsOf(file, ['boards.name', 'boards.code']), [
    ['key', 'boards.name', 'boards.code'],
    ['000001', 'a', 'B1'],
    ['000001', 'b', 'B2'],
  ]);
});

test('RL-01 a file that is empty, cut off or of another kind is refused in one line', async () => {
  assert.match(await refusal(rowsOf(fileOf(''))), /found an empty file, expected a header row/);
  const whole = gzipSync(`code,name\n${'000001,x\n'.repeat(5000)}`);
  const half = fileOf(whole.subarray(0, whole.length / 2), '.csv.gz');
  assert.match(await refusal(rowsOf(half)), /cannot be read \(unexpected end of file\)/);
  assert.match(await refusal(rowsOf(fileOf('<html>', '.json'))), /expected JSON$/);
  assert.match(await refusal(rowsOf(fileOf('{"rows":[]}', '.json'))), /found no rows/);
  assert.match(await refusal(rowsOf(fileOf('5', '.json'))), /a JSON number/);
  assert.match(await refusal(rowsOf(join(folder, 'none.csv'))), /ENOENT/);
});

test('RL-01 daily rows come in shares and yuan with the previous close they imply', async () => {
  const file = fileOf(
    '日期,股票代码,开盘,收盘,最高,最低,成交量,成交额,涨跌幅,涨跌额\n' +
      '2026-01-05,1217,13.6,13.1,13.63,13.06,246867,326947886.0,-5.76,-0.8\n',
  );
  const { table, tally, hasPreviousClose } = await daily(file);
  assert.equal(hasPreviousClose, true);
  assert.equal(tally.read, 1);
  assert.deepEqual(dailyBarAt(table, 0), {
    instrument: '001217.SZ',
    day: '2026-01-05',
    open: 13.6,
    high: 13.63,
    low: 13.06,
    close: 13.1,
    previousClose: 13.9,
    volume: 24_686_700,
    amount: 326_947_886,
  });
});

test('RL-01 columns of a publisher whose names all begin alike are found, units are scaled', async () => {
  const file = fileOf(
    'indiv_d_ts_code,indiv_d_trade_date,indiv_d_open,indiv_d_high,indiv_d_low,indiv_d_close,indiv_d_pre_close,indiv_d_vol,indiv_d_amount\n' +
      '600519.SH,20251023,1455.0,1468.8,1447.2,1467.98,1458.7,29322.35,4274652.09\n',
  );
  const { table } = await daily(file, { amount: 'thousand' });
  const bar = dailyBarAt(table, 0);
  assert.deepEqual(
    [bar.instrument, bar.day, bar.previousClose, bar.volume, bar.amount],
    ['600519.SH', '2025-10-23', 1458.7, 2_932_235, 4_274_652_090],
  );
});

test('RL-01 rows that cannot be read are counted by reason, the rest stays', async () => {
  const file = fileOf(
    'code,date,open,high,low,close,volume\n' +
      '600519,2026-01-05,1,1,1,1,5\n' +
      '600519,2026-01-05,1,1,1,1,5\n' +
      '600519,2026-01-05,2,2,2,2,5\n' +
      '900901,2026-01-05,1,1,1,1,5\n' +
      '600519,2026-02-30,1,1,1,1,5\n' +
      '600519,2026-01-06,1,1,-,1,5\n' +
      '600519,2026-01-06,1,1,1,1\n' +
      '600519,2026-01-06,9,9,9,9,\n',
  );
  const { table, tally } = await daily(file);
  assert.equal(table.length, 2);
  assert.equal(table.volume[1], 0);
  assert.deepEqual(Object.fromEntries(tally.dropped), {
    duplicate: 1,
    duplicate_conflicting: 1,
    not_a_symbol: 1,
    not_a_day: 1,
    not_a_number: 1,
    wrong_column_count: 1,
  });
  assert.deepEqual(
    tally.samples.filter(({ line }) => line > 0).map(({ line, anomaly }) => [line, anomaly.code]),
    [
      [5, 'not_a_symbol'],
      [6, 'not_a_day'],
      [7, 'not_a_number'],
      [8, 'wrong_column_count'],
    ],
  );
});

test('RL-01 a missing column, an unknown name and a missing symbol are refused in one line', async () => {
  const file = fileOf('date,open,high,low,close\n2026-01-05,1,1,1,1\n');
  assert.match(await refusal(daily(file)), /expected columns for volume$/);
  const whole = fileOf('date,open,high,low,close,volume\n2026-01-05,1,1,1,1,5\n');
  assert.match(await refusal(daily(whole)), /found no symbol column, expected --symbol/);
  const given = { columns: { symbol: 'ticker' } };
  assert.match(await refusal(daily(whole, given)), /found no column "ticker" for symbol/);
  const wrong = { columns: { colour: 'date' } };
  assert.match(await refusal(daily(whole, wrong)), /--columns: found "colour", expected one of/);
});

test('RL-01 prices off the price step are not taken for raw ones', async () => {
  const file = fileOf('code,date,open,high,low,close,volume\n600009,2020-01-02,1,1,1,76.2548,5\n');
  const { table } = await daily(file);
  assert.throws(
    () => checkBasis('f', table, 'raw'),
    /off the step of 0\.01, expected --basis qfq or hfq/,
  );
  checkBasis('f', table, 'forward_adjusted');
});

test('RL-01 margin rows come in yuan, of every unit, with what is missing left null', async () => {
  const csv = fileOf(
    'trade_date,exchange_id,rzye,rzmre,rzche\n20250331,SSE,9670.26,536.7,538.4\n20250331,XX,1,1,1\n20250331,SZSE,,1,1\n',
  );
  const options = { source: 'test', unit: 'yi', exchange: null } as const;
  const { rows, tally } = await readMarginFile({ ...options, file: csv });
  assert.deepEqual(rows, [
    {
      exchange: 'SSE',
      day: '2025-03-31',
      balance: 967_026_000_000,
      bought: 53_670_000_000,
      repaid: 53_840_000_000,
      lent: null,
    },
  ]);
  assert.deepEqual(Object.fromEntries(tally.dropped), { not_a_symbol: 1, not_a_number: 1 });
});

test('RL-01 members are gathered by board, securities keep their names', async () => {
  const file = fileOf(
    'code,name,c_name\n600051,宁波联合,综合\n1,平安银行,银行\n600000,浦发银行,银行\n',
  );
  const sectors = await readSectorsFile({ file, source: 'test' });
  assert.deepEqual(sectors.rows, [
    { code: '综合', name: '综合', members: ['600051.SH'] },
    { code: '银行', name: '银行', members: ['000001.SZ', '600000.SH'] },
  ]);
  const securities = await readSecuritiesFile({ file, source: 'test' });
  assert.deepEqual(securities.rows[1], {
    instrument: '000001.SZ',
    name: '平安银行',
    listedOn: null,
    delistedOn: null,
  });
});

test('RL-01 seal times of a pool are read in all the ways they are written', () => {
  const day = '2026-11-19';
  const cases: [string, number | null][] = [
    ['092500', at('09:25')],
    ['92500', at('09:25')],
    ['09250', at('09:25')],
    ['09:31:24', at('09:31:24')],
    ['145959', at('14:59:59')],
    ['0', null],
    ['', null],
    ['996060', null],
  ];
  for (const [text, expected] of cases) assert.equal(poolInstant(day, text), expected, text);
});

test('RL-01 a pool file is one pool a day, the first of repeated rows counts', async () => {
  const rows = [
    {
      code: '001266',
      name: '宏英智能',
      sealTime: '09250',
      timestamp: '20260428',
      changeRate: 10.01,
    },
    { code: '001266', name: 'again', sealTime: '09250', timestamp: '20260428', changeRate: 1 },
    { code: '600000', name: '浦发银行', sealTime: '', timestamp: '20260429', changeRate: null },
  ];
  const read = await readPoolFile({ file: fileOf(JSON.stringify(rows), '.json'), source: 'test' });
  const pools = poolsOf('limit_up', read.rows, null, read.tally, 'test');
  assert.deepEqual(
    pools.map(({ pool }) => [pool.day, pool.rows.length]),
    [
      ['2026-04-28', 1],
      ['2026-04-29', 1],
    ],
  );
  assert.equal(pools[0]?.pool.rows[0]?.name, '宏英智能');
  assert.ok(Math.abs((pools[0]?.changes.get('001266.SZ') ?? 0) - 0.1001) < 1e-12);
  assert.deepEqual(Object.fromEntries(read.tally.dropped), { duplicate: 1 });
});

test('RL-01 every column of numbers becomes a figure, or those that are named', async () => {
  const file = fileOf(
    'market_flow_trade_date,market_flow_hgt,market_flow_sgt\n20240816,-2568.22,\n20240815,,\n',
  );
  const all = await readFiguresFile({ file, source: 'test', fields: {} });
  assert.deepEqual(all.rows, [
    { instrument: null, day: '2024-08-16', field: 'hgt', value: -2568.22 },
  ]);
  assert.deepEqual(Object.fromEntries(all.tally.dropped), { not_a_number: 1 });
  const fields = { north: 'market_flow_hgt' };
  const one = await readFiguresFile({ file, source: 'test', fields });
  assert.equal(one.rows[0]?.field, 'north');
  const long = fileOf(JSON.stringify({ '\n02003619': { name: '3D打印', chg: 0.66 } }), '.json');
  const columns = { field: 'name', value: 'chg' };
  const options = { file: long, source: 'test', day: '2026-06-17', columns, fields: {} };
  assert.deepEqual((await readFiguresFile(options)).rows, [
    { instrument: null, day: '2026-06-17', field: '3D打印', value: 0.66 },
  ]);
});
