import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scoreLabels } from '#core/backtest/regime-days.ts';
import {
  bootstrapMean,
  deflatedSharpe,
  edgeWords,
  figuresOf,
  foldsOf,
  normalCdf,
  walkForward,
} from '#core/backtest/statistics.ts';
import { createRandom } from '#core/lib/random.ts';

const near = (found: number | null, expected: number, within = 1e-9) =>
  assert.ok(Math.abs((found ?? Number.NaN) - expected) < within, `${found}, expected ${expected}`);

test('ID-13 figures in R of five trades, worked out by hand', () => {
  const figures = figuresOf([1, -1, -0.5, 2, -1]);
  near(figures.winRate, 0.4);
  near(figures.averageR, 0.1);
  near(figures.expectancyR, 0.1);
  near(figures.medianR, -0.5);
  near(figures.worstR, -1);
  near(figures.deepestFallR, -1.5);
  near(figures.profitFactor, 3 / 2.5);
  assert.equal(figures.missing, 95);
  assert.deepEqual(figuresOf([]).averageR, null);
});

/** `count` days with one result each, drawn around `average`. */
function drawn(count: number, average: number, seed: number) {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, n) => ({
    day: `d${n}`,
    resultR: average + random.normal(),
  }));
}

test('ID-13 the interval holds the mean, is the same for a seed, and narrows with more trades', () => {
  const few = bootstrapMean(drawn(100, 0, 1), 5)!;
  const many = bootstrapMean(drawn(1_600, 0, 1), 5)!;
  assert.deepEqual(bootstrapMean(drawn(100, 0, 1), 5), few);
  assert.ok(few.low < 0 && few.high > 0 && !few.isZeroOutside);
  near((few.high - few.low) / (many.high - many.low), 4, 0.8);
  assert.equal(bootstrapMean(drawn(1, 0, 1), 5), null);
});

test('ID-13 the words never call an edge what may be luck', () => {
  assert.match(edgeWords(40, bootstrapMean(drawn(40, 2, 1), 1)), /^N\/A: 40 trades, 60 more/);
  const none = bootstrapMean(drawn(200, 0, 3), 1);
  assert.equal(edgeWords(200, none), 'not distinguishable from zero');
  assert.match(edgeWords(200, bootstrapMean(drawn(200, 1, 1), 1)), /^positive/);
  assert.match(edgeWords(200, bootstrapMean(drawn(200, -1, 1), 1)), /^negative/);
});

test('ID-13 the more sets were tried, the less the best of them proves', () => {
  near(normalCdf(0), 0.5, 1e-7);
  near(normalCdf(1.959964), 0.975, 1e-6);
  const results = drawn(250, 0.15, 9).map(({ resultR }) => resultR);
  const one = deflatedSharpe(results, 1)!;
  const hundred = deflatedSharpe(results, 100)!;
  assert.equal(one.luck, 0);
  // the expected best of 100 standard normal draws is 2.53
  near(hundred.luck * Math.sqrt(249), 2.53, 0.02);
  assert.ok(hundred.probability < one.probability);
});

test('ID-13 a walk-forward split cuts days once each, oldest first', () => {
  const days = Array.from({ length: 10 }, (_, n) => `2026-01-${String(n + 10)}`);
  const folds = foldsOf(days, 4);
  assert.equal(folds.length, 4);
  assert.equal(folds[0]?.from, days[0]);
  assert.equal(folds.at(-1)?.to, days.at(-1));
  const results = days.map((day, n) => ({ day, resultR: n < 5 ? 1 : -1 }));
  const walked = walkForward(results, folds);
  assert.equal(
    walked.reduce((sum, fold) => sum + fold.trades, 0),
    10,
  );
  assert.equal(walked[0]?.averageR, 1);
  assert.equal(walked.at(-1)?.averageR, -1);
});

test('ID-12 labels are scored with the two costly errors named', () => {
  const pair = (predicted: string, actual: string) => ({ predicted, actual });
  const scores = scoreLabels([
    pair('trend_up', 'trend_up'),
    pair('trend_up', 'range'),
    pair('range', 'trend_down'),
    pair('range', 'range'),
  ]);
  near(scores.accuracy, 0.5);
  assert.equal(scores.rangeTakenForTrend, 1);
  assert.equal(scores.trendTakenForRange, 1);
  const up = scores.classes.find(({ label }) => label === 'trend_up');
  near(up?.precision ?? null, 0.5);
  near(up?.recall ?? null, 1);
  const down = scores.classes.find(({ label }) => label === 'trend_down');
  assert.equal(down?.precision, null);
  assert.equal(down?.recall, 0);
});
