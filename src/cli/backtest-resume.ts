import type { openBacktest } from '#compose-backtest';
import type { BacktestDay } from '#core/backtest/run.ts';
import type { BacktestArguments } from './backtest.ts';
import type { TriedSet } from './backtest-layers.ts';
import { playQueued } from './backtest-queue.ts';
import { type OnTried, playSweep, type SweepFacts, type SweepTask } from './backtest-sweep.ts';
import type { Output } from './output.ts';

type Tools = Awaited<ReturnType<typeof openBacktest>>;
type Loaded = Awaited<ReturnType<Tools['loadStored']>>;

/** Names all that a set's results follow from besides the set. */
function runNameOf(
  { settings }: BacktestArguments,
  tools: Tools,
  { layer, plan }: SweepFacts,
): string {
  const { calendar, events, windows, from, to } = plan;
  const series = (plan.series as Loaded).map(({ instrument, hash, daily }) => {
    return [instrument, hash, daily === null ? null : tools.hashColumns(daily)];
  });
  const code = tools.hashCode();
  return tools.hashConfig({ settings, layer, calendar, events, windows, from, to, series, code });
}

/**
 * Plays a sweep's sets, but for those that an earlier run into the same folder had played when it was ended; results in the
 * order of the sets. `end` is called once everything is written: until then what is found is kept in the folder.
 */
export async function resumeSweep(
  given: BacktestArguments,
  tools: Tools,
  swept: SweepFacts,
  tasks: readonly (SweepTask & { readonly hash: string })[],
  around: {
    readonly days: readonly BacktestDay[];
    readonly symbols: readonly string[];
    readonly output: Output;
  },
): Promise<{ readonly tried: readonly TriedSet[]; readonly end: () => void }> {
  const { days, symbols, output } = around;
  const hashes = tasks.map(({ hash }) => hash);
  const name = runNameOf(given, tools, swept);
  const kept = tools.openKept(given.out, name, hashes, (text) => output.aside(text));
  const before = tasks.map(({ hash, values }) => {
    const known = kept.known(hash);
    return known === null ? null : { ...known, values };
  });
  const left = tasks.filter((_, place) => before[place] === null);
  const onDone: OnTried = (done, place, one) => {
    kept.keep(left[place]!.hash, one);
    const all = tasks.length - left.length + done;
    const step = { stage: 'sets', done: all, of: tasks.length };
    output.progress(`set ${all} of ${tasks.length}`, step);
  };
  const combinations = left.map(({ values }) => values);
  const found =
    given.isQueued && left.length > 0
      ? await playQueued(given, tools, swept, combinations, symbols, onDone)
      : await playSweep(swept, days, left, { workers: given.workers, onDone });
  const next = found.values();
  const tried = before.map((known) => known ?? next.next().value!);
  return { tried, end: kept.end };
}
