import { stableHash } from '#core/lib/hash.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import { notionalMinor } from '#core/market/money.ts';
import { freeCode, ticketIdOf } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import type { Input } from './input.ts';

/**
 * Takes a position over that the person held before. Refused silently where the desk holds the name or
 * has no day; the cost leaves the desk's cash, since the account held the shares in its place.
 */
export function onBookEntered(draft: Draft, input: Extract<Input, { kind: 'book_entered' }>): void {
  const { state, policy, at } = draft;
  const { instrument, quantity, price, plan, boughtOn, facts } = input;
  if (state.day === null || state.positions[instrument] !== undefined) return;
  if (!(quantity > 0) || !(price > plan.stop)) return;
  const id = ticketIdOf(draft, instrument, 'long');
  const first = Math.min(quantity, plan.firstTargetQuantity);
  const rest = quantity - first;
  const costMinor = notionalMinor(price, quantity);
  const ticket: Ticket = {
    id,
    code: freeCode(draft, id),
    version: 1,
    hash: stableHash(JSON.stringify([id, policy.accountId, input.plan, quantity, price])),
    deskId: policy.deskId,
    accountId: policy.accountId,
    strategy: policy.strategy,
    tradingDay: state.day.tradingDay,
    instrument,
    side: 'long',
    createdAt: at,
    expiresAt: at,
    lifeMs: 0,
    state: 'confirmed',
    isAdvice: false,
    quantity,
    entryLimit: price,
    bandLow: price,
    bandHigh: price,
    stop: plan.stop,
    stopWidened: false,
    firstTarget: plan.firstTarget,
    legs: [
      { leg: 1, quantity: first, target: plan.firstTarget },
      ...(rest > 0 ? [{ leg: 2 as const, quantity: rest, target: plan.secondTarget }] : []),
    ],
    riskPerShare: price - plan.stop,
    riskMinor: costMinor - notionalMinor(plan.stop, quantity),
    riskOfCapital: 0,
    costMinor: 0,
    costR: 0,
    referencePrice: price,
    spreadBps: 0,
    dayType: 'undecided',
    checks: [],
    expectancy: null,
    deliveredAt: at,
    closed: { at, by: 'book', reason: null, price },
    progress: [],
  };
  emit(draft, { type: 'book_entered', ticket, boughtOn, facts });
}
