import { volumeCap } from '#core/backtest/fills.ts';
import { fillPriceInAuction } from '#core/backtest/fills-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { ExchangeOrder, ExchangeReport } from './exchange-order.ts';
import { isWorking } from './exchange-order.ts';
import type { Exchange } from './exchange-state.ts';
import { knownDayOf } from './exchange-state.ts';
import { execute } from './matching.ts';
import { endVoidOrders, isHaltedAt, takesPart } from './venue-cn.ts';

/** Outcome of a call auction: the one price, the shares traded at it, and when. */
export type AuctionPrint = {
  readonly instrument: InstrumentId;
  readonly price: number;
  readonly volume: number;
  readonly at: number;
};

/** Shares traded at the close's price after hours, and when. */
export type AfterHoursPrint = Omit<AuctionPrint, 'price'>;

function fillEach(
  exchange: Exchange,
  print: AfterHoursPrint,
  at: number,
  out: ExchangeReport[],
  priceOf: (order: ExchangeOrder) => number | null,
): void {
  const { instrument, volume } = print;
  let left = volumeCap(volume, exchange.rules.volumeCapRatio);
  for (const order of [...(exchange.openOrders.get(instrument) ?? [])]) {
    if (!isWorking(order) || order.workingAt > print.at) continue;
    const price = priceOf(order);
    if (price !== null) left -= execute(exchange, order, price, left, at, out);
  }
}

/**
 * Fills the limit orders that an auction has served: those with a better price than its own, at
 * its own, in the order of their placing and within the usual share of its volume. An order at
 * the very price of the auction stays in the queue. Orders that came after it are left alone. `at`
 * is now. Answers what happened, in order.
 */
export function matchAuction(
  exchange: Exchange,
  print: AuctionPrint,
  at: number,
): ExchangeReport[] {
  const { instrument, price } = print;
  const out: ExchangeReport[] = [];
  exchange.lastPrices.set(instrument, { price, at: print.at });
  if (isHaltedAt(exchange, instrument, print.at)) return out;
  fillEach(exchange, print, at, out, (order) =>
    takesPart(order, 'regular') && order.terms.type === 'limit'
      ? fillPriceInAuction(order.terms, price)
      : null,
  );
  return out;
}

/**
 * Fills the orders for after the close at the close's price, in the order of their placing and
 * within the usual share of what was traded. Without a known close nothing fills; orders whose
 * limit is worse than it end. `at` is now. Answers what happened, in order.
 */
export function matchAfterHours(
  exchange: Exchange,
  print: AfterHoursPrint,
  at: number,
): ExchangeReport[] {
  const { instrument } = print;
  const out: ExchangeReport[] = [];
  const close = knownDayOf(exchange, instrument, print.at)?.facts.closePrice ?? null;
  if (close === null || isHaltedAt(exchange, instrument, print.at)) return out;
  endVoidOrders(exchange, instrument, at, out);
  fillEach(exchange, print, at, out, (order) => (takesPart(order, 'after_hours') ? close : null));
  return out;
}
