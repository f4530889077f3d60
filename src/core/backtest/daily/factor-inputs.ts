import type { Factor } from '#core/factors/registry.ts';
import { scoreFactors } from '#core/factors/score.ts';
import type { FactorTopInputs } from '#core/strategies/factor-top/factor-top.ts';
import { factorPanelOf } from './factor-basis.ts';
import type { DailyMarketCn } from './market.ts';

/** Days that the longest of the factors needs, the day itself included. */
export function historyOf(factors: readonly Factor[]): number {
  return Math.max(1, ...factors.map(({ history }) => history));
}

/** What the strategy `factor-top` is made from: all stocks by score on every day from `firstDay` on. */
export function factorInputsOf(
  market: DailyMarketCn,
  index: Float64Array | null,
  factors: readonly Factor[],
  firstDay: number,
): FactorTopInputs {
  const panel = factorPanelOf(market, index);
  // the order of a day is all that is read: the scores themselves are let go
  const { top } = scoreFactors(panel, { factors, firstDay, top: market.stocks });
  return { scores: { firstDay, top }, boards: market.boards, history: historyOf(factors) };
}
