import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadMarketCalendar } from '#shell/calendars/load.ts';
import type { JobPlan } from '#shell/scheduler/timetable.ts';
import { interruptedWatches } from '#shell/scheduler/watches.ts';

const root = new URL('../../..', import.meta.url).pathname;
const [us, cn] = await Promise.all([
  loadMarketCalendar(root, 'US'),
  loadMarketCalendar(root, 'CN'),
]);
const rule = { kind: 'wall_time', time: '09:25' } as const;
const PLANS: readonly JobPlan[] = [
  { job: 'us-premarket', calendar: us, rule, graceMs: 0 },
  { job: 'us-intraday', calendar: us, rule, graceMs: 0 },
  { job: 'cn-watch', calendar: cn, rule, graceMs: 0 },
];
const found = (iso: string, running: readonly string[] = []) =>
  interruptedWatches(PLANS, running, Date.parse(iso)).map(
    ({ plan, scheduledFor }) => `${plan.job} ${new Date(scheduledFor).toISOString()}`,
  );

test('SP-12 a start in the middle of a session goes on with its watch, in either market', () => {
  assert.deepEqual(found('2026-11-16T15:00:00Z'), ['us-intraday 2026-11-16T15:00:00.000Z']);
  assert.deepEqual(found('2026-11-16T02:00:00Z'), ['cn-watch 2026-11-16T02:00:00.000Z']);
});

test('SP-12 no watch is begun twice, nor outside its session', () => {
  assert.deepEqual(found('2026-11-16T15:00:00Z', ['us-intraday']), []);
  for (const iso of ['2026-11-16T14:29:59Z', '2026-11-16T21:00:00Z', '2026-11-14T15:00:00Z'])
    assert.deepEqual(found(iso), [], iso);
  // closed early on the day after Thanksgiving
  assert.deepEqual(found('2026-11-27T18:00:00Z'), []);
});
