import type { CorporateActionCn } from '#core/market/records-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly } from './anomaly.ts';
import { anomaly } from './anomaly.ts';

/** More new shares a share than anybody gave: terms of ten shares taken for those of one. */
const MOST_SHARES = 5;
const MOST_CASH = 100;

/** An ex-date with the line of the file it stands on; 0: not of one line. */
export type ExDateRow = { readonly line: number; readonly action: CorporateActionCn };

export type ExDatesVerdict = {
  readonly kept: readonly CorporateActionCn[];
  readonly faults: readonly { readonly line: number; readonly anomaly: Anomaly }[];
};

function faultOf(
  action: CorporateActionCn,
  source: string,
  dayKind: (day: TradingDay) => 'session' | 'closed' | 'unknown',
): Anomaly | null {
  const { instrument, exDate, recordDate, cashPerShare, newSharesPerShare } = action;
  const rights = action.rightsPerShare ?? 0;
  const place = { instrument, day: exDate };
  const kind = dayKind(exDate);
  if (kind !== 'session') {
    const code = kind === 'closed' ? 'not_a_trading_day' : 'outside_calendar';
    return anomaly(code, source, exDate, 'a trading day of the calendar', place);
  }
  if (recordDate !== null && recordDate >= exDate) {
    return anomaly('wrong_day', source, `record date ${recordDate}`, `one before ${exDate}`, place);
  }
  if (
    !(cashPerShare >= 0 && newSharesPerShare >= 0) ||
    cashPerShare + newSharesPerShare + rights === 0
  ) {
    const found = `cash ${cashPerShare}, new shares ${newSharesPerShare} a share`;
    return anomaly('non_positive', source, found, 'cash or new shares', place);
  }
  if (newSharesPerShare + rights > MOST_SHARES || cashPerShare > MOST_CASH) {
    const found = `cash ${cashPerShare}, new shares ${newSharesPerShare} a share`;
    const expected = `at most ${MOST_CASH} yuan and ${MOST_SHARES} shares: are the terms per ten?`;
    return anomaly('outside_limits', source, found, expected, place);
  }
  return null;
}

/** Judges ex-dates row by row; of several of one share and day the first counts. */
export function judgeExDates(
  rows: readonly ExDateRow[],
  context: {
    readonly source: string;
    readonly dayKind: (day: TradingDay) => 'session' | 'closed' | 'unknown';
  },
): ExDatesVerdict {
  const { source, dayKind } = context;
  const kept = new Map<string, CorporateActionCn>();
  const faults: { line: number; anomaly: Anomaly }[] = [];
  for (const { line, action } of rows) {
    const fault = faultOf(action, source, dayKind);
    if (fault !== null) {
      faults.push({ line, anomaly: fault });
      continue;
    }
    const key = `${action.instrument} ${action.exDate}`;
    const first = kept.get(key);
    if (first === undefined) {
      kept.set(key, action);
      continue;
    }
    const isEqual =
      first.cashPerShare === action.cashPerShare &&
      first.newSharesPerShare === action.newSharesPerShare &&
      first.rightsPerShare === action.rightsPerShare;
    const code = isEqual ? 'duplicate' : 'duplicate_conflicting';
    const found = isEqual ? 'the same terms again' : 'other terms of the same day';
    const place = { instrument: action.instrument, day: action.exDate };
    faults.push({ line, anomaly: anomaly(code, source, found, 'one row a day', place) });
  }
  return { kept: [...kept.values()], faults };
}
