import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSorter, winsorizedRanks } from '#core/factors/cross-section.ts';
import { FACTOR_FIELDS, type FactorPanel, panelDays } from '#core/factors/panel.ts';
import { FACTORS } from '#core/factors/registry.ts';
import { scoreFactors } from '#core/factors/score.ts';
import { createStock, takeStock } from '#core/factors/stock-series.ts';
import { InvariantError } from '#core/lib/assert.ts';
import { createRandom } from '#core/lib/random.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import { naiveFactors, naiveRanks } from '../../support/naive-factors.ts';

/** A market of `stocks` over `days`; of every 400 cells about `missing` are not known, stock 0 stands still. */
function marketOf(seed: string, stocks: number, days: number, missing: number): FactorPanel {
  const random = createRandom(seed);
  const cells = () => new Float64Array(stocks * days);
  const panel = {
    days: Array.from({ length: days }, (_, d) => addCalendarDays('2024-01-01', d)),
    instruments: Array.from(
      { length: stocks },
      (_, i) => `${String(600_000 + i)}.SH` as InstrumentId,
    ),
    indexClose: new Float64Array(days),
    close: cells(),
    high: cells(),
    low: cells(),
    volume: cells(),
    amount: cells(),
    floatShares: cells(),
  };
  const closes = new Float64Array(stocks).fill(1000);
  let index = 3000;
  for (let d = 0; d < days; d += 1) {
    const market = 0.02 * (random.uniform() - 0.5);
    index *= 1 + market;
    panel.indexClose[d] = index;
    for (let i = 0; i < stocks; i += 1) {
      const at = i * days + d;
      const move = i === 0 ? 0 : market + 0.06 * (random.uniform() - 0.5);
      closes[i] = Math.round(closes[i]! * (1 + move));
      const close = closes[i]! / 100;
      panel.close[at] = close;
      panel.high[at] = close + Math.floor(random.uniform() * 30) / 100;
      panel.low[at] = close - Math.floor(random.uniform() * 30) / 100;
      panel.volume[at] = 100 * (1 + Math.floor(random.uniform() * 9000));
      panel.amount[at] = panel.volume[at]! * close;
      panel.floatShares[at] = 1e7 * (i + 1);
      for (const field of FACTOR_FIELDS)
        if (random.uniform() * 2400 < missing) panel[field][at] = Number.NaN;
    }
  }
  return panel;
}

function factorsOf(panel: FactorPanel, row: number): Float64Array[] {
  const stock = createStock(panel);
  takeStock(panel, row, stock);
  return FACTORS.map(({ compute }) => {
    const out = new Float64Array(panel.days.length);
    compute(stock, out);
    return out;
  });
}

test('DH-05 every factor is what its definition says, and not known where a day of its window is not', () => {
  const panel = marketOf('factors', 6, 90, 4);
  let known = 0;
  let unknown = 0;
  for (let row = 0; row < 6; row += 1) {
    const computed = factorsOf(panel, row);
    for (let d = 0; d < 90; d += 1) {
      for (const [n, expected] of naiveFactors(panel, row, d).entries()) {
        const found = computed[n]![d]!;
        const place = `${FACTORS[n]?.name} of stock ${row} on day ${d}`;
        if (expected === null) {
          assert.equal(Number.isFinite(found), false, `${place}: found ${found}`);
          unknown += 1;
          continue;
        }
        const tolerance = 1e-9 * Math.max(1, Math.abs(expected));
        // a deviation near 0 is the root of a difference
        const isNear = Math.abs(found - expected) <= (row === 0 ? 1e-7 : tolerance);
        assert.ok(isNear, `${place}: found ${found}, expected ${expected}`);
        known += 1;
        assert.ok(d >= FACTORS[n]!.history - 1, `${place}: known before its history`);
      }
    }
  }
  assert.ok(known > 1000 && unknown > 1000, `${known} known, ${unknown} not known`);
});

test('DH-05 a stock that stands still has no volatility at all, not a trace of rounding', () => {
  const [vol20, vol60] = [3, 4].map((n) => factorsOf(marketOf('still', 1, 80, 0), 0)[n]);
  assert.deepEqual([vol20?.[79], vol60?.[79]], [0, 0]);
});

test('DH-05 ranks are winsorized, ties share the mean of theirs, and what is not known has none', () => {
  const value = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    // differs beyond a 32-bit float alone
    fc.integer({ min: 0, max: 9 }).map((n) => 1 + n * 1e-12),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 0, -0),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 300, size: 'max' }), (values) => {
      const ranks = new Float64Array(values.length);
      const cells = Float64Array.from([...values, 7, 7]);
      winsorizedRanks(createSorter(values.length + 5), cells, 0, values.length, ranks);
      const expected = naiveRanks(values.map((one) => (Number.isFinite(one) ? one : null)));
      for (const [n, rank] of expected.entries()) {
        if (rank === null) assert.ok(Number.isNaN(ranks[n]));
        else assert.ok(Math.abs(ranks[n]! - rank) < 1e-12, `${n}: ${ranks[n]}, expected ${rank}`);
      }
    }),
    { numRuns: 300 },
  );
});

const MARKET = marketOf('scores', 40, 100, 1);
const ALL = scoreFactors(MARKET, { factors: FACTORS, firstDay: 0, top: 10 });

test('DH-05 a score is the signed mean of all ranks, none without all of them, and the best are named in order', () => {
  const stocks = 40;
  let named = 0;
  for (const d of [59, 60, 75, 99]) {
    const values = Array.from({ length: stocks }, (_, row) => factorsOf(MARKET, row));
    const ranks = FACTORS.map((_, n) =>
      naiveRanks(values.map((rows) => (Number.isFinite(rows[n]![d]!) ? rows[n]![d]! : null))),
    );
    const scores = Array.from({ length: stocks }, (_, row) => {
      const own = ranks.map((list) => list[row]!);
      if (own.some((rank) => rank === null)) return null;
      return own.reduce((total, rank, n) => total + FACTORS[n]!.sign * rank, 0) / FACTORS.length;
    });
    for (const [row, expected] of scores.entries()) {
      const found = ALL.scores[d * stocks + row]!;
      if (expected === null) assert.ok(Number.isNaN(found), `${row} on ${d}`);
      else assert.ok(Math.abs(found - expected) < 1e-12, `${row} on ${d}`);
    }
    const best = [...scores.keys()]
      .filter((row) => scores[row] !== null)
      .sort((a, b) => ALL.scores[d * stocks + b]! - ALL.scores[d * stocks + a]! || a - b);
    const expected = Array.from({ length: 10 }, (_, n) => best[n] ?? -1);
    assert.deepEqual([...ALL.top[d]!], expected);
    named += best.length;
  }
  assert.ok(named > 50, `${named} scores`);
});

test('ID-16 a later day changes no score, and history before a window changes none either', () => {
  for (const d of [60, 77, 99]) {
    const until = panelDays(MARKET, 0, d + 1);
    const cut = scoreFactors(until, { factors: FACTORS, firstDay: 0, top: 10 });
    assert.deepEqual(cut.scores, ALL.scores.slice(0, (d + 1) * 40));
    // the night's job: the days a score needs, its last day alone
    const night = panelDays(MARKET, d - 60, d + 1);
    const last = scoreFactors(night, { factors: FACTORS, firstDay: 60, top: 10 });
    assert.deepEqual(last.scores, ALL.scores.slice(d * 40, (d + 1) * 40));
    assert.deepEqual(last.top, [ALL.top[d]]);
  }
  assert.throws(() => panelDays(MARKET, 90, 101), InvariantError);
});

test('DH-05 a few days alone score as they do among all days, to the last bit', () => {
  for (const missing of [0, 0.3, 4]) {
    const panel = marketOf(`few/${missing}`, 40, 75, missing);
    const all = scoreFactors(panel, { factors: FACTORS, firstDay: 0, top: 10 });
    for (const count of [1, 2, 3, 4, 5, 12]) {
      const firstDay = 75 - count;
      const few = scoreFactors(panel, { factors: FACTORS, firstDay, top: 10 });
      assert.deepEqual(few.scores, all.scores.slice(firstDay * 40), `${count} days`);
      assert.deepEqual(few.top, all.top.slice(firstDay));
    }
  }
});
