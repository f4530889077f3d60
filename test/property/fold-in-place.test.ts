import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Event } from '#core/engine/event.ts';
import { evolve, evolveAll } from '#core/engine/evolve.ts';
import { entriesOf, orderedInstruments, ordersOf } from '#core/engine/order-index.ts';
import { pendingTickets } from '#core/engine/select.ts';
import type { DeskState } from '#core/engine/state.ts';
import { staleNames, unsettledSymbols } from '#core/engine/symbol-index.ts';
import { keepUnderWay, settle } from '#core/engine/under-way.ts';
import {
  AAPL,
  exit,
  fill,
  ny,
  QQQM,
  report,
  signalBar,
  TICKET,
  withFirstTarget,
  withPosition,
  withTicket,
} from '#test/support/builders.ts';
import { deskAfter } from '#test/support/engine.ts';

const AT = ny('10:01:40');
const EVENTS: readonly Event[] = [
  ...deskAfter([...withPosition(), exit(AT), report(AT + 1, `${TICKET}.stop-1`, 'canceled')])
    .events,
  ...deskAfter([...withFirstTarget(), fill(AT, `${TICKET}.stop-2`, 100, 99)]).events,
  ...deskAfter([...withTicket(), signalBar(ny('10:02'), { instrument: AAPL })]).events,
  { type: 'symbol_data_changed', at: AT, instrument: AAPL, isStale: true, closedAt: AT },
  { type: 'symbol_data_changed', at: AT, instrument: AAPL, isStale: false, closedAt: AT },
  { type: 'phase_changed', at: AT, instrument: AAPL, from: 'trading_allowed', to: 'done' },
  { type: 'order_found_working', at: AT, orderId: `${TICKET}.entry-1` },
  { type: 'order_canceled', at: AT, orderId: `${TICKET}.entry-1`, reason: null },
  { type: 'order_canceled', at: AT, orderId: `${TICKET}.entry-2`, reason: null },
];

/** As a step folds: its own book changes in place, and is asked for between two events. */
function foldInPlace(start: DeskState, events: readonly Event[]): DeskState {
  let state = start;
  for (const event of events) {
    const before = state;
    state = evolve(before, event);
    keepUnderWay(before, state);
    entriesOf(state);
    pendingTickets(state);
    staleNames(state);
  }
  return settle(state);
}

test('ID-09 a step that changes its book in place leads to the same book, index and order as one that copies it', () => {
  let longest = 0;
  fc.assert(
    fc.property(fc.shuffledSubarray([...EVENTS], { minLength: 5 }), fc.nat(60), (events, cut) => {
      const start = evolveAll(deskAfter(withPosition().slice(0, cut % 30)).state, []);
      const untouched = structuredClone(start);
      const wanted = evolveAll(start, events);
      const found = foldInPlace(start, events);
      assert.equal(JSON.stringify(found), JSON.stringify(wanted));
      assert.deepEqual(start, untouched, 'what the step began from is as it was');
      const { orders, tickets, symbols } = found;
      const fresh: DeskState = {
        ...found,
        ...{ orders: { ...orders }, tickets: { ...tickets }, symbols: { ...symbols } },
      };
      assert.deepEqual(staleNames(found), staleNames(fresh));
      assert.deepEqual(unsettledSymbols(found, 'done'), unsettledSymbols(fresh, 'done'));
      assert.deepEqual(pendingTickets(found), pendingTickets(fresh));
      assert.deepEqual(orderedInstruments(found), orderedInstruments(fresh));
      assert.deepEqual(entriesOf(found), entriesOf(fresh));
      for (const one of [QQQM, AAPL]) assert.deepEqual(ordersOf(found, one), ordersOf(fresh, one));
      // once the step is over its book is anybody's, and later ones copy it
      const kept = JSON.stringify(found);
      foldInPlace(found, events);
      assert.equal(JSON.stringify(found), kept);
      longest = Math.max(longest, Object.keys(found.orders).length);
    }),
    { numRuns: 300 },
  );
  assert.ok(longest >= 5, `at most ${longest} orders in a book`);
});
