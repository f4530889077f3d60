import assert from 'node:assert/strict';
import { test } from 'node:test';
import { executeDaily } from '#core/backtest/daily/execution.ts';
import type { DailyMarketFacts } from '#core/backtest/daily/market.ts';
import { tradesOf } from '#core/backtest/daily/results.ts';
import { type DailyOutcome, type DailyRun, runDaily } from '#core/backtest/daily/run.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { ExTerms } from '#core/portfolio/ex-date.ts';
import {
  type BarOf,
  EXECUTION,
  flat,
  LIMITS,
  marketOfBars,
  type Plan,
  planned,
  weekdays,
} from '#test/support/daily-market.ts';

const CASH = 10_000_000;
const BUY: Plan[number] = { enter: [{ row: 0, valueMinor: 5_000_000 }] };
const LEAVE: Plan[number] = { leave: [0] };

function play(
  bars: readonly BarOf[] | Readonly<Record<InstrumentId, readonly BarOf[]>>,
  plan: Plan,
  more: Partial<DailyRun> & { readonly facts?: Partial<DailyMarketFacts> & { from?: string } } = {},
): DailyOutcome {
  const { facts, ...rest } = more;
  const given = Array.isArray(bars) ? { '600000.SH': bars as readonly BarOf[] } : bars;
  const market = marketOfBars(given as Readonly<Record<InstrumentId, readonly BarOf[]>>, facts);
  return runDaily({
    ...{ market, strategy: planned(plan), execution: EXECUTION, limits: LIMITS },
    ...{ cashMinor: CASH, firstDay: 0, lastDay: market.days - 1 },
    ...rest,
  });
}

const shown = ({ fills }: DailyOutcome) =>
  fills.map(({ side, day, quantity, price }) => `${side} ${day} ${quantity} @ ${price}`);
const refused = ({ unfilled }: DailyOutcome) =>
  unfilled.map(({ side, day, quantity, reason }) => `${side} ${day} ${quantity} ${reason}`);

test('RL-04 what a close decides is bought at the next open, in whole lots, for what was known before it', () => {
  const bars: BarOf[] = [flat(10), [10.2, 10.4, 10.1, 10.3, 10, 1_000_000], flat(10.3)];
  const outcome = play(bars, { 0: BUY });
  // 50,000 yuan at the close before of 10 are 5,000 shares, whatever the open is
  assert.deepEqual(shown(outcome), ['buy 1 5000 @ 10.2']);
  const fees = 1_275 + 51;
  assert.equal(outcome.cashMinor[1], CASH - 5_100_000 - fees);
  assert.equal(outcome.equityMinor[1], CASH - 5_100_000 - fees + 5_150_000);
});

test('RL-04 with fills at the close the next close is paid', () => {
  const bars: BarOf[] = [flat(10), [10.2, 10.4, 10.1, 10.3, 10, 1_000_000]];
  const outcome = play(bars, { 0: BUY }, { execution: { ...EXECUTION, fillAt: 'close' } });
  assert.deepEqual(shown(outcome), ['buy 1 5000 @ 10.3']);
});

test('RL-04 slippage is paid on the grid and never beyond the limit', () => {
  const execution = { ...EXECUTION, slippageBps: 50 };
  const bars: BarOf[] = [flat(10), flat(10.2, 10), [10.98, 11, 10.9, 11, 10.2, 1_000_000]];
  const outcome = play(bars, { 0: BUY, 1: LEAVE }, { execution });
  assert.deepEqual(shown(outcome), ['buy 1 5000 @ 10.26', 'sell 2 5000 @ 10.92']);
  const near: BarOf[] = [flat(10), [10.99, 11, 10.8, 10.9, 10, 1_000_000]];
  assert.deepEqual(shown(play(near, { 0: BUY }, { execution })), ['buy 1 5000 @ 11']);
});

test('RL-04 a board that opens at its limit is out of reach, and a one-price board is told apart', () => {
  const up: BarOf[] = [flat(10), flat(11, 10), [12.1, 12.1, 11.5, 11.8, 11, 1_000_000]];
  assert.deepEqual(refused(play(up, { 0: BUY, 1: BUY })), [
    'buy 1 5000 one_price_limit_up',
    'buy 2 4545 limit_up',
  ]);
  const down: BarOf[] = [flat(10), flat(10), flat(9, 10), [8.1, 8.6, 8.1, 8.5, 9, 1e6], flat(8.5)];
  const outcome = play(down, { 0: BUY, 1: LEAVE, 2: LEAVE, 3: LEAVE });
  assert.deepEqual(refused(outcome), [
    'sell 2 5000 one_price_limit_down',
    'sell 3 5000 limit_down',
  ]);
  assert.deepEqual(shown(outcome), ['buy 1 5000 @ 10', 'sell 4 5000 @ 8.5']);
});

test('RL-04 the limit follows board, status and date', () => {
  const sealed = (id: InstrumentId, price: number, status: 'normal' | 'st', from?: string) => {
    const standings = [{ instrument: id, from: '2000-01-01', status, listedOn: '2000-01-01' }];
    const facts = { standings, ...(from === undefined ? {} : { from }) };
    return refused(play({ [id]: [flat(10), flat(price, 10)] }, { 0: BUY }, { facts }))[0];
  };
  assert.match(sealed('600000.SH', 11, 'normal') ?? '', /one_price_limit_up/);
  assert.match(sealed('600000.SH', 10.5, 'st') ?? '', /one_price_limit_up/);
  assert.equal(sealed('600000.SH', 10.5, 'normal'), undefined);
  // main boards' ST shares have limits of 10 % from 2026-07-06 on
  assert.equal(sealed('600000.SH', 10.5, 'st', '2026-07-06'), undefined);
  assert.match(sealed('688001.SH', 12, 'normal') ?? '', /one_price_limit_up/);
  assert.match(sealed('300001.SZ', 12, 'normal') ?? '', /one_price_limit_up/);
  assert.equal(sealed('300001.SZ', 11, 'normal'), undefined);
});

test('RL-04 without a bar nothing trades, and the holding keeps its worth', () => {
  const bars: BarOf[] = [flat(10), flat(10), null, null, flat(9.5, 10)];
  const outcome = play(bars, { 0: BUY, 1: LEAVE, 2: LEAVE, 3: LEAVE });
  assert.deepEqual(refused(outcome), ['sell 2 5000 suspended', 'sell 3 5000 suspended']);
  assert.equal(outcome.equityMinor[2], outcome.equityMinor[1]);
  assert.deepEqual(shown(outcome), ['buy 1 5000 @ 10', 'sell 4 5000 @ 9.5']);
  assert.deepEqual(refused(play([flat(10), null], { 0: BUY })), ['buy 1 5000 suspended']);
});

test('RL-04 money of a sale buys on the day after at the earliest', () => {
  const days = [10, 10, 10, 10].map((price) => flat(price));
  const bars = { '600000.SH': days, '600001.SH': days } as const;
  const other = [{ row: 1, valueMinor: 9_000_000 }];
  const plan: Plan = {
    0: { enter: [{ row: 0, valueMinor: 9_000_000 }] },
    1: { leave: [0], enter: other },
    2: { enter: other },
  };
  const outcome = play(bars, plan);
  assert.deepEqual(shown(outcome), [
    'buy 1 9000 @ 10',
    'sell 2 9000 @ 10',
    // a tenth of the money was settled
    'buy 2 900 @ 10',
    'buy 3 9000 @ 10',
  ]);
  assert.deepEqual(refused(outcome), ['buy 2 8100 cash_short']);
});

test('RL-04 an order takes its share of the volume, a STAR board starts at 200 and goes on by one', () => {
  const execution = { ...EXECUTION, volumeCapRatio: 0.1 };
  const thin: BarOf[] = [flat(10), flat(10, 10, 12_345)];
  const outcome = play(thin, { 0: BUY }, { execution });
  assert.deepEqual(shown(outcome), ['buy 1 1200 @ 10']);
  assert.deepEqual(refused(outcome), ['buy 1 3800 volume_cap']);
  const star = { '688001.SH': thin };
  assert.deepEqual(shown(play(star, { 0: BUY }, { execution })), ['buy 1 1234 @ 10']);
  const dear = { '688001.SH': [flat(300), flat(300)] };
  assert.deepEqual(refused(play(dear, { 0: BUY })), ['buy 1 166 below_lot']);
});

test('RL-04 a share has its part of the account and the account its number of shares', () => {
  const days = [flat(10), flat(10), flat(10)];
  const bars = { '600000.SH': days, '600001.SH': days, '600002.SH': days };
  const enter = [0, 1, 2].map((row) => ({ row, valueMinor: 3_000_000 }));
  const limits = { mostPositions: 2, mostWeightRatio: 0.25 };
  const outcome = play(bars, { 0: { enter }, 1: { enter: enter.slice(0, 1) } }, { limits });
  assert.deepEqual(shown(outcome), ['buy 1 2500 @ 10', 'buy 1 2500 @ 10']);
  assert.deepEqual(refused(outcome), [
    'buy 1 500 position_limit',
    'buy 1 500 position_limit',
    'buy 1 3000 position_limit',
    // nothing is added to what has its part already
    'buy 2 3000 position_limit',
  ]);
});

test('RL-04 each order pays the least commission, a sale the stamp tax of its day', () => {
  const small: Plan[number] = { enter: [{ row: 0, valueMinor: 100_000 }] };
  const bars = [10, 10, 10].map((price) => flat(price));
  const feesFrom = (from: string) => {
    const { fills } = play(bars, { 0: small, 1: LEAVE }, { facts: { from } });
    return fills.map(({ commissionMinor, stampMinor, transferMinor }) => [
      commissionMinor,
      stampMinor,
      transferMinor,
    ]);
  };
  // 1,000 yuan: 0.25 yuan of commission by rate, 5 at least; stamp tax of a sale 1 yuan, later half
  assert.deepEqual(feesFrom('2023-08-21'), [
    [500, 0, 1],
    [500, 100, 1],
  ]);
  assert.deepEqual(feesFrom('2023-08-28'), [
    [500, 0, 1],
    [500, 50, 1],
  ]);
  assert.deepEqual(feesFrom('2022-04-18')[1], [500, 100, 2]);
});

const terms = (part: Partial<ExTerms>): ExTerms & { instrument: InstrumentId } => ({
  instrument: '600000.SH',
  exDate: weekdays(3)[2]!,
  ...{ cashPerShare: 0, newSharesPerShare: 0, rightsPerShare: 0, rightsPrice: 0 },
  ...part,
});

test('RL-04 a dividend with new shares changes neither the worth nor the result of a holding', () => {
  const actions = [terms({ cashPerShare: 0.5, newSharesPerShare: 0.5 })];
  const bars: BarOf[] = [flat(11), flat(11), flat(7, 7), flat(7)];
  const plan: Plan = { 0: { enter: [{ row: 0, valueMinor: 5_500_000 }] }, 2: LEAVE };
  const outcome = play(bars, plan, { facts: { actions } });
  assert.equal(outcome.exDates[0]?.kind, 'confirmed');
  assert.equal(outcome.equityMinor[2], outcome.equityMinor[1]);
  // the new shares are sold with the old ones
  assert.deepEqual(shown(outcome), ['buy 1 5000 @ 11', 'sell 3 7500 @ 7']);
  const [trade] = tradesOf(outcome);
  assert.equal(trade?.dividendsMinor, 250_000);
  assert.equal(trade?.resultMinor, -(trade?.feesMinor ?? 0));
});

test('RL-04 the tax on a dividend is taken off, and its money is spent on the next day at the earliest', () => {
  const actions = [terms({ cashPerShare: 1 })];
  const execution = { ...EXECUTION, dividendTaxRatio: 0.2 };
  const bars = { '600000.SH': [flat(11), flat(11), flat(10), flat(10)] };
  const all: Plan = {
    0: { enter: [{ row: 0, valueMinor: 9_900_000 }] },
    1: { enter: [{ row: 0, valueMinor: 600_000 }] },
    2: { enter: [{ row: 0, valueMinor: 600_000 }] },
  };
  const outcome = play(bars, all, { facts: { actions }, execution });
  const [booked] = outcome.exDates;
  assert.deepEqual([booked?.cashMinor, booked?.taxMinor], [720_000, 180_000]);
  assert.deepEqual(shown(outcome), ['buy 1 9000 @ 11', 'buy 3 600 @ 10']);
  assert.match(refused(outcome)[0] ?? '', /^buy 2 600 cash_short/);
});

test('RL-04 rights that are not taken up cost their part of the price', () => {
  const actions = [terms({ rightsPerShare: 0.3, rightsPrice: 6 })];
  const bars: BarOf[] = [flat(11), flat(11), flat(9.85, 9.85)];
  const plan: Plan = { 0: { enter: [{ row: 0, valueMinor: 5_500_000 }] } };
  const outcome = play(bars, plan, { facts: { actions } });
  assert.deepEqual(
    outcome.exDates.map(({ kind, newShares, cashMinor }) => [kind, newShares, cashMinor]),
    [['confirmed', 0, 0]],
  );
  assert.equal(outcome.equityMinor[2], outcome.equityMinor[1]! - 5_000 * 115);
});

test('RL-04 a previous close that no terms explain is taken for cash where it fell, and told', () => {
  const fell: BarOf[] = [flat(11), flat(11), flat(10.5, 10.5)];
  const plan: Plan = { 0: { enter: [{ row: 0, valueMinor: 5_500_000 }] } };
  const outcome = play(fell, plan);
  assert.deepEqual(
    outcome.exDates.map(({ kind, cashMinor }) => [kind, cashMinor]),
    [['inferred', 250_000]],
  );
  assert.equal(outcome.equityMinor[2], outcome.equityMinor[1]);
  const rose = play([flat(11), flat(11), flat(12, 12)], plan);
  assert.deepEqual(
    rose.exDates.map(({ kind, cashMinor }) => [kind, cashMinor]),
    [['unexplained', 0]],
  );
  // behind a trading day that is missing nobody knows what a lower previous close is
  const isWhole = Uint8Array.of(1, 1, 0);
  assert.deepEqual(play(fell, plan, { facts: { isWhole } }).exDates, []);
});

test('RL-04 terms of a suspended share are booked on their day', () => {
  const actions = [terms({ newSharesPerShare: 1 })];
  const bars: BarOf[] = [flat(10), flat(10), null, flat(5, 5)];
  const outcome = play(bars, { 0: BUY, 2: LEAVE }, { facts: { actions } });
  assert.deepEqual(
    outcome.exDates.map(({ kind, newShares }) => [kind, newShares]),
    [['unconfirmed', 5_000]],
  );
  assert.equal(outcome.equityMinor[2], outcome.equityMinor[1]);
  assert.deepEqual(shown(outcome), ['buy 1 5000 @ 10', 'sell 3 10000 @ 5']);
});

test('RL-04 what is not known of a share forbids to enter and lets an exit try', () => {
  const days = [flat(10), flat(10), flat(10), flat(10)];
  const unknown = { standings: [], assumedStatus: null };
  const outcome = play(days, { 0: BUY }, { facts: unknown });
  assert.deepEqual(refused(outcome), ['buy 1 5000 limits_unknown']);
  const known = { instrument: '600000.SH', listedOn: '2000-01-01' } as const;
  const standings = [
    { ...known, from: '2000-01-01', status: 'normal' as const },
    { ...known, from: weekdays(3)[2]!, status: null },
  ];
  const later = play(days, { 0: BUY, 1: LEAVE }, { facts: { standings } });
  assert.deepEqual(shown(later), ['buy 1 5000 @ 10', 'sell 2 5000 @ 10']);
});

test('RL-04 of shares bought today none is sold, and of a holding only those of earlier days', () => {
  const market = marketOfBars({ '600000.SH': [flat(10), flat(10)] });
  const sell = (quantity: number, sellable: number) =>
    executeDaily(
      market,
      EXECUTION,
      1,
      { row: 0, side: 'sell', quantity },
      { spendableMinor: 0, roomMinor: 0, sellable },
    );
  assert.deepEqual(sell(500, 0), { kind: 'unfilled', reason: 't_plus_one' });
  const part = sell(500, 300);
  assert.equal(part.kind === 'filled' && part.quantity === 300 && part.cut, 't_plus_one');
});
