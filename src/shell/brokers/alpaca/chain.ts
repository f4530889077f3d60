import type { OrderRequest } from '#app/ports.ts';
import type { Link } from './states.ts';

/** Price and size of one execution as the stream tells it. */
export type Execution = { readonly id: string; readonly quantity: number; readonly price: number };

/** A word about an order: who said it, and when it happened. */
export type Word = {
  /** `stream` and `answer` are news and told; what a `listing` shows of an order never seen before is how it stands. */
  readonly from: 'stream' | 'answer' | 'listing';
  readonly at: number;
  readonly execution: Execution | null;
};

/** An order of the desk, or one entered elsewhere, as far as it is known here. */
export type Tracked = {
  request: OrderRequest;
  /** The entry that activates this order by filling whole. */
  entryId: string | null;
  /** The other one of a stop and a target that left as a pair. */
  partnerId: string | null;
  readonly links: Map<string, Link>;
  readonly executions: Set<string>;
  toldQuantity: number;
  toldNotional: number;
  toldLink: string | null;
  isAcceptedTold: boolean;
  isEndTold: boolean;
  /** A change of price that was asked for and not answered by an event. */
  replacing: { successor: string | null } | null;
  /** The request that is under way; settles with it, never rejects. */
  sending: Promise<void> | null;
  /** Instant of the stream's newest word about it. */
  heardAt: number;
};

/** The order that works or ended, the newest of the chain; null while the vendor has not shown one. */
export function currentOf(tracked: Tracked): Link | null {
  return pathOf(tracked).at(-1) ?? null;
}

/** From the first order of the chain to the one that works or ended; a replacement counts once the old one says so. */
function pathOf(tracked: Tracked): Link[] {
  const { links } = tracked;
  const first = [...links.values()].find(
    (link) => link.replaces === null || !links.has(link.replaces),
  );
  const path: Link[] = [];
  for (let link = first; link !== undefined && !path.includes(link); ) {
    path.push(link);
    if (link.status !== 'replaced') break;
    link = successorOf(links, link);
  }
  return path;
}

function successorOf(links: Tracked['links'], link: Link): Link | undefined {
  if (link.replacedBy !== null) return links.get(link.replacedBy);
  return [...links.values()].find(
    (other) => other.replaces === link.id && other.status !== 'rejected',
  );
}

/** Id of an order the chain needs and does not have; null when it is whole. */
export function missingLinkOf(tracked: Tracked): string | null {
  const path = pathOf(tracked);
  const [first] = path;
  const last = path.at(-1);
  if (first?.replaces != null) return first.replaces;
  return last !== undefined && last.status === 'replaced' ? last.replacedBy : null;
}

/**
 * Shares filled and money over the chain. A successor either counts its predecessor's fills again
 * (same quantity) or was made for the rest; `before` is what the current one does not count.
 */
export function totalsOf(tracked: Tracked): { filled: number; notional: number; before: number } {
  const path = pathOf(tracked);
  let filled = 0;
  let notional = 0;
  let before = 0;
  path.forEach((link, index) => {
    const next = path[index + 1];
    const isCountedAgain =
      next !== undefined && next.quantity === link.quantity && next.filled >= link.filled;
    if (isCountedAgain) return;
    filled += link.filled;
    notional += link.filled * (link.average ?? 0);
    if (next !== undefined) before += link.filled;
  });
  return { filled, notional, before };
}
