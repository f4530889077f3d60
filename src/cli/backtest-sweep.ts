import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { BacktestPlanFacts, BarSeries } from '#app/backtest-plan.ts';
import type { BacktestDay } from '#core/backtest/run.ts';
import { type ParameterSet, playLayer, type TriedSet, triedSet } from './backtest-layers.ts';
import type { ExecutionSettings } from './backtest-settings.ts';

/** One set to try. */
export type SweepTask = {
  readonly values: Readonly<Record<string, number>>;
  readonly set: ParameterSet;
  readonly execution: ExecutionSettings;
};

/** What every set is played over. */
export type SweepFacts = { readonly layer: 'B' | 'C'; readonly plan: BacktestPlanFacts };

/** What a thread is given once, and a task with its place. */
export type SweepThreadData = SweepFacts & { readonly script: string };
export type SweepThreadTask = { readonly place: number; readonly task: SweepTask };

/** A thread's answer: the results of a set, or why there are none. */
export type SweepThreadAnswer =
  | { readonly place: number; readonly tried: TriedSet }
  | { readonly place: number; readonly error: string };

/** Told of each set that is done: how many are, its place and its results. */
export type OnTried = (done: number, place: number, tried: TriedSet) => void;

export type SweepOptions = {
  /** Threads to play in; 1 plays in this one. */
  readonly workers: number;
  readonly onDone?: OnTried;
  /** Module of a thread, from the project's folder; another one is given only to test what dies. */
  readonly script?: string;
};

const SCRIPT = 'src/cli/backtest-thread.ts';
export const THREAD_ENTRY = join(import.meta.dirname, '..', '..', 'bin', 'worker.mjs');
/** Threads that may die before a sweep is given up: what kills one kills the next as well. */
const MOST_DEATHS = 3;

/** One set, played. Threads and this process play it by the same line. */
export function playTask(
  layer: 'B' | 'C',
  days: readonly BacktestDay[],
  { values, set, execution }: SweepTask,
): TriedSet {
  return triedSet(values, playLayer(layer, days, set, execution));
}

/** Columns that threads look at together: the year of fifty symbols is there once. */
function sharedSeries(series: BarSeries): BarSeries {
  const shared = (column: Float64Array, length: number): Float64Array => {
    const bytes = new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT);
    const copy = new Float64Array(bytes);
    copy.set(column.subarray(0, length));
    return copy;
  };
  const share = (bars: BarSeries['minutes']): BarSeries['minutes'] => {
    const { length } = bars;
    const column = (name: Exclude<keyof typeof bars, 'length'>) => shared(bars[name], length);
    return {
      length,
      openedAt: column('openedAt'),
      closedAt: column('closedAt'),
      open: column('open'),
      high: column('high'),
      low: column('low'),
      close: column('close'),
      volume: column('volume'),
    };
  };
  const { instrument, minutes, daily, spreads = null } = series;
  return {
    instrument,
    minutes: share(minutes),
    daily: daily === null ? null : share(daily),
    spreads:
      spreads === null
        ? null
        : {
            length: spreads.length,
            openedAt: shared(spreads.openedAt, spreads.length),
            openBps: shared(spreads.openBps, spreads.length),
            closeBps: shared(spreads.closeBps, spreads.length),
          },
  };
}

/** What a thread of a sweep is given, its columns shared. */
export function sweepThreadData({ layer, plan }: SweepFacts, script = SCRIPT): SweepThreadData {
  return { script, layer, plan: { ...plan, series: plan.series.map(sharedSeries) } };
}

/**
 * Plays every task and answers in their order, whatever the number of threads: a set is played
 * alone, so the results are those of one thread. The task of a thread that dies is played again.
 * Throws what a task throws.
 */
export async function playSweep(
  facts: SweepFacts,
  days: readonly BacktestDay[],
  tasks: readonly SweepTask[],
  options: SweepOptions,
): Promise<TriedSet[]> {
  const { workers, onDone } = options;
  if (workers <= 1 || tasks.length <= 1) {
    return tasks.map((task, place) => {
      const tried = playTask(facts.layer, days, task);
      onDone?.(place + 1, place, tried);
      return tried;
    });
  }
  const workerData = sweepThreadData(facts, options.script);
  return runThreads(workerData, tasks, Math.min(workers, tasks.length), onDone);
}

async function runThreads(
  workerData: SweepThreadData,
  tasks: readonly SweepTask[],
  count: number,
  onDone: SweepOptions['onDone'],
): Promise<TriedSet[]> {
  const waiting = [...tasks.keys()];
  const found = new Map<number, TriedSet>();
  const threads = new Set<Worker>();
  const end = Promise.withResolvers<void>();
  let deaths = 0;
  const giveNext = (thread: Worker): number | null => {
    const place = waiting.shift();
    if (place === undefined) return null;
    const message: SweepThreadTask = { place, task: tasks[place]! };
    thread.postMessage(message);
    return place;
  };
  const start = (): void => {
    const thread = new Worker(THREAD_ENTRY, { workerData });
    threads.add(thread);
    let playing = giveNext(thread);
    thread.on('message', (answer: SweepThreadAnswer) => {
      if ('error' in answer) return end.reject(new Error(answer.error));
      found.set(answer.place, answer.tried);
      onDone?.(found.size, answer.place, answer.tried);
      if (found.size === tasks.length) return end.resolve();
      playing = giveNext(thread);
    });
    const died = (why: string): void => {
      if (!threads.delete(thread) || playing === null) return;
      deaths += 1;
      waiting.unshift(playing);
      if (deaths <= MOST_DEATHS) start();
      else end.reject(new Error(`backtest: found ${deaths} threads that died (${why}), gave up`));
    };
    thread.on('error', (error) => died(error instanceof Error ? error.message : String(error)));
    thread.on('exit', (code) => died(`code ${code}`));
  };
  try {
    for (let n = 0; n < count; n += 1) start();
    await end.promise;
  } finally {
    const left = [...threads];
    threads.clear();
    await Promise.all(left.map((thread) => thread.terminate()));
  }
  return tasks.map((_, place) => found.get(place)!);
}
