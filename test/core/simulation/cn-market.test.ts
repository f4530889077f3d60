import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { boardOfCn } from '#core/market/board-cn.ts';
import { limitPricesFrom } from '#core/market/limits-cn.ts';
import { type CnMarket, createCnMarket, type MoodCn } from '#core/simulation/cn-market.ts';
import { SECTORS_CN } from '#core/simulation/cn-stocks.ts';
import { cnAt, daysUpTo, PULSE_DAY } from '#test/support/pulse-market.ts';

const CLOSES = ['09:45', '10:00', '10:15', '10:30', '13:15', '13:30', '14:45', '15:00'];
const DAYS = [...daysUpTo(PULSE_DAY, 79), PULSE_DAY];
const INTRADAY = 10;

function marketOf(seed: number, mood: MoodCn | null = null, days = DAYS): CnMarket {
  const slotsOf = (day: string) =>
    CLOSES.map((time) => ({ openedAt: cnAt(time, day) - 900_000, closedAt: cnAt(time, day) }));
  return createCnMarket({ seed, days, intradayDays: INTRADAY, slotsOf, mood });
}

const cents = (price: number) => Math.round(price * 100);

/** First day of each stock with a bar; 0 for those that were there from the beginning. */
function listedFrom(market: CnMarket, row: number): number {
  const width = market.days.length;
  const closes = market.daily.close.subarray(row * width, (row + 1) * width);
  return closes.findIndex((close) => close > 0);
}

/** The close before on the basis of the day, reckoned from the terms. */
function onBasisOf(market: CnMarket, instrument: string, d: number, previous: number): number {
  const terms = market.actions.find(
    (one) => one.instrument === instrument && one.exDate === market.days[d],
  );
  if (terms === undefined) return previous;
  const worth = (previous - terms.cashPerShare) / (1 + terms.newSharesPerShare);
  return Math.round(worth * 100 + 1e-7) / 100;
}

/** Each traded stock-day with its limits, in cents; none in the first days of a listing. */
function* stockDays(market: CnMarket) {
  const width = market.days.length;
  for (const [row, instrument] of market.instruments.entries()) {
    let previous = Number.NaN;
    for (let d = 0; d < width; d += 1) {
      const cell = row * width + d;
      const close = market.daily.close[cell]!;
      if (!(close > 0)) continue;
      const board = boardOfCn(instrument);
      assert.ok(board !== null, instrument);
      const percent = board === 'chinext' || board === 'star' ? 20 : 10;
      const first = listedFrom(market, row);
      const base = onBasisOf(market, instrument, d, previous);
      const isFree = first > 0 && d < first + 5;
      const limits = base > 0 && !isFree ? limitPricesFrom(base, percent, percent, board) : null;
      yield { row, d, cell, close, limits, previous, base };
      previous = close;
    }
  }
}

suite('a simulated A-share market', () => {
  test('SP-01 a few hundred stocks of several boards in 31 sectors, the same for the same seed', () => {
    const market = marketOf(1);
    assert.equal(market.instruments.length, 372);
    assert.equal(new Set(market.instruments).size, 372);
    const sectors = new Set(market.instruments.map((id) => market.sectorOf(id)));
    assert.equal(sectors.size, SECTORS_CN.length);
    const boards = new Set(market.instruments.map((id) => boardOfCn(id)));
    assert.deepEqual([...boards].sort(), ['chinext', 'sse_main', 'star', 'szse_main']);
    assert.deepEqual(market.daily.close, marketOf(1).daily.close);
    assert.deepEqual(market.intraday.close, marketOf(1).intraday.close);
    assert.notDeepEqual(market.daily.close, marketOf(2).daily.close);
  });

  test('SP-01 the seed plays the same day on any date', () => {
    const earlier = [...daysUpTo('2026-06-30', 79), '2026-06-30'];
    assert.deepEqual(marketOf(3).daily.close, marketOf(3, null, earlier).daily.close);
  });

  test('RL-04 prices are on the tick, within the limits of their board, and consistent', () => {
    for (const { daily, intraday } of [marketOf(1), marketOf(4, 'cold')]) {
      for (const columns of [daily, intraday]) {
        for (const [cell, close] of columns.close.entries()) {
          if (!(close > 0)) continue;
          const [high, low] = [columns.high[cell]!, columns.low[cell]!];
          assert.ok(high >= close && low <= close && low > 0);
          assert.ok(high >= columns.open[cell]! && low <= columns.open[cell]!);
          assert.ok(Math.abs(cents(close) / 100 - close) < 1e-9);
          assert.equal(columns.volume[cell]! % 100, 0);
        }
      }
    }
    const market = marketOf(1);
    for (const { cell, limits } of stockDays(market)) {
      if (limits === null) continue;
      assert.ok(cents(market.daily.high[cell]!) <= cents(limits.up));
      assert.ok(cents(market.daily.low[cell]!) >= cents(limits.down));
    }
  });

  test('SP-01 boards are sealed and broken, and stocks are suspended', () => {
    const market = marketOf(1, 'hot');
    const last = market.days.length - 1;
    let [sealed, broken, down] = [0, 0, 0];
    for (const { d, cell, close, limits } of stockDays(market)) {
      if (d !== last || limits === null) continue;
      const isTouched = cents(market.daily.high[cell]!) === cents(limits.up);
      if (cents(close) === cents(limits.up)) sealed += 1;
      else if (isTouched) broken += 1;
      if (cents(close) === cents(limits.down)) down += 1;
    }
    assert.ok(sealed >= 10 && broken >= 3 && down < sealed, `${sealed} ${broken} ${down}`);
    const suspended = market.daily.close.filter((close) => !(close > 0)).length;
    assert.ok(suspended > 0 && suspended < market.daily.close.length * 0.05);
    const bars = market.intraday.close.filter((close) => !(close > 0)).length;
    assert.equal(bars % CLOSES.length, 0, 'whole days without a bar');
  });

  test('SP-03 a cold day has more limit-downs than limit-ups and a falling index', () => {
    const market = marketOf(1, 'cold');
    const last = market.days.length - 1;
    let [up, down] = [0, 0];
    for (const { d, close, limits } of stockDays(market)) {
      if (d !== last || limits === null) continue;
      if (cents(close) === cents(limits.up)) up += 1;
      if (cents(close) === cents(limits.down)) down += 1;
    }
    assert.ok(down > 3 * up, `${up} ${down}`);
    assert.ok(market.composite.at(-1)! / market.composite.at(-2)! < 0.985);
  });

  test('SP-06 money turns: the strongest sectors of one month are not those of another', () => {
    const market = marketOf(1);
    const width = market.days.length;
    const strongest = (from: number, to: number) => {
      const sums = new Map<string, number[]>();
      for (const [row, id] of market.instruments.entries()) {
        const change =
          market.daily.close[row * width + to]! / market.daily.close[row * width + from]!;
        if (Number.isFinite(change))
          sums.set(market.sectorOf(id) ?? '', [
            ...(sums.get(market.sectorOf(id) ?? '') ?? []),
            change,
          ]);
      }
      const mean = (values: number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
      return [...sums]
        .sort(([, a], [, b]) => mean(b) - mean(a))
        .slice(0, 3)
        .map(([name]) => name);
    };
    assert.notDeepEqual(strongest(5, 25).sort(), strongest(width - 21, width - 1).sort());
  });

  test('SP-01 ST names move little, and never stand at a limit of 5 % or 10 %', () => {
    const market = marketOf(1, 'hot');
    const names = market.instruments.filter((id) => market.isSt(id));
    assert.ok(names.length >= 5 && names.length <= 25, String(names.length));
    for (const { row, cell, base } of stockDays(market)) {
      if (!(base > 0) || !market.isSt(market.instruments[row]!)) continue;
      assert.ok(market.daily.high[cell]! < base * 1.05 && market.daily.low[cell]! > base * 0.95);
    }
  });

  test('SP-06 new listings have no bar before their first day and no limits in the first five', () => {
    for (const seed of [1, 2, 3]) {
      const market = marketOf(seed);
      const width = market.days.length;
      const rows = market.instruments.map((_, row) => row);
      const fresh = rows.filter((row) => listedFrom(market, row) > 10);
      assert.ok(fresh.length >= 3, `${fresh.length} of seed ${seed}`);
      assert.ok(
        fresh.some((row) => listedFrom(market, row) >= width - 3),
        'one is in its first days when the last day is played',
      );
      const moves = fresh.map((row) => {
        const cell = row * width + listedFrom(market, row);
        return market.daily.close[cell]! / market.daily.open[cell]! - 1;
      });
      assert.ok(moves.some((move) => Math.abs(move) > 0.11));
    }
  });

  test('SP-09 stocks go ex, also on the last day: the close before and the adjusted bars follow the terms', () => {
    const market = marketOf(1);
    const width = market.days.length;
    const [last] = market.days.slice(-1);
    assert.ok(market.actions.length > 40, String(market.actions.length));
    assert.ok(market.actions.some(({ newSharesPerShare }) => newSharesPerShare > 0));
    assert.ok(market.actions.filter(({ exDate }) => exDate === last).length >= 2);
    const fall = (columns: CnMarket['daily'], row: number, d: number) =>
      columns.close[row * width + d]! / columns.close[row * width + d - 1]!;
    let compared = 0;
    for (const { instrument, exDate } of market.actions) {
      const row = market.instruments.indexOf(instrument);
      const d = market.days.indexOf(exDate);
      const before = market.daily.close[row * width + d - 1]!;
      if (!(before > 0) || !(market.daily.close[row * width + d]! > 0)) continue;
      const base = onBasisOf(market, instrument, d, before);
      assert.ok(base < before);
      compared += 1;
      const expected = (fall(market.daily, row, d) * before) / base;
      assert.ok(Math.abs(fall(market.adjusted, row, d) - expected) < 1e-9, instrument);
    }
    assert.ok(compared > 40);
    const lastCells = market.instruments.map((_, row) => row * width + width - 1);
    for (const cell of lastCells) {
      assert.ok(Object.is(market.adjusted.close[cell], market.daily.close[cell]));
    }
  });
});
