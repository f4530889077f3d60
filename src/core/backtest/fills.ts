import type { Bar } from '#core/market/bar.ts';
import type { Quote } from '#core/market/quote.ts';
import type { SlippageModel } from './costs.ts';
import { priceAfterSlippage } from './costs.ts';

/**
 * When and where an order would have filled. Pessimistic where the data leave room: touch is no
 * fill for a resting limit, a stop beats a target in one bar, and in the bar in which an order was
 * placed only its loss counts.
 */
export type WorkingOrder = {
  readonly side: 'buy' | 'sell';
  readonly type: 'limit' | 'market' | 'stop';
  readonly limitPrice: number | null;
  readonly stopPrice: number | null;
  /** A stop that has been triggered is a market order. */
  readonly isTriggered: boolean;
  /** Instant at which the order, or its newest price, began to work. */
  readonly workingAt: number;
};

/**
 * How the market is seen. `ticks`: every move comes as a quote, so quotes alone decide and a stop
 * is triggered by the side it fills at. `bars`: quotes are rare (one at each bar's open), bars
 * decide the rest and a stop is triggered by the middle, which stands for the trade.
 */
export type MatchBy = 'ticks' | 'bars';

/** Circumstances of a quote for one order. */
export type QuoteMoment = {
  readonly matchBy: MatchBy;
  /** The order has just reached the market: it takes liquidity. */
  readonly isArrival: boolean;
  /** First quote after a bar: prices between were not seen, a crossed limit gets the better price. */
  readonly isGap: boolean;
};

const TOLERANCE = 1e-9;

/** True when `quote` has a price and a size on the side that `side` trades against. */
export function isTradable(side: 'buy' | 'sell', quote: Quote): boolean {
  const isCrossed = quote.bid > 0 && quote.ask > 0 && quote.bid > quote.ask + TOLERANCE;
  if (isCrossed) return false;
  const price = side === 'buy' ? quote.ask : quote.bid;
  const size = side === 'buy' ? quote.askSize : quote.bidSize;
  return Number.isFinite(price) && price > 0 && size > 0;
}

function triggersOn(order: WorkingOrder, quote: Quote, matchBy: MatchBy): boolean {
  const stop = order.stopPrice;
  if (stop === null) return false;
  const isBothSided = quote.bid > 0 && quote.ask > 0;
  const middle = isBothSided ? (quote.bid + quote.ask) / 2 : Math.max(quote.bid, quote.ask);
  if (order.side === 'sell') return (matchBy === 'ticks' ? quote.bid : middle) <= stop;
  return (matchBy === 'ticks' ? quote.ask : middle) >= stop;
}

/**
 * Price at which the order fills on `quote`, or null when it does not. A market order or a
 * triggered stop takes the far side plus slippage; an arriving limit that is marketable takes it
 * within its limit; a resting limit that the far side has reached fills at its limit, after a gap
 * at the better far side.
 */
export function fillPriceOnQuote(
  order: WorkingOrder,
  quote: Quote,
  moment: QuoteMoment,
  tick: number,
  slippage: SlippageModel,
): number | null {
  if (!isTradable(order.side, quote)) return null;
  const far = order.side === 'buy' ? quote.ask : quote.bid;
  if (order.type === 'stop' && !order.isTriggered && !triggersOn(order, quote, moment.matchBy)) {
    return null;
  }
  const taken = priceAfterSlippage(order.side, far, tick, slippage);
  if (order.type !== 'limit') return taken;
  const limit = order.limitPrice;
  if (limit === null) return null;
  const isBuy = order.side === 'buy';
  if (isBuy ? far > limit : far < limit) return null;
  if (moment.isArrival) return isBuy ? Math.min(limit, taken) : Math.max(limit, taken);
  return moment.isGap ? far : limit;
}

/**
 * Price at which the order fills within `bar`, or null when it does not. An order that began to
 * work inside the bar (`workingAt > openedAt`) can only have its stop triggered there, at the stop
 * price less slippage. Otherwise a stop behind which the bar opens fills at the open, a limit
 * through which it opens fills at the open, a limit it trades through fills at the limit; a touch
 * fills nothing. A bar that closed before the order began to work says nothing about it.
 */
export function fillPriceOnBar(
  order: WorkingOrder,
  bar: Bar,
  tick: number,
  slippage: SlippageModel,
): number | null {
  if (order.workingAt >= bar.closedAt) return null;
  const isLossOnly = order.workingAt > bar.openedAt;
  const isBuy = order.side === 'buy';
  if (order.type === 'stop' && !order.isTriggered) {
    const stop = order.stopPrice;
    if (stop === null || (isBuy ? bar.high < stop : bar.low > stop)) return null;
    const isGapped = !isLossOnly && (isBuy ? bar.open >= stop : bar.open <= stop);
    return priceAfterSlippage(order.side, isGapped ? bar.open : stop, tick, slippage);
  }
  if (isLossOnly) return null;
  if (order.type !== 'limit') return priceAfterSlippage(order.side, bar.open, tick, slippage);
  const limit = order.limitPrice;
  if (limit === null) return null;
  if (isBuy ? bar.low >= limit : bar.high <= limit) return null;
  return isBuy ? Math.min(limit, bar.open) : Math.max(limit, bar.open);
}

/** Shares of a bar's volume that orders may take: `ratio` of it, whole shares. */
export function volumeCap(volume: number, ratio: number): number {
  return Math.max(0, Math.floor(volume * ratio + TOLERANCE));
}
