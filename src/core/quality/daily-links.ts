import { boardOfCn } from '#core/market/board-cn.ts';
import type { DailyTableCn } from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { TradingDay } from '#core/market/trading-day.ts';

/*
 * A row says twice what it is: by its own close, and by the previous close that its change implies.
 * The implied previous close of a day must be the close of the day before, but for ex-dates. Where
 * it is not, either the earlier close or the later row is wrong, or there was an ex-date.
 */

/** What the links are compared with. */
export type LinkContext = {
  /** Trading day before `day`; null when the calendar does not know. */
  readonly dayBefore: (day: TradingDay) => TradingDay | null;
  /** Close of the trading day before the table's first day, by instrument. */
  readonly closesBefore: ReadonlyMap<InstrumentId, number>;
  /** True when an ex-date of the instrument on that day is on file. */
  readonly isExDate: (instrument: InstrumentId, day: TradingDay) => boolean;
};

/** A row that another row proves wrong. */
export type LinkFault = {
  readonly row: number;
  /** The row that proves it. */
  readonly byRow: number;
  readonly code: 'other_stocks_rows' | 'close_disagrees';
  /** Distance between the two prices, relative. */
  readonly off: number;
  readonly found: string;
  readonly expected: string;
};

export type LinkFindings = {
  readonly faults: readonly LinkFault[];
  /** Rows whose previous close could be compared, by place of the day. */
  readonly compared: Int32Array;
  /** Falls that look like an ex-date and are taken for one. */
  readonly exDates: readonly { readonly instrument: InstrumentId; readonly day: TradingDay }[];
  /** Closes on file from before the table that its first rows contradict. */
  readonly earlierFaults: readonly {
    readonly instrument: InstrumentId;
    readonly day: TradingDay;
    readonly close: number;
    readonly implied: number;
  }[];
};

/** An implied previous close is exact to the price step, or to a hundredth of a percent. */
const STEP = 0.0101;
const SHARE = 0.0001;
/** Foreign rows stand alone for at most this many days. */
const LONGEST_SEGMENT = 5;
/** A smaller jump is no other stock. */
const LEAST_JUMP = 0.03;
/** No ex-date takes more than this share of a price. */
const LARGEST_EX_FALL = 0.8;
/** From this many rises, and this share of all breaks of a day, falls are no ex-dates either. */
const MIXED_COUNT = 3;
const MIXED_SHARE = 0.2;

/** Rows of one instrument by place of the day, and where its links break. */
type Break = {
  /** Row whose implied previous close is not the close before. */
  readonly row: number;
  /** Row of the close before; −1: it is on file, not in the table. */
  readonly beforeRow: number;
  readonly close: number;
  readonly implied: number;
};

function isSame(close: number, implied: number): boolean {
  return Math.abs(implied - close) <= STEP + SHARE * Math.abs(close);
}

/** Rows of each instrument, oldest first, one after the other; `starts` has one more entry. */
function rowsByInstrument(table: DailyTableCn): { rows: Int32Array; starts: Int32Array } {
  const starts = new Int32Array(table.instruments.length + 1);
  for (let row = 0; row < table.length; row += 1) {
    const at = table.instrumentOf[row]! + 1;
    starts[at] = starts[at]! + 1;
  }
  for (let i = 0; i < table.instruments.length; i += 1) starts[i + 1] = starts[i + 1]! + starts[i]!;
  const next = starts.slice();
  const rows = new Int32Array(table.length);
  for (let row = 0; row < table.length; row += 1) {
    const instrument = table.instrumentOf[row]!;
    rows[next[instrument]!] = row;
    next[instrument] = next[instrument]! + 1;
  }
  return { rows, starts };
}

/** For each place of a day the place of the trading day before it in the table, −1 for none. */
function placesBefore(table: DailyTableCn, context: LinkContext): Int32Array {
  const placeOf = new Map(table.days.map((day, place) => [day, place]));
  return Int32Array.from(table.days, (day) => {
    const before = context.dayBefore(day);
    return before === null ? -1 : (placeOf.get(before) ?? -1);
  });
}

/** How far a price can go in `days` days of limits, as a factor. */
function reachOf(instrument: InstrumentId, days: number): number {
  const board = boardOfCn(instrument);
  const limit = board === 'bse' ? 0.31 : board === 'star' || board === 'chinext' ? 0.21 : 0.11;
  return (1 + limit) ** days;
}

/** Whether the price before the first break goes on after the second: what lies between is foreign. */
function enclosesForeign(
  table: DailyTableCn,
  instrument: InstrumentId,
  first: Break,
  second: Break,
): boolean {
  const days = table.dayOf[second.row]! - table.dayOf[first.row]!;
  if (days < 1 || days > LONGEST_SEGMENT) return false;
  const jumpIn = first.implied / first.close - 1;
  const jumpOut = second.implied / second.close - 1;
  const isBack = jumpIn * jumpOut < 0;
  const isLarge = Math.abs(jumpIn) >= LEAST_JUMP && Math.abs(jumpOut) >= LEAST_JUMP;
  if (!isBack || !isLarge) return false;
  const moved = second.implied / first.close;
  const reach = reachOf(instrument, days);
  return moved <= reach && moved >= 1 / reach;
}

function price(value: number): string {
  return String(Number(value.toFixed(4)));
}

type Found = {
  readonly faults: LinkFault[];
  /** Breaks that no pair explains, by place of the day of their row. */
  readonly open: { readonly instrument: InstrumentId; readonly found: Break }[];
};

/** Pairs the breaks of one instrument; rows between two that belong together are another's. */
function settleBreaks(
  table: DailyTableCn,
  instrument: InstrumentId,
  rows: Int32Array,
  breaks: readonly Break[],
  into: Found,
): void {
  for (let i = 0; i < breaks.length; i += 1) {
    const first = breaks[i]!;
    const second = breaks[i + 1];
    if (second === undefined || !enclosesForeign(table, instrument, first, second)) {
      into.open.push({ instrument, found: first });
      continue;
    }
    for (const row of rows) {
      if (row < first.row || row >= second.row) continue;
      into.faults.push({
        row,
        byRow: second.row,
        code: 'other_stocks_rows',
        off: Math.abs(table.close[row]! / first.close - 1),
        found: `close ${price(table.close[row]!)} between ${price(first.close)} and ${price(second.implied)}`,
        expected: `a price near ${price(first.close)}`,
      });
    }
    i += 1;
  }
}

/** Places of days on which rises among the breaks show that the falls are no ex-dates. */
function mixedDays(table: DailyTableCn, open: Found['open']): Set<number> {
  const rises = new Map<number, number>();
  const all = new Map<number, number>();
  for (const { found } of open) {
    const day = table.dayOf[found.row]!;
    all.set(day, (all.get(day) ?? 0) + 1);
    if (found.implied > found.close) rises.set(day, (rises.get(day) ?? 0) + 1);
  }
  const isMixed = ([day, count]: [number, number]) =>
    count >= MIXED_COUNT && count >= (all.get(day) ?? 0) * MIXED_SHARE;
  return new Set([...rises].filter(isMixed).map(([day]) => day));
}

function breaksOf(
  table: DailyTableCn,
  context: LinkContext,
  before: Int32Array,
  instrument: InstrumentId,
  rows: Int32Array,
  compared: Int32Array,
): Break[] {
  const breaks: Break[] = [];
  for (const [i, row] of rows.entries()) {
    const implied = table.previousClose[row]!;
    const place = table.dayOf[row]!;
    if (!(implied > 0)) continue;
    const beforeRow = i > 0 && table.dayOf[rows[i - 1]!] === before[place] ? rows[i - 1]! : -1;
    const isFirstDay = before[place] === -1 && place === 0;
    const close =
      beforeRow >= 0
        ? table.close[beforeRow]!
        : isFirstDay
          ? (context.closesBefore.get(instrument) ?? Number.NaN)
          : Number.NaN;
    if (!(close > 0)) continue;
    compared[place] = compared[place]! + 1;
    if (isSame(close, implied) || context.isExDate(instrument, table.days[place]!)) continue;
    breaks.push({ row, beforeRow, close, implied });
  }
  return breaks;
}

/**
 * Compares the implied previous close of every row with the close before it. Rows without a previous
 * close, and rows whose day before is missing, are not compared. A fall that nothing contradicts is
 * taken for an ex-date; a rise, and a fall beside many rises, contradicts the earlier close.
 */
export function judgeDailyLinks(table: DailyTableCn, context: LinkContext): LinkFindings {
  const { rows, starts } = rowsByInstrument(table);
  const before = placesBefore(table, context);
  const compared = new Int32Array(table.days.length);
  const found: Found = { faults: [], open: [] };
  for (const [place, instrument] of table.instruments.entries()) {
    const own = rows.subarray(starts[place], starts[place + 1]);
    const breaks = breaksOf(table, context, before, instrument, own, compared);
    if (breaks.length > 0) settleBreaks(table, instrument, own, breaks, found);
  }
  const mixed = mixedDays(table, found.open);
  const exDates: { instrument: InstrumentId; day: TradingDay }[] = [];
  const earlierFaults: LinkFindings['earlierFaults'][number][] = [];
  for (const { instrument, found: one } of found.open) {
    const { row, beforeRow, close, implied } = one;
    const day = table.days[table.dayOf[row]!]!;
    const isExLike =
      implied < close && implied >= close * (1 - LARGEST_EX_FALL) && !mixed.has(table.dayOf[row]!);
    if (isExLike) exDates.push({ instrument, day });
    else if (beforeRow < 0) {
      const dayBefore = context.dayBefore(day);
      if (dayBefore !== null) earlierFaults.push({ instrument, day: dayBefore, close, implied });
    } else {
      found.faults.push({
        row: beforeRow,
        byRow: row,
        code: 'close_disagrees',
        off: Math.abs(implied / close - 1),
        found: `close ${price(close)}`,
        expected: `${price(implied)}, the previous close of ${day}`,
      });
    }
  }
  return { faults: found.faults, compared, exDates, earlierFaults };
}
