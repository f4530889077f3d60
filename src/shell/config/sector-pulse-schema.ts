import { z } from 'zod';
import {
  bps,
  count,
  factor,
  fraction,
  listOf,
  minutes,
  money,
  name,
  oneOf,
  seconds,
  section,
  wallTime,
} from './fields.ts';

/*
 * Shape of a desk of the strategy sector-pulse. Everything its decisions depend on is a key here;
 * what each number means stands in config/desks/cn-sector-pulse.yaml.
 */

/** A return or deviation, which may be negative. */
function signed(max: number): z.ZodNumber {
  return fraction(max, -max);
}

const yuan = money(1_000_000_000_000);
const cause = oneOf(['margin', 'limit_ratio', 'concentration', 'volatility']);
const causes = listOf(cause, 'a list of kill-switch causes', 0);
const measure = oneOf(['percentile', 'level']);

const killLevel = section({
  marginYi: factor(100_000),
  marginShareRatio: fraction(1),
  limitRatio: factor(100),
  concentrationRatio: fraction(1),
  concentrationReturnRatio: signed(1),
  volPercentileRatio: fraction(1),
  volReturnRatio: signed(1).nullable(),
});

const weights = section({
  returnWeight: fraction(1),
  volumeWeight: fraction(1),
  liftWeight: fraction(1),
});

const clock = section({
  checkpoints: listOf(wallTime(), 'a list of wall times'),
  sellOnly: wallTime().nullable(),
  buyPointWatchMinutes: minutes(120, 1),
  lastDayExit: wallTime(),
  missedAfterSeconds: seconds(600),
  whenMissed: oneOf(['closed', 'open']),
});

const indicators = section({
  snapshotMaxAgeSeconds: seconds(3600),
  minCoverageRatio: fraction(1, 0.5),
  ratioFormula: oneOf(['smoothed', 'plain']),
  concentrationTop: count(500),
  concentrationDays: count(1000, 20),
  concentrationMinDays: count(1000),
  volatilityReturns: count(250, 5),
  volatilityValues: count(1000, 20),
  indexAverageDays: count(250, 2),
});

const gate = section({
  limitUpMin: z.record(wallTime(), count(5000), { error: 'a count for each checkpoint' }),
  limitRatioMin: factor(100),
  concentrationMeasure: measure,
  concentrationMaxRatio: fraction(1),
  volPercentileMaxRatio: fraction(1),
});

const killSwitch = section({
  l1: killLevel,
  l2: killLevel,
  concentrationMeasure: measure,
  limitDownMin: count(5000),
  limitDownMinRatio: fraction(1),
  ignoredWhenUnknown: causes,
  marginAlone: oneOf(['confirm', 'liquidate']),
  morningCauses: causes,
  auctionCauses: causes,
  consecutiveSeconds: seconds(7200),
});

const sectors = section({
  strengthWeight: fraction(1),
  breadthWeight: fraction(1),
  leadershipWeight: fraction(1),
  fundShareWeight: fraction(1),
  continuityWeight: fraction(1),
  returnDays: count(250, 2),
  averageDays: count(250, 2),
  leadershipClipRatio: fraction(1, 0.001),
  fundShareCapRatio: fraction(1, 0.001),
  minMembers: count(1000),
  top: count(50),
});

const stocks = section({
  weights: section({ attack: weights, hold: weights, watch: weights }),
  returnDays: count(250, 2),
  volumeShortDays: count(60),
  volumeLongDays: count(250, 2),
  volumeClipLow: factor(10),
  volumeClipHigh: factor(100),
  liftShortDays: count(60),
  liftLongDays: count(250, 2),
  liftClipLow: factor(10),
  liftClipHigh: factor(100),
  rankFrom: count(100),
  rankThrough: count(100),
  strengthMinRatio: fraction(1),
  turnoverDays: count(60),
  turnoverMin: yuan,
  penaltyTurnover: yuan,
  penaltyQuantileRatio: fraction(1),
  penaltyFactorRatio: fraction(1),
  turnoverMaxQuantileRatio: fraction(1),
  listedDaysMin: count(1000),
  perSector: count(50),
  perCheckpoint: count(50),
  exDateToleranceRatio: fraction(0.1),
});

const buyPoint = section({
  vwapDeviationMinRatio: signed(0.5),
  vwapDeviationMaxRatio: signed(0.5),
  volumeRatioMin: factor(100),
  dayHighMinRatio: fraction(1),
  volumeMinutes: count(60),
  volumeDays: count(60),
});

const entry = section({
  firstRatio: fraction(1, 0.001),
  singleCapRatio: fraction(1, 0.001),
  totalCapRatio: fraction(1, 0.001),
  checkpointCapRatio: fraction(1, 0.001),
  dayCapRatio: fraction(1, 0.001),
  stopRatio: fraction(0.5, 0.001),
  firstTargetRatio: fraction(5, 0.001),
  firstTargetShareRatio: fraction(1),
  secondTargetRatio: fraction(5, 0.001),
  bandRatio: fraction(0.1),
  lifeMinutes: minutes(60, 1),
  noiseAtr: factor(10),
  noiseAtrDays: count(250, 2),
  insideNoise: oneOf(['halve', 'reject']),
  gapQuantileRatio: fraction(1, 0.5),
  gapDays: count(1000, 20),
  dayLossRatio: fraction(0.5, 0.001),
});

const exits = section({
  priceMaxAgeSeconds: seconds(600),
  watchStopRatio: fraction(0.5, 0.001),
  watchTargetRatio: fraction(5, 0.001),
  givebackFromRatio: fraction(5),
  givebackShareRatio: fraction(1),
  sectorOutDays: count(3),
  reviewDay: count(60),
  lastDay: count(60),
  reduceToRatio: fraction(1),
});

/** Every threshold of the strategy, whole. */
export const sectorPulseThresholds = section({
  clock,
  indicators,
  gate,
  killSwitch,
  closure: section({ longDays: count(60), marginSessions: count(10, 0) }),
  stance: section({
    attackBelowRatio: fraction(1),
    attackUntilRatio: fraction(1),
    reentryBelowRatio: fraction(1),
  }),
  restart: section({ passedDays: count(60), monthDrawdownRatio: fraction(1) }),
  sectors,
  stocks,
  buyPoint,
  entry,
  soft: section({
    minTrades: count(100_000),
    rewardRiskMin: factor(100),
    winProbabilityMinRatio: fraction(1),
    expectedValueMinBps: bps(10_000),
  }),
  exits,
});

/** config/desks/*.yaml of the strategy sector-pulse */
export const sectorPulseDeskFile = section({
  id: name('a desk id'),
  strategy: z.literal('sector-pulse'),
  account: name('an account id'),
  market: oneOf(['CN']),
  mode: oneOf(['alert', 'semi', 'auto']),
  capital: money(1_000_000_000, 100),
  set: name('a threshold set'),
  ticket: section({
    maxSpreadBps: bps(500),
    quoteMaxAgeSeconds: seconds(60),
    bareConfirmSeconds: seconds(60),
  }),
  cost: section({
    commissionRatio: fraction(0.003),
    commissionMinimum: money(1000),
    slippageBps: bps(100),
  }),
  watch: section({
    heartbeatMaxAgeSeconds: seconds(120),
    quoteStaleSeconds: seconds(3600),
    orderConfirmSeconds: seconds(120),
    operatorSilentMinutes: minutes(120),
    alarmRepeatMinutes: listOf(minutes(240, 0.5), 'a list of minutes'),
  }),
  parameters: sectorPulseThresholds,
  /** What each set says otherwise than `parameters`; judged after it was merged into them. */
  sets: z.record(
    name('a threshold set'),
    z.record(z.string(), z.unknown(), { error: 'a section of keys with values' }),
    { error: 'sections by the name of a set' },
  ),
});

export type SectorPulseDeskFile = z.infer<typeof sectorPulseDeskFile>;
export type SectorPulseThresholds = z.infer<typeof sectorPulseThresholds>;
