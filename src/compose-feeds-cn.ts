import { join } from 'node:path';
import type { CnMarketSource } from '#app/cn-market.ts';
import { createCnMarket } from '#app/cn-market.ts';
import type { MarketDataCn } from '#app/ports.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import { sessionOn } from '#core/market/calendar.ts';
import type { ExtendedCalendar, ToldDays } from '#core/market/calendar-beyond.ts';
import { calendarBeyond } from '#core/market/calendar-beyond.ts';
import { instantAt, wallTimeOf } from '#core/market/session.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import type { FeedsConfig } from '#shell/config/feeds.ts';
import { sourcesOf } from '#shell/config/feeds.ts';
import type { FeedSourceName } from '#shell/config/feeds-schema.ts';
import { createAktools } from '#shell/feeds/cn/aktools.ts';
import { type ChainDeps, createMarketDataCn } from '#shell/feeds/cn/chain.ts';
import { withCrossCheck } from '#shell/feeds/cn/cross-check.ts';
import { createEastmoney } from '#shell/feeds/cn/eastmoney.ts';
import { createGateCn } from '#shell/feeds/cn/gate.ts';
import { createFeedHttp, type FeedHttp } from '#shell/feeds/cn/http.ts';
import { createManual } from '#shell/feeds/cn/manual.ts';
import { createOnFile } from '#shell/feeds/cn/on-file.ts';
import { createSina } from '#shell/feeds/cn/sina.ts';
import type { DataKindCn, SourceCn } from '#shell/feeds/cn/source.ts';
import { DATA_KINDS_CN } from '#shell/feeds/cn/source.ts';
import { createTencent } from '#shell/feeds/cn/tencent.ts';
import { createTushare } from '#shell/feeds/cn/tushare.ts';
import type { StoreHandle } from '#shell/store/client.ts';
import { createMarketStoreCn, type MarketDatabaseCn } from '#shell/store/market-store-cn.ts';
import { createRawSnapshots } from '#shell/store/snapshots.ts';

/*
 * Wires the sources of Chinese market data: settings → requests within their budgets → sources →
 * the chain with its gate → the cross-check → what a live desk is given.
 */

const ZONE = 'Asia/Shanghai';
const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Folder of the operator's own files under the data folder. */
const MANUAL_FOLDER = 'manual';
/** Dataset of trading days as vendors told them: 1 open, 0 closed. */
export const TOLD_DAYS = 'trading_days';

export type FeedsCnParts = {
  readonly feeds: FeedsConfig;
  readonly dataDir: string;
  readonly handle: StoreHandle;
  readonly runId: string;
  /** The calendar as written; days a vendor told are added to it. */
  readonly calendar: CalendarTable;
  readonly now: () => number;
  readonly fetch?: typeof globalThis.fetch;
};

export type FeedsCn = {
  /** Looks are cross-checked; everything is judged, kept raw and noted. */
  readonly data: MarketDataCn;
  readonly market: CnMarketSource;
  readonly store: MarketDatabaseCn;
  readonly calendar: ExtendedCalendar;
  /** Each source of the profile by itself, with what it offers. */
  readonly sources: readonly SourceCn[];
  /** The same data from one source alone, for a check of that source. */
  only(source: string): MarketDataCn;
  /** When records of tries and quarantine are in the store. */
  settled(): Promise<void>;
};

/** Work nobody waits for, so that its end can be waited for all the same. */
function background(): { run(work: Promise<unknown>): void; settled(): Promise<void> } {
  const open = new Set<Promise<unknown>>();
  return {
    run(work) {
      // a record that is lost costs nothing but the record
      const one = work.catch(() => undefined).finally(() => open.delete(one));
      open.add(one);
    },
    async settled() {
      while (open.size > 0) await Promise.all(open);
    },
  };
}

/** Trading days a vendor told last, as stored by `data sync`. */
async function toldDays(store: MarketDatabaseCn, today: string): Promise<ToldDays | null> {
  const rows = await store.figures({
    dataset: TOLD_DAYS,
    from: addCalendarDays(today, -30),
    through: addCalendarDays(today, 400),
    field: 'is_open',
    instrument: null,
  });
  const newest = rows.reduce<(typeof rows)[number] | null>(
    (found, row) => (found === null || row.fetchedAt > found.fetchedAt ? row : found),
    null,
  );
  if (newest === null) return null;
  const own = rows.filter(({ source }) => source === newest.source);
  const days = own.map(({ day }) => day).toSorted();
  return {
    source: newest.source,
    toldAt: newest.fetchedAt,
    from: days[0] ?? today,
    through: days.at(-1) ?? today,
    days: own.filter(({ value }) => value === 1).map(({ day }) => day),
  };
}

/**
 * Files what was taken out, each thing once a day: a stock that is wrong in every look of a day is one
 * fact, not two hundred and forty.
 */
function quarantineOnce(
  store: MarketDatabaseCn,
  runId: string,
  now: () => number,
): (kind: string, anomalies: readonly Anomaly[]) => Promise<void> {
  let today = '';
  let filed = new Set<string>();
  return async (kind, anomalies) => {
    const at = now();
    const { day } = wallTimeOf(at, ZONE);
    if (day !== today) {
      today = day;
      filed = new Set();
    }
    const fresh = anomalies.filter(({ source, code, instrument, day: of }) => {
      const key = [kind, source, code, instrument, of].join(' ');
      if (filed.has(key)) return false;
      filed.add(key);
      return true;
    });
    if (fresh.length > 0) await store.quarantine(kind, fresh, runId, at);
  };
}

type Wired = FeedsCnParts & { readonly store: MarketDatabaseCn };

function httpOf(
  wired: Wired,
  name: 'tencent' | 'eastmoney' | 'sina' | 'tushare' | 'aktools',
): FeedHttp {
  const { feeds, handle, runId, now, store } = wired;
  const settings = feeds.sources[name];
  const raw = createRawSnapshots(handle);
  return createFeedHttp({
    source: name,
    fetch: wired.fetch ?? globalThis.fetch,
    now,
    budget: { perMinute: settings.perMinute, atOnce: settings.atOnce },
    endpoints: settings.endpoints,
    perDay: settings.perDay,
    sentToday: () =>
      store.requestsSince(name, instantAt(wallTimeOf(now(), ZONE).day, '00:00', ZONE)),
    keepRaw: async ({ source, url, payload, at }) => {
      await raw.save({ source, url, payload, ingestedAt: at, runId });
    },
    secrets: feeds.tushareToken === null ? [] : [feeds.tushareToken],
  });
}

function makeSource(wired: Wired, name: FeedSourceName): SourceCn {
  const { sources, tushareToken } = wired.feeds;
  switch (name) {
    case 'tencent':
      return createTencent(httpOf(wired, name), sources.tencent);
    case 'eastmoney':
      return createEastmoney(httpOf(wired, name), sources.eastmoney);
    case 'sina':
      return createSina(httpOf(wired, name), sources.sina);
    case 'tushare':
      return createTushare(httpOf(wired, name), {
        url: sources.tushare.url,
        token: tushareToken ?? '',
      });
    case 'aktools':
      return createAktools(httpOf(wired, name), sources.aktools);
    case 'manual':
      return createManual({ ...sources.manual, folder: join(wired.dataDir, MANUAL_FOLDER) });
    case 'on_file':
      return createOnFile(wired.store);
  }
}

/** Opens the feeds of the profile over an open store. Throws StoreError. */
export async function openFeedsCn(parts: FeedsCnParts): Promise<FeedsCn> {
  const { feeds, handle, runId, now } = parts;
  const store = createMarketStoreCn(handle);
  const wired: Wired = { ...parts, store };
  const { day: today } = wallTimeOf(now(), ZONE);
  const { calendar: policy, look, crossCheck, breaker } = feeds;
  const calendar = calendarBeyond(
    parts.calendar,
    await toldDays(store, today),
    {
      maxAgeMs: policy.maxAgeDays * DAY_MS,
      whenUnknown: policy.whenUnknown,
      openDays: policy.openDays,
    },
    { at: now(), today },
  );
  const names = [...new Set([...sourcesOf(feeds.profile), ...crossCheck.against])].filter(
    (name) => name !== 'tushare' || feeds.tushareToken !== null,
  );
  const sources = names.map((name) => makeSource(wired, name));
  const behind = background();
  const quarantine = quarantineOnce(store, runId, now);
  const deps: Omit<ChainDeps, 'order'> = {
    sources,
    attemptMs: (name) => feeds.sources[name as FeedSourceName].attemptSeconds * SECOND_MS,
    breaker: {
      failures: breaker.failures,
      openMs: breaker.openSeconds * SECOND_MS,
      maxOpenMs: breaker.maxOpenSeconds * SECOND_MS,
      trialMs: breaker.trialSeconds * SECOND_MS,
    },
    gate: createGateCn({
      store,
      calendar: calendar.table,
      now,
      freshMs: feeds.freshSeconds * SECOND_MS,
    }),
    now,
    onAnomalies: (kind, anomalies) => behind.run(quarantine(kind, anomalies)),
    onAttempt: (attempt) => behind.run(store.saveAttempt({ ...attempt, runId })),
  };
  const only = (name: string): MarketDataCn =>
    createMarketDataCn({
      ...deps,
      order: Object.fromEntries(DATA_KINDS_CN.map((kind) => [kind, [name]])) as unknown as Record<
        DataKindCn,
        string[]
      >,
    });
  const chain = createMarketDataCn({ ...deps, order: feeds.profile.order });
  const data = withCrossCheck(chain, {
    ...crossCheck,
    against: crossCheck.against
      .filter((name) => names.includes(name))
      .map((name) => ({ name, quotes: only(name).quotes })),
    onAnomalies: (anomalies) => behind.run(store.quarantine('snapshot', anomalies, runId, now())),
  });
  const market = createCnMarket({
    store,
    data,
    calendar: calendar.table,
    now,
    runId,
    rules: (tradingDay) => {
      const answer = sessionOn(calendar.table, tradingDay);
      const openAt =
        answer.kind === 'session'
          ? answer.session.openAt
          : instantAt(tradingDay, parts.calendar.regularOpen, ZONE);
      return {
        staleMs: look.staleSeconds * SECOND_MS,
        breaks: answer.kind === 'session' ? answer.session.breaks : [],
        tradedBy: openAt + look.suspendedAfterMinutes * MINUTE_MS,
      };
    },
  });
  return { data, market, store, calendar, sources, only, settled: behind.settled };
}
