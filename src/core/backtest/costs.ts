import { invariant } from '#core/lib/assert.ts';
import { boardOfCn } from '#core/market/board-cn.ts';
import type { CommissionModel } from '#core/market/fees.ts';
import { computeFeesUs } from '#core/market/fees.ts';
import type { CommissionCn } from '#core/market/fees-cn.ts';
import { computeFeesCn } from '#core/market/fees-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { roundToTick, tickSizeOf } from '#core/market/price.ts';
import type { Quote } from '#core/market/quote.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { dayOfNumber } from '#core/market/trading-day.ts';

/** What a fill costs beyond the price seen. */
export type SlippageModel = {
  /** Basis points of the price that a taking order and a triggered stop lose. */
  readonly slippageBps: number;
};

/** Width of a quote that is made from a single price. */
export type SpreadModel = {
  /** Half the spread in basis points of the price. */
  readonly halfSpreadBps: number;
  /** Half the spread is never below this many ticks. */
  readonly minHalfSpreadTicks: number;
  /** Shares offered and asked for at the best price. */
  readonly size: number;
};

/**
 * An order as far as it is filled, as the fee table needs it: `quantity` shares at the average
 * `price`, and what earlier fills of the same order were charged, in minor units.
 */
export type FeeQuery = {
  readonly instrument: InstrumentId;
  readonly side: 'buy' | 'sell';
  readonly price: number;
  readonly quantity: number;
  readonly tradingDay: TradingDay;
  readonly alreadyChargedMinor: number;
};

/** Fees to charge for the newest fill of an order in minor units, 0 or more. */
export type FeeModel = (order: FeeQuery) => number;

/** Fees of US stocks with the commission of `model`. */
export function usFeeModel(model: CommissionModel): FeeModel {
  return ({ side, price, quantity, tradingDay, alreadyChargedMinor }) =>
    computeFeesUs({ side, quantity, price, tradedOn: tradingDay, model, alreadyChargedMinor })
      .totalMinor;
}

/** Fees of Chinese shares and funds with the account's commission. */
export function cnFeeModel(commission: CommissionCn): FeeModel {
  return ({ instrument, side, price, quantity, tradingDay, alreadyChargedMinor }) => {
    const board = boardOfCn(instrument);
    invariant(board !== null, `cn fees: found ${instrument}, expected a Chinese share or fund`);
    const order = { board, side, quantity, price, tradedOn: tradingDay };
    return computeFeesCn({ ...order, commission, alreadyChargedMinor }).totalMinor;
  };
}

const DAY_MS = 86_400_000;
let lastDayNumber = Number.NaN;
let lastDay: TradingDay = '';

/**
 * Trading day of an instant by its UTC date. Right for regular sessions of US and CN markets,
 * both of which lie within one UTC date.
 */
export function regularTradingDayOf(at: number): TradingDay {
  const number = Math.floor(at / DAY_MS);
  if (number !== lastDayNumber) {
    lastDay = dayOfNumber(number);
    lastDayNumber = number;
  }
  return lastDay;
}

/**
 * Price of a taking fill at `price`: worse by the slippage, then rounded to the tick against the
 * order. Never below one tick.
 */
export function priceAfterSlippage(
  side: 'buy' | 'sell',
  price: number,
  tick: number,
  model: SlippageModel,
): number {
  const slip = (price * model.slippageBps) / 10_000;
  if (side === 'buy') return roundToTick(price + slip, tick, 'up');
  return Math.max(tick, roundToTick(price - slip, tick, 'down'));
}

/**
 * A quote around one trade price: bid and ask half a spread away, rounded to the tick outward, so
 * the spread is never narrower than the model. `price` must be positive.
 */
export function quoteAround(
  instrument: InstrumentId,
  price: number,
  at: number,
  model: SpreadModel,
): Quote {
  const tick = tickSizeOf(instrument, price, regularTradingDayOf(at));
  const half = Math.max((price * model.halfSpreadBps) / 10_000, model.minHalfSpreadTicks * tick);
  return {
    instrument,
    bid: Math.max(tick, roundToTick(price - half, tick, 'down')),
    ask: roundToTick(price + half, tick, 'up'),
    bidSize: model.size,
    askSize: model.size,
    at,
  };
}
