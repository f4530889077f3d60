import type { Stance, StanceState } from '#core/machines/stance.ts';
import { INITIAL_STANCE } from '#core/machines/stance.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { StockCandidate } from '#core/strategies/sector-pulse/select-stocks.ts';
import type { CheckpointVerdict } from '#core/strategies/sector-pulse/verdict.ts';
import type { GateNote } from './gate-history.ts';

/** What a sector-pulse desk carries of a held name beside the position itself. */
export type HeldMark = {
  /** Highest price seen since the entry, yuan. */
  readonly peakPrice: number;
  readonly sector: string | null;
  /** Days in a row through the day before on which its sector was not among the top. */
  readonly sectorOutBefore: number;
  /** The same through today's last checkpoint; null unknown. */
  readonly sectorOutDays: number | null;
  readonly strength: number | null;
};

/** A watched name as its checkpoint ranked it. */
export type RankedName = Pick<
  StockCandidate,
  'name' | 'sector' | 'sectorRank' | 'rank' | 'strength'
>;

/** One checkpoint of the day in short, for the day's verdict and the report. */
export type CheckpointNote = {
  readonly checkpoint: string;
  readonly at: number;
  readonly verdict: CheckpointVerdict;
};

/** What the events of a sector-pulse desk say beyond those of every desk. */
export type PulseState = {
  readonly stance: StanceState;
  /** Top sectors of the last checkpoint that ranked them, and of the last one of the day before. */
  readonly topSectors: readonly string[] | null;
  readonly topBefore: readonly string[] | null;
  /** Gates of the last days, oldest first. */
  readonly gates: readonly GateNote[];
  /** Day the desk went dormant; null while it is not. */
  readonly sleptOn: TradingDay | null;
  /** Trading days after `sleptOn`, oldest first; empty while it is not dormant. */
  readonly daysAsleep: readonly TradingDay[];
  readonly held: Readonly<Record<InstrumentId, HeldMark>>;
  /** Names whose buy point is watched; null: none. */
  readonly watching: {
    readonly instruments: readonly InstrumentId[];
    readonly untilAt: number;
    /** How each of them was ranked; absent in older snapshots. */
    readonly ranked?: Readonly<Record<InstrumentId, RankedName>>;
  } | null;
  /** Instant of the last checkpoint; what was opened since counts against its cap. */
  readonly checkpointAt: number | null;
  readonly checkpoints: readonly CheckpointNote[];
  /** Equity before the open of the day and of the month's first day, minor units; null unknown. */
  readonly dayStartMinor: number | null;
  /** Stances of the day, the first one as it was before the open; absent in older snapshots. */
  readonly path?: readonly { readonly at: number; readonly stance: Stance }[];
  /** Day whose sheet was told, and whose report was told for the last time. */
  readonly sheetOn?: TradingDay | null;
  readonly finalOn?: TradingDay | null;
  readonly month: { readonly name: string; readonly startMinor: number | null } | null;
};

/** A desk that has judged nothing yet: no entries. */
export const INITIAL_PULSE: PulseState = {
  stance: INITIAL_STANCE,
  topSectors: null,
  topBefore: null,
  gates: [],
  sleptOn: null,
  daysAsleep: [],
  held: {},
  watching: null,
  checkpointAt: null,
  checkpoints: [],
  dayStartMinor: null,
  month: null,
};
