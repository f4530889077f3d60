import { planBacktest } from '#app/backtest-plan.ts';
import { type ReplayedDay, replayDays, signalText } from '#app/replay-day.ts';
import { openBacktest } from '#compose-backtest';
import { openCalendar, openEvents, openReplayedBook } from '#compose-tools';
import { runBacktest } from '#core/backtest/run.ts';
import { wallTimeOf } from '#core/market/session.ts';
import { evaluationOf } from '#core/strategies/vwap-reclaim/evaluation.ts';
import { stepVwapReclaim } from '#core/strategies/vwap-reclaim/strategy.ts';
import { modelOf } from './backtest-layers.ts';
import { setWith } from './backtest-set.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { instantText, type Output } from './output.ts';

export type ReplayArguments = {
  readonly desk: string;
  readonly from: string;
  readonly to: string;
  readonly run: string | undefined;
  readonly symbols: readonly string[];
  readonly isBacktested: boolean;
};

/** Signals of a backtest of the days over the bars of the store, by day. */
async function backtestSignals(given: ReplayArguments): Promise<Map<string, string[]>> {
  const { symbols, from, to } = given;
  const tools = await openBacktest({ desk: given.desk, symbols });
  const calendar = await openCalendar('US');
  const instruments = tools.symbols.map((symbol) => `${symbol}.US` as const);
  const series = await tools.loadStored(calendar, instruments, from, to);
  const events = await openEvents();
  const { days } = planBacktest({ series, calendar, events, windows: tools.windows, from, to });
  const { set, execution } = setWith(tools, {}, tools.symbols);
  const found = new Map<string, string[]>();
  runBacktest({
    days,
    ...set,
    model: modelOf(execution),
    step: (acc, bars, i) => {
      const result = stepVwapReclaim(acc, bars, i);
      const text = result === 1 ? signalText({ evaluation: evaluationOf(acc, bars, i) }) : null;
      const day = wallTimeOf(bars.closedAt[i]!, calendar.zone).day;
      if (text !== null) found.set(day, [...(found.get(day) ?? []), text]);
      return result;
    },
  });
  return found;
}

type Compared = ReplayedDay & {
  /** Null: not asked for. */
  readonly isSameInBacktest: boolean | null;
  readonly backtestSignals: number | null;
};

function tell(day: Compared, zone: string, output: Output): void {
  const { inputs, events, different, unrecorded, first, signals } = day;
  const words = day.isIdentical ? 'identical' : 'NOT identical';
  output.line(`${day.day}: ${inputs} inputs, ${events} events, ${words}`);
  if (unrecorded > 0) output.line(`  ${unrecorded} events whose input was not recorded`);
  if (first !== null) {
    output.line(`  ${different} inputs are answered by other events now, the first ${first.input}`);
    output.line(`  at ${instantText(first.at, zone)}`);
    output.line(`  stored:  ${first.stored.slice(0, 240)}`);
    output.line(`  decided: ${first.decided.slice(0, 240)}`);
  }
  if (day.isSameInBacktest === null) return;
  const same = day.isSameInBacktest ? 'the same' : `NOT the same: ${day.backtestSignals}`;
  output.line(`  ${signals.length} signals, in a backtest of the day ${same}`);
}

/**
 * `replay`: decides recorded days of a desk again from their inputs. Exit 0 only when every event is the
 * same, byte for byte, and with `--backtest` every signal too.
 */
export async function runReplay(given: ReplayArguments, output: Output): Promise<ExitCode> {
  const { desk, from, to } = given;
  const book = await openReplayedBook(desk, given.run, given.symbols);
  if (book === null) {
    output.aside(`error: replay ${desk}: found no run of it, expected one in the store`);
    return EXIT.dataNotReady;
  }
  const { policy, events, inputs, runId } = book;
  const dayOf = (at: number): string => wallTimeOf(at, policy.zone).day;
  const days = replayDays({ policy, events, inputs, dayOf, from, to });
  const played = days.filter(({ inputs: count }) => count > 0);
  if (played.length === 0) {
    output.aside(`error: replay ${desk}: found no input from ${from} to ${to} in ${runId}`);
    return EXIT.dataNotReady;
  }
  const signals = given.isBacktested ? await backtestSignals(given) : null;
  const compared = days.map((day) => {
    const other = signals?.get(day.day) ?? [];
    const isSameInBacktest = signals === null ? null : other.join('\n') === day.signals.join('\n');
    return { ...day, isSameInBacktest, backtestSignals: signals === null ? null : other.length };
  });
  output.line(`${desk} of ${runId}`);
  if (book.recordedConfigs.some((hash) => hash !== book.configHash))
    output.line(
      `settings differ: recorded ${book.recordedConfigs.join(', ')}, now ${book.configHash}`,
    );
  for (const day of compared) tell(day, policy.zone, output);
  const isSame = compared.every((day) => day.isIdentical && day.isSameInBacktest !== false);
  const { configHash, recordedConfigs } = book;
  output.result({ desk, runId, configHash, recordedConfigs, isSame, days: compared });
  return isSame ? EXIT.ok : EXIT.failed;
}
