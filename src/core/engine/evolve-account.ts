import type { Order } from '#core/machines/order.ts';
import { notionalMinor } from '#core/market/money.ts';
import { resultInR } from '#core/risk/r-multiple.ts';
import type { Event } from './event.ts';
import type { DayState, DeskState, Position, Trade } from './state.ts';
import { withPositionOf } from './under-way.ts';

type Of<T extends Event['type']> = Extract<Event, { type: T }>;

/** Applies what a comparison with the broker decided: foreign holdings, corrections of money and quantity. */
export function evolveAccount(state: DeskState, event: Event): DeskState {
  switch (event.type) {
    case 'reconciled':
      return {
        ...withDoubts(state, event.isClean ? [] : state.doubts),
        isReconciled: event.isClean,
        cashMinor: event.isClean ? event.cashMinor : state.cashMinor,
        differences: event.isClean ? [] : event.differences,
        mismatches: event.isClean ? [] : event.mismatches,
      };
    case 'holdings_doubted':
      return withDoubts(state, event.doubts);
    case 'trade_closed':
      return withoutDoubt(state, event.trade.instrument);
    case 'external_found':
    case 'external_disowned':
      return {
        ...state,
        externals: [...without(state, event.external.id), event.external],
      };
    case 'external_gone':
      return { ...state, externals: without(state, event.id) };
    case 'position_adopted':
      return {
        ...state,
        externals: without(state, event.position.instrument),
        positions: { ...state.positions, [event.position.instrument]: event.position },
      };
    case 'cash_corrected':
      return {
        ...state,
        cashMinor: event.toMinor,
        mismatches: state.mismatches.filter((one) => one.kind !== 'cash'),
      };
    case 'charges_noted':
      return { ...state, cashMinor: event.toMinor, charges: event.chargeIds };
    case 'position_corrected':
      return holdingCorrected(state, event);
    case 'fills_corrected':
      return fillsCorrected(state, event);
    case 'account_attested':
      return { ...state, attestation: { untilAt: event.untilAt ?? 0, by: event.by } };
    case 'environment_asked':
    case 'environment_dropped':
    case 'environment_changed':
      return evolveEnvironment(state, event);
    default:
      return state;
  }
}

/** What another account was charged says nothing here. */
function withoutCharges({ charges: _, ...rest }: DeskState): DeskState {
  return rest;
}

/** Nothing doubted is left out, as in the states of older logs. */
function withDoubts(state: DeskState, doubts: DeskState['doubts']): DeskState {
  if (doubts !== undefined && doubts.length > 0) return { ...state, doubts };
  if (state.doubts === undefined) return state;
  const { doubts: _, ...rest } = state;
  return rest;
}

function withoutDoubt(state: DeskState, instrument: string): DeskState {
  return withDoubts(
    state,
    state.doubts?.filter((doubt) => doubt.instrument !== instrument),
  );
}

type SideEvent = Of<'environment_asked' | 'environment_dropped' | 'environment_changed'>;

/** The other side of an account is another account: nothing that was said or compared of this one holds there. */
function evolveEnvironment(state: DeskState, event: SideEvent): DeskState {
  switch (event.type) {
    case 'environment_asked':
      return { ...state, environmentAsked: { to: event.to, by: event.by, at: event.at } };
    case 'environment_dropped':
      return { ...state, environmentAsked: null };
    case 'environment_changed':
      return {
        ...withoutCharges(withDoubts(state, [])),
        environment: event.to,
        environmentAsked: null,
        cashMinor: event.cashMinor,
        isReconciled: false,
        differences: [],
        mismatches: [],
        externals: [],
        ...(state.attestation === undefined ? {} : { attestation: null }),
        consent: state.consent.kind === 'stopped' ? state.consent : { kind: 'not_given' },
      };
  }
}

function without(state: DeskState, id: string): DeskState['externals'] {
  return state.externals.filter((known) => known.id !== id);
}

function holdingCorrected(state: DeskState, event: Of<'position_corrected'>): DeskState {
  const held = state.positions[event.instrument];
  if (held === undefined) return state;
  const delta = event.to - event.from;
  const worthMinor = notionalMinor(event.price, Math.abs(delta));
  const position = delta < 0 ? lessened(held, event.to, worthMinor) : grown(held, event, delta);
  return {
    ...withoutDoubt(state, event.instrument),
    cashMinor: state.cashMinor + (delta < 0 ? worthMinor : -worthMinor),
    mismatches: state.mismatches.filter((one) => one.id !== event.instrument),
    positions: { ...state.positions, [event.instrument]: position },
  };
}

function lessened(held: Position, quantity: number, worthMinor: number): Position {
  return { ...held, quantity, exitMinor: held.exitMinor + worthMinor, exiting: null };
}

function grown(held: Position, event: Of<'position_corrected'>, delta: number): Position {
  const boughtQuantity = held.boughtQuantity + delta;
  const entryPrice = (held.entryPrice * held.boughtQuantity + event.price * delta) / boughtQuantity;
  const entryMinor = held.entryMinor + notionalMinor(event.price, delta);
  return {
    ...held,
    quantity: event.to,
    boughtQuantity,
    ...riskOf(held, entryPrice, entryMinor, boughtQuantity),
  };
}

function riskOf(held: Position, entryPrice: number, entryMinor: number, quantity: number) {
  return {
    entryPrice,
    entryMinor,
    riskPerShare: entryPrice - held.initialStop,
    riskMinor: Math.max(1, entryMinor - notionalMinor(held.initialStop, quantity)),
  };
}

function fillsCorrected(state: DeskState, event: Of<'fills_corrected'>): DeskState {
  const order = state.orders[event.orderId];
  if (order === undefined) return state;
  const feesMinor = event.feesMinor.to - event.feesMinor.from;
  const isBuy = order.side === 'buy';
  const gainMinor = (isBuy ? -1 : 1) * (event.filledMinor.to - event.filledMinor.from) - feesMinor;
  const day =
    state.day === null ? null : { ...state.day, feesMinor: state.day.feesMinor + feesMinor };
  const next = { ...state, day, cashMinor: state.cashMinor + gainMinor };
  const held = state.positions[order.instrument];
  if (held?.ticketId === order.ticketId) {
    const position = isBuy ? boughtAnew(held, order, event) : soldAnew(held, event);
    return withPositionOf(next, { ...position, feesMinor: held.feesMinor + feesMinor });
  }
  return day === null ? next : { ...next, day: tradeCorrected(day, order, gainMinor, feesMinor) };
}

function boughtAnew(held: Position, order: Order, event: Of<'fills_corrected'>): Position {
  const entryMinor = held.entryMinor + event.filledMinor.to - event.filledMinor.from;
  const moved = (event.averagePrice - (order.averagePrice ?? 0)) * order.filledQuantity;
  const entryPrice = held.entryPrice + moved / held.boughtQuantity;
  return { ...held, ...riskOf(held, entryPrice, entryMinor, held.boughtQuantity) };
}

function soldAnew(held: Position, event: Of<'fills_corrected'>): Position {
  return { ...held, exitMinor: held.exitMinor + event.filledMinor.to - event.filledMinor.from };
}

/** A finished trade of the day keeps its prices; its result, fees and the day's tally follow the correction. */
function tradeCorrected(
  day: DayState,
  order: Order,
  gainMinor: number,
  feesMinor: number,
): DayState {
  const isMeant = (trade: Trade) => trade.ticketId === order.ticketId;
  if (!day.trades.some(isMeant)) return day;
  const trades = day.trades.map((trade) => {
    if (!isMeant(trade)) return trade;
    const pnlMinor = trade.pnlMinor + gainMinor;
    return {
      ...trade,
      pnlMinor,
      feesMinor: trade.feesMinor + feesMinor,
      resultR: resultInR(pnlMinor, trade.riskMinor),
    };
  });
  const lastGain = trades.findLastIndex((trade) => trade.pnlMinor >= 0);
  return {
    ...day,
    trades,
    realizedMinor: day.realizedMinor + gainMinor,
    consecutiveLosses: trades.length - 1 - lastGain,
  };
}
