import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { LimitPoolCn, PoolRowCn } from '#core/market/records-cn.ts';
import type { PoolContext } from '#core/quality/judge-pool.ts';
import { judgePool } from '#core/quality/judge-pool.ts';
import { at, CN_DAY, cnSession } from '#test/support/cn.ts';

const id = (n: number): InstrumentId => `${600_000 + n}.SH`;

function row(n: number, fields: Partial<PoolRowCn> = {}): PoolRowCn {
  return {
    instrument: id(n),
    name: null,
    price: 11,
    amount: null,
    firstSealedAt: at('09:31'),
    lastSealedAt: null,
    openCount: 0,
    boardsInRow: 1,
    sealedAmount: null,
    sector: null,
    ...fields,
  };
}

function pool(rows: readonly PoolRowCn[], fields: Partial<LimitPoolCn> = {}): LimitPoolCn {
  return { kind: 'limit_up', day: CN_DAY, statedDay: null, rows, ...fields };
}

const CONTEXT: PoolContext = {
  source: 'test',
  session: cnSession(),
  seenAt: at('10:00'),
  changes: new Map(),
  known: [],
  countElsewhere: null,
};
const TEN = Array.from({ length: 10 }, (_, n) => row(n));
const changes = (value: (n: number) => number) =>
  new Map(TEN.map(({ instrument }, n) => [instrument, value(n)]));

const refusal = (given: LimitPoolCn, change: Partial<PoolContext> = {}) =>
  judgePool(given, { ...CONTEXT, ...change }).refusal?.code ?? null;

test('SP-10 a pool of its day, made in session, is kept', () => {
  const judged = judgePool(pool(TEN, { statedDay: CN_DAY }), CONTEXT);
  assert.equal(judged.refusal, null);
  assert.deepEqual(judged.kept.rows, TEN);
});

test('SP-10 a pool that states another day is refused, whatever was asked', () => {
  assert.equal(refusal(pool(TEN, { statedDay: '2026-11-18' })), 'wrong_day');
});

test('SP-10 a pool with the label of a day whose auction is not over is refused', () => {
  assert.equal(refusal(pool([]), { seenAt: at('09:24:59') }), 'label_before_open');
  assert.equal(refusal(pool(TEN), { seenAt: at('07:35') }), 'label_before_open');
  assert.equal(
    refusal(pool([row(1, { firstSealedAt: at('09:25') })]), { seenAt: at('09:25') }),
    null,
  );
});

test('SP-10 a pool of a day without trading is refused', () => {
  assert.equal(refusal(pool(TEN), { session: null }), 'not_a_trading_day');
});

test('SP-10 nobody at the upper limit is no answer; nobody at the lower one may be true', () => {
  assert.equal(refusal(pool([])), 'empty_pool');
  assert.equal(refusal(pool([], { kind: 'limit_down' })), null);
  assert.equal(refusal(pool([], { kind: 'limit_down' }), { countElsewhere: 7 }), 'empty_pool');
  assert.equal(refusal(pool([], { kind: 'broken' }), { countElsewhere: 0 }), null);
});

test('SP-10 rows whose changes are those of another day give the pool away, and the day is named', () => {
  const stated = changes((n) => 0.1 + n / 1000);
  const known = [
    { day: '2026-11-18', changes: stated },
    { day: CN_DAY, changes: changes(() => 0.02) },
  ];
  const judged = judgePool(pool(TEN), { ...CONTEXT, changes: stated, known });
  assert.equal(judged.refusal?.code, 'wrong_day');
  assert.match(judged.refusal?.found ?? '', /^0 of 10 rows/);
  assert.match(judged.refusal?.expected ?? '', /they fit 2026-11-18$/);
  const own = [{ day: CN_DAY, changes: changes((n) => 0.1003 + n / 1000) }];
  assert.equal(refusal(pool(TEN), { changes: stated, known: own }), null);
  const few = [{ day: CN_DAY, changes: new Map([...changes(() => 0.02)].slice(0, 4)) }];
  assert.equal(refusal(pool(TEN), { changes: stated, known: few }), null);
});

test('SP-10 rows sealed after the pool was made, and repeated ones, are taken out', () => {
  const rows = [row(1), row(1), row(2, { firstSealedAt: at('10:00:01') }), row(3)];
  const judged = judgePool(pool(rows), CONTEXT);
  assert.deepEqual(
    judged.kept.rows.map(({ instrument }) => instrument),
    [id(1), id(3)],
  );
  assert.deepEqual(
    judged.anomalies.map(({ code }) => code),
    ['duplicate', 'future_stamp'],
  );
});
