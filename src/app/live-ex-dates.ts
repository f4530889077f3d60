import type { InstrumentId } from '#core/market/instrument.ts';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import type { CorporateActionCn } from '#core/market/records-cn.ts';
import type { ExDateFacts, ExTerms } from '#core/portfolio/ex-date.ts';
import type { MorningCn } from './cn-market.ts';

/** Terms as announced; a source of dividends and bonus shares tells of no rights issue. */
function termsOf(action: CorporateActionCn): ExTerms {
  const { exDate, cashPerShare, newSharesPerShare } = action;
  return { exDate, cashPerShare, newSharesPerShare, rightsPerShare: 0, rightsPrice: 0 };
}

/**
 * What the morning says of held names: announced terms, the last close as traded, and the official
 * previous close of today that a source shows. A name of which neither terms nor today's close is known
 * is left out: nothing can be said of it yet, and it is asked for again.
 */
export function exDateFactsOf(
  morning: MorningCn,
  quotes: readonly QuoteCn[],
  held: readonly InstrumentId[],
): ExDateFacts[] {
  const { facts, table, lastCloses, tradingDay } = morning;
  return held.flatMap((instrument): ExDateFacts[] => {
    const action = facts.actions?.get(instrument);
    const terms = action?.exDate === tradingDay ? termsOf(action) : null;
    const quote = quotes.find((one) => one.instrument === instrument);
    const official = quote?.previousClose ?? facts.limits.get(instrument)?.previousClose ?? null;
    const row = table.instruments.indexOf(instrument);
    const close = row < 0 ? Number.NaN : (lastCloses?.[row] ?? Number.NaN);
    const lastClose = close > 0 ? close : null;
    // a close on file that is not known says nothing of an ex-date that nobody announced
    if (terms === null && (official === null || lastClose === null)) return [];
    return [{ instrument, terms, lastClose, officialPreviousClose: official }];
  });
}
