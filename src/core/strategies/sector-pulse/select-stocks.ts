import type { Check } from '#core/gates/gate.ts';
import { checkOf } from '#core/gates/gate.ts';
import type { Reason, ReasonCode } from '#core/gates/reason.ts';
import { reason } from '#core/gates/reason.ts';
import { limitStateOf } from '#core/indicators/breadth.ts';
import { percentilesOf } from '#core/lib/rank.ts';
import { quantile } from '#core/lib/stats.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { DailyHistory, MarketSnapshot, StockTable } from '#core/market/whole-market.ts';
import { hasFlag } from '#core/market/whole-market.ts';
import type { StockParams, StrengthWeights } from './params.ts';
import type { StockColumns } from './stock-columns.ts';

/** Strength of every stock and what it is made of, one row a stock, NaN unknown. */
export type StrengthColumns = {
  readonly returnPercentile: Float64Array;
  readonly volumePercentile: Float64Array;
  /** Percentile inside the stock's own sector. */
  readonly liftPercentile: Float64Array;
  /** Weighted sum, after the penalty for the most traded. */
  readonly adjusted: Float64Array;
  /** 1 where the penalty applied. */
  readonly penalized: Uint8Array;
  /** Mean turnover above which the penalty applies, and above which a stock is out; yuan. */
  readonly penaltyAbove: number;
  readonly turnoverMax: number;
};

function insideSectors(table: StockTable, values: Float64Array): Float64Array {
  const shares = new Float64Array(values.length).fill(Number.NaN);
  const rows: number[][] = table.sectors.map(() => []);
  for (let row = 0; row < values.length; row += 1) rows[table.sectorOf[row]!]?.push(row);
  for (const members of rows) {
    const own = percentilesOf(Float64Array.from(members, (row) => values[row]!));
    for (const [k, row] of members.entries()) shares[row] = own[k]!;
  }
  return shares;
}

/** Price step of a share, yuan. */
const TICK = 0.01;

/** Adjusted strength of the whole market under the weights of a stance. */
export function strengthColumns(
  table: StockTable,
  columns: StockColumns,
  weights: StrengthWeights,
  params: StockParams,
): StrengthColumns {
  const returnPercentile = percentilesOf(columns.returns);
  const volumePercentile = percentilesOf(columns.volumeRatio);
  const liftPercentile = insideSectors(table, columns.lift);
  const known = columns.turnover.filter((value) => !Number.isNaN(value));
  const passing = known.filter((value) => value >= params.turnoverMin);
  const penaltyAbove = Math.max(
    params.penaltyTurnover,
    quantile(passing, params.penaltyQuantile) ?? 0,
  );
  const turnoverMax = quantile(known, params.turnoverMaxQuantile) ?? 0;
  const adjusted = new Float64Array(columns.turnover.length);
  const penalized = new Uint8Array(columns.turnover.length);
  for (let row = 0; row < adjusted.length; row += 1) {
    const strength =
      weights.returnWeight * returnPercentile[row]! +
      weights.volumeWeight * volumePercentile[row]! +
      weights.liftWeight * liftPercentile[row]!;
    penalized[row] = columns.turnover[row]! > penaltyAbove ? 1 : 0;
    adjusted[row] = penalized[row] === 1 ? strength * params.penaltyFactor : strength;
  }
  return {
    returnPercentile,
    volumePercentile,
    liftPercentile,
    adjusted,
    penalized,
    penaltyAbove,
    turnoverMax,
  };
}

/**
 * A stock of a top sector, as judged. Everything that speaks against it is listed, in order. The rows
 * are kept for the ranks that are taken; of the others, hundreds, the reasons say enough.
 */
export type StockCandidate = {
  readonly instrument: InstrumentId;
  readonly name: string;
  readonly sector: string;
  readonly sectorRank: number;
  /** Place inside the sector by adjusted strength, 1 the strongest. */
  readonly rank: number;
  readonly strength: number | null;
  readonly isPenalized: boolean;
  readonly returnPercentile: number | null;
  readonly volumePercentile: number | null;
  readonly liftPercentile: number | null;
  readonly meanTurnover: number | null;
  readonly checks: readonly Check[];
  readonly reasons: readonly Reason[];
};

/** Number of names left after each stage. */
export type FunnelStage = {
  readonly stage:
    | 'universe'
    | 'top_sectors'
    | 'rank_range'
    | 'strength'
    | 'turnover'
    | 'tradable'
    | 'quota'
    | 'buy_point'
    | 'ticket';
  readonly left: number;
};

/** Codes by the stage that judges them, in order; a stock leaves at the first stage that has one. */
const STAGES: readonly (readonly [FunnelStage['stage'], readonly ReasonCode[]])[] = [
  ['rank_range', ['rank_out_of_range']],
  ['strength', ['strength_below_min']],
  ['turnover', ['turnover_below_min', 'turnover_above_max']],
  [
    'tradable',
    [
      'st',
      'suspended',
      'limit_up',
      'new_listing',
      'intraday_missing',
      'ex_date_unknown',
      'before_closure',
    ],
  ],
  ['quota', ['sector_quota', 'checkpoint_quota']],
];

/** The candidates and how many were left at each stage. */
export type StockSelection = {
  /** Every member of the top sectors, by sector rank and then by rank. */
  readonly candidates: readonly StockCandidate[];
  readonly funnel: readonly FunnelStage[];
};

/** What stocks are selected from. */
export type StockInput = {
  readonly table: StockTable;
  readonly snapshot: MarketSnapshot;
  readonly history: DailyHistory;
  readonly columns: StockColumns;
  readonly strength: StrengthColumns;
  /** Strongest first. */
  readonly topSectors: readonly string[];
  /** The session is the last one before a long closure; null: the calendar does not tell. */
  readonly isBeforeClosure: boolean | null;
};

const known = (value: number): number | null => (Number.isNaN(value) ? null : value);

type Row = { readonly check: Check; readonly code: ReasonCode };

/** Makes rows of one origin. */
function rowMaker(origin: {
  readonly source: string;
  readonly asOf: number;
  readonly degraded: boolean;
}) {
  const { source, asOf, degraded } = origin;
  return (
    code: ReasonCode,
    name: string,
    value: Check['value'],
    operator: Check['operator'],
    threshold: Check['threshold'],
    unit = '',
  ): Row => ({
    code,
    check: checkOf({ name, value, operator, threshold, unit, source, asOf, degraded }),
  });
}

/** Rows from daily figures: rank, strength, turnover. */
function dailyRows(input: StockInput, row: number, rank: number, params: StockParams): Row[] {
  const { history, columns, strength } = input;
  const of = rowMaker({ ...history, asOf: history.fetchedAt });
  const turnover = known(columns.turnover[row]!);
  const adjusted = known(strength.adjusted[row]!);
  return [
    of('rank_out_of_range', 'rank_from', rank, '>=', params.rankFrom),
    of('rank_out_of_range', 'rank_through', rank, '<=', params.rankThrough),
    of('strength_below_min', 'strength', adjusted, '>=', params.strengthMin),
    of('turnover_below_min', 'turnover_10d', turnover, '>=', params.turnoverMin, 'cny'),
    of('turnover_above_max', 'turnover_10d_max', turnover, '<=', strength.turnoverMax, 'cny'),
  ];
}

/** Rows from the day's table and prices: what forbids the stock whatever its strength. */
function dayRows(input: StockInput, row: number, params: StockParams): Row[] {
  const { table, snapshot, columns } = input;
  const listed = rowMaker({ source: table.universe, asOf: snapshot.asOf, degraded: false });
  const now = rowMaker(snapshot);
  const limit = limitStateOf(snapshot, row);
  const isFree = hasFlag(table, row, 'noLimit') && snapshot.last[row]! > 0;
  const isAtUp = limit === 'at_up' || limit === 'sealed_up';
  const previous = snapshot.previousClose[row]!;
  const gap = known(Math.abs(columns.lastClose[row]! / previous - 1));
  const gapMost = Math.max(params.exDateTolerance, TICK / previous + 1e-9);
  const isExOpen = hasFlag(table, row, 'exDateOpen');
  const days = known(table.listedDays[row]!);
  return [
    listed('st', 'st', hasFlag(table, row, 'st'), '==', false),
    listed('suspended', 'suspended', hasFlag(table, row, 'suspended'), '==', false),
    now('intraday_missing', 'has_price', limit !== 'unknown' || isFree, '==', true),
    now('limit_up', 'at_limit_up', isAtUp, '==', false),
    listed('new_listing', 'listed_days', days, '>=', params.listedDaysMin, 'trading_days'),
    listed('ex_date_unknown', 'ex_date_open', isExOpen, '==', false),
    now('ex_date_unknown', 'previous_close_gap', gap, '<=', gapMost, 'fraction'),
    listed('before_closure', 'before_closure', input.isBeforeClosure, '==', false),
  ];
}

function reasonsOf(rows: readonly Row[]): Reason[] {
  const reasons: Reason[] = [];
  for (const { code, check } of rows) {
    if (check.passed || reasons.some((one) => one.code === code)) continue;
    const figures: Record<string, number | string> = {};
    if (typeof check.value === 'number') figures['value'] = check.value;
    else if (check.value === null) figures['value'] = 'unknown';
    if (typeof check.threshold === 'number') figures['threshold'] = check.threshold;
    reasons.push(reason(code, figures));
  }
  return reasons;
}

function membersByStrength(input: StockInput, sector: string): number[] {
  const { table, strength } = input;
  const index = table.sectors.indexOf(sector);
  const rows: number[] = [];
  for (let row = 0; row < table.sectorOf.length; row += 1) {
    if (table.sectorOf[row] === index) rows.push(row);
  }
  const strengthOf = (row: number) => known(strength.adjusted[row]!) ?? -1;
  return rows.sort(
    (a, b) =>
      strengthOf(b) - strengthOf(a) || (table.instruments[a]! < table.instruments[b]! ? -1 : 1),
  );
}

function candidateOf(
  input: StockInput,
  row: number,
  place: { readonly sector: string; readonly sectorRank: number; readonly rank: number },
  params: StockParams,
): StockCandidate {
  const { table, columns, strength } = input;
  const rows = [...dailyRows(input, row, place.rank, params), ...dayRows(input, row, params)];
  const isTaken = place.rank >= params.rankFrom && place.rank <= params.rankThrough;
  return {
    instrument: table.instruments[row]!,
    name: table.names[row]!,
    ...place,
    strength: known(strength.adjusted[row]!),
    isPenalized: strength.penalized[row] === 1,
    returnPercentile: known(strength.returnPercentile[row]!),
    volumePercentile: known(strength.volumePercentile[row]!),
    liftPercentile: known(strength.liftPercentile[row]!),
    meanTurnover: known(columns.turnover[row]!),
    checks: isTaken ? rows.map(({ check }) => check) : [],
    reasons: reasonsOf(rows),
  };
}

/** Adds quota reasons in order: by sector rank, then by rank. */
function withQuotas(candidates: readonly StockCandidate[], params: StockParams): StockCandidate[] {
  const taken = new Map<string, number>();
  let all = 0;
  return candidates.map((candidate) => {
    if (candidate.reasons.length > 0) return candidate;
    const ofSector = taken.get(candidate.sector) ?? 0;
    if (ofSector >= params.perSector) {
      const why = reason('sector_quota', { taken: ofSector, quota: params.perSector });
      return { ...candidate, reasons: [why] };
    }
    if (all >= params.perCheckpoint) {
      const why = reason('checkpoint_quota', { taken: all, quota: params.perCheckpoint });
      return { ...candidate, reasons: [why] };
    }
    taken.set(candidate.sector, ofSector + 1);
    all += 1;
    return candidate;
  });
}

/** Stage at which a candidate left, null when it is still in. */
export function stageOf(candidate: StockCandidate): FunnelStage['stage'] | null {
  for (const [stage, codes] of STAGES) {
    if (candidate.reasons.some((one) => codes.includes(one.code))) return stage;
  }
  return null;
}

function funnelOf(universe: number, candidates: readonly StockCandidate[]): FunnelStage[] {
  const funnel: FunnelStage[] = [
    { stage: 'universe', left: universe },
    { stage: 'top_sectors', left: candidates.length },
  ];
  let left = candidates.length;
  for (const [stage] of STAGES) {
    left -= candidates.filter((candidate) => stageOf(candidate) === stage).length;
    funnel.push({ stage, left });
  }
  return funnel;
}

/**
 * Judges every member of the top sectors and counts what is left at each stage. Candidates without
 * a reason are those whose buy point is watched.
 */
export function selectStocks(input: StockInput, params: StockParams): StockSelection {
  const judged = input.topSectors.flatMap((sector, index) =>
    membersByStrength(input, sector).map((row, place) =>
      candidateOf(input, row, { sector, sectorRank: index + 1, rank: place + 1 }, params),
    ),
  );
  const candidates = withQuotas(judged, params);
  return { candidates, funnel: funnelOf(input.table.instruments.length, candidates) };
}
