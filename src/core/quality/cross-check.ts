import type { QuoteCn } from '#core/market/quote-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly } from './anomaly.ts';
import { anomaly } from './anomaly.ts';

/** How far two sources may be apart. */
export type CrossCheckParams = {
  /** Share of the price, for each refresh of three seconds that lies between the two stamps. */
  readonly toleranceRatio: number;
  /** Distance that is always allowed, yuan: a step. */
  readonly tickYuan: number;
};

export type CrossCheck = {
  /** Stocks of which both sources show a price. */
  readonly compared: number;
  /** One a stock whose prices, or previous closes, are not the same. */
  readonly disagreeing: readonly Anomaly[];
};

/** Vendors refresh a quote this often. */
const REFRESH_MS = 3_000;
const SAME = 1e-9;

function secondsApart(a: QuoteCn, b: QuoteCn): number {
  return a.at === null || b.at === null ? 0 : Math.abs(a.at - b.at);
}

function faultOf(a: QuoteCn, b: QuoteCn, params: CrossCheckParams): string | null {
  const { previousClose: before, last } = a;
  if (before !== null && b.previousClose !== null) {
    if (Math.abs(before - b.previousClose) > params.tickYuan / 2) {
      return `previous close ${before} and ${b.previousClose}`;
    }
  }
  if (last === null || b.last === null) return null;
  const refreshes = Math.max(1, Math.ceil(secondsApart(a, b) / REFRESH_MS));
  const most = Math.max(params.tickYuan, last * params.toleranceRatio * refreshes);
  return Math.abs(last - b.last) > most + SAME ? `${last} and ${b.last}` : null;
}

/**
 * Holds quotes against those of a second source by instrument: prices within a step or the tolerance,
 * and the same previous close. A stock only one of them shows is not compared.
 */
export function crossCheckQuotes(
  quotes: readonly QuoteCn[],
  others: readonly QuoteCn[],
  names: { readonly source: string; readonly other: string; readonly day: TradingDay | null },
  params: CrossCheckParams,
): CrossCheck {
  const byId = new Map(others.map((quote) => [quote.instrument, quote]));
  const disagreeing: Anomaly[] = [];
  let compared = 0;
  for (const quote of quotes) {
    const other = byId.get(quote.instrument);
    if (other === undefined || quote.last === null || other.last === null) continue;
    compared += 1;
    const found = faultOf(quote, other, params);
    if (found === null) continue;
    const place = { instrument: quote.instrument, day: names.day };
    const expected = `what ${names.other} shows`;
    disagreeing.push(anomaly('sources_disagree', names.source, found, expected, place));
  }
  return { compared, disagreeing };
}
