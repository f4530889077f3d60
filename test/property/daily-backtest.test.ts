import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DailyExecution } from '#core/backtest/daily/execution.ts';
import { type DailyMarketCn, limitsOnDay } from '#core/backtest/daily/market.ts';
import {
  dailyReturns,
  figuresOfDays,
  tradesOf,
  yearsOfDays,
} from '#core/backtest/daily/results.ts';
import { type DailyOutcome, runDaily } from '#core/backtest/daily/run.ts';
import { createRandom } from '#core/lib/random.ts';
import { notionalMinor } from '#core/market/money.ts';
import type { DailyStrategy } from '#core/strategies/daily-strategy.ts';
import { EXECUTION, randomMarket } from '#test/support/daily-market.ts';

const CASH = 30_000_000;

/** Enters and leaves what the dice say, sometimes what it holds already or wants far too much of. */
function dicing(seed: number, stocks: number): DailyStrategy {
  const random = createRandom(`dicing/${seed}`);
  const some = () => Math.floor(random.uniform() * stocks);
  return {
    warmUpDays: 0,
    decide: ({ held }) => ({
      leave: held.filter(() => random.uniform() < 0.3),
      enter: [some(), some(), some()].map((row) => {
        return { row, valueMinor: Math.floor(8_000_000 * random.uniform() ** 2) };
      }),
      note: '',
    }),
  };
}

type Case = {
  readonly seed: number;
  readonly stocks: number;
  readonly days: number;
  readonly execution: DailyExecution;
};

const cases: fc.Arbitrary<Case> = fc.record({
  seed: fc.nat(1_000_000),
  stocks: fc.integer({ min: 1, max: 12 }),
  days: fc.integer({ min: 2, max: 40 }),
  execution: fc.record({
    fillAt: fc.constantFrom('open' as const, 'close' as const),
    commission: fc.record({
      rate: fc.constantFrom(0, 0.00025, 0.003),
      minimumMinor: fc.constantFrom(0, 500),
    }),
    slippageBps: fc.constantFrom(0, 5, 100),
    volumeCapRatio: fc.constantFrom(0.001, 0.1, 1),
    dividendTaxRatio: fc.constantFrom(0, 0.2),
  }),
});

function played({ seed, stocks, days, execution }: Case) {
  const market = randomMarket(seed, stocks, days);
  const limits = { mostPositions: 4, mostWeightRatio: 0.4 };
  const strategy = dicing(seed, stocks);
  const run = { market, strategy, execution, limits, cashMinor: CASH };
  return { market, outcome: runDaily({ ...run, firstDay: 0, lastDay: days - 1 }) };
}

const feesOf = (fill: DailyOutcome['fills'][number]) =>
  fill.commissionMinor + fill.stampMinor + fill.transferMinor;

/** Shares of a row bought before a day, with what ex-dates up to it brought, less what was sold before it. */
function sellableBefore(outcome: DailyOutcome, row: number, day: number): number {
  let shares = 0;
  for (const fill of outcome.fills)
    if (fill.row === row && fill.day < day)
      shares += fill.side === 'buy' ? fill.quantity : -fill.quantity;
  for (const one of outcome.exDates) if (one.row === row && one.day <= day) shares += one.newShares;
  return shares;
}

function checkFills(market: DailyMarketCn, outcome: DailyOutcome, execution: DailyExecution) {
  for (const fill of outcome.fills) {
    const { row, day, side, price, quantity, auctionPrice } = fill;
    const cell = row * market.days + day;
    const place = `${side} of row ${row} on day ${day}`;
    assert.ok(market.panel.close[cell]! > 0, `${place}: without a bar`);
    const limits = limitsOnDay(market, row, day);
    if (side === 'buy') assert.notEqual(limits.kind, 'unknown', `${place}: limits unknown`);
    if (limits.kind === 'limits') {
      assert.ok(price <= limits.up + 1e-9 && price >= limits.down - 1e-9, `${place} at ${price}`);
      // who buys at the upper limit stands in a queue, whoever sells at the lower one as well
      if (side === 'buy') assert.ok(auctionPrice < limits.up - 1e-9, `${place}: sealed`);
      else assert.ok(auctionPrice > limits.down + 1e-9, `${place}: sealed`);
    }
    const { rate, minimumMinor } = execution.commission;
    const turnover = notionalMinor(price, quantity);
    assert.ok(fill.commissionMinor >= minimumMinor, `${place}: commission`);
    assert.ok(fill.commissionMinor >= Math.floor(turnover * rate), `${place}: commission`);
    assert.equal(fill.stampMinor > 0, side === 'sell' && turnover >= 1_000, `${place}: stamp tax`);
    const most = market.panel.volume[cell]! * execution.volumeCapRatio;
    assert.ok(quantity <= most + 1e-6, `${place}: ${quantity} of ${most}`);
    const isStar = market.boards[row] === 'star';
    if (side === 'buy') assert.equal(isStar ? quantity >= 200 : quantity % 100 === 0, true, place);
    if (side === 'sell')
      assert.ok(quantity <= sellableBefore(outcome, row, day), `${place}: bought that day`);
  }
}

test('RL-04 whatever is ordered: no fill beyond limits, volume or lots, none without fees, none of shares of the day', () => {
  let fills = 0;
  const reasons = new Set<string>();
  fc.assert(
    fc.property(cases, (given) => {
      const { market, outcome } = played(given);
      checkFills(market, outcome, given.execution);
      fills += outcome.fills.length;
      for (const { reason } of outcome.unfilled) reasons.add(reason);
    }),
    { numRuns: 300, seed: 1 },
  );
  // the property is about something: orders of every kind of obstacle were among them
  assert.ok(fills > 5_000, `found ${fills} fills`);
  for (const reason of [
    'below_lot',
    'cash_short',
    'limit_down',
    'limit_up',
    'limits_unknown',
    'one_price_limit_down',
    'one_price_limit_up',
    'position_limit',
    'suspended',
    'volume_cap',
  ])
    assert.ok(reasons.has(reason), `found no ${reason}`);
});

test('RL-04 money is conserved: cash is what came in less what went out, never below zero, and never that of the day', () => {
  fc.assert(
    fc.property(cases, (given) => {
      const { outcome } = played(given);
      let cash = CASH;
      for (let day = 0; day < outcome.days.length; day += 1) {
        let spendable = cash;
        for (const one of outcome.exDates) if (one.day === day) cash += one.cashMinor;
        for (const fill of outcome.fills) {
          if (fill.day !== day) continue;
          const worth = notionalMinor(fill.price, fill.quantity);
          if (fill.side === 'buy') spendable -= worth + feesOf(fill);
          cash += (fill.side === 'sell' ? worth : -worth) - feesOf(fill);
        }
        assert.ok(spendable >= 0, `day ${day}: ${spendable} beyond settled cash`);
        assert.equal(outcome.cashMinor[day], cash, `day ${day}`);
        assert.ok(cash >= 0 && outcome.positions[day]! <= 4);
      }
    }),
    { numRuns: 300, seed: 2 },
  );
});

test('RL-04 the results of all trades are the change of the equity, and the years those of the whole', () => {
  fc.assert(
    fc.property(cases, (given) => {
      const { outcome } = played(given);
      const result = tradesOf(outcome).reduce((sum, trade) => sum + trade.resultMinor, 0);
      const count = outcome.days.length;
      assert.equal(outcome.equityMinor[count - 1], CASH + result);
      const all = figuresOfDays(outcome, 'all', [0, count], CASH, null);
      const years = yearsOfDays(outcome, CASH, null);
      const grown = years.reduce((value, { returnRatio }) => value * (1 + returnRatio), 1);
      assert.ok(Math.abs(grown - 1 - all.returnRatio) < 1e-9);
      const compounded = dailyReturns(outcome).reduce((value, one) => value * (1 + one), 1);
      const last = outcome.equityMinor[count - 1]!;
      assert.ok(Math.abs(compounded - last / outcome.equityMinor[0]!) < 1e-9);
      assert.ok(all.fall.ratio <= 0 && all.fall.ratio >= -1);
    }),
    { numRuns: 200, seed: 3 },
  );
});

test('RL-04 with nothing taken and no move of prices an account stays what it is', () => {
  const market = randomMarket(7, 6, 30);
  const { close } = market.panel;
  for (let row = 0; row < market.stocks; row += 1) {
    const price = close.subarray(row * 30, row * 30 + 30).find((value) => value > 0)!;
    for (let d = 0; d < 30; d += 1) {
      const cell = row * 30 + d;
      if (!(close[cell]! > 0)) continue;
      for (const field of ['open', 'high', 'low', 'close', 'previousClose'] as const)
        market.panel[field][cell] = price;
    }
  }
  const free = { rate: 0, minimumMinor: 0 };
  const outcome = runDaily({
    ...{ market: { ...market, terms: new Map() }, strategy: dicing(7, 6) },
    execution: { ...EXECUTION, commission: free },
    ...{ limits: { mostPositions: 4, mostWeightRatio: 1 }, cashMinor: CASH },
    ...{ firstDay: 0, lastDay: 29 },
  });
  const taxes = outcome.fills.reduce((sum, fill) => sum + feesOf(fill), 0);
  assert.ok(outcome.fills.length > 10 && taxes > 0);
  assert.equal(outcome.equityMinor[29], CASH - taxes);
});
