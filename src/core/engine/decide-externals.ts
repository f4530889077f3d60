import { reason } from '#core/gates/reason.ts';
import { parseInstrumentId } from '#core/market/instrument.ts';
import { notionalMinor } from '#core/market/money.ts';
import { roundToTick, tickSize } from '#core/market/price.ts';
import type { Quote } from '#core/market/quote.ts';
import { instantAt, wallTimeOf } from '#core/market/session.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import type { External, Mismatch } from '#core/portfolio/account-reading.ts';
import { NO_SLIPPAGE } from '#core/portfolio/slippage.ts';
import type { DeskAct } from '#core/replies/act.ts';
import { closeTrade } from './decide-reports.ts';
import { type Draft, emit } from './draft.ts';
import { type OperatorInput, refuse } from './refuse.ts';
import type { Position } from './state.ts';
import { seenOf } from './view.ts';

type Act<T extends DeskAct['act']> = Extract<DeskAct, { act: T }>;

type Attested = Extract<DeskAct, { act: 'reconcile'; verb: 'attest' }>;

function isNamed(id: string, wanted: string): boolean {
  return id.toUpperCase() === wanted || id.toUpperCase().startsWith(`${wanted}.`);
}

/** The quote to judge by: the one fetched for the act, else the newest seen, when it is fresh and has a bid. */
export function freshQuote(draft: Draft, input: OperatorInput, instrument: string): Quote | null {
  const fetched = input.quote?.instrument === instrument ? input.quote : null;
  const quote = fetched ?? seenOf(draft.view, instrument).quote;
  if (quote === null || !(quote.bid > 0)) return null;
  const ageMs = draft.at - quote.at;
  return ageMs >= 0 && ageMs <= draft.policy.ticket.quoteMaxAgeMs ? quote : null;
}

function isInSession(draft: Draft): boolean {
  const { day } = draft.state;
  return day !== null && draft.at >= day.session.openAt && draft.at < day.session.closeAt;
}

/**
 * Takes a holding that was bought elsewhere under management: it is booked at the bid of this moment, so
 * that the desk's result counts from here, and gets its own stop. Without a price the stop is where the
 * holding risks one unit. It has no target; like all else it is left before the close.
 */
export function onAdopt(draft: Draft, input: OperatorInput, act: Act<'adopt'>): void {
  const wanted = act.target.toUpperCase();
  const external = draft.state.externals.find(
    (one) => one.kind === 'position' && isNamed(one.id, wanted),
  );
  if (external === undefined)
    return refuse(draft, input, reason('unknown_position', { found: act.target }));
  if (!(external.quantity > 0)) return refuse(draft, input, reason('short_not_allowed'));
  if (!Number.isSafeInteger(external.quantity))
    return refuse(draft, input, reason('quantity_not_in_lots', { found: external.quantity }));
  if (draft.state.positions[external.instrument] !== undefined)
    return refuse(draft, input, reason('not_flat'));
  if (!input.isConfirmed) return refuse(draft, input, reason('second_confirmation_needed'));
  if (!isInSession(draft)) return refuse(draft, input, reason('session_closed'));
  const quote = freshQuote(draft, input, external.instrument);
  if (quote === null) return refuse(draft, input, reason('quote_missing'));
  const stop = act.stop ?? unitStop(draft, external, quote.bid);
  const tick = tickSize(quote.bid, draft.policy.market, draft.state.day?.tradingDay ?? '');
  const onTick = roundToTick(stop, tick, 'down');
  if (!(onTick > 0)) return refuse(draft, input, reason('price_out_of_range', { found: onTick }));
  if (onTick >= quote.bid)
    return refuse(draft, input, reason('stop_beyond_market', { stop: onTick, bid: quote.bid }));
  const position = adopted(draft, external, quote.bid, onTick);
  emit(draft, { type: 'position_adopted', position, by: input.actor.id });
}

/** The stop at which a holding loses one unit of risk. */
export function unitStop(draft: Pick<Draft, 'state'>, external: External, bid: number): number {
  return bid - (draft.state.day?.riskBudgetMinor ?? 0) / 100 / external.quantity;
}

function adopted(draft: Draft, external: External, price: number, stop: number): Position {
  const { instrument, quantity } = external;
  const tradingDay = draft.state.day?.tradingDay ?? '';
  const stem = `${tradingDay}.${draft.policy.deskId}.${instrument}.adopted`;
  const earlier = new Set(
    [
      ...Object.values(draft.state.orders).map((order) => order.ticketId),
      ...(draft.state.day?.trades.map((trade) => trade.ticketId) ?? []),
    ].filter((id) => id.startsWith(`${stem}.`)),
  );
  const entryMinor = notionalMinor(price, quantity);
  return {
    instrument,
    ticketId: `${stem}.${earlier.size + 1}`,
    side: 'long',
    quantity,
    boughtQuantity: quantity,
    openedAt: draft.at,
    tradingDay,
    origin: 'adopted',
    entryPrice: price,
    entryMinor,
    exitMinor: 0,
    feesMinor: 0,
    initialStop: stop,
    stop,
    riskPerShare: price - stop,
    riskMinor: Math.max(1, entryMinor - notionalMinor(stop, quantity)),
    firstTarget: price,
    isFirstTargetDone: false,
    dayTypeAtEntry: draft.state.symbols[instrument]?.dayType ?? 'undecided',
    exiting: null,
    conditionalStop: null,
    bareSince: null,
    unprotectedSince: null,
    waivedBy: null,
    isTargetWaived: false,
    slippage: { entry: NO_SLIPPAGE, exit: NO_SLIPPAGE },
  };
}

/** Takes what a person says their account holds, for the rest of the market's day; the book is compared with it. */
function onAttest(draft: Draft, input: OperatorInput, act: Attested): void {
  const { deskId, execution } = draft.policy;
  if (!execution.isPerson) return refuse(draft, input, reason('not_by_hand', { desk: deskId }));
  if (!input.isConfirmed) return refuse(draft, input, reason('second_confirmation_needed'));
  const holdings = act.holdings.flatMap(({ target, quantity }) => {
    const instrument = parseInstrumentId(target);
    return instrument === null ? [] : [{ instrument, quantity }];
  });
  const unknown = act.holdings.find(({ target }) => parseInstrumentId(target) === null);
  if (unknown !== undefined)
    return refuse(draft, input, reason('unknown_position', { found: unknown.target }));
  const { cashMinor } = act;
  const { zone } = draft.policy;
  const untilAt = instantAt(addCalendarDays(wallTimeOf(draft.at, zone).day, 1), '00:00', zone);
  emit(draft, { type: 'account_attested', holdings, cashMinor, by: input.actor.id, untilAt });
}

/** Settles one line of a failed comparison by a person's word, or takes their word on all of the account. */
export function onSettle(draft: Draft, input: OperatorInput, act: Act<'reconcile'>): void {
  if (act.verb === 'attest') return onAttest(draft, input, act);
  const wanted = act.id.toUpperCase();
  const mismatch = draft.state.mismatches.find((one) => isNamed(one.id, wanted));
  if (act.verb === 'disown') return disown(draft, input, wanted, mismatch);
  if (!input.isConfirmed) return refuse(draft, input, reason('second_confirmation_needed'));
  if (mismatch === undefined)
    return refuse(draft, input, reason('unknown_difference', { found: act.id }));
  const by = input.actor.id;
  const { ours, theirs } = mismatch;
  if (mismatch.kind === 'cash')
    return emit(draft, { type: 'cash_corrected', fromMinor: ours, toMinor: theirs, by });
  correctHolding(draft, input, mismatch);
}

function correctHolding(draft: Draft, input: OperatorInput, mismatch: Mismatch): void {
  const held = draft.state.positions[mismatch.id];
  const { theirs: to } = mismatch;
  if (held === undefined || held.quantity !== mismatch.ours)
    return refuse(draft, input, reason('unknown_difference', { found: mismatch.id }));
  if (!(Number.isSafeInteger(to) && to >= 0))
    return refuse(draft, input, reason('short_not_allowed', { found: to }));
  const bid = seenOf(draft.view, held.instrument).quote?.bid ?? 0;
  const price = mismatch.price ?? (bid > 0 ? bid : held.entryPrice);
  const { instrument, quantity: from } = held;
  emit(draft, { type: 'position_corrected', instrument, from, to, price, by: input.actor.id });
  const after = draft.state.positions[instrument];
  if (after?.quantity === 0) closeTrade(draft, after, 'external');
}

function disown(
  draft: Draft,
  input: OperatorInput,
  wanted: string,
  mismatch: Mismatch | undefined,
): void {
  const by = input.actor.id;
  const found = draft.state.externals.find((one) => isNamed(one.id, wanted));
  if (found?.state === 'disowned') return refuse(draft, input, reason('already_so'));
  if (found !== undefined) {
    const external: External = { ...found, state: 'disowned', since: draft.at };
    return emit(draft, { type: 'external_disowned', external, by });
  }
  const held = mismatch === undefined ? undefined : draft.state.positions[mismatch.id];
  if (mismatch === undefined || held === undefined || !(mismatch.theirs > mismatch.ours))
    return refuse(draft, input, reason('unknown_difference', { found: wanted }));
  const external: External = {
    id: mismatch.id,
    kind: 'position',
    instrument: held.instrument,
    quantity: mismatch.theirs - mismatch.ours,
    price: mismatch.price,
    state: 'disowned',
    since: draft.at,
  };
  emit(draft, { type: 'external_disowned', external, by });
}
