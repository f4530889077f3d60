import { boardOfCn } from '#core/market/board-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly } from './anomaly.ts';
import { anomaly, countByCode } from './anomaly.ts';
import type { DailyLimits, DailyVerdict } from './judge-daily.ts';
import { DAILY_LIMITS } from './judge-daily.ts';

/** How far a price goes in one day of limits, and a little. */
function reachOf(instrument: InstrumentId): number {
  const board = boardOfCn(instrument);
  if (board === 'bse') return 1.31;
  return board === 'star' || board === 'chinext' ? 1.21 : 1.11;
}

/**
 * Judges a day that comes alone, evening by evening, before the day after can say anything of it. It
 * is refused whole when too many of its rows are wrong by themselves, or when too many of its implied
 * previous closes are so far from the closes on file that they must be those of other stocks: then this
 * day is wrong, not the one on file. Smaller differences are left to speak against the day on file.
 * `rows`: rows of the day as they came; `compared`: those with a close on file.
 */
export function judgeOneDay(
  verdict: Pick<DailyVerdict, 'anomalies' | 'earlierFaults'>,
  day: { readonly day: TradingDay; readonly rows: number; readonly compared: number },
  source: string,
  limits: DailyLimits = DAILY_LIMITS,
): Anomaly | null {
  const place = { day: day.day };
  const expected = `at most ${limits.disagreeShare * 100} %`;
  const faulty = verdict.anomalies.filter(
    (one) => one.instrument !== null && one.day === day.day && one.code !== 'suspended_padding',
  );
  if (day.rows >= limits.leastRows && faulty.length > day.rows * limits.disagreeShare) {
    const kinds = countByCode(faulty).map(([code, count]) => `${code} ${count}`);
    const found = `${faulty.length} of ${day.rows} rows wrong by themselves: ${kinds.join(', ')}`;
    return anomaly('too_many_disagree', source, found, expected, place);
  }
  const foreign = verdict.earlierFaults.filter(({ instrument, close, implied }) => {
    const ratio = implied / close;
    const reach = reachOf(instrument);
    return ratio > reach || ratio < 1 / reach;
  });
  const { length: all } = verdict.earlierFaults;
  const isForeign = foreign.length * 2 > all;
  if (day.compared < limits.leastRows || !isForeign) return null;
  if (all <= day.compared * limits.disagreeShare) return null;
  const found = `${all} of ${day.compared} previous closes that are not those on file, ${foreign.length} of them beyond any limit`;
  return anomaly('other_stocks_rows', source, found, expected, place);
}
