import type { CalendarTable } from '#core/market/calendar.ts';
import { tradingDaysBetween } from '#core/market/calendar.ts';
import {
  type DailyTableCn,
  joinedDailyTables,
  type PriceBasisCn,
} from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { CorporateActionCn } from '#core/market/records-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { anomaly, anomalyLine } from '#core/quality/anomaly.ts';
import { judgeDailyTable } from '#core/quality/judge-daily.ts';
import { countDropped, createTally, dropRow, type Tally } from '#core/quality/tally.ts';
import { fewOfClosedDays, rowsOn } from './import-files.ts';
import { calendarOf } from './import-market.ts';

/** What daily bars of files are judged against. */
export type DailyFileContext = {
  readonly source: string;
  readonly basis: PriceBasisCn;
  readonly calendar: CalendarTable;
  readonly actions: readonly CorporateActionCn[];
};

/** What became of the rows of a file, a line a reason, then the first of each. */
export function tallyLines(tally: Tally): string[] {
  const counts = [...tally.dropped].map(
    ([reason, count]) => `dropped ${count} rows, ${reason.replaceAll('_', ' ')}`,
  );
  const shown = tally.samples.map(({ line, anomaly }) => {
    const text = anomalyLine(anomaly);
    return line === 0 ? text : `line ${line}: ${text}`;
  });
  return [...counts, ...shown];
}

/**
 * Judges daily bars of one or several files together, as an import into the store would: what cannot be
 * true is taken out, counted and named, whole days where too much of them is wrong.
 */
export function judgeDailyTables(
  tables: readonly DailyTableCn[],
  context: DailyFileContext,
): { readonly table: DailyTableCn; readonly notes: readonly string[] } {
  const tally = createTally();
  const table = joinedDailyTables(tables, (instrument, day, isEqual) => {
    const code = isEqual ? 'duplicate' : 'duplicate_conflicting';
    const found = isEqual ? 'the same row again' : 'another row of the same day';
    const place = { instrument, day };
    dropRow(tally, anomaly(code, context.source, found, 'one row a day', place), 0);
  });
  const { source, basis, calendar, actions } = context;
  const exDates = new Set(actions.map(({ instrument, exDate }) => `${instrument} ${exDate}`));
  const verdict = judgeDailyTable(table, {
    ...{ source, basis, ...calendarOf(calendar) },
    closesBefore: new Map<InstrumentId, number>(),
    isExDate: (instrument, day) => exDates.has(`${instrument} ${day}`),
  });
  const refused = verdict.refusedDays.flatMap(({ day }) => day ?? []);
  countDropped(tally, 'day_refused', rowsOn(table, new Set(refused)));
  for (const one of verdict.anomalies.slice(verdict.refusedDays.length)) dropRow(tally, one, 0);
  const days = fewOfClosedDays(verdict.refusedDays).map(anomalyLine);
  return { table: verdict.kept, notes: [...days, ...tallyLines(tally)] };
}

/** What the calendar says of a day. */
export const dayKindOf = (calendar: CalendarTable) => calendarOf(calendar).dayKind;

/** Days named one by one. */
const FEW = 5;

/**
 * Whether the trading day before each day is the one before it in `days`, and what is to be said of trading
 * days between the first and the last that are not there.
 */
export function wholenessOf(
  days: readonly TradingDay[],
  calendar: CalendarTable,
): { readonly isWhole: Uint8Array; readonly notes: readonly string[] } {
  const { dayBefore } = calendarOf(calendar);
  const isWhole = Uint8Array.from(days, (day, place) =>
    place > 0 && dayBefore(day) === days[place - 1] ? 1 : 0,
  );
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return { isWhole, notes: [] };
  const known = new Set(days);
  const missing = tradingDaysBetween(calendar, first, last).filter((day) => !known.has(day));
  if (missing.length === 0) return { isWhole, notes: [] };
  const named = missing.slice(0, FEW).join(', ');
  const more = missing.length > FEW ? ` and ${missing.length - FEW} more` : '';
  return { isWhole, notes: [`${missing.length} trading days missing: ${named}${more}`] };
}
