import { createRandom } from '#core/lib/random.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Evaluation, Signal } from '#core/strategies/strategy.ts';
import { afterEx, officialClose } from './ex-dates.ts';
import type { Plan, SymbolIndex } from './plan.ts';
import type { Shut } from './shut.ts';

/** Prices move every five seconds. */
const STEP_MS = 5_000;
const HALF_SPREAD = 0.01;
/** Before the first open the price stands. */
const LEAD_STEPS = 120;

/** The price at every instant, whoever looks; a feed may tell something else. */
export type Market = {
  priceAt(symbol: SymbolIndex, at: number): number;
  /** Bid and ask as they are; at a seal one of them is 0. */
  quoteAt(symbol: SymbolIndex, at: number): Quote;
  /** What the limits of an A-share are reckoned from. */
  previousCloseOf(symbol: SymbolIndex, day: number): number;
  /** The lowest price of an A-share on a day. */
  limitDownOf(symbol: SymbolIndex, day: number): number;
};

const FIRST_PREVIOUS_CLOSE = 99.5;
/** Parts of ten of the previous close: the boards of the instruments allow 10 % either way. */
const LIMITS = { down: 9, up: 11 } as const;

/** In whole cents, half up. Written apart from the product's own rule. */
function limitOf(previousClose: number, side: 'down' | 'up'): number {
  return Math.round((Math.round(previousClose * 100) * LIMITS[side]) / 10) / 100;
}

function cents(price: number): number {
  return Math.round(price * 100) / 100;
}

/** A random walk for each symbol with the jumps and the seals of the plan. */
export function createMarket(
  plan: Plan,
  shut: Shut,
  instruments: readonly InstrumentId[],
  originAt: number,
  exAt: number,
): Market {
  const { setting, items } = plan;
  const walks = instruments.map((_, symbol) => {
    const random = createRandom(`simulation/${setting.seed}/price/${symbol}`);
    const swing = setting.swing[symbol as SymbolIndex];
    const drift = (random.uniform() - 0.5) * swing * 0.3;
    return { prices: [100], random, swing, drift };
  });
  const jumps = items.filter((item) => item.kind === 'jump');
  const exItems = items.filter((item) => item.kind === 'ex_date');
  const walkAt = (symbol: SymbolIndex, at: number): number => {
    const walk = walks[symbol];
    if (walk === undefined) return 0;
    const step = Math.max(0, Math.floor((at - originAt) / STEP_MS) + LEAD_STEPS);
    const { prices, random, swing, drift } = walk;
    while (prices.length <= step) {
      const last = prices[prices.length - 1] ?? 100;
      prices.push(Math.max(20, last + drift + (random.uniform() * 2 - 1) * swing));
    }
    let price = prices[step] ?? 100;
    for (const jump of jumps)
      if (jump.symbol === symbol && at >= originAt + jump.at) price += jump.by;
    for (const item of exItems)
      if (item.symbol === symbol && at >= exAt) price = afterEx(price, item);
    return cents(Math.max(5, price));
  };
  const previousCloseOf = (symbol: SymbolIndex, day: number): number => {
    if (day === 0) return FIRST_PREVIOUS_CLOSE;
    const item = exItems.find((one) => one.symbol === symbol) ?? null;
    return officialClose(walkAt(symbol, originAt + setting.minutes * 60_000 - 1), item);
  };
  const priceAt = (symbol: SymbolIndex, at: number): number => {
    const seal = shut.sealAt(symbol, at);
    if (seal === null) return walkAt(symbol, at);
    return limitOf(previousCloseOf(symbol, seal.day), seal.side);
  };
  return {
    priceAt,
    previousCloseOf,
    limitDownOf: (symbol, day) => limitOf(previousCloseOf(symbol, day), 'down'),
    quoteAt(symbol, at) {
      const price = priceAt(symbol, at);
      const instrument = instruments[symbol] as InstrumentId;
      const side = shut.sealAt(symbol, at)?.side;
      if (side === 'down') return { instrument, bid: 0, ask: price, bidSize: 0, askSize: 500, at };
      if (side === 'up') return { instrument, bid: price, ask: 0, bidSize: 500, askSize: 0, at };
      const bid = cents(price - HALF_SPREAD);
      return { instrument, bid, ask: cents(price + HALF_SPREAD), bidSize: 500, askSize: 500, at };
    },
  };
}

const EVIDENCE = {
  minuteOfSession: 60,
  vwapCrossCount: 2,
  pctTimeAboveVwap: 0.7,
  orWidth: 0.8,
  orWidthAtr: 0.4,
  rangeAtr: 0.7,
  rangeAtrNeeded: 0.24,
  earlyVolumeRatio: 1.1,
  orBreaksUp: 1,
  orBreaksDown: 0,
  orBreakHeld: 'up' as const,
  event: null,
};

/** A signal at a bar's close, with the stop `distance` below it. */
function signalAt(instrument: InstrumentId, asOf: number, close: number, distance: number): Signal {
  const stop = cents(close - distance);
  return {
    strategy: 'vwap-reclaim',
    instrument,
    side: 'long',
    asOf,
    referencePrice: close,
    pullbackLow: cents(stop + 0.02),
    stop,
    stopWidened: false,
    dayType: 'trend_up',
    checks: [],
    evidence: EVIDENCE,
  };
}

/** What the scripted strategy answers at the close of a minute; `distance` null: no setup. */
export function evaluationAt(
  market: Market,
  symbol: SymbolIndex,
  instrument: InstrumentId,
  asOf: number,
  minute: number,
  distance: number | null,
): Evaluation {
  const close = market.priceAt(symbol, asOf);
  const low = Math.min(close, market.priceAt(symbol, asOf - 30_000));
  return {
    instrument,
    asOf,
    minuteOfSession: minute,
    bar: { open: close, high: cents(close + 0.05), low, close, volume: 1_000 },
    vwap: cents(close - 0.3),
    band: 0.1,
    atr1m: 0.1,
    lowestLow5: cents(low - 0.25),
    highestHigh5: cents(close + 0.1),
    or5: { high: 100, low: 99 },
    or15: { high: 100, low: 99 },
    volume5m: 5_000,
    usualVolume5m: 5_000,
    regime: { kind: 'live', dayType: 'trend_up', evidence: EVIDENCE },
    inWindow: true,
    signal: distance === null ? null : signalAt(instrument, asOf, close, distance),
    refusals: [],
    checks: [],
    abnormal: null,
  };
}
