import type { BarSeries } from '#app/backtest-plan.ts';
import { usFeeModel } from '#core/backtest/costs.ts';
import type { ExecutionModel } from '#core/backtest/desk.ts';
import { DEFAULT_EVENT_WINDOWS } from '#core/gates/event-window.ts';
import { columnsOf } from '#core/market/bar.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import { sessionOn, tradingDaysBetween } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { createUsMarket } from '#core/simulation/us-market.ts';

/** A calendar of New York without holidays. */
export const CALENDAR: CalendarTable = {
  market: 'US',
  zone: 'America/New_York',
  validFrom: '2026-01-01',
  validThrough: '2026-12-31',
  regularOpen: '09:30',
  regularClose: '16:00',
  holidays: [],
  earlyCloses: {},
  breaks: [],
  source: 'test',
};

/** No event is watched. */
export const QUIET = {
  events: { events: [], coverage: {}, source: 'test' },
  windows: { ...DEFAULT_EVENT_WINDOWS, kinds: [] },
};

/** Minutes of simulated days; the same for the same seed. */
export function simulatedSeries(
  seed: number,
  instruments: readonly InstrumentId[],
  from: string,
  to: string,
  calendar = CALENDAR,
): BarSeries[] {
  const history = tradingDaysBetween(calendar, from, to).flatMap((day) => {
    const answer = sessionOn(calendar, day);
    return answer.kind === 'session' ? [answer.session] : [];
  });
  const market = createUsMarket({ seed, instruments, history, sessions: [] });
  return instruments.map((instrument) => ({
    instrument,
    minutes: columnsOf(market.historyBars(instrument)),
    daily: null,
  }));
}

/** Next open, no friction. */
export const FRICTIONLESS: ExecutionModel = {
  fees: () => 0,
  halfSpreadBps: 0,
  slippageBps: 0,
  spreadAtrRatio: 0,
  slippageAtrRatio: 0,
  spread: 'model',
  limitFillRatio: 1,
  latencyMs: 0,
  entry: 'open',
  volumeCapRatio: Number.POSITIVE_INFINITY,
};

/** A broker's fees, spread, slippage, a person's answer after 45 s, a tenth of the volume. */
export const COSTLY: ExecutionModel = {
  fees: usFeeModel('ibkr_tiered'),
  halfSpreadBps: 0.5,
  slippageBps: 0.5,
  spreadAtrRatio: 0,
  slippageAtrRatio: 0,
  spread: 'model',
  limitFillRatio: 1,
  latencyMs: 45_000,
  entry: 'open',
  volumeCapRatio: 0.1,
};

/** Bars as rows of a CSV file, labeled by their opening instant. */
export function csvOf(bars: BarSeries['minutes']): string {
  const rows = Array.from({ length: bars.length }, (_, i) => {
    const time = new Date(bars.openedAt[i]!).toISOString();
    const { open, high, low, close, volume } = bars;
    return [time, open[i], high[i], low[i], close[i], volume[i]].join(',');
  });
  return `${['time,open,high,low,close,volume', ...rows].join('\n')}\n`;
}
