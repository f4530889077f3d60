import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';

test('runs timers by instant, those of one instant in the order they were set', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), (instants) => {
      const clock = createVirtualClock({ startAt: 0 });
      const ran: [number, number][] = [];
      instants.forEach((at, i) => void clock.at(at, () => ran.push([clock.now(), i])));
      while (clock.runNext());
      const expected = instants
        .map((at, i): [number, number] => [at, i])
        .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      assert.deepEqual(ran, expected);
    }),
  );
});

test('a canceled timer does not run and is not the next due', () => {
  const clock = createVirtualClock({ startAt: 100 });
  const ran: string[] = [];
  const first = clock.at(110, () => void ran.push('first'));
  clock.at(120, () => void ran.push('second'));
  first.cancel();
  first.cancel();
  assert.equal(clock.nextDue(), 120);
  assert.equal(clock.runNext(), true);
  assert.deepEqual(ran, ['second']);
  assert.equal(clock.now(), 120);
  assert.equal(clock.runNext(), false);
  assert.equal(clock.nextDue(), null);
});

test('a timer set for the past runs at now, and time never goes back', () => {
  const clock = createVirtualClock({ startAt: 100 });
  const seen: number[] = [];
  clock.at(50, () => void seen.push(clock.now()));
  clock.advanceTo(90);
  assert.deepEqual(seen, []);
  clock.advanceTo(100);
  assert.deepEqual(seen, [100]);
  clock.advanceTo(40);
  assert.equal(clock.now(), 100);
});

test('advancing runs timers that are set while it advances', () => {
  const clock = createVirtualClock({ startAt: 0 });
  const seen: number[] = [];
  const tick = (): void => {
    seen.push(clock.now());
    clock.at(clock.now() + 10, tick);
  };
  clock.at(10, tick);
  clock.advanceTo(35);
  assert.deepEqual(seen, [10, 20, 30]);
  assert.equal(clock.now(), 35);
});
