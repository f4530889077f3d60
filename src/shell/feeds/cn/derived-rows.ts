import type { InstrumentId } from '#core/market/instrument.ts';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import type { DailyBarCn, SectorCn } from '#core/market/records-cn.ts';
import { instantAt, wallTimeOf } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import { anomaly } from '#core/quality/anomaly.ts';
import { closeOf } from './daily-rows.ts';
import { FEED_CODES, feedError } from './source.ts';
import { ZONE } from './wire.ts';

/** After-hours trades count until then; volumes before are not the day's. */
const FINAL_AT = '15:30';

/**
 * Daily bars of `day` from quotes taken after it was final. A quote that shows another day, or none, is
 * no bar of this one; a stock without trades has no bar. Throws `no_data` before the day is final, or
 * when no quote is of that day.
 */
export function barsOfQuotes(
  source: string,
  quotes: readonly QuoteCn[],
  day: TradingDay,
  now: number,
): { readonly bars: readonly DailyBarCn[]; readonly anomalies: readonly Anomaly[] } {
  const place = `${source} daily_bars_on`;
  if (now < instantAt(day, FINAL_AT, ZONE)) {
    throw feedError(place, FEED_CODES.noData, `${day} before ${FINAL_AT}`, 'a day that is final');
  }
  const bars: DailyBarCn[] = [];
  const anomalies: Anomaly[] = [];
  const known = new Map<number, TradingDay>();
  const dayOf = (at: number): TradingDay => {
    const minute = Math.floor(at / 60_000);
    const found = known.get(minute) ?? wallTimeOf(at, ZONE).day;
    known.set(minute, found);
    return found;
  };
  let shown: TradingDay | null = null;
  for (const quote of quotes) {
    const { instrument, at, volume } = quote;
    if (volume === 0 || (volume === null && quote.open === null)) continue;
    const stated = at === null ? null : dayOf(at);
    shown ??= stated;
    if (stated !== day) {
      const found = `a quote of ${stated ?? 'no day'}`;
      anomalies.push(anomaly('wrong_day', source, found, day, { instrument, day }));
      continue;
    }
    const bar = closeOf(source, instrument, { ...quote, day, close: quote.last });
    if ('code' in bar) anomalies.push(bar);
    else bars.push(bar);
  }
  if (bars.length === 0) {
    throw feedError(place, FEED_CODES.noData, `quotes of ${shown ?? 'no day'}`, day);
  }
  return { bars, anomalies };
}

/** Shares by the name of their industry, sorted; a share without one is in none. */
export function sectorsOfIndustries(
  rows: readonly { readonly instrument: InstrumentId; readonly industry: string | null }[],
): SectorCn[] {
  const members = new Map<string, InstrumentId[]>();
  for (const { instrument, industry } of rows) {
    if (industry === null) continue;
    const list = members.get(industry) ?? [];
    list.push(instrument);
    members.set(industry, list);
  }
  return [...members.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, list]) => ({ code: name, name, members: list.toSorted() }));
}
