import { ConfigError } from '#app/errors.ts';
import type { BarStore, MarketFeed } from '#app/ports.ts';
import type { StartOptions } from '#app/start-options.ts';
import type { BarColumns } from '#core/market/bar.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import { instantAt, wallTimeOf } from '#core/market/session.ts';
import { addCalendarDays, type TradingDay } from '#core/market/trading-day.ts';
import type { IndexSeries } from '#core/market/whole-market.ts';
import type { SectorPulseParams } from '#core/strategies/sector-pulse/params.ts';
import { derivedSectors } from '#shell/feeds/cn-recorded/derived-sectors.ts';
import {
  type RecordedBarsCn,
  type RecordedDailyCn,
  type RecordingCn,
  recordingOf,
} from '#shell/feeds/cn-recorded/recorded-days-cn.ts';
import type { RecordedMarketDay } from '#shell/feeds/cn-recorded/recorded-market-day.ts';
import type { BookEntry } from '#shell/files/book-file.ts';
import { playDayCn } from './compose-day-cn.ts';
import { weekdays } from './compose-material.ts';
import type { Material } from './compose-run.ts';

/** Calendar days of daily bars before the first day: 252 values of a 30-day volatility, and some. */
const DAILY_BEFORE = 480;
/** Calendar days of intraday bars before the first day, for percentiles at the same wall time. */
const INTRADAY_BEFORE = 370;
const INDEXES = { composite: '000001.SH', csi300: '000300.SH' } as const;

type Range = { readonly fromAt: number; readonly toAt: number };

const knownDays = new Map<string, TradingDay>();

/** Day of an instant; bars of all stocks share their instants, so each is worked out once. */
function dayOf(at: number, zone: string): TradingDay {
  const key = `${zone}/${at}`;
  const known = knownDays.get(key);
  if (known !== undefined) return known;
  const { day } = wallTimeOf(at, zone);
  knownDays.set(key, day);
  return day;
}

async function indexOf(
  bars: BarStore,
  calendar: CalendarTable,
  instrument: InstrumentId,
  range: Range,
): Promise<IndexSeries | null> {
  const found = await bars.load({ instrument, timeframe: '1d' }, range.fromAt, range.toAt, null);
  if (found.length === 0) return null;
  return {
    days: Array.from(found.openedAt, (at) => dayOf(at, calendar.zone)),
    closes: found.close,
    now: null,
    asOf: 0,
    fetchedAt: 0,
    source: 'store',
    degraded: false,
  };
}

/** Series of several instruments as one panel over the keys anybody has. */
function panelOf<K>(
  series: readonly BarColumns[],
  keyOf: (columns: BarColumns, i: number) => K,
  keys: readonly K[],
) {
  const placeOf = new Map(keys.map((key, place) => [key, place]));
  const cells = () => new Float64Array(series.length * keys.length).fill(Number.NaN);
  const panel = {
    open: cells(),
    high: cells(),
    low: cells(),
    close: cells(),
    volume: cells(),
    amount: cells(),
  };
  for (const [row, columns] of series.entries()) {
    for (let i = 0; i < columns.length; i += 1) {
      const cell = row * keys.length + (placeOf.get(keyOf(columns, i)) ?? 0);
      for (const name of ['open', 'high', 'low', 'close', 'volume'] as const)
        panel[name][cell] = columns[name][i]!;
      // bars are stored without turnover: the middle of the bar times its volume stands in for it
      const middle = (columns.high[i]! + columns.low[i]! + columns.close[i]!) / 3;
      panel.amount[cell] = middle * columns.volume[i]!;
    }
  }
  return panel;
}

async function loadAll(
  bars: BarStore,
  instruments: readonly InstrumentId[],
  timeframe: '15m' | '1d',
  range: Range,
): Promise<BarColumns[]> {
  const found: BarColumns[] = [];
  for (const instrument of instruments)
    found.push(await bars.load({ instrument, timeframe }, range.fromAt, range.toAt, null));
  return found;
}

function nothingStored(replay: { from: TradingDay; to: TradingDay }, what: string): never {
  throw new ConfigError(
    `replay ${replay.from}..${replay.to}: found no stored ${what} of Chinese stocks, expected some; import them with: centaur data import bars --market CN`,
    { code: 'no_bars', retryable: false },
  );
}

/** The stored Chinese stocks with 15-minute bars, as a recording of the days that are played. */
async function loadRecordingCn(facts: {
  readonly calendar: CalendarTable;
  readonly replay: NonNullable<StartOptions['replay']>;
  readonly bars: BarStore;
}): Promise<RecordingCn> {
  const { calendar, replay, bars } = facts;
  const stored = await bars.status();
  const instruments = [
    ...new Set(
      stored
        .filter(({ timeframe, instrument }) => timeframe === '15m' && !instrument.endsWith('.US'))
        .map(({ instrument }) => instrument as InstrumentId),
    ),
  ].sort();
  if (instruments.length === 0) nothingStored(replay, '15m bars');
  const at = (day: TradingDay) => instantAt(day, '00:00', calendar.zone);
  const toAt = at(addCalendarDays(replay.to, 1));
  const intradayRange = { fromAt: at(addCalendarDays(replay.from, -INTRADAY_BEFORE)), toAt };
  const dailyRange = { fromAt: at(addCalendarDays(replay.from, -DAILY_BEFORE)), toAt };
  const intraday = await loadAll(bars, instruments, '15m', intradayRange);
  const daily = await loadAll(bars, instruments, '1d', dailyRange);
  const closes = new Map<number, number>();
  for (const columns of intraday)
    for (let i = 0; i < columns.length; i += 1)
      closes.set(columns.openedAt[i]!, columns.closedAt[i]!);
  const openedAt = Float64Array.from(closes.keys()).sort();
  const dayNames = [
    ...new Set(
      daily.flatMap((columns) => Array.from(columns.openedAt, (one) => dayOf(one, calendar.zone))),
    ),
  ].sort();
  if (dayNames.length === 0) nothingStored(replay, '1d bars');
  const dailyPanel: RecordedDailyCn = {
    instruments,
    days: dayNames,
    ...panelOf(daily, (columns, i) => dayOf(columns.openedAt[i]!, calendar.zone), dayNames),
  };
  const barPanel: RecordedBarsCn = {
    instruments,
    source: 'recorded',
    openedAt,
    closedAt: openedAt.map((one) => closes.get(one) ?? Number.NaN),
    ...panelOf(intraday, (columns, i) => columns.openedAt[i]!, [...openedAt]),
  };
  const end = dayNames.findIndex((day) => day >= replay.from);
  const sectors = derivedSectors(dailyPanel, end < 0 ? dayNames.length : end);
  const sectorOf = new Map(instruments.map((id, row) => [id, sectors[row]!]));
  return recordingOf({
    daily: dailyPanel,
    intraday: barPanel,
    composite: await indexOf(bars, calendar, INDEXES.composite, dailyRange),
    csi300: await indexOf(bars, calendar, INDEXES.csi300, dailyRange),
    margin: null,
    sectorOf: (id) => sectorOf.get(id) ?? null,
    universe: `${instruments.length} recorded stocks, sectors derived from their returns`,
  });
}

/** A feed that delivers nothing by itself: the days are played from the recording. */
function silentFeed(quoteNow: (instrument: InstrumentId) => Quote | null): MarketFeed {
  return {
    name: 'recorded',
    quality: 'consolidated',
    usualDelayMs: 0,
    subscribe: () => ({ stop: () => undefined }),
    fetchQuote: async (instrument) => quoteNow(instrument),
  };
}

/** Recorded A-share days from the store, with the player of a sector-pulse desk. Throws ConfigError. */
export async function replayMaterialCn(facts: {
  readonly calendar: CalendarTable;
  readonly replay: NonNullable<StartOptions['replay']>;
  readonly bars: BarStore;
  readonly params: SectorPulseParams;
  readonly book: readonly BookEntry[];
}): Promise<Material> {
  const { calendar, replay, params, book } = facts;
  const recording = await loadRecordingCn(facts);
  const shown: { day: RecordedMarketDay | null } = { day: null };
  const onDay = (day: RecordedMarketDay): void => {
    shown.day = day;
  };
  return {
    kind: 'replay',
    days: weekdays(replay.from, replay.to),
    matchBy: 'bars',
    makeFeed: (clock) =>
      silentFeed((instrument) => shown.day?.quoteAt(instrument, clock.now()) ?? null),
    player: {
      startAt: (first) => instantAt(first, '08:00', calendar.zone),
      begin: () => undefined,
      play: (stage, tradingDay, onDone) =>
        playDayCn({ ...stage, calendar, params, recording, book, onDay, onDone }, tradingDay),
    },
  };
}
