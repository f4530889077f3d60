import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inventedIn } from '#core/replies/words-check.ts';

const FACTS = [
  '✕ limit-ups 22 < 30',
  'cash $100,000.00 · −0.04 % · QQQM · VWAP',
  '上证 3412.60 ≥ 3387.1',
];

test('CX-15 words that only repeat the numbers and names of the facts hold', () => {
  for (const words of [
    'There were 22 limit-ups where 30 are needed.',
    'Cash is 100000 and the price is 0.04% below VWAP for QQQM.',
    '上证3412.6高于3387.10,涨停22家不足30家。',
    '３０ are needed.',
    '',
  ])
    assert.deepEqual(inventedIn(words, FACTS), [], words);
});

test('CX-15 a number or name that the facts do not have is found', () => {
  for (const [words, invented] of [
    ['Only 23 limit-ups.', ['23']],
    ['It fell 0.4 %.', ['0.4']],
    ['It missed by 8.', ['8']],
    ['Buy AAPL instead.', ['AAPL']],
    ['代码600519不在其中', ['600519']],
    ['RSI14 says so, 99.', ['14', '99', 'RSI14']],
  ] as const)
    assert.deepEqual(inventedIn(words, FACTS), invented, words);
});
