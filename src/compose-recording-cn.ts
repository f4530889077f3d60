import { ConfigError } from '#app/errors.ts';
import type { BarStore, MarketStoreCn } from '#app/ports.ts';
import type { MarginData, MarginRow } from '#core/indicators/alt-flow.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { DailyPanelCn } from '#core/market/panel-cn.ts';
import { instantAt } from '#core/market/session.ts';
import { addCalendarDays, type TradingDay } from '#core/market/trading-day.ts';
import type { IndexSeries } from '#core/market/whole-market.ts';
import { derivedSectors } from '#shell/feeds/cn-recorded/derived-sectors.ts';
import { type RecordingCn, recordingOf } from '#shell/feeds/cn-recorded/recorded-days-cn.ts';

/** Calendar days of daily bars before the first day: 252 values of a 30-day volatility, and some. */
const DAILY_BEFORE = 480;
/** Calendar days of intraday bars before the first day, for percentiles at the same wall time. */
const INTRADAY_BEFORE = 370;
/** Calendar days of margin before the first day: a balance is compared with the one before. */
const MARGIN_BEFORE = 40;
/** A list of sectors is used when it knows at least this share of the recorded stocks. */
const SECTORS_MIN_SHARE = 0.5;
const INDEXES: readonly InstrumentId[] = ['000001.SH', '000300.SH'];
/** Bases in the order they are looked for: a recording takes its ex-dates from an adjusted one. */
const BASES = ['forward_adjusted', 'backward_adjusted', 'raw'] as const;

/** What a recording is read from. */
export type RecordingFacts = {
  readonly calendar: CalendarTable;
  readonly replay: { readonly from: TradingDay; readonly to: TradingDay };
  readonly bars: BarStore;
  readonly market: MarketStoreCn;
};

function nothingStored({ replay }: RecordingFacts, what: string, command: string): never {
  throw new ConfigError(
    `replay ${replay.from}..${replay.to}: found no stored ${what}, expected some; import them with: centaur data import ${command}`,
    { code: 'no_bars', retryable: false },
  );
}

async function recordedStocks(facts: RecordingFacts): Promise<InstrumentId[]> {
  const stored = await facts.bars.status();
  const names = stored
    .filter(({ timeframe, instrument }) => timeframe === '15m' && !instrument.endsWith('.US'))
    .map(({ instrument }) => instrument as InstrumentId);
  if (names.length === 0)
    nothingStored(facts, '15m bars of Chinese stocks', 'bars --market CN --timeframe 15m');
  return [...new Set(names)].sort();
}

async function dailyPanel(
  facts: RecordingFacts,
  instruments: readonly InstrumentId[],
  from: TradingDay,
): Promise<DailyPanelCn> {
  for (const basis of BASES) {
    const ask = { kind: 'share', basis, source: null, instruments } as const;
    const panel = await facts.market.loadDaily({ ...ask, from, through: facts.replay.to });
    if (panel.days.length > 0) return panel;
  }
  return nothingStored(
    facts,
    'daily bars of Chinese stocks',
    'bars --market CN --timeframe 1d --basis qfq',
  );
}

function indexOf(panel: DailyPanelCn, instrument: InstrumentId): IndexSeries | null {
  const width = panel.days.length;
  const row = panel.instruments.indexOf(instrument);
  if (row < 0) return null;
  const closes = panel.close.subarray(row * width, (row + 1) * width);
  const known = panel.days.map((_, d) => d).filter((d) => closes[d]! > 0);
  if (known.length === 0) return null;
  return {
    days: known.map((d) => panel.days[d]!),
    closes: Float64Array.from(known, (d) => closes[d]!),
    now: null,
    asOf: 0,
    fetchedAt: panel.fetchedAt,
    source: panel.source,
    degraded: false,
  };
}

/**
 * Margin of Shanghai and Shenzhen. A source that publishes repayments and lacks one had it taken out
 * on import, because the balances contradict it: that day stays unknown and says why.
 */
async function marginOf(facts: RecordingFacts): Promise<MarginData | null> {
  const from = addCalendarDays(facts.replay.from, -MARGIN_BEFORE);
  const rows = (await facts.market.margin(from, facts.replay.to))
    .flatMap((row) => (row.exchange === 'BSE' ? [] : [{ ...row, exchange: row.exchange }]))
    .sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0));
  const [first] = rows;
  if (first === undefined) return null;
  const publishes = new Set(
    rows.filter(({ repaid }) => repaid !== null).map((row) => `${row.source} ${row.exchange}`),
  );
  const balances = new Map<string, number | null>();
  const given = rows.map((row): MarginRow => {
    const { exchange, day, balance, bought, repaid } = row;
    const previousBalance = balances.get(exchange) ?? null;
    balances.set(exchange, balance);
    const isContradicted = repaid === null && publishes.has(`${row.source} ${exchange}`);
    return { exchange, day, balance, bought, repaid, previousBalance, isContradicted };
  });
  const { source, fetchedAt } = first;
  return { rows: given, source, fetchedAt, asOf: fetchedAt, degraded: false };
}

/** Sectors of the newest stored list that a day before the replay could know; else derived ones. */
async function sectorsOf(
  facts: RecordingFacts,
  daily: DailyPanelCn,
): Promise<{ readonly of: Map<InstrumentId, string>; readonly said: string }> {
  const { instruments, days } = daily;
  const list = await facts.market.sectors(facts.replay.from, null);
  const wanted = new Set(instruments);
  const of = new Map<InstrumentId, string>();
  for (const { name, members } of list?.sectors ?? [])
    for (const member of members) if (wanted.has(member) && !of.has(member)) of.set(member, name);
  if (list !== null && of.size >= instruments.length * SECTORS_MIN_SHARE)
    return { of, said: `sectors of ${list.source} as of ${list.asOf}` };
  const end = days.findIndex((day) => day >= facts.replay.from);
  const derived = derivedSectors(daily, end < 0 ? days.length : end);
  return {
    of: new Map(instruments.map((id, row) => [id, derived[row]!])),
    said: 'sectors derived from their returns',
  };
}

/** The stored Chinese stocks with 15-minute bars, as a recording of the days that are played. Throws ConfigError. */
export async function loadRecordingCn(facts: RecordingFacts): Promise<RecordingCn> {
  const { calendar, replay, market } = facts;
  const instruments = await recordedStocks(facts);
  const at = (day: TradingDay) => instantAt(day, '00:00', calendar.zone);
  const intraday = await market.loadIntraday({
    instruments,
    timeframe: '15m',
    source: null,
    fromAt: at(addCalendarDays(replay.from, -INTRADAY_BEFORE)),
    toAt: at(addCalendarDays(replay.to, 1)),
  });
  const dailyFrom = addCalendarDays(replay.from, -DAILY_BEFORE);
  const daily = await dailyPanel(facts, instruments, dailyFrom);
  const indexes = await market.loadDaily({
    kind: 'index',
    basis: 'raw',
    source: null,
    instruments: INDEXES,
    from: dailyFrom,
    through: replay.to,
  });
  const sectors = await sectorsOf(facts, daily);
  return recordingOf({
    daily,
    intraday,
    composite: indexOf(indexes, '000001.SH'),
    csi300: indexOf(indexes, '000300.SH'),
    margin: await marginOf(facts),
    actions: await market.corporateActions(replay.from, replay.to),
    sectorOf: (id) => sectors.of.get(id) ?? null,
    universe: `${instruments.length} recorded stocks, ${sectors.said}`,
  });
}
