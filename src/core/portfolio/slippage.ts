import type { Order } from '#core/machines/order.ts';

/** How much worse than expected a price was, in basis points; negative: better. Null: nothing to compare with. */
export type Slippage = {
  /** Against what was agreed: the limit of an entry or target, the price of a stop. */
  readonly ticketBps: number | null;
  /** Against the middle of the quote when the order was decided. */
  readonly midBps: number | null;
};

/** A mean over the shares that could be compared. */
type Mean = null | { readonly bps: number; readonly quantity: number };

/** Slippage over several fills, each weighed by its shares. */
export type MeanSlippage = { readonly ticket: Mean; readonly mid: Mean };

export const NO_SLIPPAGE: MeanSlippage = { ticket: null, mid: null };

function worseBps(order: Order, price: number, expected: number | null): number | null {
  if (expected === null || !(expected > 0)) return null;
  const more = order.side === 'buy' ? price - expected : expected - price;
  // to a millionth, so that a price that is met is 0; adding 0 turns a negative zero into one that JSON knows
  return Math.round((more / expected) * 1e10) / 1e6 + 0;
}

/** Returns the slippage of a fill of `order` at `price`. */
export function slippageOf(order: Order, price: number): Slippage {
  return {
    ticketBps: worseBps(order, price, order.stopPrice ?? order.limitPrice),
    midBps: worseBps(order, price, order.midAtIntent),
  };
}

function blendedMean(mean: Mean, bps: number | null, quantity: number): Mean {
  if (bps === null || quantity <= 0) return mean;
  const before = mean ?? { bps: 0, quantity: 0 };
  const total = before.quantity + quantity;
  return { bps: (before.bps * before.quantity + bps * quantity) / total, quantity: total };
}

/** Returns the mean with one more fill in it. */
export function blended(mean: MeanSlippage, fill: Slippage, quantity: number): MeanSlippage {
  return {
    ticket: blendedMean(mean.ticket, fill.ticketBps, quantity),
    mid: blendedMean(mean.mid, fill.midBps, quantity),
  };
}

/** Returns a mean as plain figures. */
export function figuresOf(mean: MeanSlippage): Slippage {
  return { ticketBps: mean.ticket?.bps ?? null, midBps: mean.mid?.bps ?? null };
}
