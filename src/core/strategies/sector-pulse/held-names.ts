import type { InstrumentId } from '#core/market/instrument.ts';
import type { MarketSnapshot, StockTable } from '#core/market/whole-market.ts';
import { hasFlag } from '#core/market/whole-market.ts';
import type { ExitContext, ExitDecision, HeldPosition, HeldPrice, Reduction } from './exits.ts';
import { judgeExit, reductionPlan } from './exits.ts';
import type { ExitParams } from './params.ts';
import type { SectorScore } from './select-sectors.ts';
import type { StrengthColumns } from './select-stocks.ts';

/** What a checkpoint found out of a held name. */
export type HeldStanding = {
  readonly instrument: InstrumentId;
  readonly sector: string | null;
  readonly sectorRank: number | null;
  readonly sectorOutDays: number | null;
  readonly strength: number | null;
};

/** Price of a held name from a snapshot; null when the snapshot does not have it. */
export function heldPriceOf(
  table: StockTable,
  snapshot: MarketSnapshot,
  instrument: InstrumentId,
): HeldPrice | null {
  const row = table.instruments.indexOf(instrument);
  if (row < 0) return null;
  return {
    last: snapshot.last[row]!,
    asOf: snapshot.asOf,
    isSuspended: hasFlag(table, row, 'suspended'),
  };
}

/**
 * Standing of the held names after sectors were scored. A sector that was not ranked, or a stock
 * without one, is unknown: it neither counts as out nor as in.
 */
export function heldStandings(
  positions: readonly HeldPosition[],
  market: {
    readonly table: StockTable;
    readonly scores: readonly SectorScore[];
    readonly strength: StrengthColumns | null;
    readonly top: number;
  },
): HeldStanding[] {
  const { table, scores, strength, top } = market;
  return positions.map((position) => {
    const row = table.instruments.indexOf(position.instrument);
    const sector = table.sectors[table.sectorOf[row] ?? -1] ?? position.sector;
    const sectorRank = scores.find((score) => score.sector === sector)?.rank ?? null;
    const adjusted = row < 0 ? undefined : strength?.adjusted[row];
    return {
      instrument: position.instrument,
      sector,
      sectorRank,
      sectorOutDays:
        sectorRank === null ? null : sectorRank <= top ? 0 : position.sectorOutBefore + 1,
      strength: adjusted === undefined || Number.isNaN(adjusted) ? null : adjusted,
    };
  });
}

/** Exits of all held names, and what is proposed to lower their share. */
export type HeldAnswer = {
  readonly exits: readonly ExitDecision[];
  /** Towards `reduceToRatio`, in watch and at level 1. */
  readonly reductions: readonly Reduction[];
  /** Everything sellable, when level 2 rests on margin alone and a person is asked. */
  readonly sellSheet: readonly Reduction[];
};

/** Judges every held name and plans the reductions the stance and the kill-switch call for. */
export function judgeHeld(
  positions: readonly HeldPosition[],
  prices: Readonly<Record<InstrumentId, HeldPrice>>,
  context: ExitContext & {
    readonly totalAssetsMinor: number | null;
    readonly proposesSellSheet: boolean;
  },
  params: ExitParams,
): HeldAnswer {
  const priceOf = (position: HeldPosition) => prices[position.instrument] ?? null;
  const exits = positions.map((position) =>
    judgeExit(position, priceOf(position), context, params),
  );
  const leaving = new Set(exits.filter(({ kind }) => kind !== null).map((one) => one.instrument));
  const { totalAssetsMinor, tradingDay, stance, killLevel } = context;
  const plan = (among: readonly HeldPosition[], ratio: number) =>
    reductionPlan(
      among.map((position) => ({
        position,
        last: priceOf(position)?.last ?? Number.NaN,
        canSell: priceOf(position)?.isSuspended === false,
      })),
      totalAssetsMinor,
      tradingDay,
      ratio,
    );
  const kept = positions.filter((position) => !leaving.has(position.instrument));
  const isReducing = stance === 'watch' || killLevel === 'l1';
  return {
    exits,
    reductions: isReducing ? plan(kept, params.reduceToRatio) : [],
    sellSheet: context.proposesSellSheet ? plan(positions, 0) : [],
  };
}
