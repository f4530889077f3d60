import { isCounted, limitStateOf } from '#core/indicators/breadth.ts';
import { unitRanks } from '#core/lib/rank.ts';
import type { MarketSnapshot, StockTable } from '#core/market/whole-market.ts';
import type { SectorParams } from './params.ts';
import type { StockColumns } from './stock-columns.ts';

/** One component of a sector's score: its figure and its place among the sectors, 0..1. */
export type SectorComponent = { readonly value: number | null; readonly rank: number | null };

/**
 * A sector as scored. `rank` 1 is the strongest; null when the sector was left out: too few
 * members, or a component that is not known.
 */
export type SectorScore = {
  readonly sector: string;
  readonly members: number;
  readonly rank: number | null;
  readonly score: number | null;
  /** Mean return of the members less that of the index. */
  readonly strength: SectorComponent;
  /** Share of members at or above their average. */
  readonly breadth: SectorComponent;
  /** (limit ups − limit downs) / members, clipped and mapped to 0..1. */
  readonly leadership: SectorComponent;
  /** Share of the market's turnover, capped and mapped to 0..1. */
  readonly fundShare: SectorComponent;
  /** 1 when it was among the top the day before. */
  readonly continuity: SectorComponent;
};

/** What sectors are scored from. */
export type SectorInput = {
  readonly table: StockTable;
  readonly snapshot: MarketSnapshot;
  readonly columns: StockColumns;
  /** Return of the index over the same days; null leaves strength unknown. */
  readonly indexReturn: number | null;
  /** The sectors that were top the trading day before; null unknown (nobody was). */
  readonly topBefore: readonly string[] | null;
};

type Sums = {
  members: number;
  returns: number;
  returnsKnown: number;
  above: number;
  ups: number;
  downs: number;
  turnover: number;
};

function sumsOf(input: SectorInput): { readonly sums: Sums[]; readonly turnover: number } {
  const { table, snapshot, columns } = input;
  const sums: Sums[] = table.sectors.map(() => ({
    members: 0,
    returns: 0,
    returnsKnown: 0,
    above: 0,
    ups: 0,
    downs: 0,
    turnover: 0,
  }));
  let market = 0;
  for (let row = 0; row < table.instruments.length; row += 1) {
    const raw = snapshot.turnover[row]!;
    const turnover = Number.isNaN(raw) ? 0 : Math.max(raw, 0);
    market += turnover;
    const sum = sums[table.sectorOf[row]!];
    if (sum === undefined) continue;
    sum.members += 1;
    sum.turnover += turnover;
    if (!Number.isNaN(columns.returns[row]!)) {
      sum.returns += columns.returns[row]!;
      sum.returnsKnown += 1;
    }
    // a stock whose price or average is not known is not above it
    if (snapshot.last[row]! >= columns.average[row]!) sum.above += 1;
    if (!isCounted(table, row)) continue;
    const state = limitStateOf(snapshot, row);
    if (state === 'at_up' || state === 'sealed_up') sum.ups += 1;
    if (state === 'at_down' || state === 'sealed_down') sum.downs += 1;
  }
  return { sums, turnover: market };
}

const PARTS = ['strength', 'breadth', 'leadership', 'fundShare', 'continuity'] as const;
type Part = (typeof PARTS)[number];

/** The five figures of one sector, NaN unknown. */
function figuresOf(
  sum: Sums,
  sector: string,
  market: number,
  input: SectorInput,
  params: SectorParams,
): Readonly<Record<Part, number>> {
  const clip = params.leadershipClip;
  const lead = Math.min(clip, Math.max(-clip, (sum.ups - sum.downs) / sum.members));
  return {
    strength: sum.returns / sum.returnsKnown - (input.indexReturn ?? Number.NaN),
    breadth: sum.above / sum.members,
    leadership: (lead + clip) / (2 * clip),
    fundShare: Math.min(params.fundShareCap, sum.turnover / market) / params.fundShareCap,
    continuity: input.topBefore?.includes(sector) === true ? 1 : 0,
  };
}

/**
 * All sectors with their scores, strongest first, the ones left out at the end by name. Score =
 * weighted sum of the components' places among the sectors with enough members; equal scores keep
 * the order of their names.
 *
 * Source: sector-pulse, sectors and stocks.
 */
export function scoreSectors(input: SectorInput, params: SectorParams): SectorScore[] {
  const { sectors } = input.table;
  const { sums, turnover } = sumsOf(input);
  const values = {} as Record<Part, Float64Array>;
  for (const part of PARTS) values[part] = new Float64Array(sectors.length).fill(Number.NaN);
  for (const [index, sector] of sectors.entries()) {
    const sum = sums[index]!;
    if (sum.members < params.minMembers) continue;
    const found = figuresOf(sum, sector, turnover, input, params);
    for (const part of PARTS) values[part][index] = found[part];
  }
  const weights: Record<Part, number> = {
    strength: params.strengthWeight,
    breadth: params.breadthWeight,
    leadership: params.leadershipWeight,
    fundShare: params.fundShareWeight,
    continuity: params.continuityWeight,
  };
  const ranks = {} as Record<Part, Float64Array>;
  for (const part of PARTS) ranks[part] = unitRanks(values[part]);
  const scored = sectors.map((sector, index) => {
    let score = 0;
    for (const part of PARTS) score += weights[part] * ranks[part][index]!;
    return { sector, index, score: Number.isNaN(score) ? null : score };
  });
  scored.sort((a, b) => (b.score ?? -1) - (a.score ?? -1) || (a.sector < b.sector ? -1 : 1));
  const known = (value: number) => (Number.isNaN(value) ? null : value);
  return scored.map(({ sector, index, score }, place) => {
    const component = (part: Part): SectorComponent => ({
      value: known(values[part][index]!),
      rank: known(ranks[part][index]!),
    });
    return {
      sector,
      members: sums[index]!.members,
      rank: score === null ? null : place + 1,
      score,
      strength: component('strength'),
      breadth: component('breadth'),
      leadership: component('leadership'),
      fundShare: component('fundShare'),
      continuity: component('continuity'),
    };
  });
}

/** Names of the ranked sectors at the top, strongest first. */
export function topSectors(scores: readonly SectorScore[], count: number): string[] {
  return scores.filter(({ rank }) => rank !== null && rank <= count).map(({ sector }) => sector);
}
