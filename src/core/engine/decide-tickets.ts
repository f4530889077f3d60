import { type Reason, reason } from '#core/gates/reason.ts';
import { shortCode, stableHash } from '#core/lib/hash.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import { mid, type Quote } from '#core/market/quote.ts';
import type { Actor } from '#core/replies/act.ts';
import { edgeFor, isEdgeRuledOut, precisionAt } from '#core/risk/edge.ts';
import { legsOf, type Proposal, reviewSignal } from '#core/risk/review.ts';
import type { Evaluation, Signal } from '#core/strategies/strategy.ts';
import { intendEntry } from './decide-orders.ts';
import { type Draft, emit } from './draft.ts';
import { lifeDueAtCn } from './exit-terms.ts';
import { isEdgeOverridden, isInSwitch, openEntries, pendingTickets } from './select.ts';
import type { DeskState, SetupRefused } from './state.ts';
import { seenOf } from './view.ts';

/** Mid price of what was seen last; null when no quote was. For the record of how tickets ended. */
export function lastPrice(draft: Draft, instrument: string): number | null {
  const { quote } = seenOf(draft.view, instrument);
  return quote === null ? null : mid(quote);
}

/** Refusals of one symbol for the same reasons within this time are one setup. */
const SAME_SETUP_MS = 10 * 60_000;
/** A stop that moved by less than this part of the risk per share belongs to the same pullback. */
const SAME_STOP_R = 0.25;

/** Notes a refused setup once; a bar later the same pullback refused for the same reasons is no news. */
export function refuseSetup(draft: Draft, setup: SetupRefused): void {
  const codes = setup.reasons.map((why) => why.code).join();
  const isKnown = draft.state.day?.setupsRefused.some(
    (known) =>
      known.instrument === setup.instrument &&
      known.side === setup.side &&
      setup.at - known.at <= SAME_SETUP_MS &&
      known.reasons.map((why) => why.code).join() === codes,
  );
  if (isKnown !== true) emit(draft, { type: 'setup_refused', setup });
}

/** Judges a signal; it becomes a ticket, or a refused setup with every objection and figure. */
export function considerSignal(
  draft: Draft,
  signal: Signal,
  evaluation: Evaluation,
  inputHash: string,
): void {
  const { state, view, policy, at } = draft;
  if (state.positions[signal.instrument] !== undefined) return;
  if (isSameSetup(draft, signal)) return;
  // its ticket waits for cash that another name still ties up, or it is being left
  if (isInSwitch(state, signal.instrument)) return;
  supersede(draft, signal);
  const { quote } = seenOf(view, signal.instrument);
  const review = reviewSignal({ state: draft.state, view, policy, quote, at }, signal, evaluation);
  if (review.kind === 'denied') {
    refuseSetup(draft, {
      at: signal.asOf,
      instrument: signal.instrument,
      side: signal.side,
      reasons: review.reasons,
      referencePrice: signal.referencePrice,
      stop: signal.stop,
    });
    return;
  }
  emit(draft, { type: 'signal_raised', signal, inputHash });
  const ticket = openTicket(draft, signal, review.proposal);
  emit(draft, { type: 'ticket_opened', ticket });
  // on prices of one venue a person answers, whatever mode the log says
  const isAuto = draft.state.mode === 'auto' && !ticket.isAdvice;
  if (isAuto && !policy.isDataPartial && quote !== null) {
    confirmAs(draft, ticket, 'desk', ticket.quantity, ticket.entryLimit, quote);
  }
}

/** True when a ticket of this pullback still waits or its entry still works: another bar of it is no news. */
function isSameSetup(draft: Draft, signal: Signal): boolean {
  const isWorking = openEntries(draft.state).some(
    (order) => order.instrument === signal.instrument,
  );
  if (isWorking) return true;
  return pendingTickets(draft.state).some(
    (ticket) =>
      ticket.instrument === signal.instrument &&
      ticket.side === signal.side &&
      Math.abs(ticket.stop - signal.stop) < SAME_STOP_R * ticket.riskPerShare,
  );
}

/** A signal of another pullback replaces a ticket of the same symbol and side that still waits. */
function supersede(draft: Draft, signal: Signal): void {
  for (const ticket of pendingTickets(draft.state)) {
    if (ticket.instrument !== signal.instrument || ticket.side !== signal.side) continue;
    emit(draft, {
      type: 'ticket_superseded',
      ticketId: ticket.id,
      price: lastPrice(draft, ticket.instrument),
    });
  }
}

/** A code that no ticket of the last days has. */
export function freeCode(draft: Draft, id: string): string {
  const taken = new Set(draft.state.recentCodes.map((known) => known.code));
  for (let salt = 0; ; salt += 1) {
    const code = shortCode(salt === 0 ? id : `${id}#${salt}`);
    if (!taken.has(code)) return code;
  }
}

/** Id of the next ticket of a name: day, desk, instrument, side, count. */
export function ticketIdOf(draft: Draft, instrument: string, side: 'long' | 'short'): string {
  const { policy, state } = draft;
  // named by the desk: two desks of one strategy never share an order id at a broker
  const stem = `${state.day?.tradingDay ?? ''}.${policy.deskId}.${instrument}.${side}`;
  const count = Object.keys(state.tickets).filter((id) => id.startsWith(`${stem}.`)).length;
  return `${stem}.${count + 1}`;
}

/** What a ticket says of what was measured: the edge of its day type, and how far its label is to be trusted. */
function measuredOf(
  state: DeskState,
  signal: Signal,
  at: number,
): Pick<Ticket, 'expectancy' | 'label' | 'isWithoutEdge'> {
  const edge = state.day?.edge;
  const row = edgeFor(edge, signal.dayType);
  const minute = (at - (state.day?.session.openAt ?? at)) / 60_000;
  const label = precisionAt(edge, signal.dayType, minute);
  if (row === null) return { expectancy: null };
  const { meanR, lowR, highR, trades } = row;
  return {
    expectancy: {
      ...{ meanR, lowR, highR, trades },
      ...(row.dayType === 'all' ? { isOfAllDays: true } : {}),
    },
    ...(label === null
      ? {}
      : { label: { minute: label.minute, said: label.said, right: label.right } }),
    ...(isEdgeRuledOut(row) && !isEdgeOverridden(state) ? { isWithoutEdge: true } : {}),
  };
}

/** A ticket of a signal as the review sized it; it waits as long as the policy says. */
export function openTicket(draft: Draft, signal: Signal, proposal: Proposal): Ticket {
  const { policy, state, at } = draft;
  const tradingDay = state.day?.tradingDay ?? '';
  const id = ticketIdOf(draft, signal.instrument, signal.side);
  const measured = measuredOf(state, signal, at);
  const content = {
    quantity: proposal.quantity,
    entryLimit: proposal.entryLimit,
    bandLow: proposal.bandLow,
    bandHigh: proposal.bandHigh,
    stop: proposal.stop,
    firstTarget: proposal.firstTarget,
    legs: legsOf(proposal.quantity, proposal.firstTarget, policy.exits.firstTargetRatio),
    riskPerShare: proposal.riskPerShare,
    riskMinor: proposal.riskMinor,
    costMinor: proposal.costMinor,
    costR: proposal.costR,
  };
  return {
    id,
    code: freeCode(draft, id),
    version: 1,
    hash: stableHash(JSON.stringify([id, policy.accountId, content])),
    deskId: policy.deskId,
    accountId: policy.accountId,
    strategy: signal.strategy,
    tradingDay,
    instrument: signal.instrument,
    side: signal.side,
    createdAt: at,
    expiresAt:
      policy.market === 'CN' ? lifeDueAtCn(draft, policy.ticket.lifeMs) : at + policy.ticket.lifeMs,
    lifeMs: policy.ticket.lifeMs,
    state: 'pending',
    isAdvice: state.mode === 'alert' || measured.isWithoutEdge === true,
    ...content,
    stopWidened: signal.stopWidened,
    riskOfCapital: policy.capitalMinor > 0 ? proposal.riskMinor / policy.capitalMinor : 0,
    referencePrice: signal.referencePrice,
    spreadBps: proposal.spreadBps,
    dayType: signal.dayType,
    checks: signal.checks,
    ...measured,
    ...(proposal.shrink === undefined ? {} : { shrink: proposal.shrink }),
    ...(policy.isDataPartial ? { isDataPartial: true } : {}),
    deliveredAt: null,
    closed: null,
    progress: [],
  };
}

/** Ends a ticket as confirmed and intends its entry orders, leg by leg. The caller has judged everything. */
export function confirmAs(
  draft: Draft,
  ticket: Ticket,
  by: Actor['id'],
  quantity: number,
  entryLimit: number,
  quote: Quote,
): void {
  emit(draft, {
    type: 'ticket_confirmed',
    ticketId: ticket.id,
    version: ticket.version,
    by,
    quantity,
    entryLimit,
    quote,
  });
  intendEntry(draft, ticket, quantity, entryLimit, quote);
}

/** Voids every ticket that still waits, of one symbol or of all, for one reason. */
export function voidPending(draft: Draft, why: Reason, only: string | null = null): void {
  for (const ticket of pendingTickets(draft.state)) {
    if (only !== null && ticket.instrument !== only) continue;
    emit(draft, {
      type: 'ticket_voided',
      ticketId: ticket.id,
      reason: why,
      price: lastPrice(draft, ticket.instrument),
    });
  }
}

/** Voids waiting tickets whose stop the market has touched or whose window ended. */
export function voidOvertaken(draft: Draft): void {
  const { day } = draft.state;
  for (const ticket of pendingTickets(draft.state)) {
    const { quote } = seenOf(draft.view, ticket.instrument);
    const price = lastPrice(draft, ticket.instrument);
    const since = ticket.editedAt ?? ticket.createdAt;
    if (quote !== null && quote.at >= since && quote.bid <= ticket.stop) {
      emit(draft, {
        type: 'ticket_voided',
        ticketId: ticket.id,
        reason: reason('stop_touched', { bid: quote.bid, stop: ticket.stop }),
        price,
      });
    } else if (
      day !== null &&
      draft.at >= day.session.closeAt - (draft.policy.exits.flatBeforeCloseMs ?? 0)
    ) {
      emit(draft, {
        type: 'ticket_voided',
        ticketId: ticket.id,
        reason: reason('window_ended'),
        price,
      });
    }
  }
}
