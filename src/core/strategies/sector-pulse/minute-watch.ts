import type { StanceState } from '#core/machines/stance.ts';
import { decideStance, stancePermission } from '#core/machines/stance.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { priceAgeMs } from '#core/market/trading-time.ts';
import { assertSameStocks, hasFlag } from '#core/market/whole-market.ts';
import { strictest } from '#core/risk/permission.ts';
import type { DeskInputs } from './checkpoint.ts';
import type { BuyPoint, BuyPointLook } from './confirm-entry.ts';
import { judgeBuyPoint } from './confirm-entry.ts';
import type { LookFigures, LookTime, MarketInputs } from './figures.ts';
import type { HeldAnswer } from './held-names.ts';
import { judgeHeld } from './held-names.ts';
import type { KillRecord } from './look.ts';
import { judgeLook } from './look.ts';
import type { SectorPulseParams } from './params.ts';
import type { BookLook, EntryAnswer, EntryLook } from './propose-entry.ts';
import { proposeEntry } from './propose-entry.ts';
import { stockNoise } from './stock-noise.ts';

/** A candidate of a checkpoint whose buy point is still watched. */
export type WatchedName = {
  readonly instrument: InstrumentId;
  readonly untilAt: number;
  /** What is seen of it this minute; null: nothing, and then it is not executable. */
  readonly look: BuyPointLook | null;
  readonly quote: Quote | null;
};

/** One minute of the watch, whole. */
export type WatchRecord = {
  readonly tradingDay: TradingDay;
  readonly at: number;
  readonly figures: LookFigures;
  readonly kill: KillRecord;
  readonly stance: { readonly before: StanceState; readonly after: StanceState };
  readonly buyPoints: readonly BuyPoint[];
  /** Names that are watched and of which nothing was seen. */
  readonly unseen: readonly InstrumentId[];
  /** Names whose buy point held: a proposal, or why there is none. */
  readonly entries: readonly EntryAnswer[];
  readonly held: HeldAnswer;
};

/** The book after a proposal: later ones of the same minute see it as taken. */
function bookWith(book: BookLook, answer: EntryAnswer): BookLook {
  const { proposal, instrument } = answer;
  if (proposal === null) return book;
  const cost = proposal.costMinor;
  return {
    ...book,
    freeCashMinor: book.freeCashMinor === null ? null : book.freeCashMinor - cost,
    positionsMinor: book.positionsMinor === null ? null : book.positionsMinor + cost,
    heldMinor: { ...book.heldMinor, [instrument]: (book.heldMinor[instrument] ?? 0) + cost },
    ownNames: [...book.ownNames, instrument],
    newAtCheckpointMinor: book.newAtCheckpointMinor + cost,
    newTodayMinor: book.newTodayMinor + cost,
  };
}

function entryLookOf(
  name: WatchedName,
  inputs: MarketInputs,
  tradingDay: TradingDay,
  params: SectorPulseParams,
): EntryLook | null {
  const { table, snapshot, history } = inputs;
  const row = table.instruments.indexOf(name.instrument);
  if (row < 0 || snapshot === null || history === null || name.look === null) return null;
  return {
    instrument: name.instrument,
    tradingDay,
    quote: name.quote,
    last: name.look.last,
    previousClose: snapshot.previousClose[row]!,
    limitUp: hasFlag(table, row, 'noLimit') ? Number.POSITIVE_INFINITY : snapshot.limitUp[row]!,
    noise: stockNoise(history, row, tradingDay, params.entry),
    source: name.look.origin.source,
  };
}

function buyPointsOf(
  watched: readonly WatchedName[],
  when: LookTime,
  params: SectorPulseParams,
): { readonly points: BuyPoint[]; readonly unseen: InstrumentId[] } {
  const points: BuyPoint[] = [];
  const unseen: InstrumentId[] = [];
  for (const { instrument, untilAt, look } of watched) {
    if (when.at > untilAt) continue;
    const { breaks } = when.session;
    const ageMs = look === null ? Number.NaN : priceAgeMs(breaks, look.origin.asOf, when.at);
    if (look === null || !(ageMs >= 0 && ageMs <= params.indicators.snapshotMaxAgeMs)) {
      unseen.push(instrument);
    } else points.push(judgeBuyPoint(look, when.session, when.at, params.buyPoint));
  }
  return { points, unseen };
}

/**
 * One minute in session: the kill-switch, the held names, and the buy points of watched names.
 * Entries are proposed in the order of the names, each with the book the one before left, and only
 * in attack with an active permission and no level of the kill-switch, this look's own included.
 */
export function watchMinute(
  inputs: MarketInputs,
  when: LookTime,
  desk: DeskInputs & { readonly watched: readonly WatchedName[] },
  params: SectorPulseParams,
): WatchRecord {
  assertSameStocks(inputs.table, inputs.snapshot, inputs.history);
  const { tradingDay, zone, breaks } = when.session;
  const before = { level: desk.stance.killLevel, look: desk.lastLook };
  const { figures, kill } = judgeLook(inputs, when, 'watch', before, params);
  const command = { kind: 'kill_level_found', level: kill.level } as const;
  const after = decideStance(desk.stance, command, params.stance).state;
  const { points, unseen } = buyPointsOf(desk.watched, when, params);
  const permission = strictest(stancePermission(after), desk.book.permission);
  const killLevel = kill.level === 'none' ? kill.look.level : kill.level;
  let book: BookLook = { ...desk.book, permission, killLevel };
  const entries: EntryAnswer[] = [];
  for (const point of points.filter(({ passed }) => passed)) {
    const name = desk.watched.find(({ instrument }) => instrument === point.instrument)!;
    const look = entryLookOf(name, inputs, tradingDay, params);
    if (look === null) {
      unseen.push(point.instrument);
      continue;
    }
    const answer = proposeEntry(look, book, params.entry);
    entries.push(answer);
    book = bookWith(book, answer);
  }
  const context = {
    at: when.at,
    tradingDay,
    zone,
    breaks,
    calendar: when.calendar,
    stance: after.stance,
    killLevel: after.killLevel,
    lastDayExit: params.clock.lastDayExit,
    totalAssetsMinor: desk.book.totalAssetsMinor,
    proposesSellSheet: kill.finding.proposesSellSheet,
  };
  const held = judgeHeld(desk.positions, desk.prices, context, params.exits);
  return {
    tradingDay,
    at: when.at,
    figures,
    kill,
    stance: { before: desk.stance, after },
    buyPoints: points,
    unseen,
    entries,
    held,
  };
}
