import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { BarSeries } from '#app/backtest-plan.ts';
import { ConfigError } from '#app/errors.ts';
import { spreadsOver } from '#core/backtest/spreads.ts';
import type { BarColumns, Timeframe } from '#core/market/bar.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { instantAt } from '#core/market/session.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import type { Picture } from '#core/pictures/picture.ts';
import { CLOSE_TOLERANCE, closeMismatches, priceJumps } from '#core/quality/price-jumps.ts';
import type { MeasuredEdge } from '#core/risk/edge.ts';
import type { DrawingDesk } from '#shell/chat/pictures/drawing-desk.ts';
import type { DeskConfig } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { edgeSettingsOf } from '#shell/config/edge-settings.ts';
import { hashConfig } from '#shell/config/hash.ts';
import { policyOf, vwapReclaimParamsOf } from '#shell/config/policy-of.ts';
import { checkValue } from '#shell/config/read-file.ts';
import { deskFile } from '#shell/config/schema.ts';
import { readColumnCache, writeColumnCache } from '#shell/files/column-cache.ts';
import { readBarColumnsCsv } from '#shell/files/csv-bars.ts';
import { readQuotes } from '#shell/files/csv-quotes.ts';
import { gapsOf } from '#shell/files/csv-report.ts';
import { readDayLabels } from '#shell/files/day-labels.ts';
import { keepEdge } from '#shell/files/edge-file.ts';
import { openKept } from '#shell/files/kept-sets.ts';
import { sharingTimes } from '#shell/files/shared-times.ts';
import { createProgressBar } from '#shell/runner/progress-bar.ts';
import { openSettings, openStore, ROOT } from './compose-tools.ts';

/*
 * Wires the backtest: settings of a desk with some of them changed, bars from files or the store.
 */

type Tree = Record<string, unknown>;

/** A tree with the value at a path replaced. */
export function withValue(tree: Tree, path: readonly string[], value: unknown): Tree {
  const [key = '', ...rest] = path;
  if (rest.length === 0) return { ...tree, [key]: value };
  const below = tree[key];
  const child = typeof below === 'object' && below !== null ? (below as Tree) : {};
  return { ...tree, [key]: withValue(child, rest, value) };
}

/** First half of the SHA-256 of parts. */
export function hashText(parts: Iterable<string | Uint8Array>): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 16);
}

function hashColumns(bars: BarColumns): string {
  const { openedAt, open, high, low, close, volume } = bars;
  const columns = [openedAt, open, high, low, close, volume].map((column) => {
    const used = column.subarray(0, bars.length);
    return new Uint8Array(used.buffer, used.byteOffset, used.byteLength);
  });
  return hashText(columns);
}

/** Hash of the code that decides, so that a result names what made it. */
export function hashCode(): string {
  const code = ['src/{core,app}/**/*.ts', 'src/cli/backtest-{layers,set,settings,sweep}.ts'];
  const files = globSync(code, { cwd: ROOT }).sort();
  return hashText(files.map((file) => readFileSync(join(ROOT, file))));
}

/** A series, where it came from, the hash of its content, and what its reader has to say. */
export type LoadedSeries = BarSeries & {
  readonly source: string;
  readonly hash: string;
  readonly notes: readonly string[];
};

export type BarsFile = {
  readonly file: string;
  readonly instrument: InstrumentId;
  readonly zone: string | undefined;
  readonly label: 'start' | 'end' | undefined;
  /** Daily bars of the same symbol, for what is known before a session. */
  readonly daily: string | undefined;
};

/** The file's bytes; null when it cannot be read, which its reader tells in its own words. */
function bytesOf(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch {
    return null;
  }
}

const OWN_FILE = join('src', 'compose-backtest.ts');
let knownReader: string | null = null;

/** Hash of what reads a file and writes the notes that are kept with its columns; the same for every file. */
function readerHash(): string {
  const files = () => [...globSync('src/shell/files/csv-*.ts', { cwd: ROOT }).sort(), OWN_FILE];
  knownReader ??= hashText(files().map((file) => readFileSync(join(ROOT, file))));
  return knownReader;
}

/** Names a cache by what it follows from: the file's content, how it is read, the calendar, the reader. */
function cacheFile(
  dataDir: string,
  hash: string,
  calendar: CalendarTable,
  given: BarsFile,
  timeframe: Timeframe,
): string {
  const { instrument, zone, label } = given;
  const key = hashText([
    hash,
    JSON.stringify([instrument, timeframe, zone ?? null, label ?? null, calendar]),
    readerHash(),
  ]);
  return join(dataDir, 'cache', 'columns', `${key}.cols`);
}

/**
 * Minutes of a file, and daily bars of another where there is one. Minutes that are those of the series
 * before share its times. Throws ConfigError.
 */
async function loadFile(
  dataDir: string,
  calendar: CalendarTable,
  given: BarsFile,
  before: LoadedSeries | null,
): Promise<LoadedSeries> {
  const { file, instrument, daily } = given;
  const read = await loadColumns(dataDir, calendar, given, '1m');
  const bars = before === null ? read.bars : sharingTimes(read.bars, before.minutes);
  const minutes = { ...read, bars };
  if (daily === undefined) {
    const { hash, notes } = minutes;
    return { instrument, minutes: bars, daily: null, source: file, hash, notes };
  }
  const days = await loadColumns(dataDir, calendar, { ...given, file: daily }, '1d');
  const notes = [...minutes.notes, ...days.notes, ...basisNotes(daily, minutes.bars, days.bars)];
  const hash = hashText([minutes.hash, days.hash]);
  return { instrument, minutes: minutes.bars, daily: days.bars, source: file, hash, notes };
}

/** What two series of one symbol have to do with each other. Throws ConfigError when they are of another basis. */
function basisNotes(file: string, minutes: BarColumns, daily: BarColumns): string[] {
  const { common, days } = closeMismatches(minutes, daily);
  if (days.length === 0) return [];
  const words = `closes of ${days.length} of ${common} days are more than ${CLOSE_TOLERANCE * 100} % from the last minute's, the first on ${days[0]}`;
  if (days.length * 2 <= common) return [`${file}: ${words}`];
  throw new ConfigError(
    `${file}: found ${words}, expected daily bars adjusted as the minutes are`,
    { code: 'other_basis', retryable: false },
  );
}

/** Columns of one CSV file, from the cache when the same file was read before. Throws ConfigError. */
async function loadColumns(
  dataDir: string,
  calendar: CalendarTable,
  given: BarsFile,
  timeframe: '1m' | '1d',
) {
  const bytes = bytesOf(given.file);
  const hash = bytes === null ? '' : hashText([bytes]);
  const cache = cacheFile(dataDir, hash, calendar, given, timeframe);
  const known = bytes === null ? null : readColumnCache(cache);
  const { bars, notes } = known ?? (await readFile(calendar, given, bytes, timeframe));
  if (known === null) writeColumnCache(cache, { bars, notes });
  return { bars, hash, notes: notes.map((note) => `${given.file}: ${note}`) };
}

/** Jumps between days that are named one by one. */
const MOST_NAMED = 3;

function jumpNotes(bars: BarColumns): string[] {
  const jumps = priceJumps(bars);
  const notes = jumps
    .slice(0, MOST_NAMED)
    .map(
      ({ day, ratio }) =>
        `opens on ${day} at ${ratio.toFixed(3)} times the close before: a split that is not accounted for?`,
    );
  if (jumps.length > MOST_NAMED) notes.push(`${jumps.length - MOST_NAMED} more such openings`);
  return notes;
}

/** What is odd in the bars themselves, wherever they came from. */
function contentNotes(bars: BarColumns, gaps: ReturnType<typeof gapsOf>): string[] {
  const notes: string[] = [];
  if (gaps.missingBars > 0)
    notes.push(`${gaps.missingBars} bars missing on ${gaps.incompleteDays} days`);
  if (gaps.missingDays.length > 0) notes.push(`${gaps.missingDays.length} trading days missing`);
  let empty = 0;
  for (let i = 0; i < bars.length; i += 1) if (bars.volume[i] === 0) empty += 1;
  if (empty > 0) notes.push(`${empty} bars without volume`);
  return [...notes, ...jumpNotes(bars)];
}

/** Columns of a CSV file and what became of its rows. Throws ConfigError. */
async function readFile(
  calendar: CalendarTable,
  given: BarsFile,
  bytes: Buffer | null,
  timeframe: Timeframe,
): Promise<{ readonly bars: BarColumns; readonly notes: readonly string[] }> {
  const { file, instrument, zone, label } = given;
  const { bars, report } = await readBarColumnsCsv({
    file,
    instrument,
    timeframe,
    calendar,
    ...(bytes === null ? {} : { bytes }),
    ...(zone === undefined ? {} : { zone }),
    ...(label === undefined ? {} : { label }),
  });
  const notes = Object.entries(report.dropped).map(
    ([reason, count]) => `dropped ${count} rows, ${reason.replaceAll('_', ' ')}`,
  );
  if (report.isNewestFirst) notes.push('rows ran from newest to oldest and were turned round');
  if (report.outOfOrder > 0)
    notes.push(`${report.outOfOrder} rows stood out of order and were sorted in`);
  notes.push(...contentNotes(bars, report.gaps));
  return { bars, notes };
}

/** A series with the quotes that files recorded of it, and how many of its minutes have one. Throws ConfigError. */
function withQuotes(
  series: LoadedSeries,
  calendar: CalendarTable,
  given: {
    readonly quotes: readonly (readonly [string, string])[];
    readonly zone: string | undefined;
    readonly label: 'start' | 'end' | undefined;
  },
): LoadedSeries {
  const { instrument, minutes } = series;
  const files = given.quotes.flatMap(([symbol, file]) =>
    `${symbol}.US` === instrument ? [file] : [],
  );
  if (files.length === 0) return series;
  const { zone, label } = given;
  const { spreads, notes } = readQuotes(files.map((file) => ({ file, calendar, zone, label })));
  const found = spreadsOver(spreads, minutes);
  const count = found === null ? 0 : found.openBps.filter((value) => value >= 0).length;
  const words = `${instrument}: the spread of ${count} of ${minutes.length} minutes is recorded, the others are the model's`;
  const hash = hashText([series.hash, ...files.map((file) => readFileSync(file))]);
  return { ...series, spreads, hash, notes: [...series.notes, ...notes, words] };
}

/** No bar is later; a day that the store and the clock can still name. */
const LAST_DAY = '2999-12-30';

/** Minutes and daily bars of the store. Throws ConfigError where there are none. */
async function loadStored(
  calendar: CalendarTable,
  instruments: readonly InstrumentId[],
  from: string | null,
  to: string | null,
): Promise<LoadedSeries[]> {
  const { store, close } = await openStore(await openSettings(), 'cli');
  const fromAt = from === null ? 0 : instantAt(addCalendarDays(from, -400), '00:00', calendar.zone);
  const toAt = instantAt(addCalendarDays(to ?? LAST_DAY, 1), '00:00', calendar.zone);
  try {
    const loaded: LoadedSeries[] = [];
    for (const instrument of instruments) {
      const minutes = await store.bars.load({ instrument, timeframe: '1m' }, fromAt, toAt, null);
      if (minutes.length === 0)
        throw new ConfigError(
          `backtest --store: found no 1m bars of ${instrument}, expected some; centaur data import bars brings them`,
          { code: 'no_bars', retryable: false },
        );
      const daily = await store.bars.load({ instrument, timeframe: '1d' }, fromAt, toAt, null);
      loaded.push({
        instrument,
        minutes,
        daily: daily.length > 0 ? daily : null,
        source: 'store',
        hash: hashColumns(minutes),
        notes: contentNotes(minutes, gapsOf(minutes, '1m', calendar)).map(
          (note) => `${instrument}: ${note}`,
        ),
      });
    }
    return loaded;
  } finally {
    await close();
  }
}

/** A thread that draws, started while the bars are read and played. */
async function openDrawing(fontsDir: string): Promise<DrawingDesk> {
  const { createDrawingDesk } = await import('#shell/chat/pictures/drawing-desk.ts');
  const desk = createDrawingDesk(fontsDir);
  desk.wake();
  return desk;
}

/** Pictures as PNG, in order; null where one could not be drawn, and `onTrouble` was told. */
export async function drawAll(
  fontsDir: string,
  pictures: readonly Picture[],
  onTrouble: (cause: string) => void,
  desk: DrawingDesk | null = null,
): Promise<(Uint8Array | null)[]> {
  if (pictures.length === 0) {
    await desk?.stop();
    return [];
  }
  const { createPictures } = await import('#shell/chat/pictures/pictures.ts');
  const drawing = createPictures({
    fontsDir,
    ...(desk === null ? {} : { desk }),
    onTrouble: (_, error) => onTrouble(error instanceof Error ? error.message : String(error)),
  });
  const drawn: (Uint8Array | null)[] = [];
  for (const picture of pictures) drawn.push(await drawing.draw(picture, 'en'));
  await drawing.stop();
  return drawn;
}

/** A bar for what is counted, on standard error. */
export const openProgressBar = () => createProgressBar(process.stderr);

/** What the command needs of the outer ring. Throws ConfigError. */
export async function openBacktest(
  meant: { readonly desk?: string; readonly symbols?: readonly string[] } = {},
) {
  const { desk: name, symbols = [] } = meant;
  const settings = await openSettings({
    ...(name === undefined ? {} : { desks: [name] }),
    ...(symbols.length === 0 ? {} : { symbols }),
  });
  const found = settings.desks.find((desk) => desk.strategy === 'vwap-reclaim');
  if (found === undefined)
    throw new ConfigError('backtest: found no desk of vwap-reclaim, expected one in the profile', {
      code: 'no_desk',
      retryable: false,
    });
  const { accountSettings, ...file } = found;
  return {
    windows: found.parameters.events,
    mode: found.mode,
    slippageBps: found.cost.slippageBps,
    broker: accountSettings.broker,
    symbols: found.symbols,
    /** Policy and parameters with some settings of the desk's file replaced; an unknown key is refused. */
    deskWith(changes: Readonly<Record<string, unknown>>) {
      let tree: Tree = { ...file };
      for (const [key, value] of Object.entries(changes))
        tree = withValue(tree, key.split('.'), value);
      const checked = checkValue(deskFile, tree, '--set');
      if (checked.strategy !== 'vwap-reclaim') return null;
      const desk: DeskConfig = { ...checked, accountSettings };
      return {
        policy: policyOf(desk),
        params: vwapReclaimParamsOf(desk),
        hash: hashConfig(checked),
      };
    },
    /** Keeps a measurement as this desk's own, under its settings as they are; answers the file. */
    keepEdge: (edge: Omit<MeasuredEdge, 'id'>) =>
      keepEdge(dataFilesOf(settings.dataDir).edge, found.id, edgeSettingsOf(found), edge),
    /** Starts the thread that draws; it keeps no process alive, and `draw` ends it. */
    openDrawing: () => openDrawing(dataFilesOf(settings.dataDir).fonts),
    /** Pictures as PNG, in order; null where one could not be drawn, and `onTrouble` was told. */
    draw: (
      pictures: readonly Picture[],
      onTrouble: (cause: string) => void,
      desk: DrawingDesk | null,
    ) => drawAll(dataFilesOf(settings.dataDir).fonts, pictures, onTrouble, desk),
    hashConfig,
    hashColumns,
    hashCode,
    openKept,
    loadFile: (calendar: CalendarTable, given: BarsFile, before: LoadedSeries | null) =>
      loadFile(settings.dataDir, calendar, given, before),
    loadStored,
    withQuotes,
    readDayLabels,
  };
}

/** The store's queue of heavy work; the store's server is held meanwhile. Throws ConfigError, StoreError. */
export async function openBacktestQueue(name: string, onTrouble?: (message: string) => void) {
  const { openWorkQueue } = await import('#shell/queue/work-queue.ts');
  const { handle, close } = await openStore(await openSettings(), 'queue');
  const server = handle.ownerAccess;
  const told = onTrouble === undefined ? {} : { onTrouble };
  const queue = await openWorkQueue({ server, name, ...told }).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    queue,
    close: async () => {
      await queue.close();
      await close();
    },
  };
}
