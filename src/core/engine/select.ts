import { type Reason, reason } from '#core/gates/reason.ts';
import { mayFill, type Order } from '#core/machines/order.ts';
import { isRunning } from '#core/machines/rotation.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import { type MeasuredEdge, ruledOutRows } from '#core/risk/edge.ts';
import type { AlarmKind } from './alarm-kind.ts';
import { entriesOf, ordersOf } from './order-index.ts';
import type { Alarm, DeskState, Position } from './state.ts';
import { pendingOf } from './ticket-index.ts';

/** Entries that may still open risk, also unknown ones. */
export function openEntries(state: DeskState): Order[] {
  return [...entriesOf(state)];
}

/** Stops and targets of an instrument that are, or may be, working at the broker (held children are not). */
export function workingProtection(state: DeskState, instrument: string): Order[] {
  return ordersOf(state, instrument).filter(isProtecting);
}

function isProtecting(order: Order): boolean {
  const isChild = order.role === 'stop' || order.role === 'target';
  return isChild && mayFill(order) && order.state !== 'held';
}

/** Shares that the stops of an instrument which are, or may be, working and of which `counts` is true would sell. */
export function stopped(
  state: DeskState,
  instrument: string,
  counts: (order: Order) => boolean = () => true,
): number {
  let shares = 0;
  for (const order of ordersOf(state, instrument))
    if (order.role === 'stop' && isProtecting(order) && counts(order))
      shares += openQuantity(state, order);
  return shares;
}

/** Exit orders of an instrument that may still fill. */
export function workingExits(state: DeskState, instrument: string): Order[] {
  return ordersOf(state, instrument).filter((order) => order.role === 'exit' && mayFill(order));
}

/** Shares of an instrument that working exits may still sell. */
export function leavingQuantity(state: DeskState, instrument: string): number {
  return workingExits(state, instrument).reduce(
    (sum, order) => sum + openQuantity(state, order),
    0,
  );
}

/**
 * Shares an order can still trade: its quantity less its own fills and those of its one-cancels-other
 * siblings, which the broker takes off it.
 */
export function openQuantity(state: DeskState, order: Order): number {
  let taken = order.filledQuantity;
  if (order.ocoGroup !== null)
    for (const other of ordersOf(state, order.instrument))
      if (other.ocoGroup === order.ocoGroup && other.orderId !== order.orderId)
        taken += other.filledQuantity;
  return Math.max(0, order.quantity - taken);
}

/** Shares of an instrument that working stops would sell. */
export function coveredQuantity(state: DeskState, instrument: string): number {
  return stopped(state, instrument);
}

/** Shares of a position that new protection and exits may sell: those the last reading of the account did not miss. */
export function protectable(state: DeskState, { instrument, quantity }: Position): number {
  const doubt = state.doubts?.find((one) => one.instrument === instrument);
  return Math.max(0, quantity - (doubt?.missing ?? 0));
}

/** True where a person had tickets answered although what was measured for today rules an edge out. */
export function isEdgeOverridden(state: DeskState): boolean {
  const known = state.edgeOverride ?? null;
  return known !== null && known.edgeId === state.day?.edge?.id;
}

/** The measurement that keeps tickets of some day type from being answered; null where none does. */
export function edgeInTheWay(state: DeskState): MeasuredEdge | null {
  const { edge } = state.day ?? {};
  if (edge === undefined || isEdgeOverridden(state)) return null;
  return ruledOutRows(edge).length > 0 ? edge : null;
}

/** Tickets waiting for an answer, oldest first. */
export function pendingTickets(state: DeskState): readonly Ticket[] {
  return pendingOf(state);
}

/** The newest ticket of a code, also an ended one; undefined when none has it. */
export function ticketByCode(state: DeskState, code: string): Ticket | undefined {
  const wanted = code.toUpperCase();
  return Object.values(state.tickets)
    .filter((ticket) => ticket.code === wanted)
    .sort((a, b) => b.createdAt - a.createdAt)[0];
}

/** True for the ticket of a switch that is under way or waits for a person. */
export function isOfSwitch(state: DeskState, ticketId: string): boolean {
  return isRunning(state.rotation) && state.rotation.ticketId === ticketId;
}

/** True for both names of a switch, the first one once a person has agreed. */
export function isInSwitch(state: DeskState, instrument: string): boolean {
  if (switchAwayFrom(state, instrument) !== null) return true;
  return isRunning(state.rotation) && state.rotation.to === instrument;
}

/** Says no to a purchase of a name that an agreed switch is leaving; null: none leaves it. */
export function switchAwayFrom(state: DeskState, instrument: string): Reason | null {
  const { rotation } = state;
  if (!isRunning(rotation) || rotation.step === 'proposed' || rotation.from !== instrument)
    return null;
  const { from, to, code } = rotation;
  return reason('switch_running', { from, to, code });
}

/** True when the desk holds something or has an order that may still fill. */
export function isExposed(state: DeskState): boolean {
  return (
    Object.keys(state.positions).length > 0 ||
    Object.values(state.orders).some((order) => mayFill(order) && order.state !== 'held')
  );
}

/** True while the one request of stage 2 is under way or in doubt. */
export function isSweepPending(state: DeskState): boolean {
  const sweep = state.kill.kind === 'clear' ? null : state.kill.sweep;
  return sweep !== null && sweep.state !== 'answered';
}

/**
 * True while the desk may not sell a position by itself: the broker was asked to close it and has not
 * answered, or it named no such position and book and broker have not been found to agree since.
 */
export function isHeldBack(state: DeskState, position: Position): boolean {
  const { kill } = state;
  if (kill.kind === 'clear') return false;
  if (kill.sweep?.way === 'one_request' && kill.sweep.state !== 'answered') return true;
  return kill.legs.some(
    (leg) => leg.instrument === position.instrument && leg.problem?.code === 'position_mismatch',
  );
}

/** True while a position waits for book and broker to agree before stage 2 goes on with it. */
export function isAnyHeldBack(state: DeskState): boolean {
  return Object.values(state.positions).some((position) => isHeldBack(state, position));
}

/** Alarms that still ring: what they are about has not come to an end. */
export function ringing(state: DeskState): Alarm[] {
  return state.alarms.filter((alarm) => alarm.settledAt === null);
}

/** A P0 that repeats until seen; `id` is stable for the same subject. */
export function alarmOf(
  kind: AlarmKind,
  subject: string,
  at: number,
  firstRepeatMs: number,
  figures: Alarm['figures'] = {},
): Alarm {
  return {
    id: `${kind}:${subject}`,
    kind,
    raisedAt: at,
    repeats: 0,
    nextAt: at + firstRepeatMs,
    figures,
    settledAt: null,
  };
}
