import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planBacktest } from '#app/backtest-plan.ts';
import type { ExecutionModel } from '#core/backtest/desk.ts';
import { runBacktest } from '#core/backtest/run.ts';
import { recordedHalfBps, type SpreadColumns, spreadsOver } from '#core/backtest/spreads.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { DEFAULT_VWAP_RECLAIM } from '#core/strategies/vwap-reclaim/params.ts';
import { CALENDAR, FRICTIONLESS, QUIET, simulatedSeries } from '../../support/backtest-market.ts';
import { policyOf } from '../../support/builders.ts';

const INSTRUMENTS: readonly InstrumentId[] = ['QQQM.US', 'AAPL.US'];
const FROM = '2026-03-02';
const TO = '2026-05-29';
const series = simulatedSeries(7, INSTRUMENTS, FROM, TO);
const facts = { calendar: CALENDAR, ...QUIET, from: FROM, to: TO };
const policy = policyOf({ instruments: INSTRUMENTS });
const params = { ...DEFAULT_VWAP_RECLAIM, isMa20Required: false };

/** Every minute of QQQM recorded with one spread, AAPL without any. */
function recordedWith(openBps: number, closeBps: number) {
  return series.map((entry) => {
    if (entry.instrument !== 'QQQM.US') return entry;
    const { length, openedAt } = entry.minutes;
    const spreads: SpreadColumns = {
      length,
      openedAt,
      openBps: new Float64Array(length).fill(openBps),
      closeBps: new Float64Array(length).fill(closeBps),
    };
    return { ...entry, spreads };
  });
}

function played(model: Partial<ExecutionModel>, bars = series) {
  const { days } = planBacktest({ ...facts, series: bars });
  return runBacktest({ days, params, policy, model: { ...FRICTIONLESS, ...model } });
}

test('ID-14 a recorded spread is paid where it was recorded, the model’s elsewhere', () => {
  const model = { spread: 'recorded', halfSpreadBps: 0.5 } as const;
  const recorded = played(model, recordedWith(2, 2));
  const bySymbol = (symbol: string) =>
    recorded.trades.filter(({ instrument }) => instrument === symbol);
  for (const [symbol, bps] of [
    ['QQQM.US', 2],
    ['AAPL.US', 0.5],
  ] as const) {
    const trades = bySymbol(symbol);
    assert.ok(trades.length > 5, `${trades.length} trades of ${symbol}`);
    for (const trade of trades) {
      // both sides of the shares that took liquidity: never more than twice, rounding to the cent aside
      const most = 2 * (bps / 10_000) * trade.entryPrice * trade.quantity * 100;
      assert.ok(trade.frictionMinor > 0, trade.ticketId);
      assert.ok(trade.frictionMinor <= most * 1.05 + 2 * trade.quantity, trade.ticketId);
    }
    const paid = trades.map((t) => t.frictionMinor / (t.entryPrice * t.quantity));
    assert.ok(Math.max(...paid) > (bps / 10_000) * 100, symbol);
  }
});

test('ID-14 the setting that leaves recorded quotes aside gives what no quotes give', () => {
  const model = { spread: 'model', halfSpreadBps: 0.5 } as const;
  assert.deepEqual(played(model, recordedWith(9, 9)).trades, played(model).trades);
});

test('ID-14 a spread recorded too wide refuses the entry by the live rule', () => {
  const wide = played({ spread: 'recorded', halfSpreadBps: 0.5 }, recordedWith(40, 40));
  assert.equal(wide.trades.filter(({ instrument }) => instrument === 'QQQM.US').length, 0);
  assert.ok((wide.refusals['spread_too_wide'] ?? 0) > 0, JSON.stringify(wide.refusals));
});

test('ID-14 inside a minute the wider of both ends counts, and a minute without quotes is unknown', () => {
  const minutes = series[0]!.minutes;
  const recorded: SpreadColumns = {
    length: 2,
    openedAt: Float64Array.of(minutes.openedAt[1]!, minutes.openedAt[3]!),
    openBps: Float64Array.of(1, 4),
    closeBps: Float64Array.of(3, 2),
  };
  const spreads = spreadsOver(recorded, minutes);
  assert.deepEqual(
    [1, 2, 3].map((row) => recordedHalfBps(spreads, row, 'inside')),
    [3, Number.NaN, 4],
  );
  assert.equal(recordedHalfBps(spreads, 1, 'open'), 1);
  assert.equal(recordedHalfBps(spreads, 1, 'close'), 3);
  assert.equal(spreadsOver({ ...recorded, length: 0 }, minutes), null);
});

test('ID-14 spread and slippage can follow volatility', () => {
  const still = played({ halfSpreadBps: 0.1, slippageBps: 0.1 });
  const moving = played({
    halfSpreadBps: 0.1,
    slippageBps: 0.1,
    spreadAtrRatio: 0.05,
    slippageAtrRatio: 0.05,
  });
  const mean = (trades: typeof still.trades) =>
    trades.reduce((sum, t) => sum + t.frictionMinor / t.quantity, 0) / trades.length;
  assert.ok(mean(moving.trades) > 2 * mean(still.trades));
});

test('ID-14 a limit that the market trades through is filled with the chance given, the same each time', () => {
  const targets = (limitFillRatio: number) =>
    played({ limitFillRatio }).trades.filter(({ exitReason }) => exitReason === 'target').length;
  const { trades } = played({ limitFillRatio: 0.5 });
  assert.deepEqual(played({ limitFillRatio: 0.5 }).trades, trades);
  assert.notDeepEqual(played({ limitFillRatio: 1 }).trades, trades);
  const entries = (limitFillRatio: number) =>
    played({ entry: 'limit', limitFillRatio }).trades.length;
  assert.equal(targets(0), 0);
  assert.ok(entries(0.2) <= entries(1));
});
