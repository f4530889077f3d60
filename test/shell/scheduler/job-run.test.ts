import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { CalendarTable } from '#core/market/calendar.ts';
import type { JobOutcome, JobTrouble, Scheduler } from '#shell/scheduler/job-run.ts';
import { createScheduler } from '#shell/scheduler/job-run.ts';
import type { JobPlan, Slot } from '#shell/scheduler/timetable.ts';
import { createMemoryJobRuns } from '#test/support/memory-job-runs.ts';
import { createSleepyClock } from '#test/support/sleepy-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function calendarOf(market: 'US' | 'CN', zone: string): CalendarTable {
  return {
    market,
    zone,
    validFrom: '2026-01-01',
    validThrough: '2026-12-31',
    regularOpen: '09:30',
    regularClose: market === 'US' ? '16:00' : '15:00',
    holidays: [],
    earlyCloses: {},
    breaks: [],
    source: 'test',
  };
}

const PREMARKET: JobPlan = {
  job: 'us-premarket',
  calendar: calendarOf('US', 'America/New_York'),
  rule: { kind: 'wall_time', time: '09:00' },
  graceMs: 30 * MINUTE,
};
const GATE: JobPlan = {
  job: 'cn-gate',
  calendar: calendarOf('CN', 'Asia/Shanghai'),
  rule: { kind: 'wall_time', time: '10:00' },
  graceMs: MINUTE,
};

type Desk = {
  readonly scheduler: Scheduler;
  readonly ran: string[];
  readonly trouble: JobTrouble[];
};

const at = (iso: string): number => Date.parse(iso);
const nameOf = (job: string, instant: number): string =>
  `${job} ${new Date(instant).toISOString().slice(0, 16)}`;

function setUp(nowIso: string, plans: readonly JobPlan[] = [PREMARKET]) {
  const clock = createSleepyClock(at(nowIso));
  const jobRuns = createMemoryJobRuns();
  const desk = (run?: (slot: Slot) => Promise<JobOutcome>, endRuns?: () => void): Desk => {
    const ran: string[] = [];
    const trouble: JobTrouble[] = [];
    const scheduler = createScheduler({
      clock,
      jobRuns,
      plans,
      run: async (slot) => {
        ran.push(nameOf(slot.plan.job, slot.scheduledFor));
        return run === undefined ? { kind: 'done' } : run(slot);
      },
      onTrouble: (entry) => trouble.push(entry),
      endRuns: async () => endRuns?.(),
    });
    return { scheduler, ran, trouble };
  };
  /** Moves the clock in steps, letting what was started settle, as a process that stays awake. */
  const advance = async (untilIso: string, stepMs = 10 * MINUTE): Promise<void> => {
    for (let now = clock.now(); now < at(untilIso); ) {
      now = Math.min(at(untilIso), now + stepMs);
      clock.advanceTo(now);
      await settle();
    }
  };
  return { clock, jobRuns, desk, advance };
}

async function settle(): Promise<void> {
  for (let k = 0; k < 5; k += 1) await setImmediate();
}

suite('SP-12 the scheduler on a simulated clock', () => {
  test('SP-12 runs each job of two markets once a trading day over both changes of summer time', async () => {
    for (const [from, until, expected] of [
      [
        '2026-03-06T00:00Z',
        '2026-03-10T15:00Z',
        [
          'cn-gate 2026-03-06T02:00',
          'us-premarket 2026-03-06T14:00',
          'cn-gate 2026-03-09T02:00',
          'us-premarket 2026-03-09T13:00',
          'cn-gate 2026-03-10T02:00',
          'us-premarket 2026-03-10T13:00',
        ],
      ],
      [
        '2026-10-30T00:00Z',
        '2026-11-03T15:00Z',
        [
          'cn-gate 2026-10-30T02:00',
          'us-premarket 2026-10-30T13:00',
          'cn-gate 2026-11-02T02:00',
          'us-premarket 2026-11-02T14:00',
          'cn-gate 2026-11-03T02:00',
          'us-premarket 2026-11-03T14:00',
        ],
      ],
    ] as const) {
      const { desk, advance } = setUp(from, [PREMARKET, GATE]);
      const { scheduler, ran, trouble } = desk();
      await scheduler.start();
      await advance(until);
      await scheduler.stop();
      assert.deepEqual(ran, expected);
      assert.deepEqual(trouble, []);
    }
  });

  test('SP-12 a stop ends a watch that would last the session, and that is no trouble', async () => {
    const { desk, advance, jobRuns } = setUp('2026-11-16T13:50Z');
    const watch = Promise.withResolvers<JobOutcome>();
    const { scheduler, ran, trouble } = desk(
      () => watch.promise,
      () => watch.resolve({ kind: 'failed', message: 'canceled' }),
    );
    await scheduler.start();
    await advance('2026-11-16T14:10Z');
    assert.deepEqual(ran, ['us-premarket 2026-11-16T14:00']);
    await scheduler.stop();
    assert.deepEqual(trouble, []);
    const [row] = await jobRuns.recent(1);
    assert.deepEqual([row?.state, row?.note], ['failed', 'canceled']);
  });

  test('SP-12 two schedulers on one table run each slot once between them', async () => {
    const { desk, advance, jobRuns } = setUp('2026-11-16T00:00Z', [PREMARKET, GATE]);
    const one = desk();
    const two = desk();
    await one.scheduler.start();
    await two.scheduler.start();
    await advance('2026-11-21T00:00Z');
    assert.equal(one.ran.length + two.ran.length, 10);
    assert.equal(new Set([...one.ran, ...two.ran]).size, 10);
    assert.equal(jobRuns.rows.size, 10);
    assert.ok([...jobRuns.rows.values()].every((row) => row.state === 'done'));
  });

  test('SP-12 after a sleep inside the grace the job still runs, beyond it it is reported', async () => {
    const { desk, clock } = setUp('2026-11-17T13:59Z', [PREMARKET, GATE]);
    const { scheduler, ran, trouble } = desk();
    await scheduler.start();
    clock.advanceTo(at('2026-11-17T14:00Z') - 1);
    // The machine sleeps: no timer runs, then all of them at a later instant.
    clock.sleepUntil(at('2026-11-17T14:20Z'));
    await settle();
    assert.deepEqual(ran, ['us-premarket 2026-11-17T14:00']);
    assert.equal(trouble.length, 0);
    clock.sleepUntil(at('2026-11-19T15:00Z'));
    await settle();
    assert.deepEqual(ran.length, 1);
    assert.deepEqual(
      trouble.map((entry) => entry.kind),
      ['missed', 'missed', 'missed', 'missed'],
    );
    assert.deepEqual(trouble[0], {
      kind: 'missed',
      job: 'cn-gate',
      scheduledFor: at('2026-11-18T02:00Z'),
      lateMs: 37 * HOUR,
    });
  });

  test('SP-12 a start catches up inside the grace and reports what lies beyond it, once', async () => {
    const { desk, jobRuns, clock } = setUp('2026-11-19T14:20Z');
    await jobRuns.claim('us-premarket', at('2026-11-16T14:00Z'), 'claimed', '', 0);
    await jobRuns.finish('us-premarket', at('2026-11-16T14:00Z'), 'done', '', 0);
    const { scheduler, ran, trouble } = desk();
    await scheduler.start();
    await settle();
    assert.deepEqual(ran, ['us-premarket 2026-11-19T14:00']);
    assert.deepEqual(
      trouble.map((entry) => entry.kind === 'missed' && nameOf(entry.job, entry.scheduledFor)),
      ['us-premarket 2026-11-17T14:00', 'us-premarket 2026-11-18T14:00'],
    );
    await scheduler.stop();
    clock.advanceTo(at('2026-11-19T14:25Z'));
    const again = desk();
    await again.scheduler.start();
    await settle();
    assert.deepEqual([again.ran, again.trouble], [[], []]);
  });

  test('SP-12 the first start of all reports nothing of the days before it', async () => {
    const { desk } = setUp('2026-11-19T20:00Z');
    const { scheduler, ran, trouble } = desk();
    await scheduler.start();
    await settle();
    assert.deepEqual([ran, trouble], [[], []]);
    assert.equal(scheduler.nextDueAt(), at('2026-11-20T14:00Z'));
  });

  test('SP-12 a run its process did not survive is marked crashed and told, not run again', async () => {
    const { desk, jobRuns } = setUp('2026-11-19T14:10Z');
    await jobRuns.claim('us-premarket', at('2026-11-19T14:00Z'), 'claimed', '', 0);
    const { scheduler, ran, trouble } = desk();
    await scheduler.start();
    await settle();
    assert.deepEqual(ran, []);
    assert.deepEqual(trouble, [
      { kind: 'crashed', job: 'us-premarket', scheduledFor: at('2026-11-19T14:00Z') },
    ]);
    assert.equal([...jobRuns.rows.values()][0]?.state, 'crashed');
  });

  test('SP-12 a failed run is written down and told with its reason', async () => {
    const { desk, jobRuns, advance } = setUp('2026-11-19T13:50Z');
    const { scheduler, trouble } = desk(() => Promise.reject(new Error('feed is silent')));
    await scheduler.start();
    await advance('2026-11-19T14:10Z');
    assert.equal([...jobRuns.rows.values()][0]?.state, 'failed');
    assert.equal([...jobRuns.rows.values()][0]?.note, 'feed is silent');
    assert.equal(trouble[0]?.kind, 'failed');
  });

  test('SP-12 a store that is down is asked again; the job runs once it answers, if still in grace', async () => {
    const { desk, jobRuns, advance } = setUp('2026-11-19T13:50Z');
    const { scheduler, ran, trouble } = desk();
    await scheduler.start();
    jobRuns.failures = 3;
    await advance('2026-11-19T14:05Z', 1000);
    assert.deepEqual(ran, ['us-premarket 2026-11-19T14:00']);
    assert.equal(trouble.filter((entry) => entry.kind === 'store_failed').length, 3);
    assert.equal([...jobRuns.rows.values()][0]?.state, 'done');
  });

  test('SP-12 stop waits for the run under way and starts nothing more', async () => {
    const { desk, advance, jobRuns } = setUp('2026-11-18T13:50Z');
    const gate = Promise.withResolvers<JobOutcome>();
    const { scheduler, ran } = desk(() => gate.promise);
    await scheduler.start();
    await advance('2026-11-18T14:10Z');
    const stopping = scheduler.stop();
    gate.resolve({ kind: 'done' });
    await stopping;
    assert.equal([...jobRuns.rows.values()][0]?.state, 'done');
    await advance('2026-11-20T15:00Z');
    assert.equal(ran.length, 1);
  });
});
