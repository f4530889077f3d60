import type { InstrumentDayCn } from './instrument-day.ts';
import type { PriceLimitsCn } from './limits-cn.ts';
import { limitsOn } from './limits-cn.ts';
import type { Quote } from './quote.ts';

/** How a quote stands to the limits. `unknown`: no quote, or limits that are not known. */
export type SealCn = 'up' | 'down' | 'none' | 'unknown';

const TOLERANCE = 1e-9;

/** True when two prices are the same decimal. */
function isSame(a: number, b: number): boolean {
  return Math.abs(a - b) < TOLERANCE;
}

/**
 * Whether a board is sealed: the best price stands at the limit and nobody stands opposite. By the
 * quote alone, which is what can be known at that moment; a limit that trades (both sides there)
 * is not sealed.
 */
export function sealOfCn(quote: Quote | null, limits: PriceLimitsCn): SealCn {
  if (quote === null || limits.kind === 'unknown') return 'unknown';
  if (limits.kind === 'free') return 'none';
  const hasBid = quote.bid > 0 && quote.bidSize > 0;
  const hasAsk = quote.ask > 0 && quote.askSize > 0;
  if (hasBid && !hasAsk && quote.bid >= limits.up - TOLERANCE) return 'up';
  if (hasAsk && !hasBid && quote.ask <= limits.down + TOLERANCE) return 'down';
  return 'none';
}

/** Side of the limit on which all of `bar` traded at one price (一字板), else null. */
export function onePriceSideCn(
  bar: {
    readonly open: number;
    readonly high: number;
    readonly low: number;
    readonly close: number;
  },
  limits: PriceLimitsCn,
): 'up' | 'down' | null {
  if (limits.kind !== 'limits' || !isSame(bar.high, bar.low)) return null;
  if (isSame(bar.open, limits.up) && isSame(bar.close, limits.up)) return 'up';
  return isSame(bar.open, limits.down) && isSame(bar.close, limits.down) ? 'down' : null;
}

/** True when a day is one without trading: suspended for all of it, or halted at `at`. */
export function isHaltedCn(facts: InstrumentDayCn, at: number): boolean {
  if (facts.isSuspended === true) return true;
  return facts.halts.some((halt) => at >= halt.fromAt && at < halt.toAt);
}

/** Whether an order of one side could trade now, as far as facts and quote tell. */
export type TradabilityCn =
  | { readonly kind: 'open' }
  | { readonly kind: 'queues'; readonly reason: 'sealed_down' | 'sealed_up' }
  | { readonly kind: 'blocked'; readonly reason: 'halted' | 'suspended' }
  | {
      readonly kind: 'unknown';
      readonly reason: 'limits_unknown' | 'quote_unknown' | 'suspension_unknown';
    };

/**
 * Whether an order of `side` could trade at `at`: a purchase at a sealed limit-up and a sale at a
 * sealed limit-down wait in the queue and are never taken as filled. Phases and holdings are
 * judged elsewhere (canSubmitCn, sellableQuantityCn).
 */
export function tradabilityCn(
  side: 'buy' | 'sell',
  facts: InstrumentDayCn,
  quote: Quote | null,
  at: number,
): TradabilityCn {
  if (facts.isSuspended === true) return { kind: 'blocked', reason: 'suspended' };
  if (isHaltedCn(facts, at)) return { kind: 'blocked', reason: 'halted' };
  if (facts.isSuspended === null) return { kind: 'unknown', reason: 'suspension_unknown' };
  const limits = limitsOn(facts);
  if (limits.kind === 'unknown') return { kind: 'unknown', reason: 'limits_unknown' };
  if (quote === null) return { kind: 'unknown', reason: 'quote_unknown' };
  const seal = sealOfCn(quote, limits);
  if (side === 'buy' && seal === 'up') return { kind: 'queues', reason: 'sealed_up' };
  if (side === 'sell' && seal === 'down') return { kind: 'queues', reason: 'sealed_down' };
  return { kind: 'open' };
}
