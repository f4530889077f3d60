import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { createActivity } from '#shell/runner/activity.ts';
import { createVirtualDriver } from '#shell/runner/virtual-driver.ts';

const HOUR = 3_600_000;

test('CX-03 a timer set while the clock waits in real time for a later one runs at its own time', {
  timeout: 60_000,
}, async () => {
  const clock = createVirtualClock({ startAt: 1_000_000 });
  const ran: string[] = [];
  clock.at(clock.now() + HOUR, () => ran.push('late'));
  const driver = createVirtualDriver({
    clock,
    activity: createActivity(),
    speed: 400,
    isRealtime: () => true,
    isCatchingUp: () => false,
  });
  const running = driver.run(() => ran.length > 0);
  await new Promise((resolve) => setImmediate(resolve));
  clock.at(clock.now() + 1, () => ran.push('early'));
  await running;
  assert.deepEqual(ran, ['early']);
});

test('CX-03 a clock that turns to real time goes on at once, also while work of the step before is under way', async () => {
  const clock = createVirtualClock({ startAt: 1_000_000 });
  const activity = createActivity();
  let isAsking = false;
  let movedMs = 0;
  clock.at(clock.now() + HOUR, () => {
    const askedAt = clock.now();
    isAsking = true;
    clock.at(askedAt + HOUR, () => undefined);
    void activity.track(async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      driver.sync();
      movedMs = clock.now() - askedAt;
      driver.stop();
    });
  });
  const driver = createVirtualDriver({
    clock,
    activity,
    speed: 1_000_000,
    isRealtime: () => isAsking,
    isCatchingUp: () => false,
  });
  await driver.run(() => false);
  assert.ok(movedMs > 0, `moved ${movedMs} ms`);
});
