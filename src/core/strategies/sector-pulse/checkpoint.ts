import type { Check } from '#core/gates/gate.ts';
import type { KillLook } from '#core/gates/kill-switch.ts';
import type { Distance, SentimentGate } from '#core/gates/sentiment.ts';
import { judgeSentiment } from '#core/gates/sentiment.ts';
import type { RestartFacts, RestartProgress } from '#core/machines/restart.ts';
import { restartProgress } from '#core/machines/restart.ts';
import type { Stance, StanceState } from '#core/machines/stance.ts';
import { decideStance, stancePermission } from '#core/machines/stance.ts';
import { isBeforeClosure } from '#core/market/closure.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { IndexSeries, StockTable } from '#core/market/whole-market.ts';
import { assertSameStocks, daysBefore } from '#core/market/whole-market.ts';
import type { Permission } from '#core/risk/permission.ts';
import { strictest } from '#core/risk/permission.ts';
import type { HeldPosition, HeldPrice } from './exits.ts';
import type { LookFigures, LookTime, MarketInputs } from './figures.ts';
import type { HeldAnswer, HeldStanding } from './held-names.ts';
import { heldStandings, judgeHeld } from './held-names.ts';
import type { InputRecord } from './input-record.ts';
import { inputRecordOf } from './input-record.ts';
import type { KillRecord } from './look.ts';
import { judgeLook, lookDistances } from './look.ts';
import type { SectorPulseParams } from './params.ts';
import type { BookLook } from './propose-entry.ts';
import type { SectorScore } from './select-sectors.ts';
import { scoreSectors, topSectors } from './select-sectors.ts';
import type { FunnelStage, StockCandidate, StrengthColumns } from './select-stocks.ts';
import { selectStocks, strengthColumns } from './select-stocks.ts';
import { softChecks } from './soft-rules.ts';
import { historyFault, stockColumns } from './stock-columns.ts';
import type { CheckpointVerdict } from './verdict.ts';
import { verdictOf } from './verdict.ts';

/** What the desk knows of itself when it looks. */
export type DeskInputs = {
  readonly stance: StanceState;
  /** The look before this one, for two in a row; null at the start of a run. */
  readonly lastLook: KillLook | null;
  readonly book: BookLook;
  readonly positions: readonly HeldPosition[];
  readonly prices: Readonly<Record<InstrumentId, HeldPrice>>;
  /** Top sectors of the last checkpoint of the trading day before; null unknown. */
  readonly topBefore: readonly string[] | null;
  /** Net results of the desk's closed trades over cost, fractions. */
  readonly ownResults: readonly number[];
  /** While dormant: what the restart follows from, without this checkpoint; else null. */
  readonly restart: Omit<RestartFacts, 'checkpoints'> | null;
};

/** The funnel of one checkpoint. */
export type SelectionRecord = {
  /** Not in attack: nothing is bought, the candidates score the verdict. */
  readonly isShadow: boolean;
  /** Stance whose weights ranked the stocks. */
  readonly weightsOf: Exclude<Stance, 'dormant'>;
  readonly candidates: readonly StockCandidate[];
  readonly funnel: readonly FunnelStage[];
  readonly softChecks: readonly Check[];
};

/**
 * One checkpoint, whole: inputs, figures, thresholds, what was judged and decided. Plain data, to
 * be stored and shown as it is.
 */
export type CheckpointRecord = {
  readonly tradingDay: TradingDay;
  readonly checkpoint: string;
  readonly at: number;
  readonly kind: 'entry' | 'sell_only';
  readonly inputs: InputRecord;
  readonly account: {
    readonly totalAssetsMinor: number | null;
    readonly positionsMinor: number | null;
    readonly positionRatio: number | null;
    readonly dayReturn: number | null;
    readonly permission: Permission;
  };
  readonly figures: LookFigures;
  readonly kill: KillRecord;
  /** Null at a checkpoint that only sells. */
  readonly gate: SentimentGate | null;
  readonly distances: {
    readonly gate: readonly Distance[];
    readonly killSwitch: readonly Distance[];
  };
  readonly stance: { readonly before: StanceState; readonly after: StanceState };
  readonly restart: RestartProgress | null;
  /** Permission of stance, kill-switch and everything else the book knows. */
  readonly permission: Permission;
  readonly sectors: readonly SectorScore[];
  readonly topSectors: readonly string[];
  /** Null while dormant, at a checkpoint that only sells, or without the data it needs. */
  readonly selection: SelectionRecord | null;
  /** Names whose buy point is watched, and until when. */
  readonly watching: readonly InstrumentId[];
  readonly watchUntilAt: number;
  readonly standings: readonly HeldStanding[];
  readonly held: HeldAnswer;
  readonly verdict: CheckpointVerdict;
  readonly thresholds: SectorPulseParams;
};

/** Positions over total assets; null when one of them is not known. */
export function positionRatioOf(book: BookLook): number | null {
  const { positionsMinor, totalAssetsMinor } = book;
  if (positionsMinor === null || totalAssetsMinor === null || !(totalAssetsMinor > 0)) return null;
  return positionsMinor / totalAssetsMinor;
}

/** Return of the index over `days` closes that end with `previousDay`; null unknown. */
function indexReturnOver(index: IndexSeries | null, when: LookTime, days: number): number | null {
  if (index === null) return null;
  const end = daysBefore(index.days, when.session.tradingDay);
  const first = index.closes[end - 1 - days];
  const last = index.closes[end - 1];
  if (index.days[end - 1] !== when.previousDay || first === undefined || last === undefined) {
    return null;
  }
  return first > 0 && last > 0 ? last / first - 1 : null;
}

type Ranking = {
  readonly sectors: readonly SectorScore[];
  readonly top: readonly string[];
  readonly strength: StrengthColumns;
  readonly candidates: readonly StockCandidate[];
  readonly funnel: readonly FunnelStage[];
};

function hasUsablePrices(table: StockTable, figures: LookFigures): boolean {
  return table.instruments.length > 0 && figures.limitUp.value !== null;
}

/** Sectors and stocks, or null without a usable snapshot and history. */
function rank(
  inputs: MarketInputs,
  when: LookTime,
  figures: LookFigures,
  desk: DeskInputs,
  weightsOf: Exclude<Stance, 'dormant'>,
  params: SectorPulseParams,
): Ranking | null {
  const { table, snapshot, history } = inputs;
  const { tradingDay } = when.session;
  if (snapshot === null || history === null || !hasUsablePrices(table, figures)) return null;
  if (historyFault(history, when.previousDay, tradingDay) !== null) return null;
  const { averageDays, returnDays, top: topCount } = params.sectors;
  const columns = stockColumns(history, tradingDay, { ...params.stocks, averageDays });
  const indexReturn = indexReturnOver(inputs.composite, when, returnDays);
  const sectors = scoreSectors(
    { table, snapshot, columns, indexReturn, topBefore: desk.topBefore },
    params.sectors,
  );
  const top = topSectors(sectors, topCount);
  const strength = strengthColumns(table, columns, params.stocks.weights[weightsOf], params.stocks);
  const isLast = isBeforeClosure(when.calendar, tradingDay, 1, params.closure.longDays);
  const selection = selectStocks(
    { table, snapshot, history, columns, strength, topSectors: top, isBeforeClosure: isLast },
    params.stocks,
  );
  return { sectors, top, strength, ...selection };
}

/**
 * Decides one checkpoint in the order account, figures, kill-switch, gate, stance, then sectors and
 * stocks, held names, verdict. A checkpoint that is not among those that open positions only sells:
 * its gate is not judged and the stance stays. Nothing later than `when.at` is read.
 *
 * Source: sector-pulse, order inside a checkpoint.
 */
export function decideCheckpoint(
  inputs: MarketInputs,
  when: LookTime,
  desk: DeskInputs,
  params: SectorPulseParams,
): CheckpointRecord {
  assertSameStocks(inputs.table, inputs.snapshot, inputs.history);
  const isEntry = params.clock.checkpoints.includes(when.time);
  const before = { level: desk.stance.killLevel, look: desk.lastLook };
  const { figures, kill } = judgeLook(inputs, when, 'checkpoint', before, params);
  const gate = isEntry ? judgeSentiment(figures, when.time, params.gate) : null;
  const positionRatio = positionRatioOf(desk.book);
  const after = stanceAfter(desk.stance, kill, gate, positionRatio, params);
  const permission = strictest(stancePermission(after), desk.book.permission);
  const isRanked = after.stance !== 'dormant';
  const weightsOf = after.stance === 'dormant' ? 'watch' : after.stance;
  const ranking = isRanked ? rank(inputs, when, figures, desk, weightsOf, params) : null;
  const isLive = after.stance === 'attack' && permission === 'active' && isEntry;
  const watching =
    isLive && ranking !== null
      ? ranking.candidates.filter(({ reasons }) => reasons.length === 0)
      : [];
  const standings = heldStandings(desk.positions, {
    table: inputs.table,
    scores: ranking?.sectors ?? [],
    strength: ranking?.strength ?? null,
    top: params.sectors.top,
  });
  const record = {
    tradingDay: when.session.tradingDay,
    checkpoint: when.time,
    at: when.at,
    kind: isEntry ? ('entry' as const) : ('sell_only' as const),
    inputs: inputRecordOf(inputs),
    account: {
      totalAssetsMinor: desk.book.totalAssetsMinor,
      positionsMinor: desk.book.positionsMinor,
      positionRatio,
      dayReturn: desk.book.dayReturn,
      permission: desk.book.permission,
    },
    figures,
    kill,
    gate,
    distances: lookDistances(gate, kill.look),
    stance: { before: desk.stance, after },
    restart: after.stance === 'dormant' ? restartAt(desk, when, gate, params) : null,
    permission,
    sectors: ranking?.sectors ?? [],
    topSectors: ranking?.top ?? [],
    selection:
      ranking === null || !isEntry
        ? null
        : {
            isShadow: !isLive,
            weightsOf,
            candidates: ranking.candidates,
            funnel: ranking.funnel,
            softChecks: softChecks(desk.ownResults, when.at, params.soft),
          },
    watching: watching.map(({ instrument }) => instrument),
    watchUntilAt: when.at + params.clock.buyPointWatchMs,
    standings,
    held: heldAt(desk, when, after, kill, standings, params),
    thresholds: params,
  };
  return { ...record, verdict: verdictOf(record) };
}

/** Progress towards the restart with this checkpoint counted. */
function restartAt(
  desk: DeskInputs,
  when: LookTime,
  gate: SentimentGate | null,
  params: SectorPulseParams,
): RestartProgress | null {
  if (desk.restart === null) return null;
  const { checkpoints } = params.clock;
  const { tradingDay } = when.session;
  const now = gate === null ? [] : [{ tradingDay, checkpoint: when.time, passed: gate.passed }];
  const records = [...desk.restart.records, ...now];
  return restartProgress({ ...desk.restart, records, checkpoints }, params.restart);
}

function stanceAfter(
  before: StanceState,
  kill: KillRecord,
  gate: SentimentGate | null,
  positionRatio: number | null,
  params: SectorPulseParams,
): StanceState {
  const level = { kind: 'kill_level_found', level: kill.level } as const;
  const found = decideStance(before, level, params.stance).state;
  if (gate === null) return found;
  const judged = { kind: 'gate_judged', passed: gate.passed, positionRatio } as const;
  return decideStance(found, judged, params.stance).state;
}

/** Exits and reductions of the held names after the stance is known. */
function heldAt(
  desk: DeskInputs,
  when: LookTime,
  stance: StanceState,
  kill: KillRecord,
  standings: readonly HeldStanding[],
  params: SectorPulseParams,
): HeldAnswer {
  const positions = desk.positions.map((position, k) => ({
    ...position,
    sector: standings[k]!.sector,
    sectorOutDays: standings[k]!.sectorOutDays,
    strength: standings[k]!.strength,
  }));
  const { session, calendar, at } = when;
  const context = {
    at,
    tradingDay: session.tradingDay,
    zone: session.zone,
    breaks: session.breaks,
    calendar,
    stance: stance.stance,
    killLevel: stance.killLevel,
    lastDayExit: params.clock.lastDayExit,
    totalAssetsMinor: desk.book.totalAssetsMinor,
    proposesSellSheet: kill.finding.proposesSellSheet,
  };
  return judgeHeld(positions, desk.prices, context, params.exits);
}
