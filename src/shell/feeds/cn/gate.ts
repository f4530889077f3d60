import { StoreError } from '#app/errors.ts';
import type { MarketStoreCn } from '#app/ports.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import { previousTradingDays, sessionOn } from '#core/market/calendar.ts';
import { dailyBarAt, dailyTableOf } from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { emptyDailyPanel } from '#core/market/panel-cn.ts';
import type { MarketLookCn, QuoteCn } from '#core/market/quote-cn.ts';
import type {
  DailyBarCn,
  LimitPoolCn,
  MarginDayCn,
  PriceLimitCn,
  SectorCn,
  SecurityCn,
} from '#core/market/records-cn.ts';
import type { Session } from '#core/market/session.ts';
import { wallTimeOf } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { tradingMillisBetween } from '#core/market/trading-time.ts';
import type { Anomaly, Judged } from '#core/quality/anomaly.ts';
import { anomaly } from '#core/quality/anomaly.ts';
import { judgeDailyTable } from '#core/quality/judge-daily.ts';
import { judgeLook } from '#core/quality/judge-look.ts';
import { balanceKey, judgeMargin } from '#core/quality/judge-margin.ts';
import { judgeOneDay } from '#core/quality/judge-one-day.ts';
import { judgePool } from '#core/quality/judge-pool.ts';
import type { FetchNote } from '#core/quality/note.ts';
import { fetchNote } from '#core/quality/note.ts';
import type { GateCn } from './chain.ts';
import type { KindsCn } from './source.ts';
import { ZONE } from './wire.ts';

/*
 * What an answer is held against before anybody may use it: the calendar, the clock, what is on file
 * and what the last look showed. The judges are core's; here is where their comparisons come from.
 */

export type GateDeps = {
  readonly store: MarketStoreCn;
  readonly calendar: CalendarTable;
  readonly now: () => number;
  /** Oldest newest quote of a look while the market trades, in milliseconds. */
  readonly freshMs: number;
};

/** The comparisons of one answer, and what could not be compared. */
type Case = GateDeps & { readonly told: FetchNote[] };

type Verdict<T> = Judged<T> & { readonly note: readonly FetchNote[] };

/** From 9:15 on quotes are of the day itself. */
const AUCTION_MS = 15 * 60_000;
/** Quotes may stand still for this long around the open and the break. */
const SETTLE_MS = 60_000;
/** Rows of a pool whose price is the close of the day before: this share of this many is another day. */
const SAME_SHARE = 0.5;
const LEAST_ROWS = 5;
const LEAST_SHARE_OF_LIST = 0.9;
const STEP = 0.005;

function passed<T>(kept: T, note: readonly FetchNote[] = []): Verdict<T> {
  return { kept, anomalies: [], refusal: null, note };
}

/** The session of today's Shanghai date, if it is a trading day. */
function sessionNow({ calendar, now }: GateDeps): Session | null {
  const answer = sessionOn(calendar, wallTimeOf(now(), ZONE).day);
  return answer.kind === 'session' ? answer.session : null;
}

/** The trading day that quotes show now; null when the calendar does not know. */
function quotedDay(deps: GateDeps): TradingDay | null {
  const session = sessionNow(deps);
  if (session !== null && deps.now() >= session.openAt - AUCTION_MS) return session.tradingDay;
  const { day } = wallTimeOf(deps.now(), ZONE);
  return previousTradingDays(deps.calendar, day, 1)?.[0] ?? null;
}

/** How old the newest quote may be now; null while nothing has to move. */
function freshNow(deps: GateDeps): number | null {
  const session = sessionNow(deps);
  if (session === null) return null;
  const now = deps.now();
  const isMoving = tradingMillisBetween(session, now - SETTLE_MS, now) >= SETTLE_MS;
  return isMoving ? deps.freshMs : null;
}

function judgeQuotes(
  deps: GateDeps,
  quotes: readonly QuoteCn[],
  asked: readonly InstrumentId[],
  source: string,
  isWhole: boolean,
) {
  const days = new Map<number, TradingDay>();
  return judgeLook(quotes, {
    source,
    asked: new Set(asked),
    day: quotedDay(deps),
    dayOf: (at) => {
      const minute = Math.floor(at / 60_000);
      const known = days.get(minute) ?? wallTimeOf(at, ZONE).day;
      days.set(minute, known);
      return known;
    },
    now: deps.now(),
    // one name may well stand still for a minute: who asks for it looks at its stamp
    freshMs: isWhole ? freshNow(deps) : null,
    isWhole,
  });
}

/** How many stand at their stated or implied limit in a look, by kind; for empty pools. */
type LastLook = { readonly day: TradingDay; readonly up: number; readonly down: number };

function countsOf(look: MarketLookCn): LastLook | null {
  let [up, down, known] = [0, 0, 0];
  for (const { last, limitUp, limitDown } of look.quotes) {
    if (last === null || limitUp === null || limitDown === null) continue;
    known += 1;
    if (last > limitUp - STEP) up += 1;
    if (last < limitDown + STEP) down += 1;
  }
  return known === 0 ? null : { day: look.tradingDay, up, down };
}

/** What is on file, or nothing with a note when the store cannot be read: a source is not to blame. */
async function onFile<T>(deps: Case, work: Promise<T>, none: T): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    deps.told.push(fetchNote('not_checked', 'store', { check: 'on_file', cause: error.code }));
    return none;
  }
}

async function closesOn(deps: Case, day: TradingDay | null) {
  const closes = new Map<InstrumentId, number>();
  if (day === null) return closes;
  const ask = { kind: 'share', basis: 'raw', source: null, instruments: null } as const;
  const panel = await onFile(
    deps,
    deps.store.loadDaily({ ...ask, from: day, through: day }),
    emptyDailyPanel({ kind: 'share', source: 'none', basis: 'raw' }, [], [], 0),
  );
  for (const [row, instrument] of panel.instruments.entries()) {
    const close = panel.close[row * panel.days.length];
    if (close !== undefined && close > 0) closes.set(instrument, close);
  }
  return closes;
}

/** A pool most of whose prices are the closes of the day before is that day's. */
function isDayBefore(pool: LimitPoolCn, closes: ReadonlyMap<InstrumentId, number>): number | null {
  let compared = 0;
  let same = 0;
  for (const { instrument, price } of pool.rows) {
    const close = closes.get(instrument);
    if (close === undefined || price === null) continue;
    compared += 1;
    if (Math.abs(close - price) < STEP) same += 1;
  }
  return compared >= LEAST_ROWS && same >= compared * SAME_SHARE ? same : null;
}

async function gatePool(
  deps: Case,
  pool: LimitPoolCn,
  source: string,
  lastLook: LastLook | null,
): Promise<Verdict<LimitPoolCn>> {
  const answer = sessionOn(deps.calendar, pool.day);
  const session = answer.kind === 'session' ? answer.session : null;
  const { day: today } = wallTimeOf(deps.now(), ZONE);
  const isKnown = lastLook !== null && lastLook.day === pool.day;
  const countElsewhere = !isKnown
    ? null
    : pool.kind === 'limit_up'
      ? lastLook.up
      : pool.kind === 'limit_down'
        ? lastLook.down
        : null;
  const judged = judgePool(pool, {
    source,
    session,
    seenAt: pool.day === today ? deps.now() : null,
    changes: new Map(),
    known: [],
    countElsewhere,
  });
  const before = previousTradingDays(deps.calendar, pool.day, 1)?.[0] ?? null;
  const same = isDayBefore(pool, await closesOn(deps, before));
  const isUnchecked = pool.rows.length === 0 && countElsewhere === null;
  const note = isUnchecked ? [fetchNote('not_checked', source, { check: 'empty_pool' })] : [];
  if (same === null || judged.refusal !== null) return { ...judged, note };
  const found = `${same} of ${pool.rows.length} prices that are closes of ${before}`;
  const refusal = anomaly('wrong_day', source, found, 'prices of its own day', { day: pool.day });
  return { ...judged, anomalies: [refusal, ...judged.anomalies], refusal, note };
}

/** Daily bars against the calendar, each other and the closes on file. */
async function gateDaily(
  deps: Case,
  bars: readonly DailyBarCn[],
  source: string,
  isIndex: boolean,
): Promise<Verdict<readonly DailyBarCn[]>> {
  if (bars.length === 0) return passed(bars);
  const { calendar } = deps;
  const anomalies: Anomaly[] = [];
  const table = dailyTableOf(bars, (instrument, day, isEqual) => {
    const code = isEqual ? 'duplicate' : 'duplicate_conflicting';
    anomalies.push(anomaly(code, source, 'the day again', 'one row', { instrument, day }));
  });
  const dayBefore = (day: TradingDay) => previousTradingDays(calendar, day, 1)?.[0] ?? null;
  const first = table.days[0] ?? null;
  const closesBefore =
    isIndex || first === null ? new Map() : await closesOn(deps, dayBefore(first));
  const verdict = judgeDailyTable(table, {
    source,
    // an index has no mean price
    basis: isIndex ? 'forward_adjusted' : 'raw',
    dayBefore,
    dayKind: (day) => sessionOn(calendar, day).kind,
    closesBefore,
    isExDate: () => false,
  });
  if (!isIndex && first !== null && table.days.length === 1) {
    const compared = table.instruments.filter((id) => closesBefore.has(id)).length;
    const facts = { day: first, rows: table.length, compared };
    const refusal = judgeOneDay(verdict, facts, source);
    if (refusal !== null) {
      return { kept: [], anomalies: [refusal, ...verdict.anomalies], refusal, note: [] };
    }
  }
  const kept = Array.from({ length: verdict.kept.length }, (_, row) =>
    dailyBarAt(verdict.kept, row),
  );
  const [refused] = verdict.refusedDays;
  const isEmpty = kept.length === 0 && refused !== undefined;
  return {
    kept,
    anomalies: [...verdict.anomalies, ...anomalies],
    refusal: isEmpty ? refused : null,
    note: [],
  };
}

async function gateMargin(
  deps: Case,
  rows: readonly MarginDayCn[],
  source: string,
  asked: TradingDay,
): Promise<Verdict<readonly MarginDayCn[]>> {
  if (rows.length === 0) {
    const place = { day: asked };
    const refusal = anomaly('exchange_missing', source, 'no rows', 'SSE and SZSE', place);
    return { kept: rows, anomalies: [refusal], refusal, note: [] };
  }
  const { calendar, store } = deps;
  const dayBefore = (day: TradingDay) => previousTradingDays(calendar, day, 1)?.[0] ?? null;
  const first = rows.map(({ day }) => day).toSorted()[0];
  const before = first === undefined ? null : dayBefore(first);
  const known = before === null ? [] : await onFile(deps, store.margin(before, before), []);
  const balances = new Map(
    known.flatMap(({ exchange, day, balance }) =>
      balance === null ? [] : [[balanceKey(exchange, day), balance] as const],
    ),
  );
  const dayKind = (day: TradingDay) => sessionOn(calendar, day).kind;
  const verdict = judgeMargin(rows, { source, dayBefore, dayKind, balances });
  const note = verdict.incomplete.map(({ day, exchange }) =>
    fetchNote('rows_missing', source, { cause: exchange, rows: 1, of: 2, day }),
  );
  const [first_] = verdict.anomalies;
  const refusal = verdict.kept.length === 0 && first_ !== undefined ? first_ : null;
  return { kept: verdict.kept, anomalies: verdict.anomalies, refusal, note };
}

function gateLimits(
  limits: readonly PriceLimitCn[],
  source: string,
): Verdict<readonly PriceLimitCn[]> {
  const anomalies: Anomaly[] = [];
  const kept = limits.filter(({ instrument, day, up, down, previousClose }) => {
    const isAround = previousClose === null || (down <= previousClose && previousClose <= up);
    if (up > down && down > 0 && isAround) return true;
    const found = `${down} … ${up} around ${previousClose ?? 'nothing'}`;
    const expected = 'limits around the previous close';
    anomalies.push(anomaly('outside_limits', source, found, expected, { instrument, day }));
    return false;
  });
  return { kept, anomalies, refusal: null, note: [] };
}

/** A list far shorter than the one on file is half an answer; an empty one is none. */
function judgeLength<T>(
  list: readonly T[],
  count: { readonly found: number; readonly onFile: number; readonly what: string },
  source: string,
): Verdict<readonly T[]> {
  const { found, onFile: known, what } = count;
  if (found > 0 && found >= known * LEAST_SHARE_OF_LIST) return passed(list);
  const expected = known === 0 ? 'some' : `at least ${LEAST_SHARE_OF_LIST * 100} % of ${known}`;
  const refusal = anomaly('too_few_rows', source, `${found} ${what}`, expected);
  return { kept: list, anomalies: [refusal], refusal, note: [] };
}

async function gateShares(
  deps: Case,
  list: readonly SecurityCn[],
  source: string,
): Promise<Verdict<readonly SecurityCn[]>> {
  const { day } = wallTimeOf(deps.now(), ZONE);
  const known = await onFile(deps, deps.store.securities(day), null);
  const count = { found: list.length, onFile: known?.securities.length ?? 0, what: 'shares' };
  return judgeLength(list, count, source);
}

/** Boards are counted by their members: a source that lost half of each has as many boards as before. */
async function gateSectors(
  deps: Case,
  sectors: readonly SectorCn[],
  source: string,
): Promise<Verdict<readonly SectorCn[]>> {
  const { day } = wallTimeOf(deps.now(), ZONE);
  const known = await onFile(deps, deps.store.sectors(day, source), null);
  const membersOf = (list: readonly SectorCn[]): number =>
    list.reduce((sum, { members }) => sum + members.length, 0);
  const count = {
    found: membersOf(sectors),
    onFile: membersOf(known?.sectors ?? []),
    what: 'members of boards',
  };
  return judgeLength(sectors, count, source);
}

/** The judge of every kind of answer. A store that cannot be read leaves its comparisons out, noted. */
export function createGateCn(deps: GateDeps): GateCn {
  let lastLook: LastLook | null = null;
  const judges: {
    readonly [K in keyof KindsCn]?: (
      one: Case,
      ask: KindsCn[K]['ask'],
      data: KindsCn[K]['data'],
      source: string,
    ) => Promise<Verdict<KindsCn[K]['data']>>;
  } = {
    snapshot: async (one, { universe }, look, source) => {
      const judged = judgeQuotes(one, look.quotes, universe, source, true);
      const kept = { ...look, quotes: judged.kept };
      if (judged.refusal === null) lastLook = countsOf(kept) ?? lastLook;
      return { ...judged, kept, note: [] };
    },
    quotes: async (one, { instruments }, quotes, source) => ({
      ...judgeQuotes(one, quotes, instruments, source, false),
      note: [],
    }),
    limit_pool: (one, _ask, pool, source) => gatePool(one, pool, source, lastLook),
    daily_bars_on: (one, _ask, bars, source) => gateDaily(one, bars, source, false),
    daily_bars_of: (one, _ask, bars, source) => gateDaily(one, bars, source, false),
    index_daily: (one, _ask, bars, source) => gateDaily(one, bars, source, true),
    margin: (one, { day }, rows, source) => gateMargin(one, rows, source, day),
    price_limits: async (_one, _ask, limits, source) => gateLimits(limits, source),
    securities: (one, _ask, list, source) => gateShares(one, list, source),
    sectors: (one, _ask, sectors, source) => gateSectors(one, sectors, source),
  };
  return async (kind, ask, data, source) => {
    const judge = judges[kind];
    if (judge === undefined) return passed(data);
    const one: Case = { ...deps, told: [] };
    const verdict = await judge(one, ask, data, source);
    return { ...verdict, note: [...verdict.note, ...one.told] };
  };
}
