import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  coveredQuantity,
  leavingQuantity,
  openQuantity,
  workingProtection,
} from '#core/engine/select.ts';
import type { DeskState, LockCause } from '#core/engine/state.ts';
import { mayFill } from '#core/machines/order.ts';
import {
  AAPL,
  actOf,
  bar,
  confirm,
  exit,
  flatten,
  kill,
  ny,
  QQQM,
  ready,
  report,
  safe,
  signalBar,
  stop,
  TICKET,
  tick,
  withPosition,
} from '#test/support/builders.ts';
import { type Desk, deskAfter, step } from '#test/support/engine.ts';
import { deliver, newWorld, tell, trade, type World } from '#test/support/exchange-desk.ts';

type Move = {
  readonly what:
    | 'quote'
    | 'deliver'
    | 'exit'
    | 'exit_part'
    | 'kill'
    | 'flatten'
    | 'safe'
    | 'stop'
    | 'bar';
  readonly price: number;
  readonly size: number;
  readonly wait: number;
};

const move: fc.Arbitrary<Move> = fc.record({
  what: fc.constantFrom(
    ...([
      'quote',
      'quote',
      'quote',
      'quote',
      'deliver',
      'deliver',
      'deliver',
      'bar',
      'exit',
    ] as const),
    ...(['exit_part', 'kill', 'flatten', 'safe', 'stop'] as const),
  ),
  price: fc.integer({ min: 9_850, max: 10_180 }),
  size: fc.integer({ min: 1, max: 260 }),
  wait: fc.nat(6),
});

function play(world: World, moves: readonly Move[], check: (world: World) => void): number {
  let at = ny('10:01');
  tell(world, bar(at, { instrument: AAPL }));
  trade(world, at, 99.98, 100, 500);
  tell(world, signalBar(at));
  at += 2_000;
  tell(world, confirm(at));
  check(world);
  for (const { what, price, size, wait } of moves) {
    at += wait * 500;
    const bid = price / 100;
    if (what === 'quote') trade(world, at, bid, (price + 2) / 100, size);
    if (what === 'deliver') deliver(world, at, 1 + (size % 6));
    if (what === 'exit') tell(world, exit(at));
    if (what === 'exit_part') tell(world, exit(at, 'QQQM', 0.3));
    if (what === 'kill') tell(world, kill(at));
    if (what === 'flatten') tell(world, flatten(at));
    if (what === 'safe') tell(world, safe(at, true));
    if (what === 'stop') tell(world, stop(at));
    if (what === 'bar') {
      const prices = { open: bid, high: bid + 0.1, low: bid - 0.1, close: bid, volume: 900 };
      tell(world, bar(at, { bar: prices, lowestLow5: bid - 0.2 }));
    }
    check(world);
  }
  return at;
}

/** Words travel home until none is left; time passes a little each round. */
function settle(world: World, from: number, check: (world: World) => void): number {
  let at = from;
  for (let round = 0; round < 40; round += 1) {
    at += 300;
    deliver(world, at);
    tell(world, tick(at));
    check(world);
    if (world.mail.length === 0 && round > 10) break;
  }
  return at;
}

/** What the working sell orders of the book may still take, siblings counted once. */
function sellers(state: DeskState): number {
  const groups = new Map<string, number>();
  for (const order of Object.values(state.orders)) {
    if (order.side !== 'sell' || !mayFill(order) || order.state === 'held') continue;
    const key = order.ocoGroup ?? order.orderId;
    groups.set(key, Math.max(groups.get(key) ?? 0, openQuantity(state, order)));
  }
  return [...groups.values()].reduce((sum, quantity) => sum + quantity, 0);
}

const isWaiting = (state: DeskState) =>
  Object.values(state.orders).some((order) => order.role === 'entry' && mayFill(order));

test('ID-06 the desk never offers a share twice and never sells what it does not hold', () => {
  let fills = 0;
  let exits = 0;
  fc.assert(
    fc.property(
      fc.array(move, { minLength: 5, maxLength: 40, size: 'max' }),
      fc.nat(),
      (moves, seed) => {
        const world = newWorld(deskAfter(ready()), seed);
        const check = ({ desk, said }: World) => {
          const oversold = said.filter((word) => word.reason === 'insufficient_quantity');
          const isEntryRace = oversold.every((word) => !word.orderId.includes('.exit-'));
          assert.ok(isEntryRace, `${oversold[0]?.orderId} sold twice`);
          const held = desk.state.positions[QQQM]?.quantity ?? 0;
          assert.ok(held >= 0, `held ${held}`);
          const excess = sellers(desk.state) - held;
          const isAsked = Object.values(desk.state.orders).some(
            (order) => order.side === 'sell' && mayFill(order) && order.cancelRequestedAt !== null,
          );
          assert.ok(
            excess <= 0 || isAsked || isWaiting(desk.state),
            `${excess} shares too many offered`,
          );
        };
        const at = settle(world, play(world, moves, check), check);
        const { state, events } = world.desk;
        const held = world.exchange.account.positions.get(QQQM)?.quantity ?? 0;
        assert.equal(state.positions[QQQM]?.quantity ?? 0, held);
        assert.equal(state.cashMinor, world.exchange.account.cashMinor);
        assert.ok(!state.safeMode.some((entry) => entry.cause === 'position_mismatch'));
        const position = state.positions[QQQM];
        if (position !== undefined && position.exiting === null && !isWaiting(state))
          assert.equal(coveredQuantity(state, QQQM), held, `uncovered at ${at}`);
        const leaving = leavingQuantity(state, QQQM);
        const isKilled = position?.exiting?.reason === 'kill';
        if (leaving > 0 && !isKilled && !isWaiting(state)) {
          assert.equal(coveredQuantity(state, QQQM) + leaving, held, `bare beside a sale at ${at}`);
        }
        fills += events.filter((event) => event.type === 'order_filled').length;
        exits += events.filter(
          (event) => event.type === 'order_intended' && event.order.role === 'exit',
        ).length;
      },
    ),
    { numRuns: 500 },
  );
  assert.ok(fills > 500, `only ${fills} fills were seen`);
  assert.ok(exits > 50, `only ${exits} exits were sent`);
});

const LOCKS: readonly LockCause[] = ['day_loss_limit', 'trades_per_day', 'halt', 'slippage'];

type Hardship = readonly [string, (state: DeskState) => Partial<DeskState>];
const HARDSHIPS: readonly Hardship[] = [
  ...LOCKS.map(
    (cause): Hardship => [
      cause,
      () => ({
        locks: [
          {
            id: `${cause}:desk`,
            cause,
            scope: 'desk',
            since: 0,
            untilAt: ny('16:00'),
            figures: {},
            isFirm: true,
          },
        ],
      }),
    ],
  ),
  [
    'killed',
    () => ({
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
    }),
  ],
  ['kill file', () => ({ isKillFilePresent: true })],
  ['stopped', () => ({ consent: { kind: 'stopped', by: 'x', at: 0, reason: null } })],
  ['no consent', () => ({ consent: { kind: 'not_given' } })],
  ['not reconciled', () => ({ isReconciled: false })],
  [
    'safe mode',
    () => ({
      safeMode: [
        { cause: 'heartbeat_lost', subject: 'feed', since: 0, figures: {}, isGone: false },
      ],
    }),
  ],
  [
    'operator gone',
    () => ({ deadMan: { since: 0, at: 0, why: 'no_channel', subject: 'channels' } }),
  ],
  [
    'halted',
    ({ symbols }) => ({
      symbols: Object.fromEntries(
        Object.entries(symbols).map(([id, symbol]) => [
          id,
          { ...symbol, halt: { since: 0, resumedAt: null, cause: 'H' } },
        ]),
      ),
    }),
  ],
  ['alert mode', () => ({ mode: 'alert' })],
  ['no cash', () => ({ cashMinor: 0 })],
];

/** A held position under hardships. */
const burdened = (hardships: readonly Hardship[]): Desk => {
  const desk = deskAfter(withPosition());
  const state = Object.assign({}, desk.state, ...hardships.map(([, add]) => add(desk.state)));
  return { ...desk, state };
};

const WAYS = {
  operator: (at: number) => exit(at),
  flatten: (at: number) => flatten(at),
  part: (at: number) => exit(at, 'QQQM', 0.5),
} as const;

test('ID-07 CX-07 no state, lock, kill or doubt keeps a person or the clock from leaving a position', () => {
  fc.assert(
    fc.property(
      fc.subarray([...HARDSHIPS]),
      fc.constantFrom('operator' as const, 'flatten' as const, 'part' as const, 'time' as const),
      (hardships, way) => {
        const names = hardships.map(([name]) => name).join(', ');
        let desk = burdened(hardships);
        let at = way === 'time' ? ny('15:55') : ny('10:01:20');
        const input = way === 'time' ? tick(at) : WAYS[way](at);
        desk = step(desk, input).desk;
        const protection = workingProtection(desk.state, QQQM);
        assert.ok(
          protection.every((order) => order.cancelRequestedAt !== null),
          names,
        );
        for (const order of protection) {
          at += 10;
          desk = step(desk, report(at, order.orderId, 'canceled')).desk;
        }
        const sent = desk.events.filter(
          (event) => event.type === 'order_intended' && event.order.role === 'exit',
        );
        assert.equal(sent.length, 1, names);
      },
    ),
    { numRuns: 300 },
  );
});

test('ID-03 no state, lock, kill or doubt takes the stop of a position or keeps it from moving up', () => {
  fc.assert(
    fc.property(fc.subarray([...HARDSHIPS]), (hardships) => {
      const at = ny('10:01:20');
      const before = burdened(hardships);
      const seen = step(before, tick(at));
      assert.equal(coveredQuantity(seen.desk.state, QQQM), 200);
      assert.ok(!seen.events.some((event) => event.type === 'cancel_requested'));
      const fields = { filledQuantity: 100, lastQuantity: 100, lastPrice: 101 };
      const target = step(before, report(at, `${TICKET}.target-1`, 'filled', fields));
      assert.ok(target.events.some((event) => event.type === 'replace_requested'));
      const lost = step(before, report(at, `${TICKET}.stop-2`, 'canceled'));
      const again = lost.events.filter((event) => event.type === 'order_intended');
      assert.equal(again.length, 1);
      assert.equal(coveredQuantity(lost.desk.state, QQQM), 200);
    }),
    { numRuns: 200 },
  );
});

test('an order to cancel protection is refused in every state', () => {
  fc.assert(
    fc.property(fc.subarray([...HARDSHIPS]), (hardships) => {
      const target = `${TICKET}.stop-1`;
      const act = { act: 'cancel', target, isProtectionMeant: true } as const;
      const { events } = step(burdened(hardships), actOf(ny('10:01:20'), act));
      assert.ok(!events.some((event) => event.type === 'cancel_requested'));
      assert.ok(events.some((event) => event.type === 'act_refused'));
    }),
    { numRuns: 50 },
  );
});
