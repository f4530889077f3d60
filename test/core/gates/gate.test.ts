import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CheckInput } from '#core/gates/gate.ts';
import { allPassed, checkOf } from '#core/gates/gate.ts';

function check(
  value: CheckInput['value'],
  operator: CheckInput['operator'],
  threshold: CheckInput['threshold'],
) {
  return checkOf({ name: 'x', value, operator, threshold, unit: '', source: 'test', asOf: 0 });
}

test('a check compares its value with its threshold', () => {
  const passing = [
    check(1, '<', 2),
    check(2, '<=', 2),
    check(3, '>', 2),
    check(2, '>=', 2),
    check(true, '==', true),
    check('range', 'in', 'event|range'),
    check('trend_up', 'not_in', 'event|range'),
  ];
  assert.ok(allPassed(passing));
  const failing = [
    check(2, '<', 2),
    check(2.1, '<=', 2),
    check(2, '>', 2),
    check(1.9, '>=', 2),
    check(false, '==', true),
    check('mixed', 'in', 'event|range'),
    check('range', 'not_in', 'event|range'),
  ];
  for (const failed of failing) assert.equal(failed.passed, false);
});

test('what is missing or not comparable never passes', () => {
  assert.equal(check(null, '<', 2).passed, false);
  assert.equal(check(1, '<', null).passed, false);
  assert.equal(check(Number.NaN, '>=', 0).passed, false);
  assert.equal(check(null, 'not_in', 'event').passed, false);
  assert.equal(check('1', '<', 2).passed, false);
  assert.equal(allPassed([]), false);
});
