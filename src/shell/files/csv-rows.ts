import { parse } from 'csv-parse/sync';
import type { FileTime } from './csv-times.ts';
import { parseFileTime } from './csv-times.ts';

/**
 * One row of a CSV at a time, cells by their place from 0, trimmed. The same object is handed out
 * for every row; a cell that the row does not have is ''.
 */
export type CsvRow = {
  /** Cells of the row. */
  readonly count: () => number;
  readonly text: (cell: number) => string;
  /** True when the cell is `text`, of ASCII alone, written without a difference. */
  readonly is: (cell: number, text: string) => boolean;
  /** The cell as `Number` reads it; NaN when it is empty. */
  readonly number: (cell: number) => number;
  /** The cell as {@link parseFileTime} reads it; good until the next row. */
  readonly time: (cell: number) => FileTime | null;
};

/** Rows of a CSV, the header the first of them; `next` answers false behind the last. */
export type CsvRows = {
  readonly next: () => boolean;
  readonly row: CsvRow;
  /** The text itself where it has no quotes. */
  readonly plain: PlainText | null;
};

/** Text without quotes, for a reader that takes rows by itself. Places are bytes of the text. */
export type PlainText = {
  readonly bytes: Buffer;
  /** Where the row that was read last begins, and where the one behind it does. */
  readonly start: () => number;
  readonly next: () => number;
  /** Where a cell of that row begins and ends. */
  readonly startOf: (cell: number) => number;
  readonly endOf: (cell: number) => number;
  /** Goes on at the row that begins at `place`. */
  readonly jump: (place: number) => void;
};

const QUOTE = 34;
const COMMA = 44;
const LF = 10;
const CR = 13;

/**
 * Rows of the bytes of a CSV, byte order mark and empty lines left out. Text without quotes, which
 * is what bars come in, is read where it lies: no list and no text is made of a row whose cells are
 * plain numbers. Everything else goes through the parser of quotes. Throws what that one throws.
 */
export function csvRows(bytes: Buffer): CsvRows {
  return isPlain(bytes) ? plainRows(bytes) : parsedRows(bytes);
}

/** No quote, and one kind of line end throughout. */
function isPlain(bytes: Buffer): boolean {
  if (bytes.indexOf(QUOTE) >= 0) return false;
  if (bytes.indexOf(CR) < 0) return true;
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1))
    if (bytes[at - 1] !== CR) return false;
  for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 1))
    if (bytes[at + 1] !== LF) return false;
  return true;
}

function parsedRows(bytes: Buffer): CsvRows {
  const rows: string[][] = parse(bytes, {
    bom: true,
    trim: true,
    relaxColumnCount: true,
    skipEmptyLines: true,
    relaxQuotes: true,
  });
  let place = -1;
  let cells: readonly string[] = [];
  const text = (cell: number) => cells[cell] ?? '';
  return {
    next: () => {
      place += 1;
      cells = rows[place] ?? [];
      return place < rows.length;
    },
    plain: null,
    row: {
      count: () => cells.length,
      text,
      is: (cell, wanted) => text(cell) === wanted,
      number: (cell) => numberOf(text(cell)),
      time: (cell) => parseFileTime(text(cell)),
    },
  };
}

function numberOf(text: string): number {
  return text === '' ? Number.NaN : Number(text);
}

/** Powers of ten that a 64-bit number holds exactly. */
export const POWERS = Array.from({ length: 16 }, (_, n) => 10 ** n);
/** Digits that are below 2^53 together, whatever they are. */
export const MOST_DIGITS = 15;

/**
 * Number that the bytes from `start` to `end` write. Up to 15 digits with a point are a whole number
 * over a power of ten, both exact, so their quotient is the nearest number, as `Number` gives it;
 * everything else is left to `Number`.
 */
function numberIn(bytes: Buffer, start: number, end: number): number {
  let at = start;
  const isNegative = bytes[at] === 45;
  if (isNegative) at += 1;
  let digits = 0;
  let whole = 0;
  let point = -1;
  for (; at < end; at += 1) {
    const digit = bytes[at]! - 48;
    if (digit >= 0 && digit <= 9) {
      whole = whole * 10 + digit;
      digits += 1;
    } else if (digit === -2 && point < 0) {
      point = digits;
    } else {
      digits = 0;
      break;
    }
  }
  if (digits === 0 || digits > MOST_DIGITS)
    return numberOf(bytes.toString('utf8', start, end).trim());
  const value = point < 0 ? whole : whole / POWERS[digits - point]!;
  return isNegative ? -value : value;
}

function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}

const HOUR_MS = 3_600_000;
/** `YYYY-MM-DD HH`, behind which minutes and seconds stand. */
const HOUR_CHARS = 13;
const MINUTE_CHARS = 16;
const SECOND_CHARS = 19;

function twoDigits(bytes: Buffer, at: number): number {
  const tens = bytes[at]! - 48;
  const ones = bytes[at + 1]! - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

type Own<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Reads times of which most differ from the one before in minutes and seconds alone: those are read
 * by themselves, every other by {@link parseFileTime}.
 */
function timeReader(bytes: Buffer): (start: number, end: number) => FileTime | null {
  let from = 0;
  let length = -1;
  let hasSeconds = false;
  let hourAt = 0;
  let last: Own<FileTime> | null = null;
  const hasSameHour = (start: number): boolean => {
    for (let k = 0; k < HOUR_CHARS; k += 1) if (bytes[start + k] !== bytes[from + k]) return false;
    const tail = hasSeconds ? SECOND_CHARS : MINUTE_CHARS;
    for (let k = tail; k < length; k += 1) if (bytes[start + k] !== bytes[from + k]) return false;
    if (bytes[start + HOUR_CHARS] !== 58) return false;
    return !hasSeconds || bytes[start + MINUTE_CHARS] === 58;
  };
  const remember = (start: number, end: number, time: FileTime | null): FileTime | null => {
    length = -1;
    if (time === null || time.kind === 'day' || bytes[start + HOUR_CHARS] !== 58) return time;
    hasSeconds = bytes[start + MINUTE_CHARS] === 58;
    const rest = restMs(start);
    if (end - start < MINUTE_CHARS || Number.isNaN(rest)) return time;
    [from, length, last] = [start, end - start, { ...time }];
    hourAt = time.kind === 'instant' ? time.at - rest : 0;
    return time;
  };
  const restMs = (start: number): number => {
    const seconds = hasSeconds ? twoDigits(bytes, start + MINUTE_CHARS + 1) : 0;
    return twoDigits(bytes, start + HOUR_CHARS + 1) * 60_000 + seconds * 1000;
  };
  return (start, end) => {
    if (last !== null && end - start === length && hasSameHour(start)) {
      const rest = restMs(start);
      if (rest < HOUR_MS) {
        if (last.kind === 'instant') last.at = hourAt + rest;
        else if (last.kind === 'wall') last.restMs = rest;
        return last;
      }
    }
    return remember(start, end, parseFileTime(bytes.toString('utf8', start, end).trim()));
  };
}

/** Where the cells of a line lie, spaces around them left out. */
type Line = { starts: Int32Array; ends: Int32Array; count: number };

/** Takes the line that begins at `from` in; answers where the next one begins. */
function takeLine(bytes: Buffer, from: number, line: Line): number {
  const size = bytes.length;
  let { starts, ends } = line;
  let count = 0;
  let start = from;
  let at = from;
  for (; ; at += 1) {
    const byte = at < size ? bytes[at]! : LF;
    if (byte !== COMMA && byte !== LF) continue;
    let end = at;
    while (start < end && isSpace(bytes[start]!)) start += 1;
    while (end > start && isSpace(bytes[end - 1]!)) end -= 1;
    if (count === starts.length) {
      starts = line.starts = longer(starts);
      ends = line.ends = longer(ends);
    }
    starts[count] = start;
    ends[count] = end;
    count += 1;
    start = at + 1;
    if (byte === LF) break;
  }
  line.count = count;
  return at + 1;
}

function longer(places: Int32Array): Int32Array<ArrayBuffer> {
  const twice = new Int32Array(places.length * 2);
  twice.set(places);
  return twice;
}

function plainRows(bytes: Buffer): CsvRows {
  const line: Line = { starts: new Int32Array(32), ends: new Int32Array(32), count: 0 };
  let next = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let start = next;
  const timeIn = timeReader(bytes);
  const text = (cell: number) =>
    cell < line.count ? bytes.toString('utf8', line.starts[cell]!, line.ends[cell]!).trim() : '';
  return {
    next: () => {
      while (next < bytes.length) {
        start = next;
        next = takeLine(bytes, next, line);
        if (line.count > 1 || text(0) !== '') return true;
      }
      line.count = 0;
      return false;
    },
    plain: {
      bytes,
      start: () => start,
      next: () => next,
      startOf: (cell) => line.starts[cell]!,
      endOf: (cell) => line.ends[cell]!,
      jump: (place) => {
        next = place;
      },
    },
    row: {
      count: () => line.count,
      text,
      is: (cell, wanted) => {
        const start = line.starts[cell]!;
        if (cell >= line.count || line.ends[cell]! - start !== wanted.length) return false;
        for (let k = 0; k < wanted.length; k += 1)
          if (bytes[start + k] !== wanted.charCodeAt(k)) return false;
        return true;
      },
      number: (cell) =>
        cell < line.count ? numberIn(bytes, line.starts[cell]!, line.ends[cell]!) : Number.NaN,
      time: (cell) => (cell < line.count ? timeIn(line.starts[cell]!, line.ends[cell]!) : null),
    },
  };
}
