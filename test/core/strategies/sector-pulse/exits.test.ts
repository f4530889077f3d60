import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Stance } from '#core/machines/stance.ts';
import { daySheet } from '#core/strategies/sector-pulse/day-sheet.ts';
import type { ExitContext, HeldPosition, HeldPrice } from '#core/strategies/sector-pulse/exits.ts';
import { heldTradingDays, judgeExit, reductionPlan } from '#core/strategies/sector-pulse/exits.ts';
import { judgeHeld } from '#core/strategies/sector-pulse/held-names.ts';
import { shanghaiSession } from '#test/support/cn-desk.ts';
import {
  cnAt,
  lookTime,
  PULSE_CALENDAR,
  PULSE_DAY,
  pulseParams,
} from '#test/support/pulse-market.ts';

const PARAMS = pulseParams();
/** Trading days before PULSE_DAY (a Wednesday): T+n counted backwards. */
const T = [
  '2026-11-18',
  '2026-11-17',
  '2026-11-16',
  '2026-11-13',
  '2026-11-12',
  '2026-11-11',
  '2026-11-10',
];

function held(change: Partial<HeldPosition> & { readonly quantity?: number } = {}): HeldPosition {
  const entryDay = change.entryDay ?? T[1]!;
  return {
    instrument: '600150.SH',
    purchases: [{ boughtOn: entryDay, quantity: change.quantity ?? 1_300 }],
    entryDay,
    entryPrice: 10,
    stop: 9.6,
    firstTarget: 10.8,
    secondTarget: 11.5,
    firstTargetQuantity: 600,
    isFirstTargetDone: false,
    peakPrice: 10,
    sector: 'ships',
    sectorOutBefore: 0,
    sectorOutDays: 0,
    isExDateOpen: false,
    strength: 0.8,
    ...change,
  };
}

function context(change: Partial<ExitContext> & { readonly time?: string } = {}): ExitContext {
  return {
    at: cnAt(change.time ?? '10:30'),
    tradingDay: PULSE_DAY,
    zone: 'Asia/Shanghai',
    breaks: [],
    calendar: PULSE_CALENDAR,
    stance: 'attack',
    killLevel: 'none',
    lastDayExit: PARAMS.clock.lastDayExit,
    ...change,
  };
}

function priceAt(last: number, at: number, isSuspended = false): HeldPrice {
  return { last, asOf: at - 5_000, isSuspended };
}

function exit(
  position: Parameters<typeof held>[0],
  last: number | null,
  around: Parameters<typeof context>[0] = {},
) {
  const where = context(around);
  const price = last === null ? null : priceAt(last, where.at);
  return judgeExit(held(position), price, where, PARAMS.exits);
}

const kindOf = (...args: Parameters<typeof exit>) => exit(...args).kind;

suite('SP-09 the exits, each at its threshold', () => {
  const rows: readonly [string, Parameters<typeof exit>, string | null][] = [
    ['nothing', [{}, 10.2], null],
    ['stop −4 %', [{}, 9.6], 'stop'],
    ['a tick above the stop', [{}, 9.61], null],
    ['stop −3 % in watch', [{}, 9.7, { stance: 'watch' }], 'stop'],
    ['above −3 % in watch', [{}, 9.71, { stance: 'watch' }], null],
    ['first target +8 %', [{}, 10.8], 'first_target'],
    ['second target +15 %', [{}, 11.5], 'second_target'],
    ['first target done, on the way', [{ isFirstTargetDone: true, stop: 10 }, 10.9], null],
    ['stop at the entry after the first target', [{ isFirstTargetDone: true }, 10], 'stop'],
    ['+5 % in watch, everything', [{}, 10.5, { stance: 'watch' }], 'second_target'],
    ['+5 % in attack is no target', [{}, 10.5], null],
    ['giveback of 21 % in watch', [{ peakPrice: 10.4 }, 10.31, { stance: 'watch' }], 'giveback'],
    ['giveback of 20 % in watch', [{ peakPrice: 10.4 }, 10.32, { stance: 'watch' }], null],
    ['giveback of a peak below 3 %', [{ peakPrice: 10.29 }, 10.01, { stance: 'watch' }], null],
    ['giveback in attack', [{ peakPrice: 10.7 }, 10.1], null],
    ['sector out one day, in profit', [{ sectorOutDays: 1 }, 10.01], 'sector_out'],
    ['sector out, not in profit', [{ sectorOutDays: 1 }, 10], null],
    ['sector not known', [{ sectorOutDays: null }, 10.2], null],
    ['T+5 before its hour', [{ entryDay: T[5]! }, 10.2, { time: '13:59' }], null],
    ['T+5 at 14:00', [{ entryDay: T[5]! }, 10.2, { time: '14:00' }], 'last_day'],
    ['T+5 at 14:45 again', [{ entryDay: T[5]! }, 10.2, { time: '14:45' }], 'last_day'],
    ['T+4 at 14:00', [{ entryDay: T[4]! }, 10.2, { time: '14:00' }], null],
    [
      'T+6, what was left over, from the open',
      [{ entryDay: T[6]! }, 10.2, { time: '09:30' }],
      'last_day',
    ],
    ['level 2', [{}, 10.2, { killLevel: 'l2', stance: 'dormant' }], 'kill_switch'],
  ];
  for (const [name, args, expected] of rows) {
    test(`SP-09 ${name}: ${expected ?? 'stays'}`, () => assert.equal(kindOf(...args), expected));
  }
});

test('SP-09 the first rule in the order of the rules decides', () => {
  const all = { entryDay: T[5]!, sectorOutDays: 1, peakPrice: 12 };
  const watch = { stance: 'watch' as const, time: '14:00' };
  assert.equal(kindOf(all, 9, { ...watch, killLevel: 'l2' }), 'kill_switch');
  assert.equal(kindOf(all, 9, watch), 'stop');
  assert.equal(kindOf(all, 11.6, watch), 'last_day');
  assert.equal(kindOf({ ...all, entryDay: T[2]! }, 11.6, watch), 'second_target');
  assert.equal(kindOf({ ...all, entryDay: T[2]! }, 10.9, { time: '14:00' }), 'first_target');
  assert.equal(kindOf({ ...all, entryDay: T[2]! }, 10.2, watch), 'giveback');
  assert.equal(kindOf({ ...all, entryDay: T[2]! }, 10.2, { time: '14:00' }), 'sector_out');
});

test('SP-09 half leaves at the first target, all of it at the others', () => {
  assert.equal(exit({}, 10.8).quantity, 600);
  assert.equal(exit({}, 11.5).quantity, 1_300);
  assert.equal(exit({ quantity: 700, isFirstTargetDone: true }, 11.5).quantity, 700);
});

test('SP-09 T+1: nothing bought today is sold today, also at level 2, and it is said what stays', () => {
  const today = exit({ entryDay: T[0]! }, 9.5);
  assert.deepEqual(
    [today.kind, today.quantity, today.stuck],
    ['stop', 0, { quantity: 1_300, reason: 't_plus_one' }],
  );
  const purchases = [
    { boughtOn: T[2]!, quantity: 500 },
    { boughtOn: T[0]!, quantity: 300 },
  ];
  const mixed = exit({ entryDay: T[2]!, purchases }, 10, { killLevel: 'l2' });
  assert.deepEqual([mixed.quantity, mixed.stuck], [500, { quantity: 300, reason: 't_plus_one' }]);
});

test('SP-09 a suspended name counts its days and cannot be sold', () => {
  const where = context({ time: '14:00' });
  const price = priceAt(10, where.at, true);
  const found = judgeExit(held({ entryDay: T[5]! }), price, where, PARAMS.exits);
  assert.deepEqual(
    [found.kind, found.heldDays, found.quantity, found.stuck?.reason, found.priceFault],
    ['last_day', 5, 0, 'suspended', 'suspended'],
  );
});

test('SP-09 no stop is fired on a stale or missing price; level 2 and the last day do not wait', () => {
  const where = context();
  const stale = { last: 5, asOf: where.at - 30_001, isSuspended: false };
  const found = judgeExit(held(), stale, where, PARAMS.exits);
  assert.deepEqual([found.kind, found.priceFault, found.openReturn], [null, 'stale', null]);
  assert.equal(exit({}, null).priceFault, 'missing');
  const early = { last: 5, asOf: where.at + 1, isSuspended: false };
  assert.equal(judgeExit(held(), early, where, PARAMS.exits).priceFault, 'stale');
  assert.equal(kindOf({}, null, { killLevel: 'l2' }), 'kill_switch');
  assert.equal(kindOf({ entryDay: T[5]! }, null, { time: '14:00' }), 'last_day');
});

test('SP-09 after the midday break a stop is judged by the price before it, which has not grown old', () => {
  const where = context({ time: '13:00', breaks: shanghaiSession(PULSE_DAY).breaks });
  const seen = { last: 5, asOf: cnAt('11:30') - 20_000, isSuspended: false };
  assert.equal(judgeExit(held(), seen, where, PARAMS.exits).kind, 'stop');
  const older = { ...seen, asOf: cnAt('11:29') };
  assert.equal(judgeExit(held(), older, where, PARAMS.exits).priceFault, 'stale');
});

test('SP-09 an open ex-date holds the stop as it is', () => {
  const found = exit({ isExDateOpen: true }, 5, { stance: 'watch' });
  assert.deepEqual([found.kind, found.stop, found.priceFault], [null, 9.6, 'ex_date_unknown']);
  assert.equal(kindOf({ isExDateOpen: true }, 5, { killLevel: 'l2' }), 'kill_switch');
});

test('SP-09 the stop tightens in watch and at the first target and never comes back', () => {
  assert.equal(exit({}, 10.1, { stance: 'watch' }).stop, 9.7);
  assert.equal(exit({ stop: 9.7 }, 10.1).stop, 9.7);
  assert.equal(exit({ isFirstTargetDone: true }, 10.3).stop, 10);
  const stances = fc.constantFrom<Stance>('attack', 'hold', 'watch');
  const prices = fc.double({ min: 5, max: 15, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(stances, prices), { maxLength: 20 }), (steps) => {
      let position = held();
      for (const [stance, last] of steps) {
        const found = judgeExit(
          position,
          priceAt(last, cnAt('10:30')),
          context({ stance }),
          PARAMS.exits,
        );
        assert.ok(found.stop >= position.stop);
        assert.ok(found.peakPrice >= position.peakPrice);
        position = { ...position, stop: found.stop, peakPrice: found.peakPrice };
      }
    }),
  );
});

test('SP-09 the days of the market count, T+0 on the day of entry; outside the calendar nobody knows', () => {
  assert.equal(heldTradingDays(PULSE_CALENDAR, PULSE_DAY, PULSE_DAY), 0);
  assert.equal(heldTradingDays(PULSE_CALENDAR, '2026-09-30', '2026-10-08'), 1);
  assert.equal(heldTradingDays(PULSE_CALENDAR, '2023-12-29', PULSE_DAY), null);
  assert.equal(heldTradingDays(PULSE_CALENDAR, '2026-11-19', PULSE_DAY), null);
});

test('SP-09 from T+3 a review is due, on T+5 the exit is announced before its hour', () => {
  assert.deepEqual(exit({ entryDay: T[2]! }, 10.1).notices, []);
  assert.deepEqual(exit({ entryDay: T[3]! }, 10.1).notices, ['review']);
  assert.deepEqual(exit({ entryDay: T[5]! }, 10.1, { time: '10:00' }).notices, ['last_day']);
  assert.deepEqual(exit({ entryDay: T[5]! }, 10.1, { time: '14:00' }).notices, []);
});

const valued = (last: number, change: Parameters<typeof held>[0]) => ({
  position: held(change),
  last,
  canSell: true,
});

test('SP-03 reductions go down to 30 %, weakest sellable first, the last no larger than needed', () => {
  const positions = [
    valued(10, { instrument: '600001.SH', quantity: 20_000, strength: 0.9 }),
    valued(10, { instrument: '600002.SH', quantity: 10_000, strength: 0.2 }),
    valued(10, { instrument: '600003.SH', quantity: 10_000, strength: 0.1, entryDay: T[0]! }),
  ];
  // 400,000 of 1,000,000 yuan; 100,000 must go, and 600003 may not be sold today
  const plan = reductionPlan(positions, 100_000_000, PULSE_DAY, 0.3);
  assert.deepEqual(plan, [{ instrument: '600002.SH', quantity: 10_000, valueMinor: 10_000_000 }]);
  const less = reductionPlan(positions, 100_000_000, PULSE_DAY, 0.365);
  assert.deepEqual(less, [{ instrument: '600002.SH', quantity: 3_500, valueMinor: 3_500_000 }]);
  assert.deepEqual(reductionPlan(positions, 100_000_000, PULSE_DAY, 0.4), []);
  assert.deepEqual(reductionPlan(positions, null, PULSE_DAY, 0.3), []);
});

test('SP-03 reductions are planned in watch and at level 1, the sell sheet when a person is asked', () => {
  const positions = [held({ quantity: 50_000 })];
  const prices = { '600150.SH': priceAt(10.1, cnAt('10:30')) };
  const judged = (change: Parameters<typeof context>[0], proposesSellSheet = false) => {
    const around = { ...context(change), totalAssetsMinor: 100_000_000, proposesSellSheet };
    const { reductions, sellSheet } = judgeHeld(positions, prices, around, PARAMS.exits);
    return [reductions[0]?.quantity, sellSheet[0]?.quantity];
  };
  assert.deepEqual(judged({ stance: 'attack' }), [undefined, undefined]);
  assert.deepEqual(judged({ stance: 'watch' }), [20_300, undefined]);
  assert.deepEqual(judged({ stance: 'hold', killLevel: 'l1' }, true), [20_300, 50_000]);
});

test('SP-09 the sheet of the morning: sellable, day count, planned exits, what to give the auction', () => {
  const sheet = daySheet(
    [
      held({ instrument: '600001.SH', entryDay: T[5]! }),
      held({ instrument: '600002.SH', entryDay: T[3]!, isFirstTargetDone: true }),
      held({ instrument: '600003.SH', entryDay: T[1]!, isExDateOpen: true }),
    ],
    [{ instrument: '600003.SH', kind: 'stop', quantity: 1_300 }],
    lookTime('09:10'),
    PARAMS,
  );
  assert.deepEqual(
    sheet.map(({ sellable, heldDays, firstTarget, plans }) => [
      sellable,
      heldDays,
      firstTarget,
      plans,
    ]),
    [
      [1_300, 5, 10.8, [{ kind: 'last_day_exit', time: '14:00', again: '14:45' }]],
      [1_300, 3, null, [{ kind: 'review' }]],
      [
        1_300,
        1,
        10.8,
        [{ kind: 'stop_held' }, { kind: 'auction_sell', quantity: 1_300, because: 'stop' }],
      ],
    ],
  );
});
