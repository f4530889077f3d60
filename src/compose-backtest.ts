import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BarSeries } from '#app/backtest-plan.ts';
import { ConfigError } from '#app/errors.ts';
import type { BarColumns } from '#core/market/bar.ts';
import { columnsOf } from '#core/market/bar.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { instantAt } from '#core/market/session.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import type { DeskConfig } from '#shell/config/config.ts';
import { hashConfig } from '#shell/config/hash.ts';
import { policyOf, vwapReclaimParamsOf } from '#shell/config/policy-of.ts';
import { checkValue } from '#shell/config/read-file.ts';
import { deskFile } from '#shell/config/schema.ts';
import { readColumnCache, writeColumnCache } from '#shell/files/column-cache.ts';
import { readBarsCsv } from '#shell/files/csv-bars.ts';
import { readDayLabels } from '#shell/files/day-labels.ts';
import { openSettings, openStore, ROOT } from './compose-tools.ts';

/*
 * Wires the backtest: settings of a desk with some of them changed, bars from files or the store.
 */

type Tree = Record<string, unknown>;

function withValue(tree: Tree, path: readonly string[], value: unknown): Tree {
  const [key = '', ...rest] = path;
  if (rest.length === 0) return { ...tree, [key]: value };
  const below = tree[key];
  const child = typeof below === 'object' && below !== null ? (below as Tree) : {};
  return { ...tree, [key]: withValue(child, rest, value) };
}

function hashText(parts: Iterable<string | Uint8Array>): string {
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
function hashCode(): string {
  const files = globSync('src/{core,app}/**/*.ts', { cwd: ROOT }).sort();
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
};

/** The file's bytes; null when it cannot be read, which its reader tells in its own words. */
function bytesOf(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch {
    return null;
  }
}

/** Names a cache by what it follows from: the file's content, how it is read, the calendar, the reader. */
function cacheFile(
  dataDir: string,
  hash: string,
  calendar: CalendarTable,
  given: BarsFile,
): string {
  const reader = globSync('src/shell/files/csv-*.ts', { cwd: ROOT }).sort();
  const { instrument, zone, label } = given;
  const key = hashText([
    hash,
    JSON.stringify([instrument, zone ?? null, label ?? null, calendar]),
    ...reader.map((file) => readFileSync(join(ROOT, file))),
  ]);
  return join(dataDir, 'cache', 'columns', `${key}.cols`);
}

/** Minutes of one CSV file, from the cache when the same file was read before. Throws ConfigError. */
async function loadFile(
  dataDir: string,
  calendar: CalendarTable,
  given: BarsFile,
): Promise<LoadedSeries> {
  const { file, instrument } = given;
  const bytes = bytesOf(file);
  const hash = bytes === null ? '' : hashText([bytes]);
  const cache = cacheFile(dataDir, hash, calendar, given);
  const known = bytes === null ? null : readColumnCache(cache);
  const { bars, notes } = known ?? (await readFile(calendar, given));
  if (known === null) writeColumnCache(cache, { bars, notes });
  const named = notes.map((note) => `${file}: ${note}`);
  return { instrument, minutes: bars, daily: null, source: file, hash, notes: named };
}

/** Columns of a CSV file and what became of its rows. Throws ConfigError. */
async function readFile(
  calendar: CalendarTable,
  given: BarsFile,
): Promise<{ readonly bars: BarColumns; readonly notes: readonly string[] }> {
  const { file, instrument, zone, label } = given;
  const { bars, report } = await readBarsCsv({
    file,
    instrument,
    timeframe: '1m',
    calendar,
    ...(zone === undefined ? {} : { zone }),
    ...(label === undefined ? {} : { label }),
  });
  const notes = Object.entries(report.dropped).map(
    ([reason, count]) => `dropped ${count} rows, ${reason.replaceAll('_', ' ')}`,
  );
  const { gaps } = report;
  if (gaps.missingBars > 0)
    notes.push(`${gaps.missingBars} bars missing on ${gaps.incompleteDays} days`);
  if (gaps.missingDays.length > 0) notes.push(`${gaps.missingDays.length} trading days missing`);
  if (report.zeroVolume > 0) notes.push(`${report.zeroVolume} bars without volume`);
  return { bars: columnsOf(bars), notes };
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
        notes: [],
      });
    }
    return loaded;
  } finally {
    await close();
  }
}

/** What the command needs of the outer ring. Throws ConfigError. */
export async function openBacktest() {
  const settings = await openSettings();
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
    hashConfig,
    hashCode,
    loadFile: (calendar: CalendarTable, given: BarsFile) =>
      loadFile(settings.dataDir, calendar, given),
    loadStored,
    readDayLabels,
  };
}
