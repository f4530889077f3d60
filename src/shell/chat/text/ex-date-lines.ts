import type { ToldExDate } from '#core/replies/answer.ts';
import type { Speech } from './catalogue.ts';

/** Words of ex-dates in `/why` in one language. */
export type ExDateWords = {
  readonly restated: (day: string, symbol: string) => string;
  readonly held: (day: string, symbol: string) => string;
  readonly terms: (cash: string, shares: string, rights: string | null) => string;
  readonly rights: (perShare: string, price: string) => string;
  readonly changed: (parts: {
    readonly cost: string;
    readonly stop: string;
    readonly targets: string;
    readonly shares: string;
    readonly dividend: string | null;
  }) => string;
};

export const EX_DATE_EN: ExDateWords = {
  restated: (day, symbol) => `○ ex-date ${day}: ${symbol} restated`,
  held: (day, symbol) => `⚠ ex-date ${day} of ${symbol} was not confirmed, its stop was held`,
  terms: (cash, shares, rights) =>
    `terms for one share: cash ${cash}, new shares ${shares}${rights === null ? '' : `, ${rights}`}`,
  rights: (perShare, price) => `rights ${perShare} at ${price}`,
  changed: ({ cost, stop, targets, shares, dividend }) =>
    `cost ${cost} · stop ${stop} · targets ${targets} · shares ${shares}${dividend === null ? '' : ` · dividend ${dividend} before tax`}`,
};

export const EX_DATE_ZH: ExDateWords = {
  restated: (day, symbol) => `○ 除权除息 ${day}:${symbol} 已重述`,
  held: (day, symbol) => `⚠ 除权除息 ${day}:${symbol} 未能确认,止损曾暂停`,
  terms: (cash, shares, rights) =>
    `每股方案:派现 ${cash},送转 ${shares}${rights === null ? '' : `,${rights}`}`,
  rights: (perShare, price) => `配 ${perShare},配股价 ${price}`,
  changed: ({ cost, stop, targets, shares, dividend }) =>
    `成本 ${cost} · 止损 ${stop} · 目标 ${targets} · 持股 ${shares}${dividend === null ? '' : ` · 税前股息 ${dividend}`}`,
};

/** What ex-dates did to a position: terms, and each figure before and after. */
export function exDateLines(dates: readonly ToldExDate[], s: Speech, w: ExDateWords): string[] {
  return dates.flatMap((one) => {
    const symbol = s.f.symbol(one.instrument);
    if (one.type === 'ex_date_held')
      return [w.held(one.tradingDay, symbol), `· ${s.reason(one.reason)}`];
    const { from, to, terms, cashMinor } = one;
    const { rightsPerShare, rightsPrice } = terms;
    const rights =
      rightsPerShare > 0 ? w.rights(String(rightsPerShare), s.f.price(rightsPrice)) : null;
    const both = (of: (basis: typeof from) => number) =>
      `${s.f.price(of(from))} → ${s.f.price(of(to))}`;
    return [
      w.restated(terms.exDate, symbol),
      `· ${w.terms(String(terms.cashPerShare), String(terms.newSharesPerShare), rights)}`,
      `· ${w.changed({
        cost: both(({ entryPrice }) => entryPrice),
        stop: both(({ stop }) => stop),
        targets: `${both(({ firstTarget }) => firstTarget)} / ${both(({ secondTarget }) => secondTarget)}`,
        shares: `${from.quantity} → ${to.quantity}`,
        dividend: cashMinor > 0 ? s.f.money(cashMinor) : null,
      })}`,
    ];
  });
}
