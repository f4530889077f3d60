import { invariant } from '#core/lib/assert.ts';
import type { Random, Seed } from '#core/lib/random.ts';
import { createRandom } from '#core/lib/random.ts';
import type { Bar } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Session } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { DayPlan, DayScript } from './day-plan.ts';
import { drawDayPlan } from './day-plan.ts';
import type { PathState, SimulatedStock } from './market-path.ts';
import { playSession, SLOT_MS, stepVolLevel } from './market-path.ts';

/** A simulated trade with the quote around it. Prices per share, volume in shares, `at` an instant. */
export type MarketTick = {
  readonly at: number;
  readonly instrument: InstrumentId;
  readonly bid: number;
  readonly ask: number;
  readonly last: number;
  readonly volume: number;
};

export type UsMarketOptions = {
  readonly seed: Seed;
  readonly instruments: readonly InstrumentId[];
  /** Earlier sessions, oldest first: kept as bars. */
  readonly history: readonly Session[];
  /** Sessions that can be played tick by tick, oldest first, after the history. */
  readonly sessions: readonly Session[];
  /** Kind of day of each of `sessions`; where it is null or missing the seed decides. */
  readonly scripts?: readonly (DayScript | null)[];
};

/**
 * A simulated US market; the same for the same options, whatever is asked first. A day depends on
 * its place before or after the first session that is played, not on its date, so that a seed plays
 * the same day on any date with as long a history of full sessions.
 */
export type UsMarket = {
  /** 1-minute bars of the history, oldest first. */
  historyBars(instrument: InstrumentId): Bar[];
  /** Daily bars of the history: the regular session of each day. */
  historyDailyBars(instrument: InstrumentId): Bar[];
  /** 1-minute bars of one session of `sessions`, aggregated from its ticks. */
  barsOf(tradingDay: TradingDay, instrument: InstrumentId): Bar[];
  /** Ticks of one session over all instruments, in time order. */
  ticks(tradingDay: TradingDay): Iterable<MarketTick>;
  /** Last tick of the instrument at or before `at` within the session; null before the first. */
  tickAt(tradingDay: TradingDay, instrument: InstrumentId, at: number): MarketTick | null;
  scriptOf(tradingDay: TradingDay): DayScript;
};

const KNOWN: Readonly<Record<string, Omit<SimulatedStock, 'instrument'>>> = {
  'QQQM.US': {
    startPrice: 246,
    beta: 1.15,
    ownVolDaily: 0.002,
    spreadBps: 0.8,
    sharesPerDay: 3.4e6,
  },
  'SPY.US': { startPrice: 668, beta: 0.95, ownVolDaily: 0.0012, spreadBps: 0.2, sharesPerDay: 7e7 },
  'AAPL.US': {
    startPrice: 271,
    beta: 1.05,
    ownVolDaily: 0.0105,
    spreadBps: 0.5,
    sharesPerDay: 5e7,
  },
  'MU.US': { startPrice: 238, beta: 1.7, ownVolDaily: 0.02, spreadBps: 1.4, sharesPerDay: 2.2e7 },
};

const MINUTE_MS = 60_000;

/** The stock that stands for an instrument: set figures for a few, drawn by its name for others. */
export function simulatedStock(instrument: InstrumentId): SimulatedStock {
  const known = KNOWN[instrument];
  if (known !== undefined) return { instrument, ...known };
  const random = createRandom(`stock/${instrument}`);
  return {
    instrument,
    startPrice: Math.round(40 + 260 * random.uniform()),
    beta: 0.7 + random.uniform(),
    ownVolDaily: 0.008 + 0.014 * random.uniform(),
    spreadBps: 0.6 + 1.6 * random.uniform(),
    sharesPerDay: Math.round(3e6 + 3e7 * random.uniform()),
  };
}

/** The quote of a tick. Sizes are round lots between 100 and 900 that follow from the tick. */
export function quoteOfTick(tick: MarketTick): Quote {
  const { at, instrument, bid, ask } = tick;
  const bidSize = 100 + 100 * (at % 9);
  const askSize = 100 + 100 * ((at + tick.volume) % 9);
  return { instrument, bid, ask, bidSize, askSize, at };
}

/** Ticks of one stock over one session as columns; prices in cents. */
type TickColumns = {
  readonly length: number;
  readonly at: Float64Array;
  readonly bid: Int32Array;
  readonly ask: Int32Array;
  readonly last: Int32Array;
  readonly volume: Float64Array;
};

type Day = { readonly session: Session; readonly columns: readonly TickColumns[] };

function emptyColumns(length: number): TickColumns {
  return {
    length,
    at: new Float64Array(length),
    bid: new Int32Array(length),
    ask: new Int32Array(length),
    last: new Int32Array(length),
    volume: new Float64Array(length),
  };
}

/** Bars of a session from trades in time order, one per minute that traded. */
function aggregateTicks(instrument: InstrumentId, session: Session, ticks: TickColumns): Bar[] {
  const bars: Bar[] = [];
  let i = 0;
  while (i < ticks.length) {
    const minute = Math.floor(((ticks.at[i] ?? 0) - session.openAt) / MINUTE_MS);
    const closedAt = session.openAt + (minute + 1) * MINUTE_MS;
    const open = ticks.last[i] ?? 0;
    let [high, low, close, volume] = [open, open, open, 0];
    for (; i < ticks.length && (ticks.at[i] ?? 0) < closedAt; i += 1) {
      close = ticks.last[i] ?? 0;
      high = Math.max(high, close);
      low = Math.min(low, close);
      volume += ticks.volume[i] ?? 0;
    }
    bars.push({
      instrument,
      timeframe: '1m',
      openedAt: closedAt - MINUTE_MS,
      closedAt,
      open: open / 100,
      high: high / 100,
      low: low / 100,
      close: close / 100,
      volume,
    });
  }
  return bars;
}

function dailyBarOf(session: Session, bars: readonly Bar[]): Bar {
  const first = bars[0];
  const last = bars.at(-1);
  invariant(first !== undefined && last !== undefined, `daily bar: found no minutes`);
  return {
    ...first,
    timeframe: '1d',
    openedAt: session.openAt,
    closedAt: session.closeAt,
    high: bars.reduce((high, bar) => Math.max(high, bar.high), first.high),
    low: bars.reduce((low, bar) => Math.min(low, bar.low), first.low),
    close: last.close,
    volume: bars.reduce((sum, bar) => sum + bar.volume, 0),
  };
}

function tickFrom(instrument: InstrumentId, ticks: TickColumns, i: number): MarketTick {
  return {
    at: ticks.at[i] ?? 0,
    instrument,
    bid: (ticks.bid[i] ?? 0) / 100,
    ask: (ticks.ask[i] ?? 0) / 100,
    last: (ticks.last[i] ?? 0) / 100,
    volume: ticks.volume[i] ?? 0,
  };
}

function playDay(state: PathState, session: Session, plan: DayPlan, random: Random): Day {
  const slots = Math.round((session.closeAt - session.openAt) / SLOT_MS);
  const columns = state.stocks.map(() => emptyColumns(slots));
  const used = columns.map(() => 0);
  playSession(state, session, plan, random, (k, at, bid, ask, last, volume) => {
    const into = columns[k];
    const i = used[k] ?? 0;
    used[k] = i + 1;
    if (into === undefined) return;
    into.at[i] = at;
    into.bid[i] = bid;
    into.ask[i] = ask;
    into.last[i] = last;
    into.volume[i] = volume;
  });
  return { session, columns };
}

/** Ticks of a day over all stocks: slot by slot, within a slot by instant, then by list order. */
function* ticksOf(day: Day, instruments: readonly InstrumentId[]): Generator<MarketTick> {
  const slots = day.columns[0]?.length ?? 0;
  for (let slot = 0; slot < slots; slot += 1) {
    const ticks = instruments.map((instrument, k) =>
      tickFrom(instrument, day.columns[k] ?? emptyColumns(0), slot),
    );
    ticks.sort((a, b) => a.at - b.at);
    yield* ticks;
  }
}

/**
 * A seeded simulated US market: several stocks that follow one market by their betas, with gaps
 * over night, a U of volume and volatility, clusters of volatility, fat tails, spreads that widen
 * at the open and in wild minutes, and days that trend, range or take news at 14:00. Bars are
 * aggregated from the ticks of the very same seed. It looks like a market; it is none, and nothing
 * measured on it says anything about one.
 */
export function createUsMarket(options: UsMarketOptions): UsMarket {
  const { instruments, history, sessions, scripts = [] } = options;
  const root = createRandom(`us-market/${options.seed}`);
  const stocks = instruments.map((instrument) => {
    const stock = simulatedStock(instrument);
    return { stock, price: stock.startPrice, cluster: 1 };
  });
  const state: PathState = { stocks, cluster: 1, volLevel: 0 };
  const kinds = new Map<TradingDay, DayScript>();
  const play = (session: Session, index: number): Day => {
    const random = root.fork(`day ${index}`);
    const level = stepVolLevel(state, random);
    const plan = drawDayPlan(scripts[index] ?? null, level, random);
    kinds.set(session.tradingDay, plan.script);
    return playDay(state, session, plan, random);
  };
  const minutes: Bar[][] = instruments.map(() => []);
  const daily: Bar[][] = instruments.map(() => []);
  for (const [i, session] of history.entries()) {
    const day = play(session, i - history.length);
    instruments.forEach((instrument, k) => {
      const bars = aggregateTicks(instrument, session, day.columns[k] ?? emptyColumns(0));
      minutes[k]?.push(...bars);
      daily[k]?.push(dailyBarOf(session, bars));
    });
  }
  const days = new Map<TradingDay, Day>();
  sessions.forEach((session, i) => void days.set(session.tradingDay, play(session, i)));
  const dayOf = (tradingDay: TradingDay): Day => {
    const day = days.get(tradingDay);
    invariant(day !== undefined, `simulated market: found no session on ${tradingDay}`);
    return day;
  };
  const indexOf = (instrument: InstrumentId): number => {
    const k = instruments.indexOf(instrument);
    invariant(k >= 0, `simulated market: found no stock ${instrument}`);
    return k;
  };
  const columnsOf = (tradingDay: TradingDay, instrument: InstrumentId): TickColumns =>
    dayOf(tradingDay).columns[indexOf(instrument)] ?? emptyColumns(0);
  return {
    historyBars: (instrument) => minutes[indexOf(instrument)] ?? [],
    historyDailyBars: (instrument) => daily[indexOf(instrument)] ?? [],
    barsOf: (tradingDay, instrument) =>
      aggregateTicks(instrument, dayOf(tradingDay).session, columnsOf(tradingDay, instrument)),
    ticks: (tradingDay) => ticksOf(dayOf(tradingDay), instruments),
    tickAt(tradingDay, instrument, at) {
      const { session } = dayOf(tradingDay);
      const columns = columnsOf(tradingDay, instrument);
      let i = Math.min(columns.length - 1, Math.floor((at - session.openAt) / SLOT_MS));
      while (i >= 0 && (columns.at[i] ?? 0) > at) i -= 1;
      return i < 0 ? null : tickFrom(instrument, columns, i);
    },
    scriptOf(tradingDay) {
      const kind = kinds.get(tradingDay);
      invariant(kind !== undefined, `simulated market: found no session on ${tradingDay}`);
      return kind;
    },
  };
}
