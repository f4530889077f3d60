import { reason } from '#core/gates/reason.ts';
import { stableHash } from '#core/lib/hash.ts';
import { relativeChange } from '#core/lib/stats.ts';
import type { Ticket, TicketPulse } from '#core/machines/ticket.ts';
import { notionalMinor } from '#core/market/money.ts';
import { spreadBps } from '#core/market/quote.ts';
import { personObjections } from '#core/risk/person-book.ts';
import { quoteObjections, roundTripCostMinor } from '#core/risk/review.ts';
import { purchaseObjectionsCn, roundTripFeesCn } from '#core/risk/review-cn.ts';
import type { BuyPoint } from '#core/strategies/sector-pulse/confirm-entry.ts';
import type { WatchRecord } from '#core/strategies/sector-pulse/minute-watch.ts';
import type { EntryAnswer, EntryProposal } from '#core/strategies/sector-pulse/propose-entry.ts';
import { confirmAs, freeCode, refuseSetup, ticketIdOf } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import { lifeDueAtCn } from './exit-terms.ts';
import { entryObjections } from './permission-of.ts';
import { isInSwitch, openEntries, pendingTickets } from './select.ts';
import { instrumentDayOf } from './select-cn.ts';
import { seenOf } from './view.ts';

/** Raises the tickets of the buy points that held in one minute, each judged by every rule of the desk. */
export function openPulseTickets(
  draft: Draft,
  record: WatchRecord,
  names: readonly { readonly instrument: string; readonly last: number }[],
): void {
  for (const point of record.buyPoints) {
    const { instrument, last, reasons } = point;
    const isOpen = isKnown(draft, instrument);
    if (point.passed || isOpen) continue;
    const setup = { at: draft.at, instrument, side: 'long' as const, reasons };
    refuseSetup(draft, { ...setup, referencePrice: last, stop: null });
  }
  for (const entry of record.entries) {
    const last = names.find(({ instrument }) => instrument === entry.instrument)?.last ?? null;
    const point = record.buyPoints.find(({ instrument }) => instrument === entry.instrument);
    if (!isKnown(draft, entry.instrument)) open(draft, entry, last, point ?? null);
  }
}

/** A name that waits, works, is held or being left is no news. */
function isKnown(draft: Draft, instrument: string): boolean {
  return (
    draft.state.positions[instrument] !== undefined ||
    isInSwitch(draft.state, instrument) ||
    openEntries(draft.state).some((order) => order.instrument === instrument) ||
    pendingTickets(draft.state).some((ticket) => ticket.instrument === instrument)
  );
}

function open(draft: Draft, entry: EntryAnswer, last: number | null, point: BuyPoint | null): void {
  const { state, view, policy, at } = draft;
  const { instrument, proposal } = entry;
  const reasons = [...entry.reasons];
  const { quote } = seenOf(view, instrument);
  if (proposal !== null) {
    const perShare = proposal.entryLimit - proposal.stop;
    for (const objection of entryObjections(state, view, policy, instrument, at))
      reasons.push(objection.reason ?? reason('permission_reducing'));
    const quietUntil = state.symbols[instrument]?.quietUntil ?? null;
    if (quietUntil !== null && at < quietUntil)
      reasons.push(reason('recent_ticket', { untilAt: quietUntil }));
    reasons.push(
      ...personObjections(
        { state, policy, others: view.others ?? null, at },
        {
          instrument,
          valueMinor: notionalMinor(proposal.entryLimit, proposal.quantity),
          riskMinor: proposal.riskMinor,
          ticketId: null,
        },
      ),
    );
    reasons.push(...quoteObjections({ state, view, policy, quote, at }, perShare));
    reasons.push(
      ...purchaseObjectionsCn({
        state,
        instrument,
        facts: instrumentDayOf(state, instrument),
        quote,
        limitPrice: proposal.entryLimit,
        quantity: proposal.quantity,
        at,
      }),
    );
  }
  if (proposal === null || reasons.length > 0) {
    const stop = proposal?.stop ?? null;
    const setup = { at, instrument, side: 'long' as const, reasons, referencePrice: last, stop };
    return refuseSetup(draft, setup);
  }
  const ticket = {
    ...ticketOf(draft, entry, proposal, last ?? proposal.entryLimit),
    pulse: pulseOf(draft, proposal, point),
  };
  emit(draft, { type: 'ticket_opened', ticket });
  if (draft.state.mode === 'auto' && quote !== null)
    confirmAs(draft, ticket, 'desk', ticket.quantity, ticket.entryLimit, quote);
}

/** What the card shows of where the ticket comes from. */
function pulseOf(draft: Draft, proposal: EntryProposal, point: BuyPoint | null): TicketPulse {
  const { instrument, ratioBefore, ratioAfter, overnightGap, isHalved } = proposal;
  const ranked = draft.state.pulse?.watching?.ranked?.[instrument];
  const vwap = point?.vwap.value ?? null;
  return {
    name: ranked?.name ?? '',
    sector: ranked?.sector ?? null,
    sectorRank: ranked?.sectorRank ?? null,
    rank: ranked?.rank ?? null,
    strength: ranked?.strength ?? null,
    vwapDeviation: point === null || vwap === null ? null : relativeChange(point.last, vwap),
    volumeRatio: point?.volumeRatio.value ?? null,
    ratioBefore,
    ratioAfter,
    overnightGap,
    isHalved,
    isByHand: draft.policy.execution.isPerson,
  };
}

/** Expected cost of the round trip: friction, and the fees of both sides by the dated tables. */
function costOf(draft: Draft, proposal: EntryProposal, bps: number): number {
  const { state, policy } = draft;
  const { instrument, entryLimit, quantity } = proposal;
  const { commissionRate: rate, commissionMinimumMinor: minimumMinor } = policy.cost;
  return (
    roundTripCostMinor(policy, entryLimit, quantity, bps) +
    roundTripFeesCn(state, instrument, entryLimit, quantity, { rate, minimumMinor })
  );
}

function ticketOf(
  draft: Draft,
  entry: EntryAnswer,
  proposal: EntryProposal,
  referencePrice: number,
): Ticket {
  const { policy, state, at } = draft;
  const { instrument, quantity, entryLimit, bandLow, bandHigh, stop, riskMinor, legs } = proposal;
  const id = ticketIdOf(draft, instrument, 'long');
  const { quote } = seenOf(draft.view, instrument);
  const bps = quote === null ? 0 : spreadBps(quote);
  const usableBps = Number.isFinite(bps) ? bps : 0;
  const costMinor = costOf(draft, proposal, usableBps);
  const content = {
    quantity,
    entryLimit,
    bandLow,
    bandHigh,
    stop,
    firstTarget: proposal.firstTarget,
    legs,
    riskPerShare: entryLimit - stop,
    riskMinor,
    costMinor,
    costR: riskMinor > 0 ? costMinor / riskMinor : 0,
  };
  return {
    id,
    code: freeCode(draft, id),
    version: 1,
    hash: stableHash(JSON.stringify([id, policy.accountId, content])),
    deskId: policy.deskId,
    accountId: policy.accountId,
    strategy: policy.strategy,
    tradingDay: state.day?.tradingDay ?? '',
    instrument,
    side: 'long',
    createdAt: at,
    expiresAt: lifeDueAtCn(draft, policy.ticket.lifeMs),
    lifeMs: policy.ticket.lifeMs,
    state: 'pending',
    isAdvice: state.mode === 'alert',
    ...content,
    stopWidened: false,
    riskOfCapital: policy.capitalMinor > 0 ? riskMinor / policy.capitalMinor : 0,
    referencePrice,
    spreadBps: usableBps,
    dayType: 'undecided',
    checks: entry.checks,
    expectancy: null,
    deliveredAt: null,
    closed: null,
    progress: [],
  };
}
