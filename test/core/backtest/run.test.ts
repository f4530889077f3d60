import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planBacktest } from '#app/backtest-plan.ts';
import { runBacktest } from '#core/backtest/run.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { DEFAULT_VWAP_RECLAIM } from '#core/strategies/vwap-reclaim/params.ts';
import {
  CALENDAR,
  COSTLY,
  FRICTIONLESS,
  QUIET,
  simulatedSeries,
} from '../../support/backtest-market.ts';
import { policyOf } from '../../support/builders.ts';

const INSTRUMENTS: readonly InstrumentId[] = ['QQQM.US', 'AAPL.US', 'MU.US'];
const FROM = '2026-03-02';
const TO = '2026-06-26';
const series = simulatedSeries(7, INSTRUMENTS, FROM, TO);
const plan = planBacktest({ series, calendar: CALENDAR, ...QUIET, from: FROM, to: TO });
const policy = policyOf({ instruments: INSTRUMENTS });
const params = { ...DEFAULT_VWAP_RECLAIM, isMa20Required: false };
const setup = { days: plan.days, params, policy };
const frictionless = runBacktest({ ...setup, model: FRICTIONLESS });
const costly = runBacktest({ ...setup, model: COSTLY });

test('ID-13 warm-up days are left out and every other day is stepped whole', () => {
  const days = new Set(plan.days.map(({ session }) => session.tradingDay));
  const warm = new Set(plan.warmUp.map(({ day }) => day));
  assert.equal(warm.size, 20);
  assert.ok([...warm].every((day) => !days.has(day)));
  const rows = plan.days.flatMap(({ symbols }) => symbols.map(({ bars }) => bars.length));
  assert.equal(
    frictionless.bars,
    rows.reduce((sum, count) => sum + count, 0),
  );
});

test('ID-13 without friction an entry takes the open of the bar after its signal and costs nothing', () => {
  assert.ok(frictionless.trades.length > 20, `${frictionless.trades.length} trades`);
  for (const trade of frictionless.trades) {
    const { minutes } = series.find(({ instrument }) => instrument === trade.instrument)!;
    const row = minutes.openedAt.indexOf(trade.openedAt);
    assert.ok(row >= 0, 'the entry is at the open of a bar');
    assert.ok(Math.abs(trade.entryPrice - minutes.open[row]!) < 0.005, trade.ticketId);
    assert.equal(trade.feesMinor + trade.frictionMinor, 0);
    assert.ok(Math.abs(trade.resultR - trade.grossR) < 1e-12);
  }
});

test('ID-14 with friction a trade earns less than before its costs, and an answer comes later', () => {
  assert.ok(costly.trades.length > 20, `${costly.trades.length} trades`);
  for (const trade of costly.trades) {
    assert.ok(trade.feesMinor > 0 && trade.frictionMinor > 0, trade.ticketId);
    assert.ok(trade.resultR < trade.grossR, trade.ticketId);
  }
  const free = frictionless.trades[0]!;
  const late = costly.trades.find(({ ticketId }) => ticketId === free.ticketId)!;
  assert.equal(late.openedAt - free.openedAt, 60_000);
});

test('ID-14 a resting entry is never filled above its limit, and some are never filled', () => {
  const resting = runBacktest({ ...setup, model: { ...COSTLY, entry: 'limit' } });
  assert.ok(resting.trades.length > 10);
  assert.notDeepEqual(
    resting.trades.map(({ entryPrice }) => entryPrice),
    costly.trades.map(({ entryPrice }) => entryPrice),
  );
});

test('ID-14 a small share of the volume cuts entries short', () => {
  const thin = runBacktest({ ...setup, model: { ...COSTLY, volumeCapRatio: 0.001 } });
  const quantity = (trades: typeof thin.trades) =>
    trades.reduce((sum, trade) => sum + trade.quantity, 0) / Math.max(1, trades.length);
  assert.ok(quantity(thin.trades) < quantity(costly.trades));
});

test('ID-05 the rules of the desk hold over all symbols together', () => {
  const perDay = new Map<string, number>();
  for (const trade of frictionless.trades) {
    const day = trade.ticketId.slice(0, 10);
    perDay.set(day, (perDay.get(day) ?? 0) + 1);
  }
  assert.ok(Math.max(...perDay.values()) <= policy.risk.tradesPerDay);
  assert.ok(frictionless.trades.some(({ instrument }) => instrument !== 'QQQM.US'));
  for (const trade of frictionless.trades) {
    const worth = trade.entryPrice * 100 * trade.quantity;
    assert.ok(worth <= policy.capitalMinor * policy.risk.positionCapRatio * 1.01);
  }
});

test('ID-13 the same bars give the same trades, and cash is what the trades earned', () => {
  const again = runBacktest({ ...setup, model: COSTLY });
  assert.deepEqual(again.trades, costly.trades);
  const earned = costly.trades.reduce((sum, trade) => sum + trade.pnlMinor, 0);
  assert.equal(costly.equity.at(-1)?.cashMinor, policy.capitalMinor + earned);
});

test('ID-13 days that are opened from the morning trade as those that are opened when needed', () => {
  const logged = runBacktest({ ...setup, model: COSTLY, isLogged: true });
  assert.deepEqual(logged.trades, costly.trades);
  assert.ok(logged.log.length > logged.bars);
});

test('ID-14 costs that follow volatility are of the bars that had closed, whether kernels run ahead or not', () => {
  const model = { ...COSTLY, spreadAtrRatio: 0.05, slippageAtrRatio: 0.08 };
  const ahead = runBacktest({ ...setup, model });
  const byMinute = runBacktest({ ...setup, model, isLogged: true });
  assert.deepEqual(ahead.trades, byMinute.trades);
  const { signals, refusedBars, bars, refusals } = ahead;
  assert.deepEqual(
    { signals, refusedBars, bars },
    { signals: byMinute.signals, refusedBars: byMinute.refusedBars, bars: byMinute.bars },
  );
  assert.deepEqual(refusals, byMinute.refusals);
  assert.notDeepEqual(
    ahead.trades.map(({ frictionMinor }) => frictionMinor),
    costly.trades.map(({ frictionMinor }) => frictionMinor),
  );
});

test('ID-16 a kernel that runs ahead of the clock changes nothing before it', () => {
  const traded = plan.days.filter(({ session }) =>
    costly.trades.some(({ ticketId }) => ticketId.startsWith(session.tradingDay)),
  );
  assert.ok(traded.length > 10);
  for (const [n, day] of traded.slice(0, 12).entries()) {
    const at = day.session.openAt + (40 + n * 25) * 60_000;
    const symbols = day.symbols.map((symbol) => {
      const { bars } = symbol;
      const moved = (column: Float64Array) =>
        column.map((price, i) => (bars.closedAt[i]! > at ? price * 0.97 : price));
      const [open, high, low, close] = [bars.open, bars.high, bars.low, bars.close].map(moved);
      return {
        ...symbol,
        bars: { ...bars, open: open!, high: high!, low: low!, close: close! },
      };
    });
    const until = (days: typeof plan.days) =>
      runBacktest({ ...setup, days, model: COSTLY })
        // a trade at the open of the bar that follows knows that open
        .trades.filter(({ openedAt }) => openedAt < at)
        .map((trade) => {
          const { ticketId, openedAt, quantity, entryPrice } = trade;
          return [ticketId, openedAt, entryPrice, quantity, trade.closedAt < at ? trade : 'later'];
        })
        .sort();
    assert.deepEqual(until([{ ...day, symbols }]), until([day]), day.session.tradingDay);
  }
});

test('ID-13 the prices of all symbols at one instant are known together: none makes another look old', () => {
  const { log, trades } = runBacktest({ ...setup, model: COSTLY, isLogged: true });
  const isHeldTogether = trades.some((one) =>
    trades.some(
      (other) =>
        other.instrument !== one.instrument &&
        other.openedAt > one.openedAt &&
        other.openedAt < one.closedAt,
    ),
  );
  assert.ok(isHeldTogether, 'two symbols are held at once');
  // no minute is missing, so no quote stands still
  assert.deepEqual(
    log.filter(({ text }) => text.includes('quotes_stale')),
    [],
  );
});
