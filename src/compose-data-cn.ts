import type { CheckedSource, SourceCheck } from '#app/check-sources.ts';
import { checkSources } from '#app/check-sources.ts';
import type { MarketDataCn } from '#app/ports.ts';
import { type HistoryProgress, syncHistory } from '#app/sync-history.ts';
import { finalDay, type SyncDeps, type SyncStep, syncMarket } from '#app/sync-market.ts';
import { sessionOn } from '#core/market/calendar.ts';
import { wallTimeOf } from '#core/market/session.ts';
import { loadMarketCalendar } from '#shell/calendars/load.ts';
import type { Config } from '#shell/config/config.ts';
import { readEnv } from '#shell/config/env.ts';
import { readFeeds } from '#shell/config/feeds.ts';
import { connectStore, type StoreHandle } from '#shell/store/client.ts';
import { createRawSnapshots } from '#shell/store/snapshots.ts';
import { openFeedsCn, TOLD_DAYS } from './compose-feeds-cn.ts';

/*
 * Wires the commands around the sources of Chinese market data: the evening's sync, a history, a check
 * of every source.
 */

const ZONE = 'Asia/Shanghai';
/** One kind of data in the evening may take longer than a checkpoint waits. */
const SYNC_ASK_MS = 180_000;
const CHECK_MS = 8_000;
const DAY_MS = 86_400_000;

/** Takes out raw answers older than they are kept for; answers how many. */
async function expireRaw(
  handle: StoreHandle,
  keepDays: number | null,
  now: number,
): Promise<number> {
  if (keepDays === null) return 0;
  // the store refuses what is not old by its own clock, whatever day is synced
  const at = Math.min(now, Date.now());
  return await createRawSnapshots(handle).expire(at - keepDays * DAY_MS);
}

/** The feeds over a store of their own session. Throws ConfigError, StoreError. */
export async function openDataCn(config: Config, now: () => number = Date.now) {
  const handle = await connectStore({
    dataFolder: config.dataDir,
    databaseUrl: config.databaseUrl,
    purpose: 'cli',
  });
  return await dataCnOver(config, handle, now);
}

/** The same over an open session of the store, which `close` ends. */
export async function dataCnOver(config: Config, handle: StoreHandle, now: () => number) {
  const feeds = readFeeds(config.root, readEnv(config.root));
  const written = await loadMarketCalendar(config.root, 'CN');
  const opened = await openFeedsCn({
    feeds,
    dataDir: config.dataDir,
    handle,
    runId: 'cli',
    calendar: written,
    now,
  }).catch(async (error: unknown) => {
    await handle.closeAndStop();
    throw error;
  });
  const { store, data, only, sources } = opened;
  const calendar = opened.calendar.table;
  const secondCloses = (source: string): MarketDataCn['quotes'] | null => {
    const other = feeds.crossCheck.against.find(
      (name) => name !== source && sources.some((one) => one.name === name),
    );
    return other === undefined ? null : only(other).quotes;
  };
  const depsOf = (onStep: (step: SyncStep) => void): SyncDeps => ({
    store,
    calendar,
    runId: 'cli',
    now,
    data,
    askMs: SYNC_ASK_MS,
    secondCloses,
    toldDays: TOLD_DAYS,
    onStep,
  });
  const today = (): string => wallTimeOf(now(), ZONE).day;
  return {
    feeds,
    calendar: opened.calendar,
    store,
    today,
    kindOf: (day: string) => sessionOn(calendar, day).kind,
    finalDay: () => finalDay(calendar, today(), now()),
    /** A day's sync; then what is older than raw answers are kept for is taken out. */
    sync: async (day: string, onStep: (step: SyncStep) => void) => {
      const report = await syncMarket(depsOf(onStep), day);
      return { ...report, rawExpired: await expireRaw(handle, feeds.rawKeepDays, now()) };
    },
    history: (from: string, through: string, onProgress: (progress: HistoryProgress) => void) =>
      syncHistory(
        depsOf(() => undefined),
        { from, through },
        onProgress,
      ),
    check: (): Promise<SourceCheck[]> => {
      const asked: CheckedSource[] = sources.map(({ name, offers }) => ({
        name,
        offers: Object.keys(offers),
        data: only(name),
      }));
      return checkSources(asked, { calendar, today: today(), now }, CHECK_MS);
    },
    settled: opened.settled,
    async close() {
      await opened.settled();
      await handle.closeAndStop();
    },
  };
}
