import type { Clock, JobRuns, Timer } from '#app/ports.ts';
import type { JobPlan, Slot } from './timetable.ts';
import { nextDueAt, slotsBetween } from './timetable.ts';

export type JobOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string };

/** What the operator is told of; none of it stops the scheduler. */
export type JobTrouble =
  | {
      readonly kind: 'missed';
      readonly job: string;
      readonly scheduledFor: number;
      readonly lateMs: number;
    }
  | {
      readonly kind: 'failed';
      readonly job: string;
      readonly scheduledFor: number;
      readonly message: string;
    }
  /** A run that its process did not survive; it is not run again by itself. */
  | { readonly kind: 'crashed'; readonly job: string; readonly scheduledFor: number }
  /** The table could not be asked or written; the slot is asked again. */
  | { readonly kind: 'store_failed'; readonly message: string };

export type SchedulerOptions = {
  readonly clock: Clock;
  readonly jobRuns: JobRuns;
  readonly plans: readonly JobPlan[];
  /** Runs the job and answers how it ended. A rejection counts as failed. */
  readonly run: (slot: Slot) => Promise<JobOutcome>;
  readonly onTrouble: (trouble: JobTrouble) => void;
  /** Ends the runs under way when the scheduler stops: one that watches a session would last until its close. */
  readonly endRuns: () => Promise<void>;
};

export type Scheduler = {
  /** Settles what a dead process left, catches up, then waits for the next due instant. */
  start(): Promise<void>;
  /** Starts nothing more and ends the runs under way; resolves when they have been written down. */
  stop(): Promise<void>;
  /** Next due instant of any job; null when the calendars end before. */
  nextDueAt(): number | null;
};

const LONGEST_LOOK_BACK_MS = 14 * 86_400_000;
const RETRY_STORE_MS = 5_000;
const LOOK_AGAIN_MS = 3_600_000;
const KNOWN_RUNS = 500;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * What a start has to ask for: per job everything since the newest slot written down, at most two
 * weeks back; for a job that never ran, what is still within its grace.
 */
async function findOverdue(options: SchedulerOptions, now: number): Promise<Slot[]> {
  const known = await options.jobRuns.recent(KNOWN_RUNS);
  return options.plans
    .flatMap((plan) => {
      const newest = known.find((run) => run.job === plan.job)?.scheduledFor;
      const afterAt = newest ?? now - plan.graceMs - 1;
      return slotsBetween([plan], Math.max(now - LONGEST_LOOK_BACK_MS, afterAt), now);
    })
    .sort((a, b) => a.scheduledFor - b.scheduledFor);
}

async function settleCrashed(options: SchedulerOptions, now: number): Promise<void> {
  for (const { job, scheduledFor } of await options.jobRuns.unfinished()) {
    await options.jobRuns.finish(job, scheduledFor, 'crashed', 'process ended', now);
    options.onTrouble({ kind: 'crashed', job, scheduledFor });
  }
}

/** Asks the table until it answers or the scheduler stops; each failure is told. */
async function insist<T>(
  options: SchedulerOptions,
  isStopped: () => boolean,
  ask: () => Promise<T>,
): Promise<T | null> {
  while (true) {
    try {
      return await ask();
    } catch (error) {
      options.onTrouble({ kind: 'store_failed', message: messageOf(error) });
    }
    if (isStopped()) return null;
    const again = Promise.withResolvers<void>();
    options.clock.at(options.clock.now() + RETRY_STORE_MS, again.resolve);
    await again.promise;
  }
}

async function fire(
  options: SchedulerOptions,
  isStopped: () => boolean,
  slot: Slot,
): Promise<void> {
  const { clock, jobRuns, onTrouble } = options;
  const { scheduledFor } = slot;
  const { job, graceMs } = slot.plan;
  const lateness = (): number => clock.now() - scheduledFor;
  const stateNow = () => (lateness() > graceMs ? 'missed' : 'claimed');
  const claimed = await insist(options, isStopped, async () => {
    const state = stateNow();
    const isOurs = await jobRuns.claim(
      job,
      scheduledFor,
      state,
      `late_ms=${lateness()}`,
      clock.now(),
    );
    return isOurs ? state : null;
  });
  if (claimed === null) return;
  if (claimed === 'missed') {
    onTrouble({ kind: 'missed', job, scheduledFor, lateMs: lateness() });
    return;
  }
  const outcome = await options
    .run(slot)
    .catch((error: unknown): JobOutcome => ({ kind: 'failed', message: messageOf(error) }));
  // what ends because the desk does is no trouble
  if (outcome.kind === 'failed' && !isStopped()) {
    onTrouble({ kind: 'failed', job, scheduledFor, message: outcome.message });
  }
  const note = outcome.kind === 'failed' ? outcome.message : '';
  await insist(options, isStopped, () =>
    jobRuns.finish(job, scheduledFor, outcome.kind, note, clock.now()),
  );
}

/**
 * croner says when, the table says whether, `run` does it. A loop over the clock's own timers: after
 * sleep or a stall everything due since the last look is asked for, and judged late by its grace.
 */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const { clock, plans } = options;
  const underWay = new Set<Promise<void>>();
  let cursor = 0;
  let timer: Timer | null = null;
  let isStopped = true;

  function launch(slot: Slot): void {
    const work = fire(options, () => isStopped, slot).finally(() => underWay.delete(work));
    underWay.add(work);
  }

  function waitForNext(): void {
    const next = nextDueAt(plans, cursor) ?? Number.POSITIVE_INFINITY;
    timer = clock.at(Math.min(next, cursor + LOOK_AGAIN_MS), look);
  }

  function look(): void {
    if (isStopped) return;
    const now = clock.now();
    for (const slot of slotsBetween(plans, cursor, now)) launch(slot);
    cursor = Math.max(cursor, now);
    waitForNext();
  }

  return {
    async start() {
      isStopped = false;
      cursor = clock.now();
      await settleCrashed(options, cursor);
      for (const slot of await findOverdue(options, cursor)) launch(slot);
      if (plans.length > 0) waitForNext();
    },
    async stop() {
      isStopped = true;
      timer?.cancel();
      await options.endRuns();
      while (underWay.size > 0) await Promise.all([...underWay]);
    },
    nextDueAt: () => nextDueAt(plans, clock.now()),
  };
}
