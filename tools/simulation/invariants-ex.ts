import { afterEx, type ExItem } from './ex-dates.ts';
import type { Hooks, Observed } from './observed.ts';

/** Prices are rounded to a tick, twice at most. */
const ROUNDED = 0.021;

/**
 * 11. Nor does a stop sell a dividend: on an ex-date what is held is judged on the basis of that day.
 *
 * Where the desk watches, an exit by the stop starts only when the bid it was told is at or below the stop, which the
 * terms move on the morning of the ex-date whoever tells of them. A restatement in the log is by the terms: shares, cash
 * and stop.
 */
export function stopOfTheDay(world: Observed): Hooks {
  if (world.policy.execution.protection !== 'watched') return {};
  const stops = new Map<string, number>();
  const bids = new Map<string, number>();
  const items = new Map<string, ExItem>();
  return {
    told: ({ instrument, bid }) => void bids.set(instrument, bid),
    wentEx(instrument, item) {
      items.set(instrument, item);
      const stop = stops.get(instrument);
      if (stop !== undefined) stops.set(instrument, afterEx(stop, item));
    },
    committed(event) {
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
        case 'ex_date_restated': {
          const item = items.get(event.instrument);
          const { from, to } = event;
          if (item === undefined)
            return world.fail(11, `${event.instrument} was restated and did not go ex`);
          const shares = from.quantity + Math.floor(from.quantity * item.newShares + 1e-9);
          const cashMinor = Math.round(from.quantity * item.cash * 100);
          const isTrue =
            to.quantity === shares &&
            Math.abs(event.cashMinor - cashMinor) <= 1 &&
            Math.abs(to.stop - afterEx(from.stop, item)) <= ROUNDED;
          if (!isTrue) world.fail(11, `${event.instrument} was not restated by its terms`);
          return;
        }
        case 'exit_started': {
          if (event.reason !== 'stop' && event.reason !== 'trail') return;
          const stop = stops.get(event.instrument);
          const bid = bids.get(event.instrument);
          if (stop === undefined || bid === undefined || bid <= stop + ROUNDED) return;
          world.fail(11, `a stop of ${stop} sells ${event.instrument} at a bid of ${bid}`);
          return;
        }
        default:
          return;
      }
    },
  };
}
