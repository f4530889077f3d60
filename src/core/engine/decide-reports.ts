import type { Reason } from '#core/gates/reason.ts';
import { hasEnded, type Order } from '#core/machines/order.ts';
import { roundToTick, tickSize } from '#core/market/price.ts';
import { figuresOf, type Slippage, slippageOf } from '#core/portfolio/slippage.ts';
import { resultInR } from '#core/risk/r-multiple.ts';
import { requestCancel } from './decide-orders.ts';
import { moveByCancel, raiseStop } from './decide-protection.ts';
import { causePassed, enterSafeMode, raiseAlarm } from './decide-safety.ts';
import { type Draft, emit } from './draft.ts';
import type { Event } from './event.ts';
import type { OrderReport } from './input.ts';
import { ordersOf } from './order-index.ts';
import { feesOf, type Unreadable, unreadable } from './report-check.ts';
import { isExposed, isSweepPending } from './select.ts';
import type { ExitReason, Position, Trade } from './state.ts';

type Source = Extract<Event, { type: 'order_filled' }>['source'];

/** Judges a broker's report. A repeated or late one changes nothing; a fill is a fact in every state. */
export function onReport(draft: Draft, report: OrderReport, source: Source = 'reported'): void {
  const problem = unreadable(report);
  if (problem !== null) return onUnreadable(draft, String(report.orderId), problem);
  const order = draft.state.orders[report.orderId];
  if (order === undefined) {
    if (isDisowned(draft, report.orderId)) return;
    // a closing order of stage 2 whose name the desk has not been told yet; it is asked about once it is
    if (isSweepPending(draft.state)) return;
    enterSafeMode(draft, 'position_mismatch', report.orderId, {
      found: `report ${report.kind} of an order the desk does not know`,
    });
    return;
  }
  if (!SAYS_NOTHING.has(report.kind)) settleDoubt(draft, order);
  if (report.filledQuantity > order.filledQuantity) onFill(draft, order, report, source);
  else if (isCompletion(order, report)) complete(draft, order, report, source);
  else if (!hasEnded(order)) onWord(draft, order, report);
  const after = draft.state.orders[order.orderId];
  // the doubt stopped all entries; a cancel asked for meanwhile may be lost, and asking twice is safe
  if (order.role === 'entry' && order.state === 'unknown' && after !== undefined) {
    if (after.state !== 'unknown') requestCancel(draft, after, 'safe mode');
  }
}

/** What cannot be read counts neither as said nor as unsaid: entries stop, and the account is asked. */
function onUnreadable(draft: Draft, orderId: string, problem: Unreadable): void {
  const { place, found, expected } = problem;
  enterSafeMode(draft, 'position_mismatch', orderId, { found: `${place} ${found}`, expected });
}

function isDisowned(draft: Draft, orderId: string): boolean {
  return draft.state.externals.some((one) => one.id === orderId && one.state === 'disowned');
}

/** The broker calls an order done without a further fill: its sibling had shrunk it. */
function isCompletion(order: Order, report: OrderReport): boolean {
  const { filledQuantity } = order;
  return report.kind === 'filled' && filledQuantity > 0 && report.filledQuantity === filledQuantity;
}

function complete(draft: Draft, order: Order, report: OrderReport, source: Source): void {
  if (hasEnded(order)) return;
  const { orderId } = order;
  const price = order.averagePrice ?? 0;
  const none = { quantity: 0, price, feesMinor: 0, slippage: slippageOf(order, price) };
  const { reportId } = report;
  const whole = { isComplete: true, isBeyondEstimate: false };
  emit(draft, { type: 'order_filled', orderId, reportId, ...none, ...whole, source });
}

/** A refused cancel or replace does not tell whether the order still works. */
const SAYS_NOTHING: ReadonlySet<OrderReport['kind']> = new Set([
  'cancel_rejected',
  'replace_rejected',
]);

function settleDoubt(draft: Draft, order: Order): void {
  if (order.state === 'unknown') causePassed(draft, 'order_unconfirmed', order.orderId);
}

function onWord(draft: Draft, order: Order, report: OrderReport): void {
  const { orderId } = order;
  switch (report.kind) {
    case 'accepted':
      if (order.state !== 'accepted' && order.state !== 'partially_filled')
        emit(draft, { type: 'order_accepted', orderId });
      if (order.cancelRefusedAt !== null) askAgain(draft, order);
      return;
    case 'canceled':
      emit(draft, { type: 'order_canceled', orderId, reason: report.reason });
      return;
    case 'rejected':
      emit(draft, { type: 'order_rejected', orderId, reason: report.reason });
      return;
    case 'expired':
      emit(draft, { type: 'order_expired', orderId });
      return;
    case 'replaced':
      if (isOldNews(order, report)) return;
      emit(draft, {
        type: 'order_replaced',
        orderId,
        stopPrice: report.stopPrice,
        limitPrice: report.limitPrice,
      });
      return;
    case 'replace_rejected':
      emit(draft, { type: 'order_replace_failed', orderId, reason: report.reason });
      // who took over from a frozen process may cancel what that one entered, and not change it
      if (report.reason === 'other_client') moveByCancel(draft, order);
      return;
    case 'cancel_rejected':
      if (order.cancelRequestedAt === null || order.state === 'unknown') return;
      emit(draft, { type: 'order_cancel_refused', orderId, reason: report.reason });
      if (order.cancelRefusals + 1 < MOST_REFUSALS) return;
      return onDoubt(draft, orderId, `cancel refused: ${report.reason ?? 'no reason'}`);
    case 'partially_filled':
    case 'filled':
      return;
  }
}

/** A cancel refused this often is a doubt; before, the order is asked about: mostly it was just filled. */
const MOST_REFUSALS = 3;

/** The order works although its cancel was refused: it is asked for once more. */
function askAgain(draft: Draft, order: Order): void {
  const { orderId } = order;
  const after = draft.state.orders[orderId];
  if (after?.cancelRefusedAt === null) return;
  emit(draft, { type: 'cancel_requested', orderId, why: 'refused, and it still works' });
}

/** A stop moves one way only: `replaced` to where it stands, or lower, is a repeat of what was heard before. */
function isOldNews(order: Order, report: OrderReport): boolean {
  if (order.role !== 'stop' || order.state === 'unknown') return false;
  // a person may have asked for a lower one
  if (order.replaceTo !== null && order.replaceTo === report.stopPrice) return false;
  return (
    report.stopPrice !== null && order.stopPrice !== null && report.stopPrice <= order.stopPrice
  );
}

/** True when a fill was far worse than half the spread and the slippage its ticket reckoned with. */
function isBeyondEstimate(draft: Draft, order: Order, { midBps }: Slippage): boolean {
  const ticket = draft.state.tickets[order.ticketId];
  if (ticket === undefined || midBps === null) return false;
  const estimateBps = ticket.spreadBps / 2 + draft.policy.cost.slippageBps;
  return midBps > draft.policy.breakers.slippageMultiple * estimateBps;
}

function onFill(draft: Draft, order: Order, report: OrderReport, source: Source): void {
  const quantity = report.filledQuantity - order.filledQuantity;
  // a sibling's fill shrinks an order at the broker, so its word counts, not our quantity
  const isComplete = report.filledQuantity >= order.quantity || report.kind === 'filled';
  const price = report.lastPrice;
  if (price === null || !(price > 0) || report.filledQuantity > order.quantity) {
    enterSafeMode(draft, 'position_mismatch', order.orderId, {
      found: `fill of ${report.filledQuantity} at ${price ?? 'no price'}`,
      expected: `at most ${order.quantity} at a price above 0`,
    });
    return;
  }
  const fees = feesOf(report, quantity);
  const before = draft.state.positions[order.instrument];
  const slippage = slippageOf(order, price);
  emit(draft, {
    type: 'order_filled',
    orderId: order.orderId,
    reportId: report.reportId,
    quantity,
    price,
    feesMinor: fees.minor,
    isComplete,
    slippage,
    isBeyondEstimate: isBeyondEstimate(draft, order, slippage),
    source,
  });
  if (fees.problem !== null) onUnreadable(draft, order.orderId, fees.problem);
  if (order.role === 'entry') {
    // what is watched needs no whole order to be protected: more of it may come
    if (!isComplete && draft.policy.execution.protection === 'broker')
      requestCancel(draft, draft.state.orders[order.orderId] ?? order, 'partial fill');
    return;
  }
  const after = draft.state.positions[order.instrument];
  if (after === undefined) {
    enterSafeMode(draft, 'position_mismatch', order.instrument, {
      found: `sold ${quantity} with nothing held`,
    });
  } else if (after.quantity < 0) {
    enterSafeMode(draft, 'position_mismatch', order.instrument, {
      found: `sold ${-after.quantity} more than held`,
    });
  } else if (after.quantity === 0) closeTrade(draft, after, exitReasonOf(after, order));
  else if (!(before?.isFirstTargetDone ?? false) && after.isFirstTargetDone)
    stopToEntry(draft, after);
}

/** After the first target the rest can no longer lose: stop to the entry price. */
function stopToEntry(draft: Draft, position: Position): void {
  const tick = tickSize(position.entryPrice, draft.policy.market, position.tradingDay);
  raiseStop(draft, position, roundToTick(position.entryPrice, tick, 'nearest'), 'breakeven');
}

function exitReasonOf(position: Position, order: Order): ExitReason {
  if (order.role === 'target') return 'target';
  if (order.role === 'exit') return position.exiting?.reason ?? (order.why as ExitReason);
  return position.stop > position.initialStop ? 'trail' : 'stop';
}

/** Ends a round trip: nothing is held any more, and nothing of its plan goes on. */
export function closeTrade(draft: Draft, position: Position, exitReason: ExitReason): void {
  const ticket = draft.state.tickets[position.ticketId];
  const pnlMinor = position.exitMinor - position.entryMinor - position.feesMinor;
  const trade: Trade = {
    ticketId: position.ticketId,
    code: ticket?.code ?? '',
    instrument: position.instrument,
    side: position.side,
    openedAt: position.openedAt,
    closedAt: draft.at,
    quantity: position.boughtQuantity,
    entryPrice: position.entryPrice,
    exitPrice: position.exitMinor / 100 / position.boughtQuantity,
    stop: position.initialStop,
    feesMinor: position.feesMinor,
    pnlMinor,
    riskMinor: position.riskMinor,
    resultR: resultInR(pnlMinor, position.riskMinor),
    dayTypeAtEntry: position.dayTypeAtEntry,
    exitReason,
    slippage: {
      entry: figuresOf(position.slippage.entry),
      exit: figuresOf(position.slippage.exit),
    },
  };
  for (const working of ordersOf(draft.state, position.instrument))
    requestCancel(draft, working, 'flat');
  emit(draft, { type: 'trade_closed', trade, cooldownUntil: draft.at + draft.policy.cooldownMs });
}

/** The order may or may not have been taken: shown as unknown, entries stop, nothing is sent again. */
export function onDoubt(draft: Draft, orderId: string, cause: string): void {
  const order = draft.state.orders[orderId];
  if (order === undefined || hasEnded(order) || order.state === 'unknown') return;
  emit(draft, { type: 'order_became_unknown', orderId, cause });
  enterSafeMode(draft, 'order_unconfirmed', orderId, { cause });
  raiseAlarm(draft, 'order_unknown', orderId, { cause });
  const { targetOrderId } = order;
  const partner = targetOrderId === null ? undefined : draft.state.orders[targetOrderId];
  // a target that left in the same request shares its doubt
  if (partner?.pairId === orderId && partner.state !== 'accepted')
    onDoubt(draft, partner.orderId, cause);
}

/** The broker would have refused the order, so it was not sent: the same as a rejection, said before it. */
export function onDenied(draft: Draft, orderId: string, why: Reason): void {
  const order = draft.state.orders[orderId];
  if (order === undefined || hasEnded(order)) return;
  emit(draft, { type: 'order_denied', orderId, reason: why });
}

/** The broker was asked and does not know the order: it never arrived. */
export function onNotFound(draft: Draft, orderId: string): void {
  const order = draft.state.orders[orderId];
  if (order === undefined || hasEnded(order)) return;
  settleDoubt(draft, order);
  emit(draft, { type: 'order_never_arrived', orderId });
  if (order.role !== 'entry' && isExposed(draft.state))
    causePassed(draft, 'order_unconfirmed', orderId);
}
