import { mayFill } from '#core/machines/order.ts';
import { monthReturnOf } from '#core/machines/restart.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { notionalMinor } from '#core/market/money.ts';
import { mostRestrictive } from '#core/risk/permission.ts';
import { freeCashMinor } from '#core/risk/review.ts';
import type { DeskInputs } from '#core/strategies/sector-pulse/checkpoint.ts';
import type { HeldPosition, HeldPrice } from '#core/strategies/sector-pulse/exits.ts';
import type { BookLook } from '#core/strategies/sector-pulse/propose-entry.ts';
import { permissionSources } from './permission-of.ts';
import { INITIAL_PULSE } from './pulse-state.ts';
import { openEntries, pendingTickets } from './select.ts';
import { planOf } from './select-cn.ts';
import type { DeskState, Position } from './state.ts';
import type { MarketView } from './view.ts';

/** Prices of held names as a look found them; a name that is absent is unknown. */
export type HeldPrices = Readonly<Record<InstrumentId, HeldPrice>>;

/** A position in the words of the strategy: plan from its ticket, marks from the checkpoints. */
export function heldPositionOf(state: DeskState, position: Position): HeldPosition {
  const mark = state.pulse?.held[position.instrument];
  const plan = planOf(state, position);
  const { instrument, quantity, tradingDay, entryPrice, stop, firstTarget } = position;
  return {
    instrument,
    purchases: [{ boughtOn: tradingDay, quantity }],
    entryDay: tradingDay,
    entryPrice,
    stop,
    firstTarget,
    secondTarget: plan.secondTarget,
    firstTargetQuantity: Math.min(quantity, plan.firstTargetQuantity),
    isFirstTargetDone: position.isFirstTargetDone,
    peakPrice: Math.max(mark?.peakPrice ?? 0, entryPrice),
    sector: mark?.sector ?? null,
    sectorOutBefore: mark?.sectorOutBefore ?? 0,
    sectorOutDays: mark?.sectorOutDays ?? null,
    isExDateOpen: position.exDateOpen != null,
    strength: mark?.strength ?? null,
  };
}

function valueMinor(position: Position, prices: HeldPrices): number | null {
  const last = prices[position.instrument]?.last ?? Number.NaN;
  return last > 0 ? notionalMinor(last, position.quantity) : null;
}

/** Market value of what is held, minor units; null when one price is not known. */
export function heldValueMinor(state: DeskState, prices: HeldPrices): number | null {
  let sum = 0;
  for (const position of Object.values(state.positions)) {
    const value = valueMinor(position, prices);
    if (value === null) return null;
    sum += value;
  }
  return sum;
}

/** What entries that wait or work may still add, by instrument and since an instant. */
function pendingMinor(state: DeskState): { instrument: InstrumentId; minor: number }[] {
  const tickets = pendingTickets(state).map((ticket) => ({
    instrument: ticket.instrument,
    minor: notionalMinor(ticket.entryLimit, ticket.quantity),
  }));
  const orders = openEntries(state).map((order) => ({
    instrument: order.instrument,
    minor: notionalMinor(order.limitPrice ?? 0, order.quantity - order.filledQuantity),
  }));
  return [...tickets, ...orders];
}

/** Money that tickets opened since `fromAt` have taken or may still take. */
function newMinor(state: DeskState, fromAt: number): number {
  let sum = 0;
  for (const ticket of Object.values(state.tickets)) {
    if (ticket.createdAt < fromAt) continue;
    if (ticket.state === 'pending') sum += notionalMinor(ticket.entryLimit, ticket.quantity);
    if (ticket.state !== 'confirmed') continue;
    for (const order of Object.values(state.orders)) {
      if (order.ticketId !== ticket.id || order.role !== 'entry') continue;
      const counted = mayFill(order) ? order.quantity : order.filledQuantity;
      sum += notionalMinor(order.averagePrice ?? order.limitPrice ?? 0, counted);
    }
  }
  return sum;
}

function soldToday(state: DeskState): InstrumentId[] {
  const closed = (state.day?.trades ?? []).map((trade) => trade.instrument);
  const leaving = Object.values(state.positions)
    .filter((position) => position.exiting !== null)
    .map((position) => position.instrument);
  return [...new Set([...closed, ...leaving])];
}

/** Account and book at one instant, for the caps of entries. What is not known is null. */
export function bookLookOf(state: DeskState, prices: HeldPrices, at: number): BookLook {
  const heldMinor = heldValueMinor(state, prices);
  const pending = pendingMinor(state);
  const byName: Record<InstrumentId, number> = {};
  for (const position of Object.values(state.positions))
    byName[position.instrument] =
      valueMinor(position, prices) ?? notionalMinor(position.entryPrice, position.quantity);
  for (const { instrument, minor } of pending)
    byName[instrument] = (byName[instrument] ?? 0) + minor;
  const totalAssetsMinor = heldMinor === null ? null : state.cashMinor + heldMinor;
  const pulse = state.pulse ?? INITIAL_PULSE;
  const dayAt = state.day?.session.openAt ?? at;
  const others = permissionSources(state, at).filter(({ source }) => source !== 'stance');
  return {
    at,
    totalAssetsMinor,
    freeCashMinor: freeCashMinor(state),
    positionsMinor:
      heldMinor === null ? null : heldMinor + pending.reduce((sum, one) => sum + one.minor, 0),
    heldMinor: byName,
    ownNames: Object.keys(byName) as InstrumentId[],
    soldToday: soldToday(state),
    newAtCheckpointMinor: newMinor(state, pulse.checkpointAt ?? dayAt),
    newTodayMinor: newMinor(state, dayAt),
    dayReturn: monthReturnOf(totalAssetsMinor, pulse.dayStartMinor),
    permission: mostRestrictive(others),
    killLevel: pulse.stance.killLevel,
  };
}

/** What the desk knows of itself when it looks: the fold of its events and the prices of what it holds. */
export function deskInputsOf(
  state: DeskState,
  view: MarketView,
  prices: HeldPrices,
  at: number,
): DeskInputs {
  const pulse = state.pulse ?? INITIAL_PULSE;
  const { dayStartMinor, month } = pulse;
  return {
    stance: pulse.stance,
    lastLook: view.killLook ?? null,
    book: bookLookOf(state, prices, at),
    positions: Object.values(state.positions)
      .filter(({ quantity }) => quantity > 0)
      .map((position) => heldPositionOf(state, position)),
    prices,
    topBefore: pulse.topBefore,
    ownResults: [],
    restart:
      pulse.stance.stance === 'dormant'
        ? {
            records: pulse.gates,
            tradingDays: pulse.daysAsleep,
            monthReturn: monthReturnOf(dayStartMinor, month?.startMinor ?? null),
          }
        : null,
  };
}
