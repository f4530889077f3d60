import { invariant } from '#core/lib/assert.ts';
import type { Dated } from './dated.ts';
import { rowInForce } from './dated.ts';
import type { TradingDay } from './trading-day.ts';

/** First day the fee tables know; earlier days have no answer. */
export const US_FEES_FROM: TradingDay = '2013-01-01';

/**
 * SEC Section 31 fee on sales, cents per million dollars of proceeds (SEC fee rate advisories).
 * The rate for fiscal 2027 is not known; the last one holds until a row says otherwise.
 */
const SECTION_31: readonly Dated<{ readonly centsPerMillion: number }>[] = [
  { from: '2012-04-01', centsPerMillion: 2240 },
  { from: '2013-05-25', centsPerMillion: 1740 },
  { from: '2014-03-18', centsPerMillion: 2210 },
  { from: '2015-02-14', centsPerMillion: 1840 },
  { from: '2016-02-16', centsPerMillion: 2180 },
  { from: '2017-07-04', centsPerMillion: 2310 },
  { from: '2018-05-22', centsPerMillion: 1300 },
  { from: '2019-04-16', centsPerMillion: 2070 },
  { from: '2020-02-18', centsPerMillion: 2210 },
  { from: '2021-02-25', centsPerMillion: 510 },
  { from: '2022-05-14', centsPerMillion: 2290 },
  { from: '2023-02-27', centsPerMillion: 800 },
  { from: '2024-05-22', centsPerMillion: 2780 },
  { from: '2025-05-14', centsPerMillion: 0 },
  { from: '2026-04-04', centsPerMillion: 2060 },
];

/**
 * FINRA trading activity fee on sales: millionths of a dollar per share and most cents per trade
 * (FINRA By-Laws, Schedule A; steps of 2022–2024 and 2026–2029).
 */
const TAF: readonly Dated<{ readonly microsPerShare: number; readonly maxMinor: number }>[] = [
  { from: '2012-07-01', microsPerShare: 119, maxMinor: 595 },
  { from: '2022-01-01', microsPerShare: 130, maxMinor: 649 },
  { from: '2023-01-01', microsPerShare: 145, maxMinor: 727 },
  { from: '2024-01-01', microsPerShare: 166, maxMinor: 830 },
  { from: '2026-01-01', microsPerShare: 195, maxMinor: 979 },
  { from: '2027-01-01', microsPerShare: 232, maxMinor: 1161 },
];

/** Consolidated audit trail fee, both sides, millionths of a dollar per share: an upper bound. */
const CAT: readonly Dated<{ readonly microsPerShare: number }>[] = [
  { from: '2012-01-01', microsPerShare: 0 },
  { from: '2024-09-01', microsPerShare: 30 },
];

function inForce<T>(table: readonly Dated<T>[], day: TradingDay): Dated<T> {
  invariant(day >= US_FEES_FROM, `us fees: found ${day}, expected a day from ${US_FEES_FROM} on`);
  const row = rowInForce(table, day);
  invariant(row !== undefined, `us fees: found no row for ${day}`);
  return row;
}

/** Regulatory fees in force on a day, see the tables above. */
export function usFeeRates(day: TradingDay): {
  readonly section31CentsPerMillion: number;
  readonly tafMicrosPerShare: number;
  readonly tafMaxMinor: number;
  readonly catMicrosPerShare: number;
} {
  const taf = inForce(TAF, day);
  return {
    section31CentsPerMillion: inForce(SECTION_31, day).centsPerMillion,
    tafMicrosPerShare: taf.microsPerShare,
    tafMaxMinor: taf.maxMinor,
    catMicrosPerShare: inForce(CAT, day).microsPerShare,
  };
}

/** Round lot by price since 2025-11-03, 100 before (Reg NMS definition of a round lot). */
export function roundLotUs(price: number, day: TradingDay): number {
  if (day < '2025-11-03' || price <= 250) return 100;
  if (price <= 1000) return 40;
  return price <= 10_000 ? 10 : 1;
}
