import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import Bree from 'bree';
import PQueue from 'p-queue';
import { ConfigError } from '#app/errors.ts';
import type { JobOutcome } from './job-run.ts';

/** What a job's thread is told. `at` is the instant the job is for. */
export type JobRequest = {
  readonly job: string;
  readonly at: number;
  readonly isDry: boolean;
  /** Further values for the job, cloned into the thread. */
  readonly extra?: Readonly<Record<string, unknown>>;
};

export type WorkersOptions = {
  /** Project folder: holds bin/worker.mjs and jobs/. */
  readonly root: string;
  readonly maxWorkers: number;
  /** How long a job that was asked to stop may take before its thread is ended. */
  readonly cancelMs: number;
  readonly log?: (line: { readonly level: 'info' | 'error'; readonly message: string }) => void;
};

export type Workers = {
  /** Runs the job in a thread, when a place is free and no other run of this job is on. */
  run(request: JobRequest): Promise<JobOutcome>;
  /** Asks the job's thread to stop, ends it after the deadline. */
  cancel(job: string): Promise<'stopped' | 'terminated' | 'not_running'>;
  /** Starts nothing more, cancels what runs. */
  stop(): Promise<void>;
  running(): string[];
};

function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0] ?? text;
}

/** How a thread ended: its error if it threw one, else its exit code. */
function ended(worker: Worker): Promise<JobOutcome> {
  return new Promise((resolve) => {
    let message: string | null = null;
    worker.on('error', (error) => {
      message = oneLine(error);
    });
    worker.on('exit', (code) => {
      if (code === 0 && message === null) resolve({ kind: 'done' });
      else resolve({ kind: 'failed', message: message ?? `thread ended with code ${code}` });
    });
  });
}

function createBree(options: WorkersOptions): Bree {
  const { log } = options;
  // Bree's own lines repeat what the outcome says; an error reaches the outcome by its event.
  const quiet = { info() {}, warn() {}, error() {} };
  return new Bree({
    root: false,
    jobs: [],
    logger: quiet,
    errorHandler: () => {},
    workerMessageHandler: ({ name, message }) => {
      log?.({ level: 'info', message: `${name}: ${String(message)}` });
    },
  });
}

async function addJob(bree: Bree, options: WorkersOptions, job: string): Promise<void> {
  const script = `jobs/${job}.ts`;
  if (!existsSync(join(options.root, script))) {
    throw new ConfigError(`job ${job}: found no ${script}, expected a job of the timetable`, {
      code: 'no_such_job',
      retryable: false,
    });
  }
  if (!bree.config.jobs.some((known) => known.name === job)) {
    await bree.add({ name: job, path: join(options.root, 'bin', 'worker.mjs') });
  }
}

/** Job threads by Bree, which only ever runs them: when and whether are decided elsewhere. */
export function createWorkers(options: WorkersOptions): Workers {
  const bree = createBree(options);
  const places = new PQueue({ concurrency: options.maxWorkers });
  const lanes = new Map<string, PQueue>();
  const threads = new Map<string, { readonly worker: Worker; readonly end: Promise<JobOutcome> }>();
  const canceled = new Set<string>();
  let isStopped = false;

  function laneOf(job: string): PQueue {
    const lane = lanes.get(job) ?? new PQueue({ concurrency: 1 });
    lanes.set(job, lane);
    return lane;
  }

  async function start(request: JobRequest): Promise<JobOutcome> {
    const { job } = request;
    if (isStopped) return { kind: 'failed', message: 'not started, the desk is stopping' };
    await addJob(bree, options, job);
    const entry = bree.config.jobs.find((known) => known.name === job);
    if (entry === undefined) return { kind: 'failed', message: 'not known to the runner' };
    entry.worker = { workerData: { script: `jobs/${job}.ts`, request } };
    await bree.run(job);
    const worker = bree.workers.get(job) as Worker | undefined;
    if (worker === undefined) return { kind: 'failed', message: 'the thread did not start' };
    const end = ended(worker);
    threads.set(job, { worker, end });
    // a stop that came while the thread was being started has not seen it
    if (isStopped) void cancel(job);
    const outcome = await end;
    threads.delete(job);
    if (canceled.delete(job)) return { kind: 'failed', message: 'canceled' };
    return outcome;
  }

  async function cancel(job: string): Promise<'stopped' | 'terminated' | 'not_running'> {
    const thread = threads.get(job);
    if (thread === undefined) return 'not_running';
    canceled.add(job);
    thread.worker.postMessage('cancel');
    const deadline = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => deadline.resolve('late'), options.cancelMs);
    const first = await Promise.race([thread.end, deadline.promise]);
    clearTimeout(timer);
    if (first !== 'late') return 'stopped';
    await thread.worker.terminate();
    await thread.end;
    return 'terminated';
  }

  return {
    run: (request) => laneOf(request.job).add(() => places.add(() => start(request))),
    cancel,
    async stop() {
      isStopped = true;
      await Promise.all([...threads.keys()].map(cancel));
      await places.onIdle();
    },
    running: () => [...threads.keys()],
  };
}
