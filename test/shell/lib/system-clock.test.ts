import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { createSystemClock } from '#shell/lib/system-clock.ts';

const DAY_MS = 86_400_000;

test('runs a timer at its instant and not before', (t) => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_000 });
  t.after(() => mock.timers.reset());
  const clock = createSystemClock();
  const ran: number[] = [];
  clock.at(1_250, () => void ran.push(clock.now()));
  mock.timers.tick(249);
  assert.deepEqual(ran, []);
  mock.timers.tick(1);
  assert.deepEqual(ran, [1_250]);
  mock.timers.tick(DAY_MS);
  assert.deepEqual(ran, [1_250]);
});

test('waits longer than the runtime can, in slices', (t) => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 0 });
  t.after(() => mock.timers.reset());
  const clock = createSystemClock();
  const ran: number[] = [];
  clock.at(30 * DAY_MS, () => void ran.push(clock.now()));
  for (let day = 0; day < 29; day += 1) mock.timers.tick(DAY_MS);
  assert.deepEqual(ran, []);
  mock.timers.tick(DAY_MS);
  assert.deepEqual(ran, [30 * DAY_MS]);
});

test('notices within 30 s that the wall clock has jumped over the instant', (t) => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 0 });
  t.after(() => mock.timers.reset());
  const clock = createSystemClock();
  const ran: number[] = [];
  clock.at(DAY_MS, () => void ran.push(clock.now()));
  mock.timers.tick(10_000);
  mock.timers.setTime(2 * DAY_MS);
  mock.timers.tick(30_000);
  assert.equal(ran.length, 1);
});

test('a canceled timer does not run, also after its first slice', (t) => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 0 });
  t.after(() => mock.timers.reset());
  const clock = createSystemClock();
  const timer = clock.at(90_000, () => assert.fail('ran'));
  mock.timers.tick(45_000);
  timer.cancel();
  mock.timers.tick(DAY_MS);
});
