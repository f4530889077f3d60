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

const text = z.string({ error: 'a text' }).min(1, 'a text');
const price = decimal.nullish().transform((found) => (found == null ? null : Number(found)));

const orderFields = {
  id: text,
  client_order_id: text,
  symbol: z.string().nullish(),
  /** Null for an order by amount. */
  qty: decimal.nullish(),
  filled_qty: decimal.transform(Number),
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

type Named = Readonly<
  Record<'order_class' | 'side' | 'symbol' | 'type', string | null | undefined>
>;

/** Only an order of several options at once, which nobody here makes, has parts without a name. */
function isWhole({ order_class, side, symbol, type }: Partial<Named>): boolean {
  return (
    order_class === 'mleg' || [side, symbol, type].every((part) => part != null && part !== '')
  );
}

const WHOLE = { error: 'an order with symbol, side and type' };
const leg = z.object(orderFields).refine(isWhole, WHOLE);
export const wireOrder = z
  .object({ ...orderFields, legs: z.array(leg).nullish() })
  .refine(isWhole, WHOLE);
export type WireLeg = z.infer<typeof leg>;
export type WireOrder = z.infer<typeof wireOrder>;
export type WireStatus = WireOrder['status'];

export const wireOrders = z.array(wireOrder);

export const wireAsset = z.object({ symbol: text, tradable: z.boolean() });

export const wirePositions = z.array(
  z.object({
    symbol: text,
    qty: decimal.transform(Number),
    qty_available: decimal.nullish(),
    side: z.enum(['long', 'short'], { error: 'long or short' }),
    avg_entry_price: decimal.transform(Number),
  }),
);

export const wireFills = z.array(
  z.object({
    id: text,
    order_id: text,
    symbol: text,
    side: z.string(),
    qty: decimal.transform(Number),
    price: decimal.transform(Number),
    transaction_time: instant,
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
