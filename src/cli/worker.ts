import process from 'node:process';
import { openBacktest, openBacktestQueue } from '#compose-backtest';
import { openCalendar, openEvents } from '#compose-tools';
import { instrumentOf } from './arguments.ts';
import {
  type Player,
  type QueuedFacts,
  type QueuedSet,
  SWEEP_QUEUE,
  startPlayer,
} from './backtest-queue.ts';
import { setWith } from './backtest-set.ts';
import type { SweepFacts } from './backtest-sweep.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Output } from './output.ts';

type Tools = Awaited<ReturnType<typeof openBacktest>>;

function expectSame(what: string, found: string, expected: string): void {
  if (found !== expected)
    throw new Error(
      `worker: found ${what} ${found}, expected ${expected} as where the sweep was asked`,
    );
}

/** The bars and the calendar a sweep names, from this worker's store; refused where they differ. */
async function factsOf(tools: Tools, queued: QueuedFacts): Promise<SweepFacts> {
  expectSame('code', tools.hashCode(), queued.codeHash);
  const [calendar, events] = [await openCalendar('US'), await openEvents()];
  expectSame('calendar', tools.hashConfig({ calendar, events }), queued.calendarHash);
  const instruments = queued.symbols.map((symbol) => instrumentOf(symbol, 'US', 'worker'));
  const { from, to } = queued.load;
  const series = await tools.loadStored(calendar, instruments, from, to);
  expectSame('bars', series.map(({ hash }) => hash).join(), queued.barHashes.join());
  const { windows } = tools;
  return {
    layer: queued.layer,
    plan: { series, calendar, events, windows, from: queued.from, to: queued.to },
  };
}

/** Players of the newest sweep; those of an earlier one are ended when they are free. */
function createPlayers(tools: Tools) {
  let key = '';
  let facts: Promise<SweepFacts> = Promise.reject(new Error('worker: no sweep yet'));
  facts.catch(() => undefined);
  const free = new Map<Player, string>();
  return {
    async play({ facts: queued, values, settings, hash }: QueuedSet) {
      const wanted = JSON.stringify(queued);
      if (wanted !== key) {
        key = wanted;
        facts = factsOf(tools, queued);
        for (const player of free.keys()) await player.close();
        free.clear();
      }
      const { hash: own, ...meant } = setWith(tools, { ...settings, ...values }, queued.symbols);
      expectSame('settings', own, hash);
      const known = [...free.keys()].find((player) => free.get(player) === wanted);
      if (known !== undefined) free.delete(known);
      const player = known ?? startPlayer(await facts);
      try {
        const tried = await player.play({ values, ...meant });
        free.set(player, wanted);
        return tried;
      } catch (error) {
        await player.close();
        throw error;
      }
    },
    async close() {
      await Promise.all([...free.keys()].map((player) => player.close()));
    },
  };
}

/** `worker`: plays sets of sweeps from the queue until it is interrupted. */
export async function runWorker(lanes: number, output: Output): Promise<ExitCode> {
  const tools = await openBacktest();
  const { queue, close } = await openBacktestQueue(SWEEP_QUEUE, (message) => output.aside(message));
  const players = createPlayers(tools);
  const ended = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ended.resolve());
  let played = 0;
  try {
    await queue.work(lanes, async (data) => {
      const tried = await players.play(data as QueuedSet);
      played += 1;
      output.progress(`${played} sets played`);
      return tried;
    });
    output.line(`worker: ${lanes} at a time, waiting for sweeps; Ctrl-C ends it`);
    await ended.promise;
  } finally {
    await close();
    await players.close();
  }
  output.result({ played });
  return EXIT.ok;
}
