import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Event } from '#core/engine/event.ts';
import { evolveAll } from '#core/engine/evolve.ts';
import { initialState } from '#core/engine/initial-state.ts';
import { notionalMinor } from '#core/market/money.ts';
import { live, lives } from '#test/support/random-inputs.ts';

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

test('CX-10 state equals the fold of its events as stored, and survives JSON', () => {
  let tickets = 0;
  let fills = 0;
  fc.assert(
    fc.property(lives, (life) => {
      const last = live(life).at(-1)?.after;
      assert.ok(last !== undefined);
      assert.deepEqual(evolveAll(initialState(last.policy), copy(last.events)), last.state);
      assert.deepEqual(copy(last.state), last.state);
      const half = Math.floor(last.events.length / 2);
      const snapshot = copy(evolveAll(initialState(last.policy), last.events.slice(0, half)));
      assert.deepEqual(evolveAll(snapshot, last.events.slice(half)), last.state);
      tickets += last.events.filter((event) => event.type === 'ticket_confirmed').length;
      fills += last.events.filter((event) => event.type === 'order_filled').length;
    }),
    { numRuns: 400 },
  );
  assert.ok(tickets > 100, `only ${tickets} tickets were confirmed`);
  assert.ok(fills > 200, `only ${fills} fills were tried`);
});

/** Cash by the fills and fees alone; a clean reconciliation says what the broker has. */
function cashOf(events: readonly Event[]): number {
  const sides = new Map<string, 'buy' | 'sell'>();
  let cash = 0;
  for (const event of events) {
    if (event.type === 'desk_opened') cash = event.cashMinor;
    if (event.type === 'reconciled' && event.isClean) cash = event.cashMinor;
    if (event.type === 'order_intended') sides.set(event.order.orderId, event.order.side);
    if (event.type !== 'order_filled') continue;
    const sign = sides.get(event.orderId) === 'buy' ? -1 : 1;
    cash += sign * notionalMinor(event.price, event.quantity) - event.feesMinor;
  }
  return cash;
}

test('cash equals the sum of fills and fees to the cent', () => {
  fc.assert(
    fc.property(lives, (life) => {
      const last = live(life).at(-1)?.after;
      assert.ok(last !== undefined);
      assert.equal(last.state.cashMinor, cashOf(last.events));
      let held = 0;
      for (const position of Object.values(last.state.positions)) held += position.quantity;
      const orders = Object.values(last.state.orders);
      const net = (ticketId: string) =>
        orders
          .filter((order) => order.ticketId === ticketId)
          .reduce((sum, o) => sum + (o.side === 'buy' ? 1 : -1) * o.filledQuantity, 0);
      let booked = 0;
      for (const position of Object.values(last.state.positions)) booked += net(position.ticketId);
      // the generator also says "clean" of a book that is not, so a doubt counts once it was raised
      const isDoubted = last.events.some(
        (event) => event.type === 'safe_mode_entered' && event.cause === 'position_mismatch',
      );
      assert.ok(held === booked || isDoubted, `held ${held}, booked ${booked}`);
    }),
    { numRuns: 400 },
  );
});
