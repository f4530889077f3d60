import { createRandom } from '#core/lib/random.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Evaluation, Signal } from '#core/strategies/strategy.ts';
import { afterEx } from './ex-dates.ts';
import type { Item, Setting, SymbolIndex } from './plan.ts';

/** Prices move every five seconds. */
const STEP_MS = 5_000;
const HALF_SPREAD = 0.01;
/** Before the first open the price stands. */
const LEAD_STEPS = 120;

/** The price at every instant, whoever looks; a feed may tell something else. */
export type Market = {
  priceAt(symbol: SymbolIndex, at: number): number;
  /** Bid and ask as they are. */
  quoteAt(symbol: SymbolIndex, at: number): Quote;
};

function cents(price: number): number {
  return Math.round(price * 100) / 100;
}

/** A random walk for each symbol with the jumps of the plan. */
export function createMarket(
  setting: Setting,
  items: readonly Item[],
  instruments: readonly InstrumentId[],
  originAt: number,
  exAt: number,
): Market {
  const walks = instruments.map((_, symbol) => {
    const random = createRandom(`simulation/${setting.seed}/price/${symbol}`);
    const swing = setting.swing[symbol as SymbolIndex];
    const drift = (random.uniform() - 0.5) * swing * 0.3;
    return { prices: [100], random, swing, drift };
  });
  const jumps = items.filter((item) => item.kind === 'jump');
  const exItems = items.filter((item) => item.kind === 'ex_date');
  const priceAt = (symbol: SymbolIndex, at: number): number => {
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
  return {
    priceAt,
    quoteAt(symbol, at) {
      const price = priceAt(symbol, at);
      const instrument = instruments[symbol] as InstrumentId;
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
