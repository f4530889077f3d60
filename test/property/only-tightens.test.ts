import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decide } from '#core/engine/decide.ts';
import type { Event } from '#core/engine/event.ts';
import { evolveAll } from '#core/engine/evolve.ts';
import type { Input } from '#core/engine/input.ts';
import { entryObjections } from '#core/engine/permission-of.ts';
import type { Policy } from '#core/engine/policy.ts';
import type { DeskState, LockCause } from '#core/engine/state.ts';
import { EMPTY_VIEW, type MarketView, observe } from '#core/engine/view.ts';
import {
  confirm,
  ny,
  policyOf,
  QQQM,
  quoteOf,
  ready,
  signalBar,
  signalOf,
  withTicket,
} from '#test/support/builders.ts';
import { deskAfter, step } from '#test/support/engine.ts';
import { live, lives } from '#test/support/random-inputs.ts';

/** Shares that events order to buy, and tickets that they open. */
function boldness(events: readonly Event[]): { shares: number; tickets: number } {
  let shares = 0;
  let tickets = 0;
  for (const event of events) {
    if (event.type === 'order_intended' && event.order.role === 'entry')
      shares += event.order.quantity;
    if (event.type === 'ticket_opened') tickets += 1;
  }
  return { shares, tickets };
}

type Case = { state: DeskState; view: MarketView; policy: Policy };
type Burden = readonly [name: string, add: (before: Case, at: number) => Case];

const locked = (cause: LockCause, scope: 'desk' | typeof QQQM): Burden => [
  `lock ${cause} on ${scope}`,
  (before, at) => {
    const lock = {
      id: `${cause}:${scope}`,
      cause,
      scope,
      since: at,
      untilAt: at + 1,
      figures: {},
      isFirm: true,
    };
    return { ...before, state: { ...before.state, locks: [...before.state.locks, lock] } };
  },
];
const inState = (name: string, change: (state: DeskState) => Partial<DeskState>): Burden => [
  name,
  (before) => ({ ...before, state: { ...before.state, ...change(before.state) } }),
];
const inSymbol = (name: string, change: object): Burden =>
  inState(name, (state) => {
    const symbol = state.symbols[QQQM];
    return symbol === undefined
      ? {}
      : { symbols: { ...state.symbols, [QQQM]: { ...symbol, ...change } } };
  });
const inRisk = (name: string, change: Partial<Policy['risk']>): Burden => [
  name,
  (before) => ({
    ...before,
    policy: { ...before.policy, risk: { ...before.policy.risk, ...change } },
  }),
];

/** Everything that may only take freedom away. */
const BURDENS: readonly Burden[] = [
  locked('day_loss_limit', 'desk'),
  locked('trades_per_day', 'desk'),
  locked('consecutive_losses', 'desk'),
  locked('abnormal_range', QQQM),
  locked('slippage', 'desk'),
  locked('halt', QQQM),
  inState('kill', () => ({
    kill: {
      kind: 'halted',
      by: 'x',
      scope: 'all',
      at: 0,
      saidAt: 0,
      flattenBy: null,
      left: [],
      legs: [],
      sweep: null,
      told: null,
    },
  })),
  inState('kill file', () => ({ isKillFilePresent: true })),
  inState('no consent', () => ({ consent: { kind: 'not_given' } })),
  inState('stopped', () => ({
    consent: { kind: 'stopped', by: 'x', scope: 'all', at: 0, reason: null },
  })),
  inState('not reconciled', () => ({ isReconciled: false })),
  inState('no day', () => ({ day: null })),
  inState('safe mode', () => ({
    safeMode: [{ cause: 'operator', subject: 'x', since: 0, figures: {}, isGone: true }],
  })),
  inState('less cash', (state) => ({ cashMinor: Math.floor(state.cashMinor / 3) })),
  inSymbol('phase cooldown', { cooldownUntil: Number.MAX_SAFE_INTEGER, phase: 'cooldown' }),
  inSymbol('quiet', { quietUntil: Number.MAX_SAFE_INTEGER }),
  inRisk('smaller risk', { riskPerTradeRatio: 0.001 }),
  inRisk('smaller cap', { positionCapRatio: 0.01 }),
  inRisk('fewer trades', { tradesPerDay: 0 }),
  inRisk('narrower spread', { maxSpreadBps: 0.1 }),
  inRisk('less open risk', { openRiskLimitR: 0.05 }),
  inRisk('less cost', { maxCostR: 0 }),
  ['nothing seen', (before) => ({ ...before, view: EMPTY_VIEW })],
  [
    'no quote',
    (before) => ({
      ...before,
      view: {
        ...before.view,
        symbols: Object.fromEntries(
          Object.entries(before.view.symbols).map(([id, seen]) => [id, { ...seen, quote: null }]),
        ),
      },
    }),
  ],
];

function decideOn({ state, view, policy }: Case, input: Input): readonly Event[] {
  return decide(state, observe(view, input), input, policy);
}

test('ID-05 a lock, a doubt, a missing figure or a tighter setting never allows more', () => {
  const policy = policyOf({ mode: 'auto' });
  let allowed = 0;
  fc.assert(
    fc.property(
      lives,
      fc.subarray([...BURDENS], { minLength: 1 }),
      fc.boolean(),
      fc.boolean(),
      (life, burdens, isAuto, hasQuote) => {
        const list = life.list.slice(0, 3);
        const { after: desk, input: last } = live(
          { ...life, list },
          isAuto ? policy : undefined,
        ).at(-1)!;
        const at = last.at + 1_000;
        const free: Case = desk;
        const burdened = burdens.reduce((before, [, add]) => add(before, at), free);
        const quote = hasQuote ? quoteOf(at, 99.98, 100) : null;
        for (const input of [signalBar(at, {}, quote), confirm(at)]) {
          const before = boldness(decideOn(free, input));
          const after = boldness(decideOn(burdened, input));
          allowed += before.shares + before.tickets;
          const names = burdens.map(([name]) => name).join(', ');
          assert.ok(after.shares <= before.shares, `${names}: ${after.shares} shares`);
          assert.ok(after.tickets <= before.tickets, `${names}: ${after.tickets} tickets`);
        }
        const known = entryObjections(free.state, free.view, free.policy, QQQM, at).length;
        const now = entryObjections(burdened.state, burdened.view, burdened.policy, QQQM, at);
        if (known > 0) assert.ok(now.length > 0, 'an objection was lifted');
      },
    ),
    { numRuns: 600 },
  );
  assert.ok(allowed > 50, `only ${allowed} was ever allowed`);
});

test('ID-05 each burden alone stops or shrinks a signal that would have traded', () => {
  const policy = policyOf({ mode: 'auto' });
  const free: Case = deskAfter(ready(), policy);
  const at = ny('10:01');
  const input = signalBar(at, {}, quoteOf(at, 99.98, 100));
  const best = boldness(decideOn(free, input)).shares;
  assert.equal(best, 200);
  for (const [name, add] of BURDENS) {
    if (['nothing seen', 'no quote', 'less cash', 'fewer trades'].includes(name)) continue;
    const shares = boldness(decideOn(add(free, at), input)).shares;
    assert.ok(shares < best, `${name}: ${shares} shares`);
  }
  const blind = signalBar(at, {}, null);
  assert.equal(boldness(decideOn(free, blind)).shares, 0);
});

test('ID-05 every objection is returned, and more objections never turn a refusal into a ticket', () => {
  fc.assert(
    fc.property(fc.subarray([...BURDENS].slice(0, 13)), (burdens) => {
      const at = ny('10:01');
      const free: Case = deskAfter(ready());
      const burdened = burdens.reduce((before, [, add]) => add(before, at), free);
      const events = decideOn(burdened, signalBar(at));
      assert.equal(
        events.some((event) => event.type === 'ticket_opened'),
        burdens.length === 0,
      );
    }),
  );
});

test('CX-05 a quote that a person confirmed on is judged, not trusted: only a fresh and narrow one inside the band trades', () => {
  const desk = deskAfter(withTicket());
  const at = ny('10:01:10');
  const cents = fc.integer({ min: 9_800, max: 10_100 });
  let traded = 0;
  fc.assert(
    fc.property(
      cents,
      fc.integer({ min: -5, max: 40 }),
      fc.integer({ min: -3_000, max: 9_000 }),
      (bid, width, age) => {
        const quote = quoteOf(at - age, bid / 100, (bid + width) / 100);
        const { events } = step(desk, confirm(at, { quote }));
        const isTraded = boldness(events).shares > 0;
        const bps = (width / (bid + width / 2)) * 10_000;
        const isGood =
          age >= 0 &&
          age <= 5_000 &&
          width >= 0 &&
          bps <= 5 &&
          bid > 9_900 &&
          bid + width <= 10_025;
        assert.equal(isTraded, isGood);
        traded += isTraded ? 1 : 0;
      },
    ),
    { numRuns: 2_000 },
  );
  assert.ok(traded > 10, `only ${traded} quotes traded`);
});

test('a signal is judged by its own figures: any stop and price give a ticket inside every cap, or none', () => {
  const policy = policyOf();
  const base = deskAfter(ready(), policy);
  const at = ny('10:01');
  let opened = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 60_000 }),
      fc.integer({ min: -50, max: 3_000 }),
      fc.integer({ min: 0, max: 30 }),
      (cents, risk, width) => {
        const signal = signalOf(at, { referencePrice: cents / 100, stop: (cents - risk) / 100 });
        const quote = quoteOf(at, (cents - width) / 100, cents / 100);
        const { events } = step(base, signalBar(at, signal, quote));
        for (const event of events) {
          if (event.type !== 'ticket_opened') continue;
          const { ticket } = event;
          opened += 1;
          assert.ok(ticket.riskMinor <= policy.capitalMinor * 0.005 + ticket.quantity);
          assert.ok(ticket.quantity * ticket.entryLimit * 100 <= policy.capitalMinor * 0.2 + 1);
          assert.ok(ticket.quantity >= 2 && ticket.costR <= 0.2);
          assert.ok(ticket.stop < ticket.bandLow && ticket.entryLimit <= ticket.bandHigh);
          assert.equal(
            ticket.legs.reduce((sum, leg) => sum + leg.quantity, 0),
            ticket.quantity,
          );
          assert.deepEqual(evolveAll(base.state, events).tickets[ticket.id], ticket);
        }
      },
    ),
    { numRuns: 1_000 },
  );
  assert.ok(opened > 50, `only ${opened} tickets were opened`);
});
