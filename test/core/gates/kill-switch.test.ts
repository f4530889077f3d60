import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KillLevel, KillLook, KillMoment } from '#core/gates/kill-switch.ts';
import {
  judgeKillSwitch,
  killChecks,
  nextKillLevel,
  proveKillLevel,
  worseLevel,
} from '#core/gates/kill-switch.ts';
import { distancesOf } from '#core/gates/sentiment.ts';
import { note } from '#core/indicators/figure.ts';
import type { FigureValues } from '#test/support/pulse-figures.ts';
import { figuresWith } from '#test/support/pulse-figures.ts';
import { cnAt, pulseParams } from '#test/support/pulse-market.ts';

const TUNED = pulseParams().killSwitch;
const SOURCE = pulseParams('source').killSwitch;
const MINUTE = 60_000;

type LookOptions = {
  readonly moment?: KillMoment;
  readonly minute?: number;
  readonly params?: typeof TUNED;
  readonly isLowered?: boolean | null;
  readonly snapshotAsOf?: number | null;
};

function look(change: Partial<FigureValues>, o: LookOptions = {}): KillLook {
  const at = cnAt('10:00') + (o.minute ?? 0) * MINUTE;
  const snapshotAsOf = o.snapshotAsOf === undefined ? at - 10_000 : o.snapshotAsOf;
  const when = { at, moment: o.moment ?? 'watch', snapshotAsOf };
  return judgeKillSwitch(figuresWith(change), when, o.isLowered ?? false, o.params ?? TUNED);
}

const level = (change: Partial<FigureValues>, o?: LookOptions) => look(change, o).level;

test('SP-03 a good market is no cause', () => {
  const found = look({});
  assert.equal(found.level, 'none');
  assert.deepEqual(found.reasons, []);
  assert.equal(found.conditions.length, 4);
});

test('SP-03 margin: at or above the larger of 100 亿 and 0.6 % is level 1, of 200 亿 and 1.5 % level 2', () => {
  assert.equal(level({ marginNetRepay: 107.9 }), 'none'); // 0.6 % of 18,000 is 108
  assert.equal(level({ marginNetRepay: 108 }), 'l1');
  assert.equal(level({ marginNetRepay: 100, marginBalance: 10_000 }), 'l1');
  assert.equal(level({ marginNetRepay: 269 }), 'l1'); // 1.5 % is 270
  assert.equal(level({ marginNetRepay: 270 }), 'l2');
  assert.equal(level({ marginNetRepay: 200, marginBalance: 10_000 }), 'l2');
});

test('SP-03 the ratio is judged only with enough limit-downs: max(3, 0.3 % of the universe)', () => {
  assert.equal(level({ limitRatio: 0.19, limitDown: 14 }), 'none'); // 15 of 5,000
  assert.equal(level({ limitRatio: 0.49, limitDown: 15 }), 'l1');
  assert.equal(level({ limitRatio: 0.5, limitDown: 15 }), 'none');
  assert.equal(level({ limitRatio: 0.19, limitDown: 15 }), 'l2');
  assert.equal(level({ limitRatio: 0.2, limitDown: 15 }), 'l1');
  assert.equal(level({ limitRatio: 0.1, limitDown: 2, limitUniverse: 200 }), 'none');
  assert.equal(level({ limitRatio: 0.1, limitDown: 3, limitUniverse: 200 }), 'l2');
});

test('SP-03 concentration needs a falling index beside it', () => {
  const at = (concentrationPercentile: number, indexReturn: number) =>
    level({ concentrationPercentile, indexReturn });
  assert.equal(at(0.97, -0.005), 'l1');
  assert.equal(at(0.97, -0.0049), 'none');
  assert.equal(at(0.96, -0.03), 'none');
  assert.equal(at(0.99, -0.015), 'l2');
  assert.equal(at(0.99, -0.014), 'l1');
  assert.equal(level({ concentration: 0.55, indexReturn: -0.015 }, { params: SOURCE }), 'l2');
  assert.equal(level({ concentration: 0.45, indexReturn: -0.006 }, { params: SOURCE }), 'l1');
});

test('SP-03 volatility at 0.85 is level 1, at 0.90 level 2 with a fall of 1.5 %, in the source set alone', () => {
  assert.equal(level({ volPercentile: 0.849 }), 'none');
  assert.equal(level({ volPercentile: 0.85 }), 'l1');
  assert.equal(level({ volPercentile: 0.95, indexReturn: -0.0149 }), 'l1');
  assert.equal(level({ volPercentile: 0.9, indexReturn: -0.015 }), 'l2');
  assert.equal(level({ volPercentile: 0.9 }, { params: SOURCE }), 'l2');
});

test('SP-03 a figure that cannot be computed is level 1 by itself, and says which', () => {
  const inputs = [
    'marginNetRepay',
    'marginBalance',
    'limitRatio',
    'limitDown',
    'limitUniverse',
    'concentrationPercentile',
    'indexReturn',
    'volPercentile',
  ] as const;
  for (const name of inputs) {
    const found = look({ [name]: null });
    assert.equal(found.level, 'l1', name);
    assert.equal(found.reasons[0]?.code, 'not_computable', name);
  }
});

test('SP-03 a profile may leave an unknown input out; a known one counts all the same', () => {
  const params = { ...TUNED, ignoredWhenUnknown: ['margin'] as const };
  const found = look({ marginNetRepay: null }, { params });
  assert.equal(found.level, 'none');
  assert.deepEqual(
    found.conditions.filter(({ isIgnored }) => isIgnored).map(({ cause }) => cause),
    ['margin'],
  );
  assert.equal(level({ marginNetRepay: 300 }, { params }), 'l2');
});

test('SP-03 a profile may do without a missing figure, never without one that contradicts itself', () => {
  const params = { ...TUNED, ignoredWhenUnknown: ['margin'] as const };
  const when = { at: cnAt('10:00'), moment: 'morning' as const, snapshotAsOf: null };
  const figures = figuresWith({ marginNetRepay: null });
  const contradicted = {
    ...figures,
    marginNetRepay: {
      ...figures.marginNetRepay,
      note: note('balance_disagrees', { exchange: 'SZSE', day: '2025-01-13' }),
    },
  };
  const found = judgeKillSwitch(contradicted, when, false, params);
  assert.equal(found.level, 'l1');
  assert.deepEqual(found.reasons[0]?.figures['why'], 'balance_disagrees');
  assert.equal(judgeKillSwitch(figures, when, false, params).level, 'none');
});

test('SP-03 margin of the last two sessions before a long closure counts one level lower', () => {
  assert.equal(level({ marginNetRepay: 300 }, { isLowered: true }), 'l1');
  assert.equal(level({ marginNetRepay: 110 }, { isLowered: true }), 'none');
  assert.equal(level({ marginNetRepay: 300 }, { isLowered: null }), 'l2', 'nobody knows: as it is');
});

test('SP-03 at 9:00 margin and volatility are judged, volatility without an index return to level 1 only', () => {
  const morning = { moment: 'morning' as const, snapshotAsOf: null };
  const unseen = {
    limitRatio: null,
    limitDown: null,
    limitUniverse: null,
    concentrationPercentile: null,
    indexReturn: null,
  };
  assert.equal(level(unseen, morning), 'none');
  assert.equal(level({ ...unseen, volPercentile: 0.95 }, morning), 'l1');
  assert.equal(level({ ...unseen, marginNetRepay: 300 }, morning), 'l2');
  assert.equal(level({ ...unseen, volPercentile: 0.95 }, { ...morning, params: SOURCE }), 'l2');
});

const CRASH = { limitRatio: 0.05, limitDown: 900 };

test('SP-03 in session level 2 needs two consecutive fresh snapshots', () => {
  const first = look(CRASH);
  const second = look(CRASH, { minute: 1 });
  assert.equal(proveKillLevel(null, first, TUNED).level, 'none');
  assert.deepEqual(proveKillLevel(first, second, TUNED), {
    level: 'l2',
    seen: 'l2',
    proposesSellSheet: false,
  });
});

test('SP-03 looks too far apart, the same snapshot twice or a good one before prove nothing', () => {
  const first = look(CRASH);
  const proven = (previous: KillLook, next: KillLook) =>
    proveKillLevel(previous, next, TUNED).level;
  assert.equal(proven(first, look(CRASH, { minute: 3 })), 'none');
  const same = look(CRASH, { minute: 1, snapshotAsOf: first.snapshotAsOf });
  assert.equal(proven(first, same), 'none');
  assert.equal(proven(look({}), look(CRASH, { minute: 1 })), 'none');
  assert.equal(proven(look({ limitRatio: 0.4, limitDown: 99 }), look(CRASH, { minute: 1 })), 'l1');
});

test('SP-03 a checkpoint takes level 1 at once, and the auction and end-of-day figures prove alone', () => {
  assert.equal(proveKillLevel(null, look(CRASH, { moment: 'checkpoint' }), TUNED).level, 'l1');
  assert.equal(proveKillLevel(null, look(CRASH, { moment: 'auction' }), TUNED).level, 'l2');
  assert.equal(proveKillLevel(null, look({ volPercentile: 0.86 }), TUNED).level, 'l1');
  const falling = look({ volPercentile: 0.95, indexReturn: -0.02 });
  assert.equal(falling.level, 'l2');
  assert.equal(proveKillLevel(null, falling, TUNED).level, 'l1', 'the fall is of one snapshot');
});

test('SP-03 data missing for one minute is not yet level 1, for two it is', () => {
  const gone = { limitRatio: null, limitDown: null, limitUniverse: null };
  const first = look(gone, { snapshotAsOf: null });
  const second = look(gone, { snapshotAsOf: null, minute: 1 });
  assert.equal(proveKillLevel(look({}, { minute: -1 }), first, TUNED).level, 'none');
  assert.equal(proveKillLevel(first, second, TUNED).level, 'l1');
});

test('SP-03 level 2 by margin alone asks a person with a sell sheet; a second cause or the setting sells', () => {
  const margin = { marginNetRepay: 300 };
  assert.deepEqual(proveKillLevel(null, look(margin), TUNED), {
    level: 'l1',
    seen: 'l2',
    proposesSellSheet: true,
  });
  assert.equal(proveKillLevel(null, look(margin), SOURCE).level, 'l2');
  const both = look({ ...margin, ...CRASH });
  const again = look({ ...margin, ...CRASH }, { minute: 1 });
  assert.equal(proveKillLevel(null, both, TUNED).level, 'l1', 'the second cause is not yet proven');
  assert.equal(proveKillLevel(both, again, TUNED).level, 'l2');
});

test('SP-03 level 1 lifts at the next checkpoint without a cause, level 2 not at all', () => {
  const calm = proveKillLevel(null, look({}), TUNED);
  assert.equal(nextKillLevel('l1', calm, 'watch'), 'l1');
  assert.equal(nextKillLevel('l1', calm, 'checkpoint'), 'none');
  assert.equal(nextKillLevel('l2', calm, 'checkpoint'), 'l2');
  const once = proveKillLevel(null, look(CRASH), TUNED);
  assert.equal(nextKillLevel('l1', once, 'checkpoint'), 'l1', 'seen, though not proven');
});

test('SP-03 distances are told for every row of the switch', () => {
  const rows = distancesOf(killChecks(look({ limitRatio: 0.61 })));
  const ratio = rows.find(({ name }) => name === 'l1_limit_up_down_ratio');
  assert.equal(ratio?.distance?.toFixed(2), '0.11');
  assert.equal(rows.length, 13);
});

test('SP-03 taking a figure away never lowers a level below level 1, and never below what is known', () => {
  const values = fc.record({
    limitRatio: fc.double({ min: 0, max: 3, noNaN: true }),
    limitDown: fc.integer({ min: 0, max: 60 }),
    concentrationPercentile: fc.double({ min: 0.9, max: 1, noNaN: true }),
    volPercentile: fc.double({ min: 0.6, max: 1, noNaN: true }),
    indexReturn: fc.double({ min: -0.03, max: 0.03, noNaN: true }),
    marginNetRepay: fc.double({ min: -100, max: 400, noNaN: true }),
  });
  const names = ['limitRatio', 'limitDown', 'indexReturn', 'volPercentile', 'marginNetRepay'];
  fc.assert(
    fc.property(values, fc.constantFrom(...names), (value, name) => {
      const before = level(value);
      const after = level({ ...value, [name]: null });
      const most: KillLevel = before === 'l2' ? 'l1' : before;
      assert.equal(worseLevel(after, 'l1'), after);
      assert.equal(worseLevel(after, most), after);
    }),
  );
});
