import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDailyLookahead } from '#app/daily-lookahead.ts';
import { factorPanelOf } from '#core/backtest/daily/factor-basis.ts';
import { factorInputsOf, historyOf } from '#core/backtest/daily/factor-inputs.ts';
import type { DailyMarketCn } from '#core/backtest/daily/market.ts';
import { runDaily } from '#core/backtest/daily/run.ts';
import { FACTORS } from '#core/factors/registry.ts';
import { createRandom } from '#core/lib/random.ts';
import type { DailyStrategy } from '#core/strategies/daily-strategy.ts';
import { createFactorTop, type FactorTopParams } from '#core/strategies/factor-top/factor-top.ts';
import { EXECUTION, LIMITS, randomMarket } from '#test/support/daily-market.ts';

const DAYS = 60;
/** The short ones: a test needs no year. */
const SHORT = FACTORS.filter(({ history, name }) => history <= 21 && !name.startsWith('turn'));
const PARAMS: FactorTopParams = {
  ...{ top: 5, bufferRatio: 1.5, everyDays: 1, leastPrice: 1, leastAmount: 0 },
  boards: ['sse_main', 'szse_main', 'chinext', 'star'],
  mostWeightRatio: 1,
};

function indexOf(seed: number): Float64Array {
  const random = createRandom(`index/${seed}`);
  let level = 3000;
  return Float64Array.from({ length: DAYS }, () => {
    level *= 1 + 0.01 * random.normal();
    return level;
  });
}

function playWith(make: (market: DailyMarketCn, index: Float64Array | null) => DailyStrategy) {
  return (market: DailyMarketCn, index: Float64Array | null) =>
    runDaily({
      ...{ market, strategy: make(market, index), execution: EXECUTION, limits: LIMITS },
      ...{ cashMinor: 50_000_000, firstDay: historyOf(SHORT) - 1, lastDay: market.days - 1 },
    });
}

const factorTop = playWith((market, index) =>
  createFactorTop(factorInputsOf(market, index, SHORT, 0), PARAMS),
);

function check(seed: number, play: ReturnType<typeof playWith>) {
  const inputs = { facts: randomMarket(seed, 40, DAYS), index: indexOf(seed) };
  return checkDailyLookahead({ inputs, play, cuts: 12, seed });
}

test('ID-16 RL-04 no later day changes what factor-top decided, was filled or was worth', () => {
  for (const seed of [1, 2, 3, 4]) {
    const finding = check(seed, factorTop);
    assert.equal(finding.leaks, 0, JSON.stringify(finding.first));
    assert.ok(finding.compared > 100);
  }
});

test('ID-16 RL-04 a strategy that glances at the next day is found out', () => {
  const leaking = playWith((market, index) => {
    const honest = createFactorTop(factorInputsOf(market, index, SHORT, 0), PARAMS);
    return {
      ...honest,
      decide: (sight) => {
        const decision = honest.decide(sight);
        const tomorrow = (row: number) => market.panel.close[row * market.days + sight.day + 1]!;
        const rises = (row: number) => tomorrow(row) > sight.value('close', row, 0);
        return { ...decision, enter: decision.enter.filter(({ row }) => rises(row)) };
      },
    };
  });
  const finding = check(1, leaking);
  assert.ok(finding.leaks > 0 && finding.first !== null);
});

test('ID-16 RL-04 a rank that knows the whole history is found out', () => {
  const leaking = playWith((market, index) => {
    const inputs = factorInputsOf(market, index, SHORT, 0);
    const { firstDay, top } = inputs.scores;
    // how often a stock was among the best on any day, those to come included
    const often = new Int32Array(market.stocks);
    for (const order of top)
      for (const row of order.subarray(0, 10)) if (row >= 0) often[row]! += 1;
    const ranked = top.map((order) => {
      const known = [...order].filter((row) => row >= 0);
      known.sort((a, b) => often[b]! - often[a]!);
      return order.map((_, place) => known[place] ?? -1);
    });
    return createFactorTop({ ...inputs, scores: { firstDay, top: ranked } }, PARAMS);
  });
  assert.ok(check(2, leaking).leaks > 0);
});

test('DH-05 an ex-date is no fall to a factor, with terms and without, and no cell knows a later one', () => {
  const market = randomMarket(11, 30, DAYS);
  const panel = factorPanelOf(market, null);
  let exDates = 0;
  for (let row = 0; row < market.stocks; row += 1) {
    for (let d = 1; d < DAYS; d += 1) {
      const cell = row * DAYS + d;
      const [close, before] = [market.panel.close[cell]!, market.panel.close[cell - 1]!];
      const official = market.panel.previousClose[cell]!;
      if (!(close > 0 && before > 0)) continue;
      const change = panel.close[cell]! / panel.close[cell - 1]! - 1;
      if (before - official > 0.02) exDates += 1;
      // what the exchange itself counts as the day's change
      const expected = Math.abs(before - official) > 0.0101 ? close / official : close / before;
      assert.ok(Math.abs(change - (expected - 1)) < 1e-9, `row ${row} day ${d}: ${change}`);
    }
  }
  assert.ok(exDates > 10, `found ${exDates} ex-dates`);
});
