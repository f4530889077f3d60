import type { Environment, PersonPolicy, Policy } from '#core/engine/policy.ts';
import type { DeskState } from '#core/engine/state.ts';
import { type Reason, reason } from '#core/gates/reason.ts';
import { correlation } from '#core/lib/stats.ts';
import { mayFill } from '#core/machines/order.ts';
import type { InstrumentId, Market } from '#core/market/instrument.ts';
import { notionalMinor } from '#core/market/money.ts';

/*
 * The book of one person over all accounts. Each desk decides in its own queue; what the others hold and
 * may still buy comes with the input, as it stood at that instant. Accounts of one side and one currency
 * are one book: made-up money gives real money no room, and no sum crosses currencies, since no rate with
 * its time is known here. Only entries are judged; what leaves a position is never asked.
 *
 * Source: centaur.md, "Several desks, one person".
 */

/** What a desk holds of one name, or may still buy of it. Minor units of the desk's currency. */
export type Exposure = {
  readonly instrument: InstrumentId;
  /** At cost; what may still be bought at its limit. */
  readonly valueMinor: number;
  /** Lost when the stop is reached: of a position below its cost, of a ticket or entry in full. */
  readonly riskMinor: number;
  /** When it was bought, or proposed. */
  readonly since: number;
  readonly ticketId: string;
};

/** One of the person's other desks as it stood when an input was taken. */
export type OtherDesk = {
  readonly deskId: string;
  readonly market: Market;
  readonly environment: Environment;
  readonly currency: string;
  readonly capitalMinor: number;
  /** False until its log is folded: what it holds is not known. */
  readonly isKnown: boolean;
  readonly exposures: readonly Exposure[];
  /** Names it sold or is selling on the day of its session. */
  readonly soldToday: readonly InstrumentId[];
  /** Daily returns of its names, oldest first; a name without them is left out. */
  readonly returns: Readonly<Record<string, readonly number[]>>;
};

/** The other desks at the instant of an input. */
export type OthersBook = { readonly at: number; readonly desks: readonly OtherDesk[] };

/** What a desk holds and may still buy, name by name and ticket by ticket; `exceptTicketId` is left out. */
export function exposuresOf(state: DeskState, exceptTicketId: string | null = null): Exposure[] {
  const exposures: Exposure[] = [];
  for (const position of Object.values(state.positions)) {
    const { instrument, ticketId, quantity, entryPrice, stop, openedAt: since } = position;
    const valueMinor = notionalMinor(entryPrice, quantity);
    const riskMinor = notionalMinor(Math.max(0, entryPrice - stop), quantity);
    exposures.push({ instrument, ticketId, valueMinor, riskMinor, since });
  }
  for (const ticket of Object.values(state.tickets)) {
    const { id: ticketId, instrument, entryLimit, quantity, riskMinor, createdAt: since } = ticket;
    if (ticket.state !== 'pending' || ticket.isAdvice || ticketId === exceptTicketId) continue;
    const valueMinor = notionalMinor(entryLimit, quantity);
    exposures.push({ instrument, ticketId, valueMinor, riskMinor, since });
  }
  for (const order of Object.values(state.orders)) {
    if (order.role !== 'entry' || !mayFill(order) || order.ticketId === exceptTicketId) continue;
    const { instrument, ticketId, intendedAt: since } = order;
    const open = order.quantity - order.filledQuantity;
    const limit = order.limitPrice ?? 0;
    const stop = state.tickets[ticketId]?.stop ?? 0;
    const valueMinor = notionalMinor(limit, open);
    const riskMinor = notionalMinor(Math.max(0, limit - stop), open);
    exposures.push({ instrument, ticketId, valueMinor, riskMinor, since });
  }
  return exposures;
}

/** Names a desk sold or is selling in the session it is in. */
export function soldTodayOf(state: DeskState): InstrumentId[] {
  const closed = (state.day?.trades ?? []).map((trade) => trade.instrument);
  const orders = Object.values(state.orders);
  const openAt = state.day?.session.openAt ?? Number.POSITIVE_INFINITY;
  const sold = orders
    .filter(
      (order) =>
        order.side === 'sell' &&
        (mayFill(order)
          ? order.role === 'exit'
          : order.filledQuantity > 0 && order.updatedAt >= openAt),
    )
    .map((order) => order.instrument);
  const leaving = Object.values(state.positions)
    .filter((position) => position.exiting !== null)
    .map((position) => position.instrument);
  return [...new Set([...closed, ...sold, ...leaving])];
}

/** How a desk is seen by the person's other desks. */
export function otherDeskOf(state: DeskState, policy: Policy, isKnown: boolean): OtherDesk {
  const { deskId, market, environment, currency, capitalMinor } = policy;
  const known = Object.values(state.symbols).flatMap(({ instrument, facts }) =>
    facts?.returns === undefined || facts.returns === null ? [] : [[instrument, facts.returns]],
  );
  return {
    deskId,
    market,
    environment,
    currency,
    capitalMinor,
    isKnown,
    exposures: exposuresOf(state),
    soldToday: soldTodayOf(state),
    returns: Object.fromEntries(known),
  };
}

/** An entry as it is judged; `ticketId` null: its ticket does not stand yet. */
export type PersonEntry = {
  readonly instrument: InstrumentId;
  readonly valueMinor: number;
  readonly riskMinor: number;
  readonly ticketId: string | null;
};

export type PersonFacts = {
  readonly state: DeskState;
  readonly policy: Policy;
  readonly others: OthersBook | null;
  readonly at: number;
};

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * What the person's book says against an entry, every objection with its figures; none where the policy
 * has no such book (one desk alone is bound by its own limits). Others that are not known, or were looked
 * at another instant than the input's, say no.
 */
export function personObjections(facts: PersonFacts, entry: PersonEntry): Reason[] {
  const { state, policy, others, at } = facts;
  const person = policy.person ?? null;
  if (person === null) return [];
  if (others === null || others.at !== at) return [reason('person_unknown', { desk: 'all' })];
  const same = others.desks.filter(({ environment }) => environment === policy.environment);
  const unknown = same.find((desk) => !desk.isKnown);
  if (unknown !== undefined) return [reason('person_unknown', { desk: unknown.deskId })];
  const peers = same.filter(({ currency }) => currency === policy.currency);
  const own = exposuresOf(state, entry.ticketId);
  return [
    ...oppositeObjections(policy, same, entry),
    ...capObjections(
      facts,
      person,
      [...own, ...peers.flatMap((desk) => desk.exposures)],
      peers,
      entry,
    ),
    ...riskObjections(facts, person, own, peers, entry),
  ];
}

/** One person buys no A-share that an account of theirs sells on the same day. */
function oppositeObjections(
  { market }: Policy,
  desks: readonly OtherDesk[],
  { instrument }: PersonEntry,
): Reason[] {
  if (market !== 'CN') return [];
  const seller = desks.find((desk) => desk.soldToday.includes(instrument));
  return seller === undefined ? [] : [reason('risk_opposite_side', { desk: seller.deskId })];
}

function capObjections(
  { state, policy, at }: PersonFacts,
  person: PersonPolicy,
  exposures: readonly Exposure[],
  peers: readonly OtherDesk[],
  entry: PersonEntry,
): Reason[] {
  const capitalMinor = policy.capitalMinor + sum(peers.map((desk) => desk.capitalMinor));
  const over = (
    code: 'person_name_cap' | 'person_checkpoint_cap' | 'person_day_cap',
    some: readonly Exposure[],
    ratio: number,
  ): Reason[] => {
    const heldMinor = sum(some.map((one) => one.valueMinor));
    const limitMinor = Math.floor(capitalMinor * ratio);
    if (heldMinor + entry.valueMinor <= limitMinor) return [];
    return [reason(code, { heldMinor, addedMinor: entry.valueMinor, limitMinor })];
  };
  const named = exposures.filter((one) => one.instrument === entry.instrument);
  const dayAt = state.day?.session.openAt ?? at;
  const checkpointAt = state.pulse?.checkpointAt ?? null;
  const since = (from: number) => exposures.filter((one) => one.since >= from);
  return [
    ...over('person_name_cap', named, person.nameCapRatio),
    ...(checkpointAt === null
      ? []
      : over('person_checkpoint_cap', since(checkpointAt), person.checkpointCapRatio)),
    ...over('person_day_cap', since(dayAt), person.dayCapRatio),
  ];
}

/**
 * Names that move together share one R: what other desks risk in them counts to this desk's limit. The
 * same name does; a correlation that cannot be computed counts as one that is too high.
 */
function riskObjections(
  { state, policy }: PersonFacts,
  person: PersonPolicy,
  own: readonly Exposure[],
  peers: readonly OtherDesk[],
  entry: PersonEntry,
): Reason[] {
  const mine = state.symbols[entry.instrument]?.facts?.returns ?? null;
  const isShared = (desk: OtherDesk, name: InstrumentId): boolean => {
    if (name === entry.instrument) return true;
    const theirs = desk.returns[name] ?? null;
    const found = mine === null || theirs === null ? null : correlation(mine, theirs);
    return found === null || found > person.correlationLimit;
  };
  const shared = peers.flatMap((desk) =>
    desk.exposures.filter((one) => one.riskMinor > 0 && isShared(desk, one.instrument)),
  );
  if (shared.length === 0) return [];
  const openMinor = sum([...own, ...shared].map((one) => one.riskMinor));
  const budgetMinor = state.day?.riskBudgetMinor ?? 0;
  const limitMinor = Math.round(budgetMinor * policy.risk.openRiskLimitR);
  if (openMinor + entry.riskMinor <= limitMinor) return [];
  const names = [...new Set(shared.map((one) => one.instrument))].join(', ');
  const addedMinor = entry.riskMinor;
  return [reason('person_correlated_risk', { openMinor, addedMinor, limitMinor, names })];
}
