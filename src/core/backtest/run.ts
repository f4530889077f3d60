import type { Input } from '#core/engine/input.ts';
import type { Policy } from '#core/engine/policy.ts';
import { pendingTickets } from '#core/engine/select.ts';
import type { Bar, BarColumns } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Session } from '#core/market/session.ts';
import { expireOrders } from '#core/simulation/exchange.ts';
import { isMovedByBar, matchBar, matchQuote } from '#core/simulation/matching.ts';
import type { DayContext } from '#core/strategies/day-context.ts';
import { evaluationOf } from '#core/strategies/vwap-reclaim/evaluation.ts';
import type { VwapReclaimParams } from '#core/strategies/vwap-reclaim/params.ts';
import { createVwapReclaim, stepVwapReclaim } from '#core/strategies/vwap-reclaim/strategy.ts';
import { quoteAround } from './costs.ts';
import type { BacktestDesk, BacktestTrade, ExecutionModel } from './desk.ts';
import {
  advanceTo,
  answerDue,
  costsOf,
  createBacktestDesk,
  hear,
  markTrade,
  openDay,
  sawQuote,
  tell,
} from './desk.ts';
import { volumeCap } from './fills.ts';
import {
  atrByClock,
  type BarCounts,
  isAbnormal,
  type Lane,
  openingOf,
  passTo,
  stepAhead,
  stepRow,
} from './lane.ts';
import { ownSeen } from './own-view.ts';
import type { DaySpreads, SpreadPlace } from './spreads.ts';
import { recordedHalfBps } from './spreads.ts';

/** One symbol on one day: its bars within the session, and what was known before the open. */
export type BacktestSymbolDay = {
  readonly instrument: InstrumentId;
  readonly bars: BarColumns;
  readonly context: DayContext;
  /** Spreads that were recorded for its bars; null or left out: none. */
  readonly spreads?: DaySpreads | null;
};

/** One session to be played: the plan the live desk would be given, and the symbols that take part. */
export type BacktestDay = {
  readonly session: Session;
  readonly planned: Extract<Input, { kind: 'session_planned' }>;
  readonly symbols: readonly BacktestSymbolDay[];
};

/** What is played and how. `step` is the kernel; another one is given only to test the checks. */
export type BacktestSetup = {
  readonly days: readonly BacktestDay[];
  readonly params: VwapReclaimParams;
  readonly policy: Policy;
  readonly model: ExecutionModel;
  readonly isLogged?: boolean;
  readonly step?: typeof stepVwapReclaim;
  readonly onDay?: (done: number) => void;
};

/** What came of it. `decisions` counts calls of `decide`, `bars` the bars stepped. */
export type BacktestOutcome = {
  readonly trades: readonly BacktestTrade[];
  readonly bars: number;
  readonly days: number;
  readonly signals: number;
  /** Setups that a rule of the strategy refused, counted by bar. */
  readonly refusedBars: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly decisions: number;
  /** Cash at the end of each day that was traded, minor units. */
  readonly equity: readonly { readonly day: string; readonly cashMinor: number }[];
  /** Events with their instants, and the kernel's answer at each bar; when logged. */
  readonly log: readonly { readonly at: number; readonly text: string }[];
};

type Play = {
  readonly setup: BacktestSetup;
  readonly step: typeof stepVwapReclaim;
  readonly desk: BacktestDesk;
  day: BacktestDay;
  lanes: readonly Lane[];
  isOpened: boolean;
  readonly counts: BarCounts;
  /** Some cost follows ATR. */
  readonly isAtrPriced: boolean;
};

/**
 * Plays sessions minute by minute, one clock over all symbols: at an open what rests may fill and
 * due answers are given; at a close bars fill what rests, kernels are stepped, and `decide` runs
 * where one signals, a minute is abnormal, or something is open. Nothing of a later bar is read.
 */
export function runBacktest(setup: BacktestSetup): BacktestOutcome {
  const [first] = setup.days;
  const desk = createBacktestDesk(setup.policy, setup.model, setup.isLogged === true);
  const equity: { day: string; cashMinor: number }[] = [];
  const counts = { bars: 0, signals: 0, refusedBars: 0 };
  if (first !== undefined) {
    const step = setup.step ?? stepVwapReclaim;
    const { spreadAtrRatio, slippageAtrRatio } = setup.model;
    const isAtrPriced = spreadAtrRatio > 0 || slippageAtrRatio > 0;
    const begun = { day: first, lanes: [], isOpened: false };
    const play: Play = { setup, step, desk, counts, isAtrPriced, ...begun };
    for (const [done, day] of setup.days.entries()) {
      playDay(play, day);
      if (play.isOpened)
        equity.push({ day: day.session.tradingDay, cashMinor: desk.account.cashMinor });
      setup.onDay?.(done + 1);
    }
  }
  return {
    trades: desk.trades,
    ...counts,
    days: setup.days.length,
    refusals: Object.fromEntries(desk.refusals),
    decisions: desk.decisions,
    equity,
    log: desk.log ?? [],
  };
}

function playDay(play: Play, day: BacktestDay): void {
  play.day = day;
  // a day is opened at its first decision; one that is logged from the start, so that no event of
  // its morning is there only because something came later
  play.isOpened = play.desk.log !== null || play.desk.account.positions.size > 0;
  if (play.isOpened) openDay(play.desk, day.planned);
  play.lanes = day.symbols.map(({ instrument, bars, context, spreads = null }) => ({
    instrument,
    bars,
    spreads,
    costs: costsOf(play.desk, instrument),
    acc: createVwapReclaim(context, play.setup.params),
    atrs: play.isAtrPriced ? new Float64Array(bars.length) : null,
    next: 0,
    nextAt: openingOf(bars, 0),
    result: 0,
    quote: null,
    seen: null,
  }));
  if (play.isOpened) watch(play);
  let openedAt = goOn(play);
  while (openedAt < Number.POSITIVE_INFINITY) {
    if (play.desk.isActive) openBars(play, openedAt);
    closeBars(play, openedAt);
    openedAt = goOn(play);
  }
  if (play.isOpened) endDay(play);
}

/** From here on the desk of the day sees every bar that has closed. */
function watch(play: Play): void {
  for (const lane of play.lanes) {
    lane.seen = ownSeen(play.desk.view, lane.instrument);
    if (lane.next > 0) lane.seen.lastBarClosedAt = lane.bars.closedAt[lane.next - 1]!;
  }
}

/**
 * Answers when the next bars open that something may come of: with something open those of the next
 * minute, otherwise those that a kernel has to say something about; the clock goes on to them.
 */
function goOn(play: Play): number {
  const { desk, lanes, counts } = play;
  let openedAt = Number.POSITIVE_INFINITY;
  if (desk.isActive || desk.log !== null) {
    for (const { nextAt } of lanes) if (nextAt < openedAt) openedAt = nextAt;
    return openedAt;
  }
  for (const lane of lanes) {
    if (lane.acc.row < lane.next) stepAhead(lane, play.step, counts);
    const isWaiting = lane.acc.row >= lane.next && isWorthAsking(lane);
    if (isWaiting) openedAt = Math.min(openedAt, lane.bars.openedAt[lane.acc.row]!);
  }
  for (const lane of lanes) passTo(lane, openedAt);
  return openedAt;
}

/** The kernel has something to say about the bar it stands at. */
function isWorthAsking(lane: Lane): boolean {
  return lane.result === 1 || isAbnormal(lane, lane.acc.row);
}

/** Shares on either side of a quote at a bar's open: what the bar before allows; no cap without one. */
function sizeAt(play: Play, lane: Lane): number {
  const { volumeCapRatio } = play.setup.model;
  if (!Number.isFinite(volumeCapRatio)) return Number.MAX_SAFE_INTEGER;
  const volume = lane.next === 0 ? 0 : lane.bars.volume[lane.next - 1]!;
  return Math.max(1, volumeCap(volume, volumeCapRatio));
}

/** Sets what a taking fill of the lane's instrument loses in the minute of `row`. */
function priceCosts(play: Play, lane: Lane, row: number, place: SpreadPlace): void {
  const { model } = play.setup;
  const { costs, bars, spreads } = lane;
  // ATR of the bars that have closed, as a share of the price that is known by now
  const last = place === 'close' ? bars.close[row]! : bars.open[row]!;
  const atr = atrByClock(lane);
  const atrBps = atr > 0 ? (atr / last) * 10_000 : 0;
  const modeled = Math.max(model.halfSpreadBps, model.spreadAtrRatio * atrBps);
  const recorded = model.spread === 'recorded' ? recordedHalfBps(spreads, row, place) : Number.NaN;
  costs.halfSpreadBps = recorded >= 0 ? recorded : modeled;
  costs.slippageBps =
    costs.halfSpreadBps + Math.max(model.slippageBps, model.slippageAtrRatio * atrBps);
}

function quoteFor(play: Play, lane: Lane, price: number, at: number, isSpread: boolean): Quote {
  return quoteAround(lane.instrument, price, at, {
    halfSpreadBps: isSpread ? lane.costs.halfSpreadBps : 0,
    minHalfSpreadTicks: 0,
    size: sizeAt(play, lane),
  });
}

function openBars(play: Play, openedAt: number): void {
  const { desk } = play;
  advanceTo(desk, openedAt);
  for (const lane of play.lanes) {
    // who holds nothing, works nothing and asks nothing of a symbol needs no quote of it
    if (lane.nextAt !== openedAt || !isConcerned(desk, lane.instrument)) continue;
    const open = lane.bars.open[lane.next]!;
    priceCosts(play, lane, lane.next, 'open');
    lane.quote = quoteFor(play, lane, open, openedAt, true);
    const middle = quoteFor(play, lane, open, openedAt, false);
    hear(desk, matchQuote(desk.exchange, middle, openedAt), openedAt);
  }
  // all of them are known at this instant: one that is told first must not make the others look old
  for (const { quote } of play.lanes) if (quote?.at === openedAt) sawQuote(desk, quote);
  for (const { instrument, quote } of play.lanes) {
    if (quote?.at !== openedAt || !isConcerned(desk, instrument)) continue;
    // they are all seen already: where one changes nothing the next one of this instant does not either
    if (!tell(desk, { kind: 'quote_seen', at: openedAt, quote })) break;
  }
  answer(play, openedAt);
}

/** Every position is exposed, so a desk that is not active holds none. */
function isHeld(desk: BacktestDesk, instrument: InstrumentId): boolean {
  return desk.isActive && desk.state.positions[instrument] !== undefined;
}

function isConcerned(desk: BacktestDesk, instrument: InstrumentId): boolean {
  if (desk.state.positions[instrument] !== undefined) return true;
  return (desk.exchange.openOrders.get(instrument)?.length ?? 0) > 0 || desk.answers.size > 0;
}

function answer(play: Play, at: number): void {
  if (play.desk.answers.size === 0) return;
  answerDue(play.desk, at, (instrument) => {
    const quote = play.lanes.find((lane) => lane.instrument === instrument)?.quote ?? null;
    return quote?.at === at ? quote : null;
  });
}

function barAt(lane: Lane, i: number): Bar {
  const { bars, instrument } = lane;
  return {
    instrument,
    timeframe: '1m',
    openedAt: bars.openedAt[i]!,
    closedAt: bars.closedAt[i]!,
    open: bars.open[i]!,
    high: bars.high[i]!,
    low: bars.low[i]!,
    close: bars.close[i]!,
    volume: bars.volume[i]!,
  };
}

/** Closes the bars that opened at `openedAt`. */
function closeBars(play: Play, openedAt: number): void {
  const { desk } = play;
  for (const lane of play.lanes) {
    if (!desk.isActive || lane.nextAt !== openedAt) continue;
    const closedAt = lane.bars.closedAt[lane.next]!;
    advanceTo(desk, closedAt - 1);
    if (!isMovedByBar(desk.exchange, lane.instrument)) continue;
    const bar = barAt(lane, lane.next);
    priceCosts(play, lane, lane.next, 'inside');
    hear(desk, matchBar(desk.exchange, bar, closedAt), closedAt);
  }
  for (const lane of play.lanes) {
    if (lane.nextAt !== openedAt) continue;
    const i = lane.next;
    if (lane.acc.row < i) stepOn(play, lane);
    lane.next = i + 1;
    lane.nextAt = openingOf(lane.bars, i + 1);
    if (desk.log !== null) traceBar(play, lane, i, lane.result);
    const isThere = lane.acc.row === i;
    if ((isThere && isWorthAsking(lane)) || isHeld(desk, lane.instrument)) decideOn(play, lane, i);
    else if (lane.seen !== null) lane.seen.lastBarClosedAt = lane.bars.closedAt[i]!;
  }
}

/** Steps a kernel over the row of the clock, and further where the desk will not ask about the rows between. */
function stepOn(play: Play, lane: Lane): void {
  const { desk, step, counts } = play;
  if (desk.log !== null || isOpenOn(desk, lane.instrument)) stepRow(lane, step, counts);
  else stepAhead(lane, step, counts);
}

/** Something of the symbol is held, works or waits for an answer: its bars may each be asked about. */
function isOpenOn(desk: BacktestDesk, instrument: InstrumentId): boolean {
  if (!desk.isActive) return false;
  if (desk.state.positions[instrument] !== undefined) return true;
  if ((desk.exchange.openOrders.get(instrument)?.length ?? 0) > 0) return true;
  return pendingTickets(desk.state).some((ticket) => ticket.instrument === instrument);
}

function traceBar(play: Play, lane: Lane, i: number, result: number): void {
  const at = lane.bars.closedAt[i]!;
  const { regime } = evaluationOf(lane.acc, lane.bars, i);
  const text = `bar ${lane.instrument} ${at} ${result} ${regime.dayType}`;
  play.desk.log?.push({ at: at - 1, text });
}

function decideOn(play: Play, lane: Lane, i: number): void {
  const { desk, day } = play;
  if (!play.isOpened) {
    openDay(desk, day.planned);
    play.isOpened = true;
    watch(play);
  }
  const at = lane.bars.closedAt[i]!;
  desk.now = Math.max(desk.now, at);
  const evaluation = evaluationOf(lane.acc, lane.bars, i);
  priceCosts(play, lane, i, 'close');
  const quote =
    evaluation.signal === null ? null : quoteFor(play, lane, evaluation.bar.close, at, true);
  if (quote !== null) {
    lane.quote = quote;
    seeOthers(play, lane, at);
  }
  tell(desk, { kind: 'bar_evaluated', at, evaluation, inputHash: '', quote });
}

/** With a quote of one symbol at a close come those of what else is held: they are known then, too. */
function seeOthers(play: Play, lane: Lane, at: number): void {
  const { desk } = play;
  for (const other of play.lanes) {
    if (other === lane || !isConcerned(desk, other.instrument)) continue;
    const close = closeAt(other, at);
    if (close !== null) sawQuote(desk, quoteFor(play, other, close, at, true));
  }
}

/** Price of the bar that closes at `at`: the last one or, where its turn has not come yet, the next. */
function closeAt(lane: Lane, at: number): number | null {
  const { bars, next } = lane;
  for (const row of [next - 1, next])
    if (row >= 0 && row < bars.length && bars.closedAt[row] === at) return bars.close[row]!;
  return null;
}

/** Ends a session. What the data left open is sold at the last close, and the trade says so. */
function endDay(play: Play): void {
  const { desk, day } = play;
  const { closeAt } = day.session;
  if (desk.isActive) advanceTo(desk, closeAt - 1);
  for (const lane of play.lanes) {
    if (desk.state.positions[lane.instrument] === undefined || lane.next === 0) continue;
    markTrade(desk, lane.instrument, 'sold_without_bar');
    const quote = quoteFor(play, lane, lane.bars.close[lane.next - 1]!, closeAt - 1, false);
    hear(desk, matchQuote(desk.exchange, quote, closeAt - 1), closeAt - 1);
  }
  hear(desk, expireOrders(desk.exchange, closeAt), closeAt);
  tell(desk, { kind: 'session_closed', at: closeAt, labels: [] });
}
