import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import { wallTimeOf } from '#core/market/session.ts';
import type { LookContext } from '#core/quality/judge-look.ts';
import { judgeLook } from '#core/quality/judge-look.ts';
import { at, CN_DAY, SHANGHAI } from '#test/support/cn.ts';
import { quoteCn } from '#test/support/cn-market.ts';

const IDS = Array.from({ length: 10 }, (_, i): InstrumentId => `60000${i}.SH`);
const WHOLE = IDS.map((id) => quoteCn(id));

function judge(quotes: readonly QuoteCn[], change: Partial<LookContext> = {}) {
  return judgeLook(quotes, {
    source: 'test',
    asked: new Set(IDS),
    day: CN_DAY,
    dayOf: (instant) => wallTimeOf(instant, SHANGHAI).day,
    now: at('10:00:02'),
    freshMs: 60_000,
    isWhole: true,
    ...change,
  });
}

/** The look with its first quote changed. */
function withFirst(fields: Partial<QuoteCn>): QuoteCn[] {
  return [quoteCn(IDS[0]!, fields), ...WHOLE.slice(1)];
}

test('SP-10 a sound look passes whole', () => {
  assert.deepEqual(judge(WHOLE), { kept: WHOLE, anomalies: [], refusal: null });
});

const ROWS: readonly (readonly [name: string, fields: Partial<QuoteCn>, code: string])[] = [
  ['a price of nothing after trades', { last: null, high: null, low: null }, 'minus_100_percent'],
  ['a price a hundredth of the day before', { last: 0.09, limitDown: null }, 'minus_100_percent'],
  ['a price above its limit', { last: 11.5, high: 11.5 }, 'outside_limits'],
  ['a price below its limit', { last: 8.5, low: 8.5 }, 'outside_limits'],
  ['a high below the price', { high: 10.05 }, 'high_low_inconsistent'],
  ['a volume in another unit', { volume: 1_000 }, 'amount_disagrees'],
  ['turnover in another unit', { amount: 101_500 }, 'amount_disagrees'],
  ['a negative volume', { volume: -1 }, 'non_positive'],
  ['a text for a number', { last: Number.NaN }, 'not_a_number'],
  ['a stamp of tomorrow', { at: at('10:05') }, 'future_stamp'],
  ['a stamp of yesterday', { at: at('15:00', '2026-11-18') }, 'wrong_day'],
];

for (const [name, fields, code] of ROWS) {
  test(`SP-10 ${name} takes its row out and names it`, () => {
    const judged = judge(withFirst(fields));
    assert.equal(judged.refusal, null);
    assert.deepEqual(
      judged.anomalies.map((one) => [one.code, one.instrument]),
      [[code, IDS[0]]],
    );
    assert.equal(judged.kept.length, 9);
  });
}

test('SP-10 a stock that has not traded is kept, it may be suspended', () => {
  const idle = { last: 10, open: null, high: null, low: null, volume: 0, amount: 0 };
  assert.equal(judge(withFirst(idle)).kept.length, 10);
});

test('SP-10 an index has no mean price that could disagree', () => {
  const index = quoteCn('000001.SH', {
    last: 3000,
    high: 3010,
    low: 2990,
    open: 3000,
    limitUp: null,
    limitDown: null,
  });
  const asked = new Set<InstrumentId>(['000001.SH']);
  assert.equal(judge([index], { asked, isWhole: false }).kept.length, 1);
});

test('SP-10 the same stock twice counts once, a stock nobody asked for not at all', () => {
  const judged = judge([...WHOLE, WHOLE[0]!, quoteCn('000002.SZ')]);
  assert.equal(judged.kept.length, 10);
  assert.deepEqual(
    judged.anomalies.map(({ code }) => code),
    ['duplicate'],
  );
});

test('SP-10 a look most of whose quotes are of another day is refused', () => {
  const yesterday = at('15:00', '2026-11-18');
  const { refusal } = judge(WHOLE.map((quote, i) => (i < 6 ? { ...quote, at: yesterday } : quote)));
  assert.equal(refusal?.code, 'wrong_day');
});

test('SP-10 a look with more wrong rows than it may have is refused', () => {
  const { refusal } = judge(WHOLE.map((quote, i) => (i < 3 ? { ...quote, last: 99 } : quote)));
  assert.equal(refusal?.code, 'too_many_disagree');
  assert.match(refusal?.found ?? '', /3 of 10 quotes: outside_limits 3/);
});

test('SP-10 half a look is refused, a few names are not judged by their number', () => {
  assert.equal(judge(WHOLE.slice(0, 4)).refusal?.code, 'too_few_rows');
  assert.equal(judge(WHOLE.slice(0, 5)).refusal, null);
  assert.equal(judge(WHOLE.slice(0, 1), { isWhole: false }).refusal, null);
});

test('SP-10 no quotes at all are refused', () => {
  assert.equal(judge([]).refusal?.code, 'too_few_rows');
});

test('I9 a look in which nothing moves any more is refused while the market trades', () => {
  const now = at('10:02');
  assert.equal(judge(WHOLE, { now }).refusal?.code, 'stale');
  assert.equal(judge(WHOLE, { now, freshMs: null }).refusal, null);
});
