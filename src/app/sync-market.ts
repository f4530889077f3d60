import type { CalendarTable } from '#core/market/calendar.ts';
import { nextTradingDay, previousTradingDays, sessionOn } from '#core/market/calendar.ts';
import { dailyTableOf } from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { DailyBarCn, PoolKindCn } from '#core/market/records-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import { anomalyLine } from '#core/quality/anomaly.ts';
import type { FetchNote } from '#core/quality/note.ts';
import { INDEXES_CN } from './cn-market.ts';
import type { ImportDeps } from './import-market.ts';
import { importDaily, importMargin, importPool } from './import-market.ts';
import type { FetchAsk, FetchResult, FigureCn, MarketDataCn, SavedRows } from './ports.ts';

/*
 * The evening's work: what the market left behind goes into the store, judged, each kind by itself. One
 * that fails does not hold the others up; what is missing is named.
 */

export type SyncDeps = ImportDeps & {
  readonly data: MarketDataCn;
  /** Time one kind of data may take, in milliseconds. */
  readonly askMs: number;
  /** Closes of a few names at another source than the one named; null: nobody to compare with. */
  readonly secondCloses: (source: string) => MarketDataCn['quotes'] | null;
  /** Dataset of trading days as vendors tell them. */
  readonly toldDays: string;
  readonly onStep: (step: SyncStep) => void;
};

/** What became of one kind of data. `none`: no source had it. */
export type SyncStep = {
  readonly what: string;
  readonly state: 'saved' | 'known' | 'none' | 'refused';
  readonly source: string;
  readonly rows: number;
  readonly inserted: number;
  readonly degraded: boolean;
  readonly note: readonly FetchNote[];
  /** Days and rows that were taken out, one line each, the first of them. */
  readonly named: readonly string[];
};

export type SyncReport = {
  readonly day: TradingDay;
  readonly steps: readonly SyncStep[];
  /** The bars of the day are in the store. */
  readonly hasDay: boolean;
};

const NAMED = 5;
/** Trading days of index history that are fetched at once when none is stored. */
const INDEX_DAYS = 330;
/** Trading days of margin that are looked after. */
const MARGIN_DAYS = 5;
/** Calendar days ahead that vendors are asked for. */
const AHEAD_DAYS = 60;
const POOLS: readonly PoolKindCn[] = ['limit_up', 'limit_down', 'broken'];
/** From 9:15 on quotes are of the day itself. */
const AUCTION_MS = 15 * 60_000;
const NOTHING: SavedRows = { inserted: 0, known: 0, differing: 0 };

function stepOf(
  what: string,
  result: FetchResult<unknown>,
  done: {
    readonly rows: number;
    readonly saved: SavedRows;
    readonly anomalies?: readonly Anomaly[];
    readonly isRefused?: boolean;
  },
): SyncStep {
  const isNone = result.data === null;
  const state = isNone
    ? 'none'
    : done.isRefused === true
      ? 'refused'
      : done.saved.inserted > 0
        ? 'saved'
        : 'known';
  return {
    what,
    state,
    source: result.source,
    rows: done.rows,
    inserted: done.saved.inserted,
    degraded: result.degraded,
    note: result.note,
    named: (done.anomalies ?? []).slice(0, NAMED).map(anomalyLine),
  };
}

/** A kind of data that is kept as it comes: fetch, save, report. */
async function simple<T>(
  deps: SyncDeps,
  what: string,
  fetch: (ask: FetchAsk) => Promise<FetchResult<readonly T[]>>,
  save: (rows: readonly T[], source: string) => Promise<SavedRows>,
): Promise<SyncStep> {
  const result = await fetch({ deadlineAt: deps.now() + deps.askMs });
  const rows = result.data ?? [];
  const saved = rows.length === 0 ? NOTHING : await save(rows, result.source);
  return stepOf(what, result, { rows: rows.length, saved });
}

/** Quotes show the next day already: its closes cannot be compared any more. */
function isPast(deps: SyncDeps, day: TradingDay): boolean {
  const next = nextTradingDay(deps.calendar, day);
  const answer = next === null ? null : sessionOn(deps.calendar, next);
  return answer?.kind === 'session' && deps.now() >= answer.session.openAt - AUCTION_MS;
}

/** Names whose close two sources state differently, as a step; null: nobody to compare with. */
async function closesStep(
  deps: SyncDeps,
  bars: readonly DailyBarCn[],
  source: string,
  day: TradingDay,
): Promise<SyncStep | null> {
  const quotes = deps.secondCloses(source);
  if (quotes === null || bars.length === 0 || isPast(deps, day)) return null;
  const busiest = bars.toSorted((a, b) => (b.amount ?? 0) - (a.amount ?? 0)).slice(0, 60);
  const result = await quotes(
    busiest.map(({ instrument }) => instrument),
    { deadlineAt: deps.now() + deps.askMs },
  );
  const found = new Map((result.data ?? []).map((quote) => [quote.instrument, quote.last]));
  const apart: string[] = [];
  let compared = 0;
  for (const { instrument, close } of busiest) {
    const other = found.get(instrument);
    if (other === undefined || other === null) continue;
    compared += 1;
    if (Math.abs(other - close) > Math.max(0.0101, close * 0.001)) {
      apart.push(`${source} ${instrument} ${day}: close ${close}, ${result.source} shows ${other}`);
    }
  }
  return {
    ...stepOf('closes at a second source', result, { rows: compared, saved: NOTHING }),
    state: result.data === null ? 'none' : apart.length > 0 ? 'refused' : 'known',
    named: apart.slice(0, NAMED),
  };
}

/** Daily bars of one day, judged against what is stored. */
async function syncDay(deps: SyncDeps, day: TradingDay): Promise<SyncStep[]> {
  const ask = { deadlineAt: deps.now() + deps.askMs };
  const result = await deps.data.dailyBarsOn(day, ask);
  const bars = (result.data ?? []).filter((bar) => bar.day === day);
  if (bars.length === 0) {
    return [stepOf(`daily bars ${day}`, { ...result, data: null }, { rows: 0, saved: NOTHING })];
  }
  // bars read back from the store are in it already, under the name of who brought them
  if (result.note.some(({ code }) => code === 'from_cache')) {
    return [stepOf(`daily bars ${day}`, result, { rows: bars.length, saved: NOTHING })];
  }
  const series = { kind: 'share', source: result.source, basis: 'raw' } as const;
  const { verdict, saved, refused } = await importDaily(deps, dailyTableOf(bars), series);
  const step = stepOf(`daily bars ${day}`, result, {
    rows: verdict.kept.length,
    saved,
    anomalies: [...refused, ...verdict.anomalies],
    isRefused: verdict.kept.length === 0,
  });
  const closes = await closesStep(deps, bars, result.source, day);
  return closes === null ? [step] : [step, closes];
}

/** Last stored day of a kind, of any source. */
async function lastStored(deps: SyncDeps, what: string): Promise<TradingDay | null> {
  const stored = (await deps.store.stored()).filter((one) => one.what === what);
  return (
    stored
      .map(({ lastDay }) => lastDay)
      .toSorted()
      .at(-1) ?? null
  );
}

async function syncIndex(
  deps: SyncDeps,
  index: InstrumentId,
  from: TradingDay,
  day: TradingDay,
): Promise<SyncStep> {
  const ask = { deadlineAt: deps.now() + deps.askMs };
  const result = await deps.data.indexDaily(index, from, day, ask);
  const bars = result.data ?? [];
  const isCached = result.note.some(({ code }) => code === 'from_cache');
  if (bars.length === 0 || isCached) {
    return stepOf(`index ${index}`, result, { rows: bars.length, saved: NOTHING });
  }
  const series = { kind: 'index', source: result.source, basis: 'raw' } as const;
  const { verdict, saved } = await importDaily(deps, dailyTableOf(bars), series);
  const { anomalies, kept } = verdict;
  return stepOf(`index ${index}`, result, { rows: kept.length, saved, anomalies });
}

async function syncMargin(deps: SyncDeps, day: TradingDay): Promise<SyncStep[]> {
  const days = [...(previousTradingDays(deps.calendar, day, MARGIN_DAYS - 1) ?? []), day];
  const stored = await deps.store.margin(days[0] ?? day, day);
  const steps: SyncStep[] = [];
  for (const one of days) {
    const own = stored.filter((row) => row.day === one);
    const isWhole = ['SSE', 'SZSE'].every((exchange) =>
      own.some((row) => row.exchange === exchange),
    );
    if (isWhole) continue;
    const result = await deps.data.margin(one, { deadlineAt: deps.now() + deps.askMs });
    const rows = result.data ?? [];
    const isCached = result.note.some(({ code }) => code === 'from_cache');
    const { verdict, saved } =
      rows.length === 0 || isCached
        ? { verdict: { anomalies: [] }, saved: NOTHING }
        : await importMargin(deps, rows, result.source);
    const { anomalies } = verdict;
    steps.push(stepOf(`margin ${one}`, result, { rows: rows.length, saved, anomalies }));
  }
  return steps;
}

async function syncPool(deps: SyncDeps, kind: PoolKindCn, day: TradingDay): Promise<SyncStep> {
  const result = await deps.data.limitPool(kind, day, { deadlineAt: deps.now() + deps.askMs });
  const { data: pool } = result;
  if (pool === null) return stepOf(`pool ${kind}`, result, { rows: 0, saved: NOTHING });
  const facts = { changes: new Map<InstrumentId, number>(), seenAt: null };
  const isCached = result.note.some(({ code }) => code === 'from_cache');
  if (isCached) return stepOf(`pool ${kind}`, result, { rows: pool.rows.length, saved: NOTHING });
  const { saved, anomalies, refusal } = await importPool(deps, pool, result.source, facts);
  return stepOf(`pool ${kind}`, result, {
    rows: pool.rows.length,
    saved,
    anomalies,
    isRefused: refusal !== null,
  });
}

/** Days from `from` through `through` as figures: 1 open, 0 closed. */
function toldFigures(
  days: readonly TradingDay[],
  from: TradingDay,
  through: TradingDay,
): FigureCn[] {
  const open = new Set(days);
  const figures: FigureCn[] = [];
  for (let day = from; day <= through; day = addCalendarDays(day, 1)) {
    figures.push({ instrument: null, day, field: 'is_open', value: open.has(day) ? 1 : 0 });
  }
  return figures;
}

async function syncCalendar(deps: SyncDeps, day: TradingDay): Promise<SyncStep> {
  const through = addCalendarDays(day, AHEAD_DAYS);
  const ask = { deadlineAt: deps.now() + deps.askMs };
  const result = await deps.data.tradingDays(day, through, ask);
  const days = result.data ?? [];
  const last = days.toSorted().at(-1);
  if (last === undefined) return stepOf('trading days', result, { rows: 0, saved: NOTHING });
  // what a source says of days after its last one is silence, not a holiday
  const figures = toldFigures(days, day, last);
  const saved = await deps.store.saveFigures(deps.toldDays, result.source, figures, deps.now());
  const named = figures.flatMap(({ day: one, value }) => {
    const answer = sessionOn(deps.calendar, one);
    if (answer.kind === 'unknown' || (answer.kind === 'session') === (value === 1)) return [];
    const told = value === 1 ? 'open' : 'closed';
    return [
      `${result.source} ${one}: found ${told}, expected ${answer.kind} by the calendar on file`,
    ];
  });
  return { ...stepOf('trading days', result, { rows: days.length, saved }), named };
}

/** The newest trading day whose bars are final at `at`; null when the calendar does not know. */
export function finalDay(
  calendar: CalendarTable,
  today: TradingDay,
  at: number,
): TradingDay | null {
  const answer = sessionOn(calendar, today);
  const isFinal = answer.kind === 'session' && at >= answer.session.closeAt + 30 * 60_000;
  return isFinal ? today : (previousTradingDays(calendar, today, 1)?.[0] ?? null);
}

/** Everything of one day, each kind by itself. Throws StoreError. */
export async function syncMarket(deps: SyncDeps, day: TradingDay): Promise<SyncReport> {
  const steps: SyncStep[] = [];
  const add = (...found: readonly SyncStep[]): void => {
    for (const step of found) {
      steps.push(step);
      deps.onStep(step);
    }
  };
  const { data, store, calendar, now } = deps;
  add(await syncCalendar(deps, day));
  add(
    await simple(
      deps,
      'securities',
      (ask) => data.securities(ask),
      (rows, source) => store.saveSecurities(rows, source, day, now()),
    ),
    await simple(
      deps,
      'sectors',
      (ask) => data.sectors(ask),
      (rows, source) => store.saveSectors(rows, source, day, now()),
    ),
  );
  const next = nextTradingDay(calendar, day);
  for (const one of next === null ? [day] : [day, next]) {
    add(
      await simple(
        deps,
        `ex-dates ${one}`,
        (ask) => data.corporateActions(one, ask),
        (rows, source) => store.saveCorporateActions(rows, source, now()),
      ),
    );
  }
  add(...(await syncDay(deps, day)));
  const lastIndex = await lastStored(deps, 'daily index raw');
  const first = previousTradingDays(calendar, day, INDEX_DAYS)?.[0] ?? addCalendarDays(day, -500);
  const from = lastIndex === null || lastIndex < first ? first : lastIndex;
  for (const index of Object.values(INDEXES_CN)) add(await syncIndex(deps, index, from, day));
  add(...(await syncMargin(deps, day)));
  for (const kind of POOLS) add(await syncPool(deps, kind, day));
  const bars = steps.find(({ what }) => what === `daily bars ${day}`);
  return {
    day,
    steps,
    hasDay: bars !== undefined && (bars.state === 'saved' || bars.state === 'known'),
  };
}
