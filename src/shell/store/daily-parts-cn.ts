import { invariant } from '#core/lib/assert.ts';
import {
  DAILY_FIELDS_CN,
  type DailyFieldCn,
  type DailyTableCn,
} from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { dateField, doublesField, intField, intsField, textField } from './copy-in.ts';
import { doublesOfField, intsOfField } from './copy-out.ts';

/*
 * Daily bars as the store keeps them: parts of a table, each one row with its columns as bytes. A part
 * holds whole days of one year, so that a year of the market is some forty rows instead of a million,
 * and a history of one stock one row a year.
 */

/** Columns of the table that are read back, in the order of {@link partOf}. */
export const PART_COLUMNS = [
  'days',
  'instruments',
  'day_of',
  'instrument_of',
  'open',
  'high',
  'low',
  'close',
  'previous_close',
  'volume',
  'amount',
] as const;

/** Columns a part is found by. */
const BOUNDS = [
  'series_id',
  'first_day',
  'last_day',
  'first_instrument',
  'last_instrument',
] as const;

export const WRITTEN_COLUMNS = [...BOUNDS, ...PART_COLUMNS] as const;

/** A part is closed with the day that takes it beyond so many rows. */
const ROWS = 32_768;
/** Between the names of a list; neither a day nor an instrument holds one. */
const BETWEEN = ',';

/** Row ranges of the parts of a table: whole days of one year each. */
function* rangesOf(table: DailyTableCn): Generator<readonly [number, number]> {
  const yearOf = (row: number): string => table.days[table.dayOf[row]!]!.slice(0, 4);
  let from = 0;
  for (let row = 1; row < table.length; row += 1) {
    if (table.dayOf[row] === table.dayOf[row - 1]) continue;
    if (row - from < ROWS && yearOf(row) === yearOf(from)) continue;
    yield [from, row];
    from = row;
  }
  if (from < table.length) yield [from, table.length];
}

/** The names that `places` uses, in their order, and the places among them. */
function narrowed<T extends string>(names: readonly T[], places: Int32Array) {
  const used = [...new Set(places)].sort((a, b) => a - b);
  const placeOf = new Int32Array(names.length);
  for (const [place, old] of used.entries()) placeOf[old] = place;
  return { names: used.map((old) => names[old]!), places: places.map((old) => placeOf[old]!) };
}

/** The parts of a table as rows of {@link WRITTEN_COLUMNS}. */
export function* partRows(table: DailyTableCn, seriesId: number): Generator<Buffer[]> {
  for (const [from, to] of rangesOf(table)) {
    const days = narrowed(table.days, table.dayOf.subarray(from, to));
    const stocks = narrowed(table.instruments, table.instrumentOf.subarray(from, to));
    yield [
      intField(seriesId),
      dateField(days.names[0]!),
      dateField(days.names.at(-1)!),
      textField(stocks.names[0]!),
      textField(stocks.names.at(-1)!),
      textField(days.names.join(BETWEEN)),
      textField(stocks.names.join(BETWEEN)),
      intsField(days.places),
      intsField(stocks.places),
      ...DAILY_FIELDS_CN.map((field) => doublesField(table[field].subarray(from, to))),
    ];
  }
}

/** The names of a list as it is stored. */
export function namesIn(list: string): string[] {
  return list.split(BETWEEN);
}

/** A part from its fields of {@link PART_COLUMNS}. */
export function partOf(fields: readonly Buffer[]): DailyTableCn {
  const [days, instruments, dayOf, instrumentOf, ...values] = fields;
  invariant(
    days !== undefined && instruments !== undefined && dayOf !== undefined,
    'daily parts: found a row without its lists',
  );
  const part = {
    days: namesIn(days.toString('latin1')),
    instruments: namesIn(instruments.toString('latin1')) as InstrumentId[],
    dayOf: intsOfField(dayOf),
    instrumentOf: intsOfField(instrumentOf!),
  };
  const length = part.dayOf.length;
  const columns = {} as Record<DailyFieldCn, Float64Array>;
  for (const [i, field] of DAILY_FIELDS_CN.entries()) {
    columns[field] = doublesOfField(values[i]!);
    invariant(columns[field].length === length, `daily parts: ${field} has another length`);
  }
  invariant(part.instrumentOf.length === length, 'daily parts: the stocks have another length');
  return { length, ...part, ...columns };
}

/** First row of each day of a table, and its length at the end. */
function dayStarts(table: DailyTableCn): Int32Array {
  const starts = new Int32Array(table.days.length + 1);
  for (const day of table.dayOf) starts[day + 1] = starts[day + 1]! + 1;
  for (let day = 0; day < table.days.length; day += 1) {
    starts[day + 1] = starts[day + 1]! + starts[day]!;
  }
  return starts;
}

/** The row of an instrument among the rows from `from` to `to` of one day; −1: none. */
function rowIn(table: DailyTableCn, from: number, to: number, instrument: number): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (table.instrumentOf[middle]! < instrument) low = middle + 1;
    else high = middle;
  }
  return low < to && table.instrumentOf[low] === instrument ? low : -1;
}

function isSame(a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

/** Compares a table with parts on file: marks its rows that are known and counts those that differ. */
export function createComparison(table: DailyTableCn) {
  const known = new Uint8Array(table.length);
  const starts = dayStarts(table);
  const dayPlace = new Map(table.days.map((day, place) => [day, place]));
  const stockPlace = new Map(table.instruments.map((id, place) => [id, place]));
  let differing = 0;
  return {
    take(part: DailyTableCn): void {
      const days = part.days.map((day) => dayPlace.get(day) ?? -1);
      const stocks = part.instruments.map((id) => stockPlace.get(id) ?? -1);
      for (let row = 0; row < part.length; row += 1) {
        const day = days[part.dayOf[row]!]!;
        const stock = stocks[part.instrumentOf[row]!]!;
        if (day < 0 || stock < 0) continue;
        const own = rowIn(table, starts[day]!, starts[day + 1]!, stock);
        if (own < 0) continue;
        known[own] = 1;
        const isEqual = DAILY_FIELDS_CN.every((field) =>
          isSame(table[field][own]!, part[field][row]!),
        );
        if (!isEqual) differing += 1;
      }
    },
    /** 1 for each row that no part has. */
    added: () => known.map((mark) => 1 - mark),
    differing: () => differing,
  };
}
