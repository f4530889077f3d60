import { randomUUID } from 'node:crypto';
import process from 'node:process';
import { Worker } from 'node:worker_threads';
import { type openBacktest, openBacktestQueue } from '#compose-backtest';
import type { BacktestArguments } from './backtest.ts';
import type { TriedSet } from './backtest-layers.ts';
import { setWith } from './backtest-set.ts';
import type { SettingValue } from './backtest-settings.ts';
import {
  type OnTried,
  type SweepFacts,
  type SweepTask,
  type SweepThreadAnswer,
  sweepThreadData,
  THREAD_ENTRY,
} from './backtest-sweep.ts';

type WorkQueue = Awaited<ReturnType<typeof openBacktestQueue>>['queue'];
type Tools = Awaited<ReturnType<typeof openBacktest>>;
type Loaded = Awaited<ReturnType<Tools['loadStored']>>;

/** Queue of the sets of sweeps. */
export const SWEEP_QUEUE = 'backtest_set';

/** What every set of one sweep is played over, by name: a worker loads it from the store. */
export type QueuedFacts = {
  readonly layer: 'B' | 'C';
  readonly symbols: readonly string[];
  readonly load: { readonly from: string | null; readonly to: string | null };
  readonly from: string;
  readonly to: string;
  /** Hashes of code, of calendar and events, and of each symbol's bars; a worker must have the same. */
  readonly codeHash: string;
  readonly calendarHash: string;
  readonly barHashes: readonly string[];
};

/** One set on the queue. `hash` is that of the desk and execution it means. */
export type QueuedSet = {
  readonly facts: QueuedFacts;
  readonly values: Readonly<Record<string, number>>;
  readonly settings: Readonly<Record<string, SettingValue>>;
  readonly hash: string;
};

const LOOK_MS = 500;
const sleep = (ms: number): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  return promise;
};

function wordsOf(output: unknown): string {
  const message = (output as { message?: unknown } | null)?.message;
  return typeof message === 'string' ? message : JSON.stringify(output ?? 'no words').slice(0, 200);
}

/**
 * Puts every set on the queue and waits until workers have played them; results in the order of
 * the sets. When one fails for good, or the person interrupts, the rest is taken back. Throws
 * StoreError, and an Error with a worker's words.
 */
export async function sweepOnQueue(
  queue: WorkQueue,
  sets: readonly QueuedSet[],
  onDone: OnTried,
  signal: AbortSignal,
): Promise<TriedSet[]> {
  const tasks = sets.map((data) => ({ id: randomUUID(), data }));
  const open = new Set(tasks.map(({ id }) => id));
  const places = new Map(tasks.map(({ id }, place) => [id, place]));
  const found = new Map<string, TriedSet>();
  await queue.put(tasks);
  try {
    while (open.size > 0) {
      if (signal.aborted) throw new Error('backtest: interrupted, the sets left were taken back');
      const known = await queue.look([...open]);
      for (const id of [...open]) {
        const { state, output = null } = known.get(id) ?? {};
        if (state === 'waiting' || state === 'active') continue;
        if (state !== 'done')
          throw new Error(`backtest: a set ${state ?? 'is gone'}: ${wordsOf(output)}`);
        open.delete(id);
        const tried = output as TriedSet;
        found.set(id, tried);
        onDone(found.size, places.get(id) ?? 0, tried);
      }
      if (open.size > 0) await sleep(LOOK_MS);
    }
  } finally {
    await queue.cancel([...open]);
  }
  return tasks.map(({ id }) => found.get(id)!);
}

/** A signal that is aborted by the first Ctrl-C; the second ends the process at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort());
  return controller.signal;
}

/** A thread that plays sets over one plan, so that its process can say that it is alive meanwhile. */
export type Player = {
  play(task: SweepTask): Promise<TriedSet>;
  close(): Promise<void>;
};

/** Starts a player. What a set throws, and the thread's death, reject that set. */
export function startPlayer(facts: SweepFacts): Player {
  const thread = new Worker(THREAD_ENTRY, { workerData: sweepThreadData(facts) });
  let waiting: PromiseWithResolvers<TriedSet> | null = null;
  const fail = (why: string): void => waiting?.reject(new Error(why));
  thread.on('message', (answer: SweepThreadAnswer) => {
    if ('error' in answer) fail(answer.error);
    else waiting?.resolve(answer.tried);
  });
  thread.on('error', (error) => fail(error instanceof Error ? error.message : String(error)));
  thread.on('exit', (code) => fail(`backtest: a thread ended with code ${code}`));
  return {
    play: (task) => {
      waiting = Promise.withResolvers();
      thread.postMessage({ place: 0, task });
      return waiting.promise;
    },
    close: async () => {
      await thread.terminate();
    },
  };
}

/** The sweep's sets on the queue, with all that a worker needs to be sure that it means the same. */
export async function playQueued(
  given: Pick<BacktestArguments, 'from' | 'to' | 'settings'>,
  tools: Tools,
  { layer, plan }: SweepFacts,
  combinations: readonly Readonly<Record<string, number>>[],
  symbols: readonly string[],
  onDone: OnTried,
): Promise<TriedSet[]> {
  const { calendar, events, from, to } = plan;
  const loaded = plan.series as Loaded;
  const facts = {
    layer,
    symbols: loaded.map(({ instrument }) => instrument.slice(0, -3)),
    load: { from: given.from, to: given.to },
    ...{ from, to },
    codeHash: tools.hashCode(),
    calendarHash: tools.hashConfig({ calendar, events }),
    barHashes: loaded.map(({ hash }) => hash),
  };
  const sets = combinations.map((values) => ({
    ...{ facts, values, settings: given.settings },
    hash: setWith(tools, { ...given.settings, ...values }, symbols).hash,
  }));
  const { queue, close } = await openBacktestQueue(SWEEP_QUEUE);
  try {
    return await sweepOnQueue(queue, sets, onDone, interruptSignal());
  } finally {
    await close();
  }
}
