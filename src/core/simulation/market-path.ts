import type { Random } from '#core/lib/random.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Session } from '#core/market/session.ts';
import type { DayPlan } from './day-plan.ts';
import { driftShape, volatilityShape, volumeShape } from './day-plan.ts';

/** A simulated stock. Prices in USD, volatilities per day as fractions. */
export type SimulatedStock = {
  readonly instrument: InstrumentId;
  readonly startPrice: number;
  /** How much of the market's move it takes part in. */
  readonly beta: number;
  /** Daily deviation of its own moves, the market's left out. */
  readonly ownVolDaily: number;
  readonly spreadBps: number;
  readonly sharesPerDay: number;
};

/** What moves on from day to day: price, own clusters of volatility. */
export type StockState = { readonly stock: SimulatedStock; price: number; cluster: number };

/** The market's part of the state, and the slow swing of its volatility from day to day. */
export type PathState = {
  readonly stocks: readonly StockState[];
  cluster: number;
  volLevel: number;
};

/** Takes one tick of stock number `stock`; prices in whole cents. */
export type TickSink = (
  stock: number,
  at: number,
  bidCents: number,
  askCents: number,
  lastCents: number,
  volume: number,
) => void;

/** Each stock ticks once within each slot. */
export const SLOT_MS = 4_000;
const SLOTS_PER_MINUTE = 15;

/** Daily deviation of the market, and its split between the session and the night. */
const MARKET_VOL_DAILY = 0.0105;
const SESSION_SHARE = 0.84;
const NIGHT_SHARE = 0.54;

/** GARCH(1,1) of standardized minute moves: variance persists for about half an hour. */
const CLUSTER_NEWS = 0.1;
const CLUSTER_MEMORY = 0.87;
const CLUSTER_MAX = 12;

/** Log-deviation of the scale of one minute: fat tails beyond the clusters. */
const MINUTE_SCALE_DEVIATION = 0.3;

function nextCluster(cluster: number, move: number): number {
  const next = 1 - CLUSTER_NEWS - CLUSTER_MEMORY + CLUSTER_NEWS * move * move;
  return Math.min(CLUSTER_MAX, next + CLUSTER_MEMORY * cluster);
}

function minuteScale(cluster: number, random: Random): number {
  const deviation = MINUTE_SCALE_DEVIATION;
  return Math.sqrt(cluster) * Math.exp(deviation * random.normal() - deviation * deviation);
}

/** Volatility level of the next day: a slow swing around 1. */
export function stepVolLevel(state: PathState, random: Random): number {
  state.volLevel = 0.85 * state.volLevel + 0.16 * random.normal();
  return Math.exp(state.volLevel);
}

/** Moves all prices over the night: a common gap by beta and an own one. */
function gapOvernight(state: PathState, plan: DayPlan, random: Random): void {
  const common = MARKET_VOL_DAILY * NIGHT_SHARE * plan.volScale * random.normal();
  for (const held of state.stocks) {
    const { beta, ownVolDaily } = held.stock;
    const own = ownVolDaily * NIGHT_SHARE * plan.volScale * random.normal();
    held.price *= Math.exp(beta * common + own);
  }
}

type Minute = {
  readonly shape: number;
  readonly volume: number;
  readonly wide: number;
  readonly drift: number;
  readonly jump: number;
};

function minuteOf(plan: DayPlan, m: number, minutes: number): Minute {
  const u = (m + 0.5) / minutes;
  const isNews = plan.newsAt !== null && m === Math.floor(plan.newsAt * minutes);
  return {
    shape: volatilityShape(plan, u),
    volume: volumeShape(plan, u),
    wide: 1 + 1.5 * Math.exp(-u / 0.012),
    drift: (plan.drift * driftShape(plan, u)) / (minutes * SLOTS_PER_MINUTE),
    jump: isNews ? plan.newsJump / SLOTS_PER_MINUTE : 0,
  };
}

/** What is drawn and summed up within one session; one entry per stock in the lists. */
type Course = {
  readonly plan: DayPlan;
  readonly minutes: number;
  readonly logs: number[];
  readonly opens: readonly number[];
  readonly scales: number[];
  readonly moves: number[];
  market: number;
  marketMove: number;
};

/** One slot: a common step, then one tick per stock. `marketScale` is the scale of this minute. */
function playSlot(
  state: PathState,
  course: Course,
  minute: Minute,
  marketScale: number,
  slotAt: number,
  random: Random,
  sink: TickSink,
): void {
  const { plan, logs, scales, moves, opens, minutes } = course;
  const perSlot = (SESSION_SHARE * minute.shape) / Math.sqrt(minutes * SLOTS_PER_MINUTE);
  const reversion = plan.reversionPerMinute / SLOTS_PER_MINUTE;
  const shock = marketScale * random.normal();
  const pushed = perSlot * shock + minute.drift + minute.jump;
  const step = MARKET_VOL_DAILY * plan.volScale * pushed - reversion * course.market;
  course.marketMove += shock;
  course.market += step;
  state.stocks.forEach(({ stock }, k) => {
    const ownShock = (scales[k] ?? 1) * random.normal();
    moves[k] = (moves[k] ?? 0) + ownShock;
    const before = logs[k] ?? 0;
    const own = before - (opens[k] ?? 0) - stock.beta * (course.market - step);
    const ownStep = stock.ownVolDaily * plan.volScale * perSlot * ownShock;
    const log = before + stock.beta * step + ownStep - reversion * 0.5 * own;
    logs[k] = log;
    const heat = 0.5 + 0.35 * Math.abs(shock) + 0.35 * Math.abs(ownShock);
    tickOf(stock, k, Math.exp(log), slotAt, heat, minute, minutes, random, sink);
  });
}

/**
 * Plays one session from the state and leaves the state at its close. A common market path (drift
 * and reversion by plan, clusters of volatility) and an own path per stock make the middle price;
 * around it stand bid and ask in whole ticks, wider at the open and when the market is wild; the
 * last trade is at bid or ask. Volume follows the U shape and the size of the move. Ticks come in
 * slots of four seconds, in time order per stock. The gap before the session is part of it.
 */
export function playSession(
  state: PathState,
  session: Session,
  plan: DayPlan,
  random: Random,
  sink: TickSink,
): void {
  gapOvernight(state, plan, random);
  const minutes = Math.round((session.closeAt - session.openAt) / 60_000);
  const logs = state.stocks.map((held) => Math.log(held.price));
  const [scales, moves] = [logs.map(() => 1), logs.map(() => 0)];
  const course: Course = {
    plan,
    minutes,
    logs,
    opens: [...logs],
    scales,
    moves,
    market: 0,
    marketMove: 0,
  };
  const root = Math.sqrt(SLOTS_PER_MINUTE);
  for (let m = 0; m < minutes; m += 1) {
    const minute = minuteOf(plan, m, minutes);
    const marketScale = minuteScale(state.cluster, random);
    state.stocks.forEach((held, k) => {
      scales[k] = minuteScale(held.cluster, random);
      moves[k] = 0;
    });
    course.marketMove = 0;
    for (let s = 0; s < SLOTS_PER_MINUTE; s += 1) {
      const slotAt = session.openAt + (m * SLOTS_PER_MINUTE + s) * SLOT_MS;
      playSlot(state, course, minute, marketScale, slotAt, random, sink);
    }
    state.cluster = nextCluster(state.cluster, course.marketMove / root);
    state.stocks.forEach((held, k) => {
      held.cluster = nextCluster(held.cluster, (moves[k] ?? 0) / root);
    });
  }
  state.stocks.forEach((held, k) => {
    held.price = Math.exp(logs[k] ?? 0);
  });
}

function tickOf(
  stock: SimulatedStock,
  k: number,
  middle: number,
  slotAt: number,
  heat: number,
  minute: Minute,
  minutes: number,
  random: Random,
  sink: TickSink,
): void {
  const at = slotAt + 100 + Math.floor(random.uniform() * (SLOT_MS - 200));
  const wide = 0.6 + 0.4 * minute.shape * heat;
  const spreadCents = (middle * stock.spreadBps * wide * minute.wide) / 100;
  const ticks = Math.max(1, Math.round(spreadCents + (random.uniform() - 0.5)));
  const bid = Math.max(1, Math.round(middle * 100 - ticks / 2));
  const last = random.uniform() < 0.5 ? bid : bid + ticks;
  const mean = (stock.sharesPerDay * minute.volume) / (minutes * SLOTS_PER_MINUTE);
  const shares = mean * heat * Math.exp(0.8 * random.normal() - 0.32);
  const volume = shares >= 1_000 ? Math.round(shares / 100) * 100 : Math.max(1, Math.round(shares));
  sink(k, at, bid, bid + ticks, last, volume);
}
