import type { MarginDayCn } from '#core/market/records-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly } from './anomaly.ts';
import { anomaly } from './anomaly.ts';

/** What margin rows are compared with. */
export type MarginContext = {
  readonly source: string;
  readonly dayBefore: (day: TradingDay) => TradingDay | null;
  readonly dayKind: (day: TradingDay) => 'session' | 'closed' | 'unknown';
  /** Balances on file of days before the rows, by `exchange day`. */
  readonly balances: ReadonlyMap<string, number>;
};

export type MarginVerdict = {
  readonly kept: readonly MarginDayCn[];
  readonly anomalies: readonly Anomaly[];
  /** Days on which one of the two large exchanges has no row: unknown, never 0. */
  readonly incomplete: readonly { readonly day: TradingDay; readonly exchange: 'SSE' | 'SZSE' }[];
};

/**
 * How far a balance may be from the one before plus what was bought less what was repaid. Of 726
 * rows of Shanghai and Shenzhen 722 were within 0.3 % and two beyond 1 %; Beijing's never fit, so
 * they are not compared.
 */
const IDENTITY_SHARE = 0.01;
const COMPARED: ReadonlySet<MarginDayCn['exchange']> = new Set(['SSE', 'SZSE']);
const YI = 100_000_000;

export const balanceKey = (exchange: string, day: TradingDay): string => `${exchange} ${day}`;

function yi(value: number): string {
  return `${(value / YI).toFixed(2)} 亿`;
}

function rowFault(row: MarginDayCn, context: MarginContext): Anomaly | null {
  const { exchange, day, balance, bought, repaid } = row;
  const place = { day };
  const kind = context.dayKind(day);
  if (kind !== 'session') {
    const code = kind === 'closed' ? 'not_a_trading_day' : 'outside_calendar';
    return anomaly(code, context.source, `${exchange} ${day}`, 'a trading day', place);
  }
  const figures = [balance, bought, repaid].filter((value) => value !== null);
  if (figures.some((value) => !Number.isFinite(value))) {
    return anomaly('not_a_number', context.source, `${exchange} without a figure`, 'yuan', place);
  }
  if (!(balance !== null && balance > 0) || figures.some((value) => value < 0)) {
    const found = `${exchange} balance ${balance}, bought ${bought}, repaid ${repaid}`;
    return anomaly('non_positive', context.source, found, 'a balance above 0', place);
  }
  return null;
}

/** A repayment that the balances contradict, by how much. */
function identityFault(row: MarginDayCn, before: number | undefined): number | null {
  const { exchange, balance, bought, repaid } = row;
  if (before === undefined || balance === null || bought === null || repaid === null) return null;
  if (!COMPARED.has(exchange)) return null;
  const off = balance - (before + bought - repaid);
  return Math.abs(off) > balance * IDENTITY_SHARE ? off : null;
}

/**
 * Judges margin rows of any number of days. A repayment that the balances contradict is taken out of
 * its row, which stays: the fall of the balance still says what was repaid net. A day without Shanghai
 * or Shenzhen is named.
 */
export function judgeMargin(rows: readonly MarginDayCn[], context: MarginContext): MarginVerdict {
  const anomalies: Anomaly[] = [];
  const sound = new Map<string, MarginDayCn>();
  for (const row of rows) {
    const fault = rowFault(row, context);
    const key = balanceKey(row.exchange, row.day);
    if (fault !== null) anomalies.push(fault);
    else if (sound.has(key)) {
      const found = `${row.exchange} a second time`;
      anomalies.push(anomaly('duplicate', context.source, found, 'one row', { day: row.day }));
    } else sound.set(key, row);
  }
  const kept: MarginDayCn[] = [];
  for (const row of sound.values()) {
    const dayBefore = context.dayBefore(row.day);
    const key = dayBefore === null ? '' : balanceKey(row.exchange, dayBefore);
    const before = sound.get(key)?.balance ?? context.balances.get(key);
    const off = identityFault(row, before);
    if (off === null) {
      kept.push(row);
      continue;
    }
    const found = `${row.exchange} repaid ${yi(row.repaid ?? 0)}, the balance off by ${yi(off)}`;
    const expected = `within ${IDENTITY_SHARE * 100} % of the balance`;
    anomalies.push(anomaly('balance_disagrees', context.source, found, expected, { day: row.day }));
    kept.push({ ...row, repaid: null });
  }
  kept.sort((a, b) => (balanceKey(a.day, a.exchange) < balanceKey(b.day, b.exchange) ? -1 : 1));
  const days = [...new Set(kept.map(({ day }) => day))];
  const incomplete = days.flatMap((day) =>
    (['SSE', 'SZSE'] as const)
      .filter((exchange) => !sound.has(balanceKey(exchange, day)))
      .map((exchange) => ({ day, exchange })),
  );
  return { kept, anomalies, incomplete };
}
