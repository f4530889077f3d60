import type { CalendarTable } from '#core/market/calendar.ts';
import { previousTradingDays, sessionOn } from '#core/market/calendar.ts';
import type { DailyTableCn } from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { DailySeriesCn } from '#core/market/panel-cn.ts';
import type { LimitPoolCn, MarginDayCn } from '#core/market/records-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import { anomaly } from '#core/quality/anomaly.ts';
import type { DailyLimits, DailyVerdict } from '#core/quality/judge-daily.ts';
import { DAILY_LIMITS, judgeDailyTable } from '#core/quality/judge-daily.ts';
import type { MarginVerdict } from '#core/quality/judge-margin.ts';
import { balanceKey, judgeMargin } from '#core/quality/judge-margin.ts';
import { judgePool } from '#core/quality/judge-pool.ts';
import type { MarketStoreCn, SavedRows } from './ports.ts';

/** What bringing recorded data into the store needs. */
export type ImportDeps = {
  readonly store: MarketStoreCn;
  readonly calendar: CalendarTable;
  readonly runId: string;
  readonly now: () => number;
};

const NOTHING_SAVED: SavedRows = { inserted: 0, known: 0, differing: 0 };
/** Trading days a pool is held against, its own included. */
const POOL_DAYS = 4;

/** The calendar's answers, each day asked once. */
export function calendarOf(calendar: CalendarTable) {
  const before = new Map<TradingDay, TradingDay | null>();
  const dayBefore = (day: TradingDay): TradingDay | null => {
    const known = before.get(day);
    if (known !== undefined) return known;
    const found = previousTradingDays(calendar, day, 1)?.[0] ?? null;
    before.set(day, found);
    return found;
  };
  return { dayBefore, dayKind: (day: TradingDay) => sessionOn(calendar, day).kind };
}

/** Closes of one day of a series, by instrument; without `instruments` of all. */
async function closesOf(
  store: MarketStoreCn,
  series: DailySeriesCn,
  day: TradingDay | null,
  instruments: readonly InstrumentId[] | null,
): Promise<Map<InstrumentId, number>> {
  const closes = new Map<InstrumentId, number>();
  if (day === null) return closes;
  const ask = { ...series, instruments, from: day, through: day };
  const panel = await store.loadDaily(ask);
  for (const [place, instrument] of panel.instruments.entries()) {
    const close = panel.close[place * panel.days.length];
    if (close !== undefined && close > 0) closes.set(instrument, close);
  }
  return closes;
}

/**
 * What to refuse of a day on file that a later day contradicts: the whole day when too many of its
 * closes are wrong, else the rows.
 */
function refusalsOf(
  verdict: DailyVerdict,
  closesBefore: ReadonlyMap<InstrumentId, number>,
  source: string,
  limits: DailyLimits,
): Anomaly[] {
  const { earlierFaults } = verdict;
  const [first] = earlierFaults;
  if (first === undefined) return [];
  const of = closesBefore.size;
  const isWhole = of >= limits.leastRows && earlierFaults.length > of * limits.disagreeShare;
  if (isWhole) {
    const found = `${earlierFaults.length} of ${of} closes that the next day contradicts`;
    const expected = `at most ${limits.disagreeShare * 100} %`;
    return [anomaly('too_many_disagree', source, found, expected, { day: first.day })];
  }
  return earlierFaults.map(({ instrument, day, close, implied }) =>
    anomaly('close_disagrees', source, `close ${close}`, `${implied}, by the next day`, {
      instrument,
      day,
    }),
  );
}

export type DailyImport = {
  readonly verdict: DailyVerdict;
  readonly saved: SavedRows;
  /** Days and rows on file that are refused from now on. */
  readonly refused: readonly Anomaly[];
};

/** Judges daily bars and adds what may be kept; throws StoreError. */
export async function importDaily(
  deps: ImportDeps,
  table: DailyTableCn,
  series: DailySeriesCn,
  limits: DailyLimits = DAILY_LIMITS,
): Promise<DailyImport> {
  const { store } = deps;
  const { dayBefore, dayKind } = calendarOf(deps.calendar);
  const [first, last] = [table.days[0] ?? null, table.days.at(-1) ?? null];
  // so few rows cannot refuse a whole day: then the other stocks of the day need not be read
  const isFew = table.instruments.length <= limits.leastRows * limits.disagreeShare;
  const closesBefore = await closesOf(
    store,
    series,
    first === null ? null : dayBefore(first),
    isFew ? table.instruments : null,
  );
  const actions = first === null || last === null ? [] : await store.corporateActions(first, last);
  const exDates = new Set(actions.map(({ instrument, exDate }) => `${instrument} ${exDate}`));
  const verdict = judgeDailyTable(
    table,
    {
      source: series.source,
      // points of an index are no prices: its amount over its volume is not compared
      basis: series.kind === 'index' ? 'forward_adjusted' : series.basis,
      dayBefore,
      dayKind,
      closesBefore,
      isExDate: (instrument, day) => exDates.has(`${instrument} ${day}`),
    },
    limits,
  );
  const at = deps.now();
  const refused = refusalsOf(verdict, closesBefore, series.source, limits);
  const kind = series.kind === 'index' ? 'index_daily' : 'daily_bars';
  await store.quarantine(kind, [...verdict.anomalies, ...refused], deps.runId, at);
  await store.refuseDaily(series, refused, at);
  const saved =
    verdict.kept.length === 0 ? NOTHING_SAVED : await store.saveDaily(verdict.kept, series, at);
  return { verdict, saved, refused };
}

export type MarginImport = { readonly verdict: MarginVerdict; readonly saved: SavedRows };

/** Judges margin totals and adds them; throws StoreError. */
export async function importMargin(
  deps: ImportDeps,
  rows: readonly MarginDayCn[],
  source: string,
): Promise<MarginImport> {
  const { store } = deps;
  const { dayBefore, dayKind } = calendarOf(deps.calendar);
  const first = rows.map(({ day }) => day).sort()[0];
  const before = first === undefined ? null : dayBefore(first);
  const known = before === null ? [] : await store.margin(before, before);
  const balances = new Map(
    known.flatMap(({ exchange, day, balance }) =>
      balance === null ? [] : [[balanceKey(exchange, day), balance] as const],
    ),
  );
  const verdict = judgeMargin(rows, { source, dayBefore, dayKind, balances });
  const at = deps.now();
  await store.quarantine('margin', verdict.anomalies, deps.runId, at);
  const saved = await store.saveMargin(verdict.kept, source, at);
  return { verdict, saved };
}

/** Changes against the previous close that stored daily bars state, by day. */
async function changesOf(store: MarketStoreCn, days: readonly TradingDay[]) {
  const [from, through] = [days[0], days.at(-1)];
  if (from === undefined || through === undefined) return [];
  const panel = await store.loadDaily({
    kind: 'share',
    basis: 'raw',
    source: null,
    instruments: null,
    from,
    through,
  });
  return panel.days.map((day, column) => {
    const changes = new Map<InstrumentId, number>();
    for (const [place, instrument] of panel.instruments.entries()) {
      const cell = place * panel.days.length + column;
      const change = panel.close[cell]! / panel.previousClose[cell]! - 1;
      if (Number.isFinite(change)) changes.set(instrument, change);
    }
    return { day, changes };
  });
}

export type PoolImport = {
  readonly pool: LimitPoolCn;
  readonly anomalies: readonly Anomaly[];
  readonly refusal: Anomaly | null;
  readonly saved: SavedRows;
};

/**
 * Judges a pool of one day and adds it. `changes` are the moves its rows state, `seenAt` when it was
 * made where that is known; throws StoreError.
 */
export async function importPool(
  deps: ImportDeps,
  pool: LimitPoolCn,
  source: string,
  facts: {
    readonly changes: ReadonlyMap<InstrumentId, number>;
    readonly seenAt: number | null;
  },
): Promise<PoolImport> {
  const { store, calendar } = deps;
  const answer = sessionOn(calendar, pool.day);
  const earlier =
    answer.kind === 'session' ? (previousTradingDays(calendar, pool.day, POOL_DAYS - 1) ?? []) : [];
  const known = answer.kind === 'session' ? await changesOf(store, [...earlier, pool.day]) : [];
  const judged = judgePool(pool, {
    source,
    session: answer.kind === 'session' ? answer.session : null,
    seenAt: facts.seenAt,
    changes: facts.changes,
    known,
    countElsewhere: null,
  });
  const at = deps.now();
  const { anomalies, refusal } = judged;
  await store.quarantine('limit_pool', anomalies, deps.runId, at);
  const saved = refusal === null ? await store.savePool(judged.kept, source, at) : NOTHING_SAVED;
  return { pool: judged.kept, anomalies, refusal, saved };
}
