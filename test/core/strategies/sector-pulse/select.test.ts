import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ReasonCode } from '#core/gates/reason.ts';
import { countLimits } from '#core/indicators/breadth.ts';
import { sumOfLargest } from '#core/lib/rank.ts';
import type { DailyHistory, MarketSnapshot, StockTable } from '#core/market/whole-market.ts';
import { STOCK_FLAGS } from '#core/market/whole-market.ts';
import type { MarketInputs } from '#core/strategies/sector-pulse/figures.ts';
import { scoreSectors, topSectors } from '#core/strategies/sector-pulse/select-sectors.ts';
import { selectStocks, strengthColumns } from '#core/strategies/sector-pulse/select-stocks.ts';
import { historyFault, stockColumns } from '#core/strategies/sector-pulse/stock-columns.ts';
import { naiveCandidates, naiveFigures, naiveMarketOf } from '#test/support/naive-sector-pulse.ts';
import { PULSE_BEFORE, PULSE_DAY, pulseMarket, pulseParams } from '#test/support/pulse-market.ts';

const PARAMS = pulseParams();

function indexReturn(inputs: MarketInputs): number {
  const closes = inputs.composite!.closes;
  return closes.at(-1)! / closes.at(-21)! - 1;
}

function columnsOf(inputs: MarketInputs) {
  const averageDays = PARAMS.sectors.averageDays;
  return stockColumns(inputs.history!, PULSE_DAY, { ...PARAMS.stocks, averageDays });
}

function scoresOf(inputs: MarketInputs, topBefore: readonly string[] | null = null) {
  const { table, snapshot } = inputs;
  const columns = columnsOf(inputs);
  return scoreSectors(
    { table, snapshot: snapshot!, columns, indexReturn: indexReturn(inputs), topBefore },
    PARAMS.sectors,
  );
}

function select(
  inputs: MarketInputs,
  o: {
    readonly stance?: 'attack' | 'hold' | 'watch';
    readonly isBeforeClosure?: boolean | null;
  } = {},
) {
  const { table, snapshot, history } = inputs;
  const columns = columnsOf(inputs);
  const weights = PARAMS.stocks.weights[o.stance ?? 'attack'];
  return selectStocks(
    {
      table,
      snapshot: snapshot!,
      history: history!,
      columns,
      strength: strengthColumns(table, columns, weights, PARAMS.stocks),
      topSectors: topSectors(scoresOf(inputs), PARAMS.sectors.top),
      isBeforeClosure: o.isBeforeClosure === undefined ? false : o.isBeforeClosure,
    },
    PARAMS.stocks,
  );
}

const MARKET = pulseMarket();
const watched = (inputs: MarketInputs) =>
  select(inputs).candidates.filter(({ reasons }) => reasons.length === 0);

test('SP-06 three sectors lead, each weighed by five components ranked across the sectors', () => {
  const scores = scoresOf(MARKET, ['sector 03']);
  assert.deepEqual(
    scores.map(({ rank }) => rank),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  );
  assert.equal(topSectors(scores, 3).length, 3);
  for (const score of scores) {
    const weighed =
      0.4 * score.strength.rank! +
      0.25 * score.breadth.rank! +
      0.2 * score.leadership.rank! +
      0.1 * score.fundShare.rank! +
      0.05 * score.continuity.rank!;
    assert.ok(Math.abs(weighed - score.score!) < 1e-12);
  }
  assert.equal(scores.find(({ sector }) => sector === 'sector 03')?.continuity.rank, 1);
});

test('SP-06 a sector of nine members, or without an index to compare with, is left out', () => {
  const small = pulseMarket({ stocks: 119, sectors: 12 }); // sector 11 has nine
  const found = scoresOf(small).find(({ sector }) => sector === 'sector 11');
  assert.deepEqual([found?.members, found?.rank, found?.score], [9, null, null]);
  const { table, snapshot } = MARKET;
  const blind = { table, snapshot: snapshot!, columns: columnsOf(MARKET), indexReturn: null };
  assert.deepEqual(topSectors(scoreSectors({ ...blind, topBefore: null }, PARAMS.sectors), 3), []);
});

test('SP-06 ranks 3 to 5 are taken; who left where is counted', () => {
  const { candidates, funnel } = select(MARKET);
  const stages = Object.fromEntries(funnel.map(({ stage, left }) => [stage, left]));
  assert.equal(stages['universe'], 600);
  assert.equal(stages['top_sectors'], candidates.length);
  assert.equal(stages['rank_range'], 9);
  assert.ok(stages['quota']! > 0, 'somebody is left, or the test shows nothing');
  assert.ok(stages['quota']! <= 5);
  assert.equal(stages['quota'], watched(MARKET).length);
  for (const { rank, strength, sectorRank } of watched(MARKET)) {
    assert.ok(rank >= 3 && rank <= 5 && strength! >= 0.75 && sectorRank <= 3);
  }
  const inside = candidates.filter(({ sectorRank }) => sectorRank === 1);
  assert.deepEqual(
    inside.map(({ strength }) => strength),
    [...inside].map(({ strength }) => strength).sort((a, b) => b! - a!),
  );
});

/** The market with one change to the first watched stock. */
function withStock(
  change: (
    row: number,
    market: { table: StockTable; snapshot: MarketSnapshot; history: DailyHistory },
  ) => void,
): ReadonlySet<ReasonCode> {
  const inputs = pulseMarket();
  const first = watched(inputs)[0]!;
  const { table, snapshot, history } = inputs;
  change(table.instruments.indexOf(first.instrument), {
    table,
    snapshot: snapshot!,
    history: history!,
  });
  const after = select(inputs).candidates.find((one) => one.instrument === first.instrument);
  return new Set(after?.reasons.map(({ code }) => code));
}

test('SP-06 every filter names its reason', () => {
  const only = (...codes: ReasonCode[]) => new Set(codes);
  assert.deepEqual(
    withStock(() => {}),
    only(),
  );
  assert.deepEqual(
    withStock((row, m) => {
      m.table.flags[row] = STOCK_FLAGS.st;
    }),
    only('st'),
  );
  assert.deepEqual(
    withStock((row, m) => {
      m.table.flags[row] = STOCK_FLAGS.suspended;
    }),
    only('suspended'),
  );
  assert.deepEqual(
    withStock((row, m) => {
      m.table.flags[row] = STOCK_FLAGS.exDateOpen;
    }),
    only('ex_date_unknown'),
  );
  assert.deepEqual(
    withStock((row, m) => {
      m.snapshot.last[row] = m.snapshot.limitUp[row]!;
    }),
    only('limit_up'),
  );
  assert.deepEqual(
    withStock((row, m) => {
      m.table.listedDays[row] = 59;
    }),
    only('new_listing'),
  );
  assert.deepEqual(
    withStock((row, m) => {
      m.table.listedDays[row] = Number.NaN;
    }),
    only('new_listing'),
  );
  assert.deepEqual(
    withStock((row, m) => {
      m.snapshot.last[row] = Number.NaN;
    }),
    only('intraday_missing'),
  );
  assert.deepEqual(
    withStock((row, m) => {
      m.snapshot.previousClose[row] = m.snapshot.previousClose[row]! * 0.97;
    }),
    only('ex_date_unknown'),
  );
});

test('SP-06 turnover has a floor and a ceiling; an unknown one refuses', () => {
  const turnoverTimes = (factor: number) =>
    withStock((row, { history }) => {
      const width = history.days.length;
      for (let d = width - 10; d < width; d += 1) history.turnover[row * width + d]! *= factor;
    });
  assert.ok(turnoverTimes(0.05).has('turnover_below_min'));
  assert.ok(turnoverTimes(60).has('turnover_above_max'));
  const unknown = turnoverTimes(Number.NaN);
  assert.ok(unknown.has('turnover_below_min') && unknown.has('strength_below_min'));
});

test('SP-06 the most traded are penalized by a tenth, not thrown out', () => {
  const columns = columnsOf(MARKET);
  const weights = PARAMS.stocks.weights.attack;
  const strength = strengthColumns(MARKET.table, columns, weights, PARAMS.stocks);
  const passing = [...columns.turnover].filter((value) => value >= 5e8).sort((a, b) => a - b);
  const p95 = passing[Math.floor((passing.length - 1) * 0.95)]!;
  assert.ok(strength.penaltyAbove >= Math.max(1e9, p95));
  let seen = 0;
  for (const [row, turnover] of columns.turnover.entries()) {
    const plain =
      weights.returnWeight * strength.returnPercentile[row]! +
      weights.volumeWeight * strength.volumePercentile[row]! +
      weights.liftWeight * strength.liftPercentile[row]!;
    const factor = turnover > strength.penaltyAbove ? 0.9 : 1;
    if (factor < 1) seen += 1;
    assert.ok(Math.abs(strength.adjusted[row]! - plain * factor) < 1e-12);
  }
  assert.ok(seen > 0);
});

test('SP-06 at most two of a sector and five at a checkpoint', () => {
  const loose = { ...PARAMS.stocks, rankFrom: 1, rankThrough: 40, strengthMin: 0, turnoverMin: 0 };
  const { table, snapshot, history } = MARKET;
  const columns = columnsOf(MARKET);
  const { candidates } = selectStocks(
    {
      table,
      snapshot: snapshot!,
      history: history!,
      columns,
      strength: strengthColumns(table, columns, loose.weights.attack, loose),
      topSectors: topSectors(scoresOf(MARKET), 3),
      isBeforeClosure: false,
    },
    loose,
  );
  const taken = candidates.filter(({ reasons }) => reasons.length === 0);
  assert.deepEqual(
    taken.map(({ sectorRank }) => sectorRank),
    [1, 1, 2, 2, 3],
  );
  const codes = new Set(candidates.flatMap(({ reasons }) => reasons.map(({ code }) => code)));
  assert.ok(codes.has('sector_quota') && codes.has('checkpoint_quota'));
});

test('SP-06 no entry on the last session before a long closure, nor when the calendar does not tell', () => {
  for (const isBeforeClosure of [true, null]) {
    const { candidates, funnel } = select(MARKET, { isBeforeClosure });
    assert.ok(candidates.every(({ reasons }) => reasons.some((r) => r.code === 'before_closure')));
    assert.equal(funnel.at(-1)?.left, 0);
  }
});

test('SP-06 the stance weighs strength differently', () => {
  const order = (stance: 'attack' | 'watch') =>
    select(MARKET, { stance }).candidates.map(({ instrument }) => instrument);
  assert.notDeepEqual(order('attack'), order('watch'));
});

test('SP-06 a history that does not end the day before is not used', () => {
  const { history } = MARKET;
  assert.equal(historyFault(history, PULSE_BEFORE, PULSE_DAY), null);
  assert.equal(historyFault(history, PULSE_DAY, '2026-11-19')?.code, 'history_old');
  assert.equal(historyFault(null, PULSE_BEFORE, PULSE_DAY)?.code, 'no_data');
});

test('SP-01 SP-06 the columns agree with the rules written out over objects', () => {
  const options = fc.record({
    seed: fc.nat().map(String),
    stocks: fc.integer({ min: 40, max: 160 }),
    sectors: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(
    fc.property(options, fc.integer({ min: 0, max: 15 }), (o, flag) => {
      const inputs = pulseMarket({ ...o, days: 70 });
      inputs.table.flags[flag % o.stocks] = flag;
      inputs.snapshot!.last[(flag * 7) % o.stocks] = 0;
      const naive = naiveMarketOf(inputs);
      const figures = naiveFigures(naive);
      const counts = countLimits(inputs.table, inputs.snapshot!);
      assert.deepEqual([counts.up, counts.down], [figures.up, figures.down]);
      const turnover = inputs.snapshot!.turnover;
      const total = turnover.reduce((sum, one) => sum + one, 0);
      assert.ok(Math.abs(sumOfLargest(turnover, 20) / total - figures.top) < 1e-9);
      const expected = naiveCandidates(naive, [], PARAMS.stocks.weights.attack, PARAMS);
      const found = select(inputs).candidates;
      assert.deepEqual(
        found.map(({ instrument, rank, reasons }) => [
          instrument,
          rank,
          reasons.map((r) => r.code),
        ]),
        expected.map(({ id, rank, codes }) => [id, rank, codes]),
      );
    }),
    { numRuns: 25 },
  );
});
