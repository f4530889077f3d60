import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainNameCn, shareStatusOf } from '#core/market/quote-cn.ts';
import { instrumentOfSymbolCn, prefixedSymbolCn, shareOfCodeCn } from '#core/market/symbol-cn.ts';

test('RL-01 a bare code names the share of its range and never an index', () => {
  const found = ['600519', '000001', '1217', '300750', '688981', '920002', '510300', '900901'];
  assert.deepEqual(found.map(shareOfCodeCn), [
    '600519.SH',
    '000001.SZ',
    '001217.SZ',
    '300750.SZ',
    '688981.SH',
    '920002.BJ',
    '510300.SH',
    null,
  ]);
  for (const none of ['', 'abc', '1234567', '399001', '600519.US']) {
    assert.equal(shareOfCodeCn(none), null, none);
  }
});

test('RL-01 symbols of the vendors name one id, indexes by their place', () => {
  const found = [
    'sh600519',
    '600519.SH',
    '000001.XSHG',
    'sz399006',
    'SH000300',
    '600519',
    'bj920002',
  ];
  assert.deepEqual(found.map(instrumentOfSymbolCn), [
    '600519.SH',
    '600519.SH',
    '000001.SH',
    '399006.SZ',
    '000300.SH',
    '600519.SH',
    '920002.BJ',
  ]);
  for (const none of ['', 'AAPL.US', 'hk00700', '60051', 'sh60051x', '600519.NY']) {
    assert.equal(instrumentOfSymbolCn(none), null, none);
  }
  assert.equal(prefixedSymbolCn('600519.SH'), 'sh600519');
});

test('RL-01 the status of a share is read from its name, prefixes of the day apart', () => {
  const st = ['ST聆达', '*ST国华', 'S*ST昌鱼', 'SST华新', 'XD*ST生', 'DRST中安', '＊ＳＴ万方'];
  const normal = [
    '贵州茅台',
    '万  科Ａ',
    'N东箭',
    'C东箭',
    'XD云天化',
    'TCL科技',
    'DR华海药',
    'U三生',
  ];
  const leaving = ['退市海医', '东方退'];
  assert.deepEqual(new Set(st.map(shareStatusOf)), new Set(['st']));
  assert.deepEqual(new Set(normal.map(shareStatusOf)), new Set(['normal']));
  assert.deepEqual(new Set(leaving.map(shareStatusOf)), new Set(['delisting']));
  assert.equal(plainNameCn('万  科Ａ'), '万科A');
});
