import { z } from 'zod';
import { decimal, instant } from '#shell/lib/alpaca/fields.ts';

/*
 * Answers and events of the trading API as they come over the wire. What is not named is not read.
 * Source: the vendor's OpenAPI document of 2026-06 and recorded answers of a paper account.
 */

/** Every status of an order that is known; another one makes an answer unreadable, never a guess. */
export const ORDER_STATUSES = [
  'new',
  'partially_filled',
  'filled',
  'done_for_day',
  'canceled',
  'expired',
  'replaced',
  'pending_cancel',
  'pending_replace',
  'accepted',
  'pending_new',
  'accepted_for_bidding',
  'stopped',
  'rejected',
  'suspended',
  'calculated',
  'held',
] as const;

/** Regulatory fees of the day's sales, and interest. Dividends are booked on their ex-date. */
export const CHARGE_TYPES = ['FEE', 'INT'] as const;

const text = z.string({ error: 'a text' }).min(1, 'a text');
const price = decimal.nullish().transform((found) => (found == null ? null : Number(found)));
const shares = (error: string) => decimal.transform(Number).pipe(z.number().nonnegative({ error }));
const above = (error: string) => decimal.transform(Number).pipe(z.number().positive({ error }));

const orderFields = {
  id: text,
  client_order_id: text,
  symbol: z.string().nullish(),
  /** Null for an order by amount. */
  qty: decimal.nullish(),
  filled_qty: shares('shares, 0 or more'),
  /** The vendor writes 0 or nothing while no share has filled. */
  filled_avg_price: price,
  side: z.enum(['buy', 'sell', ''], { error: 'buy or sell' }).nullish(),
  type: z.enum(['market', 'limit', 'stop', 'stop_limit', 'trailing_stop', ''], {
    error: 'a known order type',
  }),
  time_in_force: text,
  limit_price: price,
  stop_price: price,
  trail_price: price,
  status: z.enum(ORDER_STATUSES, { error: 'a known order status' }),
  order_class: z.string().nullish(),
  extended_hours: z.boolean().nullish(),
  created_at: instant.nullish(),
  submitted_at: instant.nullish(),
  updated_at: instant.nullish(),
  replaced_by: text.nullish(),
  replaces: text.nullish(),
};

type Figures = z.infer<z.ZodObject<typeof orderFields>>;

/** Only an order of several options at once, which nobody here makes, has parts without a name. */
function isWhole({ order_class, side, symbol, type }: Figures): boolean {
  return (
    order_class === 'mleg' || [side, symbol, type].every((part) => part != null && part !== '')
  );
}

const PRICES = ['filled_avg_price', 'limit_price', 'stop_price', 'trail_price'] as const;

/** Figures that contradict each other, as place and what was expected; taken over, they would never be let go of. */
function contradictionOf(order: Figures): readonly [keyof Figures, string] | null {
  const { filled_qty, order_class, qty, status } = order;
  // several options at once may have a price below 0
  if (order_class !== 'mleg')
    for (const field of PRICES) if ((order[field] ?? 0) < 0) return [field, 'a price, not below 0'];
  if (qty == null) return null;
  if (!(Number(qty) > 0)) return ['qty', 'shares above 0'];
  if (filled_qty > Number(qty)) return ['filled_qty', `at most the ${qty} ordered`];
  if (status === 'filled' && filled_qty < Number(qty))
    return ['filled_qty', `all ${qty} of an order that is filled`];
  return null;
}

const sound = (order: Figures, context: z.RefinementCtx): void => {
  if (!isWhole(order))
    context.addIssue({ code: 'custom', message: 'an order with symbol, side and type' });
  const found = contradictionOf(order);
  if (found !== null) context.addIssue({ code: 'custom', path: [found[0]], message: found[1] });
};
const leg = z.object(orderFields).superRefine(sound);
export const wireOrder = z
  .object({ ...orderFields, legs: z.array(leg).nullish() })
  .superRefine(sound);
export type WireLeg = z.infer<typeof leg>;
export type WireOrder = z.infer<typeof wireOrder>;
export type WireStatus = WireOrder['status'];

export const wireOrders = z.array(wireOrder);

export const wireAsset = z.object({ symbol: text, tradable: z.boolean() });

const wirePosition = z
  .object({
    symbol: text,
    qty: decimal.transform(Number),
    qty_available: decimal.nullish(),
    side: z.enum(['long', 'short'], { error: 'long or short' }),
    avg_entry_price: shares('a price, not below 0'),
  })
  .refine(({ qty, side }) => side === 'short' || qty >= 0, {
    path: ['qty'],
    error: 'shares of its side: long, not below 0',
  });

export const wirePositions = z.array(wirePosition).superRefine((rows, context) => {
  const seen = new Set<string>();
  rows.forEach(({ symbol }, index) => {
    if (seen.size === seen.add(symbol).size)
      context.addIssue({ code: 'custom', path: [index, 'symbol'], message: 'each symbol once' });
  });
});

export const wireFills = z.array(
  z.object({
    id: text,
    order_id: text,
    symbol: text,
    side: z.enum(['buy', 'sell', 'sell_short'], { error: 'buy, sell or sell_short' }),
    qty: above('shares above 0'),
    price: above('a price above 0'),
    transaction_time: instant,
  }),
);

/** Money that moved apart from executions; `date` is a day, some rows have an instant. */
export const wireCharges = z.array(
  z.object({
    id: text,
    activity_type: z.enum(CHARGE_TYPES, { error: `one of ${CHARGE_TYPES.join(', ')}` }),
    date: z.string({ error: 'a day' }).regex(/^\d{4}-\d{2}-\d{2}/, 'a day'),
    net_amount: decimal,
    status: z.string().nullish(),
  }),
);

/** One order of "cancel all"; `status` is the HTTP status of that one. */
export const wireCancels = z.array(z.object({ id: text, status: z.number().int() }));

/** One position of "close all"; the order in `body` is accepted, not filled. */
export const wireClosings = z.array(
  z.object({
    symbol: text,
    status: z.number().int({ error: 'an HTTP status' }),
    body: z.unknown(),
  }),
);

export const wireRefusal = z.object({ message: z.string() });

/** An event of the trade stream. A name that is not known is read all the same: the order in it counts. */
export const wireTradeUpdate = z.object({
  event: text,
  execution_id: text.nullish(),
  price: decimal.nullish(),
  qty: decimal.nullish(),
  timestamp: instant.nullish(),
  order: wireOrder,
});
export type WireTradeUpdate = z.infer<typeof wireTradeUpdate>;
