import type { KillLevelParams } from '#core/gates/kill-switch.ts';
import type { SectorPulseParams } from '#core/strategies/sector-pulse/params.ts';
import { checkValue, mergeTrees, refuse, shown, suggestion } from './read-file.ts';
import type { SectorPulseDeskFile, SectorPulseThresholds } from './sector-pulse-schema.ts';
import { sectorPulseThresholds } from './sector-pulse-schema.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;

/** The thresholds of a set: `parameters` with what the set says otherwise, checked as a whole. */
function thresholdsOf(desk: SectorPulseDeskFile, set: string): SectorPulseThresholds {
  const file = `config/desks/${desk.id}.yaml`;
  const over = desk.sets[set];
  if (over === undefined) {
    return refuse(`${file}: set`, shown(set), suggestion(set, Object.keys(desk.sets)));
  }
  const merged = mergeTrees(desk.parameters, over);
  return checkValue(sectorPulseThresholds, merged, `${file}: sets.${set}`);
}

/** Weights that do not add up would quietly move every threshold on a score. */
function checkSums(desk: SectorPulseDeskFile, set: string, found: SectorPulseThresholds): void {
  const place = `config/desks/${desk.id}.yaml: sets.${set}`;
  const { sectors, stocks, clock, gate, stance } = found;
  const sector = [
    sectors.strengthWeight,
    sectors.breadthWeight,
    sectors.leadershipWeight,
    sectors.fundShareWeight,
    sectors.continuityWeight,
  ];
  const lists: [string, readonly number[]][] = [['sectors', sector]];
  for (const [name, weights] of Object.entries(stocks.weights)) {
    lists.push([`stocks.weights.${name}`, Object.values(weights)]);
  }
  for (const [name, weights] of lists) {
    const sum = weights.reduce((total, weight) => total + weight, 0);
    if (Math.abs(sum - 1) > 1e-9) refuse(`${place}: ${name}`, `${sum}`, 'weights that add up to 1');
  }
  const without = clock.checkpoints.find((time) => gate.limitUpMin[time] === undefined);
  if (without !== undefined) {
    refuse(`${place}: gate.limitUpMin`, `nothing for ${without}`, 'a count for each checkpoint');
  }
  const { attackBelowRatio, reentryBelowRatio, attackUntilRatio } = stance;
  if (!(attackBelowRatio <= reentryBelowRatio && reentryBelowRatio <= attackUntilRatio)) {
    const values = `${attackBelowRatio}, ${reentryBelowRatio}, ${attackUntilRatio}`;
    refuse(`${place}: stance`, values, 'attackBelow ≤ reentryBelow ≤ attackUntil');
  }
  if (stocks.rankFrom > stocks.rankThrough) {
    refuse(`${place}: stocks.rankFrom`, `${stocks.rankFrom}`, `at most ${stocks.rankThrough}`);
  }
}

function killLevelOf(level: SectorPulseThresholds['killSwitch']['l1']): KillLevelParams {
  return {
    marginYi: level.marginYi,
    marginShare: level.marginShareRatio,
    limitRatio: level.limitRatio,
    concentration: level.concentrationRatio,
    concentrationReturn: level.concentrationReturnRatio,
    volPercentile: level.volPercentileRatio,
    volReturn: level.volReturnRatio,
  };
}

function marketPartOf(
  found: SectorPulseThresholds,
): Pick<SectorPulseParams, 'clock' | 'indicators' | 'gate' | 'killSwitch'> {
  const { clock, indicators, gate, killSwitch } = found;
  return {
    clock: {
      checkpoints: clock.checkpoints,
      sellOnly: clock.sellOnly,
      buyPointWatchMs: clock.buyPointWatchMinutes * MINUTE_MS,
      lastDayExit: clock.lastDayExit,
      missedAfterMs: clock.missedAfterSeconds * SECOND_MS,
      whenMissed: clock.whenMissed,
    },
    indicators: {
      snapshotMaxAgeMs: indicators.snapshotMaxAgeSeconds * SECOND_MS,
      minCoverage: indicators.minCoverageRatio,
      ratioFormula: indicators.ratioFormula,
      concentrationTop: indicators.concentrationTop,
      concentrationDays: indicators.concentrationDays,
      concentrationMinDays: indicators.concentrationMinDays,
      volatilityReturns: indicators.volatilityReturns,
      volatilityValues: indicators.volatilityValues,
      indexAverageDays: indicators.indexAverageDays,
    },
    gate: {
      limitUpMin: gate.limitUpMin,
      limitRatioMin: gate.limitRatioMin,
      concentrationMeasure: gate.concentrationMeasure,
      concentrationMax: gate.concentrationMaxRatio,
      volPercentileMax: gate.volPercentileMaxRatio,
    },
    killSwitch: {
      l1: killLevelOf(killSwitch.l1),
      l2: killLevelOf(killSwitch.l2),
      concentrationMeasure: killSwitch.concentrationMeasure,
      limitDownMin: killSwitch.limitDownMin,
      limitDownMinShare: killSwitch.limitDownMinRatio,
      ignoredWhenUnknown: killSwitch.ignoredWhenUnknown,
      marginAlone: killSwitch.marginAlone,
      morningCauses: killSwitch.morningCauses,
      auctionCauses: killSwitch.auctionCauses,
      maxGapMs: killSwitch.consecutiveSeconds * SECOND_MS,
    },
  };
}

function selectionPartOf(
  found: SectorPulseThresholds,
): Pick<SectorPulseParams, 'sectors' | 'stocks' | 'buyPoint'> {
  const { sectors, stocks, buyPoint } = found;
  const { leadershipClipRatio, fundShareCapRatio, ...sectorRest } = sectors;
  const {
    strengthMinRatio,
    penaltyQuantileRatio,
    penaltyFactorRatio,
    turnoverMaxQuantileRatio,
    exDateToleranceRatio,
    ...stockRest
  } = stocks;
  return {
    sectors: {
      ...sectorRest,
      leadershipClip: leadershipClipRatio,
      fundShareCap: fundShareCapRatio,
    },
    stocks: {
      ...stockRest,
      strengthMin: strengthMinRatio,
      penaltyQuantile: penaltyQuantileRatio,
      penaltyFactor: penaltyFactorRatio,
      turnoverMaxQuantile: turnoverMaxQuantileRatio,
      exDateTolerance: exDateToleranceRatio,
    },
    buyPoint: {
      vwapDeviationMin: buyPoint.vwapDeviationMinRatio,
      vwapDeviationMax: buyPoint.vwapDeviationMaxRatio,
      volumeRatioMin: buyPoint.volumeRatioMin,
      dayHighMin: buyPoint.dayHighMinRatio,
      volumeMinutes: buyPoint.volumeMinutes,
      volumeDays: buyPoint.volumeDays,
    },
  };
}

function moneyPartOf(
  found: SectorPulseThresholds,
): Pick<SectorPulseParams, 'entry' | 'soft' | 'exits'> {
  const { entry, soft, exits } = found;
  const { lifeMinutes, firstTargetShareRatio, gapQuantileRatio, dayLossRatio, ...rest } = entry;
  return {
    entry: {
      ...rest,
      lifeMs: lifeMinutes * MINUTE_MS,
      firstTargetShare: firstTargetShareRatio,
      gapQuantile: gapQuantileRatio,
      dayLossRatio: -dayLossRatio,
    },
    soft: {
      minTrades: soft.minTrades,
      rewardRiskMin: soft.rewardRiskMin,
      winProbabilityMin: soft.winProbabilityMinRatio,
      expectedValueBpsMin: soft.expectedValueMinBps,
    },
    exits: {
      priceMaxAgeMs: exits.priceMaxAgeSeconds * SECOND_MS,
      watchStopRatio: exits.watchStopRatio,
      watchTargetRatio: exits.watchTargetRatio,
      givebackFromRatio: exits.givebackFromRatio,
      givebackShare: exits.givebackShareRatio,
      sectorOutDays: exits.sectorOutDays,
      reviewDay: exits.reviewDay,
      lastDay: exits.lastDay,
      reduceToRatio: exits.reduceToRatio,
    },
  };
}

/**
 * Parameters of the desk in the units of the core, from the set its file names or from `set`.
 * Throws ConfigError for an unknown set, and for thresholds that contradict each other.
 */
export function sectorPulseParamsOf(
  desk: SectorPulseDeskFile,
  set: string = desk.set,
): SectorPulseParams {
  const found = thresholdsOf(desk, set);
  checkSums(desk, set, found);
  return {
    set,
    ...marketPartOf(found),
    closure: found.closure,
    stance: {
      attackBelow: found.stance.attackBelowRatio,
      attackUntil: found.stance.attackUntilRatio,
      reentryBelow: found.stance.reentryBelowRatio,
    },
    restart: {
      passedDays: found.restart.passedDays,
      monthDrawdownMin: -found.restart.monthDrawdownRatio,
    },
    ...selectionPartOf(found),
    ...moneyPartOf(found),
  };
}
