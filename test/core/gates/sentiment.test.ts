import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { distancesOf, judgeSentiment } from '#core/gates/sentiment.ts';
import type { FigureValues } from '#test/support/pulse-figures.ts';
import { figuresWith, GOOD } from '#test/support/pulse-figures.ts';
import { pulseParams } from '#test/support/pulse-market.ts';

const TUNED = pulseParams().gate;
const SOURCE = pulseParams('source').gate;

function failed(change: Partial<FigureValues>, checkpoint = '10:00', params = TUNED): string[] {
  const gate = judgeSentiment(figuresWith(change), checkpoint, params);
  assert.equal(
    gate.passed,
    gate.checks.every((check) => check.passed),
  );
  return gate.checks
    .filter((check) => !check.passed)
    .map(({ name, value, operator, threshold }) => `${name} ${value} !${operator} ${threshold}`);
}

test('SP-02 the gate passes when all five conditions hold, each at its threshold exactly', () => {
  const edge = {
    limitUp: 20,
    limitRatio: 0.5,
    concentrationPercentile: 0.9,
    volPercentile: 0.75,
    indexAboveMa20: true,
  };
  assert.deepEqual(failed(edge), []);
});

test('SP-02 each condition alone refuses and says value, operator and threshold', () => {
  assert.deepEqual(failed({ limitUp: 19 }), ['limit_up_count 19 !>= 20']);
  assert.deepEqual(failed({ limitRatio: 0.49 }), ['limit_up_down_ratio 0.49 !>= 0.5']);
  assert.deepEqual(failed({ concentrationPercentile: 0.91 }), [
    'concentration_percentile 0.91 !<= 0.9',
  ]);
  assert.deepEqual(failed({ volPercentile: 0.76 }), ['vol_percentile 0.76 !<= 0.75']);
  assert.deepEqual(failed({ indexAboveMa20: false }), ['index_above_ma20 false !== true']);
});

test('SP-02 the afternoon asks for 30 limit-ups, a checkpoint nobody configured never passes', () => {
  assert.deepEqual(failed({ limitUp: 29 }, '14:00'), ['limit_up_count 29 !>= 30']);
  assert.deepEqual(failed({ limitUp: 30 }, '14:00'), []);
  assert.deepEqual(failed({}, '11:00'), ['limit_up_count 40 !>= null']);
});

test('SP-02 the source set asks for 30 at both checkpoints and judges concentration by its level', () => {
  assert.deepEqual(failed({ limitUp: 29 }, '10:00', SOURCE), ['limit_up_count 29 !>= 30']);
  const high = { concentrationPercentile: 1, concentration: 0.35 };
  assert.deepEqual(failed(high, '10:00', SOURCE), []);
  assert.deepEqual(failed({ concentration: 0.36 }, '10:00', SOURCE), [
    'turnover_concentration 0.36 !<= 0.35',
  ]);
});

test('SP-02 margin data is background only', () => {
  assert.deepEqual(failed({ marginNetRepay: 900, marginBalance: null }), []);
});

test('SP-02 a figure that is missing refuses, whichever it is', () => {
  const used = [
    'limitUp',
    'limitRatio',
    'concentrationPercentile',
    'volPercentile',
    'indexAboveMa20',
  ] as const;
  for (const name of used) {
    assert.equal(judgeSentiment(figuresWith({ [name]: null }), '10:00', TUNED).passed, false, name);
  }
});

test('SP-02 taking a figure away never makes a gate pass that did not', () => {
  const any = fc.record({
    limitUp: fc.integer({ min: 0, max: 60 }),
    limitRatio: fc.double({ min: 0, max: 3, noNaN: true }),
    concentrationPercentile: fc.double({ min: 0, max: 1, noNaN: true }),
    volPercentile: fc.double({ min: 0, max: 1, noNaN: true }),
    indexAboveMa20: fc.boolean(),
  });
  fc.assert(
    fc.property(any, fc.constantFrom(...Object.keys(GOOD)), (values, name) => {
      const before = judgeSentiment(figuresWith(values), '10:00', TUNED);
      const after = judgeSentiment(figuresWith({ ...values, [name]: null }), '10:00', TUNED);
      assert.ok(before.passed || !after.passed);
    }),
  );
});

test('SP-02 distances say how much room is left, negative how much is missing', () => {
  const change = { limitUp: 22, volPercentile: 0.81, concentrationPercentile: null };
  const { checks } = judgeSentiment(figuresWith(change), '14:00', TUNED);
  const rows = distancesOf(checks).map(({ name, distance, passed }) => [
    name,
    distance === null ? null : Math.round(distance * 100) / 100,
    passed,
  ]);
  assert.deepEqual(rows, [
    ['limit_up_count', -8, false],
    ['limit_up_down_ratio', 7.7, true],
    ['concentration_percentile', null, false],
    ['vol_percentile', -0.06, false],
  ]);
});
