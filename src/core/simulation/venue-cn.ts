import { regularTradingDayOf } from '#core/backtest/costs.ts';
import type { RefusalCn } from '#core/gates/order-cn.ts';
import { refusalCn } from '#core/gates/order-cn.ts';
import { boardOfCn } from '#core/market/board-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import {
  afterHoursFromCn,
  afterHoursThroughCn,
  canCancelCn,
  canSubmitCn,
  dayEndsAtCn,
  phaseAtCn,
  phasesCn,
} from '#core/market/phases-cn.ts';
import type { Quote } from '#core/market/quote.ts';
import { lotRuleOn } from '#core/market/rules-cn.ts';
import { isHaltedCn } from '#core/market/seal-cn.ts';
import type { Session } from '#core/market/session.ts';
import type { ExchangeOrder, ExchangeReport, OrderTerms } from './exchange-order.ts';
import { isWorking, remainingOf } from './exchange-order.ts';
import type { Exchange } from './exchange-state.ts';
import {
  committedSells,
  endOrder,
  isOpenAt,
  knownDayOf,
  sellableAt,
  tradingDayAt,
} from './exchange-state.ts';

/** How an instrument trades at an instant: by quotes, at the day's close, or not at all. */
export type TradingMode = 'regular' | 'after_hours' | 'none';

/**
 * Mode at `at`. On a plain exchange the session alone decides. On a Chinese one auctions take
 * orders and match none of them by quotes (a print or a bar does), and a halt stops everything.
 */
export function tradingModeOf(
  exchange: Exchange,
  instrument: InstrumentId,
  at: number,
): TradingMode {
  const { rules, session } = exchange;
  if (rules.venue !== 'cn') return isOpenAt(exchange, at) ? 'regular' : 'none';
  if (isHaltedAt(exchange, instrument, at)) return 'none';
  if (session === undefined) return 'regular';
  const board = boardOfCn(instrument);
  if (session === null || board === null) return 'none';
  const phase = phaseAtCn(session, board, at);
  if (phase === 'continuous') return 'regular';
  return phase === 'after_hours' ? 'after_hours' : 'none';
}

/** True when the facts of the day say that the instrument does not trade at `at`. */
export function isHaltedAt(exchange: Exchange, instrument: InstrumentId, at: number): boolean {
  const known = knownDayOf(exchange, instrument, at);
  return known !== null && isHaltedCn(known.facts, at);
}

/**
 * Whether a standing quote still says what can be traded at `at`. On a Chinese exchange it does so
 * within one phase and between halts: a quote of an auction is indicative, and one of before the
 * break or a halt is over.
 */
export function standsStill(exchange: Exchange, quote: Quote, at: number): boolean {
  const { rules, session } = exchange;
  if (rules.venue !== 'cn') return true;
  const halts = knownDayOf(exchange, quote.instrument, at)?.facts.halts ?? [];
  if (halts.some((halt) => quote.at < halt.toAt && halt.toAt <= at)) return false;
  const board = boardOfCn(quote.instrument);
  if (!session || board === null) return true;
  const span = phasesCn(session, board).find((one) => at >= one.fromAt && at < one.toAt);
  return span !== undefined && quote.at >= span.fromAt;
}

/** Whether `order` takes part in trading of `mode`. */
export function takesPart(order: ExchangeOrder, mode: TradingMode): boolean {
  return mode !== 'none' && (order.terms.isExtendedHours === true) === (mode === 'after_hours');
}

/** Why the venue refuses `terms`; null when it takes them. Cash is judged elsewhere. */
export function refusalOfCn(exchange: Exchange, terms: OrderTerms, at: number): RefusalCn | null {
  const { instrument, side, type, quantity, limitPrice } = terms;
  if (type === 'stop') {
    return { code: 'order_type_unsupported', figures: { found: type, expected: 'limit, market' } };
  }
  if (terms.bracket !== null || terms.ocoGroup !== null) {
    return { code: 'bracket_unsupported', figures: {} };
  }
  const tradingDay = tradingDayAt(exchange, at);
  const position = exchange.account.positions.get(instrument);
  const promised = committedSells(exchange, instrument, null);
  const quote = exchange.books.get(instrument)?.quote ?? null;
  const last = exchange.lastPrices.get(instrument);
  const order = {
    instrument,
    side,
    type,
    quantity,
    limitPrice,
    isAfterHours: terms.isExtendedHours === true,
  };
  return refusalCn(order, {
    tradingDay,
    at,
    session: exchange.session,
    facts: knownDayOf(exchange, instrument, at)?.facts ?? null,
    quote: quote !== null && standsStill(exchange, quote, at) ? quote : null,
    lastPrice:
      last !== undefined && regularTradingDayOf(last.at) === tradingDay ? last.price : null,
    held: (position?.quantity ?? 0) - promised,
    sellable: sellableAt(exchange, instrument, at) - promised,
    boughtToday: boughtToday(exchange, instrument, at),
  });
}

function boughtToday(exchange: Exchange, instrument: InstrumentId, at: number): number {
  const position = exchange.account.positions.get(instrument);
  const isToday = position?.boughtOn === tradingDayAt(exchange, at);
  let total = isToday ? (position?.boughtTodayQuantity ?? 0) : 0;
  for (const order of exchange.openOrders.get(instrument) ?? []) {
    if (order.terms.side === 'buy' && isWorking(order)) total += remainingOf(order);
  }
  return total;
}

/** Instant from which an order taken at `at` works: at once, at the open, or after the close. */
export function worksAtCn(exchange: Exchange, terms: OrderTerms, at: number): number {
  const { session } = exchange;
  const board = boardOfCn(terms.instrument);
  if (!session || board === null) return at;
  if (terms.isExtendedHours === true) return Math.max(at, afterHoursFromCn(session));
  const window = canSubmitCn(session, board, at);
  return window.kind === 'open' ? window.worksAt : at;
}

/** Why a cancel is refused at `at`: both auctions have minutes that let no order go. */
export function cancelRefusalCn(
  exchange: Exchange,
  instrument: InstrumentId,
  at: number,
): 'cancel_window_shut' | null {
  const { session } = exchange;
  const board = boardOfCn(instrument);
  if (!session || board === null) return null;
  const window = canCancelCn(session, board, at);
  return window.kind === 'open' || window.phase === 'closed' ? null : 'cancel_window_shut';
}

/**
 * Part of `quantity` that one fill may have: whole steps of the board, unless it completes the
 * order, so that a cut fill leaves no odd lot behind.
 */
export function wholeStepsOf(
  exchange: Exchange,
  order: ExchangeOrder,
  quantity: number,
  at: number,
): number {
  if (exchange.rules.venue !== 'cn' || quantity === remainingOf(order)) return quantity;
  const board = boardOfCn(order.terms.instrument);
  const rule = board === null ? null : lotRuleOn(board, tradingDayAt(exchange, at));
  return rule === null ? 0 : Math.floor(quantity / rule.step) * rule.step;
}

/**
 * Ends the orders for after the close whose limit is worse than the close: an exchange holds them
 * void (a purchase below the close, a sale above it).
 */
export function endVoidOrders(
  exchange: Exchange,
  instrument: InstrumentId,
  at: number,
  out: ExchangeReport[],
): void {
  const close = knownDayOf(exchange, instrument, at)?.facts.closePrice ?? null;
  if (close === null) return;
  for (const order of [...(exchange.openOrders.get(instrument) ?? [])]) {
    const { side, limitPrice, isExtendedHours } = order.terms;
    if (isExtendedHours !== true || limitPrice === null || !isWorking(order)) continue;
    const isVoid = side === 'buy' ? limitPrice < close : limitPrice > close;
    if (isVoid) endOrder(exchange, order, 'expired', 'after_hours_price', at, out);
  }
}

/** True when `order` ends with its session at `at`. Orders for after the close end at 15:30. */
export function endsWithSessionCn(exchange: Exchange, order: ExchangeOrder, at: number): boolean {
  const { session } = exchange;
  const board = boardOfCn(order.terms.instrument);
  if (!session || board === null || order.terms.isExtendedHours !== true) return true;
  return at >= dayEndsAtCn(session, board);
}

/**
 * Instants at which orders end: at the close; on a Chinese exchange at 15:05, when the closing
 * auction's print is long out, and at 15:30.
 */
export function endInstantsOf(session: Session): number[] {
  if (session.market !== 'CN') return [session.closeAt];
  return [afterHoursFromCn(session), afterHoursThroughCn(session)];
}
