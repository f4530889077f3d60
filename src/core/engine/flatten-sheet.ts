import type { ReasonCode } from '#core/gates/reason.ts';
import { type BoardCn, boardOfCn } from '#core/market/board-cn.ts';
import { exitPriceCn } from '#core/market/exit-price-cn.ts';
import { computeFeesUs } from '#core/market/fees.ts';
import { computeFeesCn } from '#core/market/fees-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import { limitsOn } from '#core/market/limits-cn.ts';
import { notionalMinor, subtractMinor, sumMinor } from '#core/market/money.ts';
import type { PhaseCn } from '#core/market/phases-cn.ts';
import type { Quote } from '#core/market/quote.ts';
import { type SaleWayCn, saleWaysCn } from '#core/market/sale-ways-cn.ts';
import { extendedSalePrice, phaseAtUs } from '#core/market/sale-ways-us.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Policy } from './policy.ts';
import { instrumentDayOf, sellableQuantity } from './select-cn.ts';
import type { DeskState, Position } from './state.ts';
import { type MarketView, seenOf } from './view.ts';

/** How shares would leave: at once, in a queue, later, or not on this day. */
export type SheetWay =
  | 'continuous'
  | 'auction'
  | 'queue'
  | 'after_hours'
  | 'extended_hours'
  | 'later'
  | 'stays';

/** What a sale would bring at `price`; money in minor units, the result against the entry less the sale's fees. */
export type SheetEstimate = {
  readonly price: number;
  readonly proceedsMinor: number;
  readonly feesMinor: number;
  readonly resultMinor: number;
  /** Price over entry less one. */
  readonly moveRatio: number;
};

/** A part of a holding and what would become of it. Lines of a holding add up to it. */
export type SheetLine = {
  readonly instrument: InstrumentId;
  /** Shares. */
  readonly quantity: number;
  readonly way: SheetWay;
  /** Why it waits, queues or stays; null when nothing is in its way. */
  readonly why: ReasonCode | null;
  /** Of `later`: when the market takes orders next; null: not known yet. */
  readonly opensAt: number | null;
  /** The lowest price the first order would accept; null: none, or not known. */
  readonly limitPrice: number | null;
  /** Null when no price is known. */
  readonly estimate: SheetEstimate | null;
};

/** All that stage 2 would do at one account; figures are in its currency alone. */
export type FlattenSheet = {
  readonly deskId: string;
  readonly accountId: string;
  readonly environment: 'paper' | 'live';
  readonly currency: string;
  readonly zone: string;
  readonly at: number;
  /** The sales are to-dos of a person. */
  readonly isByHand: boolean;
  readonly lines: readonly SheetLine[];
  /** Of what leaves at once or queues; lines without a price are counted in `unpriced`. */
  readonly sold: {
    readonly lines: number;
    readonly proceedsMinor: number;
    readonly feesMinor: number;
    readonly resultMinor: number;
    readonly unpriced: number;
  };
  /** Of what waits or stays: shares' value at the last price known. */
  readonly kept: { readonly lines: number; readonly valueMinor: number; readonly unpriced: number };
};

/**
 * Lists, position by position, what stage 2 of a kill would sell now and how, what stays and why, and what
 * it would cost. Prices are those seen last: a bid where there is one. Nothing is decided by it; the exits
 * themselves look again (`exitTerms`).
 */
export function flattenSheet(
  state: DeskState,
  view: MarketView,
  policy: Policy,
  at: number,
): FlattenSheet {
  const lines = Object.values(state.positions)
    .filter((position) => position.quantity > 0)
    .flatMap((position) =>
      policy.market === 'CN'
        ? linesCn(state, view, policy, position, at)
        : [lineUs(state, view, policy, position, at)],
    );
  const leaves = lines.filter((line) => line.way !== 'later' && line.way !== 'stays');
  const rest = lines.filter((line) => line.way === 'later' || line.way === 'stays');
  const money = (of: readonly SheetLine[], name: 'proceedsMinor' | 'feesMinor' | 'resultMinor') =>
    sumMinor(of.map((line) => line.estimate?.[name] ?? 0));
  const unpriced = (of: readonly SheetLine[]) => of.filter((line) => line.estimate === null).length;
  return {
    deskId: policy.deskId,
    accountId: policy.accountId,
    environment: policy.environment,
    currency: policy.currency,
    zone: policy.zone,
    at,
    isByHand: policy.execution.isPerson,
    lines,
    sold: {
      lines: leaves.length,
      proceedsMinor: money(leaves, 'proceedsMinor'),
      feesMinor: money(leaves, 'feesMinor'),
      resultMinor: money(leaves, 'resultMinor'),
      unpriced: unpriced(leaves),
    },
    kept: {
      lines: rest.length,
      valueMinor: money(rest, 'proceedsMinor'),
      unpriced: unpriced(rest),
    },
  };
}

type Seen = {
  readonly state: DeskState;
  readonly view: MarketView;
  readonly policy: Policy;
  readonly position: Position;
};

/** Price of the last sight of a symbol: its bid, else its ask, else the last bar's or the previous close; null: none. */
function sightOf({ state, view, position }: Seen): number | null {
  const { quote, evaluation } = seenOf(view, position.instrument);
  const usable = (price: number | null | undefined) =>
    price !== null && price !== undefined && price > 0 ? price : null;
  return (
    usable(quote?.bid) ??
    usable(quote?.ask) ??
    usable(evaluation?.bar.close) ??
    usable(state.symbols[position.instrument]?.facts?.previousClose)
  );
}

function estimateOf(seen: Seen, quantity: number, price: number | null): SheetEstimate | null {
  if (price === null) return null;
  const { position } = seen;
  const proceedsMinor = notionalMinor(price, quantity);
  const feesMinor = saleFees(seen, quantity, price);
  const cost = notionalMinor(position.entryPrice, quantity);
  return {
    price,
    proceedsMinor,
    feesMinor,
    resultMinor: subtractMinor(subtractMinor(proceedsMinor, cost), feesMinor),
    moveRatio: position.entryPrice > 0 ? price / position.entryPrice - 1 : 0,
  };
}

function saleFees({ state, policy, position }: Seen, quantity: number, price: number): number {
  const tradedOn = state.day?.tradingDay ?? position.tradingDay;
  const { commissionMinimumMinor, commissionPerShareMinor, commissionRate } = policy.cost;
  const board = policy.market === 'CN' ? boardOfCn(position.instrument) : null;
  if (board !== null) {
    const commission = { rate: commissionRate, minimumMinor: commissionMinimumMinor };
    return computeFeesCn({ board, side: 'sell', quantity, price, tradedOn, commission }).totalMinor;
  }
  const regulatory = computeFeesUs({ side: 'sell', quantity, price, tradedOn, model: 'alpaca' });
  const perShare = Math.ceil(commissionPerShareMinor * quantity);
  return regulatory.totalMinor + Math.max(perShare, commissionMinimumMinor);
}

function lineUs(
  state: DeskState,
  view: MarketView,
  policy: Policy,
  position: Position,
  at: number,
): SheetLine {
  const seen = { state, view, policy, position };
  const { instrument, quantity } = position;
  const base = { instrument, quantity, why: null, opensAt: null, limitPrice: null } as const;
  const last = estimateOf(seen, quantity, sightOf(seen));
  const session = state.day?.session;
  if (session === undefined)
    return { ...base, way: 'later', why: 'session_closed', estimate: last };
  const phase = phaseAtUs(session, at);
  const isHalted = state.locks.some(
    (lock) => lock.cause === 'halt' && lock.scope === instrument && lock.untilAt > at,
  );
  if (phase === 'regular')
    return isHalted
      ? { ...base, way: 'queue', why: 'halt', estimate: last }
      : { ...base, way: 'continuous', estimate: last };
  const opensAt = at < session.openAt ? session.openAt : null;
  const later = { ...base, way: 'later', opensAt, estimate: last } as const;
  if (phase === 'closed' || !policy.execution.hasExtendedHours)
    return { ...later, why: 'session_closed' };
  const { quote } = seenOf(view, instrument);
  const price = extendedSalePrice(quote, at, 1);
  if (price === null) return { ...later, why: 'quote_missing' };
  return { ...base, way: 'extended_hours', limitPrice: price.limitPrice, estimate: last };
}

function linesCn(
  state: DeskState,
  view: MarketView,
  policy: Policy,
  position: Position,
  at: number,
): SheetLine[] {
  const seen = { state, view, policy, position };
  const { instrument, quantity } = position;
  const { day } = state;
  const facts = instrumentDayOf(state, instrument);
  const { quote } = seenOf(view, instrument);
  const sight = sightOf(seen);
  const base = { instrument, opensAt: null, limitPrice: null } as const;
  const sellable = sellableQuantity(state, policy, position);
  if (day === null || facts === null) {
    const why = sellable < quantity ? 'not_sellable_today' : 'facts_missing';
    const way = sellable < quantity ? 'stays' : 'continuous';
    return [{ ...base, quantity, way, why, estimate: estimateOf(seen, quantity, sight) }];
  }
  const { session, tradingDay } = day;
  const ways = saleWaysCn({ facts, session, at, quote, held: quantity, sellable });
  const board = boardOfCn(instrument);
  const known = { facts, quote, sight, board, tradingDay };
  return ways.map((way) => lineCn(seen, way, known));
}

function lineCn(
  seen: Seen,
  way: SaleWayCn,
  known: {
    readonly facts: InstrumentDayCn;
    readonly quote: Quote | null;
    readonly sight: number | null;
    readonly board: BoardCn | null;
    readonly tradingDay: TradingDay;
  },
): SheetLine {
  const { quantity } = way;
  const { board, facts, quote, sight, tradingDay } = known;
  const { instrument } = seen.position;
  const base = { instrument, quantity, opensAt: null, limitPrice: null } as const;
  const estimate = (price: number | null) => estimateOf(seen, quantity, price);
  switch (way.kind) {
    case 'stays':
      return { ...base, way: 'stays', why: STAYS[way.reason], estimate: estimate(sight) };
    case 'later': {
      const { opensAt } = way;
      return {
        ...base,
        way: 'later',
        why: 'order_window_shut',
        opensAt,
        estimate: estimate(sight),
      };
    }
    case 'queue': {
      const limits = limitsOn(facts);
      const limitPrice = limits.kind === 'limits' ? limits.down : null;
      const price = estimate(limitPrice ?? sight);
      return { ...base, way: 'queue', why: 'limit_down', limitPrice, estimate: price };
    }
    case 'now': {
      const { phase } = way;
      const first =
        board === null ? null : exitPriceCn({ board, tradingDay, phase, facts, quote, attempt: 1 });
      const price = SALE_WAY[phase] === 'after_hours' ? (facts.closePrice ?? sight) : sight;
      return {
        ...base,
        way: SALE_WAY[phase],
        why: way.isCertain ? null : 'facts_missing',
        limitPrice: first?.limitPrice ?? null,
        estimate: estimate(price),
      };
    }
  }
}

const STAYS: Readonly<Record<Extract<SaleWayCn, { kind: 'stays' }>['reason'], ReasonCode>> = {
  day_over: 'session_closed',
  halted: 'halt',
  suspended: 'suspended',
  t_plus_one: 'not_sellable_today',
};

const SALE_WAY: Readonly<Record<PhaseCn, SheetWay>> = {
  before_open: 'later',
  opening_auction: 'auction',
  opening_locked: 'auction',
  opening_pause: 'auction',
  continuous: 'continuous',
  break: 'later',
  closing_auction: 'auction',
  after_close: 'after_hours',
  after_hours: 'after_hours',
  closed: 'stays',
};
