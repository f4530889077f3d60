import type { ConcentrationHistory, MarginData } from '#core/indicators/alt-flow.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import { previousTradingDays } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { DailyPanelCn } from '#core/market/panel-cn.ts';
import { emptyDailyPanel } from '#core/market/panel-cn.ts';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import type {
  CorporateActionCn,
  LimitPoolCn,
  MarginDayCn,
  MinuteBarCn,
  PoolKindCn,
} from '#core/market/records-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import type { DailyHistory, IndexSeries, StockTable } from '#core/market/whole-market.ts';
import type { FetchNote } from '#core/quality/note.ts';
import { fetchNote } from '#core/quality/note.ts';
import type { MarketInputs } from '#core/strategies/sector-pulse/figures.ts';
import { catchUp } from './cn-catch-up.ts';
import {
  dailyConcentrations,
  historyFrom,
  indexSeriesFrom,
  lastClosesOf,
  mergedPanel,
} from './cn-daily.ts';
import type { DayFactsCn, LookRules } from './cn-look.ts';
import { indexNowFrom, marginDataFrom, marketSnapshotFrom, stockTableFrom } from './cn-look.ts';
import type { FetchAsk, FetchResult, MarketDataCn, MarketStoreCn } from './ports.ts';

/*
 * What a live A-share desk is given: what was synced before the open from the store, what moves from
 * the feeds. One morning's material is gathered once; every look of the day is taken against it.
 */

/** SSE Composite and CSI 300. */
export const INDEXES_CN = { composite: '000001.SH', csi300: '000300.SH' } as const;
/** Dataset in which the share of the most traded stocks is kept, a field a wall time. */
export const CONCENTRATIONS = 'turnover_concentration';

/** Trading days of history of the stocks, and calendar days that certainly hold them. */
const HISTORY_DAYS = 280;
const CALENDAR_PER_TRADING = 1.6;
/** Trading days of the indexes: 252 values of a 30-day volatility. */
const INDEX_DAYS = 300;
/** Trading days of margin rows, for the day itself and the one before. */
const MARGIN_DAYS = 5;
/** Calendar days the concentrations reach back. */
const CONCENTRATION_DAYS = 420;
/** Looks of one wall time with which a percentile begins to mean something. */
const OWN_LOOKS = 60;
const EXCHANGES = ['SSE', 'SZSE'] as const;

/** Everything known of the market before the prices of `tradingDay`. */
export type MorningCn = {
  readonly tradingDay: TradingDay;
  readonly facts: DayFactsCn;
  readonly table: StockTable;
  readonly history: DailyHistory | null;
  /** `now` is null; each look fills it in. */
  readonly composite: IndexSeries | null;
  readonly csi300: IndexSeries | null;
  readonly margin: MarginData | null;
  readonly concentrations: readonly ConcentrationHistory[];
  /** Last close of each stock as traded, by row, NaN unknown; absent: not known. */
  readonly lastCloses?: Float64Array;
  /** What is missing or came from elsewhere, in the order it was found. */
  readonly note: readonly FetchNote[];
};

/** A look at the market with what the strategy reads; `inputs.snapshot` null: nobody had one. */
export type GatheredCn = {
  readonly inputs: MarketInputs;
  readonly degraded: boolean;
  readonly note: readonly FetchNote[];
};

/**
 * The market of a live A-share desk. Answers of sources are FetchResults: null data is never "none",
 * `note` says what each source did. Store failures throw StoreError; sources never do.
 */
export interface CnMarketSource {
  /** What is known before the open of `tradingDay`; asks the sources for what is not on file yet. */
  morning(tradingDay: TradingDay, ask: FetchAsk): Promise<FetchResult<MorningCn>>;
  /** A look within the ask's deadline: all quotes and both indexes at the same time. */
  look(morning: MorningCn, ask: FetchAsk): Promise<GatheredCn>;
  /** Quotes of a few names, for held stocks and confirmations. */
  quotes(
    instruments: readonly InstrumentId[],
    ask: FetchAsk,
  ): Promise<FetchResult<readonly QuoteCn[]>>;
  /** Closed minute bars of a day, oldest first. */
  minuteBars(
    instrument: InstrumentId,
    day: TradingDay,
    ask: FetchAsk,
  ): Promise<FetchResult<readonly MinuteBarCn[]>>;
  /** A pool of `day`, for the report: the desk counts limits itself. */
  pool(kind: PoolKindCn, day: TradingDay, ask: FetchAsk): Promise<FetchResult<LimitPoolCn>>;
  /** Ex-dates of `day` on file by now: terms that were brought in after the morning's were gathered. */
  exDatesOnFile(day: TradingDay): Promise<readonly CorporateActionCn[]>;
  /** Keeps a look's concentration at a wall time, so that later days have something to compare with. */
  keepConcentration(day: TradingDay, time: string, value: number, at: number): Promise<void>;
}

export type CnMarketDeps = {
  readonly store: MarketStoreCn;
  readonly data: MarketDataCn;
  readonly calendar: CalendarTable;
  readonly rules: (tradingDay: TradingDay) => LookRules;
  readonly runId: string;
  readonly now: () => number;
};

/** The first of the trading days before `day`, `count` of them back; a calendar guess beyond the table. */
function daysBack(calendar: CalendarTable, day: TradingDay, count: number): TradingDay {
  const days = previousTradingDays(calendar, day, count);
  return days?.[0] ?? addCalendarDays(day, -Math.ceil(count * CALENDAR_PER_TRADING));
}

/** Raw daily bars of all series of a kind, the fullest first, put together. */
async function loadMerged(
  deps: CnMarketDeps,
  kind: 'share' | 'index',
  instruments: readonly InstrumentId[],
  days: { readonly from: TradingDay; readonly through: TradingDay },
): Promise<{ readonly panel: DailyPanelCn; readonly note: readonly FetchNote[] }> {
  const { store } = deps;
  const what = `daily ${kind} raw`;
  const sources = (await store.stored())
    .filter((one) => one.what === what && one.lastDay >= days.from)
    .toSorted((a, b) => b.rows - a.rows)
    .map(({ source }) => source);
  const panels: DailyPanelCn[] = [];
  for (const source of sources) {
    panels.push(await store.loadDaily({ kind, basis: 'raw', source, instruments, ...days }));
  }
  const [first, ...others] = panels.filter((panel) => panel.days.length > 0);
  if (first !== undefined) return mergedPanel([first, ...others]);
  const none = { kind, source: 'none', basis: 'raw' } as const;
  return { panel: emptyDailyPanel(none, instruments, [], 0), note: [] };
}

/** Values of the dataset by wall time, oldest first. */
async function concentrationsOf(
  deps: CnMarketDeps,
  tradingDay: TradingDay,
): Promise<ConcentrationHistory[]> {
  const rows = await deps.store.figures({
    dataset: CONCENTRATIONS,
    from: addCalendarDays(tradingDay, -CONCENTRATION_DAYS),
    through: addCalendarDays(tradingDay, -1),
    instrument: null,
  });
  const times = Map.groupBy(rows, ({ field }) => field);
  return [...times.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([time, found]) => {
      const byDay = new Map(found.map(({ day, value }) => [day, value]));
      return {
        time,
        days: [...byDay.keys()],
        values: Float64Array.from(byDay.values()),
      };
    });
}

/**
 * Concentrations to compare a look with: those of looks at its own wall time, once there are enough, and
 * else those of whole days, which the figures then mark as of another time.
 */
function comparedWith(
  own: readonly ConcentrationHistory[],
  history: DailyHistory | null,
): {
  readonly concentrations: readonly ConcentrationHistory[];
  readonly note: readonly FetchNote[];
} {
  const enough = own.filter(({ days }) => days.length >= OWN_LOOKS);
  if (enough.length > 0 || history === null) {
    return { concentrations: enough.length > 0 ? enough : own, note: [] };
  }
  const days = Math.max(0, ...own.map((one) => one.days.length));
  const note = fetchNote('not_checked', 'store', {
    check: 'concentration_at_its_time',
    days,
    of: OWN_LOOKS,
  });
  return { concentrations: [dailyConcentrations(history)], note: [note] };
}

/** Margin on file, and the newest day from the sources when it is not there yet. */
async function marginOf(
  deps: CnMarketDeps,
  tradingDay: TradingDay,
  ask: FetchAsk,
): Promise<FetchResult<readonly MarginDayCn[]>> {
  const from = daysBack(deps.calendar, tradingDay, MARGIN_DAYS);
  const before = daysBack(deps.calendar, tradingDay, 1);
  const stored = await deps.store.margin(from, before);
  const has = (exchange: string) =>
    stored.some((row) => row.day === before && row.exchange === exchange);
  const isWhole = EXCHANGES.every(has);
  const fetched = isWhole ? null : await deps.data.margin(before, ask);
  const fresh = fetched?.data ?? [];
  const rows = [
    ...stored.filter(
      (row) => row.day !== before || !fresh.some((one) => one.exchange === row.exchange),
    ),
    ...fresh,
  ];
  const at = deps.now();
  const lacking = EXCHANGES.filter(
    (exchange) => !rows.some((row) => row.day === before && row.exchange === exchange),
  );
  const note = [...(fetched?.note ?? [])];
  for (const exchange of lacking) {
    note.push(
      fetchNote('rows_missing', 'margin', { cause: exchange, rows: 1, of: 2, day: before }),
    );
  }
  const last = stored.at(-1);
  const [source, fetchedAt] =
    fetched !== null && fetched.data !== null
      ? [fetched.source, fetched.fetchedAt]
      : [last?.source ?? 'none', last?.fetchedAt ?? at];
  return {
    data: rows.length === 0 ? null : rows,
    source,
    fetchedAt,
    asOf: fetchedAt,
    degraded: (fetched?.degraded ?? false) || lacking.length > 0,
    note,
  };
}

/** Listed shares and boards on file; from the sources when there are none, or none young enough. */
async function listsOf(deps: CnMarketDeps, tradingDay: TradingDay, ask: FetchAsk) {
  const { store, data } = deps;
  const note: FetchNote[] = [];
  const [shares, boards] = await Promise.all([
    store.securities(tradingDay),
    store.sectors(tradingDay, null),
  ]);
  const oldest = daysBack(deps.calendar, tradingDay, MARGIN_DAYS);
  let securities = shares?.securities ?? [];
  let securitiesAsOf = shares?.asOf ?? null;
  if (securitiesAsOf === null || securitiesAsOf < oldest) {
    const fetched = await data.securities(ask);
    note.push(...fetched.note);
    if (fetched.data !== null) {
      securities = [...fetched.data];
      securitiesAsOf = tradingDay;
    } else if (securitiesAsOf !== null)
      note.push(fetchNote('from_cache', shares?.source ?? 'store', { day: securitiesAsOf }));
  }
  let sectors = boards?.sectors ?? [];
  if (boards === null || boards.asOf < oldest) {
    const fetched = await data.sectors(ask);
    note.push(...fetched.note);
    if (fetched.data !== null) sectors = [...fetched.data];
    else if (boards !== null)
      note.push(fetchNote('from_cache', boards.source, { day: boards.asOf }));
  }
  return { securities, securitiesAsOf, sectors, note };
}

/** Suspensions, limit prices and ex-dates of today, each with what could not be learnt. */
async function dayFactsOf(deps: CnMarketDeps, tradingDay: TradingDay, ask: FetchAsk) {
  const { store, data } = deps;
  const [suspensions, limits, fetched, onFile] = await Promise.all([
    data.suspensions(tradingDay, ask),
    data.priceLimits(tradingDay, ask),
    data.corporateActions(tradingDay, ask),
    store.corporateActions(tradingDay, tradingDay),
  ]);
  const known = new Map(onFile.map((one) => [one.instrument, one]));
  for (const action of fetched.data ?? []) known.set(action.instrument, action);
  return {
    suspended: new Set(
      (suspensions.data ?? []).filter(({ timing }) => timing === null).map((one) => one.instrument),
    ),
    limits: new Map((limits.data ?? []).map((limit) => [limit.instrument, limit])),
    actions: [...known.values()],
    note: [
      ...(suspensions.data === null ? suspensions.note : []),
      ...(limits.data === null ? limits.note : []),
      ...(fetched.data === null ? fetched.note : []),
    ],
  };
}

async function morningOf(
  deps: CnMarketDeps,
  tradingDay: TradingDay,
  ask: FetchAsk,
): Promise<FetchResult<MorningCn>> {
  const { calendar } = deps;
  const [lists, today, margin, concentrations] = await Promise.all([
    listsOf(deps, tradingDay, ask),
    dayFactsOf(deps, tradingDay, ask),
    marginOf(deps, tradingDay, ask),
    concentrationsOf(deps, tradingDay),
  ]);
  const note: FetchNote[] = [...lists.note, ...today.note, ...margin.note];
  const at = deps.now();
  if (lists.securities.length === 0) {
    note.push(fetchNote('rows_missing', 'store', { cause: 'securities' }));
    return { data: null, source: 'none', fetchedAt: at, asOf: at, degraded: true, note };
  }
  const facts: DayFactsCn = {
    tradingDay,
    securities: lists.securities,
    listedOn: new Map(lists.securities.map(({ instrument, listedOn }) => [instrument, listedOn])),
    securitiesAsOf: lists.securitiesAsOf,
    sectors: lists.sectors,
    suspended: today.suspended,
    limits: today.limits,
    exDateOpen: new Set(),
    universe: `${lists.securities.length} listed A-shares`,
    actions: new Map(today.actions.map((action) => [action.instrument, action])),
  };
  const table = stockTableFrom(facts, calendar);
  const through = daysBack(calendar, tradingDay, 1);
  note.push(...(await catchUp(deps, Object.values(INDEXES_CN), through, ask)));
  const shares = await loadMerged(deps, 'share', table.instruments, {
    from: daysBack(calendar, tradingDay, HISTORY_DAYS),
    through,
  });
  const indexes = await loadMerged(deps, 'index', Object.values(INDEXES_CN), {
    from: daysBack(calendar, tradingDay, INDEX_DAYS),
    through,
  });
  const history =
    shares.panel.days.length === 0
      ? null
      : historyFrom(shares.panel, tradingDay, today.actions, shares.note);
  if (history === null) note.push(fetchNote('rows_missing', 'store', { cause: 'daily_bars' }));
  const compared = comparedWith(concentrations, history?.data ?? null);
  note.push(...(history?.note ?? []), ...indexes.note, ...compared.note);
  const isPatched = indexes.note.length > 0;
  const indexOf = (index: InstrumentId) =>
    indexSeriesFrom(indexes.panel, index, tradingDay, isPatched);
  return {
    data: {
      tradingDay,
      facts,
      table,
      history: history?.data ?? null,
      lastCloses: lastClosesOf(shares.panel),
      composite: indexOf(INDEXES_CN.composite),
      csi300: indexOf(INDEXES_CN.csi300),
      margin: marginDataFrom(margin, tradingDay, calendar),
      concentrations: compared.concentrations,
      note,
    },
    source: shares.panel.source,
    fetchedAt: at,
    asOf: shares.panel.fetchedAt,
    degraded: note.length > 0,
    note,
  };
}

/** The market of a live desk over the store and the feeds. */
export function createCnMarket(deps: CnMarketDeps): CnMarketSource {
  const { data, store } = deps;
  return {
    morning: (tradingDay, ask) => morningOf(deps, tradingDay, ask),
    async look(morning, ask) {
      const { table, facts, tradingDay } = morning;
      const [look, indexes] = await Promise.all([
        data.snapshot(table.instruments, ask),
        data.quotes(Object.values(INDEXES_CN), ask),
      ]);
      const found = marketSnapshotFrom(look, table, facts, deps.rules(tradingDay));
      const inputs: MarketInputs = {
        table: found.data?.table ?? table,
        snapshot: found.data?.snapshot ?? null,
        history: morning.history,
        composite: indexNowFrom(morning.composite, INDEXES_CN.composite, indexes),
        csi300: indexNowFrom(morning.csi300, INDEXES_CN.csi300, indexes),
        margin: morning.margin,
        concentrations: morning.concentrations,
      };
      const note = [...found.note, ...indexes.note];
      return { inputs, degraded: found.degraded || indexes.degraded, note };
    },
    quotes: (instruments, ask) => data.quotes(instruments, ask),
    minuteBars: (instrument, day, ask) => data.minuteBars(instrument, day, ask),
    pool: (kind, day, ask) => data.limitPool(kind, day, ask),
    exDatesOnFile: (day) => deps.store.corporateActions(day, day),
    async keepConcentration(day, time, value, at) {
      const row = { instrument: null, day, field: time, value };
      await store.saveFigures(CONCENTRATIONS, 'desk', [row], at);
    },
  };
}
