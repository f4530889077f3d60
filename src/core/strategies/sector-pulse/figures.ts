import type { MarketFigures } from '#core/gates/sentiment.ts';
import type { ConcentrationHistory, MarginData } from '#core/indicators/alt-flow.ts';
import { concentrationFigures, marginFigures } from '#core/indicators/alt-flow.ts';
import { breadthFigures } from '#core/indicators/breadth.ts';
import type { Figure } from '#core/indicators/figure.ts';
import { indexFigures } from '#core/indicators/index-trend.ts';
import { volatilityFigures } from '#core/indicators/volatility.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import type { Session } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type {
  DailyHistory,
  IndexSeries,
  MarketSnapshot,
  StockTable,
} from '#core/market/whole-market.ts';
import type { FetchNote } from '#core/quality/note.ts';
import type { SectorPulseParams } from './params.ts';

/** Everything that was gathered of the market for one look; null is missing. */
export type MarketInputs = {
  readonly table: StockTable;
  readonly snapshot: MarketSnapshot | null;
  readonly history: DailyHistory | null;
  /** SSE Composite: average, return of the day, reference of the sectors. */
  readonly composite: IndexSeries | null;
  /** CSI 300: volatility. */
  readonly csi300: IndexSeries | null;
  readonly margin: MarginData | null;
  readonly concentrations: readonly ConcentrationHistory[];
  /** What the sources could not give, or gave in part. */
  readonly notes?: readonly FetchNote[];
};

/** The moment a look is made for. `time` is exchange wall time `HH:MM`. */
export type LookTime = {
  readonly at: number;
  readonly time: string;
  readonly session: Session;
  /** The trading day before this one. */
  readonly previousDay: TradingDay;
  readonly calendar: CalendarTable;
};

/** The figures gate and kill-switch are judged from, and those shown beside them. */
export type LookFigures = MarketFigures & {
  readonly limitUpSealed: Figure;
  readonly limitDownSealed: Figure;
  readonly limitUpTouched: Figure;
  readonly limitDownTouched: Figure;
};

/**
 * All Alt-Flow figures of one look. Daily figures use closes up to the day before; nothing that is
 * later than `when.at` is read, and what is too old or missing is null with its reason.
 */
export function lookFigures(
  inputs: MarketInputs,
  when: LookTime,
  params: SectorPulseParams,
): LookFigures {
  const { table, snapshot } = inputs;
  const { at, previousDay, session } = when;
  const { tradingDay, breaks } = session;
  const p = params.indicators;
  const fresh = { maxAgeMs: p.snapshotMaxAgeMs, breaks, minCoverage: p.minCoverage };
  const breadth = breadthFigures(table, snapshot, at, { ...fresh, ratioFormula: p.ratioFormula });
  const concentration = concentrationFigures(table, snapshot, inputs.concentrations, when, {
    ...fresh,
    top: p.concentrationTop,
    days: p.concentrationDays,
    minDays: p.concentrationMinDays,
  });
  const volatility = volatilityFigures(inputs.csi300, previousDay, tradingDay, at, {
    returns: p.volatilityReturns,
    values: p.volatilityValues,
  });
  const index = indexFigures(inputs.composite, previousDay, tradingDay, at, {
    maxAgeMs: p.snapshotMaxAgeMs,
    breaks,
    averageDays: p.indexAverageDays,
  });
  const margin = marginFigures(inputs.margin, previousDay, at);
  return {
    limitUp: breadth.limitUp,
    limitDown: breadth.limitDown,
    limitUniverse: breadth.universe,
    limitRatio: breadth.ratio,
    limitUpSealed: breadth.limitUpSealed,
    limitDownSealed: breadth.limitDownSealed,
    limitUpTouched: breadth.limitUpTouched,
    limitDownTouched: breadth.limitDownTouched,
    concentration: concentration.level,
    concentrationPercentile: concentration.percentile,
    volatility: volatility.volatility,
    volPercentile: volatility.percentile,
    indexNow: index.now,
    indexMa20: index.ma20,
    indexAboveMa20: index.aboveMa20,
    indexReturn: index.return,
    marginNetRepay: margin.netRepaid,
    marginShare: margin.share,
    marginBalance: margin.balance,
  };
}
