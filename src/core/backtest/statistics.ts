import { createRandom, type Seed } from '#core/lib/random.ts';
import { mean, median, quantile } from '#core/lib/stats.ts';

/** Fewest trades from which a figure is given as one; below it a report says N/A. */
export const ENOUGH_TRADES = 100;

/** A result in R and the day it belongs to; days are drawn together, for trades of one day hang together. */
export type DayResult = { readonly day: string; readonly resultR: number };

/** Figures over trades in R, in the order of the trades. Null where there is nothing to compute. */
export type TradeFigures = {
  readonly trades: number;
  /** Trades still needed before the figures count; 0 when there are enough. */
  readonly missing: number;
  readonly winRate: number | null;
  readonly averageR: number | null;
  readonly medianR: number | null;
  /** The worst single result, and the deepest fall of the running sum from its peak; both ≤ 0. */
  readonly worstR: number | null;
  readonly deepestFallR: number | null;
  /** Win rate × mean win + loss rate × mean loss: the mean result of a trade. */
  readonly expectancyR: number | null;
  /** Sum of wins over sum of losses; null without a loss. */
  readonly profitFactor: number | null;
};

/** Figures of results in R. */
export function figuresOf(results: readonly number[]): TradeFigures {
  const wins = results.filter((result) => result > 0);
  const losses = results.filter((result) => result <= 0);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  let running = 0;
  let peak = 0;
  let fall = 0;
  for (const result of results) {
    running += result;
    peak = Math.max(peak, running);
    fall = Math.min(fall, running - peak);
  }
  const count = results.length;
  const lost = -sum(losses);
  return {
    trades: count,
    missing: Math.max(0, ENOUGH_TRADES - count),
    winRate: count === 0 ? null : wins.length / count,
    averageR: mean(results),
    medianR: median(results),
    worstR: count === 0 ? null : Math.min(0, ...results),
    deepestFallR: count === 0 ? null : fall,
    expectancyR:
      count === 0
        ? null
        : (wins.length / count) * (mean(wins) ?? 0) + (losses.length / count) * (mean(losses) ?? 0),
    profitFactor: lost > 0 ? sum(wins) / lost : null,
  };
}

/** A 95 % interval and whether it leaves zero out. */
export type Interval = {
  readonly low: number;
  readonly high: number;
  readonly isZeroOutside: boolean;
};

/**
 * 95 % interval of the mean result by the bootstrap (Efron 1979, percentiles 2.5 and 97.5), drawing
 * whole days with replacement. Null below two days. The same seed gives the same interval.
 */
export function bootstrapMean(
  results: readonly DayResult[],
  seed: Seed,
  draws = 10_000,
): Interval | null {
  const days = new Map<string, { sum: number; count: number }>();
  for (const { day, resultR } of results) {
    const known = days.get(day) ?? { sum: 0, count: 0 };
    known.sum += resultR;
    known.count += 1;
    days.set(day, known);
  }
  const blocks = [...days.values()];
  if (blocks.length < 2) return null;
  const random = createRandom(`bootstrap/${seed}`);
  const means = new Float64Array(draws);
  for (let n = 0; n < draws; n += 1) {
    let sum = 0;
    let count = 0;
    for (let k = 0; k < blocks.length; k += 1) {
      const block = blocks[Math.floor(random.uniform() * blocks.length)]!;
      sum += block.sum;
      count += block.count;
    }
    means[n] = sum / count;
  }
  const low = quantile(means, 0.025)!;
  const high = quantile(means, 0.975)!;
  return { low, high, isZeroOutside: low > 0 || high < 0 };
}

/** Standard normal distribution function (Abramowitz and Stegun 7.1.26, error below 1.5e-7). */
export function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const poly =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const erf = 1 - poly * Math.exp(-z * z);
  return x >= 0 ? (1 + erf) / 2 : (1 - erf) / 2;
}

/** The x at which the standard normal distribution function is `p`, by bisection; p in (0, 1). */
function normalQuantile(p: number): number {
  let low = -10;
  let high = 10;
  for (let n = 0; n < 80; n += 1) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

const EULER_GAMMA = 0.5772156649015329;

/** Mean, variance, skew and kurtosis (3 for a normal) of a sample, population moments. */
function momentsOf(values: readonly number[]) {
  const average = mean(values) ?? 0;
  const moment = (power: number) =>
    values.reduce((sum, value) => sum + (value - average) ** power, 0) / values.length;
  const variance = moment(2);
  const deviation = Math.sqrt(variance);
  return {
    average,
    deviation,
    skew: deviation > 0 ? moment(3) / deviation ** 3 : 0,
    kurtosis: deviation > 0 ? moment(4) / deviation ** 4 : 3,
  };
}

/** Mean over deviation of results in R, a trade; null below two results or without spread. */
export function sharpeOf(results: readonly number[]): number | null {
  if (results.length < 2) return null;
  const { average, deviation } = momentsOf(results);
  return deviation > 0 ? average / deviation : null;
}

/**
 * Deflated Sharpe ratio (Bailey and López de Prado, 2014): the probability that the true Sharpe
 * ratio of a trade is above what the best of `tried` worthless parameter sets would have shown by
 * luck. `trialSharpes` are the ratios of the sets tried in this run; with fewer than two their
 * variance is taken as that of one estimate, 1/(n − 1). Null below two results.
 */
export function deflatedSharpe(
  results: readonly number[],
  tried: number,
  trialSharpes: readonly number[] = [],
): { readonly sharpe: number; readonly luck: number; readonly probability: number } | null {
  const sharpe = sharpeOf(results);
  if (sharpe === null) return null;
  const count = results.length;
  const { skew, kurtosis } = momentsOf(results);
  const variance =
    trialSharpes.length >= 2 ? momentsOf(trialSharpes).deviation ** 2 : 1 / (count - 1);
  const luck =
    tried <= 1
      ? 0
      : Math.sqrt(variance) *
        ((1 - EULER_GAMMA) * normalQuantile(1 - 1 / tried) +
          EULER_GAMMA * normalQuantile(1 - 1 / (tried * Math.E)));
  const spread = Math.sqrt(Math.max(1e-12, 1 - skew * sharpe + ((kurtosis - 1) / 4) * sharpe ** 2));
  const probability = normalCdf(((sharpe - luck) * Math.sqrt(count - 1)) / spread);
  return { sharpe, luck, probability };
}

/** One stretch of a walk-forward split and what the trades in it came to. */
export type Fold = {
  readonly from: string;
  readonly to: string;
  readonly trades: number;
  readonly averageR: number | null;
};

/** Cuts trading days into `count` stretches of equal length in days, oldest first. */
export function foldsOf(
  days: readonly string[],
  count: number,
): readonly { readonly from: string; readonly to: string }[] {
  const folds: { from: string; to: string }[] = [];
  for (let n = 0; n < count; n += 1) {
    const part = days.slice(
      Math.floor((days.length * n) / count),
      Math.floor((days.length * (n + 1)) / count),
    );
    const from = part[0];
    const to = part.at(-1);
    if (from !== undefined && to !== undefined) folds.push({ from, to });
  }
  return folds;
}

/** Mean result of the trades of each stretch. */
export function walkForward(
  results: readonly DayResult[],
  folds: readonly { readonly from: string; readonly to: string }[],
): Fold[] {
  return folds.map(({ from, to }) => {
    const inside = results.filter(({ day }) => day >= from && day <= to);
    return {
      from,
      to,
      trades: inside.length,
      averageR: mean(inside.map(({ resultR }) => resultR)),
    };
  });
}

/** The verdict on an edge in words that a person cannot read as more than it is. */
export function edgeWords(trades: number, interval: Interval | null): string {
  if (trades < ENOUGH_TRADES || interval === null)
    return `N/A: ${trades} trades, ${Math.max(0, ENOUGH_TRADES - trades)} more are needed`;
  if (!interval.isZeroOutside) return 'not distinguishable from zero';
  return interval.low > 0 ? 'positive in this sample' : 'negative in this sample';
}
