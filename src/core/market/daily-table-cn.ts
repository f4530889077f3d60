import { invariant } from '#core/lib/assert.ts';
import type { InstrumentId } from './instrument.ts';
import type { DailyBarCn } from './records-cn.ts';
import type { TradingDay } from './trading-day.ts';

/**
 * Which prices a daily series holds: as traded, adjusted to its newest day (前复权) or to its first
 * (后复权). Series of different bases are never mixed.
 */
export type PriceBasisCn = 'raw' | 'forward_adjusted' | 'backward_adjusted';

/** Columns of a daily table, in the order of their storage. */
export const DAILY_FIELDS_CN = [
  'open',
  'high',
  'low',
  'close',
  'previousClose',
  'volume',
  'amount',
] as const;

export type DailyFieldCn = (typeof DAILY_FIELDS_CN)[number];

/**
 * Daily bars of many instruments as columns, by day and within a day by instrument. Row i is a bar
 * of `instruments[instrumentOf[i]]` on `days[dayOf[i]]`; both lists are sorted and without
 * repetition. Units and NaN as null: see DailyBarCn.
 */
export type DailyTableCn = {
  readonly length: number;
  readonly instruments: readonly InstrumentId[];
  readonly days: readonly TradingDay[];
  readonly instrumentOf: Int32Array;
  readonly dayOf: Int32Array;
} & Readonly<Record<DailyFieldCn, Float64Array>>;

/** Rows as they come, to be sorted into a table. Columns grow by doubling. */
export type DailyTableBuilder = {
  readonly length: number;
  /** Adds a row; numbers as in DailyBarCn, NaN for null. */
  add(
    instrument: InstrumentId,
    day: TradingDay,
    values: Readonly<Record<DailyFieldCn, number>>,
  ): void;
  /**
   * The rows in order. Of rows of one instrument and day the first stays; the others are told to
   * `onDuplicate`, equal or different.
   */
  build(
    onDuplicate?: (instrument: InstrumentId, day: TradingDay, isEqual: boolean) => void,
  ): DailyTableCn;
};

type Dictionary = { readonly names: string[]; readonly placeOf: Map<string, number> };

function placeIn(dictionary: Dictionary, name: string): number {
  let place = dictionary.placeOf.get(name);
  if (place === undefined) {
    place = dictionary.names.length;
    dictionary.placeOf.set(name, place);
    dictionary.names.push(name);
  }
  return place;
}

/** Ranks of a dictionary's names in sorted order, by their place. */
function ranksOf(names: readonly string[]): {
  readonly sorted: string[];
  readonly rank: Int32Array;
} {
  const places = names.map((_, place) => place);
  places.sort((a, b) => (names[a]! < names[b]! ? -1 : 1));
  const rank = new Int32Array(names.length);
  for (const [position, place] of places.entries()) rank[place] = position;
  return { sorted: places.map((place) => names[place]!), rank };
}

type Columns = Record<DailyFieldCn, Float64Array>;

function emptyColumns(length: number): Columns {
  const columns = {} as Columns;
  for (const field of DAILY_FIELDS_CN) columns[field] = new Float64Array(length);
  return columns;
}

function grown<T extends Float64Array | Int32Array>(from: T, to: T): T {
  to.set(from as never);
  return to;
}

/** Order of the rows by (day, instrument), stable: a radix sort over both ranks. */
function orderOf(instrument: Int32Array, day: Int32Array, sizes: readonly [number, number]) {
  let order = Int32Array.from({ length: instrument.length }, (_, i) => i);
  for (const [key, size] of [
    [instrument, sizes[0]],
    [day, sizes[1]],
  ] as const) {
    const starts = new Int32Array(size + 1);
    for (const row of order) starts[key[row]! + 1] = starts[key[row]! + 1]! + 1;
    for (let i = 0; i < size; i += 1) starts[i + 1] = starts[i + 1]! + starts[i]!;
    const next = new Int32Array(order.length);
    for (const row of order) {
      const at = starts[key[row]!]!;
      starts[key[row]!] = at + 1;
      next[at] = row;
    }
    order = next;
  }
  return order;
}

function isEqualRow(columns: Columns, a: number, b: number): boolean {
  return DAILY_FIELDS_CN.every((field) => Object.is(columns[field][a], columns[field][b]));
}

/** An empty builder with room for `capacity` rows. */
export function createDailyTable(capacity = 1024): DailyTableBuilder {
  const instruments: Dictionary = { names: [], placeOf: new Map() };
  const days: Dictionary = { names: [], placeOf: new Map() };
  let instrumentOf = new Int32Array(capacity);
  let dayOf = new Int32Array(capacity);
  let columns = emptyColumns(capacity);
  let length = 0;
  const grow = (): void => {
    const room = Math.max(1024, instrumentOf.length * 2);
    instrumentOf = grown(instrumentOf, new Int32Array(room));
    dayOf = grown(dayOf, new Int32Array(room));
    const wider = emptyColumns(room);
    for (const field of DAILY_FIELDS_CN) wider[field].set(columns[field]);
    columns = wider;
  };
  return {
    get length() {
      return length;
    },
    add(instrument, day, values) {
      if (length === instrumentOf.length) grow();
      instrumentOf[length] = placeIn(instruments, instrument);
      dayOf[length] = placeIn(days, day);
      for (const field of DAILY_FIELDS_CN) columns[field][length] = values[field];
      length += 1;
    },
    build(onDuplicate) {
      const byInstrument = ranksOf(instruments.names);
      const byDay = ranksOf(days.names);
      const instrumentRank = Int32Array.from(
        { length },
        (_, row) => byInstrument.rank[instrumentOf[row]!]!,
      );
      const dayRank = Int32Array.from({ length }, (_, row) => byDay.rank[dayOf[row]!]!);
      const sizes = [byInstrument.sorted.length, byDay.sorted.length] as const;
      const order = orderOf(instrumentRank, dayRank, sizes);
      const kept = new Int32Array(length);
      let count = 0;
      for (const row of order) {
        const last = count === 0 ? -1 : kept[count - 1]!;
        const isSame =
          last >= 0 &&
          instrumentRank[last] === instrumentRank[row] &&
          dayRank[last] === dayRank[row];
        if (!isSame) {
          kept[count] = row;
          count += 1;
          continue;
        }
        const id = byInstrument.sorted[instrumentRank[row]!] as InstrumentId;
        onDuplicate?.(id, byDay.sorted[dayRank[row]!]!, isEqualRow(columns, last, row));
      }
      return {
        length: count,
        instruments: byInstrument.sorted as InstrumentId[],
        days: byDay.sorted,
        instrumentOf: picked(instrumentRank, kept, new Int32Array(count)),
        dayOf: picked(dayRank, kept, new Int32Array(count)),
        ...pickedColumns(columns, kept, count),
      };
    },
  };
}

function picked<T extends Float64Array | Int32Array>(from: T, rows: Int32Array, to: T): T {
  for (let i = 0; i < to.length; i += 1) to[i] = from[rows[i]!]!;
  return to;
}

function pickedColumns(columns: Columns, rows: Int32Array, count: number): Columns {
  const chosen = emptyColumns(count);
  for (const field of DAILY_FIELDS_CN) picked(columns[field], rows, chosen[field]);
  return chosen;
}

/** Several tables as one; see {@link DailyTableBuilder.build} for rows that more than one of them has. */
export function joinedDailyTables(
  tables: readonly DailyTableCn[],
  onDuplicate?: (instrument: InstrumentId, day: TradingDay, isEqual: boolean) => void,
): DailyTableCn {
  const [first] = tables;
  if (first !== undefined && tables.length === 1) return first;
  const builder = createDailyTable(tables.reduce((sum, { length }) => sum + length, 0));
  const values = {} as Record<DailyFieldCn, number>;
  for (const table of tables) {
    for (let row = 0; row < table.length; row += 1) {
      for (const field of DAILY_FIELDS_CN) values[field] = table[field][row]!;
      const instrument = table.instruments[table.instrumentOf[row]!]!;
      builder.add(instrument, table.days[table.dayOf[row]!]!, values);
    }
  }
  return builder.build(onDuplicate);
}

/** The rows of `table` for which `keep` is 1, with the same dictionaries. */
export function dailyRowsKept(table: DailyTableCn, keep: Uint8Array): DailyTableCn {
  invariant(keep.length === table.length, `daily table: found ${keep.length} marks`);
  let count = 0;
  const rows = new Int32Array(table.length);
  for (let row = 0; row < table.length; row += 1) {
    if (keep[row] !== 1) continue;
    rows[count] = row;
    count += 1;
  }
  return {
    length: count,
    instruments: table.instruments,
    days: table.days,
    instrumentOf: picked(table.instrumentOf, rows, new Int32Array(count)),
    dayOf: picked(table.dayOf, rows, new Int32Array(count)),
    ...pickedColumns(table, rows, count),
  };
}

/** Bars as a table; see {@link DailyTableBuilder.build} for repeated ones. */
export function dailyTableOf(
  bars: readonly DailyBarCn[],
  onDuplicate?: (instrument: InstrumentId, day: TradingDay, isEqual: boolean) => void,
): DailyTableCn {
  const builder = createDailyTable(bars.length);
  for (const bar of bars) {
    builder.add(bar.instrument, bar.day, {
      ...bar,
      previousClose: bar.previousClose ?? Number.NaN,
      amount: bar.amount ?? Number.NaN,
    });
  }
  return builder.build(onDuplicate);
}

/** Row i of a table as a bar. */
export function dailyBarAt(table: DailyTableCn, row: number): DailyBarCn {
  const value = (field: DailyFieldCn): number => table[field][row] ?? Number.NaN;
  const known = (field: DailyFieldCn): number | null =>
    Number.isNaN(value(field)) ? null : value(field);
  return {
    instrument: table.instruments[table.instrumentOf[row]!]!,
    day: table.days[table.dayOf[row]!]!,
    open: value('open'),
    high: value('high'),
    low: value('low'),
    close: value('close'),
    previousClose: known('previousClose'),
    volume: value('volume'),
    amount: known('amount'),
  };
}
