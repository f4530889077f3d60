import type { DailyTableCn, PriceBasisCn } from '#core/market/daily-table-cn.ts';
import type { Anomaly, AnomalyCode } from './anomaly.ts';
import { anomaly } from './anomaly.ts';

/** What is wrong with a row by itself, with the figures. */
export type RowFault = {
  readonly code: AnomalyCode;
  readonly found: string;
  readonly expected: string;
};

const LOT = 100;
/** Smallest price step; a mean price is compared this exactly. */
const TICK = 0.01;
/** Amounts are rounded and may hold trades at another price: a mean may stand outside by this much. */
const MEAN_TOLERANCE = 0.005;

function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

function pricesFault(table: DailyTableCn, row: number): RowFault | null {
  const [open, high, low, close] = [
    table.open[row]!,
    table.high[row]!,
    table.low[row]!,
    table.close[row]!,
  ];
  const volume = table.volume[row]!;
  const previous = table.previousClose[row]!;
  if (!Number.isFinite(open + high + low + close + volume)) {
    return { code: 'not_a_number', found: 'a price or volume that is none', expected: 'numbers' };
  }
  if (volume < 0 || table.amount[row]! < 0) {
    return { code: 'non_positive', found: figure(volume), expected: 'volume and amount from 0' };
  }
  const isAllZero = open === 0 && high === 0 && low === 0 && close === 0;
  if (isAllZero && volume === 0 && !(previous > 0)) {
    return {
      code: 'suspended_padding',
      found: 'zeros',
      expected: 'no row on a day without trades',
    };
  }
  if (close === 0 && previous > 0) {
    const found = `close 0 after ${figure(previous)}, a fall of 100 %`;
    return { code: 'minus_100_percent', found, expected: 'a price' };
  }
  if (!(open > 0 && high > 0 && low > 0 && close > 0)) {
    return {
      code: 'non_positive',
      found: figure(Math.min(open, high, low, close)),
      expected: 'prices above 0',
    };
  }
  if (volume === 0 && open === close && high === close && low === close) {
    const found = `${figure(close)} four times, no volume`;
    return { code: 'suspended_padding', found, expected: 'no row on a day without trades' };
  }
  if (volume === 0) {
    const found = `no volume between ${figure(low)} and ${figure(high)}`;
    return { code: 'non_positive', found, expected: 'a volume where prices moved' };
  }
  if (high < Math.max(open, close, low) || low > Math.min(open, close)) {
    const found = `open ${figure(open)} high ${figure(high)} low ${figure(low)} close ${figure(close)}`;
    return { code: 'high_low_inconsistent', found, expected: 'low ≤ open, close ≤ high' };
  }
  return null;
}

/** Mean price against the day's range: catches volumes and amounts in another unit than stated. */
function meanFault(table: DailyTableCn, row: number): RowFault | null {
  const volume = table.volume[row]!;
  const amount = table.amount[row]!;
  if (Number.isNaN(amount) || !(volume > 0)) return null;
  const mean = amount / volume;
  const low = table.low[row]!;
  const high = table.high[row]!;
  // a volume in whole lots is off by up to half a lot
  const slack = TICK + high * (MEAN_TOLERANCE + LOT / 2 / volume);
  if (mean >= low - slack && mean <= high + slack) return null;
  const isUnit = [LOT, 1 / LOT, 1000, 1 / 1000].some(
    (factor) => mean * factor >= low - slack && mean * factor <= high + slack,
  );
  const hint = isUnit ? ', another unit' : '';
  return {
    code: 'amount_disagrees',
    found: `amount / volume ${figure(mean)}${hint}`,
    expected: `${figure(low)} … ${figure(high)}`,
  };
}

/**
 * What is wrong with row `row` by itself, or null. The mean price is judged on raw prices only:
 * amounts are never adjusted.
 */
export function dailyRowFault(
  table: DailyTableCn,
  row: number,
  basis: PriceBasisCn,
): RowFault | null {
  return pricesFault(table, row) ?? (basis === 'raw' ? meanFault(table, row) : null);
}

/** A fault of a row as an anomaly. */
export function rowAnomaly(
  table: DailyTableCn,
  row: number,
  source: string,
  fault: RowFault,
): Anomaly {
  return anomaly(fault.code, source, fault.found, fault.expected, {
    instrument: table.instruments[table.instrumentOf[row]!]!,
    day: table.days[table.dayOf[row]!]!,
  });
}
