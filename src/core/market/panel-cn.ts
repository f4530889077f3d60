import {
  DAILY_FIELDS_CN,
  type DailyFieldCn,
  type DailyTableCn,
  type PriceBasisCn,
} from './daily-table-cn.ts';
import type { InstrumentId } from './instrument.ts';
import type { TradingDay } from './trading-day.ts';

/** A series of daily bars: of shares (funds included) or of indexes, of one source, on one basis. */
export type DailySeriesCn = {
  readonly kind: 'share' | 'index';
  readonly source: string;
  readonly basis: PriceBasisCn;
};

/**
 * Daily bars as a panel. The cell of instrument i and day d is at `i * days.length + d`; NaN where
 * there is no bar, or the source does not say. Days are oldest first and only those on which the
 * series has a bar of anybody. Units: see DailyBarCn.
 */
export type DailyPanelCn = DailySeriesCn & {
  readonly instruments: readonly InstrumentId[];
  readonly days: readonly TradingDay[];
  /** Instant the newest of its days was saved; 0 when it holds none. */
  readonly fetchedAt: number;
} & Readonly<Record<DailyFieldCn, Float64Array>>;

/** A panel of the given rows and days in which nothing is known. */
export function emptyDailyPanel(
  series: DailySeriesCn,
  instruments: readonly InstrumentId[],
  days: readonly TradingDay[],
  fetchedAt: number,
): DailyPanelCn {
  const cells = () => new Float64Array(instruments.length * days.length).fill(Number.NaN);
  return {
    ...series,
    instruments,
    days,
    fetchedAt,
    open: cells(),
    high: cells(),
    low: cells(),
    close: cells(),
    previousClose: cells(),
    volume: cells(),
    amount: cells(),
  };
}

/** Puts a table's rows of the days and instruments that a panel has into their cells. */
export function fillDailyPanel(
  panel: DailyPanelCn,
  table: DailyTableCn,
  columnOf: ReadonlyMap<TradingDay, number>,
  placeOf: ReadonlyMap<InstrumentId, number>,
): void {
  const width = panel.days.length;
  const columns = Int32Array.from(table.days, (day) => columnOf.get(day) ?? -1);
  const places = Int32Array.from(table.instruments, (id) => placeOf.get(id) ?? -1);
  const cells = new Int32Array(table.length);
  for (let row = 0; row < table.length; row += 1) {
    const column = columns[table.dayOf[row]!]!;
    const place = places[table.instrumentOf[row]!]!;
    cells[row] = column < 0 || place < 0 ? -1 : place * width + column;
  }
  for (const field of DAILY_FIELDS_CN) {
    const [from, to] = [table[field], panel[field]];
    for (let row = 0; row < table.length; row += 1) {
      const cell = cells[row]!;
      if (cell >= 0) to[cell] = from[row]!;
    }
  }
}

/** A panel of every row of some tables; of two rows of one instrument and day that of the later table. */
export function dailyPanelOf(series: DailySeriesCn, tables: readonly DailyTableCn[]): DailyPanelCn {
  const named = <T extends string>(
    names: (table: DailyTableCn) => readonly T[],
    places: (table: DailyTableCn) => Int32Array,
  ): T[] => {
    const met = new Set<T>();
    // a name of which every row was left out is not in the panel
    for (const table of tables) {
      const used = new Set(places(table).subarray(0, table.length));
      for (const place of used) met.add(names(table)[place]!);
    }
    return [...met].sort();
  };
  const days = named(
    (table) => table.days,
    (table) => table.dayOf,
  );
  const instruments = named(
    (table) => table.instruments,
    (table) => table.instrumentOf,
  );
  const panel = emptyDailyPanel(series, instruments, days, 0);
  const columnOf = new Map(days.map((day, column) => [day, column]));
  const placeOf = new Map(instruments.map((id, place) => [id, place]));
  for (const table of tables) fillDailyPanel(panel, table, columnOf, placeOf);
  return panel;
}

/**
 * Intraday bars as a panel: the cell of instrument i and slot s is at `i * closedAt.length + s`, NaN
 * where there is no bar. `closedAt` holds the instants the bars closed, oldest first: a bar may be
 * used from then on.
 */
export type IntradayPanelCn = {
  readonly instruments: readonly InstrumentId[];
  readonly source: string;
  readonly openedAt: Float64Array;
  readonly closedAt: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  /** Turnover of the bar in yuan. */
  readonly amount: Float64Array;
};
