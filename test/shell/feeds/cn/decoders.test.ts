import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FeedError } from '#app/errors.ts';
import { barsOfQuotes, sectorsOfIndustries } from '#shell/feeds/cn/derived-rows.ts';
import {
  decodeEastmoneyActions,
  decodeEastmoneyMargin,
} from '#shell/feeds/cn/eastmoney-datacenter.ts';
import { decodeEastmoneyDaily, decodeEastmoneyMinutes } from '#shell/feeds/cn/eastmoney-history.ts';
import { decodeEastmoneyPool } from '#shell/feeds/cn/eastmoney-pools.ts';
import { decodeEastmoneyList, secidOf } from '#shell/feeds/cn/eastmoney-quotes.ts';
import { decodeTencentDaily, decodeTencentQuotes } from '#shell/feeds/cn/tencent.ts';
import {
  dayOfText,
  instantOfText,
  numberOf,
  parseWire,
  priceOf,
  sharesOfHands,
} from '#shell/feeds/cn/wire.ts';
import { at, CN_DAY } from '#test/support/cn.ts';
import { tencentLine } from '#test/support/cn-feeds/tencent.ts';
import { quoteCn } from '#test/support/cn-market.ts';
import { needsShared, sharedPath } from '#test/support/shared-data.ts';

const MOUTAI = '600519.SH' as const;

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof FeedError, String(error));
    assert.match(error.message, /found .+, expected .+/);
    return error.code;
  }
  return 'nothing thrown';
}

function recorded(...parts: readonly string[]): string {
  return readFileSync(sharedPath('data', 'api_fixtures', ...parts) ?? '', 'utf8');
}

test('SP-10 a dash, nothing and an empty text are no number; a word is not one either', () => {
  assert.deepEqual(['-', '--', '', ' ', null, undefined].map(numberOf), Array(6).fill(null));
  assert.ok(Number.isNaN(numberOf('n/a')));
  assert.ok(Number.isNaN(numberOf({})));
  assert.equal(numberOf('1,234.5'), 1234.5);
  assert.equal(priceOf('0.00'), null);
});

test('SP-10 dates and times that are none are not guessed', () => {
  assert.equal(dayOfText('20260402161401'), '2026-04-02');
  assert.equal(dayOfText(20260402), '2026-04-02');
  assert.equal(dayOfText('2026-04-02T00:00:00.000'), '2026-04-02');
  assert.equal(dayOfText('20260431'), null);
  assert.equal(dayOfText('-'), null);
  assert.equal(instantOfText(CN_DAY, '092500'), at('09:25'));
  assert.equal(instantOfText(CN_DAY, '09:31'), at('09:31'));
  assert.equal(instantOfText(CN_DAY, '256000'), null);
});

test('SP-10 JSON behind a name or a call is read, anything else is unreadable', () => {
  assert.deepEqual(parseWire('cb123({"a":1});', 'x'), { a: 1 });
  assert.deepEqual(parseWire('kline_day={"a":1}', 'x'), { a: 1 });
  assert.deepEqual(parseWire('[1]', 'x'), [1]);
  for (const text of ['', 'cb({"a":', '{"a":1', 'Internal Server Error']) {
    assert.equal(
      codeOf(() => parseWire(text, 'x')),
      'unreadable',
    );
  }
});

test('SP-10 hands become shares, unless turnover proves that they are shares already', () => {
  const range = { amount: 1_015_000, high: 10.3, low: 10 };
  assert.equal(sharesOfHands(MOUTAI, 1_000, range), 100_000);
  assert.equal(sharesOfHands('688001.SH', 100_000, range), 100_000);
  assert.equal(sharesOfHands(MOUTAI, 1_000, { ...range, amount: null }), 100_000);
  assert.equal(sharesOfHands('000001.SH', 1_000, { amount: 1e6, high: 1001, low: 999 }), 100_000);
  assert.equal(sharesOfHands(MOUTAI, null, range), null);
});

test('SP-10 Tencent: an answer cut in the middle loses its last symbol and nothing else', () => {
  const whole = tencentLine(quoteCn(MOUTAI)) + tencentLine(quoteCn('600000.SH'));
  const { quotes } = decodeTencentQuotes(whole.slice(0, -20));
  assert.deepEqual(
    quotes.map(({ instrument }) => instrument),
    [MOUTAI],
  );
});

test('SP-10 Tencent: a symbol nobody knows is absent, one of no market is named', () => {
  assert.deepEqual(decodeTencentQuotes('v_pv_none_match="1";').quotes, []);
  const line = tencentLine(quoteCn(MOUTAI)).replace('sh600519', 'us600519');
  const { quotes, anomalies } = decodeTencentQuotes(line);
  assert.deepEqual([quotes.length, anomalies[0]?.code], [0, 'not_a_symbol']);
});

test('SP-10 Tencent: fewer fields than it has are another shape, no lines are unreadable', () => {
  assert.equal(
    codeOf(() => decodeTencentQuotes('v_sh600519="1~a~600519~10";')),
    'shape_changed',
  );
  assert.equal(
    codeOf(() => decodeTencentQuotes('not found')),
    'unreadable',
  );
});

test('SP-10 Tencent: before the first auction nothing has a price, and none is made of it', () => {
  const line = tencentLine(
    quoteCn(MOUTAI, { last: null, open: null, high: null, low: null, volume: 0, amount: 0 }),
  );
  const [quote] = decodeTencentQuotes(line).quotes;
  assert.deepEqual([quote?.last, quote?.open, quote?.high], [null, null, null]);
  assert.equal(quote?.volume, 0);
});

test('SP-10 Tencent: a share without limits says -1 and has none', () => {
  const line = tencentLine(quoteCn(MOUTAI, { limitUp: -1, limitDown: -1 }));
  assert.equal(decodeTencentQuotes(line).quotes[0]?.limitUp, null);
});

test('SP-10 Tencent: history of another code or shape is refused', () => {
  assert.equal(
    codeOf(() => decodeTencentDaily('{"code":1,"msg":"bad"}', MOUTAI)),
    'http_status',
  );
  const other = '{"code":0,"data":{"sh600000":{"day":[]}}}';
  assert.equal(
    codeOf(() => decodeTencentDaily(other, MOUTAI)),
    'shape_changed',
  );
});

test('SP-10 Eastmoney: dashes are unknown and Beijing is told from Shenzhen by its code', () => {
  const rows = [
    { f2: '-', f5: '-', f6: '-', f12: '920002', f13: 0, f14: '-', f15: '-', f18: 10, f26: '-' },
    { f2: 10, f12: '000001', f13: 0, f14: '平安银行' },
    { f2: 10, f12: 'BK0475', f13: 90, f14: '银行' },
  ];
  const page = decodeEastmoneyList(JSON.stringify({ data: { total: 3, diff: rows } }), 'x');
  assert.deepEqual(
    page.rows.map(({ quote }) => quote.instrument),
    ['920002.BJ', '000001.SZ'],
  );
  assert.deepEqual([page.rows[0]?.quote.last, page.rows[0]?.quote.name], [null, null]);
  assert.equal(page.rows[0]?.listedOn, null);
  assert.equal(page.anomalies[0]?.code, 'not_a_symbol');
  assert.deepEqual([secidOf('920002.BJ'), secidOf(MOUTAI)], ['0.920002', '1.600519']);
});

test('SP-10 Eastmoney: rows without the fields asked for are another shape', () => {
  const page = JSON.stringify({ data: { total: 1, diff: [{ f1: 2 }] } });
  assert.equal(
    codeOf(() => decodeEastmoneyList(page, 'x')),
    'shape_changed',
  );
  assert.equal(
    codeOf(() => decodeEastmoneyList('{"data":{"diff":[]}}', 'x')),
    'shape_changed',
  );
  assert.equal(
    codeOf(() => decodeEastmoneyList('{"data":{"total":1}}', 'x')),
    'shape_changed',
  );
});

test('SP-10 Eastmoney: a bar with a dash is named, one cut short refuses the answer', () => {
  const of = (lines: readonly string[]) => JSON.stringify({ data: { klines: lines } });
  const good = `${CN_DAY},10,10.1,10.2,9.9,1000,1010000,3,1,0.1,0.5`;
  const dash = `${CN_DAY},10,-,10.2,9.9,1000,1010000,3,1,0.1,0.5`;
  const found = decodeEastmoneyDaily(of([good, dash]), MOUTAI);
  assert.equal(found.bars[0]?.previousClose, 10);
  assert.deepEqual(
    found.anomalies.map(({ code }) => code),
    ['not_a_number'],
  );
  assert.equal(
    codeOf(() => decodeEastmoneyDaily(of([`${CN_DAY},10`]), MOUTAI)),
    'shape_changed',
  );
  assert.equal(
    codeOf(() => decodeEastmoneyDaily('{"data":null}', MOUTAI)),
    'no_data',
  );
});

test('I7 Eastmoney: the bar in progress and bars of another day are not told', () => {
  const of = (stamp: string) => `${stamp},10,10.1,10.2,9.9,1000,1010000,0,0,0,0`;
  const text = JSON.stringify({
    data: { klines: [of(`${CN_DAY} 09:31`), of(`${CN_DAY} 10:01`), of('2026-11-18 15:00')] },
  });
  const found = decodeEastmoneyMinutes(text, MOUTAI, CN_DAY, at('10:00:30'));
  assert.deepEqual(
    found.bars.map(({ closedAt }) => closedAt),
    [at('09:31')],
  );
  assert.deepEqual(
    found.anomalies.map(({ code }) => code),
    ['wrong_day'],
  );
});

test('SP-10 Eastmoney: minutes padded with zeros are no bars', () => {
  const text = JSON.stringify({ data: { klines: [`${CN_DAY} 09:31,0,0,0,0,0,0,0,0,0,0`] } });
  const found = decodeEastmoneyMinutes(text, MOUTAI, CN_DAY, at('10:00'));
  assert.deepEqual([found.bars.length, found.anomalies[0]?.code], [0, 'suspended_padding']);
});

const POOL_ROW = { c: '000001', m: 0, n: 'a', p: 11_000, zdp: 10, fbt: 92_500 };

function poolOf(data: unknown) {
  return decodeEastmoneyPool(JSON.stringify({ data }), 'limit_up', CN_DAY);
}

test('SP-10 Eastmoney: a pool says its own day, rows at minus 100 % are named, missing ones counted', () => {
  const rows = [POOL_ROW, { ...POOL_ROW, c: '000002', p: 0, zdp: -100 }];
  const { pool, anomalies, note } = poolOf({ tc: 5, qdate: 20261118, pool: rows });
  assert.equal(pool.statedDay, '2026-11-18');
  assert.deepEqual(
    pool.rows.map(({ price }) => price),
    [11],
  );
  assert.deepEqual(
    anomalies.map(({ code }) => code),
    ['minus_100_percent'],
  );
  assert.deepEqual(note[0]?.figures, { rows: 3, of: 5 });
});

test('SP-10 Eastmoney: no pool at all is no data, never an empty one', () => {
  assert.equal(
    codeOf(() => poolOf(null)),
    'no_data',
  );
  assert.equal(
    codeOf(() => poolOf({ tc: 0 })),
    'shape_changed',
  );
});

test('SP-06 Eastmoney: margin not out yet is no data; rows of another day are not taken for it', () => {
  const empty = '{"success":false,"code":9201,"message":"返回数据为空","result":null}';
  assert.equal(
    codeOf(() => decodeEastmoneyMargin(empty, CN_DAY)),
    'no_data',
  );
  const row = { DIM_DATE: '2026-11-18 00:00:00', SCDM: '007', RZYE: 1, RZMRE: 2, RZCHE: null };
  const text = JSON.stringify({ success: true, result: { data: [row] } });
  assert.deepEqual(decodeEastmoneyMargin(text, CN_DAY), []);
  assert.equal(decodeEastmoneyMargin(text, '2026-11-18')[0]?.repaid, null);
  const refused = '{"success":false,"code":9501,"message":"报表不存在"}';
  assert.equal(
    codeOf(() => decodeEastmoneyMargin(refused, CN_DAY)),
    'shape_changed',
  );
});

test('SP-08 Eastmoney: a day without ex-dates is an empty list, terms of nothing are named', () => {
  const empty = '{"success":false,"code":9201,"result":null}';
  assert.deepEqual(decodeEastmoneyActions(empty, CN_DAY).actions, []);
  const row = { SECURITY_CODE: '600519', EX_DIVIDEND_DATE: `${CN_DAY} 00:00:00` };
  const text = JSON.stringify({ success: true, result: { data: [row] } });
  assert.equal(decodeEastmoneyActions(text, CN_DAY).anomalies[0]?.code, 'not_a_number');
});

test('DH-03 a day is made of quotes only once it is final, and only of quotes of that day', () => {
  const quotes = [
    quoteCn(MOUTAI, { at: at('15:00') }),
    quoteCn('600000.SH', { at: at('15:00', '2026-11-18') }),
    quoteCn('600001.SH', { volume: 0, amount: 0 }),
  ];
  assert.equal(
    codeOf(() => barsOfQuotes('x', quotes, CN_DAY, at('15:29'))),
    'no_data',
  );
  const { bars, anomalies } = barsOfQuotes('x', quotes, CN_DAY, at('15:30'));
  assert.deepEqual(
    bars.map(({ instrument }) => instrument),
    [MOUTAI],
  );
  assert.deepEqual(
    anomalies.map(({ code }) => code),
    ['wrong_day'],
  );
  assert.equal(
    codeOf(() => barsOfQuotes('x', quotes, '2026-11-20', at('15:30', '2026-11-20'))),
    'no_data',
  );
});

test('SP-04 shares come together by the name of their industry, those without one in none', () => {
  const sectors = sectorsOfIndustries([
    { instrument: '600000.SH', industry: '银行' },
    { instrument: MOUTAI, industry: null },
    { instrument: '000001.SZ', industry: '银行' },
  ]);
  assert.deepEqual(sectors, [{ code: '银行', name: '银行', members: ['000001.SZ', '600000.SH'] }]);
});

const TENCENT = ['tencent', 'sh600519_2026-04-02.txt'] as const;
test(
  'SP-10 Tencent as recorded on 2026-04-02: shares, yuan, limits, its own instant',
  needsShared('data', 'api_fixtures', ...TENCENT),
  () => {
    const [quote] = decodeTencentQuotes(recorded(...TENCENT)).quotes;
    assert.deepEqual(
      [quote?.last, quote?.previousClose, quote?.open, quote?.high, quote?.low],
      [1459.88, 1459.44, 1459.44, 1464.88, 1452.1],
    );
    assert.deepEqual([quote?.volume, quote?.amount], [2_106_400, 3_071_809_846]);
    assert.deepEqual([quote?.limitUp, quote?.limitDown], [1605.38, 1313.5]);
    assert.deepEqual([quote?.bid, quote?.bidSize, quote?.ask], [1459.44, 100, 1459.88]);
    assert.equal(quote?.at, at('16:14:01', '2026-04-02'));
  },
);

const HONG_KONG = ['tencent', 'hk_quotes_2018-03-29.txt'] as const;
test(
  'SP-10 Tencent as recorded of Hong Kong: no line of here, so no answer',
  needsShared('data', 'api_fixtures', ...HONG_KONG),
  () => {
    assert.equal(
      codeOf(() => decodeTencentQuotes(recorded(...HONG_KONG))),
      'unreadable',
    );
  },
);

const CLIST = ['eastmoney', 'clist_sh_20240808_row1.jsonp'] as const;
test(
  'SP-10 Eastmoney as recorded on 2024-08-08: the list behind a callback',
  needsShared('data', 'api_fixtures', ...CLIST),
  () => {
    const { total, rows } = decodeEastmoneyList(recorded(...CLIST), 'x');
    const quote = rows[0]?.quote;
    assert.equal(total, 2384);
    assert.deepEqual(
      [quote?.instrument, quote?.last, quote?.previousClose],
      ['600107.SH', 3.69, 3.35],
    );
    assert.deepEqual([quote?.volume, quote?.amount], [8_958_500, 32_711_449]);
    assert.equal(quote?.at, null);
  },
);

const ZT = ['eastmoney', 'getTopicZTPool_20240923_page1.jsonp'] as const;
test(
  'SP-10 Eastmoney as recorded on 2024-09-23: 20 of 54 rows, thousandths, seals at 9:25',
  needsShared('data', 'api_fixtures', ...ZT),
  () => {
    const { pool, note, anomalies } = decodeEastmoneyPool(
      recorded(...ZT),
      'limit_up',
      '2024-09-23',
    );
    assert.equal(pool.statedDay, '2024-09-23');
    assert.equal(anomalies.length, 0);
    assert.equal(pool.rows.length, 20);
    assert.deepEqual(note[0]?.figures, { rows: 34, of: 54 });
    assert.equal(pool.rows[0]?.price, 16.06);
    assert.equal(pool.rows[0]?.firstSealedAt, at('09:25', '2024-09-23'));
  },
);

const KLINE = ['eastmoney', 'kline_shape_with_dash_SYNTHETIC.json'] as const;
test(
  'SP-10 Eastmoney: bars with two columns are another shape, not closes without a day',
  needsShared('data', 'api_fixtures', ...KLINE),
  () => {
    assert.equal(
      codeOf(() => decodeEastmoneyDaily(recorded(...KLINE), MOUTAI)),
      'shape_changed',
    );
  },
);
