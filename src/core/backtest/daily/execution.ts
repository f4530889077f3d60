import type { BoardCn } from '#core/market/board-cn.ts';
import { type CommissionCn, computeFeesCn, type FeesCn } from '#core/market/fees-cn.ts';
import type { PriceLimitsCn } from '#core/market/limits-cn.ts';
import { roundBuyQuantityCn, roundSellQuantityCn } from '#core/market/lots-cn.ts';
import { notionalMinor } from '#core/market/money.ts';
import { roundToTick } from '#core/market/price.ts';
import { dailyBuyCapOn } from '#core/market/rules-cn.ts';
import { onePriceSideCn } from '#core/market/seal-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { type DailyMarketCn, hasBar, limitsOnDay, standingOn, tickOfBoard } from './market.ts';

/** How the orders of a daily backtest are executed. */
export type DailyExecution = {
  /** Opening auction of the next day, or its close. */
  readonly fillAt: 'open' | 'close';
  readonly commission: CommissionCn;
  /** Lost against the price of the auction by every fill. */
  readonly slippageBps: number;
  /** Share of a day's volume that one order may take. */
  readonly volumeCapRatio: number;
  /** Taken of every cash dividend; it falls with the time a share is held (0.2 up to a month, 0 after a year). */
  readonly dividendTaxRatio: number;
};

/** Limits of the account, whatever a strategy wants. */
export type DailyLimits = {
  readonly mostPositions: number;
  /** Most of the equity that a purchase may bring one share to. */
  readonly mostWeightRatio: number;
};

/** Why an order, or a part of it, was not filled. */
export type UnfilledReason =
  | 'below_lot'
  | 'board_unknown'
  | 'cash_short'
  | 'limit_down'
  | 'limit_up'
  | 'limits_unknown'
  | 'one_price_limit_down'
  | 'one_price_limit_up'
  | 'position_limit'
  | 'suspended'
  | 't_plus_one'
  | 'volume_cap';

/** What an order may have, before it is executed. */
export type DailyOrder = {
  readonly row: number;
  readonly side: 'buy' | 'sell';
  /** Shares wanted, which need not be whole lots. */
  readonly quantity: number;
};

/** What bounds an order on its day: money that may be spent, or shares that may be sold. */
export type OrderBounds = {
  readonly spendableMinor: number;
  /** Most money of the account that the share may stand for after a purchase, less what it does already. */
  readonly roomMinor: number;
  readonly sellable: number;
};

/** A fill, or why there is none; `cut` says why it is smaller than was wanted. */
export type DailyExecuted =
  | { readonly kind: 'unfilled'; readonly reason: UnfilledReason }
  | {
      readonly kind: 'filled';
      readonly quantity: number;
      readonly price: number;
      /** Price of the auction, before slippage. */
      readonly auctionPrice: number;
      readonly fees: FeesCn;
      readonly cut: UnfilledReason | null;
    };

const TOLERANCE = 1e-9;
const unfilled = (reason: UnfilledReason): DailyExecuted => ({ kind: 'unfilled', reason });

/** Why nothing can be had at the auction's price: the board is sealed, or may be. */
function sealed(
  side: 'buy' | 'sell',
  price: number,
  bar: { open: number; high: number; low: number; close: number },
  limits: PriceLimitsCn,
): UnfilledReason | null {
  // what is not known forbids to enter and lets an exit try
  if (limits.kind === 'unknown') return side === 'buy' ? 'limits_unknown' : null;
  if (limits.kind === 'free') return null;
  const one = onePriceSideCn(bar, limits);
  if (side === 'buy' && price >= limits.up - TOLERANCE)
    return one === 'up' ? 'one_price_limit_up' : 'limit_up';
  if (side === 'sell' && price <= limits.down + TOLERANCE)
    return one === 'down' ? 'one_price_limit_down' : 'limit_down';
  return null;
}

/** The auction's price with slippage, on the grid and within the limits. */
function priceWith(
  side: 'buy' | 'sell',
  auction: number,
  slippageBps: number,
  tick: number,
  limits: PriceLimitsCn,
): number {
  const sign = side === 'buy' ? 1 : -1;
  const slipped = roundToTick(
    auction * (1 + (sign * slippageBps) / 10_000),
    tick,
    side === 'buy' ? 'up' : 'down',
  );
  const price = Math.max(tick, slipped);
  if (limits.kind !== 'limits') return price;
  return Math.min(limits.up, Math.max(limits.down, price));
}

type Sized = { readonly quantity: number; readonly cut: UnfilledReason | null };

/** The quantity cut by bounds, each in shares; the tightest names the cut. */
function bounded(wanted: number, bounds: readonly (readonly [number, UnfilledReason])[]): Sized {
  let quantity = wanted;
  let cut: UnfilledReason | null = null;
  for (const [most, reason] of bounds) {
    if (most >= quantity) continue;
    quantity = Math.max(0, most);
    cut = reason;
  }
  return { quantity, cut };
}

/** What an order that can be filled meets: the price and the quantities that are allowed. */
type Terms = {
  readonly board: BoardCn;
  readonly tradedOn: TradingDay;
  readonly price: number;
  readonly auctionPrice: number;
  /** Shares that the day's volume allows. */
  readonly volumeMost: number;
  readonly commission: CommissionCn;
};

function feesOf(terms: Terms, side: 'buy' | 'sell', quantity: number): FeesCn {
  const { board, price, tradedOn, commission } = terms;
  return computeFeesCn({ board, side, quantity, price, tradedOn, commission });
}

function sale(terms: Terms, wanted: number, sellable: number): DailyExecuted {
  if (sellable <= 0) return unfilled('t_plus_one');
  const { board, tradedOn: tradingDay, price, auctionPrice, volumeMost } = terms;
  const { quantity: most, cut } = bounded(wanted, [
    [sellable, 't_plus_one'],
    [volumeMost, 'volume_cap'],
  ]);
  const lots = { board, tradingDay, type: 'limit' as const };
  const quantity = roundSellQuantityCn({ ...lots, quantity: most, sellable });
  if (quantity === 0) return unfilled(cut ?? 'below_lot');
  const why = quantity === wanted ? null : (cut ?? 'below_lot');
  const fees = feesOf(terms, 'sell', quantity);
  return { kind: 'filled', quantity, price, auctionPrice, fees, cut: why };
}

function purchase(
  terms: Terms,
  wanted: number,
  bounds: OrderBounds,
  dayCap: number,
): DailyExecuted {
  const { board, tradedOn: tradingDay, price, auctionPrice, volumeMost } = terms;
  const { spendableMinor, roomMinor } = bounds;
  const lots = { board, tradingDay, type: 'limit' as const };
  const affordable = (money: number) => Math.floor(money / (price * 100) + TOLERANCE);
  const first = bounded(wanted, [
    [dayCap, 'position_limit'],
    [volumeMost, 'volume_cap'],
    [affordable(roomMinor), 'position_limit'],
    [affordable(spendableMinor), 'cash_short'],
  ]);
  let cut = first.cut;
  let quantity = roundBuyQuantityCn({ ...lots, quantity: first.quantity });
  while (quantity > 0) {
    const fees = feesOf(terms, 'buy', quantity);
    const missing = notionalMinor(price, quantity) + fees.dueMinor - spendableMinor;
    if (missing <= 0) return { kind: 'filled', quantity, price, auctionPrice, fees, cut };
    // fees are what is missing: so many shares less that they can be paid
    const less = quantity - Math.max(1, Math.ceil(missing / (price * 100)));
    quantity = roundBuyQuantityCn({ ...lots, quantity: less });
    cut = 'cash_short';
  }
  return unfilled(cut ?? 'below_lot');
}

/**
 * Executes one order on `day`, which was decided at an earlier close: whole lots within the limits, the
 * day's volume, the account's room and settled cash. An order that would have to stand in a queue at
 * the limit is not filled.
 */
export function executeDaily(
  market: DailyMarketCn,
  execution: DailyExecution,
  day: number,
  order: DailyOrder,
  bounds: OrderBounds,
): DailyExecuted {
  const { row, side, quantity } = order;
  const { panel } = market;
  const board = market.boards[row];
  if (board === null || board === undefined) return unfilled('board_unknown');
  if (!hasBar(market, row, day)) return unfilled('suspended');
  const cell = row * market.days + day;
  const at = (field: 'open' | 'high' | 'low' | 'close') => panel[field][cell]!;
  const bar = { open: at('open'), high: at('high'), low: at('low'), close: at('close') };
  const auctionPrice = execution.fillAt === 'open' ? bar.open : bar.close;
  const limits = limitsOnDay(market, row, day);
  const reason = sealed(side, auctionPrice, bar, limits);
  if (reason !== null) return unfilled(reason);
  const terms: Terms = {
    board,
    tradedOn: panel.days[day]!,
    price: priceWith(side, auctionPrice, execution.slippageBps, tickOfBoard(board), limits),
    auctionPrice,
    volumeMost: Math.floor(panel.volume[cell]! * execution.volumeCapRatio + TOLERANCE),
    commission: execution.commission,
  };
  if (side === 'sell') return sale(terms, quantity, bounds.sellable);
  const { status } = standingOn(market, row, day);
  const dayCap = dailyBuyCapOn(board, status ?? 'st') ?? Number.POSITIVE_INFINITY;
  return purchase(terms, quantity, bounds, dayCap);
}
