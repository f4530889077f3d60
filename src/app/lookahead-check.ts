import type { ExecutionModel } from '#core/backtest/desk.ts';
import { runBacktest } from '#core/backtest/run.ts';
import type { SpreadColumns } from '#core/backtest/spreads.ts';
import type { Policy } from '#core/engine/policy.ts';
import { createRandom, type Seed } from '#core/lib/random.ts';
import type { BarColumns } from '#core/market/bar.ts';
import type { VwapReclaimParams } from '#core/strategies/vwap-reclaim/params.ts';
import type { stepVwapReclaim } from '#core/strategies/vwap-reclaim/strategy.ts';
import { type BacktestPlanFacts, planBacktest } from './backtest-plan.ts';

export type LookaheadFacts = {
  readonly plan: BacktestPlanFacts;
  readonly params: VwapReclaimParams;
  readonly policy: Policy;
  readonly model: ExecutionModel;
  readonly cuts: number;
  readonly seed: Seed;
  /** The kernel under test; left out, the strategy's own. */
  readonly step?: typeof stepVwapReclaim;
};

/** What the check found; `first` names the first decision that knew the future. */
export type LookaheadFinding = {
  readonly cuts: number;
  /** Answers of kernels and events of the desk that were compared. */
  readonly compared: number;
  readonly leaks: number;
  readonly first: { readonly day: string; readonly at: number; readonly found: string } | null;
};

/** Columns in which all that opens at or after `at` is moved: prices by a factor, volume tripled. */
function changedFrom(bars: BarColumns, at: number, factor: number): BarColumns {
  const copy: BarColumns = {
    ...bars,
    open: bars.open.slice(),
    high: bars.high.slice(),
    low: bars.low.slice(),
    close: bars.close.slice(),
    volume: bars.volume.slice(),
  };
  for (let i = 0; i < bars.length; i += 1) {
    // a daily bar that was open at `at` is not known yet either
    if (bars.closedAt[i]! <= at) continue;
    for (const column of [copy.open, copy.high, copy.low, copy.close])
      column[i] = Math.round(column[i]! * factor * 100) / 100;
    copy.high[i] = Math.max(copy.open[i]!, copy.high[i]!, copy.low[i]!, copy.close[i]!);
    copy.low[i] = Math.min(copy.open[i]!, copy.high[i]!, copy.low[i]!, copy.close[i]!);
    copy.volume[i] = copy.volume[i]! * 3 + 1;
  }
  return copy;
}

/** Spreads in which all that opens at or after `at` is ten times as wide. */
function widerFrom(spreads: SpreadColumns, at: number): SpreadColumns {
  const wider = (column: Float64Array, ends: number) =>
    column.map((value, i) => (spreads.openedAt[i]! + ends >= at ? value * 10 + 1 : value));
  // a minute that is open at `at` has shown its open, not its close
  return {
    ...spreads,
    openBps: wider(spreads.openBps, 0),
    closeBps: wider(spreads.closeBps, 59_999),
  };
}

/**
 * Plays drawn days twice: as they were, and with everything after a drawn minute changed, in minute
 * and daily bars alike, before anything is planned. What the kernels answered and the desk decided
 * up to that minute must be the same, byte for byte.
 */
export function checkLookahead(facts: LookaheadFacts): LookaheadFinding {
  const { plan, cuts, seed } = facts;
  const { days } = planBacktest(plan);
  const random = createRandom(`lookahead/${seed}`);
  let compared = 0;
  let leaks = 0;
  let first: LookaheadFinding['first'] = null;
  for (let n = 0; n < cuts && days.length > 0; n += 1) {
    const day = days[Math.floor(random.uniform() * days.length)]!;
    const { openAt, closeAt, tradingDay } = day.session;
    const minutes = Math.floor((closeAt - openAt) / 60_000);
    const at = openAt + (1 + Math.floor(random.uniform() * (minutes - 2))) * 60_000;
    const factor = random.uniform() < 0.5 ? 0.97 : 1.03;
    const known = logUntil(facts, plan, tradingDay, at);
    const series = plan.series.map((entry) => ({
      ...entry,
      minutes: changedFrom(entry.minutes, at, factor),
      daily: entry.daily === null ? null : changedFrom(entry.daily, at, factor),
      spreads: entry.spreads == null ? null : widerFrom(entry.spreads, at),
    }));
    const other = logUntil(facts, { ...plan, series }, tradingDay, at);
    compared += known.length;
    const place = known.findIndex((line, k) => line !== other[k]);
    if (place < 0 && other.length === known.length) continue;
    leaks += 1;
    first ??= { day: tradingDay, at, found: other[Math.max(0, place)] ?? 'nothing' };
  }
  return { cuts, compared, leaks, first };
}

/** What was answered and decided on one day before `at`; the close of the bar that ends there counts. */
function logUntil(
  facts: LookaheadFacts,
  plan: BacktestPlanFacts,
  day: string,
  at: number,
): string[] {
  const { params, policy, model, step } = facts;
  const { days } = planBacktest({ ...plan, from: day, to: day });
  const outcome = runBacktest({
    days,
    params,
    policy,
    model,
    isLogged: true,
    ...(step === undefined ? {} : { step }),
  });
  return outcome.log.filter((line) => line.at < at).map((line) => line.text);
}
