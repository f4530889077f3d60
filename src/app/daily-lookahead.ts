import {
  type DailyMarketCn,
  type DailyMarketFacts,
  dailyMarketOf,
} from '#core/backtest/daily/market.ts';
import type { DailyOutcome } from '#core/backtest/daily/run.ts';
import { createRandom, type Random } from '#core/lib/random.ts';
import { DAILY_FIELDS_CN } from '#core/market/daily-table-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';

/** A market with what a strategy reads beside it; `index` null: none is given. */
export type DailyInputs = { readonly facts: DailyMarketFacts; readonly index: Float64Array | null };

/** What a look-ahead check of a daily strategy is asked. */
export type DailyLookaheadAsk = {
  readonly inputs: DailyInputs;
  /** Plays the inputs from their beginning: everything that is computed from them included. */
  readonly play: (market: DailyMarketCn, index: Float64Array | null) => DailyOutcome;
  readonly cuts: number;
  readonly seed: number;
};

export type DailyLookaheadFinding = {
  readonly cuts: number;
  /** Days that were compared. */
  readonly compared: number;
  readonly leaks: number;
  /** The first day that knew of a later one. */
  readonly first: {
    readonly day: TradingDay;
    readonly cut: TradingDay;
    readonly found: string;
  } | null;
};

/** Share of the later cells that lose their bar. */
const DROPPED = 0.05;

function changed(cells: Float64Array, stocks: number, days: number, cut: number, random: Random) {
  const copy = cells.slice();
  for (let row = 0; row < stocks; row += 1) {
    for (let d = cut + 1; d < days; d += 1) {
      const at = row * days + d;
      copy[at] = copy[at]! * (0.5 + random.uniform());
    }
  }
  return copy;
}

/** The inputs with everything behind day `cut` changed: bars, float, ex-dates, standings, the index. */
function perturbed({ facts, index }: DailyInputs, cut: number, random: Random): DailyInputs {
  const { panel, floatShares } = facts;
  const { days, instruments } = panel;
  const [width, stocks] = [days.length, instruments.length];
  const other = { ...panel };
  for (const field of DAILY_FIELDS_CN)
    other[field] = changed(panel[field], stocks, width, cut, random);
  for (let row = 0; row < stocks; row += 1) {
    for (let d = cut + 1; d < width; d += 1) {
      const isDropped = random.uniform() < DROPPED;
      if (isDropped)
        for (const field of DAILY_FIELDS_CN) other[field][row * width + d] = Number.NaN;
    }
  }
  const known = days[cut]!;
  return {
    index: index === null ? null : changed(index, 1, width, cut, random),
    facts: {
      ...facts,
      panel: other,
      floatShares: floatShares === null ? null : changed(floatShares, stocks, width, cut, random),
      actions: facts.actions.filter(({ exDate }) => exDate <= known),
      standings: facts.standings.filter(({ from }) => from <= known),
    },
  };
}

/** What one day of an outcome was, as a text. */
function dayText(outcome: DailyOutcome, at: number): string {
  const day = outcome.firstDay + at;
  const on = (one: { readonly day: number }) => one.day === day;
  return JSON.stringify([
    ...[outcome.equityMinor[at], outcome.cashMinor[at], outcome.decisions[at]],
    ...[outcome.fills.filter(on), outcome.unfilled.filter(on), outcome.exDates.filter(on)],
  ]);
}

/**
 * Plays the inputs again with their future changed, behind days that the seed draws, and compares what
 * was decided, filled and counted up to each of them. Any difference is a look ahead.
 */
export function checkDailyLookahead(ask: DailyLookaheadAsk): DailyLookaheadFinding {
  const { inputs, play, cuts, seed } = ask;
  const random = createRandom(`daily-lookahead/${seed}`);
  const usual = play(dailyMarketOf(inputs.facts), inputs.index);
  const count = usual.days.length;
  let [compared, leaks] = [0, 0];
  let first: DailyLookaheadFinding['first'] = null;
  for (let n = 0; n < cuts; n += 1) {
    // the last day has no future
    const at = Math.floor(random.uniform() * Math.max(1, count - 1));
    const cut = usual.firstDay + at;
    const other = perturbed(inputs, cut, random);
    const played = play(dailyMarketOf(other.facts), other.index);
    let isLeak = false;
    for (let d = 0; d <= at && !isLeak; d += 1) {
      compared += 1;
      const [expected, found] = [dayText(usual, d), dayText(played, d)];
      if (expected === found) continue;
      isLeak = true;
      first ??= { day: usual.days[d]!, cut: usual.days[at]!, found };
    }
    if (isLeak) leaks += 1;
  }
  return { cuts, compared, leaks, first };
}
