import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { effectsOf } from '#core/engine/effects.ts';
import type { Event } from '#core/engine/event.ts';
import { evolve } from '#core/engine/evolve.ts';
import type { Input } from '#core/engine/input.ts';
import type { DeskState } from '#core/engine/state.ts';
import { renderMessage } from '#shell/chat/render.ts';
import { actOf, fill, report, TICKET } from '#test/support/builders.ts';
import type { Desk } from '#test/support/engine.ts';
import { step } from '#test/support/engine.ts';
import { given } from '#test/support/given.ts';
import { live, lives } from '#test/support/random-inputs.ts';
import { listed, read } from '#test/support/reading.ts';
import {
  AGREED_AT,
  onePolicy,
  withHeldAndSetup,
  withSetupOfBoth,
} from '#test/support/switching.ts';

/*
 * What an adapter may let through on its worst day: the core's own guard. Nothing throws, no figure of the
 * book becomes anything but a whole number, what cannot be read is SAFE_MODE with its place.
 */

/** Values a field of a report may be found with. */
const NONSENSE: readonly unknown[] = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -1,
  0.5,
  1e300,
  Number.MAX_SAFE_INTEGER,
  '100',
  'many',
  null,
  undefined,
  {},
  [],
  true,
];
const FIELDS = [
  'reportId',
  'orderId',
  'kind',
  'at',
  'filledQuantity',
  'lastQuantity',
  'lastPrice',
  'feesMinor',
  'reason',
  'stopPrice',
  'limitPrice',
] as const;

/** Every number of a value, with its place; NaN and infinities do not survive as JSON, so they are looked for here. */
function numbersOf(value: unknown, place = ''): [string, number][] {
  if (typeof value === 'number') return [[place, value]];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersOf(inner, `${place}.${key}`));
}

/** The book after nonsense: whole money and shares, finite prices, the same after a trip through JSON. */
function sound({ state }: Desk): void {
  for (const [place, number] of numbersOf(state)) {
    assert.ok(Number.isFinite(number), `${place} is ${number}`);
    if (/(Minor|[qQ]uantity)$/.test(place))
      assert.ok(Number.isSafeInteger(number), `${place} is ${number}`);
  }
  assert.deepEqual(JSON.parse(JSON.stringify(state)), state);
}

/** Every message that follows can be told, in both languages. */
function tellable(before: DeskState, events: readonly Event[], desk: Desk): void {
  let state = before;
  for (const event of events) {
    state = evolve(state, event);
    for (const effect of effectsOf(event, state, desk.policy)) {
      if (effect.kind !== 'push') continue;
      for (const language of ['en', 'zh'] as const)
        assert.ok(renderMessage(effect.message, language, { now: event.at }).lines.length > 0);
    }
  }
}

function survive(before: Desk, input: Input): Desk {
  const { desk, events } = step(before, input);
  sound(desk);
  tellable(before.state, events, desk);
  return desk;
}

const isUnsafe = (desk: Desk): boolean => desk.state.safeMode.some((entry) => !entry.isGone);

const mutated = fc.record({
  field: fc.constantFrom(...FIELDS),
  value: fc.constantFrom(...NONSENSE),
  isGone: fc.boolean(),
  order: fc.nat(30),
  kind: fc.constantFrom(
    'filled',
    'partially_filled',
    'accepted',
    'canceled',
    'replaced',
    'expired',
  ),
});

function mutatedReport(
  desk: Desk,
  at: number,
  change: typeof mutated extends fc.Arbitrary<infer T> ? T : never,
): Input {
  const ids = Object.keys(desk.state.orders);
  const order = desk.state.orders[ids[change.order % Math.max(1, ids.length)] ?? ''];
  const orderId = order?.orderId ?? 'stranger';
  const filledQuantity = order?.quantity ?? 100;
  const whole = report(at, orderId, change.kind as 'filled', {
    filledQuantity,
    lastQuantity: filledQuantity,
    lastPrice: 100,
    stopPrice: 99.5,
  });
  const body = { ...('report' in whole ? whole.report : {}) } as Record<string, unknown>;
  if (change.isGone) delete body[change.field];
  else body[change.field] = change.value;
  return { kind: 'order_reported', at, report: body } as unknown as Input;
}

test('ID-09 a mutated report at any moment of any life never throws and never makes a figure of the book nonsense', () => {
  let strange = 0;
  fc.assert(
    fc.property(lives, fc.array(mutated, { minLength: 1, maxLength: 8 }), (life, changes) => {
      let desk = live(life).at(-1)?.after;
      if (desk === undefined) return;
      const last = desk.events.at(-1)?.at ?? 0;
      for (const [index, change] of changes.entries()) {
        const input = mutatedReport(desk, last + 1_000 + index, change);
        desk = survive(desk, input);
        // said twice it changes nothing for the worse
        desk = survive(desk, input);
        strange += 1;
      }
    }),
    { numRuns: 400 },
  );
  assert.ok(strange > 800);
});

for (const [field, values] of [
  ['filledQuantity', [Number.NaN, 0.5, -3, '100', undefined]],
  ['lastPrice', [Number.NaN, -1, 0, '100', undefined, 1e300]],
  ['kind', ['mystery', undefined]],
] as const) {
  test(`ID-09 a fill with ${field} that cannot be read books nothing: SAFE_MODE names order and place`, () => {
    for (const value of values) {
      const desk = given(withSetupOfBoth(), onePolicy()).desk;
      const input = fill(AGREED_AT, `${TICKET}.entry-1`, 100, 100) as Extract<
        Input,
        { kind: 'order_reported' }
      >;
      const broken = { ...input, report: { ...input.report, [field]: value } } as unknown as Input;
      const after = survive(desk, broken);
      assert.deepEqual(after.state.positions, {}, String(value));
      const entry = after.state.safeMode.find((one) => one.subject === `${TICKET}.entry-1`);
      assert.match(String(entry?.figures['found']), new RegExp(field), String(value));
      // the next whole word is taken
      assert.equal(survive(after, input).state.orders[`${TICKET}.entry-1`]?.filledQuantity, 100);
    }
  });
}

test('ID-09 a fill whose fees cannot be read is still a fill: booked, protected, and SAFE_MODE says what is missing', () => {
  for (const feesMinor of [Number.NaN, 0.5, -10_001, '3', undefined]) {
    const desk = given(withSetupOfBoth(), onePolicy()).desk;
    const change = { feesMinor: feesMinor as number };
    const after = survive(desk, fill(AGREED_AT, `${TICKET}.entry-1`, 100, 100, change));
    assert.equal(after.state.orders[`${TICKET}.entry-1`]?.filledQuantity, 100);
    assert.equal(after.state.cashMinor, desk.state.cashMinor - 1_000_000);
    assert.ok(isUnsafe(after));
    assert.match(JSON.stringify(after.state.safeMode), /feesMinor/);
  }
});

const PLACES = [
  ['orders', 'quantity'],
  ['orders', 'filledQuantity'],
  ['orders', 'averagePrice'],
  ['orders', 'stopPrice'],
  ['orders', 'limitPrice'],
  ['fills', 'quantity'],
  ['fills', 'price'],
  ['fills', 'feesMinor'],
  ['positions', 'quantity'],
  ['positions', 'averagePrice'],
  [null, 'cashMinor'],
] as const;

test('ID-07 ID-09 a reading of the account with one figure that is none never throws and is never clean', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...PLACES),
      fc.constantFrom(Number.NaN, Number.NEGATIVE_INFINITY, 'many', undefined, {}, 0.25),
      fc.boolean(),
      ([list, field], value, isLast) => {
        const { desk } = given(withHeldAndSetup(), onePolicy());
        const fills = ['entry-1', 'entry-2'].map((name) =>
          listed(desk, `${TICKET}.${name}`, 100, 100),
        );
        const input = read(desk, AGREED_AT, { fills }, isLast) as Extract<
          Input,
          { kind: 'account_read' }
        >;
        const whole = JSON.parse(JSON.stringify(input)) as typeof input;
        const { reading } = whole;
        const target = (list === null ? reading : reading[list][0]) as unknown as Record<
          string,
          unknown
        >;
        target[field] = value;
        const isFraction = value === 0.25;
        const after = survive(desk, whole);
        // a fraction is a price like any other
        if (isFraction && /[pP]rice/.test(field)) return;
        if (isLast) assert.ok(isUnsafe(after), `${list}.${field} ${String(value)}`);
        assert.equal(after.state.positions['QQQM.US']?.stop, 99);
      },
    ),
    { numRuns: 300 },
  );
});

test('CX-08 ID-09 what a person reports by hand with figures that are none books nothing and never throws', () => {
  const execution = {
    broker: 'manual',
    isPerson: true,
    protection: 'watched',
    hasBracket: false,
  } as const;
  const isWhole = (input: Input): boolean =>
    !('orderId' in input && input.orderId.endsWith('entry-2')) &&
    !(input.kind === 'order_reported' && input.report.orderId.endsWith('entry-2'));
  const { desk } = given(withSetupOfBoth().filter(isWhole), onePolicy({ execution }));
  const time = fc.constantFrom(null, undefined, '25:00', '10:61', 'now', '', 7);
  const value = fc.constantFrom(...NONSENSE);
  fc.assert(
    fc.property(value, value, time, fc.boolean(), (price, quantity, at, isConfirmed) => {
      const act = { act: 'fill', target: 'QQQM', verb: 'fill', price, quantity, time: at };
      const input = actOf(AGREED_AT, act as never, { isConfirmed });
      const after = survive(desk, input);
      assert.deepEqual(after.state.positions, {});
      assert.equal(after.state.cashMinor, desk.state.cashMinor);
    }),
    { numRuns: 300 },
  );
});
