import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import { ConfigError } from '#app/errors.ts';
import { invariant } from '#core/lib/assert.ts';
import type { Bar, Timeframe } from '#core/market/bar.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { instrumentOfSymbolCn } from '#core/market/symbol-cn.ts';
import type { BarColumnName, ColumnPlaces } from './csv-columns.ts';
import { placeColumns } from './csv-columns.ts';
import type { DropReason, GapReport } from './csv-report.ts';
import { dayFinder, finishBars, joinGaps } from './csv-report.ts';
import type { FileTime } from './csv-times.ts';
import { parseFileTime, wallClockOf } from './csv-times.ts';

/** What to read and how the file's times are meant. */
export type ReadBarsCsvOptions = {
  /** Path of a CSV file with a header row; gzip when it ends in `.gz`. */
  readonly file: string;
  /** Null: each row names a Chinese instrument in its symbol column. */
  readonly instrument: InstrumentId | null;
  readonly timeframe: Timeframe;
  readonly calendar: CalendarTable;
  /** IANA zone of times without an offset. Required when the file has such times (not for 1d). */
  readonly zone?: string;
  /** Does a row's time name the start or the end of its bar. Required unless the header tells. */
  readonly label?: 'start' | 'end';
  /** Header names of columns that are not found by themselves. */
  readonly columns?: Readonly<Partial<Record<BarColumnName, string>>>;
  /** Unit of the volume column; a lot is 100 shares. */
  readonly volume?: 'shares' | 'lots';
};

/** What became of a file's rows. `read` = `kept` + every count of `dropped`. */
export type ImportReport = {
  readonly file: string;
  /** Null: of several, by their symbol column. */
  readonly instrument: InstrumentId | null;
  /** Instruments of which bars were kept. */
  readonly instruments: number;
  readonly timeframe: Timeframe;
  readonly read: number;
  readonly kept: number;
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** Kept bars in which nothing traded. */
  readonly zeroVolume: number;
  /** The file ran from newest to oldest and was turned round. */
  readonly isNewestFirst: boolean;
  /** Kept rows that stood after a later one in the file's own direction; they were sorted in. */
  readonly outOfOrder: number;
  readonly gaps: GapReport;
  /** First dropped rows of each reason, up to three. */
  readonly samples: readonly {
    readonly line: number;
    readonly reason: DropReason;
    readonly text: string;
  }[];
};

const LENGTH_MS: Readonly<Record<Exclude<Timeframe, '1d'>, number>> = {
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
};

type Reader = {
  readonly options: ReadBarsCsvOptions;
  readonly places: ColumnPlaces;
  readonly lengthMs: number;
  readonly label: 'start' | 'end';
  readonly wallClock: ((hour: string, restMs: number) => number) | null;
  readonly sessionOf: ReturnType<typeof dayFinder>;
  readonly volumeUnit: number;
  /** Symbol of every row; null where each row's own counts. */
  readonly symbol: string | null;
};

function refuse(options: ReadBarsCsvOptions, code: string, message: string): never {
  throw new ConfigError(`${options.file}: ${message}`, { code, retryable: false });
}

/** Settles zone and label from the first row's time; refuses when the file does not tell them. */
function readerFor(options: ReadBarsCsvOptions, places: ColumnPlaces, first: FileTime): Reader {
  const isDaily = options.timeframe === '1d';
  if (places.labelTold !== null && options.label !== undefined && !isDaily) {
    if (places.labelTold !== options.label) {
      const told = `the time column names the ${places.labelTold} of a bar`;
      refuse(options, 'csv_convention', `${told}, found --label ${options.label}`);
    }
  }
  const label = places.labelTold ?? options.label ?? (isDaily ? 'start' : undefined);
  const needsZone = !isDaily && first.kind === 'wall' && options.zone === undefined;
  if (!isDaily && first.kind === 'day') {
    refuse(options, 'csv_times', `found dates without a time, expected ${options.timeframe} bars`);
  }
  if (needsZone || label === undefined) {
    const missing = [needsZone ? '--zone' : '', label === undefined ? '--label start|end' : ''];
    const named = missing.filter((name) => name !== '').join(' and ');
    refuse(options, 'csv_convention', `the file does not tell what its times mean, give ${named}`);
  }
  const { instrument } = options;
  if (instrument === null && places.symbol === null) {
    refuse(options, 'csv_header', 'found no symbol column, expected --symbol or symbol=… columns');
  }
  return {
    options,
    places,
    lengthMs: isDaily ? 0 : LENGTH_MS[options.timeframe as Exclude<Timeframe, '1d'>],
    label,
    wallClock: options.zone === undefined ? null : zoneClock(options, options.zone),
    sessionOf: dayFinder(options.calendar),
    volumeUnit: options.volume === 'lots' ? 100 : 1,
    symbol: instrument?.slice(0, instrument.lastIndexOf('.')).toUpperCase() ?? null,
  };
}

function zoneClock(options: ReadBarsCsvOptions, zone: string) {
  try {
    const clock = wallClockOf(zone);
    clock('2020-01-01T00', 0);
    return clock;
  } catch {
    return refuse(options, 'csv_zone', `zone: found "${zone}", expected an IANA time zone`);
  }
}

/** Open and close instants of a row's bar, or why the row is dropped. */
function timesOf(reader: Reader, time: FileTime): { from: number; to: number } | DropReason {
  if (reader.lengthMs === 0) {
    const answer = reader.sessionOf.onDay(time.day);
    if (typeof answer === 'string') return answer;
    return { from: answer.openAt, to: answer.closeAt };
  }
  if (time.kind === 'day') return 'bad_time';
  if (time.kind === 'wall' && reader.wallClock === null) return 'bad_time';
  const at = time.kind === 'instant' ? time.at : reader.wallClock!(time.hour, time.restMs);
  const from = reader.label === 'start' ? at : at - reader.lengthMs;
  const session = reader.sessionOf.at(from);
  if (typeof session === 'string') return session;
  const to = from + reader.lengthMs;
  if (from < session.openAt || to > session.closeAt) return 'outside_session';
  for (const pause of session.breaks) {
    if (from < pause.toAt && to > pause.fromAt) return 'outside_session';
  }
  return (from - session.openAt) % 60_000 === 0 ? { from, to } : 'off_grid';
}

/** The bar of one row, or why there is none. */
function barOf(reader: Reader, row: readonly string[], time: FileTime | null): Bar | DropReason {
  const { places, options } = reader;
  if (row.length !== places.count) return 'wrong_column_count';
  const instrument = instrumentOf(reader, row);
  if (typeof instrument !== 'object') return instrument;
  if (time === null) return 'bad_time';
  const open = numberOf(row[places.open]!);
  const high = numberOf(row[places.high]!);
  const low = numberOf(row[places.low]!);
  const close = numberOf(row[places.close]!);
  const volume = numberOf(row[places.volume]!) * reader.volumeUnit;
  const amount = places.amount === null ? Number.NaN : numberOf(row[places.amount]!);
  if (!Number.isFinite(open + high + low + close + volume)) return 'not_a_number';
  if (volume === 0 && open === 0 && high === 0 && low === 0 && close === 0) {
    return 'suspended_padding';
  }
  if (!(open > 0 && high > 0 && low > 0 && close > 0 && volume >= 0)) return 'non_positive';
  if (high < Math.max(open, close, low) || low > Math.min(open, close)) {
    return 'high_low_inconsistent';
  }
  const times = timesOf(reader, time);
  if (typeof times === 'string') return times;
  return {
    instrument: instrument.id,
    timeframe: options.timeframe,
    openedAt: times.from,
    closedAt: times.to,
    open,
    high,
    low,
    close,
    volume,
    ...(amount >= 0 && Number.isFinite(amount) ? { amount } : {}),
  };
}

/** Instrument of a row, or why it has none that is wanted. */
function instrumentOf(
  reader: Reader,
  row: readonly string[],
): { readonly id: InstrumentId } | 'other_symbol' | 'unknown_symbol' {
  const { places, options, symbol } = reader;
  const named = places.symbol === null ? null : row[places.symbol]!;
  if (options.instrument === null) {
    const id = instrumentOfSymbolCn(named ?? '');
    return id === null ? 'unknown_symbol' : { id };
  }
  if (named !== null && named.toUpperCase() !== symbol && !isSame(named, options.instrument)) {
    return 'other_symbol';
  }
  return { id: options.instrument };
}

/** The same instrument as another vendor writes it: `sh000001`, `000001.XSHG`. */
function isSame(named: string, instrument: InstrumentId): boolean {
  return !instrument.endsWith('.US') && instrumentOfSymbolCn(named) === instrument;
}

function numberOf(text: string): number {
  return text === '' ? Number.NaN : Number(text);
}

type Tally = {
  read: number;
  readonly bars: Bar[];
  readonly dropped: Map<DropReason, number>;
  readonly samples: { line: number; reason: DropReason; text: string }[];
};

function drop(tally: Tally, reason: DropReason, line: number, text: string): void {
  const count = (tally.dropped.get(reason) ?? 0) + 1;
  tally.dropped.set(reason, count);
  if (count <= 3) tally.samples.push({ line, reason, text: text.slice(0, 120) });
}

/** Takes the rows of one parser in; answers whether a header was seen. */
async function takeRows(
  options: ReadBarsCsvOptions,
  rows: AsyncIterable<string[]>,
  tally: Tally,
): Promise<boolean> {
  let places: ColumnPlaces | null = null;
  let reader: Reader | null = null;
  for await (const row of rows) {
    if (places === null) {
      places = placeColumns(options.file, row, options.columns ?? {});
      continue;
    }
    tally.read += 1;
    const time = parseFileTime(row[places.time] ?? '');
    if (reader === null && time !== null) reader = readerFor(options, places, time);
    const bar = reader === null ? 'bad_time' : barOf(reader, row, time);
    if (typeof bar === 'string') drop(tally, bar, tally.read + 1, row.join(','));
    else tally.bars.push(bar);
  }
  return places !== null;
}

/** Puts the bars of each instrument in order; the file's order is that of its first instrument. */
function finishEach(tally: Tally, calendar: CalendarTable) {
  const groups = Map.groupBy(tally.bars, (bar) => bar.instrument);
  const told = (bar: Bar, reason: DropReason): void =>
    drop(tally, reason, 0, `bar opened at ${new Date(bar.openedAt).toISOString()}`);
  const parts = [...groups.values()].map((bars) => finishBars(bars, calendar, told));
  const [first] = parts;
  return {
    bars: parts.flatMap((part) => part.bars),
    instruments: parts.length,
    isNewestFirst: first?.isNewestFirst ?? false,
    outOfOrder: parts.reduce((sum, part) => sum + part.outOfOrder, 0),
    gaps:
      first !== undefined && parts.length === 1
        ? first.gaps
        : joinGaps(
            parts.map((part) => part.gaps),
            calendar,
          ),
  };
}

/**
 * Reads a CSV file of bars, plain or gzip, oldest first whatever the file's order, each bar within
 * a regular session of the calendar. Rows that cannot be used are counted by reason, never
 * repaired. Throws ConfigError with one line when the file cannot be read at all: not there, no
 * header, a required column missing, or times whose zone or label nobody told.
 */
export async function readBarsCsv(
  options: ReadBarsCsvOptions,
): Promise<{ readonly bars: readonly Bar[]; readonly report: ImportReport }> {
  const tally: Tally = { read: 0, bars: [], dropped: new Map(), samples: [] };
  const parser = parse({
    bom: true,
    trim: true,
    relaxColumnCount: true,
    skipEmptyLines: true,
    relaxQuotes: true,
  });
  const source = createReadStream(options.file);
  const input = options.file.endsWith('.gz')
    ? pipeline(source, createGunzip(), parser)
    : pipeline(source, parser);
  // The parser's own iteration reports the failure; this keeps the copy of it from going unhandled.
  input.catch(() => undefined);
  let hasHeader = false;
  try {
    hasHeader = await takeRows(options, parser, tally);
    await input;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    refuse(options, 'csv_unreadable', `not readable: ${text}`);
  }
  if (!hasHeader) refuse(options, 'csv_header', 'found an empty file, expected a header row');
  const done = finishEach(tally, options.calendar);
  const { file, instrument, timeframe } = options;
  const report: ImportReport = {
    file,
    instrument,
    instruments: done.instruments,
    timeframe,
    read: tally.read,
    kept: done.bars.length,
    dropped: Object.fromEntries(tally.dropped),
    zeroVolume: done.bars.filter((bar) => bar.volume === 0).length,
    isNewestFirst: done.isNewestFirst,
    outOfOrder: done.outOfOrder,
    gaps: done.gaps,
    samples: tally.samples,
  };
  const lost = [...tally.dropped.values()].reduce((sum, count) => sum + count, 0);
  invariant(report.read === report.kept + lost, `${file}: rows read, kept and dropped differ`);
  return { bars: done.bars, report };
}
