import type { KillSwitchParams } from '#core/gates/kill-switch.ts';
import type { SentimentParams } from '#core/gates/sentiment.ts';
import type { RatioFormula } from '#core/indicators/breadth.ts';
import type { RestartParams } from '#core/machines/restart.ts';
import type { Stance, StanceParams } from '#core/machines/stance.ts';

/** When the desk looks. Wall times `HH:MM` of the exchange. */
export type SectorPulseClock = {
  /** Checkpoints that may open positions. */
  readonly checkpoints: readonly string[];
  /** Checkpoint that only sells; null for none. */
  readonly sellOnly: string | null;
  /** A buy point is watched this long after its checkpoint. */
  readonly buyPointWatchMs: number;
  /** From this time on a position past its last day leaves. */
  readonly lastDayExit: string;
  /** A checkpoint that was not judged this long after its instant was missed … */
  readonly missedAfterMs: number;
  /** … and counts as a gate that failed (`closed`), or changes no stance (`open`). */
  readonly whenMissed: 'closed' | 'open';
};

/** How the figures are made. */
export type IndicatorParams = {
  readonly snapshotMaxAgeMs: number;
  readonly minCoverage: number;
  readonly ratioFormula: RatioFormula;
  readonly concentrationTop: number;
  readonly concentrationDays: number;
  readonly concentrationMinDays: number;
  readonly volatilityReturns: number;
  readonly volatilityValues: number;
  readonly indexAverageDays: number;
};

/** Closures of the exchange that change what is allowed. */
export type ClosureParams = {
  /** A closure of more than this many calendar days is a long one. */
  readonly longDays: number;
  /** Margin figures of this many sessions before a long closure count one level lower. */
  readonly marginSessions: number;
};

/** Weights of the sector score; they add up to 1. */
export type SectorParams = {
  readonly strengthWeight: number;
  readonly breadthWeight: number;
  readonly leadershipWeight: number;
  readonly fundShareWeight: number;
  readonly continuityWeight: number;
  readonly returnDays: number;
  readonly averageDays: number;
  readonly leadershipClip: number;
  readonly fundShareCap: number;
  readonly minMembers: number;
  readonly top: number;
};

/** Weights of a stock's strength in one stance; they add up to 1. */
export type StrengthWeights = {
  readonly returnWeight: number;
  readonly volumeWeight: number;
  readonly liftWeight: number;
};

/** How stocks are ranked and filtered. Money in yuan. */
export type StockParams = {
  readonly weights: Readonly<Record<Exclude<Stance, 'dormant'>, StrengthWeights>>;
  readonly returnDays: number;
  readonly volumeShortDays: number;
  readonly volumeLongDays: number;
  readonly volumeClipLow: number;
  readonly volumeClipHigh: number;
  readonly liftShortDays: number;
  readonly liftLongDays: number;
  readonly liftClipLow: number;
  readonly liftClipHigh: number;
  readonly rankFrom: number;
  readonly rankThrough: number;
  readonly strengthMin: number;
  readonly turnoverDays: number;
  readonly turnoverMin: number;
  /** Above the larger of this and `penaltyQuantile` of the stocks that pass the minimum … */
  readonly penaltyTurnover: number;
  readonly penaltyQuantile: number;
  /** … strength is multiplied by this. */
  readonly penaltyFactor: number;
  /** Above this quantile of the market a stock is out. */
  readonly turnoverMaxQuantile: number;
  readonly listedDaysMin: number;
  readonly perSector: number;
  readonly perCheckpoint: number;
  /** Known closes may differ from the official previous close by this much, or by one tick. */
  readonly exDateTolerance: number;
};

/** Conditions of the buy point. */
export type BuyPointParams = {
  readonly vwapDeviationMin: number;
  readonly vwapDeviationMax: number;
  readonly volumeRatioMin: number;
  readonly dayHighMin: number;
  /** Minutes the volume ratio is taken over. */
  readonly volumeMinutes: number;
  /** Earlier days it is compared with. */
  readonly volumeDays: number;
};

/** Size, price band and plan of an entry. Ratios are of total assets. */
export type EntryParams = {
  readonly firstRatio: number;
  readonly singleCapRatio: number;
  readonly totalCapRatio: number;
  readonly checkpointCapRatio: number;
  readonly dayCapRatio: number;
  readonly stopRatio: number;
  readonly firstTargetRatio: number;
  readonly firstTargetShare: number;
  readonly secondTargetRatio: number;
  readonly bandRatio: number;
  readonly lifeMs: number;
  /** The stop lies inside the noise when `stopRatio` is less than this × ATR / price. */
  readonly noiseAtr: number;
  readonly noiseAtrDays: number;
  readonly insideNoise: 'halve' | 'reject';
  readonly gapQuantile: number;
  readonly gapDays: number;
  /** Day result of the account, a negative fraction, at which entries stop. */
  readonly dayLossRatio: number;
};

/** Soft rules: recorded, never refusing. From the desk's own closed trades. */
export type SoftParams = {
  readonly minTrades: number;
  readonly rewardRiskMin: number;
  readonly winProbabilityMin: number;
  readonly expectedValueBpsMin: number;
};

/** How positions are left. */
export type ExitParams = {
  readonly priceMaxAgeMs: number;
  readonly watchStopRatio: number;
  readonly watchTargetRatio: number;
  readonly givebackFromRatio: number;
  readonly givebackShare: number;
  readonly sectorOutDays: number;
  readonly reviewDay: number;
  readonly lastDay: number;
  /** In watch and at level 1 positions above this share of total assets are to be reduced. */
  readonly reduceToRatio: number;
};

/** Every threshold of the desk. Ratios, shares and percentiles are fractions. */
export type SectorPulseParams = {
  /** Name of the threshold set, printed in every verdict. */
  readonly set: string;
  readonly clock: SectorPulseClock;
  readonly indicators: IndicatorParams;
  readonly gate: SentimentParams;
  readonly killSwitch: KillSwitchParams;
  readonly closure: ClosureParams;
  readonly stance: StanceParams;
  readonly restart: RestartParams;
  readonly sectors: SectorParams;
  readonly stocks: StockParams;
  readonly buyPoint: BuyPointParams;
  readonly entry: EntryParams;
  readonly soft: SoftParams;
  readonly exits: ExitParams;
};
