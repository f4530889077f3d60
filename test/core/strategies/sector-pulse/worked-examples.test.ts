import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { MarketSnapshot, StockTable } from '#core/market/whole-market.ts';
import { scoreSectors } from '#core/strategies/sector-pulse/select-sectors.ts';
import { strengthColumns } from '#core/strategies/sector-pulse/select-stocks.ts';
import type { StockColumns } from '#core/strategies/sector-pulse/stock-columns.ts';
import { PULSE_DAY, pulseParams } from '#test/support/pulse-market.ts';

/* The examples of docs/strategies/sector-pulse.md, figure by figure. */

const PARAMS = pulseParams();

function tableOf(sectors: readonly string[], members: number): StockTable {
  const stocks = sectors.length * members;
  const instruments = Array.from({ length: stocks }, (_, i): InstrumentId => `${600_000 + i}.SH`);
  return {
    tradingDay: PULSE_DAY,
    instruments,
    names: instruments,
    sectors,
    sectorOf: Int16Array.from(instruments, (_, i) => Math.floor(i / members)),
    flags: new Uint8Array(stocks),
    listedDays: new Float64Array(stocks).fill(500),
    universe: 'test',
  };
}

const unknown = (stocks: number) => new Float64Array(stocks).fill(Number.NaN);

test('SP-06 worked example: three sectors of ten', () => {
  const table = tableOf(['arms', 'banks', 'coal'], 10);
  const bySector = (of: (sector: number, member: number) => number) =>
    Float64Array.from({ length: 30 }, (_, i) => of(Math.floor(i / 10), i % 10));
  // members above their average: 6, 8 and 4 of ten; limit ups 2, 0 and 0, one limit down in coal
  const above = [6, 8, 4];
  const ups = [2, 0, 0];
  const downs = [0, 0, 1];
  const last = bySector((s, m) =>
    m < ups[s]! ? 11 : m >= 10 - downs[s]! ? 9 : m < above[s]! ? 10.2 : 9.8,
  );
  const columns: StockColumns = {
    returns: bySector((s) => [0.12, 0.03, -0.01][s]!),
    average: new Float64Array(30).fill(10),
    volumeRatio: unknown(30),
    lift: unknown(30),
    turnover: unknown(30),
    lastClose: new Float64Array(30).fill(10),
  };
  const snapshot: MarketSnapshot = {
    tradingDay: PULSE_DAY,
    asOf: 0,
    fetchedAt: 0,
    source: 'test',
    degraded: false,
    last,
    previousClose: new Float64Array(30).fill(10),
    high: last,
    low: last,
    limitUp: new Float64Array(30).fill(11),
    limitDown: new Float64Array(30).fill(9),
    bid: unknown(30),
    ask: unknown(30),
    turnover: bySector((s) => [1e8, 6e8, 3e8][s]!),
    volume: new Float64Array(30).fill(1e6),
  };
  const scores = scoreSectors(
    { table, snapshot, columns, indexReturn: 0.02, topBefore: ['arms'] },
    PARAMS.sectors,
  );
  const shown = scores.map((one) => [
    one.sector,
    Number(one.score?.toFixed(4)),
    Number(one.strength.value?.toFixed(4)),
    one.breadth.value,
    Number(one.leadership.value?.toFixed(4)),
    Number(one.fundShare.value?.toFixed(4)),
    one.continuity.value,
  ]);
  assert.deepEqual(shown, [
    ['arms', 0.775, 0.1, 0.6, 1, 0.6667, 1],
    ['banks', 0.6375, 0.01, 0.8, 0.5, 1, 0],
    ['coal', 0.0875, -0.03, 0.4, 0, 1, 0],
  ]);
});

test('SP-06 worked example: strength 0.825, and 0.7425 for the most traded', () => {
  const table = tableOf(['ships'], 10);
  const order = (place: number) => {
    const others = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10).filter((k) => k !== place);
    return Float64Array.of(place, ...others);
  };
  const columns = (turnover: number): StockColumns => ({
    returns: order(9),
    average: unknown(10),
    volumeRatio: order(8),
    lift: order(6),
    turnover: Float64Array.of(turnover, ...new Float64Array(9).fill(6e8)),
    lastClose: unknown(10),
  });
  const strengthOf = (turnover: number) => {
    const { weights } = PARAMS.stocks;
    return strengthColumns(table, columns(turnover), weights.attack, PARAMS.stocks);
  };
  assert.equal(strengthOf(6e8).adjusted[0]?.toFixed(4), '0.8250');
  const traded = strengthOf(2e9);
  assert.equal(Math.round(traded.penaltyAbove), 1.37e9);
  assert.equal(traded.adjusted[0]?.toFixed(4), '0.7425');
});
