import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { ConfigError } from '#app/errors.ts';
import { FACTOR_FIELDS, type FactorField, type FactorPanel } from '#core/factors/panel.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { instrumentOfSymbolCn } from '#core/market/symbol-cn.ts';
import { isTradingDayText } from '#core/market/trading-day.ts';
import type { CsvRow } from './csv-rows.ts';
import { csvRows } from './csv-rows.ts';

/** Names of the columns, in lower case. Open and whatever else a file has is left aside. */
const NAMES: Readonly<Record<FactorField | 'day' | 'code', readonly string[]>> = {
  day: ['date', 'day', 'trade_date', '日期'],
  code: ['code', 'symbol', 'ts_code', '股票代码'],
  close: ['close', '收盘'],
  high: ['high', '最高'],
  low: ['low', '最低'],
  volume: ['volume', 'vol', '成交量'],
  amount: ['amount', '成交额'],
  floatShares: ['float_shares', 'float_share', '流通股本'],
};

/** A panel and what became of the rows: `read` = those in the panel + every count of `dropped`. */
export type PanelFile = {
  readonly panel: FactorPanel;
  readonly read: number;
  readonly dropped: Readonly<Record<string, number>>;
};

function refuse(file: string, message: string): never {
  throw new ConfigError(`${file}: ${message}`, { code: 'csv_unreadable', retryable: false });
}

function bytesOf(file: string): Buffer {
  try {
    const bytes = readFileSync(file);
    return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  } catch (error) {
    return refuse(file, `not readable: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function headerOf(row: CsvRow): string[] {
  return Array.from({ length: row.count() }, (_, cell) => row.text(cell).toLowerCase());
}

function placeOf(file: string, header: readonly string[], names: readonly string[]): number {
  const place = header.findIndex((name) => names.includes(name));
  if (place >= 0) return place;
  return refuse(file, `line 1: found header "${header.join(',')}", expected a column ${names[0]}`);
}

/** `YYYY-MM-DD` or `YYYYMMDD` as a day; null when there is no such day. */
function dayOf(text: string): string | null {
  const isShort = /^\d{8}$/.test(text);
  const day = isShort ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}` : text;
  return isTradingDayText(day) ? day : null;
}

/** Names in the order of their first row, found again without a text of their own when rows repeat that order. */
type Names = {
  readonly names: string[];
  readonly places: Map<string, number>;
  readonly texts: string[];
  last: number;
};

/** Place of a row's name; −1 when `known` makes nothing of it. A name that follows the last one is only compared. */
function placeIn(
  list: Names,
  row: CsvRow,
  cell: number,
  step: 0 | 1,
  known: (text: string) => string | null,
): number {
  const guess = list.texts.length === 0 ? 0 : (list.last + step) % list.texts.length;
  const expected = list.texts[guess];
  if (expected !== undefined && row.is(cell, expected)) {
    list.last = guess;
    return guess;
  }
  const text = row.text(cell);
  const name = known(text);
  if (name === null) return -1;
  let place = list.places.get(name);
  if (place === undefined) {
    place = list.names.length;
    list.places.set(name, place);
    list.names.push(name);
    list.texts.push(text);
  }
  list.last = place;
  return place;
}

const newNames = (): Names => ({ names: [], places: new Map(), texts: [], last: -1 });

/** Rows as they come: the places of day and stock, and the fields. */
type Rows = {
  length: number;
  dayOf: Int32Array;
  stockOf: Int32Array;
  fields: Record<FactorField, Float64Array>;
};

function roomFor(rows: number): Rows {
  const cells = () => new Float64Array(rows);
  return {
    length: 0,
    dayOf: new Int32Array(rows),
    stockOf: new Int32Array(rows),
    fields: {
      close: cells(),
      high: cells(),
      low: cells(),
      volume: cells(),
      amount: cells(),
      floatShares: cells(),
    },
  };
}

function countLines(bytes: Buffer): number {
  let lines = 1;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines += 1;
  return lines;
}

function isUsable(fields: Rows['fields'], at: number): boolean {
  const close = fields.close[at]!;
  const [high, low] = [fields.high[at]!, fields.low[at]!];
  return close > 0 && low > 0 && high >= close && low <= close && fields.volume[at]! >= 0;
}

/** Closes of the index by day. */
function readIndex(file: string): Map<string, number> {
  const rows = csvRows(bytesOf(file));
  if (!rows.next()) refuse(file, 'found an empty file, expected a header row');
  const header = headerOf(rows.row);
  const day = placeOf(file, header, NAMES.day);
  const close = placeOf(file, header, NAMES.close);
  const closes = new Map<string, number>();
  while (rows.next()) {
    const name = dayOf(rows.row.text(day));
    const value = rows.row.number(close);
    if (name !== null && value > 0) closes.set(name, value);
  }
  return closes;
}

function panelOf(rows: Rows, days: Names, codes: Names, index: ReadonlyMap<string, number>) {
  // a name of which every row was dropped is not in the panel
  const used = (names: Names, places: Int32Array) => {
    const isUsed = new Uint8Array(names.names.length);
    for (let at = 0; at < rows.length; at += 1) isUsed[places[at]!] = 1;
    return names.names.filter((_, place) => isUsed[place] === 1).sort();
  };
  const sortedDays = used(days, rows.dayOf);
  const sortedCodes = used(codes, rows.stockOf);
  const rankOf = (sorted: readonly string[], names: Names) => {
    const ranks = new Map(sorted.map((name, rank) => [name, rank]));
    return Int32Array.from(names.names, (name) => ranks.get(name) ?? 0);
  };
  const dayRank = rankOf(sortedDays, days);
  const codeRank = rankOf(sortedCodes, codes);
  const size = sortedDays.length * sortedCodes.length;
  const taken = new Uint8Array(size);
  const target = new Int32Array(rows.length);
  let repeated = 0;
  for (let at = 0; at < rows.length; at += 1) {
    const cell = codeRank[rows.stockOf[at]!]! * sortedDays.length + dayRank[rows.dayOf[at]!]!;
    // of two rows of one stock and day the first stays
    target[at] = taken[cell] === 1 ? -1 : cell;
    if (taken[cell] === 1) repeated += 1;
    taken[cell] = 1;
  }
  const spread = (field: FactorField) => {
    const from = rows.fields[field];
    const cells = new Float64Array(size).fill(Number.NaN);
    for (let at = 0; at < rows.length; at += 1)
      if (target[at]! >= 0) cells[target[at]!] = from[at]!;
    // the column is not needed any more: a year of the market is not held twice
    rows.fields[field] = new Float64Array(0);
    return cells;
  };
  const panel: FactorPanel = {
    days: sortedDays,
    instruments: sortedCodes as InstrumentId[],
    indexClose: Float64Array.from(sortedDays, (day) => index.get(day) ?? Number.NaN),
    close: spread('close'),
    high: spread('high'),
    low: spread('low'),
    volume: spread('volume'),
    amount: spread('amount'),
    floatShares: spread('floatShares'),
  };
  return { panel, repeated };
}

/**
 * Reads daily bars of many Chinese stocks, plain or gzip, rows in any order, and the closes of their
 * index into a panel. Rows without a day, of an unknown code, with prices that contradict each
 * other or a second time for one stock and day are left out and counted, never repaired. Throws
 * ConfigError with one line when a file cannot be read at all or misses a column.
 */
export function readFactorPanel(file: string, indexFile: string): PanelFile {
  const bytes = bytesOf(file);
  const lines = csvRows(bytes);
  if (!lines.next()) refuse(file, 'found an empty file, expected a header row');
  const header = headerOf(lines.row);
  const place = (name: keyof typeof NAMES) => placeOf(file, header, NAMES[name]);
  const [dayCell, codeCell] = [place('day'), place('code')];
  const cells = FACTOR_FIELDS.map((field) => place(field));
  const rows = roomFor(countLines(bytes));
  const columns = FACTOR_FIELDS.map((field) => rows.fields[field]);
  const [days, codes] = [newNames(), newNames()];
  const dropped: Record<string, number> = {};
  const drop = (reason: string, count = 1) => {
    if (count > 0) dropped[reason] = (dropped[reason] ?? 0) + count;
  };
  let read = 0;
  const { row } = lines;
  while (lines.next()) {
    read += 1;
    if (row.count() !== header.length) {
      drop('wrong_column_count');
      continue;
    }
    const at = rows.length;
    for (let k = 0; k < cells.length; k += 1) columns[k]![at] = row.number(cells[k]!);
    if (!isUsable(rows.fields, at)) {
      drop('unusable_prices');
      continue;
    }
    const day = placeIn(days, row, dayCell, 0, dayOf);
    const code = day < 0 ? -1 : placeIn(codes, row, codeCell, 1, instrumentOfSymbolCn);
    if (day < 0 || code < 0) {
      drop(day < 0 ? 'bad_day' : 'unknown_code');
      continue;
    }
    rows.dayOf[at] = day;
    rows.stockOf[at] = code;
    rows.length = at + 1;
  }
  const { panel, repeated } = panelOf(rows, days, codes, readIndex(indexFile));
  drop('duplicate', repeated);
  return { panel, read, dropped };
}
