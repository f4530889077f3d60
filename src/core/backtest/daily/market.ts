import { type BoardCn, boardOfCn, isFundBoard, priceTicksCn } from '#core/market/board-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { InstrumentDayCn, ShareStatusCn } from '#core/market/instrument-day.ts';
import { limitsOn, type PriceLimitsCn } from '#core/market/limits-cn.ts';
import type { DailyPanelCn } from '#core/market/panel-cn.ts';
import { roundToTick } from '#core/market/price.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { type ExTerms, exPrice } from '#core/portfolio/ex-date.ts';

/** What was known of a share from a day on; null: not known. */
export type StandingCn = {
  readonly instrument: InstrumentId;
  readonly from: TradingDay;
  readonly status: ShareStatusCn | null;
  readonly listedOn: TradingDay | null;
};

/** What a daily market is made of. */
export type DailyMarketFacts = {
  /** Daily bars as traded. A row without a bar on a day was suspended, not listed yet, or not any more. */
  readonly panel: DailyPanelCn;
  /** Shares that trade, by cell; null: nobody says. */
  readonly floatShares: Float64Array | null;
  /** 1 where the trading day before a day is the panel's day before, by place of the day. */
  readonly isWhole: Uint8Array;
  readonly actions: readonly (ExTerms & { readonly instrument: InstrumentId })[];
  readonly standings: readonly StandingCn[];
  /** Status of a share of which none is known. */
  readonly assumedStatus: ShareStatusCn | null;
};

/**
 * A market of daily bars as a backtest asks it. Everything is asked of one row (stock) and one place
 * of a day; the cell is `row * days + day`. Facts are put together where an order needs them, never
 * for every bar.
 */
export type DailyMarketCn = DailyMarketFacts & {
  readonly days: number;
  readonly stocks: number;
  readonly boards: readonly (BoardCn | null)[];
  /** Place of the newest day with a bar, up to a cell's own; −1: none yet. */
  readonly lastBar: Int32Array;
  /** Place of the first day with a bar, by row; the number of days: none. */
  readonly firstBar: Int32Array;
  /** Terms of ex-dates by cell, that of the first recorded day from the ex-date on. */
  readonly terms: ReadonlyMap<number, ExTerms>;
  /** Standings by row, oldest first. */
  readonly standingsOf: ReadonlyMap<number, readonly StandingCn[]>;
};

/** A listing of more days changes nothing. */
const LISTED_ENOUGH = 60;
/** From so many days on the rules of first days are over, whatever the day of the listing was. */
const FIRST_DAYS = 5;

function barsOf({ close, days, instruments }: DailyPanelCn) {
  const width = days.length;
  const lastBar = new Int32Array(close.length);
  const firstBar = new Int32Array(instruments.length).fill(width);
  for (let row = 0; row < instruments.length; row += 1) {
    let last = -1;
    for (let d = 0; d < width; d += 1) {
      const cell = row * width + d;
      if (close[cell]! > 0) {
        if (last < 0) firstBar[row] = d;
        last = d;
      }
      lastBar[cell] = last;
    }
  }
  return { lastBar, firstBar };
}

/** The market of these facts. Terms and standings of shares that are not in the panel are left out. */
export function dailyMarketOf(facts: DailyMarketFacts): DailyMarketCn {
  const { panel, actions, standings } = facts;
  const days = panel.days.length;
  const rowOf = new Map(panel.instruments.map((id, row) => [id, row]));
  const terms = new Map<number, ExTerms>();
  for (const action of actions) {
    const row = rowOf.get(action.instrument);
    const day = panel.days.findIndex((one) => one >= action.exDate);
    // what goes ex on or before the first recorded day is in its prices already
    if (row !== undefined && day > 0) terms.set(row * days + day, action);
  }
  const standingsOf = new Map<number, StandingCn[]>();
  for (const standing of standings.toSorted((a, b) => (a.from < b.from ? -1 : 1))) {
    const row = rowOf.get(standing.instrument);
    if (row === undefined) continue;
    const known = standingsOf.get(row);
    if (known === undefined) standingsOf.set(row, [standing]);
    else known.push(standing);
  }
  const boards = panel.instruments.map(boardOfCn);
  const stocks = panel.instruments.length;
  return { ...facts, days, stocks, boards, ...barsOf(panel), terms, standingsOf };
}

/** True when the row traded on the day. */
export function hasBar(market: DailyMarketCn, row: number, day: number): boolean {
  const cell = row * market.days + day;
  return market.panel.close[cell]! > 0 && market.panel.volume[cell]! > 0;
}

/** Newest close before `day`; null: none. */
export function closeBefore(market: DailyMarketCn, row: number, day: number): number | null {
  const last = day < 1 ? -1 : market.lastBar[row * market.days + day - 1]!;
  return last < 0 ? null : market.panel.close[row * market.days + last]!;
}

/** True when no trading day is missing between the row's newest bar before `day` and `day`. */
export function isUnbroken(market: DailyMarketCn, row: number, day: number): boolean {
  const last = day < 1 ? -1 : market.lastBar[row * market.days + day - 1]!;
  if (last < 0) return false;
  for (let d = last + 1; d <= day; d += 1) if (market.isWhole[d] !== 1) return false;
  return true;
}

/** Finest step of a board's prices. */
export const tickOfBoard = (board: BoardCn): number => (isFundBoard(board) ? 0.001 : 0.01);

/**
 * Official previous close of a day, known before its open: as the row states it, else the close before
 * with known terms taken off. Null where neither can be told.
 */
export function officialCloseBefore(
  market: DailyMarketCn,
  row: number,
  day: number,
): number | null {
  const cell = row * market.days + day;
  const stated = market.panel.previousClose[cell]!;
  const board = market.boards[row];
  if (board === null || board === undefined) return null;
  const before = closeBefore(market, row, day);
  // adjusted series come off the grid; an official close never does
  if (stated > 0) {
    if (priceTicksCn(stated, board) !== null) return stated;
    return roundToTick(stated, tickOfBoard(board), 'nearest');
  }
  if (before === null || !isUnbroken(market, row, day)) return null;
  const terms = termsSince(market, row, day);
  const price = terms.reduce((value, one) => exPrice(value, one), before);
  return roundToTick(price, tickOfBoard(board), 'nearest');
}

/** Terms that came into force after the row's newest bar before `day`, up to `day`. */
export function termsSince(market: DailyMarketCn, row: number, day: number): ExTerms[] {
  if (market.terms.size === 0) return [];
  const last = day < 1 ? -1 : market.lastBar[row * market.days + day - 1]!;
  const found: ExTerms[] = [];
  for (let d = last + 1; d <= day; d += 1) {
    const terms = market.terms.get(row * market.days + d);
    if (terms !== undefined) found.push(terms);
  }
  return found;
}

/** What was known of the row on the day: status and listing. */
export function standingOn(market: DailyMarketCn, row: number, day: number) {
  const tradingDay = market.panel.days[day]!;
  const known = market.standingsOf.get(row)?.findLast(({ from }) => from <= tradingDay);
  const status = known === undefined ? market.assumedStatus : known.status;
  const firstBar = market.firstBar[row]!;
  const sinceFirst = Math.min(LISTED_ENOUGH, day - firstBar + 1);
  // the first bar is no listing day that anybody vouches for, but a bound that is enough later
  const bound = sinceFirst > FIRST_DAYS ? market.panel.days[firstBar]! : null;
  const listedOn = known?.listedOn ?? bound;
  return { status, listedOn, listedForDays: listedOn === null ? null : sinceFirst };
}

/** Everything that is known of the row on the day before its open. */
export function factsOn(market: DailyMarketCn, row: number, day: number): InstrumentDayCn {
  return {
    instrument: market.panel.instruments[row]!,
    tradingDay: market.panel.days[day]!,
    previousClose: officialCloseBefore(market, row, day),
    ...standingOn(market, row, day),
    firstDayOf: 'none',
    vendorLimits: null,
    isSuspended: !hasBar(market, row, day),
    halts: [],
    isSameDaySale: false,
    closePrice: null,
  };
}

/** Price limits of the row on the day. */
export function limitsOnDay(market: DailyMarketCn, row: number, day: number): PriceLimitsCn {
  return limitsOn(factsOn(market, row, day));
}
