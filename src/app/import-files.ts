import { sessionOn } from '#core/market/calendar.ts';
import type { DailyTableCn } from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { DailySeriesCn } from '#core/market/panel-cn.ts';
import type { LimitPoolCn, MarginDayCn, SectorCn, SecurityCn } from '#core/market/records-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import { anomaly, anomalyLine } from '#core/quality/anomaly.ts';
import { type ExDateRow, judgeExDates } from '#core/quality/judge-ex-dates.ts';
import type { Tally } from '#core/quality/tally.ts';
import { countDropped, dropRow, rowsDropped } from '#core/quality/tally.ts';
import type { ImportDeps } from './import-market.ts';
import { importDaily, importMargin, importPool } from './import-market.ts';
import type { FigureCn, SavedRows } from './ports.ts';

/** What became of a file: `read` = `kept` + every count of `dropped`. */
export type FileReport = {
  readonly read: number;
  readonly kept: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** Refused days, all of them, then the first rows of each reason; one line each. */
  readonly named: readonly string[];
  readonly saved: SavedRows;
  /** Further figures by kind of file. */
  readonly figures: Readonly<Record<string, unknown>>;
};

/** Closed days that are named one by one. */
const FEW_DAYS = 3;
/** A board with fewer members is named. */
const FEW_MEMBERS = 10;

function reportOf(
  tally: Tally,
  done: {
    readonly kept: number;
    readonly saved: SavedRows;
    readonly days?: readonly Anomaly[];
    readonly figures: FileReport['figures'];
  },
): FileReport {
  const days = (done.days ?? []).map(anomalyLine);
  const rows = tally.samples.map(({ line, anomaly: one }) =>
    line === 0 ? anomalyLine(one) : `line ${line}: ${anomalyLine(one)}`,
  );
  return {
    read: tally.read,
    kept: done.kept,
    dropped: Object.fromEntries(tally.dropped),
    named: [...days, ...rows],
    saved: done.saved,
    figures: done.figures,
  };
}

/** Files what the reader could not read, before the judge sees the rest. */
async function quarantineUnread(deps: ImportDeps, kind: string, tally: Tally): Promise<void> {
  await deps.store.quarantine(kind, tally.anomalies, deps.runId, deps.now());
}

/** Rows of a table on some days. */
export function rowsOn(table: DailyTableCn, days: ReadonlySet<TradingDay>): number {
  let rows = 0;
  for (let row = 0; row < table.length; row += 1) {
    if (days.has(table.days[table.dayOf[row]!]!)) rows += 1;
  }
  return rows;
}

/** Every corrupt day, but only the first of those on which the market was closed or nobody knows. */
export function fewOfClosedDays(days: readonly Anomaly[]): Anomaly[] {
  const shown = new Map<string, number>();
  return days.filter(({ code }) => {
    const count = (shown.get(code) ?? 0) + 1;
    shown.set(code, count);
    return count <= FEW_DAYS || !(code === 'outside_calendar' || code === 'not_a_trading_day');
  });
}

/** Daily bars of a file into a series. Throws StoreError. */
export async function importDailyFile(
  deps: ImportDeps,
  read: { readonly table: DailyTableCn; readonly tally: Tally; readonly hasPreviousClose: boolean },
  series: DailySeriesCn,
): Promise<FileReport> {
  const { table, tally } = read;
  await quarantineUnread(deps, series.kind === 'index' ? 'index_daily' : 'daily_bars', tally);
  const { verdict, saved, refused } = await importDaily(deps, table, series);
  const refusedDays = verdict.refusedDays.map(({ day }) => day!);
  const corruptDays = verdict.refusedDays
    .filter(({ code }) => code !== 'outside_calendar' && code !== 'not_a_trading_day')
    .map(({ day }) => day);
  countDropped(tally, 'day_refused', rowsOn(table, new Set(refusedDays)));
  for (const one of verdict.anomalies.slice(refusedDays.length)) dropRow(tally, one, 0);
  return reportOf(tally, {
    kept: verdict.kept.length,
    saved,
    days: [...fewOfClosedDays(verdict.refusedDays), ...refused],
    figures: {
      instruments: table.instruments.length,
      days: table.days.length,
      firstDay: table.days[0] ?? null,
      lastDay: table.days.at(-1) ?? null,
      refusedDays: corruptDays,
      daysNotTraded: refusedDays.length - corruptDays.length,
      exDatesInferred: verdict.exDates.length,
      closesALittleOff: verdict.closesOff,
      previousClosesCompared: read.hasPreviousClose ? verdict.compared : null,
    },
  });
}

/** Margin totals of a file. Throws StoreError. */
export async function importMarginFile(
  deps: ImportDeps,
  read: { readonly rows: readonly MarginDayCn[]; readonly tally: Tally },
  source: string,
): Promise<FileReport> {
  const { rows, tally } = read;
  await quarantineUnread(deps, 'margin', tally);
  const { verdict, saved } = await importMargin(deps, rows, source);
  const isCorrected = (one: Anomaly): boolean => one.code === 'balance_disagrees';
  for (const one of verdict.anomalies) if (!isCorrected(one)) dropRow(tally, one, 0);
  const corrected = verdict.anomalies.filter(isCorrected);
  const incomplete = verdict.incomplete.map(({ day, exchange }) =>
    anomaly('exchange_missing', source, `no ${exchange}`, 'SSE and SZSE', { day }),
  );
  return reportOf(tally, {
    kept: verdict.kept.length,
    saved,
    days: [...corrected, ...incomplete],
    figures: {
      days: new Set(verdict.kept.map(({ day }) => day)).size,
      repaidUnknown: corrected.length,
      incompleteDays: new Set(verdict.incomplete.map(({ day }) => day)).size,
    },
  });
}

/** Boards and their members as of a day. Throws StoreError. */
export async function importSectorsFile(
  deps: ImportDeps,
  read: { readonly rows: readonly SectorCn[]; readonly tally: Tally },
  source: string,
  asOf: TradingDay,
): Promise<FileReport> {
  const { rows, tally } = read;
  await quarantineUnread(deps, 'sectors', tally);
  const saved = await deps.store.saveSectors(rows, source, asOf, deps.now());
  const kept = rows.reduce((sum, { members }) => sum + members.length, 0);
  countDropped(tally, 'duplicate', tally.read - rowsDropped(tally) - kept);
  return reportOf(tally, {
    kept,
    saved,
    figures: {
      asOf,
      sectors: rows.length,
      fewMembers: rows.filter(({ members }) => members.length < FEW_MEMBERS).length,
    },
  });
}

/** Pools of one or more days, with the changes their rows state. Throws StoreError. */
export async function importPoolFile(
  deps: ImportDeps,
  read: {
    readonly pools: readonly {
      readonly pool: LimitPoolCn;
      readonly changes: ReadonlyMap<InstrumentId, number>;
    }[];
    readonly tally: Tally;
  },
  source: string,
  seenAt: number | null,
): Promise<FileReport> {
  const { tally } = read;
  await quarantineUnread(deps, 'limit_pool', tally);
  const saved = { inserted: 0, known: 0, differing: 0 };
  const refusals: Anomaly[] = [];
  let kept = 0;
  for (const { pool, changes } of read.pools) {
    const done = await importPool(deps, pool, source, { changes, seenAt });
    for (const one of done.anomalies) if (one !== done.refusal) dropRow(tally, one, 0);
    if (done.refusal === null) kept += done.pool.rows.length;
    else {
      refusals.push(done.refusal);
      countDropped(tally, 'day_refused', done.pool.rows.length);
    }
    saved.inserted += done.saved.inserted;
    saved.known += done.saved.known;
    saved.differing += done.saved.differing;
  }
  return reportOf(tally, {
    kept,
    saved,
    days: refusals,
    figures: {
      days: read.pools.map(({ pool }) => pool.day),
      refusedDays: refusals.map(({ day }) => day),
    },
  });
}

/** Listed shares as of a day. Throws StoreError. */
export async function importSecuritiesFile(
  deps: ImportDeps,
  read: { readonly rows: readonly SecurityCn[]; readonly tally: Tally },
  source: string,
  asOf: TradingDay,
): Promise<FileReport> {
  const { rows, tally } = read;
  await quarantineUnread(deps, 'securities', tally);
  const unique = [...new Map(rows.map((row) => [row.instrument, row])).values()];
  countDropped(tally, 'duplicate', rows.length - unique.length);
  const saved = await deps.store.saveSecurities(unique, source, asOf, deps.now());
  return reportOf(tally, { kept: unique.length, saved, figures: { asOf } });
}

/** Ex-dates with their terms, each bad row in a line. Throws StoreError. */
export async function importExDatesFile(
  deps: ImportDeps,
  read: { readonly rows: readonly ExDateRow[]; readonly tally: Tally },
  source: string,
): Promise<FileReport> {
  const { rows, tally } = read;
  const dayKind = (day: TradingDay) => sessionOn(deps.calendar, day).kind;
  const { kept, faults } = judgeExDates(rows, { source, dayKind });
  for (const { line, anomaly: one } of faults) dropRow(tally, one, line);
  await quarantineUnread(deps, 'corporate_actions', tally);
  const saved = await deps.store.saveCorporateActions(kept, source, deps.now());
  const days = kept.map(({ exDate }) => exDate).sort();
  return reportOf(tally, {
    kept: kept.length,
    saved,
    figures: { firstDay: days[0] ?? null, lastDay: days.at(-1) ?? null },
  });
}

/** Figures of a dataset; of repeated ones the first counts. Throws StoreError. */
export async function importFiguresFile(
  deps: ImportDeps,
  read: { readonly rows: readonly FigureCn[]; readonly tally: Tally },
  dataset: string,
  source: string,
): Promise<FileReport> {
  const { rows, tally } = read;
  const kind = `figures ${dataset}`;
  await quarantineUnread(deps, kind, tally);
  const key = (row: FigureCn): string => `${row.day} ${row.instrument} ${row.field}`;
  const unique = [...new Map(rows.toReversed().map((row) => [key(row), row])).values()];
  const saved = await deps.store.saveFigures(dataset, source, unique, deps.now());
  return reportOf(tally, {
    kept: tally.read - rowsDropped(tally),
    saved,
    figures: {
      figures: unique.length,
      repeated: rows.length - unique.length,
      fields: [...new Set(unique.map(({ field }) => field))].sort(),
    },
  });
}
