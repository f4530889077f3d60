import { z } from 'zod';
import type { Bar } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import { instant } from '#shell/lib/alpaca/fields.ts';

/*
 * Market data as it comes over the wire. Numbers are JSON numbers, sizes are shares. Source: the
 * vendor's OpenAPI document of 2026-06.
 */

const price = z.number({ error: 'a price above 0' }).positive('a price above 0');
const side = z.number({ error: 'a price, 0 for none' }).nonnegative('a price, 0 for none');
const count = z.number({ error: 'a count' }).nonnegative('a count');
const symbol = z.string({ error: 'a symbol' }).min(1, 'a symbol');

const barFields = { o: price, h: price, l: price, c: price, v: count, t: instant };

/** A bar of a listing; `t` is the start of its minute, or midnight in New York of its day. */
export const wireBar = z
  .object(barFields)
  .refine((bar) => bar.l <= Math.min(bar.o, bar.c) && bar.h >= Math.max(bar.o, bar.c), {
    error: 'a low and a high around open and close',
  });
export type WireBar = z.infer<typeof wireBar>;

export const wireBarPage = z.object({
  // checked one by one: a bad bar is left out and named
  bars: z.record(z.string(), z.array(z.unknown())).nullish(),
  next_page_token: z.string().nullish(),
});

const quoteFields = { bp: side, bs: count, ap: side, as: count, t: instant };
export const wireQuote = z.object({ quote: z.object(quoteFields) });

/** What of a channel is given: a channel that is not named gives nothing. */
const symbols = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);

/** Messages of the stream, by `T`. */
export const wireControl = z.discriminatedUnion('T', [
  z.object({ T: z.literal('success'), msg: z.string() }),
  z.object({ T: z.literal('error'), code: z.number(), msg: z.string() }),
  z.object({
    T: z.literal('subscription'),
    bars: symbols,
    quotes: symbols,
    statuses: symbols,
  }),
]);
export const wireStreamBar = z.object({ S: symbol }).and(wireBar);
export const wireStreamQuote = z.object({ S: symbol, ...quoteFields });
export const wireStreamStatus = z.object({
  S: symbol,
  sc: z.string(),
  sm: z.string().nullish(),
  rc: z.string().nullish(),
  rm: z.string().nullish(),
  t: instant,
});
export type WireStatus = z.infer<typeof wireStreamStatus>;

const MINUTE_MS = 60_000;

/** A minute bar; null when its start is no whole minute. */
export function minuteBarOf(instrument: InstrumentId, wire: WireBar): Bar | null {
  if (wire.t % MINUTE_MS !== 0) return null;
  return barBetween(instrument, '1m', wire, wire.t, wire.t + MINUTE_MS);
}

export function barBetween(
  instrument: InstrumentId,
  timeframe: '1m' | '1d',
  { c, h, l, o, v }: WireBar,
  openedAt: number,
  closedAt: number,
): Bar {
  return {
    instrument,
    timeframe,
    openedAt,
    closedAt,
    open: o,
    high: h,
    low: l,
    close: c,
    volume: v,
  };
}

/** Null when one side is missing or the quote is crossed: nobody can act on it. */
export function quoteOf(
  instrument: InstrumentId,
  wire: { bp: number; bs: number; ap: number; as: number; t: number },
): Quote | null {
  const { ap: ask, bp: bid, t: at } = wire;
  if (bid <= 0 || ask < bid) return null;
  return { instrument, bid, ask, bidSize: wire.bs, askSize: wire.as, at };
}

/** Codes of both tapes. Source: the exchanges' trading status codes; every other one says nothing of trading. */
const HALTED: ReadonlySet<string> = new Set(['H', 'P', '2']);
const RESUMED: ReadonlySet<string> = new Set(['T', '3']);

/** `halted` also for a volatility pause; null for a status that neither stops nor resumes trading. */
export function haltKindOf(status: WireStatus): 'halted' | 'resumed' | null {
  if (HALTED.has(status.sc)) return 'halted';
  return RESUMED.has(status.sc) ? 'resumed' : null;
}
