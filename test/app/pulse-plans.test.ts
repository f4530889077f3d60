import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkpointNear, pulseSlots, watchUntil } from '#app/pulse-plans.ts';
import { cnAt, PULSE_CALENDAR } from '../support/pulse-market.ts';

const TIMES = ['14:45', '10:00', '14:00', '10:00'];

test('SP-12 a decision window begins two minutes ahead of each checkpoint, the watch in four parts', () => {
  const slots = pulseSlots(TIMES).map(({ job, time }) => `${job} ${time}`);
  assert.deepEqual(slots, [
    'cn-decision-window 09:58',
    'cn-decision-window 13:58',
    'cn-decision-window 14:43',
    'cn-watch 09:29',
    'cn-watch 10:30',
    'cn-watch 12:59',
    'cn-watch 14:00',
  ]);
});

test('SP-12 a window is for the checkpoint ahead of it, or one just over, and else for none', () => {
  const near = (at: number) => checkpointNear(TIMES, PULSE_CALENDAR, at, 60_000);
  assert.equal(near(cnAt('09:57')), null);
  assert.equal(near(cnAt('09:58')), '10:00');
  assert.equal(near(cnAt('10:01')), '10:00');
  assert.equal(near(cnAt('10:01') + 1), null);
  assert.equal(near(cnAt('14:43')), '14:45');
});

test('SP-12 a part of the watch ends where the next one begins, the last one with the session', () => {
  assert.equal(watchUntil(PULSE_CALENDAR, cnAt('09:29')), cnAt('10:30'));
  assert.equal(watchUntil(PULSE_CALENDAR, cnAt('11:05')), cnAt('12:59'));
  assert.equal(watchUntil(PULSE_CALENDAR, cnAt('12:59')), cnAt('14:00'));
  assert.equal(watchUntil(PULSE_CALENDAR, cnAt('14:00')), Number.POSITIVE_INFINITY);
});
