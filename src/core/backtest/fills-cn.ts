import type { Bar } from '#core/market/bar.ts';
import type { PriceLimitsCn } from '#core/market/limits-cn.ts';
import type { Quote } from '#core/market/quote.ts';

/**
 * Chinese limits laid over the fills of fills.ts. Pessimistic as those: at the limit nothing fills
 * that has to stand in a queue. Unknown limits bind nothing here; whoever lets an order in judges
 * that (core/gates/order-cn.ts).
 */
const TOLERANCE = 1e-9;

function inside(price: number, limits: { readonly up: number; readonly down: number }): number {
  return Math.min(limits.up, Math.max(limits.down, price));
}

/**
 * Price of a fill on `quote`, kept inside the limits after slippage; null when the far side lies
 * outside of them, as a quote made from a price at the limit does: nobody can stand there. A
 * sealed side is empty and fills nothing anyway.
 */
export function limitedPriceOnQuote(
  side: 'buy' | 'sell',
  price: number,
  quote: Quote,
  limits: PriceLimitsCn,
): number | null {
  if (limits.kind !== 'limits') return price;
  const far = side === 'buy' ? quote.ask : quote.bid;
  const isOutside = far > limits.up + TOLERANCE || far < limits.down - TOLERANCE;
  return isOutside ? null : inside(price, limits);
}

/**
 * Price of a fill within `bar`, kept inside the limits; null when the bar never left the limit on
 * the side of the order: a purchase while everything trades at limit-up, a sale while everything
 * trades at limit-down, a one-price board above all.
 */
export function limitedPriceOnBar(
  side: 'buy' | 'sell',
  price: number,
  bar: Pick<Bar, 'low' | 'high'>,
  limits: PriceLimitsCn,
): number | null {
  if (limits.kind !== 'limits') return price;
  const isStuck =
    side === 'buy' ? bar.low >= limits.up - TOLERANCE : bar.high <= limits.down + TOLERANCE;
  return isStuck ? null : inside(price, limits);
}

/**
 * Price at which an order fills in a call auction that ended at `auctionPrice`, or null: what is
 * better than the price of the auction fills at it, what is equal stands in the queue.
 */
export function fillPriceInAuction(
  order: { readonly side: 'buy' | 'sell'; readonly limitPrice: number | null },
  auctionPrice: number,
): number | null {
  const limit = order.limitPrice;
  if (limit === null) return null;
  const isBetter =
    order.side === 'buy' ? limit > auctionPrice + TOLERANCE : limit < auctionPrice - TOLERANCE;
  return isBetter ? auctionPrice : null;
}
