import process from 'node:process';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { doJob, type JobName } from '#compose-jobs';

type Given = {
  readonly at?: unknown;
  readonly isDry?: unknown;
  readonly extra?: { readonly dataDir?: unknown; readonly profile?: unknown };
};

/**
 * The boundary every job is wrapped in: reads what it was told, does it, says one line. It ends by
 * returning; a failure ends the thread with an error, which the scheduler writes down.
 */
export async function runJob(name: JobName): Promise<void> {
  const given: Given = isMainThread
    ? {}
    : ((workerData as { request?: Given } | null)?.request ?? {});
  const stop = new AbortController();
  parentPort?.on('message', (message: unknown) => {
    if (message === 'cancel') stop.abort();
  });
  parentPort?.unref();
  const { extra } = given;
  const report = await doJob(name, {
    at: typeof given.at === 'number' ? given.at : Date.now(),
    isDry: given.isDry === true,
    dataDir: typeof extra?.dataDir === 'string' ? extra.dataDir : null,
    profile: typeof extra?.profile === 'string' ? extra.profile : null,
    signal: stop.signal,
  });
  process.stderr.write(`job ${name}: ${report.line}\n`);
}
