import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync, inflateRawSync } from 'node:zlib';
import { ConfigError } from '#app/errors.ts';
import type { SpreadColumns } from '#core/backtest/spreads.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import { instantAt } from '#core/market/session.ts';
import { type DropReason, dayFinder } from './csv-report.ts';
import { type CsvRow, type CsvRows, csvRows } from './csv-rows.ts';
import { wallClockOf } from './csv-times.ts';

/** What to read and how the file's times are meant. */
export type ReadQuotesOptions = {
  readonly file: string;
  readonly calendar: CalendarTable;
  readonly zone: string | undefined;
  readonly label: 'start' | 'end' | undefined;
};

/** Why a row of quotes was not kept. */
type QuoteDrop = DropReason | 'crossed' | 'one_sided';

/** Spreads of one symbol, and what became of the rows of its files. */
export type QuotesRead = { readonly spreads: SpreadColumns; readonly notes: readonly string[] };

const MINUTE_MS = 60_000;
/** Columns of a minute of quotes as QuantConnect's Lean writes it, without a header. */
const LEAN_COLUMNS = 11;

type FoundQuote = { readonly at: number; readonly openBps: number; readonly closeBps: number };
type RowReader = (row: CsvRow) => FoundQuote | QuoteDrop;

function refuse(file: string, message: string): never {
  throw new ConfigError(`${file}: ${message}`, { code: 'quotes_invalid', retryable: false });
}

/** The one file of a zip archive, stored or deflated, as Lean packs a day. */
function unzipped(file: string, bytes: Buffer): Buffer {
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0 || bytes.readUInt16LE(end + 10) !== 1)
    refuse(file, 'found no zip archive of one file, expected one');
  const entry = bytes.readUInt32LE(end + 16);
  const [method, packed] = [bytes.readUInt16LE(entry + 10), bytes.readUInt32LE(entry + 20)];
  const local = bytes.readUInt32LE(entry + 42);
  const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  const body = bytes.subarray(from, from + packed);
  if (method === 0) return body;
  return method === 8
    ? inflateRawSync(body)
    : refuse(file, `found zip method ${method}, expected stored or deflated`);
}

function bytesOf(file: string): Buffer {
  try {
    const bytes = readFileSync(file);
    if (file.endsWith('.zip')) return unzipped(file, bytes);
    return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const text = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return refuse(file, `not readable: ${text}`);
  }
}

/** Half the spread in basis points of the middle, or why there is none. */
function halfBps(bid: number, ask: number): number | QuoteDrop {
  if (!Number.isFinite(bid + ask)) return 'not_a_number';
  if (!(bid > 0 && ask > 0)) return 'one_sided';
  return ask < bid ? 'crossed' : ((ask - bid) / (ask + bid)) * 10_000;
}

function quoteOf(
  at: number,
  open: number | QuoteDrop,
  close: number | QuoteDrop,
): FoundQuote | QuoteDrop {
  if (typeof close !== 'number') return close;
  return typeof open === 'number' ? { at, openBps: open, closeBps: close } : open;
}

/** Rows of Lean: milliseconds of the market's day, then open, high, low, close and size of bid and ask. */
function leanReader(options: ReadQuotesOptions): RowReader {
  const { file, calendar } = options;
  const [, year, month, date] = /(\d{4})(\d{2})(\d{2})/.exec(basename(file)) ?? [];
  if (year === undefined)
    refuse(file, 'found no date in its name, expected YYYYMMDD as Lean has it');
  const midnight = instantAt(`${year}-${month}-${date}`, '00:00', calendar.zone);
  return (row) => {
    if (row.count() !== LEAN_COLUMNS) return 'wrong_column_count';
    const open = halfBps(row.number(1), row.number(6));
    return quoteOf(midnight + row.number(0), open, halfBps(row.number(4), row.number(9)));
  };
}

/** Rows under a header: time, bid and ask of the minute's close, and of its open where they are given. */
function headerReader(options: ReadQuotesOptions, row: CsvRow): RowReader {
  const { file, zone, label } = options;
  const header = Array.from({ length: row.count() }, (_, n) => row.text(n).toLowerCase());
  const place = (...names: string[]) => header.findIndex((name) => names.includes(name));
  const time = place('time', 'datetime', 'timestamp', 'ts', 'date');
  const [bid, ask] = [place('bid', 'bid_close'), place('ask', 'ask_close')];
  const [bidOpen, askOpen] = [place('bid_open'), place('ask_open')];
  if (time < 0 || bid < 0 || ask < 0)
    refuse(
      file,
      `line 1: found header "${header.join(',').slice(0, 120)}", expected time, bid, ask`,
    );
  if (label === undefined) refuse(file, 'the file does not tell what its times mean, give --label');
  const clock = zone === undefined ? null : wallClockOf(zone);
  const backMs = label === 'end' ? MINUTE_MS : 0;
  return (line) => {
    if (line.count() !== header.length) return 'wrong_column_count';
    const found = line.time(time);
    if (found === null || found.kind === 'day') return 'bad_time';
    if (found.kind === 'wall' && clock === null)
      return refuse(file, 'the file does not tell what its times mean, give --zone');
    const at = found.kind === 'instant' ? found.at : clock!(found.hour, found.restMs);
    const close = halfBps(line.number(bid), line.number(ask));
    const open = bidOpen < 0 ? close : halfBps(line.number(bidOpen), line.number(askOpen));
    return quoteOf(at - backMs, open, close);
  };
}

function readerOf(options: ReadQuotesOptions, rows: CsvRows): RowReader {
  const { row } = rows;
  const isLean = row.count() === LEAN_COLUMNS && Number.isFinite(row.number(0) + row.number(10));
  return isLean ? leanReader(options) : headerReader(options, row);
}

function columnsOf(found: readonly FoundQuote[]): SpreadColumns {
  return {
    length: found.length,
    openedAt: Float64Array.from(found, ({ at }) => at),
    openBps: Float64Array.from(found, ({ openBps }) => openBps),
    closeBps: Float64Array.from(found, ({ closeBps }) => closeBps),
  };
}

/**
 * Reads minutes of quotes of one symbol, plain, gzip or zip, into spreads, oldest first, within the
 * sessions of the calendar. What cannot be used is counted by reason, never repaired; of two rows of one
 * minute the first counts. Throws ConfigError with one line where a file cannot be read at all.
 */
export function readQuotes(files: readonly ReadQuotesOptions[]): QuotesRead {
  const found = new Map<number, FoundQuote>();
  const notes: string[] = [];
  for (const options of files) {
    const rows = csvRows(bytesOf(options.file));
    const sessions = dayFinder(options.calendar);
    const dropped = new Map<QuoteDrop, number>();
    if (!rows.next()) refuse(options.file, 'found an empty file, expected quotes');
    const read = readerOf(options, rows);
    const isFirstData = rows.row.count() === LEAN_COLUMNS && Number.isFinite(rows.row.number(0));
    for (let more = isFirstData || rows.next(); more; more = rows.next()) {
      const quote = placed(read(rows.row), sessions, found);
      if (typeof quote === 'string') dropped.set(quote, (dropped.get(quote) ?? 0) + 1);
      else found.set(quote.at, quote);
    }
    for (const [reason, count] of dropped)
      notes.push(`${options.file}: dropped ${count} quotes, ${reason.replaceAll('_', ' ')}`);
  }
  const sorted = [...found.values()].sort((a, b) => a.at - b.at);
  return { spreads: columnsOf(sorted), notes };
}

/** The quote when it opens a minute of a session that has none yet. */
function placed(
  quote: FoundQuote | QuoteDrop,
  sessions: ReturnType<typeof dayFinder>,
  found: ReadonlyMap<number, FoundQuote>,
): FoundQuote | QuoteDrop {
  if (typeof quote === 'string') return quote;
  const session = sessions.at(quote.at);
  if (typeof session === 'string') return session;
  if (quote.at < session.openAt || quote.at >= session.closeAt) return 'outside_session';
  if ((quote.at - session.openAt) % MINUTE_MS !== 0) return 'off_grid';
  return found.has(quote.at) ? 'duplicate' : quote;
}
