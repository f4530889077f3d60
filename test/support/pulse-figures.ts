import type { MarketFigures } from '#core/gates/sentiment.ts';
import type { Figure } from '#core/indicators/figure.ts';
import { figure, noFigure, note } from '#core/indicators/figure.ts';
import { cnAt } from './pulse-market.ts';

/** Values of the figures a gate and a kill-switch are judged from; null is unknown. */
export type FigureValues = {
  readonly limitUp: number | null;
  readonly limitDown: number | null;
  readonly limitUniverse: number | null;
  readonly limitRatio: number | null;
  readonly concentration: number | null;
  readonly concentrationPercentile: number | null;
  readonly volPercentile: number | null;
  readonly indexAboveMa20: boolean | null;
  readonly indexReturn: number | null;
  readonly marginNetRepay: number | null;
  readonly marginBalance: number | null;
};

/** A good morning: the tuned gate passes and no cause of the kill-switch holds. */
export const GOOD: FigureValues = {
  limitUp: 40,
  limitDown: 4,
  limitUniverse: 5_000,
  limitRatio: 8.2,
  concentration: 0.2,
  concentrationPercentile: 0.5,
  volPercentile: 0.4,
  indexAboveMa20: true,
  indexReturn: 0.004,
  marginNetRepay: 20,
  marginBalance: 18_000,
};

const AT = cnAt('10:00');
const ORIGIN = { source: 'test', asOf: AT, fetchedAt: AT, degraded: false };

function of(name: string, unit: string, value: number | null): Figure {
  if (value === null) return noFigure(name, unit, ORIGIN, note('no_data'));
  return figure(name, value, unit, ORIGIN);
}

/** Figures with the values of a good morning, changed by `change`. */
export function figuresWith(change: Partial<FigureValues> = {}): MarketFigures {
  const v = { ...GOOD, ...change };
  const above = v.indexAboveMa20;
  const share =
    v.marginNetRepay === null || v.marginBalance === null
      ? null
      : v.marginNetRepay / v.marginBalance;
  return {
    limitUp: of('limit_up_count', 'count', v.limitUp),
    limitDown: of('limit_down_count', 'count', v.limitDown),
    limitUniverse: of('limit_universe', 'count', v.limitUniverse),
    limitRatio: of('limit_up_down_ratio', 'ratio', v.limitRatio),
    concentration: of('turnover_concentration', 'fraction', v.concentration),
    concentrationPercentile: of('concentration_percentile', 'fraction', v.concentrationPercentile),
    volatility: of('hs300_vol_30d', 'per_year', 0.2),
    volPercentile: of('vol_percentile', 'fraction', v.volPercentile),
    indexNow: of('index_now', 'points', 3_000),
    indexMa20: of('index_ma20', 'points', 2_900),
    indexAboveMa20:
      above === null
        ? noFigure('index_above_ma20', '', ORIGIN, note('no_data'))
        : figure('index_above_ma20', above, '', ORIGIN),
    indexReturn: of('index_return', 'fraction', v.indexReturn),
    marginNetRepay: of('margin_net_repay_prev', '1e8_cny', v.marginNetRepay),
    marginShare: of('margin_net_repay_share', 'fraction', share),
    marginBalance: of('margin_balance_prev', '1e8_cny', v.marginBalance),
  };
}
