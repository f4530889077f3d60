import { fromStored } from '#app/event-form.ts';
import type { Event } from '#core/engine/event.ts';
import { canonicalJson } from '#core/lib/canonical-json.ts';
import { afterEx, type ExItem } from './ex-dates.ts';
import type { Hooks, Observed } from './observed.ts';

/** Prices are rounded to a tick, twice at most. */
const ROUNDED = 0.021;
/** Between the price that made an exit due and the exit in the log: the queue and a slow store. */
const DECIDED_WITHIN_MS = 30_000;

type Bid = { readonly at: number; readonly price: number };

/**
 * 11. Nor does a stop sell a dividend: on an ex-date what is held is judged on the basis of that day.
 *
 * Where the desk watches, an exit by the stop starts only when a bid it was told lately, by the feed or as the answer to
 * what it asked for a tap, is at or below the stop, which the terms move on the morning of the ex-date whoever tells of
 * them. What is decided with the store down is judged when it lies in the journal: the log has it later, when prices are
 * others. A restatement in the log is by the terms: shares, cash and stop.
 */
export function stopOfTheDay(world: Observed): Hooks {
  if (world.policy.execution.protection !== 'watched') return {};
  const stops = new Map<string, number>();
  const bids = new Map<string, Bid[]>();
  const items = new Map<string, ExItem>();
  const known = new Set<string>();
  const lately = (instrument: string): Bid[] =>
    (bids.get(instrument) ?? []).filter(({ at }) => at >= world.now() - DECIDED_WITHIN_MS);
  const decided = (event: Event): void => {
    switch (event.type) {
      case 'order_intended': {
        const ticket = world.tickets.get(event.order.ticketId)?.ticket;
        if (event.order.role === 'entry' && ticket !== undefined)
          stops.set(ticket.instrument, ticket.stop);
        return;
      }
      case 'position_adopted':
        return void stops.set(event.position.instrument, event.position.stop);
      case 'watched_stop_moved':
        return void stops.set(event.instrument, event.stop);
      case 'ex_date_restated':
        return restated(world, event, items.get(event.instrument));
      case 'exit_started': {
        if (event.reason !== 'stop' && event.reason !== 'trail') return;
        const stop = stops.get(event.instrument);
        const told = lately(event.instrument).map(({ price }) => price);
        if (stop === undefined || told.length === 0 || Math.min(...told) <= stop + ROUNDED) return;
        const bid = told.at(-1);
        return world.fail(11, `a stop of ${stop} sells ${event.instrument} at a bid of ${bid}`);
      }
      default:
        return;
    }
  };
  return {
    told({ instrument, bid, ask }) {
      // at limit-down nobody bids, and the limit is the price
      const price = bid > 0 ? bid : ask;
      bids.set(instrument, [...lately(instrument), { at: world.now(), price }]);
    },
    wentEx(instrument, item) {
      items.set(instrument, item);
      // what was told before is of another basis
      bids.delete(instrument);
      const stop = stops.get(instrument);
      if (stop !== undefined) stops.set(instrument, afterEx(stop, item));
    },
    journaled(_life, { events }) {
      for (const stored of events) {
        const event = fromStored(stored);
        known.add(canonicalJson(event));
        decided(event);
      }
    },
    committed(event) {
      // an answer that was lost puts into the journal what the log has already
      if (known.size === 0 || !known.delete(canonicalJson(event))) decided(event);
    },
  };
}

function restated(
  world: Observed,
  event: Extract<Event, { type: 'ex_date_restated' }>,
  item: ExItem | undefined,
): void {
  if (item === undefined)
    return world.fail(11, `${event.instrument} was restated and did not go ex`);
  const { from, to } = event;
  const shares = from.quantity + Math.floor(from.quantity * item.newShares + 1e-9);
  const cashMinor = Math.round(from.quantity * item.cash * 100);
  const isTrue =
    to.quantity === shares &&
    Math.abs(event.cashMinor - cashMinor) <= 1 &&
    Math.abs(to.stop - afterEx(from.stop, item)) <= ROUNDED;
  if (!isTrue) world.fail(11, `${event.instrument} was not restated by its terms`);
}
