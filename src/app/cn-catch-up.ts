import { dailyTableOf } from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { FetchNote } from '#core/quality/note.ts';
import type { ImportDeps } from './import-market.ts';
import { importDaily } from './import-market.ts';
import type { FetchAsk, MarketDataCn } from './ports.ts';

export type CatchUpDeps = ImportDeps & { readonly data: MarketDataCn };

/** The newest day on file of a kind, of any source; null: nothing is. */
async function newestStored(deps: CatchUpDeps, what: string): Promise<TradingDay | null> {
  const stored = (await deps.store.stored()).filter((one) => one.what === what);
  return (
    stored
      .map(({ lastDay }) => lastDay)
      .toSorted()
      .at(-1) ?? null
  );
}

function isCached(note: readonly FetchNote[]): boolean {
  return note.some(({ code }) => code === 'from_cache');
}

/**
 * Brings the day before in when the evening did not: until 9:15 quotes still show it, and the indexes
 * have it all day. What cannot be had is noted, the history then ends a day early and says so.
 */
export async function catchUp(
  deps: CatchUpDeps,
  indexIds: readonly InstrumentId[],
  before: TradingDay,
  ask: FetchAsk,
): Promise<readonly FetchNote[]> {
  const { store, calendar, now, runId, data } = deps;
  const into = { store, calendar, now, runId };
  const note: FetchNote[] = [];
  const shares = await newestStored(deps, 'daily share raw');
  if (shares !== null && shares < before) {
    const found = await data.dailyBarsOn(before, ask);
    note.push(...found.note);
    const bars = (found.data ?? []).filter(({ day }) => day === before);
    const series = { kind: 'share', source: found.source, basis: 'raw' } as const;
    if (bars.length > 0 && !isCached(found.note)) {
      await importDaily(into, dailyTableOf(bars), series);
    }
  }
  const indexes = await newestStored(deps, 'daily index raw');
  if (indexes === null || indexes >= before) return note;
  for (const index of indexIds) {
    const found = await data.indexDaily(index, indexes, before, ask);
    note.push(...found.note);
    const series = { kind: 'index', source: found.source, basis: 'raw' } as const;
    const isNew = found.data !== null && found.data.length > 0 && !isCached(found.note);
    if (isNew) await importDaily(into, dailyTableOf(found.data ?? []), series);
  }
  return note;
}
