import { boardOfCn } from '#core/market/board-cn.ts';
import { roundSellQuantityCn } from '#core/market/lots-cn.ts';
import { legsOf } from '#core/risk/review.ts';
import { isSessionOpen, startExit } from './decide-orders.ts';
import type { Draft } from './draft.ts';
import { ordersOf } from './order-index.ts';
import { coveredQuantity } from './select.ts';
import { saleQuoteOf, sellableQuantity } from './select-cn.ts';
import type { Position } from './state.ts';
import { seenOf } from './view.ts';

/**
 * Watches what no order at the broker protects: a fresh bid at or below the stop leaves, one at the
 * first target sells its share and raises the stop to the entry. Where stops rest at the broker it stands
 * in for one that is missing. On a stale price nothing is fired; SAFE_MODE says so and offers the exit.
 * Source: centaur.md, "protected".
 */
export function watchPositions(draft: Draft): void {
  if (!isSessionOpen(draft)) return;
  const isWatched = draft.policy.execution.protection === 'watched';
  for (const position of Object.values(draft.state.positions)) {
    if (position.quantity <= 0 || !(isWatched || isBare(draft, position))) continue;
    // of another basis: a stop judged on it would sell a dividend
    if (position.exDateOpen != null) continue;
    const bid = freshBid(draft, position);
    if (bid === null) continue;
    if (isWatched) watch(draft, position, bid);
    else if (bid <= position.stop) leaveBare(draft, position);
  }
}

/** True when stops ought to rest at the broker and do not for all shares, or not surely for too long. */
function isBare(draft: Draft, position: Position): boolean {
  if (position.waivedBy !== null) return false;
  return (
    position.unprotectedSince !== null ||
    coveredQuantity(draft.state, position.instrument) < position.quantity
  );
}

/** A given-up exit of a bare position whose stop is due is begun again after this long. */
const AGAIN_AFTER_MS = 30_000;

/** The desk stands in for the stop that is missing; exits that were given up begin again at a distance. */
function leaveBare(draft: Draft, position: Position): void {
  const isPaused = draft.at >= lastExitAt(draft, position) + AGAIN_AFTER_MS;
  startExit(draft, position, 'unprotected', 'desk', position.quantity, isPaused);
}

function lastExitAt(draft: Draft, position: Position): number {
  return ordersOf(draft.state, position.instrument)
    .filter((order) => order.role === 'exit')
    .reduce((latest, order) => Math.max(latest, order.updatedAt), 0);
}

/**
 * What a quote young enough to act on sells for; null otherwise. At a sealed limit-down the earlier a sale
 * queues the better.
 */
function freshBid(draft: Draft, position: Position): number | null {
  const { quote } = seenOf(draft.view, position.instrument);
  if (quote === null) return null;
  // a break counts: a sale priced by what stood before it may lie outside every band after it
  const ageMs = draft.at - quote.at;
  if (!(ageMs >= 0 && ageMs <= draft.policy.ticket.quoteMaxAgeMs)) return null;
  return saleQuoteOf(draft.state, quote);
}

function watch(draft: Draft, position: Position, bid: number): void {
  if (bid <= position.stop) {
    const reason = position.stop > position.initialStop ? 'trail' : 'stop';
    startExit(draft, position, reason, 'desk', position.quantity);
    return;
  }
  if (position.origin === 'adopted' || position.isFirstTargetDone) return;
  if (position.exiting !== null || bid < position.firstTarget) return;
  const quantity = targetShare(draft, position);
  if (quantity > 0) startExit(draft, position, 'target', 'desk', quantity);
}

/** Shares that leave at the first target: its share in whole lots; all where that is none. */
function targetShare(draft: Draft, position: Position): number {
  const { policy, state } = draft;
  const sellable = sellableQuantity(state, policy, position);
  if (sellable <= 0) return 0;
  const [first] = legsOf(
    position.boughtQuantity,
    position.firstTarget,
    policy.exits.firstTargetRatio,
  );
  const wanted = Math.min(sellable, first?.quantity ?? position.quantity);
  const board = policy.market === 'CN' ? boardOfCn(position.instrument) : null;
  if (board === null) return wanted;
  const tradingDay = state.day?.tradingDay ?? position.tradingDay;
  const lots = roundSellQuantityCn({
    board,
    tradingDay,
    type: 'limit',
    quantity: wanted,
    sellable,
  });
  return lots > 0 ? lots : sellable;
}
