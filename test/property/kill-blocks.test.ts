import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Event } from '#core/engine/event.ts';
import { causesFor } from '#core/engine/safe-scope.ts';
import type { DeskState } from '#core/engine/state.ts';
import { mayFill } from '#core/machines/order.ts';
import { policyOf } from '#test/support/builders.ts';
import { live, lives } from '#test/support/random-inputs.ts';

const isEntry = (event: Event) => event.type === 'order_intended' && event.order.role === 'entry';

/** Breaks on the first entry order that no rule of authority allows. */
function checkAuthority(events: readonly Event[]): number {
  let isKilled = false;
  let isStopped = true;
  const confirmed = new Map<string, string>();
  const dead = new Set<string>();
  const legs = new Set<string>();
  const ids = new Set<string>();
  for (const event of events) {
    if (event.type === 'kill_engaged') isKilled = true;
    if (event.type === 'kill_resumed') isKilled = false;
    if (event.type === 'consent_given') isStopped = false;
    if (['consent_withdrawn', 'consent_ended', 'session_planned'].includes(event.type))
      isStopped = true;
    if (event.type === 'ticket_confirmed') {
      assert.ok(!confirmed.has(event.ticketId) && !dead.has(event.ticketId));
      confirmed.set(event.ticketId, event.by);
    }
    if (
      event.type === 'ticket_skipped' ||
      event.type === 'ticket_expired' ||
      event.type === 'ticket_superseded' ||
      event.type === 'ticket_voided'
    )
      dead.add(event.ticketId);
    if (event.type !== 'order_intended') continue;
    assert.ok(!ids.has(event.order.orderId), `${event.order.orderId} intended twice`);
    ids.add(event.order.orderId);
    if (event.order.role !== 'entry') continue;
    const { ticketId, leg } = event.order;
    assert.ok(!isKilled, 'entry after kill');
    assert.ok(!isStopped, 'entry without permission');
    assert.ok(!dead.has(ticketId), 'entry of an ended ticket');
    assert.ok(confirmed.has(ticketId), 'entry of a ticket that nobody confirmed');
    assert.notEqual(confirmed.get(ticketId), 'desk');
    assert.ok(!legs.has(`${ticketId}/${leg}`), 'second entry of a leg');
    legs.add(`${ticketId}/${leg}`);
  }
  return legs.size;
}

/** Every entry that may still open risk has been asked to go, or nobody knows whether it exists. */
function checkEntriesGo(state: DeskState): void {
  for (const order of Object.values(state.orders)) {
    if (order.role !== 'entry' || !mayFill(order)) continue;
    const isAsked = order.cancelRequestedAt !== null || order.state === 'unknown';
    assert.ok(isAsked, `${order.orderId} is ${order.state} and not asked to be canceled`);
  }
}

test('CX-05 CX-06 CX-07 CX-10 no entry without a confirmed ticket, a permission and a clear kill; one per leg', () => {
  let entries = 0;
  fc.assert(
    fc.property(lives, (life) => {
      entries += checkAuthority(live(life).at(-1)?.after.events ?? []);
    }),
    { numRuns: 800 },
  );
  assert.ok(entries > 200, `only ${entries} entries were tried`);
});

test('CX-07 after a kill, a stop or in safe mode every entry that may still fill is asked to go', () => {
  let checked = 0;
  fc.assert(
    fc.property(lives, (life) => {
      for (const { after } of live(life)) {
        const { state } = after;
        const isDeskBlocked =
          state.kill.kind !== 'clear' ||
          state.consent.kind === 'stopped' ||
          (state.deadMan ?? null) !== null;
        // what is stale of one symbol blocks that symbol
        const blocked = Object.keys(state.symbols).filter(
          (instrument) => isDeskBlocked || causesFor(state, instrument).length > 0,
        );
        if (blocked.length === 0) continue;
        const isMeant = ({ instrument }: { readonly instrument: string }) =>
          blocked.includes(instrument);
        const orders = Object.entries(state.orders).filter(([, order]) => isMeant(order));
        checkEntriesGo({ ...state, orders: Object.fromEntries(orders) });
        const tickets = Object.values(state.tickets).filter(isMeant);
        assert.ok(tickets.every((ticket) => ticket.state !== 'pending'));
        checked += 1;
      }
    }),
    { numRuns: 400 },
  );
  assert.ok(checked > 1_000, `only ${checked} blocked states were seen`);
});

test('CX-08 in alert mode nothing is ever ordered', () => {
  const policy = policyOf({ mode: 'alert' });
  let advice = 0;
  fc.assert(
    fc.property(lives, (life) => {
      const quiet = life.list.filter((what) => what.kind !== 'mode');
      const events = live({ begin: 'ready', list: quiet }, policy).at(-1)?.after.events ?? [];
      assert.equal(events.filter(isEntry).length, 0);
      advice += events.filter((event) => event.type === 'ticket_opened').length;
    }),
    { numRuns: 200 },
  );
  assert.ok(advice > 20, `only ${advice} pieces of advice were given`);
});
