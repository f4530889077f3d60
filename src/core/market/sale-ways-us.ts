import type { Quote } from './quote.ts';
import type { Session } from './session.ts';

/** Part of a US trading day: before the open from 4:00, regular, after the close for four hours. */
export type PhaseUs = 'closed' | 'pre_market' | 'regular' | 'post_market';

const HOUR = 3_600_000;
const PRE_MARKET_MS = 5.5 * HOUR;
const POST_MARKET_MS = 4 * HOUR;

/**
 * Phase of a US trading day at `at`; `session` is the regular one of that day. Source: the hours of the
 * exchanges (4:00–9:30, 9:30–16:00, 16:00–20:00; after an early close at 13:00 trading ends at 17:00).
 */
export function phaseAtUs(session: Session, at: number): PhaseUs {
  const { openAt, closeAt } = session;
  if (at >= openAt && at < closeAt) return 'regular';
  if (at >= openAt - PRE_MARKET_MS && at < openAt) return 'pre_market';
  return at >= closeAt && at < closeAt + POST_MARKET_MS ? 'post_market' : 'closed';
}

/** Instant at which trading after the close ends. */
export function postMarketEndsAt(session: Session): number {
  return session.closeAt + POST_MARKET_MS;
}

/** A quote outside regular hours counts this long: books are thin and seldom change. */
const EXTENDED_QUOTE_MS = 30_000;
/** What a first try gives away below the bid, and what the last one does. */
const NEAR_RATIO = 0.005;
const FAR_RATIO = 0.02;
const TRIES_NEAR = 3;

/**
 * Limit of a sale outside regular hours, where market orders are refused: half a percent below a fresh
 * bid for three tries, then two percent. Null while nobody bids or the quote is older than 30 s. Dollars,
 * rounded down to a cent, to a hundredth of one below a dollar. `attempt` counts from 1.
 */
export function extendedSalePrice(
  quote: Quote | null,
  at: number,
  attempt: number,
): { readonly limitPrice: number; readonly isRepriced: boolean } | null {
  if (quote === null || quote.bid <= 0 || at - quote.at > EXTENDED_QUOTE_MS) return null;
  const isLast = attempt > TRIES_NEAR;
  const wanted = quote.bid * (1 - (isLast ? FAR_RATIO : NEAR_RATIO));
  const steps = wanted >= 1 ? 100 : 10_000;
  const limitPrice = Math.floor(wanted * steps + 1e-6) / steps;
  return limitPrice > 0 ? { limitPrice, isRepriced: !isLast } : null;
}
