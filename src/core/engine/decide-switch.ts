import { type Reason, reason } from '#core/gates/reason.ts';
import { stableHash } from '#core/lib/hash.ts';
import { mayFill, type Order } from '#core/machines/order.ts';
import { isRunning, type Rotation } from '#core/machines/rotation.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { notionalMinor } from '#core/market/money.ts';
import type { Quote } from '#core/market/quote.ts';
import type { DeskAct } from '#core/replies/act.ts';
import { reviewSignal } from '#core/risk/review.ts';
import { confirmObjection } from './confirm-objection.ts';
import { requestCancel, startExit } from './decide-orders.ts';
import { freeCode, lastPrice, openTicket, ticketIdOf } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import { lifeDueAtCn } from './exit-terms.ts';
import { type OperatorInput, refuse } from './refuse.ts';
import { openEntries, pendingTickets } from './select.ts';
import { sellableQuantity } from './select-cn.ts';
import type { DeskState } from './state.ts';
import { seenOf } from './view.ts';

type SwitchAct = Extract<DeskAct, { act: 'switch' }>;

/** How long B's ticket waits for A to be gone, from when it is asked for. Source: chat.md "Ticket life". */
const SWITCH_LIFE_MS = 30 * 60_000;
/** A setup older than this is none any more. Source: as long as its repeats count as the same setup. */
const SETUP_LIFE_MS = 10 * 60_000;

/** A person asks for a switch, or says what is to become of a first name that was bought meanwhile. */
export function onSwitch(draft: Draft, input: OperatorInput, act: SwitchAct): void {
  const why = act.verb === 'propose' ? propose(draft, input, act) : answer(draft, input, act);
  if (why !== null) refuse(draft, input, why);
}

/** The instrument a word means, among those that are given: by symbol, id or ticket code. */
function meant(
  state: DeskState,
  word: string,
  among: readonly InstrumentId[],
): InstrumentId | null {
  const wanted = word.toUpperCase();
  const ticket = Object.values(state.tickets).findLast(({ code }) => code === wanted);
  return (
    among.find((id) => id === wanted || id.startsWith(`${wanted}.`)) ??
    among.find((id) => id === ticket?.instrument) ??
    null
  );
}

function propose(
  draft: Draft,
  input: OperatorInput,
  act: Extract<SwitchAct, { verb: 'propose' }>,
): Reason | null {
  const { state, at } = draft;
  if (state.mode === 'alert') return reason('mode_alert');
  if (isRunning(state.rotation)) {
    const { from, to, code } = state.rotation;
    return reason('switch_running', { from, to, code });
  }
  const entries = openEntries(state);
  const left = [...Object.keys(state.positions), ...entries.map((order) => order.instrument)];
  const from = meant(state, act.from, left as InstrumentId[]);
  if (from === null) return reason('nothing_to_switch', { found: act.from });
  const known = Object.keys(state.symbols) as InstrumentId[];
  const to = meant(state, act.to, known);
  if (to === null) return reason('no_setup', { found: act.to });
  if (to === from) return reason('switch_same', { found: act.to });
  const held = state.positions[from]?.quantity ?? 0;
  const sell = held === 0 ? 0 : Math.min(held, Math.max(1, Math.round(held * act.ratio)));
  const locked = cannotReckon(draft, from, sell);
  if (locked !== null) return locked;
  const gone = asIfGone(draft, from, sell);
  const ticket = ticketFor(draft, to, gone, input.quote);
  if ('reason' in ticket) return ticket.reason;
  const replaced = pendingTickets(state).filter((one) => one.instrument === to);
  for (const { id, instrument } of replaced)
    emit(draft, { type: 'ticket_superseded', ticketId: id, price: lastPrice(draft, instrument) });
  emit(draft, { type: 'ticket_opened', ticket: ticket.opened });
  const { id: ticketId, code, quantity, entryLimit: limit } = ticket.opened;
  const rotation: Rotation = {
    ticketId,
    code,
    from,
    to,
    heldQuantity: held,
    workingQuantity: workingQuantity(state, from),
    sellQuantity: sell,
    keepQuantity: held - sell,
    quantity,
    limit,
    by: input.actor.id,
    startedAt: at,
    answerBy: Math.min(ticket.opened.expiresAt, answerBy(draft)),
    stepAt: at,
    step: 'proposed',
    askedAt: null,
    filledQuantity: 0,
    freedMinor: null,
    boughtQuantity: 0,
    outcome: null,
    reason: null,
  };
  emit(draft, { type: 'rotation_proposed', rotation });
  return null;
}

/** A proposal waits for a person as long as any ticket: its price is of now, and it takes up risk meanwhile. */
function answerBy(draft: Draft): number {
  const { at, policy } = draft;
  const { lifeMs } = policy.ticket;
  return policy.market === 'CN' ? lifeDueAtCn(draft, lifeMs) : at + lifeMs;
}

/** Shares that orders of a name may still buy. */
function workingQuantity(state: DeskState, instrument: string): number {
  return openEntries(state)
    .filter((order) => order.instrument === instrument)
    .reduce((sum, order) => sum + order.quantity - order.filledQuantity, 0);
}

/** Why shares of a name cannot be sold today; null when they can. */
function cannotSell(draft: Draft, instrument: InstrumentId, quantity: number): Reason | null {
  const position = draft.state.positions[instrument];
  if (position === undefined || quantity === 0) return null;
  const sellable = sellableQuantity(draft.state, draft.policy, position);
  return sellable >= quantity ? null : reason('not_sellable_today', { wanted: quantity, sellable });
}

/** As `cannotSell`, and why nobody can say what the sale would free. */
function cannotReckon(draft: Draft, instrument: InstrumentId, quantity: number): Reason | null {
  const bid = seenOf(draft.view, instrument).quote?.bid ?? 0;
  if (quantity > 0 && !(bid > 0)) return reason('quote_missing', { instrument });
  return cannotSell(draft, instrument, quantity);
}

/** The desk as it would be without a name: nothing of it on order, the shares to be sold worth the bid. */
function asIfGone(draft: Draft, from: InstrumentId, sell: number): DeskState {
  const { state, view } = draft;
  const isLeft = (order: Order): boolean =>
    order.instrument === from && order.role === 'entry' && mayFill(order);
  const orders = Object.fromEntries(
    Object.entries(state.orders).map(([id, order]) => [
      id,
      isLeft(order) ? { ...order, state: 'canceled' as const } : order,
    ]),
  );
  const held = state.positions[from];
  if (held === undefined || sell === 0) return { ...state, orders };
  const bid = seenOf(view, from).quote?.bid ?? 0;
  const proceeds = bid > 0 ? notionalMinor(bid, sell) : 0;
  const { [from]: _sold, ...others } = state.positions;
  const quantity = held.quantity - sell;
  const exitMinor = held.exitMinor + proceeds;
  const cashMinor = state.cashMinor + proceeds;
  if (quantity > 0) {
    const positions = { ...others, [from]: { ...held, quantity, exitMinor } };
    return { ...state, orders, positions, cashMinor };
  }
  const resultMinor = exitMinor - held.entryMinor - held.feesMinor;
  const { day } = state;
  const after = day === null ? null : { ...day, realizedMinor: day.realizedMinor + resultMinor };
  return { ...state, orders, positions: others, cashMinor, day: after };
}

/** B's own ticket, from the one that waits or from the setup seen last; every rule at the state given. */
function ticketFor(
  draft: Draft,
  to: InstrumentId,
  gone: DeskState,
  given: Quote | null,
): { readonly opened: Ticket } | { readonly reason: Reason } {
  const { view, policy, at } = draft;
  const seen = seenOf(view, to);
  const quote = given?.instrument === to ? given : seen.quote;
  const waiting = pendingTickets(gone).find((one) => one.instrument === to && !one.isAdvice);
  if (waiting !== undefined) {
    const tickets = { ...gone.tickets };
    delete tickets[waiting.id];
    const facts = { state: { ...gone, tickets }, view, policy, quote, at };
    const found = confirmObjection(facts, waiting, waiting.quantity, waiting.entryLimit);
    return found === null ? { opened: ofSwitch(draft, waiting) } : { reason: found.why };
  }
  const evaluation = seen.setup ?? null;
  const signal = evaluation?.signal ?? null;
  if (evaluation === null || signal === null || at - signal.asOf > SETUP_LIFE_MS)
    return { reason: reason('no_setup', { found: to }) };
  const review = reviewSignal({ state: gone, view, policy, quote, at }, signal, evaluation);
  if (review.kind === 'denied') return { reason: review.reasons[0] ?? reason('no_setup') };
  return { opened: ofSwitch(draft, openTicket(draft, signal, review.proposal)) };
}

/** The same proposal under a name of its own, with the life of a switch. */
function ofSwitch(draft: Draft, ticket: Ticket): Ticket {
  const { at, policy } = draft;
  const id = ticketIdOf(draft, ticket.instrument, ticket.side);
  return {
    ...ticket,
    id,
    code: freeCode(draft, id),
    version: 1,
    hash: stableHash(JSON.stringify([id, policy.accountId, ticket.hash])),
    createdAt: at,
    lifeMs: SWITCH_LIFE_MS,
    expiresAt: policy.market === 'CN' ? lifeDueAtCn(draft, SWITCH_LIFE_MS) : at + SWITCH_LIFE_MS,
    isOfSwitch: true,
    deliveredAt: null,
    progress: [],
  };
}

/**
 * A person agrees to a switch by confirming its ticket: every rule as if the first name were gone, then it
 * is left. The ticket itself is confirmed when the cash is free, with a fresh price and every rule again.
 */
export function confirmSwitch(
  draft: Draft,
  input: OperatorInput,
  ticket: Ticket,
  quantity: number,
  limit: number,
): void {
  const { rotation } = draft.state;
  if (!isRunning(rotation) || rotation.step !== 'proposed') {
    const { from, to, code } = rotation ?? { from: '', to: ticket.instrument, code: ticket.code };
    return refuse(draft, input, reason('switch_running', { from, to, code }));
  }
  const { code, from, sellQuantity, answerBy: expiredAt } = rotation;
  if (draft.at >= expiredAt) return refuse(draft, input, reason('life_over', { code, expiredAt }));
  const heldQuantity = draft.state.positions[from]?.quantity ?? 0;
  // what was shown is not what stands any more: the switch ends by itself
  if (heldQuantity !== rotation.heldQuantity)
    return refuse(draft, input, reason('changed_meanwhile', { quantity: heldQuantity }));
  const locked = cannotReckon(draft, from, sellQuantity);
  if (locked !== null) return refuse(draft, input, locked);
  const { view, policy, at } = draft;
  const state = asIfGone(draft, from, sellQuantity);
  const facts = { state, view, policy, quote: input.quote, at };
  const found = confirmObjection(facts, ticket, quantity, limit);
  if (found !== null) {
    const price = lastPrice(draft, ticket.instrument);
    if (found.isFinal)
      emit(draft, { type: 'ticket_voided', ticketId: ticket.id, reason: found.why, price });
    return refuse(draft, input, found.why);
  }
  emit(draft, {
    type: 'rotation_agreed',
    ticketId: ticket.id,
    by: input.actor.id,
    heldQuantity,
    workingQuantity: workingQuantity(draft.state, from),
    sellQuantity,
    quantity,
    limit,
  });
  for (const order of openEntries(draft.state))
    if (order.instrument === from) requestCancel(draft, order, 'switch');
}

/** `keep`: A stays and B is not bought. `sell`: what was bought of A is sold, then B is bought. */
function answer(
  draft: Draft,
  input: OperatorInput,
  act: Extract<SwitchAct, { verb: 'keep' | 'sell' }>,
): Reason | null {
  const { rotation } = draft.state;
  const isMeant = act.code === null || act.code.toUpperCase() === rotation?.code;
  if (!isRunning(rotation) || rotation.step !== 'asking' || !isMeant)
    return reason('switch_none', { code: act.code ?? '' });
  const { ticketId, from, to, filledQuantity } = rotation;
  const by = input.actor.id;
  if (act.verb === 'keep') {
    const why = reason('switch_kept', { by });
    emit(draft, { type: 'ticket_voided', ticketId, reason: why, price: lastPrice(draft, to) });
    emit(draft, {
      type: 'rotation_ended',
      ticketId,
      outcome: 'kept',
      by,
      filledQuantity,
      boughtQuantity: 0,
      reason: why,
    });
    return null;
  }
  // an answer given before the question was asked answers something else
  if (rotation.askedAt !== null && input.sentAt < rotation.askedAt)
    return reason('switch_none', { code: rotation.code });
  const position = draft.state.positions[from];
  const sellQuantity = (position?.quantity ?? 0) - rotation.keepQuantity;
  if (position === undefined || sellQuantity <= 0) return reason('closed_meanwhile');
  const locked = cannotSell(draft, from, sellQuantity);
  if (locked !== null) return locked;
  emit(draft, {
    type: 'rotation_moved',
    ticketId,
    from: 'asking',
    to: 'selling',
    by,
    filledQuantity,
    sellQuantity,
    freedMinor: null,
  });
  startExit(draft, position, 'operator', by, sellQuantity, true);
  return null;
}
