import { type Reason, reason } from '#core/gates/reason.ts';
import { stableHash } from '#core/lib/hash.ts';
import type { Ticket, TicketLeg } from '#core/machines/ticket.ts';
import { notionalMinor } from '#core/market/money.ts';
import { roundToTick, tickSizeOf } from '#core/market/price.ts';
import { priceAtR } from './r-multiple.ts';
import {
  agendaObjections,
  freeCashMinor,
  legsOf,
  type ReviewFacts,
  roundTripCostMinor,
} from './review.ts';
import { lotsOf, roundTripFeesCn } from './review-cn.ts';
import { sizeLong } from './sizing.ts';

/** What a person wants otherwise of a ticket; null: as it is. Prices per share. */
export type TicketEdit = {
  readonly quantity: number | null;
  readonly price: number | null;
  readonly stop: number | null;
  readonly target: number | null;
};

type Facts = Omit<ReviewFacts, 'quote'>;

export type EditedTicket =
  | { readonly kind: 'edited'; readonly ticket: Ticket }
  | { readonly kind: 'refused'; readonly reason: Reason };

type Terms = Pick<Ticket, 'quantity' | 'entryLimit' | 'stop' | 'firstTarget'>;

/**
 * The next version of a ticket, with its size, cost and risk counted anew; or the first rule that its own figures
 * break. The band's upper end, beyond which nothing is bought, never moves, and the life is the old one's. What
 * market, permission and book say is judged apart, at a fresh quote.
 */
export function editTicket(facts: Facts, ticket: Ticket, edit: TicketEdit): EditedTicket {
  const refused = (why: Reason): EditedTicket => ({ kind: 'refused', reason: why });
  const terms = termsOf(facts, ticket, edit);
  const isSame =
    terms.quantity === ticket.quantity &&
    terms.entryLimit === ticket.entryLimit &&
    terms.stop === ticket.stop &&
    terms.firstTarget === ticket.firstTarget;
  if (isSame) return refused(reason('already_so', { code: ticket.code }));
  const why = priceObjection(facts, ticket, edit, terms) ?? sizeObjection(facts, ticket, terms);
  if (why !== null) return refused(why);
  const next = versionOf(facts, ticket, terms);
  const limitR = facts.policy.risk.maxCostR;
  if (!(next.costR <= limitR)) return refused(reason('cost_over_r', { costR: next.costR, limitR }));
  return { kind: 'edited', ticket: next };
}

function tickOf({ state }: Facts, { instrument }: Ticket, price: number): number {
  return tickSizeOf(instrument, price, state.day?.tradingDay ?? '');
}

/** A target that was not named keeps its distance: in R, or on the A-share desk in percent. */
function termsOf(facts: Facts, ticket: Ticket, edit: TicketEdit): Terms {
  const entryLimit = edit.price ?? ticket.entryLimit;
  const stop = edit.stop ?? ticket.stop;
  const isMoved = entryLimit !== ticket.entryLimit || stop !== ticket.stop;
  const kept = isMoved && entryLimit > stop ? movedTarget(facts, ticket, entryLimit, stop) : null;
  const firstTarget = edit.target ?? kept ?? ticket.firstTarget;
  return { quantity: edit.quantity ?? ticket.quantity, entryLimit, stop, firstTarget };
}

function movedTarget(facts: Facts, ticket: Ticket, entryLimit: number, stop: number): number {
  const { policy } = facts;
  const tick = tickOf(facts, ticket, entryLimit);
  return policy.pulse === null
    ? roundToTick(priceAtR(entryLimit, stop, policy.exits.firstTargetR), tick, 'up')
    : scaled(ticket, entryLimit, ticket.firstTarget, tick);
}

function scaled(ticket: Ticket, entryLimit: number, price: number, tick: number): number {
  return roundToTick((price * entryLimit) / ticket.entryLimit, tick, 'nearest');
}

function priceObjection(
  facts: Facts,
  ticket: Ticket,
  { price, stop, target }: TicketEdit,
  terms: Terms,
): Reason | null {
  for (const found of [price, stop, target]) {
    if (found === null) continue;
    const tick = tickOf(facts, ticket, found);
    if (roundToTick(found, tick, 'nearest') !== found)
      return reason('price_not_on_tick', { found, tick });
  }
  const { entryLimit, firstTarget } = terms;
  if (entryLimit > ticket.bandHigh)
    return reason('entry_beyond_band', { found: entryLimit, bandHigh: ticket.bandHigh });
  if (!(terms.stop < entryLimit))
    return reason('stop_not_below_entry', { found: terms.stop, entry: entryLimit });
  if (!(firstTarget > entryLimit))
    return reason('target_not_above_entry', { found: firstTarget, entry: entryLimit });
  return null;
}

function sizeObjection(facts: Facts, ticket: Ticket, terms: Terms): Reason | null {
  const { state, policy } = facts;
  const { quantity, entryLimit, stop } = terms;
  const minimum = policy.risk.minQuantity;
  if (!(Number.isSafeInteger(quantity) && quantity >= minimum))
    return reason('size_too_small', { quantity, minimum, limitedBy: 'operator' });
  if (policy.market === 'CN' && lotsOf(state, ticket.instrument, quantity) !== quantity)
    return reason('quantity_not_in_lots', { found: quantity });
  const sized = sizeLong({
    entryPrice: entryLimit,
    stopPrice: stop,
    capitalMinor: policy.capitalMinor,
    cashMinor: freeCashMinor(state),
    riskPerTradeRatio: policy.risk.riskPerTradeRatio,
    positionCapRatio: policy.risk.positionCapRatio,
    shrinkRatio: agendaObjections(state, policy, ticket.instrument, facts.at).shrinkRatio,
  });
  // what raises nothing was sized when the ticket was opened, and is judged again when it is confirmed
  const raisesNothing =
    quantity <= ticket.quantity &&
    notionalMinor(entryLimit, quantity) <= notionalMinor(ticket.entryLimit, ticket.quantity) &&
    riskOf(terms) <= ticket.riskMinor;
  if (quantity <= sized.quantity || raisesNothing) return null;
  const { quantity: largest, limitedBy } = sized;
  return reason('quantity_over_risk', { found: quantity, largest, limitedBy });
}

function riskOf({ quantity, entryLimit, stop }: Terms): number {
  return notionalMinor(entryLimit, quantity) - notionalMinor(stop, quantity);
}

function costOf({ state, policy }: Facts, ticket: Ticket, terms: Terms): number {
  const { quantity, entryLimit } = terms;
  const bps = Number.isFinite(ticket.spreadBps) ? ticket.spreadBps : 0;
  const { commissionRate: rate, commissionMinimumMinor: minimumMinor } = policy.cost;
  const friction = roundTripCostMinor(policy, entryLimit, quantity, bps);
  if (policy.market !== 'CN') return friction;
  const commission = { rate, minimumMinor };
  return friction + roundTripFeesCn(state, ticket.instrument, entryLimit, quantity, commission);
}

function versionOf(facts: Facts, ticket: Ticket, terms: Terms): Ticket {
  const { policy, at } = facts;
  const { entryLimit, stop } = terms;
  const tick = tickOf(facts, ticket, entryLimit);
  const riskPerShare = entryLimit - stop;
  const riskMinor = riskOf(terms);
  const costMinor = costOf(facts, ticket, terms);
  const below = policy.ticket.bandBelowR * riskPerShare;
  const content = {
    ...terms,
    bandLow: Math.min(ticket.bandLow, roundToTick(entryLimit - below, tick, 'nearest')),
    bandHigh: ticket.bandHigh,
    legs: editedLegs(facts, ticket, terms),
    riskPerShare,
    riskMinor,
    costMinor,
    costR: riskMinor > 0 ? costMinor / riskMinor : 0,
  };
  const version = ticket.version + 1;
  return {
    ...ticket,
    ...content,
    version,
    hash: stableHash(JSON.stringify([ticket.id, policy.accountId, version, content])),
    riskOfCapital: policy.capitalMinor > 0 ? riskMinor / policy.capitalMinor : 0,
    ...pulseOf(ticket, terms),
    editedAt: at,
    deliveredAt: null,
  };
}

function editedLegs(facts: Facts, ticket: Ticket, terms: Terms): readonly TicketLeg[] {
  const { policy, state } = facts;
  const { quantity, entryLimit, firstTarget } = terms;
  if (policy.pulse === null) return legsOf(quantity, firstTarget, policy.exits.firstTargetRatio);
  const [before] = ticket.legs.slice(-1);
  const tick = tickOf(facts, ticket, entryLimit);
  const last = scaled(ticket, entryLimit, before?.target ?? ticket.firstTarget, tick);
  const share = Math.floor(quantity * policy.exits.firstTargetRatio);
  const first = lotsOf(state, ticket.instrument, share);
  if (ticket.legs.length < 2 || first === 0 || first >= quantity)
    return [{ leg: 1, quantity, target: firstTarget }];
  return [
    { leg: 1, quantity: first, target: firstTarget },
    { leg: 2, quantity: quantity - first, target: Math.max(last, firstTarget) },
  ];
}

/** The share of the account after this entry moves with what it costs. */
function pulseOf(ticket: Ticket, { quantity, entryLimit }: Terms): Pick<Ticket, 'pulse'> {
  const { pulse } = ticket;
  if (pulse === undefined) return {};
  const before = ticket.entryLimit * ticket.quantity;
  const part = before > 0 ? (entryLimit * quantity) / before : 1;
  const added = (pulse.ratioAfter - pulse.ratioBefore) * part;
  return { pulse: { ...pulse, ratioAfter: pulse.ratioBefore + added } };
}
