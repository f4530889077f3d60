import type { TradingDay } from './trading-day.ts';

/** Shares bought on one day and still held. */
export type PurchaseCn = { readonly boughtOn: TradingDay; readonly quantity: number };

/**
 * Shares that may be sold on `tradingDay` (T+1): those bought on an earlier day; with
 * `isSameDaySale` (funds of bonds, gold, money, foreign markets) those of the day as well. Never
 * what a later day bought.
 */
export function sellableQuantityCn(
  purchases: readonly PurchaseCn[],
  tradingDay: TradingDay,
  isSameDaySale = false,
): number {
  let sellable = 0;
  for (const { boughtOn, quantity } of purchases) {
    if (boughtOn < tradingDay || (isSameDaySale && boughtOn === tradingDay)) sellable += quantity;
  }
  return sellable;
}

/**
 * Purchases left after a sale of `quantity`, the oldest first, as the exchange counts them. Null
 * when that many are not held.
 */
export function afterSaleCn(
  purchases: readonly PurchaseCn[],
  quantity: number,
): PurchaseCn[] | null {
  let left = quantity;
  const kept: PurchaseCn[] = [];
  for (const purchase of [...purchases].sort((a, b) => (a.boughtOn < b.boughtOn ? -1 : 1))) {
    const taken = Math.min(left, purchase.quantity);
    left -= taken;
    if (taken < purchase.quantity) {
      kept.push({ ...purchase, quantity: purchase.quantity - taken });
    }
  }
  return left === 0 ? kept : null;
}
