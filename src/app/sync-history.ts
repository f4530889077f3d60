import { tradingDaysBetween } from '#core/market/calendar.ts';
import { dailyTableOf } from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { DailyBarCn } from '#core/market/records-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { anomalyLine } from '#core/quality/anomaly.ts';
import { importDaily } from './import-market.ts';
import type { SyncDeps } from './sync-market.ts';

/** How far a long fetch has come, in days or shares. */
export type HistoryProgress = {
  readonly by: 'day' | 'share';
  readonly done: number;
  readonly of: number;
};

export type HistoryReport = {
  /** Whole days at once where a source has them, else share by share. */
  readonly by: 'day' | 'share';
  readonly asked: number;
  readonly failed: number;
  readonly inserted: number;
  readonly sources: readonly string[];
  /** Refused days, one line each, and the first that failed. */
  readonly named: readonly string[];
};

/** Shares of one batch: judged and saved together. */
const BATCH = 200;
/** Shares asked for at the same time; the source's own budget puts them in line. */
const AT_ONCE = 8;
/** After this many failures in a row the source has had enough. */
const GIVE_UP = 20;
const NAMED = 10;

type Tally = {
  asked: number;
  failed: number;
  inserted: number;
  sources: Set<string>;
  named: string[];
};

function name(tally: Tally, line: string): void {
  if (tally.named.length < NAMED) tally.named.push(line);
}

/** Saves what several answers brought, a series a source. */
async function keep(
  deps: SyncDeps,
  bars: ReadonlyMap<string, readonly DailyBarCn[]>,
  tally: Tally,
): Promise<void> {
  for (const [source, rows] of bars) {
    if (rows.length === 0) continue;
    const series = { kind: 'share', source, basis: 'raw' } as const;
    const { verdict, saved } = await importDaily(deps, dailyTableOf(rows), series);
    tally.inserted += saved.inserted;
    tally.sources.add(source);
    for (const one of verdict.refusedDays) name(tally, anomalyLine(one));
  }
}

async function byDay(
  deps: SyncDeps,
  days: readonly TradingDay[],
  tally: Tally,
  onProgress: (progress: HistoryProgress) => void,
): Promise<boolean> {
  for (const [i, day] of days.entries()) {
    const result = await deps.data.dailyBarsOn(day, { deadlineAt: deps.now() + deps.askMs });
    tally.asked += 1;
    if (result.data === null) {
      // the first day decides: sources that only know today's quotes have no past days
      if (i === 0) return false;
      tally.failed += 1;
      name(tally, `${day}: found no bars, expected those of the day`);
    } else if (!result.note.some(({ code }) => code === 'from_cache')) {
      await keep(deps, new Map([[result.source, result.data]]), tally);
    } else if (i === 0) return false;
    onProgress({ by: 'day', done: i + 1, of: days.length });
  }
  return true;
}

async function byShare(
  deps: SyncDeps,
  shares: readonly InstrumentId[],
  range: { readonly from: TradingDay; readonly through: TradingDay },
  tally: Tally,
  onProgress: (progress: HistoryProgress) => void,
): Promise<void> {
  let inRow = 0;
  for (let from = 0; from < shares.length && inRow < GIVE_UP; from += BATCH) {
    const batch = shares.slice(from, from + BATCH);
    const bars = new Map<string, DailyBarCn[]>();
    for (let at = 0; at < batch.length && inRow < GIVE_UP; at += AT_ONCE) {
      const few = batch.slice(at, at + AT_ONCE);
      const results = await Promise.all(
        few.map((share) =>
          deps.data.dailyBarsOf(share, range.from, range.through, {
            deadlineAt: deps.now() + deps.askMs,
          }),
        ),
      );
      for (const [i, result] of results.entries()) {
        tally.asked += 1;
        const isOwn =
          result.data !== null && !result.note.some(({ code }) => code === 'from_cache');
        inRow = isOwn ? 0 : inRow + 1;
        if (!isOwn) {
          tally.failed += 1;
          name(tally, `${few[i]}: found no history, expected bars from ${range.from}`);
          continue;
        }
        const list = bars.get(result.source) ?? [];
        list.push(...(result.data ?? []));
        bars.set(result.source, list);
      }
      onProgress({ by: 'share', done: from + at + few.length, of: shares.length });
    }
    await keep(deps, bars, tally);
  }
  if (inRow >= GIVE_UP) name(tally, `gave up after ${GIVE_UP} shares without an answer`);
}

/**
 * Daily bars of a range for every listed share on file. Can be run again: what is known stays, what is
 * missing is added. Throws StoreError.
 */
export async function syncHistory(
  deps: SyncDeps,
  range: { readonly from: TradingDay; readonly through: TradingDay },
  onProgress: (progress: HistoryProgress) => void,
): Promise<HistoryReport> {
  const tally: Tally = { asked: 0, failed: 0, inserted: 0, sources: new Set(), named: [] };
  const days = tradingDaysBetween(deps.calendar, range.from, range.through);
  const isByDay = await byDay(deps, days, tally, onProgress);
  if (!isByDay) {
    const known = await deps.store.securities(range.through);
    const shares = (known?.securities ?? []).map(({ instrument }) => instrument);
    if (shares.length === 0) name(tally, 'found no list of shares on file, expected one');
    await byShare(deps, shares, range, tally, onProgress);
  }
  const { asked, failed, inserted, sources, named } = tally;
  return { by: isByDay ? 'day' : 'share', asked, failed, inserted, sources: [...sources], named };
}
