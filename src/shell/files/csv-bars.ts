import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { ConfigError } from '#app/errors.ts';
import { invariant } from '#core/lib/assert.ts';
import type { Bar, BarColumns, Timeframe } from '#core/market/bar.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Session } from '#core/market/session.ts';
import { instrumentOfSymbolCn } from '#core/market/symbol-cn.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import type { BarColumnName, ColumnPlaces } from './csv-columns.ts';
import { placeColumns } from './csv-columns.ts';
import type { FoundBar, FoundBars } from './csv-found.ts';
import { addFound, barsOfFound, createFoundBars, pickFound } from './csv-found.ts';
import { type MinuteReader, minuteReader } from './csv-minutes.ts';
import type { DropReason, GapReport } from './csv-report.ts';
import { dayFinder, finishBars, joinGaps } from './csv-report.ts';
import type { CsvRow, CsvRows } from './csv-rows.ts';
import { csvRows } from './csv-rows.ts';
import type { FileTime } from './csv-times.ts';
import { wallClockOf } from './csv-times.ts';

/** What to read and how the file's times are meant. */
export type ReadBarsCsvOptions = {
  /** Path of a CSV file with a header row; gzip when it ends in `.gz`. */
  readonly file: string;
  /** The file's bytes where they are at hand, packed as the file is. */
  readonly bytes?: Buffer;
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

const DAY_MS = 86_400_000;

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
  /** The bar of the newest row, whose it is, and the session of a bar that is shorter than one. */
  readonly bar: FoundBar;
  instrument: InstrumentId;
  session: Session | null;
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
    bar: {
      ...{ openedAt: 0, closedAt: 0, open: 0, high: 0, low: 0, close: 0 },
      ...{ volume: 0, amount: Number.NaN },
    },
    instrument: instrument ?? 'NONE.US',
    session: null,
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

/** Sets open and close instants of a row's bar; answers why the row is dropped, or null. */
function placeTimes(reader: Reader, time: FileTime): DropReason | null {
  const { bar } = reader;
  if (reader.lengthMs === 0) {
    const answer = reader.sessionOf.onDay(time.day);
    if (typeof answer === 'string') return answer;
    bar.openedAt = answer.openAt;
    bar.closedAt = answer.closeAt;
    return null;
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
  bar.openedAt = from;
  bar.closedAt = to;
  reader.session = session;
  return (from - session.openAt) % 60_000 === 0 ? null : 'off_grid';
}

/** Reads a row into the reader's bar; answers why there is none, or null. */
function takeRow(reader: Reader, row: CsvRow, time: FileTime | null): DropReason | null {
  const { places, bar } = reader;
  if (row.count() !== places.count) return 'wrong_column_count';
  const instrument = instrumentOf(reader, row);
  if (instrument === 'other_symbol' || instrument === 'unknown_symbol') return instrument;
  reader.instrument = instrument;
  if (time === null) return 'bad_time';
  const open = row.number(places.open);
  const high = row.number(places.high);
  const low = row.number(places.low);
  const close = row.number(places.close);
  const volume = row.number(places.volume) * reader.volumeUnit;
  const amount = places.amount === null ? Number.NaN : row.number(places.amount);
  if (!Number.isFinite(open + high + low + close + volume)) return 'not_a_number';
  if (volume === 0 && open === 0 && high === 0 && low === 0 && close === 0) {
    return 'suspended_padding';
  }
  if (!(open > 0 && high > 0 && low > 0 && close > 0 && volume >= 0)) return 'non_positive';
  if (high < Math.max(open, close, low) || low > Math.min(open, close)) {
    return 'high_low_inconsistent';
  }
  bar.open = open;
  bar.high = high;
  bar.low = low;
  bar.close = close;
  bar.volume = volume;
  bar.amount = amount >= 0 && Number.isFinite(amount) ? amount : Number.NaN;
  return placeTimes(reader, time);
}

/** Instrument of a row, or why it has none that is wanted. */
function instrumentOf(
  reader: Reader,
  row: CsvRow,
): InstrumentId | 'other_symbol' | 'unknown_symbol' {
  const { places, options, symbol } = reader;
  const named = places.symbol === null ? null : row.text(places.symbol);
  if (options.instrument === null) return instrumentOfSymbolCn(named ?? '') ?? 'unknown_symbol';
  if (named !== null && named.toUpperCase() !== symbol && !isSame(named, options.instrument)) {
    return 'other_symbol';
  }
  return options.instrument;
}

/** The same instrument as another vendor writes it: `sh000001`, `000001.XSHG`. */
function isSame(named: string, instrument: InstrumentId): boolean {
  return !instrument.endsWith('.US') && instrumentOfSymbolCn(named) === instrument;
}

type Tally = {
  read: number;
  readonly found: Map<InstrumentId, FoundBars>;
  readonly dropped: Map<DropReason, number>;
  readonly samples: { line: number; reason: DropReason; text: string }[];
};

function drop(tally: Tally, reason: DropReason, line: number, text: string): void {
  const count = (tally.dropped.get(reason) ?? 0) + 1;
  tally.dropped.set(reason, count);
  if (count <= 3) tally.samples.push({ line, reason, text: text.slice(0, 120) });
}

/** Reader of ordinary minutes; null where rows are days, name their instrument, or have quotes. */
function minutesOf({ places, lengthMs, volumeUnit }: Reader, rows: CsvRows): MinuteReader | null {
  if (rows.plain === null || lengthMs === 0 || places.symbol !== null) return null;
  return minuteReader(rows.plain, places, lengthMs, volumeUnit);
}

/** False on a day on which the clock of the file's times is changed. */
function isLinearDay({ wallClock }: Reader, time: FileTime): boolean {
  if (time.kind !== 'wall') return true;
  return (
    wallClock!(`${addCalendarDays(time.day, 1)}T00`, 0) - wallClock!(`${time.day}T00`, 0) === DAY_MS
  );
}

/** Takes rows in; answers whether a header was seen. */
function takeRows(options: ReadBarsCsvOptions, rows: CsvRows, tally: Tally): boolean {
  const { row } = rows;
  const cells = () => Array.from({ length: row.count() }, (_, cell) => row.text(cell));
  if (!rows.next()) return false;
  const places = placeColumns(options.file, cells(), options.columns ?? {});
  let reader: Reader | null = null;
  let found: FoundBars | undefined;
  let whose: InstrumentId | null = null;
  let minutes: MinuteReader | null = null;
  while (rows.next()) {
    tally.read += 1;
    const time = row.time(places.time);
    if (reader === null && time !== null) {
      reader = readerFor(options, places, time);
      minutes = minutesOf(reader, rows);
    }
    const reason = reader === null ? 'bad_time' : takeRow(reader, row, time);
    if (reader === null || reason !== null) {
      drop(tally, reason ?? 'bad_time', tally.read + 1, cells().join(','));
      continue;
    }
    if (reader.instrument !== whose || found === undefined) {
      whose = reader.instrument;
      found = tally.found.get(whose) ?? createFoundBars(places.amount !== null);
      tally.found.set(whose, found);
    }
    addFound(found, reader.bar);
    if (minutes === null || time === null) continue;
    minutes.learn(reader.bar, reader.session!, isLinearDay(reader, time));
    tally.read += minutes.take(found);
  }
  return true;
}

/** Puts the bars of each instrument in order; the file's order is that of its first instrument. */
function finishEach(tally: Tally, { calendar, timeframe }: ReadBarsCsvOptions) {
  const finder = dayFinder(calendar);
  const told = (openedAt: number, reason: DropReason): void =>
    drop(tally, reason, 0, `bar opened at ${new Date(openedAt).toISOString()}`);
  const parts = [...tally.found].map(([instrument, found]) => ({
    instrument,
    ...finishBars(found, timeframe, calendar, finder, told),
  }));
  const [first] = parts;
  return {
    parts,
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

/** The file's bytes, unpacked. */
async function bytesOf({ file, bytes }: ReadBarsCsvOptions): Promise<Buffer> {
  const packed = bytes ?? (await readFile(file));
  return file.endsWith('.gz') ? gunzipSync(packed) : packed;
}

/** Bars by instrument, each oldest first, and what became of the rows. Throws ConfigError. */
async function readFound(options: ReadBarsCsvOptions) {
  const tally: Tally = { read: 0, found: new Map(), dropped: new Map(), samples: [] };
  let hasHeader = false;
  try {
    hasHeader = takeRows(options, csvRows(await bytesOf(options)), tally);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    refuse(options, 'csv_unreadable', `not readable: ${text}`);
  }
  if (!hasHeader) refuse(options, 'csv_header', 'found an empty file, expected a header row');
  const done = finishEach(tally, options);
  const { file, instrument, timeframe } = options;
  const report: ImportReport = {
    file,
    instrument,
    instruments: done.instruments,
    timeframe,
    read: tally.read,
    kept: done.parts.reduce((sum, { bars }) => sum + bars.length, 0),
    dropped: Object.fromEntries(tally.dropped),
    zeroVolume: done.parts.reduce((sum, { bars }) => sum + zeroVolumeOf(bars), 0),
    isNewestFirst: done.isNewestFirst,
    outOfOrder: done.outOfOrder,
    gaps: done.gaps,
    samples: tally.samples,
  };
  const lost = [...tally.dropped.values()].reduce((sum, count) => sum + count, 0);
  invariant(report.read === report.kept + lost, `${file}: rows read, kept and dropped differ`);
  return { parts: done.parts, report };
}

function zeroVolumeOf({ volume, length }: FoundBars): number {
  let count = 0;
  for (let i = 0; i < length; i += 1) if (volume[i] === 0) count += 1;
  return count;
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
  const { parts, report } = await readFound(options);
  const bars = parts.flatMap(({ instrument, bars: found }) =>
    barsOfFound(found, instrument, options.timeframe),
  );
  return { bars, report };
}

/** The same of one instrument, as columns: no bar of its own is made of a row. */
export async function readBarColumnsCsv(
  options: ReadBarsCsvOptions & { readonly instrument: InstrumentId },
): Promise<{ readonly bars: BarColumns; readonly report: ImportReport }> {
  const { parts, report } = await readFound(options);
  const { amount: _, ...bars } = parts[0]?.bars ?? pickFound(createFoundBars(false), null);
  return { bars, report };
}
