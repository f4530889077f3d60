import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dayKindOf, judgeDailyTables, tallyLines, wholenessOf } from '#app/daily-market.ts';
import { ConfigError } from '#app/errors.ts';
import type { DailyMarketFacts, StandingCn } from '#core/backtest/daily/market.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import {
  DAILY_FIELDS_CN,
  type DailyTableCn,
  type PriceBasisCn,
} from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { type DailyPanelCn, type DailySeriesCn, dailyPanelOf } from '#core/market/panel-cn.ts';
import { shareStatusOf } from '#core/market/quote-cn.ts';
import type { CorporateActionCn } from '#core/market/records-cn.ts';
import { addCalendarDays, type TradingDay } from '#core/market/trading-day.ts';
import { anomalyLine } from '#core/quality/anomaly.ts';
import { judgeExDates } from '#core/quality/judge-ex-dates.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import {
  FACTOR_TOP_SETTINGS,
  type FactorTopSettings,
  factorTopFile,
} from '#shell/config/factor-top-schema.ts';
import { hashConfig } from '#shell/config/hash.ts';
import { checkValue } from '#shell/config/read-file.ts';
import { hashFiles } from '#shell/files/content-hash.ts';
import { type CachedPanel, readPanelCache, writePanelCache } from '#shell/files/panel-cache.ts';
import { checkBasis, readDailyFile } from '#shell/lib/cn-files/daily.ts';
import { readExDatesFile, type TERMS_PER } from '#shell/lib/cn-files/ex-dates.ts';
import { readClosesFile, readFloats, readStandingsFile } from '#shell/lib/cn-files/market-days.ts';
import type { MoneyUnit, VolumeUnit } from '#shell/lib/cn-files/values.ts';
import { drawAll, hashCode, hashText, withValue } from './compose-backtest.ts';
import { openMarketData, openSettings, ROOT } from './compose-tools.ts';

/*
 * Wires backtests of daily strategies: bars and what belongs to them from files or the store, settings,
 * the picture.
 */

/** Files that a daily market is read from. */
export type DailyFiles = {
  readonly bars: readonly string[];
  readonly basis: PriceBasisCn;
  readonly volume: VolumeUnit;
  readonly amount: MoneyUnit;
  readonly exDates: { readonly file: string; readonly per: keyof typeof TERMS_PER } | null;
  readonly standings: string | null;
  readonly index: string | null;
};

/** A market as it was found, with what is to be said of it. */
export type LoadedMarket = {
  readonly facts: DailyMarketFacts;
  /** Closes of the index by day of the panel; null: none given. */
  readonly index: Float64Array | null;
  readonly data: readonly { readonly source: string; readonly hash: string }[];
  readonly notes: readonly string[];
};

const SOURCE = 'rows';
/** Days before the first one that may hold what it needs. */
const HISTORY_DAYS = 400;
const LAST_DAY = '2999-12-30';

function fileHash(file: string): string {
  try {
    return hashFiles('', [file]).slice(0, 16);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`${file}: found no readable file (${cause}), expected one`, {
      code: 'file_unreadable',
      retryable: false,
    });
  }
}

/** Lines of a note, each behind the name of its file. */
const named = (file: string, notes: readonly string[]) => notes.map((note) => `${file}: ${note}`);

async function readActions(given: DailyFiles, calendar: CalendarTable) {
  const none = { actions: [] as readonly CorporateActionCn[], notes: [] as string[] };
  if (given.exDates === null) return none;
  const { file, per } = given.exDates;
  const { rows, tally } = await readExDatesFile({ file, source: SOURCE, per, hasRights: true });
  const dayKind = dayKindOf(calendar);
  const { kept, faults } = judgeExDates(rows, { source: SOURCE, dayKind });
  const told = faults.map(({ line, anomaly }) => `line ${line}: ${anomalyLine(anomaly)}`);
  const notes = [`${kept.length} ex-dates`, ...tallyLines(tally), ...told.slice(0, MOST_TOLD)];
  return { actions: kept, notes: named(file, notes) };
}

/** Rows that are told one by one. */
const MOST_TOLD = 20;

function readPanel(
  given: DailyFiles,
  calendar: CalendarTable,
  actions: readonly CorporateActionCn[],
) {
  return async (): Promise<CachedPanel> => {
    const tables: DailyTableCn[] = [];
    const notes: string[] = [];
    const { volume, amount, basis } = given;
    for (const file of given.bars) {
      const read = await readDailyFile({ file, source: SOURCE, instrument: null, volume, amount });
      checkBasis(file, read.table, basis);
      tables.push(read.table);
      notes.push(...named(file, tallyLines(read.tally)));
      if (!read.hasPreviousClose && basis === 'raw')
        notes.push(
          `${file}: states no previous closes; they are the close before, less known terms`,
        );
    }
    // a day may lie in several files: it is judged as a whole
    const judged = judgeDailyTables(tables, { source: SOURCE, basis, calendar, actions });
    notes.push(...judged.notes);
    const panel = dailyPanelOf({ kind: 'share', source: SOURCE, basis }, [judged.table]);
    const floats = new Float64Array(panel.close.length).fill(Number.NaN);
    let known = 0;
    for (const file of given.bars) known += await readFloats(file, panel, floats);
    const columns = Object.fromEntries(DAILY_FIELDS_CN.map((field) => [field, panel[field]]));
    const { days, instruments: stocks } = panel;
    return {
      ...{ days, stocks, notes, byDay: {} },
      columns: known === 0 ? columns : { ...columns, floats },
    };
  };
}

/** The panel of the files, from the cache when the same content was read the same way before. */
async function cachedPanel(
  dataDir: string,
  given: DailyFiles,
  key: string,
  read: () => Promise<CachedPanel>,
): Promise<{
  readonly panel: DailyPanelCn;
  readonly floats: Float64Array | null;
  notes: readonly string[];
}> {
  const cache = join(dataDir, 'cache', 'panels', `${key}.pan`);
  const known = readPanelCache(cache);
  const found = known ?? (await read());
  if (known === null && found.days.length > 0) writePanelCache(cache, found);
  const series: DailySeriesCn = { kind: 'share', source: SOURCE, basis: given.basis };
  const { days, stocks, columns, notes } = found;
  const fields = Object.fromEntries(DAILY_FIELDS_CN.map((field) => [field, columns[field]!]));
  const panel = { ...series, days, instruments: stocks, fetchedAt: 0, ...fields } as DailyPanelCn;
  return { panel, floats: columns['floats'] ?? null, notes };
}

/** Files whose content decides what a panel is, beside the bars themselves. */
const READERS = ['src/shell/lib/cn-files/*.ts', 'src/core/quality/*.ts', 'src/compose-daily.ts'];

function readersOf(): Buffer[] {
  const files = READERS.flatMap((pattern) => globSync(pattern, { cwd: ROOT }).sort());
  return files.map((file) => readFileSync(join(ROOT, file)));
}

async function readIndex(file: string | null, days: readonly TradingDay[]) {
  if (file === null) return { index: null, notes: [] };
  const { closes, tally } = await readClosesFile({ file, source: SOURCE });
  const index = Float64Array.from(days, (day) => closes.get(day) ?? Number.NaN);
  const missing = index.filter(Number.isNaN).length;
  if (missing === index.length)
    throw new ConfigError(`${file}: found no day of the bars, expected closes of the same days`, {
      code: 'no_index',
      retryable: false,
    });
  const gap = missing === 0 ? [] : [`no close on ${missing} of ${days.length} days of the bars`];
  return { index, notes: named(file, [...tallyLines(tally), ...gap]) };
}

async function readStandings(file: string | null) {
  if (file === null) {
    const note =
      'no --securities: every share is taken as not ST, and its listing as unknown for its first days';
    return { standings: [] as readonly StandingCn[], notes: [note] };
  }
  const { rows, tally, undated } = await readStandingsFile({ file, source: SOURCE });
  const note =
    undated === 0
      ? []
      : [
          `${undated} rows without a day, taken as true for all days: names of later days look ahead`,
        ];
  return { standings: rows, notes: named(file, [...tallyLines(tally), ...note]) };
}

/** Terms as the engine takes them. */
const termsOf = (action: CorporateActionCn) => ({
  ...{ rightsPerShare: 0, rightsPrice: 0 },
  ...action,
});

async function loadFiles(
  dataDir: string,
  given: DailyFiles,
  calendar: CalendarTable,
): Promise<LoadedMarket> {
  const hashes = given.bars.map(fileHash);
  const { actions, notes } = await readActions(given, calendar);
  const how = JSON.stringify([given.basis, given.volume, given.amount, actions, calendar]);
  const key = hashText([...hashes, how, ...readersOf()]);
  const read = readPanel(given, calendar, actions);
  const { panel, floats, notes: told } = await cachedPanel(dataDir, given, key, read);
  const whole = wholenessOf(panel.days, calendar);
  const index = await readIndex(given.index, panel.days);
  const standings = await readStandings(given.standings);
  const others = [given.exDates?.file, given.standings, given.index].flatMap((file) => file ?? []);
  return {
    facts: {
      ...{ panel, floatShares: floats, isWhole: whole.isWhole, actions: actions.map(termsOf) },
      ...{ standings: standings.standings, assumedStatus: 'normal' },
    },
    index: index.index,
    data: [
      ...given.bars.map((source, at) => ({ source, hash: hashes[at]! })),
      ...others.map((source) => ({ source, hash: fileHash(source) })),
    ],
    notes: [...told, ...whole.notes, ...notes, ...index.notes, ...standings.notes],
  };
}

type MarketStore = Awaited<ReturnType<typeof openMarketData>>['market'];

/** Standings of the stored lists that were in force from `from` on, each once. */
async function storedStandings(market: MarketStore, days: readonly TradingDay[]) {
  const standings: StandingCn[] = [];
  const met = new Set<string>();
  // a list of every month is near enough to what was known, and never later
  const asked = days.filter((day, at) => at === 0 || day.slice(0, 7) !== days[at - 1]!.slice(0, 7));
  for (const day of asked) {
    const list = await market.securities(day);
    if (list === null || met.has(list.asOf)) continue;
    met.add(list.asOf);
    for (const { instrument, name, listedOn } of list.securities)
      standings.push({ instrument, from: list.asOf, status: shareStatusOf(name), listedOn });
  }
  return standings;
}

async function loadStored(
  calendar: CalendarTable,
  instruments: readonly InstrumentId[] | null,
  range: { readonly from: string | null; readonly to: string | null },
  benchmark: InstrumentId | null,
): Promise<LoadedMarket> {
  const { market, close } = await openMarketData(await openSettings());
  const from = range.from === null ? '1990-12-19' : addCalendarDays(range.from, -HISTORY_DAYS);
  const through = range.to ?? LAST_DAY;
  const ask = { basis: 'raw', source: null, from, through } as const;
  try {
    const panel = await market.loadDaily({ ...ask, kind: 'share', instruments });
    if (panel.days.length === 0)
      throw new ConfigError(
        'backtest --store: found no raw daily bars of A-shares, expected some; centaur data sync --history 280 brings them, or data import bars --market CN --timeframe 1d',
        { code: 'no_bars', retryable: false },
      );
    const actions = await market.corporateActions(panel.days[0]!, panel.days.at(-1)!);
    const standings = await storedStandings(market, panel.days);
    const whole = wholenessOf(panel.days, calendar);
    const index =
      benchmark === null
        ? null
        : await market.loadDaily({ ...ask, kind: 'index', instruments: [benchmark] });
    const closes = new Map(index?.days.map((day, at) => [day, index.close[at]!]) ?? []);
    if (benchmark !== null && closes.size === 0)
      throw new ConfigError(`--benchmark: found no daily bars of ${benchmark}, expected some`, {
        code: 'no_index',
        retryable: false,
      });
    const column = Float64Array.from(panel.days, (day) => closes.get(day) ?? Number.NaN);
    const bytes = DAILY_FIELDS_CN.map((field) => new Uint8Array(panel[field].buffer));
    const hash = hashText([JSON.stringify([panel.days, panel.instruments]), ...bytes]);
    const since = standings[0]?.from;
    const note =
      since === undefined
        ? 'no stored list of securities: every share is taken as not ST'
        : `the first stored list of securities is of ${since}: before it every share is taken as not ST`;
    const isKnown = since !== undefined && since <= panel.days[0]!;
    return {
      facts: {
        ...{ panel, floatShares: null, isWhole: whole.isWhole, actions: actions.map(termsOf) },
        ...{ standings, assumedStatus: 'normal' },
      },
      index: benchmark === null ? null : column,
      data: [{ source: `store: ${panel.source}`, hash }],
      notes: [`${actions.length} ex-dates`, ...whole.notes, ...(isKnown ? [] : [note])],
    };
  } finally {
    await close();
  }
}

/** Lists as a command line gives them: `a,b`; `all` of the factors. */
function listIn(key: string, value: unknown): unknown {
  const isList = key === 'parameters.boards' || key === 'parameters.factors';
  if (!isList || typeof value !== 'string') return value;
  if (key === 'parameters.factors' && value === 'all')
    return FACTOR_TOP_SETTINGS.parameters.factors;
  return value.split(',').map((item) => item.trim());
}

/** Settings with some of them replaced; an unknown key or an impossible value is refused. Throws ConfigError. */
function settingsWith(changes: Readonly<Record<string, unknown>>): FactorTopSettings {
  let tree: Record<string, unknown> = { ...FACTOR_TOP_SETTINGS };
  for (const [key, value] of Object.entries(changes))
    tree = withValue(tree, key.split('.'), listIn(key, value));
  return checkValue(factorTopFile, tree, '--set');
}

/** What the command needs of the outer ring. Throws ConfigError. */
export async function openDailyBacktest() {
  const { dataDir } = await openSettings();
  return {
    settingsWith,
    hashConfig,
    hashCode,
    loadFiles: (given: DailyFiles, calendar: CalendarTable) => loadFiles(dataDir, given, calendar),
    loadStored,
    draw: (pictures: Parameters<typeof drawAll>[1], onTrouble: (cause: string) => void) =>
      drawAll(dataFilesOf(dataDir).fonts, pictures, onTrouble),
  };
}
