import type { DailyExecution, DailyLimits } from '#core/backtest/daily/execution.ts';
import {
  type DailyMarketCn,
  type DailyMarketFacts,
  dailyMarketOf,
} from '#core/backtest/daily/market.ts';
import { createRandom } from '#core/lib/random.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { limitPricesFrom } from '#core/market/limits-cn.ts';
import { emptyDailyPanel } from '#core/market/panel-cn.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import { type ExTerms, exPrice } from '#core/portfolio/ex-date.ts';
import type { DailyDecision, DailyStrategy } from '#core/strategies/daily-strategy.ts';

/** Weekdays from a Monday on. */
export function weekdays(count: number, from = '2024-01-01'): string[] {
  const days: string[] = [];
  for (let at = 0; days.length < count; at += 1)
    if (at % 7 < 5) days.push(addCalendarDays(from, at));
  return days;
}

/** A day of a share: open, high, low, close, official previous close, volume; null: no bar. */
export type BarOf = readonly [number, number, number, number, number, number] | null;

/** A bar on which everything trades at one price. */
export const flat = (price: number, previous = price, volume = 1_000_000): BarOf =>
  [...[price, price, price, price, previous, volume]] as unknown as BarOf;

/** A market of written bars, a list of days for each share. */
export function marketOfBars(
  bars: Readonly<Record<InstrumentId, readonly BarOf[]>>,
  more: Partial<DailyMarketFacts> & {
    readonly from?: string;
    readonly dates?: readonly string[];
  } = {},
): DailyMarketCn {
  const instruments = Object.keys(bars) as InstrumentId[];
  const width = Math.max(...Object.values(bars).map((days) => days.length));
  const days = more.dates ?? weekdays(width, more.from);
  const series = { kind: 'share', source: 'test', basis: 'raw' } as const;
  const panel = emptyDailyPanel(series, instruments, days, 0);
  for (const [row, id] of instruments.entries()) {
    for (const [d, bar] of bars[id]!.entries()) {
      if (bar === null) continue;
      const cell = row * width + d;
      const [open, high, low, close, previousClose, volume] = bar;
      Object.assign(panel.open, { [cell]: open });
      Object.assign(panel.high, { [cell]: high });
      Object.assign(panel.low, { [cell]: low });
      Object.assign(panel.close, { [cell]: close });
      Object.assign(panel.previousClose, { [cell]: previousClose });
      Object.assign(panel.volume, { [cell]: volume });
      Object.assign(panel.amount, { [cell]: volume * close });
    }
  }
  return dailyMarketOf({
    panel,
    floatShares: null,
    isWhole: new Uint8Array(width).fill(1),
    actions: [],
    // listed long before, so that no first days are in the way
    standings: instruments.map((instrument) => {
      return { instrument, from: '2000-01-01', status: 'normal', listedOn: '2000-01-01' };
    }),
    assumedStatus: null,
    ...more,
  });
}

export const EXECUTION: DailyExecution = {
  fillAt: 'open',
  commission: { rate: 0.00025, minimumMinor: 500 },
  slippageBps: 0,
  volumeCapRatio: 1,
  dividendTaxRatio: 0,
};

export const LIMITS: DailyLimits = { mostPositions: 20, mostWeightRatio: 1 };

export type Plan = Readonly<Record<number, Partial<DailyDecision>>>;

/** A strategy that does on each day what is written for it. */
export function planned(plan: Plan): DailyStrategy {
  return {
    warmUpDays: 0,
    decide: ({ day }) => ({ leave: [], enter: [], note: '', ...plan[day] }),
  };
}

const BOARDS = ['600', '000', '300', '688'] as const;

function priceDay(
  random: ReturnType<typeof createRandom>,
  previous: number,
  percent: number,
): BarOf {
  const limits = limitPricesFrom(previous, percent, percent, 'sse_main')!;
  const within = (price: number) =>
    Math.min(limits.up, Math.max(limits.down, Math.round(price * 100) / 100));
  const dice = random.uniform();
  const volume = 1_000 * (1 + Math.floor(random.uniform() * 2_000));
  // boards that never open, up and down
  if (dice < 0.05) return flat(limits.up, previous, volume);
  if (dice < 0.1) return flat(limits.down, previous, volume);
  const open = within(previous * (1 + 0.05 * random.normal()));
  const close = within(open * (1 + 0.04 * random.normal()));
  const high = within(Math.max(open, close) * (1 + 0.02 * random.uniform()));
  const low = within(Math.min(open, close) * (1 - 0.02 * random.uniform()));
  return [open, high, low, close, previous, volume];
}

/** A random market under the rules: seals, suspensions, late listings, ex-dates with and without terms. */
export function randomMarket(
  seed: number,
  stocks: number,
  days: number,
  dates: readonly string[] = weekdays(days),
  /** Chance of a day without a bar. */
  gapShare = 0.04,
): DailyMarketCn {
  const random = createRandom(`daily/${seed}`);
  const bars: Record<InstrumentId, BarOf[]> = {};
  const actions: (ExTerms & { instrument: InstrumentId })[] = [];
  for (let row = 0; row < stocks; row += 1) {
    const prefix = BOARDS[Math.floor(random.uniform() * BOARDS.length)]!;
    const place = prefix === '000' || prefix === '300' ? 'SZ' : 'SH';
    const id: InstrumentId = `${prefix}${String(row).padStart(3, '0')}.${place}`;
    const percent = prefix === '300' || prefix === '688' ? 20 : 10;
    const listedFrom = random.uniform() < 0.2 ? Math.floor(random.uniform() * days) : 0;
    let close = Math.round(100 * (3 + 30 * random.uniform())) / 100;
    bars[id] = dates.map((exDate, d) => {
      if (d < listedFrom || random.uniform() < gapShare) return null;
      let previous = close;
      if (d > 0 && random.uniform() < 0.03 && bars[id]?.[d - 1] !== null) {
        const cashPerShare = Math.round(close * 100 * 0.03 * random.uniform()) / 100;
        const newSharesPerShare = random.uniform() < 0.4 ? 0.3 : 0;
        const terms = { exDate, cashPerShare, newSharesPerShare };
        const whole = { ...terms, rightsPerShare: 0, rightsPrice: 0 };
        previous = Math.max(0.02, Math.round(exPrice(close, whole) * 100) / 100);
        if (random.uniform() < 0.7) actions.push({ instrument: id, ...whole });
      }
      const bar = priceDay(random, previous, percent);
      if (bar !== null) close = bar[3];
      return bar;
    });
  }
  const standings = Object.keys(bars).map((instrument) => ({
    instrument: instrument as InstrumentId,
    from: '2000-01-01',
    status: random.uniform() < 0.1 ? ('st' as const) : ('normal' as const),
    listedOn: null,
  }));
  return marketOfBars(bars, { actions, standings, dates });
}
