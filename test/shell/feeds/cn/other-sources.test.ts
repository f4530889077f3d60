import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FeedError, StoreError } from '#app/errors.ts';
import type { MarketStoreCn } from '#app/ports.ts';
import { emptyDailyPanel } from '#core/market/panel-cn.ts';
import { createAktools } from '#shell/feeds/cn/aktools.ts';
import { decodeAktools } from '#shell/feeds/cn/aktools-table.ts';
import { createManual } from '#shell/feeds/cn/manual.ts';
import { createOnFile } from '#shell/feeds/cn/on-file.ts';
import { decodeSinaQuotes } from '#shell/feeds/cn/sina.ts';
import type { SourceCall } from '#shell/feeds/cn/source.ts';
import { createTushare } from '#shell/feeds/cn/tushare.ts';
import { decodeTushare } from '#shell/feeds/cn/tushare-table.ts';
import { at, CN_DAY } from '#test/support/cn.ts';
import { aktoolsReply } from '#test/support/cn-feeds/aktools.ts';
import { httpOf, startFakeSource } from '#test/support/cn-feeds/server.ts';
import { sinaLine } from '#test/support/cn-feeds/sina.ts';
import { tushareReply } from '#test/support/cn-feeds/tushare.ts';
import { emptyMarketStore, quoteCn } from '#test/support/cn-market.ts';
import { needsShared, sharedPath } from '#test/support/shared-data.ts';

const NOW = at('10:00');
const CALL: SourceCall = {
  signal: new AbortController().signal,
  now: () => NOW,
  tell: () => undefined,
};
const MOUTAI = '600519.SH' as const;

async function failureOf(work: () => unknown): Promise<FeedError> {
  const error = await Promise.resolve()
    .then(work)
    .then(
      () => null,
      (found: unknown) => found,
    );
  assert.ok(error instanceof FeedError, String(error));
  return error;
}

function recorded(...parts: readonly string[]): string {
  return readFileSync(sharedPath('data', 'api_fixtures', ...parts) ?? '', 'utf8');
}

test('SP-10 Sina: an empty line is a symbol nobody knows, no line at all is unreadable', async () => {
  const text = `${sinaLine('sh600519', quoteCn(MOUTAI))}var hq_str_sh600001="";\n`;
  assert.deepEqual(
    decodeSinaQuotes(text).quotes.map(({ instrument }) => instrument),
    [MOUTAI],
  );
  assert.equal((await failureOf(() => decodeSinaQuotes('Forbidden'))).code, 'unreadable');
  const short = 'var hq_str_sh600519="a,1,2";';
  assert.equal((await failureOf(() => decodeSinaQuotes(short))).code, 'shape_changed');
});

const SINA = ['sina', 'hq_str_2019-04-08.txt'] as const;
test(
  'SP-10 Sina as recorded on 2019-04-08: funds outside the known codes are named, an empty one absent',
  needsShared('data', 'api_fixtures', ...SINA),
  () => {
    const { quotes, anomalies } = decodeSinaQuotes(recorded(...SINA));
    const ids = quotes.map(({ instrument }) => instrument);
    assert.deepEqual(ids, ['160922.SZ', '160924.SZ']);
    assert.equal(anomalies.length, 0);
    assert.deepEqual(
      [quotes[0]?.last, quotes[0]?.previousClose, quotes[0]?.at],
      [null, 1.074, at('09:41:45', '2019-04-08')],
    );
  },
);

const REFUSALS: readonly (readonly [
  message: string,
  code: string,
  retryAfterMs: number | undefined,
])[] = [
  ['抱歉，您每分钟最多访问该接口50次', 'rate_limited', 60_000],
  ['抱歉，您每小时最多访问该接口1次', 'rate_limited', 3_600_000],
  ['抱歉，您每天最多访问该接口100000次', 'budget_used', at('00:00', '2026-11-20') - NOW],
  ['抱歉，您没有接口访问权限', 'rights', undefined],
  ['您的token不对，请确认。', 'token', undefined],
  ['系统内部错误', 'http_status', undefined],
];

for (const [message, code, retryAfterMs] of REFUSALS) {
  test(`DH-03 Tushare: "${message}" is ${code}`, async () => {
    const text = JSON.stringify({ code: 40203, msg: message, data: null });
    const error = await failureOf(() => decodeTushare(text, 'daily', ['ts_code'], NOW));
    assert.equal(error.code, code);
    assert.equal(error.context['retryAfterMs'], retryAfterMs);
    assert.match(error.message, /^tushare daily: found code 40203/);
  });
}

test('SP-10 Tushare: a table without a column asked for, or with a short row, is another shape', async () => {
  const of = (fields: readonly string[], items: readonly unknown[]) =>
    JSON.stringify({ code: 0, msg: '', data: { fields, items } });
  const columns = ['ts_code', 'close'];
  const noColumn = await failureOf(() => decodeTushare(of(['ts_code'], []), 'daily', columns, NOW));
  assert.equal(noColumn.code, 'shape_changed');
  const short = await failureOf(() => decodeTushare(of(columns, [['x']]), 'daily', columns, NOW));
  assert.equal(short.code, 'shape_changed');
});

test('DH-01 Tushare: the token goes out and is in nothing that is kept or said; a wrong one is named', async () => {
  const fake = await startFakeSource(tushareReply);
  const token = 'a-wrong-token';
  const { http, kept } = httpOf('tushare', () => NOW, { secrets: [token] });
  const source = createTushare(http, { url: fake.url, token });
  const error = await failureOf(() => source.offers.margin?.({ day: '2026-11-18' }, CALL));
  await fake.close();
  assert.equal(error.code, 'token');
  assert.ok(fake.requests[0]?.body.includes(token));
  assert.equal(JSON.stringify([kept, error.message, error.context]).includes(token), false);
  assert.match(kept[0]?.url ?? '', /#margin\?trade_date=20261118$/);
});

test('DH-03 Tushare: an answer in pages is read to its end', async () => {
  const fake = await startFakeSource((request) => {
    const { params } = JSON.parse(request.body) as { params: { offset?: string } };
    const offset = Number(params.offset ?? 0);
    const items = [[offset === 0 ? '20261119' : '20261118', 1]];
    const data = { fields: ['cal_date', 'is_open'], items, has_more: offset === 0 };
    return { body: JSON.stringify({ code: 0, data }) };
  });
  const source = createTushare(httpOf('tushare', () => NOW).http, { url: fake.url, token: 't' });
  const found = await source.offers.trading_days?.({ from: '2026-11-18', through: CN_DAY }, CALL);
  await fake.close();
  assert.deepEqual(found?.data, ['2026-11-18', CN_DAY]);
});

const LIMITS = ['tushare', 'stk_limit_20190625_first6.json'] as const;
test(
  'SP-10 Tushare as recorded on 2019-06-25: limit prices',
  needsShared('data', 'api_fixtures', ...LIMITS),
  async () => {
    const fake = await startFakeSource(() => ({ body: recorded(...LIMITS) }));
    const source = createTushare(httpOf('tushare', () => NOW).http, { url: fake.url, token: 't' });
    const found = await source.offers.price_limits?.({ day: '2019-06-25' }, CALL);
    await fake.close();
    assert.equal(found?.data.length, 6);
    assert.deepEqual(found?.data[0], {
      instrument: '000001.SZ',
      day: '2019-06-25',
      previousClose: 13.69,
      up: 15.06,
      down: 12.32,
    });
  },
);

test('SP-10 AKTools: a frame without its columns is another shape, an empty one is empty', async () => {
  assert.deepEqual(decodeAktools('[]', 'x', ['代码']), []);
  const other = await failureOf(() => decodeAktools('[{"code":1}]', 'x', ['代码']));
  assert.equal(other.code, 'shape_changed');
  const error = await failureOf(() => decodeAktools('{"error":"x"}', 'x', []));
  assert.equal(error.code, 'shape_changed');
});

test('SP-06 AKTools: an exchange that fails is missing and noted, never 0', async () => {
  const fake = await startFakeSource((request) =>
    request.path.includes('szse') ? { status: 404, body: '{"error":"x"}' } : aktoolsReply(request),
  );
  const source = createAktools(httpOf('aktools', () => NOW).http, { url: fake.url });
  const found = await source.offers.margin?.({ day: '2026-11-18' }, CALL);
  await fake.close();
  assert.deepEqual(
    found?.data.map(({ exchange, repaid }) => [exchange, repaid]),
    [['SSE', null]],
  );
  assert.deepEqual(
    found?.note.map(({ code, figures }) => [code, figures['cause'] ?? figures['fields']]),
    [
      ['rows_missing', 'SZSE'],
      ['fields_missing', 'repaid'],
    ],
  );
});

test('SP-06 AKTools: money of Shenzhen comes in 亿 and leaves in yuan', async () => {
  const fake = await startFakeSource(aktoolsReply);
  const source = createAktools(httpOf('aktools', () => NOW).http, { url: fake.url });
  const found = await source.offers.margin?.({ day: '2026-11-18' }, CALL);
  await fake.close();
  const szse = found?.data.find(({ exchange }) => exchange === 'SZSE');
  assert.deepEqual([szse?.balance, szse?.bought], [900_025_000_000, 80_050_000_000]);
});

const folder = mkdtempSync(join(tmpdir(), 'centaur-manual-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function manual() {
  return createManual({ folder, volume: 'lots', amount: 'yuan', margin: 'yuan' });
}

test('DH-03 files of the operator stand in for a source, each named by what it holds and its day', async () => {
  writeFileSync(
    join(folder, `daily_${CN_DAY}.csv`),
    `date,symbol,open,high,low,close,volume,amount\n${CN_DAY},600519,10,10.2,9.9,10.1,1000,1010000\n`,
  );
  writeFileSync(
    join(folder, 'margin_2026-11-18.csv'),
    'trade_date,exchange_id,rzye,rzmre,rzche\n20261118,SSE,1000,10,20\n20261118,SZSE,900,9,19\n',
  );
  writeFileSync(join(folder, 'sectors.csv'), 'symbol,sector\n600519,白酒\n');
  const { offers } = manual();
  const daily = await offers.daily_bars_on?.({ day: CN_DAY }, CALL);
  assert.deepEqual([daily?.data[0]?.instrument, daily?.data[0]?.volume], [MOUTAI, 100_000]);
  const margin = await offers.margin?.({ day: '2026-11-18' }, CALL);
  assert.deepEqual(
    margin?.data.map(({ exchange, repaid }) => [exchange, repaid]),
    [
      ['SSE', 20],
      ['SZSE', 19],
    ],
  );
  const sectors = await offers.sectors?.({}, CALL);
  assert.deepEqual(sectors?.data, [{ code: '白酒', name: '白酒', members: [MOUTAI] }]);
});

test('DH-03 a file that is not there is no data, one that cannot be read is unreadable', async () => {
  const { offers } = manual();
  const none = await failureOf(() => offers.daily_bars_on?.({ day: '2026-11-20' }, CALL));
  assert.equal(none.code, 'no_data');
  writeFileSync(join(folder, 'securities.csv'), 'foo,bar\n1,2\n');
  const bad = await failureOf(() => offers.securities?.({}, CALL));
  assert.equal(bad.code, 'unreadable');
  writeFileSync(join(folder, `pool_limit_up_${CN_DAY}.csv`), 'symbol,price\n600519\n"600000');
  const half = await failureOf(async () => {
    const found = await offers.limit_pool?.({ kind: 'limit_up', day: CN_DAY }, CALL);
    // rows without their columns are named, never made up
    if ((found?.anomalies.length ?? 0) > 0)
      throw new FeedError('named', { code: 'unreadable', retryable: false });
  });
  assert.equal(half.code, 'unreadable');
});

test('DH-03 what is on file answers when nobody else does, with its day and its own source', async () => {
  const panel = emptyDailyPanel(
    { kind: 'share', source: 'tushare', basis: 'raw' },
    [MOUTAI],
    [CN_DAY],
    7,
  );
  panel.close.fill(10.1);
  const has: Partial<MarketStoreCn> = {
    loadDaily: async () => panel,
    sectors: async () => ({
      source: 'eastmoney',
      asOf: '2026-11-18',
      fetchedAt: 9,
      sectors: [{ code: 'x', name: 'x', members: [MOUTAI] }],
    }),
  };
  const { offers } = createOnFile(emptyMarketStore(has));
  const daily = await offers.daily_bars_on?.({ day: CN_DAY }, CALL);
  assert.deepEqual(
    [daily?.data[0]?.close, daily?.data[0]?.previousClose, daily?.asOf],
    [10.1, null, 7],
  );
  assert.deepEqual(daily?.note, [
    { code: 'from_cache', source: 'tushare', figures: { ageMs: NOW - 7 } },
  ]);
  const sectors = await offers.sectors?.({}, CALL);
  assert.deepEqual(sectors?.note[0]?.figures, { day: '2026-11-18' });
});

test('I9 nothing on file is no data, an empty table of ex-dates too', async () => {
  const none = emptyDailyPanel({ kind: 'share', source: 'none', basis: 'raw' }, [], [], 0);
  const { offers } = createOnFile(emptyMarketStore({ loadDaily: async () => none }));
  const asks: readonly (() => unknown)[] = [
    () => offers.daily_bars_on?.({ day: CN_DAY }, CALL),
    () => offers.margin?.({ day: CN_DAY }, CALL),
    () => offers.limit_pool?.({ kind: 'limit_up', day: CN_DAY }, CALL),
    () => offers.sectors?.({}, CALL),
    () => offers.securities?.({}, CALL),
    () => offers.corporate_actions?.({ day: CN_DAY }, CALL),
  ];
  for (const ask of asks) assert.equal((await failureOf(ask)).code, 'no_data');
  assert.equal(offers.snapshot, undefined);
  assert.equal(offers.quotes, undefined);
});

test('I9 a store that is down fails as a source fails', async () => {
  const down = async (): Promise<never> => {
    throw new StoreError('store: found nothing, expected an answer', {
      code: 'down',
      retryable: true,
    });
  };
  const { offers } = createOnFile(emptyMarketStore({ margin: down }));
  const error = await failureOf(() => offers.margin?.({ day: CN_DAY }, CALL));
  assert.equal(error.code, 'network');
});
