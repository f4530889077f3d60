import type { Order } from '#core/machines/order.ts';
import { notionalMinor } from '#core/market/money.ts';
import { blended, NO_SLIPPAGE } from '#core/portfolio/slippage.ts';
import type { Event } from './event.ts';
import { leavingQuantity } from './select.ts';
import type { DayState, DeskState, Position } from './state.ts';
import { withPositionOf } from './under-way.ts';

/** A stop that a person names is of today's basis: it answers an ex-date that is open. */
const BY_PERSON: ReadonlySet<string> = new Set(['operator', 'widened by the operator']);

type Fill = Extract<Event, { type: 'order_filled' }>;

/** Mean of the initial risks of today's trades, at most the budget the day began with. */
function unitR(day: DayState): number {
  const risks = day.trades.map((trade) => trade.riskMinor).filter((risk) => risk > 0);
  if (risks.length === 0) return day.riskBudgetMinor;
  const mean = Math.round(risks.reduce((sum, risk) => sum + risk, 0) / risks.length);
  return Math.min(day.riskBudgetMinor, Math.max(1, mean));
}

function bought(state: DeskState, order: Order, fill: Fill): DeskState {
  const ticket = state.tickets[order.ticketId];
  if (ticket === undefined || state.day === null) return state;
  const costMinor = notionalMinor(fill.price, fill.quantity);
  const held = state.positions[order.instrument];
  const quantity = (held?.quantity ?? 0) + fill.quantity;
  const boughtQuantity = (held?.boughtQuantity ?? 0) + fill.quantity;
  const entryMinor = (held?.entryMinor ?? 0) + costMinor;
  const entryPrice =
    ((held?.entryPrice ?? 0) * (held?.boughtQuantity ?? 0) + fill.price * fill.quantity) /
    boughtQuantity;
  const riskMinor = Math.max(1, entryMinor - notionalMinor(ticket.stop, boughtQuantity));
  const { entry, exit } = held?.slippage ?? { entry: NO_SLIPPAGE, exit: NO_SLIPPAGE };
  const position: Position = {
    instrument: order.instrument,
    ticketId: ticket.id,
    side: ticket.side,
    quantity,
    boughtQuantity,
    openedAt: held?.openedAt ?? fill.at,
    // a day order trades on its day, also where a person tells of it later
    tradingDay: held?.tradingDay ?? ticket.tradingDay,
    origin: held?.origin ?? 'ticket',
    entryPrice,
    entryMinor,
    exitMinor: held?.exitMinor ?? 0,
    feesMinor: (held?.feesMinor ?? 0) + fill.feesMinor,
    initialStop: ticket.stop,
    stop: held?.stop ?? ticket.stop,
    riskPerShare: entryPrice - ticket.stop,
    riskMinor,
    firstTarget: ticket.firstTarget,
    isFirstTargetDone: held?.isFirstTargetDone ?? false,
    dayTypeAtEntry: ticket.dayType,
    exiting: held?.exiting ?? null,
    conditionalStop: held?.conditionalStop ?? null,
    bareSince: held?.bareSince ?? null,
    unprotectedSince: held?.unprotectedSince ?? null,
    waivedBy: held?.waivedBy ?? null,
    isTargetWaived: held?.isTargetWaived ?? false,
    slippage: { entry: blended(entry, fill.slippage, fill.quantity), exit },
  };
  const day: DayState = {
    ...state.day,
    tradesStarted: state.day.tradesStarted + (held === undefined ? 1 : 0),
    feesMinor: state.day.feesMinor + fill.feesMinor,
    fillsBeyondEstimate: beyondEstimate(state.day, fill),
  };
  const cashMinor = state.cashMinor - costMinor - fill.feesMinor;
  return withPositionOf({ ...state, day, cashMinor }, position);
}

/**
 * What is still to leave after a sale; null once the asked quantity has left. Never less than what a working exit
 * offers: a stop of the shares beside it takes nothing off it.
 */
function exitLeft(
  state: DeskState,
  held: Position,
  order: Order,
  sale: number,
): Position['exiting'] {
  if (held.exiting === null) return null;
  const offered = leavingQuantity(state, held.instrument) - (order.role === 'exit' ? sale : 0);
  const left = Math.max(held.exiting.quantity - sale, offered);
  return left > 0 ? { ...held.exiting, quantity: left } : null;
}

function beyondEstimate(day: DayState, fill: Fill): number {
  return day.fillsBeyondEstimate + (fill.isBeyondEstimate ? 1 : 0);
}

function dayAfterSale(day: DayState, fill: Fill): DayState {
  const feesMinor = day.feesMinor + fill.feesMinor;
  return { ...day, feesMinor, fillsBeyondEstimate: beyondEstimate(day, fill) };
}

function sold(state: DeskState, order: Order, fill: Fill): DeskState {
  const held = state.positions[order.instrument];
  const proceedsMinor = notionalMinor(fill.price, fill.quantity);
  const cashMinor = state.cashMinor + proceedsMinor - fill.feesMinor;
  const day = state.day === null ? null : dayAfterSale(state.day, fill);
  if (held === undefined) return { ...state, day, cashMinor };
  const position: Position = {
    ...held,
    quantity: held.quantity - fill.quantity,
    exitMinor: held.exitMinor + proceedsMinor,
    feesMinor: held.feesMinor + fill.feesMinor,
    isFirstTargetDone: held.isFirstTargetDone || (isTargetOrder(order) && fill.isComplete),
    exiting: exitLeft(state, held, order, fill.quantity),
    slippage: {
      ...held.slippage,
      exit: blended(held.slippage.exit, fill.slippage, fill.quantity),
    },
  };
  return withPositionOf({ ...state, day, cashMinor }, position);
}

/** A first target that rests at a broker, or the exit a watched position made of it. */
function isTargetOrder(order: Order): boolean {
  return order.role === 'target' || (order.role === 'exit' && order.why === 'target');
}

function waiting(state: DeskState, event: Extract<Event, { type: 'exit_waits' }>): DeskState {
  const exiting = state.positions[event.instrument]?.exiting ?? null;
  if (exiting === null) return state;
  return withPosition(state, event.instrument, {
    exiting: { ...exiting, waitsFor: event.reason.code },
  });
}

function withPosition(state: DeskState, instrument: string, change: Partial<Position>): DeskState {
  const held = state.positions[instrument];
  if (held === undefined) return state;
  return withPositionOf(state, { ...held, ...change });
}

function tradeClosed(state: DeskState, event: Extract<Event, { type: 'trade_closed' }>): DeskState {
  const { [event.trade.instrument]: _closed, ...positions } = state.positions;
  if (state.day === null) return { ...state, positions };
  const lost = event.trade.pnlMinor < 0;
  const day: DayState = {
    ...state.day,
    trades: [...state.day.trades, event.trade],
    consecutiveLosses: lost ? state.day.consecutiveLosses + 1 : 0,
    realizedMinor: state.day.realizedMinor + event.trade.pnlMinor,
  };
  return { ...state, positions, day: { ...day, unitRMinor: unitR(day) } };
}

/** Applies what an event means for positions, cash and the day's result. Reads the order as it was before the event. */
export function evolvePosition(state: DeskState, event: Event): DeskState {
  switch (event.type) {
    case 'order_filled': {
      const order = state.orders[event.orderId];
      if (order === undefined) return state;
      return order.side === 'buy' ? bought(state, order, event) : sold(state, order, event);
    }
    case 'order_replaced': {
      const order = state.orders[event.orderId];
      if (order === undefined || order.role !== 'stop' || event.stopPrice === null) return state;
      return withPosition(state, order.instrument, { stop: event.stopPrice });
    }
    case 'exit_planned': {
      const { by, quantity } = event;
      return withPosition(state, event.instrument, { exitPlanned: { by, quantity } });
    }
    case 'exit_started':
      return withPosition(state, event.instrument, {
        exitPlanned: null,
        exiting: {
          reason: event.reason,
          at: event.at,
          by: event.by,
          quantity: event.quantity,
          waitsFor: null,
        },
      });
    case 'exit_waits':
      return waiting(state, event);
    case 'watched_stop_moved':
      return withPosition(state, event.instrument, {
        stop: event.stop,
        waivedBy: null,
        ...(BY_PERSON.has(event.why) ? { exDateOpen: null } : {}),
      });
    case 'protection_waived':
      return withPosition(
        state,
        event.instrument,
        event.what === 'stop' ? { waivedBy: event.by } : { isTargetWaived: true },
      );
    case 'conditional_order_set':
      return withPosition(state, event.instrument, { conditionalStop: event.stop });
    case 'position_found_unprotected':
      return withPosition(state, event.instrument, { unprotectedSince: event.at });
    case 'position_protected':
      return withPosition(state, event.instrument, { unprotectedSince: null });
    case 'trade_closed':
      return tradeClosed(state, event);
    default:
      return state;
  }
}

/** Loss or gain of an open position at a price, net of fees so far, in minor units. */
export function openResultMinor(position: Position, price: number): number {
  const worth = notionalMinor(price, position.quantity);
  return position.exitMinor + worth - position.entryMinor - position.feesMinor;
}
