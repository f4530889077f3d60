import type { Desk } from '#app/desk.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { createScheduler } from '#shell/scheduler/job-run.ts';
import { plansOf } from '#shell/scheduler/timetable.ts';
import { createWorkers } from '#shell/scheduler/workers.ts';
import type { LiveDeps } from './compose-live-deps.ts';

/** Runs the timetable in threads; a job that went wrong is a doubt of every desk. Answers a stop function. */
export async function scheduleJobs(
  deps: LiveDeps,
  desks: readonly Desk[],
): Promise<() => Promise<void>> {
  const { config } = deps;
  const workers = createWorkers({
    root: deps.root,
    maxWorkers: config.schedule.maxWorkers,
    cancelMs: config.schedule.cancelSeconds * 1_000,
    log: (line) => deps.log[line.level]({ line: 'job' }, line.message),
  });
  const scheduler = createScheduler({
    clock: createSystemClock(),
    jobRuns: deps.deskStore.store.jobs,
    plans: plansOf(config.schedule.jobs, deps.calendars),
    run: ({ plan, scheduledFor }) =>
      workers.run({
        job: plan.job,
        at: scheduledFor,
        isDry: false,
        extra: { dataDir: config.dataDir, profile: config.profile.name },
      }),
    onTrouble: (problem) => {
      deps.log.error({ line: 'job', ...problem }, 'job trouble');
      if (problem.kind === 'store_failed') return;
      for (const desk of desks)
        desk.post({
          kind: 'doubt_noticed',
          at: Date.now(),
          cause: 'internal_error',
          subject: `job ${problem.job}`,
          figures: { job: problem.job, how: problem.kind },
        });
    },
  });
  await scheduler.start();
  return async () => {
    await scheduler.stop();
    await workers.stop();
  };
}
