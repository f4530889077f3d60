import type { Figure } from '#core/indicators/figure.ts';
import type { Check, CheckOperator } from './gate.ts';
import { allPassed, checkOf } from './gate.ts';

/** Which of the two concentration figures a threshold is meant for. */
export type ConcentrationMeasure = 'percentile' | 'level';

/** Thresholds of the sentiment gate. Ratios and percentiles are fractions. */
export type SentimentParams = {
  /** Least limit-up count by checkpoint (`HH:MM`); a checkpoint without one never passes. */
  readonly limitUpMin: Readonly<Record<string, number>>;
  readonly limitRatioMin: number;
  readonly concentrationMeasure: ConcentrationMeasure;
  readonly concentrationMax: number;
  readonly volPercentileMax: number;
};

/** The figures the gate and the kill-switch are judged from. */
export type MarketFigures = {
  readonly limitUp: Figure;
  readonly limitDown: Figure;
  readonly limitUniverse: Figure;
  readonly limitRatio: Figure;
  readonly concentration: Figure;
  readonly concentrationPercentile: Figure;
  readonly volatility: Figure;
  readonly volPercentile: Figure;
  readonly indexNow: Figure;
  readonly indexMa20: Figure;
  readonly indexAboveMa20: Figure<boolean>;
  readonly indexReturn: Figure;
  readonly marginNetRepay: Figure;
  readonly marginShare: Figure;
  readonly marginBalance: Figure;
};

/** A check of a figure: its value, unit, source and time; `name` may differ from the figure's. */
export function checkFigure(
  found: Figure<number> | Figure<boolean>,
  operator: CheckOperator,
  threshold: number | boolean | null,
  name: string = found.name,
): Check {
  const { value, unit, source, asOf, degraded } = found;
  return checkOf({ name, value, operator, threshold, unit, source, asOf, degraded });
}

/** The concentration figure a measure means. */
export function concentrationBy(figures: MarketFigures, measure: ConcentrationMeasure): Figure {
  return measure === 'percentile' ? figures.concentrationPercentile : figures.concentration;
}

/** Conditions of the gate at one checkpoint and whether all hold. */
export type SentimentGate = {
  readonly checkpoint: string;
  readonly passed: boolean;
  readonly checks: readonly Check[];
};

/**
 * The sentiment gate at `checkpoint`: enough limit-ups for that time of day, limit-ups against
 * limit-downs, turnover not too concentrated, volatility not too high, index not below its
 * average. All must hold; an unknown figure holds nothing. Margin data is background only.
 */
export function judgeSentiment(
  figures: MarketFigures,
  checkpoint: string,
  params: SentimentParams,
): SentimentGate {
  const checks = [
    checkFigure(figures.limitUp, '>=', params.limitUpMin[checkpoint] ?? null),
    checkFigure(figures.limitRatio, '>=', params.limitRatioMin),
    checkFigure(
      concentrationBy(figures, params.concentrationMeasure),
      '<=',
      params.concentrationMax,
    ),
    checkFigure(figures.volPercentile, '<=', params.volPercentileMax),
    checkFigure(figures.indexAboveMa20, '==', true),
  ];
  return { checkpoint, passed: allPassed(checks), checks };
}

/**
 * How far a check is from turning over: positive is room left (a passed check), negative how much
 * is missing, in the unit of the check. Null for conditions that are not compared by size.
 */
export type Distance = {
  readonly name: string;
  readonly passed: boolean;
  readonly value: number | null;
  readonly operator: CheckOperator;
  readonly threshold: number;
  readonly unit: string;
  readonly distance: number | null;
};

/** Distances of the checks that compare numbers, in their order. */
export function distancesOf(checks: readonly Check[]): Distance[] {
  const distances: Distance[] = [];
  for (const { name, passed, value, operator, threshold, unit } of checks) {
    if (typeof threshold !== 'number') continue;
    const isNumber = typeof value === 'number' && Number.isFinite(value);
    const isUpper = operator === '<' || operator === '<=';
    const isLower = operator === '>' || operator === '>=';
    if (!isUpper && !isLower) continue;
    const room = isNumber ? (isUpper ? threshold - value : value - threshold) : null;
    distances.push({
      name,
      passed,
      value: isNumber ? value : null,
      operator,
      threshold,
      unit,
      distance: room,
    });
  }
  return distances;
}
