import type { Factor } from '#core/factors/registry.ts';
import { type FactorScores, scoreFactors } from '#core/factors/score.ts';
import type { FactorTopInputs } from '#core/strategies/factor-top/factor-top.ts';
import { factorPanelOf } from './factor-basis.ts';
import type { DailyMarketCn } from './market.ts';

/** Days that the longest of the factors needs, the day itself included. */
export function historyOf(factors: readonly Factor[]): number {
  return Math.max(1, ...factors.map(({ history }) => history));
}

/** Stocks that are named by rank beside the scores; the strategy ranks by itself. */
const NONE = 0;

/** What the strategy `factor-top` is made from: every stock's score of every day from `firstDay` on. */
export function factorInputsOf(
  market: DailyMarketCn,
  index: Float64Array | null,
  factors: readonly Factor[],
  firstDay: number,
): FactorTopInputs {
  const panel = factorPanelOf(market, index);
  const scores: FactorScores = scoreFactors(panel, { factors, firstDay, top: NONE });
  return { scores, boards: market.boards, history: historyOf(factors) };
}
