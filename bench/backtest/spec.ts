import { fillPriceOnBar, type WorkingOrder } from '#core/backtest/fills.ts';
import type { Bar, BarColumns } from '#core/market/bar.ts';

/*
 * The peers' strategy (SPEC of ../shared/bench-peers) as a kernel over columns, and the orders it
 * gives, which the product's fill rules price. One clock goes over all symbols, or each symbol is
 * played by itself where no rule needs the others.
 */
const FEE = 0.0003;
const QUANTITY = 200;
const HALF = 100;
/** The finest grid there is: the SPEC knows no tick. */
const NO_TICK = 1e-8;
const FREE = { slippageBps: 0 };
const DAY_MS = 86_400_000;
/** Bar of the day at whose close everything is sold. */
const LAST_BAR = 384;

export type Figures = { trades: number; halves: number; pnl: number; fees: number };

/** State of a symbol's session; everything is allocated once. */
type SpecAcc = {
  day: number;
  m: number;
  pv: number;
  vv: number;
  phase: 0 | 1 | 2 | 3;
  pull: number;
  /** Stop and risk of the last signal. */
  stop: number;
  risk: number;
};

/** Takes bar `i` in and answers 1 for a signal. */
function stepSpec(acc: SpecAcc, bars: BarColumns, i: number): 0 | 1 {
  const day = Math.floor(bars.openedAt[i]! / DAY_MS);
  if (day === acc.day) acc.m += 1;
  else {
    acc.day = day;
    acc.m = 0;
    acc.pv = 0;
    acc.vv = 0;
    acc.phase = 0;
  }
  const close = bars.close[i]!;
  const low = bars.low[i]!;
  const volume = bars.volume[i]!;
  acc.pv += ((bars.high[i]! + low + close) / 3) * volume;
  acc.vv += volume;
  if (acc.phase === 3) return 0;
  const vwap = acc.pv / acc.vv;
  if (acc.phase === 0) {
    if (close > vwap * 1.002) acc.phase = 1;
    return 0;
  }
  if (acc.phase === 1) {
    if (low > vwap * 1.0005) return 0;
    acc.phase = 2;
    acc.pull = low;
    return 0;
  }
  if (low < acc.pull) acc.pull = low;
  if (close < vwap * 0.997) acc.phase = 0;
  else if (close > vwap && close > bars.open[i]!) {
    const stop = acc.pull * 0.9995;
    acc.phase = 1;
    if (acc.m < 15 || acc.m >= 90 || close - stop < 0.0005 * close) return 0;
    acc.phase = 3;
    acc.stop = stop;
    acc.risk = close - stop;
    return 1;
  }
  return 0;
}

type Own<T> = { -readonly [K in keyof T]: T[K] };

/** A symbol: where the clock stands in its rows, and what is open of it. */
type Lane = {
  readonly bars: BarColumns;
  readonly acc: SpecAcc;
  readonly bar: Own<Bar>;
  readonly entry: WorkingOrder;
  readonly exit: WorkingOrder;
  readonly stop: Own<WorkingOrder>;
  readonly target: Own<WorkingOrder>;
  /** Row that comes next, and when the clock has to come to it. */
  next: number;
  dueAt: number;
  /** The kernel has signalled at that row already. */
  hasSignal: boolean;
  held: number;
  paid: number;
  top: number;
  isEntering: boolean;
  isLeaving: boolean;
  /** The stop and, before the half, the limit work from here on. */
  isLive: boolean;
  isHalved: boolean;
};

const order = (side: 'buy' | 'sell', type: 'stop' | 'limit' | 'market'): WorkingOrder => ({
  ...{ side, type, limitPrice: null, stopPrice: null, isTriggered: false, workingAt: 0 },
});

function laneOf(bars: BarColumns): Lane {
  return {
    bars,
    acc: { day: -1, m: 0, pv: 0, vv: 0, phase: 0, pull: 0, stop: 0, risk: 0 },
    bar: {
      ...{ instrument: 'SAA.US', timeframe: '1m', openedAt: 0, closedAt: 0 },
      ...{ open: 0, high: 0, low: 0, close: 0, volume: 0 },
    },
    entry: order('buy', 'market'),
    exit: order('sell', 'market'),
    stop: { ...order('sell', 'stop'), stopPrice: 0 },
    target: { ...order('sell', 'limit'), limitPrice: 0 },
    ...{ next: 0, dueAt: 0, hasSignal: false },
    ...{ held: 0, paid: 0, top: 0 },
    ...{ isEntering: false, isLeaving: false, isLive: false, isHalved: false },
  };
}

function sell(lane: Lane, quantity: number, price: number, out: Figures): void {
  const fee = quantity * price * FEE;
  out.fees += fee;
  out.pnl += quantity * (price - lane.paid) - fee;
  lane.held -= quantity;
}

/** Fills what rests on the row that has just closed. */
function matchRow(lane: Lane, i: number, out: Figures): void {
  const { bars, bar, acc } = lane;
  bar.openedAt = bars.openedAt[i]!;
  bar.closedAt = bars.closedAt[i]!;
  bar.open = bars.open[i]!;
  bar.high = bars.high[i]!;
  bar.low = bars.low[i]!;
  bar.close = bars.close[i]!;
  bar.volume = bars.volume[i]!;
  if (lane.isEntering) {
    const price = fillPriceOnBar(lane.entry, bar, NO_TICK, FREE)!;
    lane.isEntering = false;
    lane.held = QUANTITY;
    lane.paid = price;
    lane.top = bar.high;
    lane.isHalved = false;
    lane.isLive = false;
    lane.stop.stopPrice = acc.stop;
    // a touch fills in the SPEC, so the limit lies a hair below
    lane.target.limitPrice = price + acc.risk - NO_TICK;
    const fee = QUANTITY * price * FEE;
    out.trades += 1;
    out.fees += fee;
    out.pnl -= fee;
    return;
  }
  if (lane.isLeaving) {
    sell(lane, lane.held, fillPriceOnBar(lane.exit, bar, NO_TICK, FREE)!, out);
    lane.isLeaving = false;
  } else if (lane.isLive) {
    const stopped = fillPriceOnBar(lane.stop, bar, NO_TICK, FREE);
    const price =
      stopped === null && !lane.isHalved ? fillPriceOnBar(lane.target, bar, NO_TICK, FREE) : null;
    if (stopped !== null) sell(lane, lane.held, stopped, out);
    else if (price !== null) {
      sell(lane, HALF, price, out);
      lane.isHalved = true;
      out.halves += 1;
    }
  }
  if (bar.high > lane.top) lane.top = bar.high;
}

/** Goes over one row: what rests may fill, the kernel is stepped, orders follow from its answer. */
function takeRow(lane: Lane, out: Figures): void {
  const { bars, acc, next: i } = lane;
  if (lane.held > 0 || lane.isEntering) matchRow(lane, i, out);
  if (stepSpec(acc, bars, i) === 1) lane.isEntering = true;
  else if (lane.held > 0) {
    lane.isLive = true;
    if (lane.isHalved)
      lane.stop.stopPrice = Math.max(lane.stop.stopPrice!, lane.paid, lane.top - acc.risk);
    if (acc.m === LAST_BAR) lane.isLeaving = true;
  }
  lane.next = i + 1;
}

/**
 * Steps the kernel to its next signal while nothing of the symbol is open: what it answers follows from its
 * own rows alone. Answers when the row opens that the clock has to come to.
 */
function goOn(lane: Lane): number {
  const { bars, acc } = lane;
  if (lane.held === 0 && !lane.isEntering) {
    let i = lane.next;
    while (i < bars.length && stepSpec(acc, bars, i) === 0) i += 1;
    lane.next = i;
    lane.hasSignal = i < bars.length;
  }
  return openingOf(lane);
}

function openingOf({ bars, next }: Lane): number {
  return next < bars.length ? bars.openedAt[next]! : Number.POSITIVE_INFINITY;
}

/** Goes over the row of the clock: a signal that waits there is acted on, or what is open has its minute. */
function takeDue(lane: Lane, out: Figures): void {
  if (!lane.hasSignal) {
    takeRow(lane, out);
    return;
  }
  lane.hasSignal = false;
  lane.isEntering = true;
  lane.next += 1;
}

/** One clock over all symbols: every order is given and filled in the order of the minutes. */
export function playTogether(series: readonly BarColumns[]): Figures {
  const lanes = series.map(laneOf);
  const out = { trades: 0, halves: 0, pnl: 0, fees: 0 };
  for (const lane of lanes) lane.dueAt = goOn(lane);
  let at = Math.min(...lanes.map(({ dueAt }) => dueAt));
  while (at < Number.POSITIVE_INFINITY) {
    let after = Number.POSITIVE_INFINITY;
    for (const lane of lanes) {
      if (lane.dueAt === at) {
        takeDue(lane, out);
        lane.dueAt = goOn(lane);
      }
      if (lane.dueAt < after) after = lane.dueAt;
    }
    at = after;
  }
  return out;
}

/** Each symbol by itself, as a sweep may where no rule looks across symbols. */
export function playApart(series: readonly BarColumns[]): Figures {
  const out = { trades: 0, halves: 0, pnl: 0, fees: 0 };
  for (const lane of series.map(laneOf)) while (lane.next < lane.bars.length) takeRow(lane, out);
  return out;
}
