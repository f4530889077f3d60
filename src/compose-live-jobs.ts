import type { CheckpointGuard } from '#app/checkpoint-guard.ts';
import { GATHER_AHEAD_MS } from '#app/pulse-jobs.ts';
import { reason } from '#core/gates/reason.ts';
import { wallTimeOf } from '#core/market/session.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { createScheduler, type JobOutcome, type JobTrouble } from '#shell/scheduler/job-run.ts';
import type { Slot } from '#shell/scheduler/timetable.ts';
import { interruptedWatches } from '#shell/scheduler/watches.ts';
import { createWorkers, type Workers } from '#shell/scheduler/workers.ts';
import type { LiveDeps } from './compose-live-deps.ts';
import type { LiveDesk } from './compose-live-desk.ts';
import { timetableOf } from './compose-plans-cn.ts';

type Trouble = Exclude<JobTrouble, { kind: 'store_failed' }>;
type Guards = ReadonlyMap<string, CheckpointGuard>;

function messageOf(problem: Trouble): string {
  if (problem.kind === 'failed') return problem.message;
  return problem.kind === 'missed' ? 'not started in time' : 'process ended';
}

/** A decision window that went wrong is its desk's missed checkpoint; anything else a doubt of its market. */
function tell(deps: LiveDeps, lives: readonly LiveDesk[], guards: Guards, problem: Trouble): void {
  const { job, scheduledFor } = problem;
  const market = job.startsWith('cn-') ? 'CN' : job.startsWith('us-') ? 'US' : null;
  for (const { desk, settings } of lives) {
    if (market !== null && settings.market !== market) continue;
    const guard = guards.get(settings.id);
    if (job === 'cn-decision-window' && guard !== undefined) {
      const { zone } = deps.calendars.CN;
      const checkpoint = wallTimeOf(scheduledFor + GATHER_AHEAD_MS, zone).time;
      const figures = { checkpoint, cause: problem.kind, why: messageOf(problem).slice(0, 120) };
      guard.note(checkpoint, reason('checkpoint_missed', figures));
      continue;
    }
    desk.post({
      kind: 'doubt_noticed',
      at: Date.now(),
      cause: 'internal_error',
      subject: `job ${job}`,
      figures: { job, how: problem.kind },
    });
  }
}

/** A slot that is still within its grace is started by the timetable; what is not by then is resumed. */
const RESUME_AFTER_MS = 5_000;

/** Goes on with the watches of a session that began before this start; answers a stop function. */
function resumeWatches(deps: LiveDeps, workers: Workers, run: (slot: Slot) => void): () => void {
  const plans = timetableOf(deps.config, deps.calendars);
  const timer = setTimeout(() => {
    for (const slot of interruptedWatches(plans, workers.running(), Date.now())) run(slot);
  }, RESUME_AFTER_MS);
  return () => clearTimeout(timer);
}

/** The timetable of a run. */
export type LiveJobs = {
  /** Runs a job now, beside the timetable, and writes it down as one of its runs. */
  runNow(job: string): Promise<JobOutcome>;
  stop(): Promise<void>;
};

/** Runs the timetable in threads; what went wrong with a job is told to its desks. */
export async function scheduleJobs(
  deps: LiveDeps,
  lives: readonly LiveDesk[],
  guards: Guards,
): Promise<LiveJobs> {
  const { config } = deps;
  const workers = createWorkers({
    root: deps.root,
    maxWorkers: config.schedule.maxWorkers,
    cancelMs: config.schedule.cancelSeconds * 1_000,
    log: (line) => deps.log[line.level]({ line: 'job' }, line.message),
  });
  const run = ({ plan, scheduledFor }: Slot) =>
    workers.run({
      job: plan.job,
      at: scheduledFor,
      isDry: false,
      extra: { dataDir: config.dataDir, profile: config.profile.name },
    });
  const scheduler = createScheduler({
    clock: createSystemClock(),
    jobRuns: deps.deskStore.store.jobs,
    plans: timetableOf(deps.config, deps.calendars),
    run,
    onTrouble: (problem) => {
      deps.log.error({ line: 'job', ...problem }, 'job trouble');
      if (problem.kind !== 'store_failed') tell(deps, lives, guards, problem);
    },
    endRuns: () => workers.stop(),
  });
  await scheduler.start();
  let isStopping = false;
  const stopResuming = resumeWatches(deps, workers, (slot) => {
    void run(slot).then((outcome) => {
      // what ends because the desk does is no trouble
      if (outcome.kind !== 'failed' || isStopping) return;
      const { job } = slot.plan;
      const { scheduledFor } = slot;
      const { message } = outcome;
      deps.log.error({ line: 'job', job, message }, 'job trouble');
      tell(deps, lives, guards, { kind: 'failed', job, scheduledFor, message });
    });
  });
  const { jobs: jobRuns } = deps.deskStore.store;
  const extra = { dataDir: config.dataDir, profile: config.profile.name };
  return {
    async runNow(job) {
      const at = Date.now();
      await jobRuns.claim(job, at, 'claimed', '', at);
      const outcome = await workers.run({ job, at, isDry: false, extra });
      const note = outcome.kind === 'failed' ? outcome.message : '';
      await jobRuns.finish(job, at, outcome.kind, note, Date.now());
      return outcome;
    },
    async stop() {
      isStopping = true;
      stopResuming();
      await scheduler.stop();
    },
  };
}
