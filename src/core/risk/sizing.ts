import { notionalMinor } from '#core/market/money.ts';

/** What a size follows from; prices per share, money in minor units, ratios as fractions. */
export type SizingFacts = {
  readonly entryPrice: number;
  readonly stopPrice: number;
  readonly capitalMinor: number;
  readonly cashMinor: number;
  readonly riskPerTradeRatio: number;
  readonly positionCapRatio: number;
  /** Share of the usual size, whatever limits it: 1, or less on an event day. */
  readonly shrinkRatio: number;
};

/** A size and what limited it. `quantity` is in whole shares and may be 0. */
export type Sizing = {
  readonly quantity: number;
  readonly limitedBy: 'risk' | 'position_cap' | 'cash';
  readonly riskMinor: number;
};

function sharesFor(amountMinor: number, priceMinorPerShare: number): number {
  if (!(priceMinorPerShare > 0)) return 0;
  return Math.max(0, Math.floor(amountMinor / priceMinorPerShare + 1e-9));
}

/**
 * Returns min(risk budget / risk per share, position cap / price, cash / price) in whole shares, of that the
 * share an event day leaves.
 * A stop at or above the entry sizes to 0.
 *
 * Source: intraday.md "R".
 */
export function sizeLong(facts: SizingFacts): Sizing {
  const perShare = (facts.entryPrice - facts.stopPrice) * 100;
  const byRisk = sharesFor(facts.capitalMinor * facts.riskPerTradeRatio, perShare);
  const byCap = sharesFor(facts.capitalMinor * facts.positionCapRatio, facts.entryPrice * 100);
  const byCash = sharesFor(facts.cashMinor, facts.entryPrice * 100);
  const usual = Math.min(byRisk, byCap, byCash);
  const limitedBy = usual === byRisk ? 'risk' : usual === byCap ? 'position_cap' : 'cash';
  const quantity = Math.floor(usual * facts.shrinkRatio + 1e-9);
  const riskMinor =
    notionalMinor(facts.entryPrice, quantity) - notionalMinor(facts.stopPrice, quantity);
  return { quantity, limitedBy, riskMinor };
}
