import type { Check } from '#core/gates/gate.ts';
import { checkOf } from '#core/gates/gate.ts';
import { mean } from '#core/lib/stats.ts';
import type { SoftParams } from './params.ts';

/**
 * Soft rules from the desk's own closed trades (net results over cost, fractions): mean win over
 * mean loss, share of wins, mean result in basis points. Recorded, never refusing. Below
 * `minTrades`, and for reward over risk without a loss, the value is unknown.
 */
export function softChecks(results: readonly number[], at: number, params: SoftParams): Check[] {
  const isEnough = results.length >= params.minTrades;
  const wins = results.filter((result) => result > 0);
  const losses = results.filter((result) => result < 0);
  const reward = mean(wins);
  const risk = mean(losses);
  const row = (name: string, value: number | null, threshold: number, unit: string) =>
    checkOf({
      name,
      value: isEnough ? value : null,
      operator: '>=',
      threshold,
      unit,
      source: `${results.length} closed trades`,
      asOf: at,
    });
  const ratio = reward === null || risk === null ? null : reward / -risk;
  const expected = mean(results);
  return [
    row('reward_risk', ratio, params.rewardRiskMin, 'ratio'),
    row('win_probability', wins.length / results.length, params.winProbabilityMin, 'fraction'),
    row(
      'expected_value',
      expected === null ? null : expected * 10_000,
      params.expectedValueBpsMin,
      'bps',
    ),
  ];
}
