import type { DailyTableCn, PriceBasisCn } from '#core/market/daily-table-cn.ts';
import { dailyRowsKept } from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly } from './anomaly.ts';
import { anomaly } from './anomaly.ts';
import type { LinkContext, LinkFindings } from './daily-links.ts';
import { judgeDailyLinks } from './daily-links.ts';
import { dailyRowFault, rowAnomaly } from './daily-rows.ts';

/** From when on a whole day is refused. */
export type DailyLimits = {
  /** Share of the compared rows of a day that may be proven wrong. */
  readonly disagreeShare: number;
  /** Share of the rows that may be those of the day before, unchanged. */
  readonly repeatShare: number;
  /** Least share of the day before's rows. */
  readonly rowsShare: number;
  /** Days with fewer compared rows are judged row by row only. */
  readonly leastRows: number;
  /** A close that is off by no more than this is kept: vendors' last prices are no official closes. */
  readonly closeShare: number;
};

/** Shares as shipped; corrupt days seen had 32 % and 38 %, days with foreign rows of a few stocks 5 %. */
export const DAILY_LIMITS: DailyLimits = {
  disagreeShare: 0.2,
  repeatShare: 0.5,
  rowsShare: 0.5,
  leastRows: 20,
  closeShare: 0.005,
};

export type DailyContext = LinkContext & {
  readonly basis: PriceBasisCn;
  readonly source: string;
  /** What the calendar says of a day. */
  readonly dayKind: (day: TradingDay) => 'session' | 'closed' | 'unknown';
};

/** What became of a daily table. */
export type DailyVerdict = {
  readonly kept: DailyTableCn;
  /** One anomaly a row that was taken out, and one a day. */
  readonly anomalies: readonly Anomaly[];
  /** Days that were refused whole, with the reason. */
  readonly refusedDays: readonly Anomaly[];
  /** Falls taken for ex-dates because nothing on file says otherwise. */
  readonly exDates: LinkFindings['exDates'];
  /** Closes on file that this table contradicts. */
  readonly earlierFaults: LinkFindings['earlierFaults'];
  /** Rows whose previous close could be compared. */
  readonly compared: number;
  /** Kept rows whose close is a little off the official one. */
  readonly closesOff: number;
};

type Draft = {
  readonly keep: Uint8Array;
  readonly anomalies: Anomaly[];
  readonly refused: Map<number, Anomaly>;
};

function percent(part: number, whole: number): string {
  return `${part} of ${whole} rows (${((part / whole) * 100).toFixed(1)} %)`;
}

function rowsOfDays(table: DailyTableCn): Int32Array {
  const counts = new Int32Array(table.days.length);
  for (let row = 0; row < table.length; row += 1) {
    const day = table.dayOf[row]!;
    counts[day] = counts[day]! + 1;
  }
  return counts;
}

function refuse(
  draft: Draft,
  context: DailyContext,
  table: DailyTableCn,
  place: number,
  one: Anomaly,
) {
  if (draft.refused.has(place)) return;
  draft.refused.set(place, { ...one, source: context.source, day: table.days[place]! });
}

/** Days the market did not trade, or nobody knows. */
function refuseClosedDays(table: DailyTableCn, context: DailyContext, draft: Draft): void {
  for (const [place, day] of table.days.entries()) {
    const kind = context.dayKind(day);
    if (kind === 'session') continue;
    const code = kind === 'closed' ? 'not_a_trading_day' : 'outside_calendar';
    const one = anomaly(code, context.source, day, 'a trading day of the calendar');
    refuse(draft, context, table, place, one);
  }
}

/** Days most of whose rows others prove wrong. */
function refuseDisagreeing(
  table: DailyTableCn,
  context: DailyContext,
  findings: LinkFindings,
  limits: DailyLimits,
  draft: Draft,
): void {
  const faulty = new Int32Array(table.days.length);
  const codes = new Map<number, Map<string, number>>();
  for (const { row, code } of findings.faults) {
    const place = table.dayOf[row]!;
    faulty[place] = faulty[place]! + 1;
    const counts = codes.get(place) ?? new Map<string, number>();
    counts.set(code, (counts.get(code) ?? 0) + 1);
    codes.set(place, counts);
  }
  const rows = rowsOfDays(table);
  for (let place = 0; place < table.days.length; place += 1) {
    // the first day has no day before, the last one no day after: either side compares it
    const known = Math.max(findings.compared[place]!, findings.compared[place + 1] ?? 0);
    const of = Math.min(rows[place]!, known);
    if (of < limits.leastRows || faulty[place]! <= of * limits.disagreeShare) continue;
    const kinds = [...(codes.get(place) ?? [])].map(([code, count]) => `${code} ${count}`);
    const found = `${percent(faulty[place]!, of)} that other days contradict: ${kinds.join(', ')}`;
    const expected = `at most ${limits.disagreeShare * 100} %`;
    refuse(
      draft,
      context,
      table,
      place,
      anomaly('too_many_disagree', context.source, found, expected),
    );
  }
}

/** Days that repeat the day before, and days with far fewer rows than it. */
function refuseRepeated(
  table: DailyTableCn,
  context: DailyContext,
  limits: DailyLimits,
  draft: Draft,
): void {
  const rows = rowsOfDays(table);
  const firstRow = new Int32Array(table.days.length + 1);
  for (let place = 0; place < table.days.length; place += 1) {
    firstRow[place + 1] = firstRow[place]! + rows[place]!;
  }
  for (let place = 1; place < table.days.length; place += 1) {
    if (context.dayBefore(table.days[place]!) !== table.days[place - 1]) continue;
    const before = rows[place - 1]!;
    if (before >= limits.leastRows && rows[place]! < before * limits.rowsShare) {
      const found = `${rows[place]} rows after ${before} the day before`;
      const expected = `at least ${limits.rowsShare * 100} % of them`;
      refuse(
        draft,
        context,
        table,
        place,
        anomaly('too_few_rows', context.source, found, expected),
      );
    }
    let same = 0;
    let traded = 0;
    let other = firstRow[place - 1]!;
    for (let row = firstRow[place]!; row < firstRow[place + 1]!; row += 1) {
      const instrument = table.instrumentOf[row]!;
      while (other < firstRow[place]! && table.instrumentOf[other]! < instrument) other += 1;
      if (other >= firstRow[place]! || table.instrumentOf[other] !== instrument) continue;
      if (!(table.volume[row]! > 0)) continue;
      traded += 1;
      const isRepeated =
        table.volume[row] === table.volume[other] && table.close[row] === table.close[other];
      if (isRepeated) same += 1;
    }
    if (traded < limits.leastRows || same <= traded * limits.repeatShare) continue;
    const found = `${percent(same, traded)} as on ${table.days[place - 1]}`;
    refuse(
      draft,
      context,
      table,
      place,
      anomaly('same_as_before', context.source, found, 'a day of its own'),
    );
  }
}

/**
 * Judges a daily table: days as a whole first, then rows. A row is taken out for the first thing
 * that is wrong with it; a refused day is taken out whole and counted once. What the links between
 * days say comes from every readable row, also of days that are refused for another reason.
 */
export function judgeDailyTable(
  table: DailyTableCn,
  context: DailyContext,
  limits: DailyLimits = DAILY_LIMITS,
): DailyVerdict {
  const draft: Draft = {
    keep: new Uint8Array(table.length).fill(1),
    anomalies: [],
    refused: new Map(),
  };
  refuseClosedDays(table, context, draft);
  const findings = judgeDailyLinks(table, context);
  refuseDisagreeing(table, context, findings, limits, draft);
  refuseRepeated(table, context, limits, draft);
  // a row of a refused day proves nothing against the day before it
  const proven = findings.faults.filter(({ byRow }) => !draft.refused.has(table.dayOf[byRow]!));
  const isSmall = ({ code, off }: (typeof proven)[number]) =>
    code === 'close_disagrees' && off <= limits.closeShare;
  const small = new Set(proven.filter(isSmall).map(({ row }) => row));
  const linkFaults = new Map(
    proven.filter((fault) => !isSmall(fault)).map((fault) => [fault.row, fault]),
  );
  for (let row = 0; row < table.length; row += 1) {
    if (draft.refused.has(table.dayOf[row]!)) {
      draft.keep[row] = 0;
      continue;
    }
    const fault = dailyRowFault(table, row, context.basis) ?? linkFaults.get(row) ?? null;
    if (fault === null) continue;
    draft.keep[row] = 0;
    draft.anomalies.push(rowAnomaly(table, row, context.source, fault));
  }
  const refusedDays = [...draft.refused].sort(([a], [b]) => a - b).map(([, one]) => one);
  return {
    kept: dailyRowsKept(table, draft.keep),
    anomalies: [...refusedDays, ...draft.anomalies],
    refusedDays,
    exDates: findings.exDates.filter(isKeptDay(draft, table)),
    earlierFaults: findings.earlierFaults,
    compared: findings.compared.reduce((sum, count) => sum + count, 0),
    closesOff: [...small].filter((row) => draft.keep[row] === 1).length,
  };
}

function isKeptDay(draft: Draft, table: DailyTableCn) {
  const refused = new Set([...draft.refused.keys()].map((place) => table.days[place]!));
  return ({ day }: { readonly day: TradingDay; readonly instrument: InstrumentId }) =>
    !refused.has(day);
}
