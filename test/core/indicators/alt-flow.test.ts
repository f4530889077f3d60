import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  concentrationFigures,
  historyAt,
  type MarginData,
  marginFigures,
} from '#core/indicators/alt-flow.ts';
import { breadthFigures, countLimits, limitRatio, limitStateOf } from '#core/indicators/breadth.ts';
import { indexFigures } from '#core/indicators/index-trend.ts';
import { volatilityFigures, yearlyVolatility } from '#core/indicators/volatility.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { MarketSnapshot, StockTable } from '#core/market/whole-market.ts';
import { STOCK_FLAGS } from '#core/market/whole-market.ts';
import {
  calmIndex,
  cnAt,
  concentrationsOf,
  daysUpTo,
  marginOf,
  PULSE_BEFORE,
  PULSE_DAY,
} from '#test/support/pulse-market.ts';

type Stock = {
  readonly last: number;
  readonly previous?: number;
  readonly limits?: readonly [up: number, down: number];
  readonly high?: number;
  readonly low?: number;
  readonly bid?: number;
  readonly ask?: number;
  readonly turnover?: number;
  readonly flags?: number;
};

const AT = cnAt('10:00');
const FRESH = { breaks: [], maxAgeMs: 150_000, minCoverage: 0.95 };
const SMOOTHED = { ...FRESH, ratioFormula: 'smoothed' as const };

/** A market of a few stocks, previous close 10 and limits of 10 % unless said otherwise. */
function market(stocks: readonly Stock[], asOf = AT - 30_000): [StockTable, MarketSnapshot] {
  const column = (of: (stock: Stock) => number) => Float64Array.from(stocks, of);
  const instruments = stocks.map((_, i): InstrumentId => `${600_000 + i}.SH`);
  const table: StockTable = {
    tradingDay: PULSE_DAY,
    instruments,
    names: instruments,
    sectors: [],
    sectorOf: new Int16Array(stocks.length).fill(-1),
    flags: Uint8Array.from(stocks, ({ flags = 0 }) => flags),
    listedDays: new Float64Array(stocks.length).fill(500),
    universe: 'test',
  };
  const snapshot: MarketSnapshot = {
    tradingDay: PULSE_DAY,
    asOf,
    fetchedAt: asOf + 1_000,
    source: 'test',
    degraded: false,
    last: column(({ last }) => last),
    previousClose: column(({ previous = 10 }) => previous),
    high: column(({ last, high = last }) => high),
    low: column(({ last, low = last }) => low),
    limitUp: column(({ limits = [11, 9] }) => limits[0]),
    limitDown: column(({ limits = [11, 9] }) => limits[1]),
    bid: column(({ bid = Number.NaN }) => bid),
    ask: column(({ ask = Number.NaN }) => ask),
    turnover: column(({ turnover = 1e6 }) => turnover),
    volume: column(({ turnover = 1e6, last }) => turnover / last),
  };
  return [table, snapshot];
}

test('SP-01 a price at its own dated limit counts, sealed and touched kept apart', () => {
  const [table, snapshot] = market([
    { last: 11, bid: 11, ask: 0 }, // sealed
    { last: 11, bid: 10.99, ask: 11 }, // at the limit, still traded
    { last: 10.9, high: 11 }, // touched and given up
    { last: 12, limits: [12, 8], bid: 12, ask: 0 }, // 20 % board at its own limit
    { last: 11, limits: [12, 8] }, // 20 % board, up 10 %: no limit
    { last: 9, bid: 0, ask: 9 }, // sealed down
    { last: 9.5, low: 9 },
    { last: 10 },
  ]);
  const states = [...snapshot.last.keys()].map((row) => limitStateOf(snapshot, row));
  assert.deepEqual(states, [
    'sealed_up',
    'at_up',
    'touched_up',
    'sealed_up',
    'between',
    'sealed_down',
    'touched_down',
    'between',
  ]);
  assert.deepEqual(countLimits(table, snapshot), {
    up: 3,
    down: 1,
    sealedUp: 2,
    sealedDown: 1,
    touchedUp: 1,
    touchedDown: 1,
    counted: 8,
    missing: 0,
  });
});

test('SP-01 ST, suspended names and no-limit days are left out of the counts and of the universe', () => {
  const [table, snapshot] = market([
    { last: 11 },
    { last: 10.5, limits: [10.5, 9.5], flags: STOCK_FLAGS.st },
    { last: 18, limits: [Number.NaN, Number.NaN], flags: STOCK_FLAGS.noLimit },
    { last: 10, flags: STOCK_FLAGS.suspended },
  ]);
  const figures = breadthFigures(table, snapshot, AT, SMOOTHED);
  assert.equal(figures.limitUp.value, 1);
  assert.equal(figures.universe.value, 1);
  assert.equal(figures.limitUp.note?.code, 'universe');
  assert.equal(figures.limitUpSealed.value, null, 'no book, so nobody knows whether it is sealed');
});

test('SP-01 the ratio is smoothed by one on both sides; the source set divides by at least one', () => {
  assert.equal(limitRatio(30, 0, 'smoothed'), 31);
  assert.equal(limitRatio(30, 0, 'plain'), 30);
  assert.equal(limitRatio(22, 12, 'smoothed'), 23 / 13);
  assert.equal(limitRatio(0, 0, 'smoothed'), 1);
});

test('SP-01 rows of −100 %, of zero and beyond their own limits are no prices; too many and all is unknown', () => {
  const good = Array.from({ length: 39 }, (): Stock => ({ last: 10 }));
  const [table, snapshot] = market([...good, { last: 0 }]);
  const figures = breadthFigures(table, snapshot, AT, SMOOTHED);
  assert.equal(figures.limitDown.value, 0);
  assert.equal(figures.limitDown.degraded, true);
  assert.deepEqual(figures.limitDown.note, {
    code: 'rows_missing',
    figures: { missing: 1, of: 40 },
  });
  const [stale, wrong] = market([...good.slice(0, 30), ...good.slice(30).map(() => ({ last: 3 }))]);
  const unknown = breadthFigures(stale, wrong, AT, SMOOTHED);
  assert.equal(unknown.limitUp.value, null);
  assert.equal(unknown.ratio.value, null);
  assert.equal(unknown.ratio.note?.code, 'rows_missing');
});

test('SP-01 an empty pool gives no figure, and neither does a snapshot too old, too new or of another day', () => {
  const codeAt = (asOf: number, change: Partial<MarketSnapshot> = {}) => {
    const [table, snapshot] = market([{ last: 11 }], asOf);
    const found = breadthFigures(table, { ...snapshot, ...change }, AT, SMOOTHED).limitUp;
    return [found.value, found.note?.code];
  };
  assert.deepEqual(codeAt(AT - 150_000), [1, 'universe']);
  assert.deepEqual(codeAt(AT - 150_001), [null, 'stale']);
  assert.deepEqual(codeAt(AT + 1), [null, 'from_future']);
  assert.deepEqual(codeAt(AT, { tradingDay: PULSE_BEFORE }), [null, 'wrong_day']);
  const [empty, nothing] = market([]);
  assert.equal(breadthFigures(empty, nothing, AT, SMOOTHED).limitUp.value, null);
  assert.equal(breadthFigures(empty, null, AT, SMOOTHED).limitUp.note?.code, 'no_data');
});

const CONCENTRATION = { ...FRESH, top: 2, days: 250, minDays: 60 };
const NOW = { at: AT, time: '10:00' };

test('SP-01 concentration is the share of the most traded, its percentile that of the same wall time', () => {
  const [table, snapshot] = market(
    [40, 30, 20, 10].map((turnover) => ({ last: 10, turnover: turnover * 1e6 })),
  );
  const history = concentrationsOf('10:00', 0.5, 0.999);
  const { level, percentile } = concentrationFigures(
    table,
    snapshot,
    [history],
    NOW,
    CONCENTRATION,
  );
  assert.equal(level.value, 0.7);
  const atMost = history.values.filter((value) => value <= 0.7).length;
  assert.equal(percentile.value, atMost / 250);
  assert.equal(percentile.degraded, false);
});

test('SP-01 a short history or one of another wall time is degraded, too short is unknown', () => {
  const [table, snapshot] = market([{ last: 10 }, { last: 10 }, { last: 10 }]);
  const percentileOf = (count: number, time = '10:00') => {
    const histories = [concentrationsOf(time, 0.1, 0.9, count)];
    return concentrationFigures(table, snapshot, histories, NOW, CONCENTRATION).percentile;
  };
  assert.deepEqual([percentileOf(59).value, percentileOf(59).note?.code], [null, 'history_short']);
  assert.deepEqual(
    [percentileOf(60).degraded, percentileOf(60).note?.code],
    [true, 'history_short'],
  );
  assert.equal(percentileOf(250, '14:00').note?.code, 'other_time');
  const none = concentrationFigures(table, snapshot, [], NOW, CONCENTRATION).percentile;
  assert.equal(none.value, null);
});

test('SP-01 between checkpoints the history of the last one is used, before the first that of the first', () => {
  const histories = [concentrationsOf('14:00', 0.1, 0.2), concentrationsOf('10:00', 0.1, 0.2)];
  assert.equal(historyAt(histories, '10:00')?.time, '10:00');
  assert.equal(historyAt(histories, '13:59')?.time, '10:00');
  assert.equal(historyAt(histories, '14:00')?.time, '14:00');
  assert.equal(historyAt(histories, '09:45')?.time, '10:00');
  assert.equal(historyAt([...histories].reverse(), '09:45')?.time, '10:00');
  assert.equal(historyAt([], '10:00'), null);
});

test('SP-01 margin net repayment adds both exchanges in 亿, by repayment or by the fall of the balance', () => {
  const { netRepaid, share, balance } = marginFigures(marginOf(120), PULSE_BEFORE, AT);
  assert.equal(netRepaid.value, 120);
  assert.equal(balance.value, 18_000);
  assert.equal(share.value, 120 / 18_000);
  const data = marginOf(120);
  const byBalance = data.rows.map((row) => ({
    ...row,
    repaid: null,
    previousBalance: (row.balance ?? 0) + 60e8,
  }));
  assert.equal(marginFigures({ ...data, rows: byBalance }, PULSE_BEFORE, AT).netRepaid.value, 120);
});

test('SP-01 margin of one exchange only, of another day or with a hole is unknown, never 0', () => {
  const data = marginOf(120);
  const noteOf = (rows: MarginData['rows']) => {
    const { netRepaid } = marginFigures({ ...data, rows }, PULSE_BEFORE, AT);
    return [netRepaid.value, netRepaid.note?.code, netRepaid.note?.figures['exchange']];
  };
  assert.deepEqual(noteOf(data.rows.slice(0, 1)), [null, 'exchange_missing', 'SZSE']);
  assert.deepEqual(noteOf(marginOf(120, PULSE_DAY).rows), [null, 'exchange_missing', 'SSE|SZSE']);
  const holed = data.rows.map((row) => ({ ...row, repaid: null }));
  assert.deepEqual(noteOf(holed), [null, 'exchange_missing', 'SSE|SZSE']);
  assert.equal(marginFigures(null, PULSE_BEFORE, AT).netRepaid.note?.code, 'no_data');
  const contradicted = data.rows.map((row) =>
    row.exchange === 'SZSE' ? { ...row, repaid: null, isContradicted: true } : row,
  );
  assert.deepEqual(noteOf(contradicted), [null, 'balance_disagrees', 'SZSE'], 'not guessed either');
});

const VOLATILITY = { returns: 30, values: 252 };

test('SP-01 volatility is the sample deviation of 30 log returns over a year, by closes up to D−1', () => {
  const closes = Float64Array.from({ length: 31 }, (_, i) => (i % 2 === 0 ? 100 : 101));
  const step = Math.log(1.01);
  const expected = Math.sqrt((30 * step ** 2) / 29) * Math.sqrt(252);
  assert.ok(Math.abs(yearlyVolatility(closes, 31, 30) - expected) < 1e-12);
  assert.ok(Number.isNaN(yearlyVolatility(closes, 30, 30)));
  const index = calmIndex(PULSE_DAY, { at: AT, return: 0 });
  const { volatility, percentile } = volatilityFigures(
    index,
    PULSE_BEFORE,
    PULSE_DAY,
    AT,
    VOLATILITY,
  );
  assert.equal(volatility.value, yearlyVolatility(index.closes, index.closes.length, 30));
  assert.ok(Number(percentile.value) < 0.2, 'calm of late');
});

test('SP-01 volatility without 282 closes, or whose last close is not of the day before, is unknown', () => {
  const codeOf = (index: Parameters<typeof volatilityFigures>[0]) => {
    const { percentile } = volatilityFigures(index, PULSE_BEFORE, PULSE_DAY, AT, VOLATILITY);
    return [percentile.value, percentile.note?.code];
  };
  assert.deepEqual(codeOf(null), [null, 'no_data']);
  assert.deepEqual(codeOf(calmIndex(PULSE_DAY, { at: AT, return: 0, days: 281 })), [
    null,
    'history_short',
  ]);
  assert.notEqual(codeOf(calmIndex(PULSE_DAY, { at: AT, return: 0, days: 282 }))[0], null);
  assert.deepEqual(codeOf(calmIndex(PULSE_BEFORE, { at: AT, return: 0 })), [null, 'history_old']);
});

test('SP-01 the index stands against its 20 closes up to D−1 and against the last of them', () => {
  const days = daysUpTo(PULSE_DAY, 25);
  const closes = Float64Array.from(days, (_, d) => 3_000 + d);
  const series = (now: number | null, asOf = AT - 10_000) => ({
    ...calmIndex(PULSE_DAY, { at: asOf, return: 0 }),
    days,
    closes,
    now,
    asOf,
  });
  const params = { maxAgeMs: 150_000, breaks: [], averageDays: 20 };
  const figuresOf = (now: number | null, asOf?: number) =>
    indexFigures(series(now, asOf), PULSE_BEFORE, PULSE_DAY, AT, params);
  const mean = 3_014.5;
  assert.equal(figuresOf(mean).ma20.value, mean);
  assert.equal(figuresOf(mean).aboveMa20.value, true);
  assert.equal(figuresOf(mean - 0.01).aboveMa20.value, false);
  assert.equal(figuresOf(3_024 * 0.99).return.value, -0.01);
  assert.equal(figuresOf(null).aboveMa20.value, null);
  assert.equal(figuresOf(3_024, AT - 150_001).return.note?.code, 'stale');
  assert.equal(figuresOf(3_024, AT + 1).return.note?.code, 'from_future');
  assert.equal(indexFigures(null, PULSE_BEFORE, PULSE_DAY, AT, params).ma20.value, null);
});
