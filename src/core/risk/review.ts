import { entryObjections } from '#core/engine/permission-of.ts';
import type { Policy } from '#core/engine/policy.ts';
import { openEntries, workingProtection } from '#core/engine/select.ts';
import { instrumentDayOf } from '#core/engine/select-cn.ts';
import type { DeskState, Position } from '#core/engine/state.ts';
import type { MarketView } from '#core/engine/view.ts';
import { type Reason, reason } from '#core/gates/reason.ts';
import { mayFill } from '#core/machines/order.ts';
import type { TicketLeg } from '#core/machines/ticket.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { notionalMinor } from '#core/market/money.ts';
import { roundToTick, tickSize } from '#core/market/price.ts';
import { type Quote, spreadBps } from '#core/market/quote.ts';
import type { Evaluation, Signal } from '#core/strategies/strategy.ts';
import { personObjections } from './person-book.ts';
import { priceAtR } from './r-multiple.ts';
import { lotsOf, purchaseObjectionsCn, roundTripFeesCn } from './review-cn.ts';
import { type Sizing, sizeLong } from './sizing.ts';

/** A signal that passed every rule, sized; what a ticket is made of. */
export type Proposal = {
  readonly entryLimit: number;
  readonly stop: number;
  readonly quantity: number;
  readonly bandLow: number;
  readonly bandHigh: number;
  readonly firstTarget: number;
  readonly riskPerShare: number;
  readonly riskMinor: number;
  readonly costMinor: number;
  readonly costR: number;
  readonly spreadBps: number;
  /** Why it is smaller than usual; left out: it is not. */
  readonly shrink?: { readonly ratio: number; readonly events: string };
};

export type Review =
  | { readonly kind: 'approved'; readonly proposal: Proposal }
  | { readonly kind: 'denied'; readonly reasons: readonly Reason[] };

export type ReviewFacts = {
  readonly state: DeskState;
  readonly view: MarketView;
  readonly policy: Policy;
  readonly quote: Quote | null;
  readonly at: number;
};

/**
 * Returns the risk of what is open or may open: (entry − stop) × held of positions whose stop is
 * below the entry, full risk of pending tickets and working entries. Minor units. Of several stops the lowest
 * counts for all shares: a broker may have refused to move it.
 */
export function openRiskMinor(state: DeskState, exceptTicketId: string | null): number {
  let total = 0;
  for (const position of Object.values(state.positions)) {
    const perShare = Math.max(0, position.entryPrice - lowestStop(state, position));
    total += notionalMinor(perShare, position.quantity);
  }
  for (const ticket of Object.values(state.tickets)) {
    if (ticket.id === exceptTicketId || ticket.isAdvice) continue;
    if (ticket.state === 'pending') total += ticket.riskMinor;
  }
  for (const order of Object.values(state.orders)) {
    if (order.role !== 'entry' || !mayFill(order) || order.ticketId === exceptTicketId) continue;
    const stop = state.tickets[order.ticketId]?.stop ?? 0;
    const open = order.quantity - order.filledQuantity;
    total += notionalMinor(Math.max(0, (order.limitPrice ?? 0) - stop), open);
  }
  return total;
}

function lowestStop(state: DeskState, { instrument, stop }: Position): number {
  let lowest = stop;
  for (const { role, stopPrice } of workingProtection(state, instrument))
    if (role === 'stop' && stopPrice !== null && stopPrice < lowest) lowest = stopPrice;
  return lowest;
}

/** Cash that no working entry can still take: cash less what each may pay at its limit. Minor units. */
export function freeCashMinor(state: DeskState): number {
  let free = state.cashMinor;
  for (const order of openEntries(state))
    free -= notionalMinor(order.limitPrice ?? 0, order.quantity - order.filledQuantity);
  return Math.max(0, free);
}

/** Objections of the quote: missing, too old, from the future, spread too wide in bp or against the risk per share. */
export function quoteObjections(facts: ReviewFacts, perShare: number): Reason[] {
  const { quote, policy, at } = facts;
  if (quote === null) return [reason('quote_missing')];
  const ageMs = at - quote.at;
  if (!(ageMs >= 0 && ageMs <= policy.ticket.quoteMaxAgeMs))
    return [reason('quote_stale', { ageMs, limitMs: policy.ticket.quoteMaxAgeMs })];
  const objections: Reason[] = [];
  const bps = spreadBps(quote);
  // a one-sided or crossed quote has no spread, and infinity would not survive as JSON
  if (!Number.isFinite(bps))
    return [reason('spread_too_wide', { bid: String(quote.bid), ask: String(quote.ask) })];
  if (bps > policy.risk.maxSpreadBps)
    objections.push(
      reason('spread_too_wide', { spreadBps: bps, limitBps: policy.risk.maxSpreadBps }),
    );
  const ofR = (quote.ask - quote.bid) / perShare;
  if (!(ofR <= policy.risk.maxSpreadRatioOfR))
    objections.push(
      reason('spread_too_wide', { spreadOfR: ofR, limitOfR: policy.risk.maxSpreadRatioOfR }),
    );
  return objections;
}

/** Returns the expected cost of a round trip: commission twice, the spread once, slippage on both sides. Minor units. */
export function roundTripCostMinor(
  policy: Policy,
  price: number,
  quantity: number,
  bps: number,
): number {
  const { commissionPerShareMinor, commissionMinimumMinor, slippageBps } = policy.cost;
  // A-shares pay by turnover; their fees are counted by the tables of the market
  const least = policy.market === 'CN' ? 0 : commissionMinimumMinor;
  const commission = Math.max(least, Math.round(commissionPerShareMinor * quantity));
  const friction = Math.ceil(price * 100 * quantity * ((bps + 2 * slippageBps) / 10_000));
  return 2 * commission + friction;
}

/** Splits a quantity into brackets: the first target's share rounded down, the rest; quantity 1: all to the target. */
export function legsOf(quantity: number, firstTarget: number, ratio: number): readonly TicketLeg[] {
  const first = quantity === 1 ? 1 : Math.floor(quantity * ratio);
  if (first === 0) return [{ leg: 1, quantity, target: null }];
  const rest = quantity - first;
  const legs: TicketLeg[] = [{ leg: 1, quantity: first, target: firstTarget }];
  if (rest > 0) legs.push({ leg: 2, quantity: rest, target: null });
  return legs;
}

/**
 * What the day's events say of an entry in `instrument`: inside a window none, on a whole event day none or,
 * under `shrink`, a smaller one on any day with an event. `events`: their names where it is smaller.
 */
export function agendaObjections(
  state: DeskState,
  policy: Policy,
  instrument: InstrumentId,
  at: number,
): { reasons: Reason[]; shrinkRatio: number; events: string } {
  const isShrink = policy.risk.eventDays === 'shrink';
  const reasons: Reason[] = [];
  const names = new Set<string>();
  for (const blackout of state.day?.blackouts ?? []) {
    const { fromAt, instruments, name, toAt, wholeDay } = blackout;
    if (instruments !== undefined && !instruments.includes(instrument)) continue;
    names.add(name);
    if (wholeDay) {
      if (!isShrink) reasons.push(reason('event_day', { event: name }));
    } else if (at >= fromAt && at < toAt)
      reasons.push(reason('blackout', { event: name, untilAt: toAt }));
  }
  const isSmaller = isShrink && names.size > 0;
  return {
    reasons,
    shrinkRatio: isSmaller ? policy.risk.shrinkRatio : 1,
    events: isSmaller ? [...names].join(', ') : '',
  };
}

function volumeObjections(policy: Policy, evaluation: Evaluation): Reason[] {
  const { usualVolume5m, volume5m } = evaluation;
  if (usualVolume5m === null) return [reason('warmup_incomplete', { fact: 'usual volume' })];
  const ratio = volume5m / usualVolume5m;
  if (ratio >= policy.risk.minVolumeRatio) return [];
  return [reason('volume_too_low', { ratio, limit: policy.risk.minVolumeRatio })];
}

function exposureObjections(
  facts: ReviewFacts,
  instrument: InstrumentId,
  proposal: Proposal,
): Reason[] {
  const { state, policy, at } = facts;
  const reasons: Reason[] = [];
  const quietUntil = state.symbols[instrument]?.quietUntil ?? null;
  if (quietUntil !== null && at < quietUntil)
    reasons.push(reason('recent_ticket', { untilAt: quietUntil }));
  const { entryLimit, quantity, riskMinor } = proposal;
  const valueMinor = notionalMinor(entryLimit, quantity);
  reasons.push(
    ...personObjections(
      { state, policy, others: facts.view.others ?? null, at },
      { instrument, valueMinor, riskMinor, ticketId: null },
    ),
  );
  const budget = state.day?.riskBudgetMinor ?? 0;
  const openMinor = openRiskMinor(state, null);
  const limitMinor = Math.round(budget * policy.risk.openRiskLimitR);
  if (openMinor + proposal.riskMinor > limitMinor) {
    reasons.push(
      reason('open_risk_limit', { openMinor, addedMinor: proposal.riskMinor, limitMinor }),
    );
  }
  return reasons;
}

/**
 * Judges a signal of a strategy against every rule of the desk. Risk outranks the signal: all
 * objections are returned, none is skipped. Reference price: the reclaim close; entry limit =
 * min(ask, close + limitOffsetR × R per share), rounded down to the tick.
 *
 * Source: intraday.md "Entry", "Locks"; centaur.md "Confirming".
 */
export function reviewSignal(facts: ReviewFacts, signal: Signal, evaluation: Evaluation): Review {
  const { state, view, policy, quote, at } = facts;
  if (signal.side === 'short') return { kind: 'denied', reasons: [reason('short_not_allowed')] };
  const objections = entryObjections(state, view, policy, signal.instrument, at).map(
    (source) => source.reason ?? reason('permission_reducing'),
  );
  const agenda = agendaObjections(state, policy, signal.instrument, at);
  objections.push(...agenda.reasons, ...volumeObjections(policy, evaluation));
  const tick = tickSize(signal.referencePrice, policy.market, state.day?.tradingDay ?? '');
  const offset = policy.ticket.limitOffsetR * (signal.referencePrice - signal.stop);
  const ask = quote !== null && Number.isFinite(quote.ask) ? quote.ask : signal.referencePrice;
  const wanted = Math.min(ask, signal.referencePrice + offset);
  const entryLimit = roundToTick(wanted, tick, 'down');
  const perShare = entryLimit - signal.stop;
  if (!(perShare >= tick / 2)) {
    return {
      kind: 'denied',
      reasons: [...objections, reason('stop_touched', { entry: entryLimit, stop: signal.stop })],
    };
  }
  objections.push(...quoteObjections(facts, perShare));
  const { proposal: sized, reasons } = propose(facts, signal, entryLimit, agenda.shrinkRatio);
  const { events, shrinkRatio: ratio } = agenda;
  const proposal: Proposal = events === '' ? sized : { ...sized, shrink: { ratio, events } };
  objections.push(...reasons, ...exposureObjections(facts, signal.instrument, proposal));
  return objections.length > 0
    ? { kind: 'denied', reasons: objections }
    : { kind: 'approved', proposal };
}

/** A size of A-shares is whole lots of the board. */
function inLots(facts: ReviewFacts, signal: Signal, entryLimit: number, sized: Sizing): Sizing {
  const quantity = lotsOf(facts.state, signal.instrument, sized.quantity);
  const riskMinor = notionalMinor(entryLimit, quantity) - notionalMinor(signal.stop, quantity);
  return { ...sized, quantity, riskMinor };
}

/** Commission by turnover, stamp duty and transfer fee of both sides. */
function feesCn(facts: ReviewFacts, signal: Signal, price: number, quantity: number): number {
  const { commissionRate: rate, commissionMinimumMinor: minimumMinor } = facts.policy.cost;
  return roundTripFeesCn(facts.state, signal.instrument, price, quantity, { rate, minimumMinor });
}

function propose(
  facts: ReviewFacts,
  signal: Signal,
  entryLimit: number,
  shrinkRatio: number,
): { proposal: Proposal; reasons: Reason[] } {
  const { state, policy, quote } = facts;
  const tick = tickSize(entryLimit, policy.market, state.day?.tradingDay ?? '');
  const perShare = entryLimit - signal.stop;
  const sized = sizeLong({
    entryPrice: entryLimit,
    stopPrice: signal.stop,
    capitalMinor: policy.capitalMinor,
    cashMinor: freeCashMinor(state),
    riskPerTradeRatio: policy.risk.riskPerTradeRatio,
    positionCapRatio: policy.risk.positionCapRatio,
    shrinkRatio,
  });
  const sizing = policy.market === 'CN' ? inLots(facts, signal, entryLimit, sized) : sized;
  const bps = quote === null ? 0 : spreadBps(quote);
  const usableBps = Number.isFinite(bps) ? bps : 0;
  const costMinor =
    roundTripCostMinor(policy, entryLimit, sizing.quantity, usableBps) +
    (policy.market === 'CN' ? feesCn(facts, signal, entryLimit, sizing.quantity) : 0);
  const costR = sizing.riskMinor > 0 ? costMinor / sizing.riskMinor : 0;
  const reasons: Reason[] =
    policy.market === 'CN'
      ? purchaseObjectionsCn({
          state,
          instrument: signal.instrument,
          facts: instrumentDayOf(state, signal.instrument),
          quote,
          limitPrice: entryLimit,
          quantity: sizing.quantity,
          at: facts.at,
        })
      : [];
  if (sizing.quantity < policy.risk.minQuantity) {
    reasons.push(
      reason('size_too_small', {
        quantity: sizing.quantity,
        minimum: policy.risk.minQuantity,
        limitedBy: sizing.limitedBy,
      }),
    );
  } else if (costR > policy.risk.maxCostR) {
    reasons.push(reason('cost_over_r', { costR, limitR: policy.risk.maxCostR }));
  }
  const proposal: Proposal = {
    entryLimit,
    stop: signal.stop,
    quantity: sizing.quantity,
    bandLow: roundToTick(entryLimit - policy.ticket.bandBelowR * perShare, tick, 'nearest'),
    bandHigh: roundToTick(entryLimit + policy.ticket.bandAboveR * perShare, tick, 'nearest'),
    firstTarget: roundToTick(
      priceAtR(entryLimit, signal.stop, policy.exits.firstTargetR),
      tick,
      'up',
    ),
    riskPerShare: perShare,
    riskMinor: sizing.riskMinor,
    costMinor,
    costR,
    spreadBps: bps,
  };
  return { proposal, reasons };
}
