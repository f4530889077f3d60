import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BoardCn } from '#core/market/board-cn.ts';
import type { DailySight } from '#core/strategies/daily-strategy.ts';
import { createFactorTop, type FactorTopParams } from '#core/strategies/factor-top/factor-top.ts';

const PARAMS: FactorTopParams = {
  ...{ top: 2, bufferRatio: 1.5, everyDays: 1, leastPrice: 2, leastAmount: 0 },
  boards: ['sse_main'],
  mostWeightRatio: 1,
};

/** The strategy over scores written day by day, a stock a column. */
function strategyOf(
  days: readonly (readonly number[])[],
  params: Partial<FactorTopParams> = {},
  boards: readonly BoardCn[] = days[0]!.map(() => 'sse_main'),
) {
  const top = days.map((scores) => {
    const rows = [...scores.keys()].filter((row) => Number.isFinite(scores[row]));
    rows.sort((a, b) => scores[b]! - scores[a]! || a - b);
    return new Int32Array(boards.length).fill(-1).map((none, place) => rows[place] ?? none);
  });
  const inputs = { scores: { firstDay: 0, top }, boards, history: 1 };
  return createFactorTop(inputs, { ...PARAMS, ...params });
}

const sight = (part: Partial<DailySight>): DailySight => ({
  day: 0,
  value: (field) => (field === 'amount' ? 1e8 : 10),
  status: () => 'normal',
  held: [],
  spendableMinor: 10_000_000,
  equityMinor: 10_000_000,
  ...part,
});

const entered = ({ enter }: { readonly enter: readonly { readonly row: number }[] }) =>
  enter.map(({ row }) => row);

test('RL-04 factor-top enters the best scores, the best first, each with its part of the equity', () => {
  const decision = strategyOf([[0.1, 0.9, 0.5, Number.NaN]]).decide(sight({}));
  assert.deepEqual(decision.enter, [
    { row: 1, valueMinor: 5_000_000 },
    { row: 2, valueMinor: 5_000_000 },
  ]);
  // of equal scores the first
  assert.deepEqual(entered(strategyOf([[0.5, 0.5, 0.5]]).decide(sight({}))), [0, 1]);
});

test('RL-04 a share stays while its rank is within the buffer, and leaves beyond it or without a rank', () => {
  const days = [[0.7, 0.9, 0.8, 0.1]];
  const decide = (held: number[]) => strategyOf(days).decide(sight({ held }));
  assert.deepEqual(decide([0, 1]).leave, []);
  assert.deepEqual(decide([3, 1]).leave, [3]);
  assert.deepEqual(strategyOf([[Number.NaN, 0.9]]).decide(sight({ held: [0] })).leave, [0]);
});

test('RL-04 a day on which nobody has a score changes nothing but what was to be left already', () => {
  const none = [Number.NaN, Number.NaN, Number.NaN, Number.NaN];
  const strategy = strategyOf([[0.7, 0.9, 0.8, 0.1], none, none]);
  assert.deepEqual(strategy.decide(sight({ held: [3, 1] })).leave, [3]);
  const later = strategy.decide(sight({ day: 1, held: [3, 1] }));
  assert.deepEqual([later.leave, later.enter], [[3], []]);
  assert.deepEqual(strategy.decide(sight({ day: 2, held: [1] })).leave, []);
});

test('RL-04 between its days a rank makes nobody leave, and free places are filled', () => {
  const strategy = strategyOf(
    [
      [0.9, 0.8, 0.1, 0.2],
      [0.1, 0.2, 0.9, 0.8],
    ],
    { everyDays: 5 },
  );
  strategy.decide(sight({}));
  const decision = strategy.decide(sight({ day: 1, held: [0] }));
  assert.deepEqual([decision.leave, entered(decision)], [[], [2]]);
});

test('RL-04 only what the settled cash pays is entered', () => {
  const strategy = strategyOf([[0.9, 0.8, 0.1]]);
  assert.deepEqual(entered(strategy.decide(sight({ spendableMinor: 5_100_000 }))), [0]);
  assert.deepEqual(entered(strategy.decide(sight({ spendableMinor: 1_000_000 }))), []);
});

test('RL-04 ST, unknown status, other boards, low prices and thin turnover are not entered; the next one is', () => {
  const days = [[0.9, 0.8, 0.7, 0.1]];
  const enter = (part: Partial<DailySight>, params: Partial<FactorTopParams> = {}) =>
    entered(strategyOf(days, params).decide(sight(part)));
  assert.deepEqual(enter({ status: (row) => (row === 0 ? 'st' : 'normal') }), [1, 2]);
  assert.deepEqual(enter({ status: (row) => (row === 0 ? null : 'normal') }), [1, 2]);
  assert.deepEqual(enter({ value: (_, row) => (row === 1 ? 1.99 : 10) }), [0, 2]);
  const amounts = (row: number) => (row === 0 ? 4e7 : 6e7);
  const value: DailySight['value'] = (field, row) => (field === 'amount' ? amounts(row) : 10);
  assert.deepEqual(enter({ value }, { leastAmount: 5e7 }), [1, 2]);
  const boards = ['chinext', 'sse_main', 'sse_main', 'sse_main'] as const;
  assert.deepEqual(entered(strategyOf(days, {}, boards).decide(sight({}))), [1, 2]);
});
