import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import { crossCheckQuotes } from '#core/quality/cross-check.ts';
import { at, CN_DAY } from '#test/support/cn.ts';
import { quoteCn } from '#test/support/cn-market.ts';

const NAMES = { source: 'a', other: 'b', day: CN_DAY };
const PARAMS = { toleranceRatio: 0.001, tickYuan: 0.01 };

function check(fields: Partial<QuoteCn>, own: Partial<QuoteCn> = {}) {
  const mine = [quoteCn('600519.SH', { last: 100, previousClose: 99, ...own })];
  const theirs = [quoteCn('600519.SH', { last: 100, previousClose: 99, ...fields })];
  return crossCheckQuotes(mine, theirs, NAMES, PARAMS);
}

test('SP-10 two sources within a step or a thousandth agree', () => {
  assert.deepEqual(check({ last: 100.1 }).disagreeing, []);
  const cheap = check({ last: 2.01 }, { last: 2 });
  assert.deepEqual([cheap.compared, cheap.disagreeing.length], [1, 0]);
});

test('SP-10 prices further apart disagree, and the place names both', () => {
  const [found] = check({ last: 100.2 }).disagreeing;
  assert.deepEqual([found?.code, found?.found], ['sources_disagree', '100 and 100.2']);
});

test('SP-10 quotes of different moments may be as much further apart as they are refreshes apart', () => {
  assert.deepEqual(check({ last: 100.25, at: at('10:00:09') }).disagreeing, []);
  assert.equal(check({ last: 100.4, at: at('10:00:09') }).disagreeing.length, 1);
});

test('SP-10 another previous close disagrees whatever the price is', () => {
  assert.match(
    check({ previousClose: 98 }).disagreeing[0]?.found ?? '',
    /previous close 99 and 98/,
  );
});

test('SP-10 what only one of them shows is not compared', () => {
  assert.equal(check({ last: null }).compared, 0);
  assert.equal(crossCheckQuotes([quoteCn('600000.SH')], [], NAMES, PARAMS).compared, 0);
});
