import type { MarginData, MarginRow } from '#core/indicators/alt-flow.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import { previousTradingDays } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { InstrumentDayCn, ShareStatusCn } from '#core/market/instrument-day.ts';
import { limitsOn, listedForDaysOn } from '#core/market/limits-cn.ts';
import type { Quote } from '#core/market/quote.ts';
import type { MarketLookCn, QuoteCn } from '#core/market/quote-cn.ts';
import { shareStatusOf } from '#core/market/quote-cn.ts';
import type {
  CorporateActionCn,
  MarginDayCn,
  MinuteBarCn,
  PriceLimitCn,
  SectorCn,
  SecurityCn,
} from '#core/market/records-cn.ts';
import type { Session } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { priceAgeMs } from '#core/market/trading-time.ts';
import type { IndexSeries, MarketSnapshot, StockTable } from '#core/market/whole-market.ts';
import { STOCK_FLAGS } from '#core/market/whole-market.ts';
import type { FetchNote } from '#core/quality/note.ts';
import { fetchNote } from '#core/quality/note.ts';
import type { IntradayBars } from '#core/strategies/sector-pulse/confirm-entry.ts';
import type { HeldPrice } from '#core/strategies/sector-pulse/exits.ts';
import type { FetchResult } from './ports.ts';

/*
 * Answers of sources as the desk's strategy reads them: pure, the same answers give the same look.
 * What a source does not say stays unknown (NaN or null) and is noted; nothing is filled in.
 */

/** What is known of each stock before the prices of a day. */
export type DayFactsCn = {
  readonly tradingDay: TradingDay;
  readonly securities: readonly SecurityCn[];
  readonly listedOn: ReadonlyMap<InstrumentId, TradingDay | null>;
  /** Day the list is true for: a name says ST for that day. */
  readonly securitiesAsOf: TradingDay | null;
  readonly sectors: readonly SectorCn[];
  /** Suspended for the whole day. */
  readonly suspended: ReadonlySet<InstrumentId>;
  /** Limit prices known before the open, by instrument. */
  readonly limits: ReadonlyMap<InstrumentId, PriceLimitCn>;
  /** Ex-date today whose terms nobody knows. */
  readonly exDateOpen: ReadonlySet<InstrumentId>;
  readonly universe: string;
  /** Ex-dates of the day with their terms, by instrument; absent: nobody was asked. */
  readonly actions?: ReadonlyMap<InstrumentId, CorporateActionCn>;
};

/**
 * The table of a day, the stocks in the order of their ids. A stock of several boards is in the
 * first of them; one without a listing day has unknown listed days. Delisted shares are left out.
 */
export function stockTableFrom(facts: DayFactsCn, calendar: CalendarTable): StockTable {
  const { tradingDay } = facts;
  const listed = facts.securities
    .filter(({ delistedOn }) => delistedOn === null || delistedOn > tradingDay)
    .toSorted((a, b) => (a.instrument < b.instrument ? -1 : 1));
  const sectors = facts.sectors.map(({ name }) => name);
  const sectorOf = new Map<InstrumentId, number>();
  for (const [place, { members }] of facts.sectors.entries()) {
    for (const member of members) if (!sectorOf.has(member)) sectorOf.set(member, place);
  }
  const days = new Map<TradingDay, number>();
  const listedDays = (listedOn: TradingDay | null): number => {
    if (listedOn === null) return Number.NaN;
    const known = days.get(listedOn);
    if (known !== undefined) return known;
    const count = listedForDaysOn(calendar, listedOn, tradingDay, 250) ?? Number.NaN;
    days.set(listedOn, count);
    return count;
  };
  const flags = listed.map(({ instrument, name }) => {
    const isSt = shareStatusOf(name) !== 'normal';
    return (
      (isSt ? STOCK_FLAGS.st : 0) +
      (facts.suspended.has(instrument) ? STOCK_FLAGS.suspended : 0) +
      (facts.exDateOpen.has(instrument) ? STOCK_FLAGS.exDateOpen : 0)
    );
  });
  return {
    tradingDay,
    instruments: listed.map(({ instrument }) => instrument),
    names: listed.map(({ name }) => name),
    sectors,
    sectorOf: Int16Array.from(listed, ({ instrument }) => sectorOf.get(instrument) ?? -1),
    flags: Uint8Array.from(flags),
    listedDays: Float64Array.from(listed, ({ listedOn }) => listedDays(listedOn)),
    universe: facts.universe,
  };
}

/** How quotes are taken into a snapshot. */
export type LookRules = {
  /** A quote older than this when the look arrived is not used, in milliseconds, breaks taken out. */
  readonly staleMs: number;
  /** Breaks of the day's session. */
  readonly breaks: Session['breaks'];
  /** From when on a stock without any trade today counts as suspended: some time after the open. */
  readonly tradedBy: number;
};

/** A look as the desk reads it: the table with what the quotes say of each stock, and the columns. */
export type LookCn = { readonly table: StockTable; readonly snapshot: MarketSnapshot };

/** What is known of one stock today: the day's facts with its quote, if any. */
export function instrumentDayFrom(
  table: StockTable,
  row: number,
  facts: DayFactsCn,
  quote: QuoteCn | null,
): InstrumentDayCn {
  const instrument = table.instruments[row]!;
  const known = facts.limits.get(instrument);
  const listed = table.listedDays[row]!;
  const byName: ShareStatusCn = shareStatusOf(table.names[row]!);
  const isToday = facts.securitiesAsOf === facts.tradingDay;
  // the name of another day says nothing of today, but an ST name is never taken for a sound one
  const status = quote?.status ?? (isToday || byName !== 'normal' ? byName : null);
  const up = quote?.limitUp ?? known?.up ?? null;
  const down = quote?.limitDown ?? known?.down ?? null;
  return {
    instrument,
    tradingDay: facts.tradingDay,
    previousClose: quote?.previousClose ?? known?.previousClose ?? null,
    status,
    listedOn: facts.listedOn.get(instrument) ?? null,
    listedForDays: listed > 0 ? listed : null,
    firstDayOf: 'none',
    vendorLimits: up === null || down === null ? null : { up, down },
    isSuspended: (table.flags[row]! & STOCK_FLAGS.suspended) !== 0,
    halts: [],
    isSameDaySale: false,
    closePrice: null,
  };
}

const COLUMNS = [
  'last',
  'previousClose',
  'high',
  'low',
  'limitUp',
  'limitDown',
  'bid',
  'ask',
  'turnover',
  'volume',
] as const;

/** Why a quote is not used, or null. */
function faultOf(
  quote: QuoteCn,
  { staleMs, breaks }: LookRules,
  seenAt: number,
): 'stale' | 'no_price' | null {
  if (quote.at !== null && priceAgeMs(breaks, quote.at, seenAt) > staleMs) return 'stale';
  return quote.last === null || !(quote.last > 0) ? 'no_price' : null;
}

function isUntraded(quote: QuoteCn): boolean {
  return quote.volume === 0 && (quote.open === null || quote.open === 0);
}

/**
 * A look as table and columns over the stocks of `table`. A stock without a quote, or with one that is
 * too old or has no price, has no figures at all and is noted by count; `asOf` is the oldest quote that
 * is used. ST follows today's name, and a stock that has not traded by `tradedBy` is suspended. No
 * data: null with the notes of the answer.
 */
export function marketSnapshotFrom(
  result: FetchResult<MarketLookCn>,
  table: StockTable,
  facts: DayFactsCn,
  rules: LookRules,
): FetchResult<LookCn> {
  const { data: look, source, fetchedAt } = result;
  if (look === null) return { ...result, data: null };
  const stocks = table.instruments.length;
  const columns = Object.fromEntries(
    COLUMNS.map((name) => [name, new Float64Array(stocks).fill(Number.NaN)]),
  ) as Record<(typeof COLUMNS)[number], Float64Array>;
  const flags = table.flags.slice();
  const quotes = new Map(look.quotes.map((quote) => [quote.instrument, quote]));
  const counts = { stale: 0, no_price: 0, absent: 0, disputed: 0 };
  let asOf = Number.POSITIVE_INFINITY;
  for (let row = 0; row < stocks; row += 1) {
    const quote = quotes.get(table.instruments[row]!) ?? null;
    if (quote?.status === 'st' || quote?.status === 'delisting') flags[row]! |= STOCK_FLAGS.st;
    if (quote !== null && fetchedAt >= rules.tradedBy && isUntraded(quote)) {
      flags[row]! |= STOCK_FLAGS.suspended;
    }
    const day = instrumentDayFrom({ ...table, flags }, row, facts, quote);
    const limits = limitsOn(day);
    if (limits.kind === 'free') flags[row]! |= STOCK_FLAGS.noLimit;
    if (limits.kind === 'limits') {
      columns.limitUp[row] = limits.up;
      columns.limitDown[row] = limits.down;
      if (limits.isDisputed) counts.disputed += 1;
    }
    columns.previousClose[row] = day.previousClose ?? Number.NaN;
    if (quote === null) {
      counts.absent += 1;
      continue;
    }
    if ((flags[row]! & STOCK_FLAGS.suspended) !== 0) continue;
    const fault = faultOf(quote, rules, fetchedAt);
    if (fault !== null) {
      counts[fault] += 1;
      continue;
    }
    asOf = Math.min(asOf, quote.at ?? fetchedAt);
    columns.last[row] = quote.last ?? Number.NaN;
    columns.high[row] = quote.high ?? Number.NaN;
    columns.low[row] = quote.low ?? Number.NaN;
    columns.bid[row] = quote.bid ?? Number.NaN;
    columns.ask[row] = quote.ask ?? Number.NaN;
    columns.turnover[row] = quote.amount ?? Number.NaN;
    columns.volume[row] = quote.volume ?? Number.NaN;
  }
  const note: FetchNote[] = [...result.note];
  for (const cause of ['absent', 'stale', 'no_price'] as const) {
    if (counts[cause] === 0) continue;
    note.push(fetchNote('rows_missing', source, { cause, rows: counts[cause], of: stocks }));
  }
  if (counts.disputed > 0) {
    note.push(fetchNote('limits_disputed', source, { rows: counts.disputed }));
  }
  const degraded = result.degraded || counts.disputed > 0;
  const snapshot: MarketSnapshot = {
    tradingDay: look.tradingDay,
    asOf: Number.isFinite(asOf) ? asOf : result.asOf,
    fetchedAt,
    source,
    degraded,
    ...columns,
  };
  return {
    data: { table: { ...table, flags }, snapshot },
    source,
    fetchedAt,
    asOf: snapshot.asOf,
    degraded,
    note,
  };
}

/** An index with what it shows now; without a quote of today `now` stays unknown. */
export function indexNowFrom(
  series: IndexSeries | null,
  index: InstrumentId,
  quotes: FetchResult<readonly QuoteCn[]>,
): IndexSeries | null {
  if (series === null) return null;
  const quote = quotes.data?.find(({ instrument }) => instrument === index);
  if (quote === undefined || quote.last === null || !(quote.last > 0)) {
    return { ...series, now: null, asOf: quotes.asOf, fetchedAt: quotes.fetchedAt };
  }
  return {
    ...series,
    now: quote.last,
    asOf: quote.at ?? quotes.fetchedAt,
    fetchedAt: quotes.fetchedAt,
    source: quotes.source === series.source ? series.source : `${series.source}+${quotes.source}`,
    degraded: series.degraded || quotes.degraded || quote.at === null,
  };
}

/**
 * Margin rows of SSE and SZSE of days before `tradingDay`, each with the balance of the trading day
 * before it. A missing exchange stays missing: its figure is unknown, never 0.
 */
export function marginDataFrom(
  result: FetchResult<readonly MarginDayCn[]>,
  tradingDay: TradingDay,
  calendar: CalendarTable,
): MarginData | null {
  if (result.data === null) return null;
  const { source, asOf, fetchedAt, degraded } = result;
  const balances = new Map(
    result.data.map(({ exchange, day, balance }) => [`${exchange} ${day}`, balance]),
  );
  const rows = result.data.flatMap(({ exchange, day, balance, bought, repaid }): MarginRow[] => {
    if (exchange === 'BSE' || day >= tradingDay) return [];
    const before = previousTradingDays(calendar, day, 1)?.[0] ?? '';
    const previousBalance = balances.get(`${exchange} ${before}`) ?? null;
    return [{ exchange, day, balance, bought, repaid, previousBalance }];
  });
  return { source, asOf, fetchedAt, degraded, rows };
}

/** Best prices of one stock; null when the source shows no book or no instant. Sizes unknown are 0. */
export function bookQuoteFrom(quote: QuoteCn): Quote | null {
  const { instrument, bid, ask, at } = quote;
  if (bid === null || ask === null || at === null || (bid === 0 && ask === 0)) return null;
  return { instrument, bid, ask, bidSize: quote.bidSize ?? 0, askSize: quote.askSize ?? 0, at };
}

/** Price of a held stock; null when there is none at all. A stamp that is missing is no fresh price. */
export function heldPriceFrom(quote: QuoteCn, isSuspended: boolean): HeldPrice | null {
  const last = quote.last !== null && quote.last > 0 ? quote.last : quote.previousClose;
  if (last === null || !(last > 0)) return null;
  return { last, asOf: quote.at ?? 0, isSuspended };
}

/** Closed bars of one day as the buy point reads them; null without any. */
export function intradayBarsFrom(
  bars: readonly MinuteBarCn[],
  openAt: number,
  barMinutes: number,
): IntradayBars | null {
  if (bars.length === 0) return null;
  return {
    openAt,
    barMinutes,
    closedAt: Float64Array.from(bars, ({ closedAt }) => closedAt),
    volume: Float64Array.from(bars, ({ volume }) => volume),
    turnover: Float64Array.from(bars, ({ amount }) => amount ?? Number.NaN),
  };
}
