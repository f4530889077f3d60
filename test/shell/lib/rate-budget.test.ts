import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RateBudget } from '#shell/lib/rate-budget.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';

const START = Date.parse('2026-11-20T15:00:00Z');

/** A budget and what went, in order, as `lane@seconds`. */
function budgetOf(perMinute: number) {
  const clock = createVirtualClock({ startAt: START });
  const budget = new RateBudget({ clock, perMinute });
  const went: string[] = [];
  const call = (lane: 'urgent' | 'order' | 'poll'): void => {
    const turn = budget.take(lane);
    const go = (): void => void went.push(`${lane}@${(clock.now() - START) / 1_000}`);
    if (turn === null) go();
    else void turn.then(go);
  };
  const pass = async (seconds: number): Promise<void> => {
    clock.advanceTo(clock.now() + seconds * 1_000);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, budget, went, call, pass };
}

test('ID-09 polls stop at half of the budget and orders at a third, cancels never', async () => {
  const { call, pass, went } = budgetOf(200);
  for (let count = 0; count < 150; count += 1) call('poll');
  assert.equal(went.length, 100);
  for (let count = 0; count < 60; count += 1) call('order');
  assert.equal(went.filter((one) => one.startsWith('order')).length, 30);
  for (let count = 0; count < 120; count += 1) call('urgent');
  assert.equal(went.filter((one) => one === 'urgent@0').length, 120);
  await pass(0);
});

test('ID-09 who waits goes when the budget has grown, orders before polls', async () => {
  const { call, pass, went } = budgetOf(60);
  for (let count = 0; count < 30; count += 1) call('poll');
  call('poll');
  for (let count = 0; count < 10; count += 1) call('order');
  assert.equal(went.length, 39);
  await pass(1);
  assert.equal(went.at(-1), 'order@1');
  await pass(8);
  assert.equal(went.filter((one) => one.startsWith('poll')).length, 30);
  await pass(1);
  await pass(1);
  assert.equal(went.filter((one) => one.startsWith('poll')).length, 31);
});

test('ID-09 a refusal by the other side holds everything until its own instant', async () => {
  const { budget, call, clock, pass, went } = budgetOf(200);
  budget.pause(clock.now() + 3_000);
  call('urgent');
  call('poll');
  assert.deepEqual(went, []);
  await pass(3);
  assert.deepEqual(went, ['urgent@3', 'poll@3']);
});

test('ID-09 follows what the other side says is left, and no header stops a kill for long', async () => {
  const { budget, call, clock, pass, went } = budgetOf(200);
  budget.note(200, 90, null);
  call('poll');
  assert.deepEqual(went, []);
  call('urgent');
  assert.deepEqual(went, ['urgent@0']);
  budget.note(200, 0, clock.now() + 86_400_000);
  call('urgent');
  await pass(89);
  assert.equal(went.length, 1);
  await pass(1);
  assert.equal(went[1], 'urgent@90');
});
