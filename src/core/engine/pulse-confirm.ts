import type { Reason } from '#core/gates/reason.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { notionalMinor } from '#core/market/money.ts';
import type { ReviewFacts } from '#core/risk/review.ts';
import type { HeldPrice } from '#core/strategies/sector-pulse/exits.ts';
import { bookObjections } from '#core/strategies/sector-pulse/propose-entry.ts';
import { bookLookOf, type HeldPrices } from './pulse-desk.ts';
import { instrumentDayOf } from './select-cn.ts';
import type { DeskState } from './state.ts';
import { type MarketView, seenOf } from './view.ts';

/**
 * Prices of what is held from the quotes of the day: what a sale would find, the ask behind a seal. A
 * suspended name stands at its previous close; a name of which nothing was seen today is left out.
 */
function pricesSeen(state: DeskState, view: MarketView): HeldPrices {
  const prices: Record<InstrumentId, HeldPrice> = {};
  for (const { instrument } of Object.values(state.positions)) {
    const { quote } = seenOf(view, instrument);
    const facts = instrumentDayOf(state, instrument);
    const isSuspended = facts?.isSuspended === true;
    const seen = quote === null ? null : quote.bid > 0 ? quote.bid : quote.ask;
    const last = isSuspended ? facts.previousClose : seen;
    if (last !== null && last > 0) {
      prices[instrument] = { last, asOf: quote?.at ?? 0, isSuspended };
    }
  }
  return prices;
}

/**
 * What account and book of a sector-pulse desk say against confirming `ticket` now: level, day loss,
 * caps, cash, with this ticket's own money counted once. Nothing for other desks.
 */
export function capObjections(
  facts: Omit<ReviewFacts, 'quote'>,
  ticket: Ticket,
  quantity: number,
  limit: number,
): Reason[] {
  const { state, view, policy, at } = facts;
  if (policy.pulse === null) return [];
  const { [ticket.id]: _itself, ...tickets } = state.tickets;
  const book = bookLookOf({ ...state, tickets }, pricesSeen(state, view), at);
  return bookObjections(
    book,
    ticket.instrument,
    notionalMinor(limit, quantity),
    policy.pulse.entry,
  );
}
